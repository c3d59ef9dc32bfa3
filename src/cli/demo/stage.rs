//! The stage: sandbox systems, a config folder for them, and the daemon as `run` has it.

use crate::cli::args::Demo;
use crate::cli::open;
use crate::config;
use crate::daemon::{Shell, run, socket};
use crate::model::{Mail, MailKind};
use crate::sandbox::{Options, Sandbox};
use crate::web;
use anyhow::Context;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
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
    folder: PathBuf,
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
        let folder = std::env::temp_dir().join(format!("nayose-demo-{}", std::process::id()));
        write_config(&folder, &sandbox).with_context(|| format!("cannot write the demo's config to {}", folder.display()))?;
        let keys = sandbox.keys.clone();
        let env = move |name: &str| match name {
            "CRM_TOKEN" => Some(keys.crm_token.clone()),
            "SUPPORT_TOKEN" => Some(keys.support_token.clone()),
            "MA_ID" => Some(keys.ma_client_id.clone()),
            "MA_SECRET" => Some(keys.ma_client_secret.clone()),
            _ => None,
        };
        let config = config::load(&folder, &env, &config::Connectors).map_err(|m| anyhow::anyhow!("{}", m.drawn()))?;
        let shell = open::shell(config)?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no free port on loopback")?;
        let http = listener.local_addr()?;
        let web = tokio::spawn(web::serve(listener, web::router(shell.clone(), web::Admission::on_loopback(), web::recorder())));
        let questions = tokio::spawn(socket::serve(socket::listen(&folder.join("data"))?, shell.clone()));
        let (stop, _) = watch::channel(false);
        Ok(Stage { sandbox, shell, http, folder, stop, daemon: Mutex::default(), servers: vec![web, questions] })
    }

    /// From now on streams are read and writes delivered as `nayose run` does it.
    pub fn start(&self) {
        let running = run::run(self.shell.clone(), None, self.stop.subscribe());
        let daemon = tokio::spawn(async move {
            let ended = running.await;
            if let Err(error) = &ended {
                tracing::error!(%error, "the daemon ended");
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
    pub async fn strike(self) {
        self.stop().await;
        self.servers.iter().for_each(JoinHandle::abort);
        // Left-overs in the temporary folder hurt nobody.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn write_config(folder: &Path, sandbox: &Sandbox) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let systems = format!(
        r#"[state]
url = "sled:data"

[systems.crm]
connector = "hubspot"
base_url = "{crm}"
token = {{ env = "CRM_TOKEN" }}
every = "1s"
writes = ["score"]

[systems.support]
connector = "zendesk"
base_url = "{support}"
token = {{ env = "SUPPORT_TOKEN" }}
every = "2s"

[systems.ma]
connector = "marketo"
base_url = "{ma}"
client_id = {{ env = "MA_ID" }}
client_secret = {{ env = "MA_SECRET" }}
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
    );
    let policy = format!(
        r#"[status]
customer    = 'deals.exists(d, d.won)'
opportunity = 'deals.exists(d, d.open)'
lost        = 'deals.exists(d, d.lost)'
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
    );
    for (file, text) in
        [("systems.toml", systems.as_str()), ("precedence.toml", PRECEDENCE), ("policy.toml", &policy), ("consent.toml", CONSENT)]
    {
        std::fs::write(folder.join(file), text)?;
    }
    Ok(())
}
