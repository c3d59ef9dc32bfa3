//! Three systems, a config folder with a state, and the binary over them.

use super::process::{Daemon, Process, Ran};
use super::secrets::{HTTP_TOKEN, PROXY_PASSWORD, no_secret};
use super::setup::Setup;
use super::{POLL, SOON, free_port, wait_until};
use nayose::sandbox::{Fault, FaultKind, Handle, Lead, Options, Sandbox, SandboxSystem, Write};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// No command takes this long, however slow the machine.
const COMMAND_MAX: Duration = Duration::from_secs(90);

/// As the sandbox counts requests for it.
const MA_LIST: &str = "ma GET /rest/v1/lists/{id}/leads.json";

/// Three systems, a config folder and a state.
pub struct World {
    pub sandbox: Sandbox,
    pub runtime: Runtime,
    folder: TempDir,
    pub port: u16,
    checked: Mutex<usize>,
}

impl World {
    pub fn new(setup: Setup) -> World {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let clock = Arc::new(|| nayose::model::Time(jiff::Timestamp::now().as_millisecond()));
        let sandbox = runtime.block_on(Sandbox::start(Options::new(clock).people(setup.people))).unwrap();
        let world = World { sandbox, runtime, folder: TempDir::new().unwrap(), port: free_port(), checked: Mutex::new(0) };
        world.configure(&setup);
        world
    }

    /// Approved, read, written, and nothing left to do. `begin` fills the systems before the first look.
    pub fn running_with(setup: Setup, begin: impl FnOnce(&Handle)) -> World {
        let world = World::new(setup);
        begin(&world.sandbox.handle);
        world.run("plan");
        world.run("approve ma").exits(0);
        world.sync_until("it settles", |w| w.run("plan").code == 0);
        world
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn state_folder(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// Writes the four files.
    /// Writes the four files.
    pub fn configure(&self, setup: &Setup) {
        setup.files(&self.sandbox, self.port).write(self.folder());
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let keys = &self.sandbox.keys;
        let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
        command.arg("--config").arg(self.folder()).args(args);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for (name, value) in [
            ("TEST_CRM", keys.crm_token.as_str()),
            ("TEST_SUPPORT", &keys.support_token),
            ("TEST_MA_ID", &keys.ma_client_id),
            ("TEST_MA_SECRET", &keys.ma_client_secret),
            ("TEST_HTTP", HTTP_TOKEN),
            ("TEST_PROXY", PROXY_PASSWORD),
        ] {
            command.env(name, value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs a command, with `--json`, until it ends.
    pub fn run(&self, args: &str) -> Ran {
        let mut words: Vec<&str> = args.split(' ').collect();
        words.push("--json");
        self.run_command(args, self.command(&words))
    }

    /// The same for people.
    pub fn run_text(&self, args: &str) -> Ran {
        self.run_command(args, self.command(&args.split(' ').collect::<Vec<_>>()))
    }

    pub fn run_command(&self, args: &str, mut command: Command) -> Ran {
        let mut process = Process::start(&mut command);
        let status = process.wait(COMMAND_MAX).unwrap_or_else(|| panic!("`nayose {args}` does not end"));
        let (out, err) = process.output();
        self.check_writes();
        Ran { args: args.to_string(), code: status.code().unwrap_or(-1), out, err }
    }

    pub fn sync(&self) -> Ran {
        self.run("sync")
    }

    /// Syncs again and again until something is so.
    #[track_caller]
    pub fn sync_until(&self, what: &str, mut so: impl FnMut(&World) -> bool) {
        let begun = Instant::now();
        loop {
            let ran = self.sync();
            if so(self) {
                return;
            }
            assert!(begun.elapsed() < SOON, "still not so: {what}\n{ran}\n{}", self.run_text("status"));
            std::thread::sleep(POLL);
        }
    }

    /// Syncs until every stream was swept so many times more. Only for a world whose sweep is due every second.
    #[track_caller]
    pub fn sweep(&self, times: u64) {
        self.sync_until_listed(&["crm GET /crm/v3/objects/contacts", "crm GET /crm/v3/objects/deals", MA_LIST], times);
    }

    /// Syncs until the marketing system's whole list was read once more: due every second in each world.
    #[track_caller]
    pub fn sweep_ma(&self) {
        self.sync_until_listed(&[MA_LIST], 1);
    }

    #[track_caller]
    fn sync_until_listed(&self, lists: &[&str], times: u64) {
        let count = |w: &World| lists.iter().map(|l| w.sandbox.handle.requests().get(*l).copied().unwrap_or(0)).collect::<Vec<u64>>();
        let before = count(self);
        self.sync_until("swept", |w| count(w).iter().zip(&before).all(|(now, before)| *now >= before + times));
    }

    pub fn status(&self) -> Value {
        let ran = self.run("status");
        let status = ran.json();
        ran.exits(i32::from(status["protection"] != "protecting"));
        status
    }

    /// Why it is not protecting, in one text.
    pub fn because(&self) -> String {
        self.status()["because"].as_array().unwrap().iter().map(|b| format!("{}\n", b.as_str().unwrap())).collect()
    }

    /// The gate's decision on one subject, and its reasons.
    #[track_caller]
    pub fn gate(&self, who: &str) -> (String, Vec<String>) {
        let ran = self.run(&format!("gate {who}"));
        let answer = ran.json();
        let decision = &answer["decisions"][0];
        ran.exits(i32::from(decision["decision"] != "allow"));
        let reasons = decision["reasons"].as_array().unwrap().iter().map(|r| r.as_str().unwrap().to_string());
        (decision["decision"].as_str().unwrap().to_string(), reasons.collect())
    }

    /// Blocked in the marketing system, by us, and held at the gate.
    #[track_caller]
    pub fn assert_held(&self, lead: u64) {
        let shown = self.lead(lead);
        assert!(
            shown.flag("marketingSuspended"),
            "lead {lead} can be mailed: {shown:?}\n{}",
            self.run_text(&format!("explain ma:person:{lead}"))
        );
        let (decision, reasons) = self.gate(&format!("ma:person:{lead}"));
        assert_eq!(decision, "hold", "lead {lead}: {reasons:?}");
    }

    /// Not blocked, and allowed by the gate.
    #[track_caller]
    pub fn assert_free(&self, lead: u64) {
        let shown = self.lead(lead);
        assert!(
            !shown.flag("marketingSuspended"),
            "lead {lead} is blocked: {shown:?}\n{}",
            self.run_text(&format!("explain ma:person:{lead}"))
        );
        assert_eq!(self.gate(&format!("ma:person:{lead}")), ("allow".to_string(), vec![]), "lead {lead}\n{}", self.because());
    }

    #[track_caller]
    pub fn lead(&self, id: u64) -> Lead {
        self.sandbox.handle.lead(id).unwrap_or_else(|| panic!("there is no lead {id}"))
    }

    pub fn blocked(&self, id: u64) -> bool {
        self.lead(id).flag("marketingSuspended")
    }

    pub fn fault(&self, system: SandboxSystem, kind: FaultKind) {
        self.sandbox.handle.fault(system, Fault::of(kind));
    }

    pub fn fault_on(&self, system: SandboxSystem, kind: FaultKind, on: &str) {
        self.sandbox.handle.fault(system, Fault::of(kind).on(on));
    }

    /// Writes to the marketing system since the log was emptied.
    pub fn writes(&self) -> Vec<Write> {
        self.sandbox.handle.writes()
    }

    /// What must hold of every write ever made.
    pub fn check_writes(&self) {
        let writes = self.sandbox.handle.writes();
        let mut checked = self.checked.lock().unwrap_or_else(|e| e.into_inner());
        for write in &writes[(*checked).min(writes.len())..] {
            let allowed: &[&str] = match write.system {
                SandboxSystem::Ma => &["marketingSuspended", "nayose_why", "nayose_ok_until", "leadStatus", "phone", "title", "industry"],
                // A field of one's own, and the stage, where a test names them.
                SandboxSystem::Crm => &["industry_c", "lifecyclestage"],
                SandboxSystem::Support => panic!("the support system may not be written to: {write:?}"),
            };
            // A permit for one kind of mail, where a test names it.
            let is_permit = |field: &str| write.system == SandboxSystem::Ma && field.starts_with("nayose_ok_");
            for field in write.fields.keys().filter(|f| *f != "id") {
                assert!(allowed.contains(&field.as_str()) || is_permit(field), "{field} may not be written: {write:?}");
            }
        }
        *checked = writes.len();
    }

    /// Starts `nayose run` and waits until it answers.
    pub fn daemon(&self) -> Daemon<'_> {
        let mut command = self.command(&["run"]);
        command.env("NAYOSE_LOG", "nayose=debug");
        let mut daemon = Daemon { process: Process::start(&mut command), world: self };
        wait_until("the daemon answers", SOON, || {
            assert!(daemon.process.try_wait().is_none(), "the daemon ended: {:?}", daemon.process.output());
            self.http("GET", "/healthz", None, None).is_some_and(|(status, _)| status == 200)
        });
        daemon
    }

    /// One HTTP request to the daemon; `None`: no answer.
    pub fn http(&self, method: &str, path: &str, body: Option<String>, token: Option<&str>) -> Option<(u16, String)> {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        self.runtime.block_on(async {
            let mut request = reqwest::Client::new().request(method.parse().unwrap(), url).timeout(Duration::from_secs(20));
            if let Some(body) = body {
                request = request.header("content-type", "application/json").body(body);
            }
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let answer = request.send().await.ok()?;
            let status = answer.status().as_u16();
            no_secret(format!("{:?}", answer.headers()).as_bytes(), "the headers of an answer over HTTP");
            let text = answer.text().await.ok()?;
            no_secret(text.as_bytes(), "an answer over HTTP");
            Some((status, text))
        })
    }
}

impl Drop for World {
    /// Whatever lies in the folders that the test made, but for what it wrote itself.
    fn drop(&mut self) {
        let mut open = vec![self.folder().to_path_buf()];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                if kind.is_dir() {
                    open.push(path);
                } else if kind.is_file() && path.extension().is_none_or(|e| e != "toml" && e != "token") {
                    no_secret(&std::fs::read(&path).unwrap_or_default(), &path.display().to_string());
                }
            }
        }
    }
}
