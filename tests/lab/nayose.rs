//! The real binary, with a config folder of its own for the three systems.

use super::systems::Trio;
use super::waiting::wait_until;
use crate::config_files::{self, CONSENT, CRITICAL_TICKET, ConfigFiles, DEFAULT_ORDER, Hold, OPEN_DEAL, STATUSES, system};
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// How often every system is read.
pub const EVERY: Duration = Duration::from_secs(2);

/// What differs from test to test.
#[derive(Debug, Clone)]
pub struct Rules {
    /// Cool-downs.
    pub lost: Duration,
    pub closed: Duration,
    /// How old the CRM's deals may be.
    pub crm_limit: Duration,
    /// Statuses are written to Ghost and BottleCRM, beside the holds.
    pub statuses: bool,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { lost: Duration::from_secs(6), closed: Duration::from_secs(4), crm_limit: Duration::from_secs(30), statuses: false }
    }
}

/// A config folder, the state in it, and the environment that holds the tokens.
pub struct Nayose {
    folder: TempDir,
    env: Vec<(&'static str, String)>,
}

/// What one command came to.
#[derive(Debug)]
pub struct Done {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn json(&self) -> Json {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }
}

impl Nayose {
    pub fn new(trio: &Trio, crm_url: &str, rules: &Rules) -> Nayose {
        Nayose::with(trio, &files([crm_url, &trio.rt.url, &trio.ghost.url], rules), &[])
    }

    /// With files of a test's own, and connectors of its own in the folder `mine`: names and manifests.
    pub fn with(trio: &Trio, files: &ConfigFiles, connectors: &[(&str, String)]) -> Nayose {
        let folder = tempfile::tempdir().unwrap();
        write_config(folder.path(), files, connectors);
        let env = vec![("CRM_TOKEN", trio.crm.token.clone()), ("RT_TOKEN", trio.rt.token.clone()), ("GHOST_KEY", trio.ghost.token.clone())];
        Nayose { folder, env }
    }

    /// Saves one file of the config as editors do it: all of it at once.
    pub fn save(&self, file: &str, text: &str) {
        let beside = self.folder.path().join(format!("{file}~"));
        std::fs::write(&beside, text).unwrap();
        std::fs::rename(&beside, self.folder.path().join(file)).unwrap();
    }

    /// From the next command on, BottleCRM gets this token.
    pub fn crm_token(&mut self, token: &str) {
        self.env[0].1 = token.to_string();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
        command.arg("--config").arg(self.folder.path()).args(args).envs(self.env.iter().cloned()).stdin(Stdio::null()).kill_on_drop(true);
        command
    }

    /// Runs one command to its end.
    pub async fn ask(&self, args: &[&str]) -> Done {
        let output = self.command(args).output().await.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done { exit: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// What a question gives that may end with 1, as the answer is none to be glad of.
    pub async fn answer(&self, args: &[&str]) -> Json {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let done = self.ask(&args).await;
        assert!([0, 1].contains(&done.exit), "{args:?}: {done:?}");
        done.json()
    }

    /// Runs one command that must end with 0; its JSON.
    pub async fn json(&self, args: &[&str]) -> Json {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let done = self.ask(&args).await;
        assert_eq!(done.exit, 0, "{args:?}: {done:?}");
        done.json()
    }

    /// What the gate says of a campaign: the decision and its reasons.
    pub async fn gate(&self, who: &str) -> (String, Vec<String>) {
        let said = self.answer(&["gate", who]).await;
        let decision = &said["decisions"][0];
        let reasons = decision["reasons"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_string());
        (decision["decision"].as_str().unwrap().to_string(), reasons.collect())
    }

    /// Whether the gate says this, for these reasons.
    pub async fn gate_says(&self, who: &str, decision: &str, reasons: &[&str]) -> bool {
        let said = self.gate(who).await;
        said.0 == decision && said.1 == reasons
    }

    /// What `status` gives as reasons.
    pub async fn because(&self) -> Vec<String> {
        let status = self.answer(&["status"]).await;
        status["because"].as_array().unwrap().iter().map(|b| b.as_str().unwrap().to_string()).collect()
    }

    /// Lets all writes to Ghost go, and writes what is due now.
    pub async fn contact(&self) {
        let plan = self.ask(&["plan", "--json"]).await;
        assert!([0, 4].contains(&plan.exit), "{plan:?}");
        self.json(&["approve", "ghost"]).await;
        self.json(&["sync"]).await;
    }

    /// `nayose run`, once it answers.
    pub async fn run(&self) -> Daemon {
        let log = self.folder.path().join("run.log");
        let file = std::fs::File::options().create(true).append(true).open(&log).unwrap();
        let child = self.command(&["--log", "human", "run"]).stdout(Stdio::null()).stderr(file).spawn().unwrap();
        let daemon = Daemon { child, log };
        let socket = self.folder.path().join("data");
        wait_until(&format!("the daemon answers\n{}", daemon.said()), async || {
            let sockets = std::fs::read_dir(&socket).unwrap().filter_map(Result::ok);
            sockets.into_iter().any(|f| is_socket(&f.path())) && [0, 1].contains(&self.ask(&["status", "--json"]).await.exit)
        })
        .await;
        daemon
    }
}

/// All that a `sync` wrote, as `system.op.outcome` with its count.
pub fn written(sync: &Json) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for (system, ops) in sync["writes"].as_object().unwrap() {
        for (op, outcomes) in ops.as_object().unwrap() {
            for (outcome, count) in outcomes.as_object().unwrap() {
                counts.insert(format!("{system}.{op}.{outcome}"), count.as_u64().unwrap());
            }
        }
    }
    counts
}

/// The four files, and connectors of the test's own beside them.
pub fn write_config(folder: &Path, files: &ConfigFiles, connectors: &[(&str, String)]) {
    files.write(folder);
    for (name, manifest) in connectors {
        let own = folder.join("mine").join(name);
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("manifest.toml"), manifest).unwrap();
    }
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket())
}

/// A running `nayose run`; killed when dropped.
pub struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// What it logged.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it by SIGTERM; it must end by itself, with 0, within ten seconds.
    pub async fn stop(mut self) -> Duration {
        let began = Instant::now();
        let pid = self.child.id().expect("it still runs").to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().await.unwrap().success());
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("not ended within 10 s of SIGTERM\n{}", self.said())).unwrap();
        assert!(ended.success(), "{ended}\n{}", self.said());
        began.elapsed()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.said());
        }
    }
}

/// The four files, for the addresses of BottleCRM, Request Tracker and Ghost.
fn files(urls: [&str; 3], rules: &Rules) -> ConfigFiles {
    ConfigFiles {
        systems: systems(urls, rules),
        precedence: DEFAULT_ORDER.replace("\"ma\"", "\"ghost\""),
        policy: policy(rules),
        consent: CONSENT.replace("sources.ma", "sources.ghost"),
    }
}

fn systems([crm, rt, ghost]: [&str; 3], rules: &Rules) -> String {
    let every = EVERY.as_secs();
    let (ghost_writes, crm_writes) = if rules.statuses { (r#"["hold", "status"]"#, r#"writes = ["status"]"#) } else { (r#"["hold"]"#, "") };
    let read = |url: &str, secret: &str| format!("base_url = {url:?}\n{secret}\nevery = \"{every}s\"");
    let (crm, support) = (read(crm, "token = { env = \"CRM_TOKEN\" }"), read(rt, "token = { env = \"RT_TOKEN\" }"));
    let ghost = read(ghost, "key = { env = \"GHOST_KEY\" }");
    [
        "[state]\nurl = \"sled:data\"\n\n[http]\nlisten = \"127.0.0.1:0\"\n".to_string(),
        system("crm", "bottlecrm", &format!("{crm}\n{crm_writes}")),
        system("support", "rt", &support),
        system("ghost", "ghost", &format!("{ghost}\nsweep = \"{every}s\"\nwrites = {ghost_writes}\nhold = {{ block = true }}")),
    ]
    .join("\n")
}

fn policy(rules: &Rules) -> String {
    let (lost, closed, limit) = (rules.lost.as_secs(), rules.closed.as_secs(), rules.crm_limit.as_secs());
    let after = format!("won = \"0d\", lost = \"{lost}s\"");
    let proof = format!("\"crm.deals\" = \"{limit}s\", \"crm.deal_people\" = \"{limit}s\"");
    let deals =
        Hold { scope: "scope = \"account\"", stops: &["campaign", "newsletter", "rep_sender"], after: &after, proof: &proof, ..OPEN_DEAL };
    let closed = format!("closed = \"{closed}s\"");
    let tickets = Hold { after: &closed, proof: "\"support.tickets\" = \"1m\"", ..CRITICAL_TICKET };
    config_files::policy(&STATUSES, &[deals, tickets], "\"ghost.people\" = \"1m\"", "")
}

/// Where there is no lab, too.
#[test]
fn the_config_has_no_mistake() {
    let key = "0123456789abcdef01234567:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    for statuses in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let urls = ["http://127.0.0.1:8001", "http://127.0.0.1:8002", "http://127.0.0.1:8003"];
        files(urls, &Rules { statuses, ..Rules::default() }).write(folder.path());
        let config = nayose::config::load(folder.path(), &|_| Some(key.to_string()), &nayose::config::Connectors);
        let config = config.unwrap_or_else(|mistakes| panic!("{}", mistakes.drawn()));
        assert_eq!((config.rules.systems.len(), config.notes.as_slice()), (3, [].as_slice()));
    }
}
