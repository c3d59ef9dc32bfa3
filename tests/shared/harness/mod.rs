//! Systems, a config folder and the binary. Nothing here sleeps to be in time: what takes time is asked for until it is so.

#![allow(clippy::disallowed_methods, reason = "real processes go by the wall clock")]

use nayose::sandbox::{Fault, FaultKind, Handle, Lead, Options, Sandbox, SandboxSystem, Write};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// No command takes this long, however slow the machine.
const COMMAND_MAX: Duration = Duration::from_secs(90);
/// How long a condition is waited for.
pub const SOON: Duration = Duration::from_secs(45);
const POLL: Duration = Duration::from_millis(50);

/// As the sandbox counts requests for it.
const MA_LIST: &str = "ma GET /rest/v1/lists/{id}/leads.json";

/// The token of the HTTP interface where one is configured.
pub const HTTP_TOKEN: &str = "only-for-the-tests-http-token";

/// The password for a proxy, where a test puts one between.
pub const PROXY_PASSWORD: &str = "only-for-the-tests-proxy-password";
/// The same as a proxy is told it: `svc:` and the password.
const PROXY_LOGIN: &str = "c3ZjOm9ubHktZm9yLXRoZS10ZXN0cy1wcm94eS1wYXNzd29yZA";

/// What nothing may hold that the binary writes. The access tokens of the marketing system are made from this beginning.
pub const SECRETS: [&str; 8] = [
    "sandbox-crm-token",
    "sandbox-support-token",
    "sandbox-ma-client",
    "sandbox-ma-secret",
    "sandbox-ma-token",
    HTTP_TOKEN,
    PROXY_PASSWORD,
    PROXY_LOGIN,
];

/// Looks through what the binary wrote.
#[track_caller]
pub fn no_secret(bytes: &[u8], what: &str) {
    let text = String::from_utf8_lossy(bytes);
    for secret in SECRETS {
        if let Some(at) = text.find(secret).filter(|_| !std::thread::panicking()) {
            let around: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("a secret lies in {what}, behind: {around}");
        }
    }
}

/// Logs and messages name records, not people. An address that was asked about may come back.
#[track_caller]
fn no_address(stderr: &str, args: &str) {
    let address = regex::Regex::new(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+").unwrap();
    let found = address.find_iter(stderr).find(|a| !args.contains(a.as_str()));
    assert!(found.is_none() || std::thread::panicking(), "someone's address is on stderr: {found:?}\n{stderr}");
}

/// What a test chooses of the config.
#[derive(Clone)]
pub struct Setup {
    /// People that the systems know at the start.
    pub people: usize,
    /// How often a full sweep of CRM and support is due; the manifests' own if `None`. The marketing system's list is always due after
    /// a second: nothing else proves its people, and without proof nothing is released.
    pub sweep: Option<&'static str>,
    /// `after` of deals that were lost and tickets that were closed.
    pub lost: &'static str,
    pub closed: &'static str,
    /// Limits of proof.
    pub deals_limit: &'static str,
    pub tickets_limit: &'static str,
    pub refusals_limit: &'static str,
    /// Whether the marketing system also works with permits.
    pub permit: bool,
    pub ask_above: &'static str,
    /// The same for fields and status.
    pub changes_above: &'static str,
    pub http_token: bool,
    /// More for systems.toml: before the tables, and another system.
    pub top: String,
    pub more_systems: String,
    /// Lines for `[person]` of precedence.toml.
    pub precedence: &'static str,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup {
            people: 0,
            sweep: None,
            lost: "0d",
            closed: "0d",
            deals_limit: "15m",
            tickets_limit: "1h",
            refusals_limit: "1h",
            permit: false,
            ask_above: r#"people = 10000, share = "100%""#,
            changes_above: r#"records = 10000, share = "100%""#,
            http_token: false,
            top: String::new(),
            more_systems: String::new(),
            precedence: "phone = [\"support\", [\"crm\"], \"ma\"]\ntitle = { from = [\"crm\", \"ma\"] }\n",
        }
    }
}

impl Setup {
    /// A sweep is due whenever a second has passed.
    pub fn sweeping() -> Setup {
        Setup { sweep: Some("1s"), ..Setup::default() }
    }
}

/// Three systems, a config folder and a state.
pub struct World {
    pub sandbox: Sandbox,
    pub runtime: Runtime,
    folder: TempDir,
    pub port: u16,
    checked: Mutex<usize>,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub args: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self}");
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("no JSON ({e}): {self}"))
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Ran {
        assert!(self.err.contains(part) || self.out.contains(part), "{part:?} is not said: {self}");
        self
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`nayose {}` ended with {}\nstdout:\n{}\nstderr:\n{}", self.args, self.code, self.out, self.err)
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).unwrap().port()
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
    pub fn configure(&self, s: &Setup) {
        let Sandbox { crm_url, support_url, ma_url, ma_list, .. } = &self.sandbox;
        let sweep = s.sweep.map(|s| format!("sweep = {s:?}\n")).unwrap_or_default();
        let permit = if s.permit { "permit = \"nayose_ok_until\", lease = \"7d\", " } else { "" };
        let http_token = if s.http_token { "token = { env = \"TEST_HTTP\" }\n" } else { "" };
        let (top, more, port) = (&s.top, &s.more_systems, self.port);
        let every = format!("every = \"1s\"\n{sweep}");
        let systems = format!(
            "{top}\n[state]\nurl = \"sled:data\"\n[http]\nlisten = \"127.0.0.1:{port}\"\n{http_token}\n\
             [systems.crm]\nconnector = \"hubspot\"\nbase_url = \"{crm_url}\"\ntoken = {{ env = \"TEST_CRM\" }}\n{every}\n\
             [systems.support]\nconnector = \"zendesk\"\nbase_url = \"{support_url}\"\ntoken = {{ env = \"TEST_SUPPORT\" }}\n{every}\n\
             [systems.ma]\nconnector = \"marketo\"\nbase_url = \"{ma_url}\"\nclient_id = {{ env = \"TEST_MA_ID\" }}\n\
             client_secret = {{ env = \"TEST_MA_SECRET\" }}\nlist_id = \"{ma_list}\"\nevery = \"1s\"\nsweep = \"1s\"\n\
             writes = [\"hold\", \"status\", \"phone\", \"title\"]\nhold = {{ block = true, {permit}why = \"nayose_why\" }}\n{more}\n"
        );
        let precedence = format!("default = [\"crm\", \"support\", \"ma\"]\n[person]\n{}", s.precedence);
        let policy = format!(
            r#"[status]
customer    = 'deals.exists(d, d.won)'
opportunity = 'deals.exists(d, d.open)'
lost        = 'deals.exists(d, d.lost)'
mql         = 'person.score >= 100'
lead        = 'true'

[holds.open_deal]
when  = 'deal.open'
scope = "account"
stops = ["campaign", "newsletter", "rep_sender"]
after = {{ won = "0d", lost = "{lost}" }}
proof = {{ "crm.deals" = "{deals}", "crm.deal_people" = "{deals}" }}

[holds.critical_ticket]
when  = 'ticket.open && ticket.priority == "urgent"'
stops = ["campaign", "newsletter", "service_footer"]
after = {{ closed = "{closed}" }}
proof = {{ "support.tickets" = "{tickets}" }}

[refusals]
proof = {{ "ma.people" = "{refusals}" }}

[widening]
ask_above = {{ {ask_above} }}

[changes]
ask_above = {{ {changes_above} }}
"#,
            lost = s.lost,
            deals = s.deals_limit,
            closed = s.closed,
            tickets = s.tickets_limit,
            refusals = s.refusals_limit,
            ask_above = s.ask_above,
            changes_above = s.changes_above,
        );
        let consent = "[sources.ma]\nbasis = \"explicit_consent\"\n";
        for (file, text) in
            [("systems.toml", systems.as_str()), ("precedence.toml", &precedence), ("policy.toml", &policy), ("consent.toml", consent)]
        {
            std::fs::write(self.folder().join(file), text).unwrap();
        }
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
            assert_eq!(write.system, SandboxSystem::Ma, "only the marketing system may be written to: {write:?}");
            for field in write.fields.keys().filter(|f| *f != "id") {
                let allowed = ["marketingSuspended", "nayose_why", "nayose_ok_until", "leadStatus", "phone", "title"];
                assert!(allowed.contains(&field.as_str()), "{field} may not be written: {write:?}");
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

/// A `nayose run`. Killed when it is dropped.
pub struct Daemon<'w> {
    pub process: Process,
    world: &'w World,
}

impl Daemon<'_> {
    /// SIGTERM; it must end within ten seconds, and well.
    #[track_caller]
    pub fn stop(mut self) -> Ran {
        let begun = Instant::now();
        self.process.signal("TERM");
        let status = self.process.wait(Duration::from_secs(20)).expect("SIGTERM does not end it");
        let took = begun.elapsed();
        let (out, err) = self.process.output();
        self.world.check_writes();
        assert!(took < Duration::from_secs(10), "SIGTERM took {took:?}\n{err}");
        Ran { args: "run".into(), code: status.code().unwrap_or(-1), out, err }.exits(0)
    }
}

/// A child process whose output is gathered, and looked through for secrets and for people.
pub struct Process {
    child: Child,
    args: String,
    readers: Vec<JoinHandle<String>>,
    told: Arc<Mutex<Vec<u8>>>,
    output: Option<(String, String)>,
}

impl Process {
    pub fn start(command: &mut Command) -> Process {
        let mut child = command.spawn().unwrap();
        let read = |mut from: Box<dyn Read + Send>, so_far: Arc<Mutex<Vec<u8>>>| {
            std::thread::spawn(move || {
                let mut bytes = [0; 4096];
                loop {
                    match from.read(&mut bytes) {
                        Ok(0) => break,
                        Ok(count) => so_far.lock().unwrap().extend_from_slice(&bytes[..count]),
                        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                        Err(_) => break,
                    }
                }
                String::from_utf8_lossy(&so_far.lock().unwrap()).into_owned()
            })
        };
        // A test may have put something else in the place of stderr.
        let err: Box<dyn Read + Send> = child.stderr.take().map_or_else(|| Box::new(std::io::empty()) as _, |err| Box::new(err) as _);
        let told = Arc::default();
        let readers = vec![read(Box::new(child.stdout.take().unwrap()), Arc::default()), read(err, Arc::clone(&told))];
        let args = command.get_args().map(|a| a.to_string_lossy()).collect::<Vec<_>>().join(" ");
        Process { child, args, readers, told, output: None }
    }

    pub fn try_wait(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// `None`: it did not end in that time.
    pub fn wait(&mut self, within: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.try_wait() {
                return Some(status);
            }
            if begun.elapsed() > within {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn signal(&self, signal: &str) {
        Command::new("kill").arg(format!("-{signal}")).arg(self.id().to_string()).status().unwrap();
    }

    /// SIGKILL, and gone when this returns.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// What it wrote to stderr until now.
    #[allow(dead_code, reason = "shared with the damage tests, which ask for it")]
    pub fn told(&self) -> String {
        String::from_utf8_lossy(&self.told.lock().unwrap()).into_owned()
    }

    /// What it wrote to stdout and stderr; call it when the process has ended.
    pub fn output(&mut self) -> (String, String) {
        if self.output.is_none() {
            let mut read = self.readers.drain(..).map(|r| r.join().unwrap_or_default());
            let (out, err) = (read.next().unwrap_or_default(), read.next().unwrap_or_default());
            no_secret(out.as_bytes(), "stdout");
            no_secret(err.as_bytes(), "stderr");
            no_address(&err, &self.args);
            self.output = Some((out, err));
        }
        self.output.clone().unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        let (_, err) = self.output();
        if std::thread::panicking() {
            eprintln!("its stderr:\n{err}");
        }
    }
}

/// Asks again and again until it is so.
#[track_caller]
pub fn wait_until(what: &str, within: Duration, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < within, "still not so after {within:?}: {what}");
        std::thread::sleep(POLL);
    }
}

pub fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// What a test's people are called: their contact and their lead have the same name and address.
pub struct Person {
    pub email: String,
    pub contact: u64,
    pub lead: u64,
}

/// Someone whom CRM and marketing system know.
pub fn person(handle: &Handle, first: &str, last: &str, company: Option<u64>) -> Person {
    let email = format!("{}.{}@acme.example", first.to_lowercase(), last.to_lowercase());
    let contact = handle.create_contact(&[("email", &email), ("firstname", first), ("lastname", last)], company);
    let lead = handle.add_lead(&object(json!({"email": email, "firstName": first, "lastName": last}))).unwrap();
    Person { email, contact, lead }
}
