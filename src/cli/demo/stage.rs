//! The stage: sandbox systems, a config folder for them, and the daemon as `run` has it.

use crate::cli::args::Demo;
use crate::cli::open;
use crate::config::Config;
use crate::daemon::Shell;
use crate::daemon::reload::Source;
use crate::daemon::run;
use crate::daemon::socket;
use crate::model::{Mail, MailKind};
use crate::sandbox::{Options, Sandbox};
use crate::telemetry::process::DemoDaemonEnded;
use crate::telemetry::{Exporter, InternalEvent};
use crate::web;
use anyhow::Context;
use std::fs::{OpenOptions, Permissions};
use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// The shortened times of the demo: a cool-down, and how old the CRM's data may be. The CRM's search may trail its records by a minute,
/// which counts as age, so that six seconds are left.
pub const COOL_DOWN: Duration = Duration::from_secs(4);
pub const CRM_LIMIT: Duration = Duration::from_secs(66);
/// How long the script waits for something before it calls it not happened.
pub const PATIENCE: Duration = Duration::from_secs(20);

const PRECEDENCE: &str = r#"default = ["crm", "support", "ma"]

[person]
phone   = ["support", ["crm", "ma"]]
company = { from = ["crm", "ma"], blank = "wins" }
score   = { only = "ma" }
"#;

const CONSENT: &str = "[sources.ma]\nbasis = \"explicit_consent\"\n";

/// Everything the script plays with.
pub struct Stage {
    pub sandbox: Sandbox,
    pub shell: Shell,
    pub http: SocketAddr,
    /// Config, secrets and state. Goes with this value, however that ends.
    folder: TempDir,
    started: Arc<Config>,
    stop: watch::Sender<bool>,
    daemon: Mutex<Option<JoinHandle<Result<(), crate::engine::Error>>>>,
    servers: Vec<JoinHandle<()>>,
}

impl Stage {
    /// Starts the systems and opens the state; the daemon itself starts with [`Stage::start`].
    pub async fn set(options: &Demo) -> anyhow::Result<Stage> {
        let sandbox = Sandbox::start(Options { seed: options.seed, ..Options::new(open::clock()).people(options.people) })
            .await
            .context("no free port on loopback")?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port on loopback")?;
        let http = listener.local_addr()?;
        // A name that nobody can foresee, and nobody else's to read: others may write to the folder for temporary files.
        let folder = tempfile::Builder::new().prefix("nayose-demo-").permissions(Permissions::from_mode(0o700)).tempdir();
        let folder = folder.with_context(|| format!("cannot make a folder in {}", std::env::temp_dir().display()))?;
        write_config(folder.path(), &sandbox, http)
            .with_context(|| format!("cannot write the demo's config to {}", folder.path().display()))?;
        let config = open::load(folder.path()).map_err(|m| anyhow::anyhow!("{}", m.drawn()))?;
        let started = Arc::new(config.clone());
        let shell = open::shell(config)?;
        let questions = socket::listen(&folder.path().join("data"))?;
        let web = tokio::spawn(web::serve(
            listener,
            web::router(shell.clone(), web::Admission::on_loopback(), Exporter::install(), folder.path()),
        ));
        let questions = tokio::spawn(socket::serve(questions, shell.clone()));
        let (stop, _) = watch::channel(false);
        Ok(Stage { sandbox, shell, http, folder, started, stop, daemon: Mutex::default(), servers: vec![web, questions] })
    }

    /// The config folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// From now on streams are read, writes delivered and edits of the config followed, as `nayose run` does it; also after a stop.
    pub fn start(&self) {
        self.stop.send_replace(false);
        let folder = self.folder().to_path_buf();
        let read = folder.clone();
        let source = Source { folder, load: Box::new(move || open::load(&read)), started: self.started.clone() };
        let running = run::run(self.shell.clone(), Some(source), self.stop.subscribe());
        let daemon = tokio::spawn(async move {
            let ended = running.await;
            if let Err(error) = &ended {
                DemoDaemonEnded { error }.emit();
            }
            ended
        });
        *self.daemon.lock().unwrap_or_else(PoisonError::into_inner) = Some(daemon);
    }

    /// Ends the daemon as SIGTERM does. True if it ended in time and without an error.
    pub async fn stop(&self) -> bool {
        let _ = self.stop.send(true);
        let daemon = self.daemon.lock().unwrap_or_else(PoisonError::into_inner).take();
        match daemon {
            Some(daemon) => matches!(tokio::time::timeout(Duration::from_secs(10), daemon).await, Ok(Ok(Ok(())))),
            None => true,
        }
    }

    /// What the gate answers for a campaign to this address.
    pub fn gate(&self, email: &str) -> (String, Vec<String>) {
        let answers = self.shell.gate.decide(&[email.to_string()], &Mail::of(MailKind::Campaign), self.shell.now());
        answers.into_iter().next().map(|a| (a.decision, a.reasons)).unwrap_or_default()
    }

    /// Ends everything and takes the folder away.
    pub async fn strike(self) -> std::io::Result<()> {
        self.stop().await;
        self.servers.iter().for_each(JoinHandle::abort);
        let Stage { folder, shell, .. } = self;
        // Whoever holds the state may still write to the folder.
        drop(shell);
        folder.close()
    }
}

/// A file that was not there, for us alone to read.
fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(text.as_bytes())
}

fn write_config(folder: &Path, sandbox: &Sandbox, http: SocketAddr) -> std::io::Result<()> {
    let keys = &sandbox.keys;
    let secrets = [
        ("crm-token", &keys.crm_token),
        ("support-token", &keys.support_token),
        ("ma-id", &keys.ma_client_id),
        ("ma-secret", &keys.ma_client_secret),
    ];
    for (file, secret) in secrets {
        write_new(&folder.join(file), secret)?;
    }
    let (systems, policy) = (systems(sandbox, http), policy());
    for (file, text) in
        [("systems.toml", systems.as_str()), ("precedence.toml", PRECEDENCE), ("policy.toml", &policy), ("consent.toml", CONSENT)]
    {
        write_new(&folder.join(file), text)?;
    }
    Ok(())
}

fn systems(sandbox: &Sandbox, http: SocketAddr) -> String {
    format!(
        r#"[state]
url = "sled:data"

[http]
listen = "{http}"

[systems.crm]
connector = "hubspot"
base_url = "{crm}"
token = {{ file = "crm-token" }}
every = "1s"
writes = ["score"]

[systems.support]
connector = "zendesk"
base_url = "{support}"
token = {{ file = "support-token" }}
every = "2s"

[systems.ma]
connector = "marketo"
base_url = "{ma}"
client_id = {{ file = "ma-id" }}
client_secret = {{ file = "ma-secret" }}
list_id = "{list}"
every = "1s"
sweep = "3s"
writes = ["hold", "status", "phone"]
hold = {{ block = true, why = "nayose_why" }}
"#,
        crm = sandbox.crm_url,
        support = sandbox.support_url,
        ma = sandbox.ma_url,
        list = sandbox.ma_list,
    )
}

fn policy() -> String {
    format!(
        r#"[status]
opportunity = 'deals.exists(d, d.open)'
customer    = 'deals.exists(d, d.won)'
lost        = 'deals.exists(d, d.lost && d.closed_days < 30)'
recycled    = 'deals.exists(d, d.lost)'
mql         = 'person.score >= 80'
lead        = 'true'

[holds.open_deal]
when  = 'deal.open'
scope = "account"
stops = ["campaign", "newsletter", "rep_sender"]
after = {{ won = "0d", lost = "{}s" }}
proof = {{ "crm.deals" = "{limit}s", "crm.deal_people" = "{limit}s" }}

[holds.critical_ticket]
when  = 'ticket.open && ticket.priority == "urgent"'
stops = ["campaign", "newsletter", "service_footer"]
after = {{ closed = "4s" }}
proof = {{ "support.tickets" = "10m" }}

[refusals]
proof = {{ "ma.people" = "5m" }}
"#,
        COOL_DOWN.as_secs(),
        limit = CRM_LIMIT.as_secs(),
    )
}
