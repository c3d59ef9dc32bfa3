//! `nayose demo`: it goes on after its script, its folder is its own and goes with it, and it says how many people it takes.

use crate::harness::{SOON, no_secret, wait_until};
use serde_json::Value;
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// The script has up to eleven scenes, and other tests run beside it.
const SCRIPT_MAX: Duration = Duration::from_secs(240);

/// A demo that runs. Killed when it is dropped.
struct Demo {
    child: Child,
    /// The folder for temporary files as the demo has it.
    temp: TempDir,
}

impl Demo {
    /// By way of a shell that prepares `$TMPDIR` and then becomes the demo.
    fn start(before: &str) -> Demo {
        let temp = TempDir::new().unwrap();
        std::fs::create_dir(temp.path().join("tmp")).unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("{before}\nexec \"$NAYOSE\" demo")]).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("NAYOSE", env!("CARGO_BIN_EXE_nayose"));
        command.env("TMPDIR", temp.path().join("tmp")).stdin(Stdio::null());
        command.stdout(File::create(temp.path().join("out")).unwrap()).stderr(File::create(temp.path().join("err")).unwrap());
        Demo { child: command.spawn().unwrap(), temp }
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.temp.path().join("out")).unwrap()
    }

    #[track_caller]
    fn says_within(&mut self, part: &str, within: Duration) {
        wait_until(part, within, || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the demo ended with {ended:?}:\n{}", self.said());
            self.said().contains(part)
        });
    }

    /// The demo's folders, without what a test put beside them.
    fn folders(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.temp.path().join("tmp")).unwrap();
        entries.map(|e| e.unwrap()).filter(|e| e.file_type().unwrap().is_dir()).map(|e| e.path()).collect()
    }

    /// What stands behind `--config` in what is to be typed in a second terminal.
    fn config(&self) -> PathBuf {
        let said = self.said();
        let told = said.lines().find_map(|line| line.trim().strip_suffix(" status")?.split_once(" --config "));
        told.unwrap_or_else(|| panic!("no --config:\n{said}")).1.into()
    }

    /// The address of the control port, from the line of a `curl`.
    fn control(&self) -> String {
        let said = self.said();
        let told = said.split_whitespace().find_map(|word| word.strip_suffix("/_sandbox/open_deal"));
        told.unwrap_or_else(|| panic!("no control port:\n{said}")).to_string()
    }

    /// The line of a shell that is told behind this beginning.
    fn told_after(&self, beginning: &str) -> String {
        let said = self.said();
        let line = said.lines().find_map(|line| Some(line.split_once(beginning)?.1.to_string()));
        line.unwrap_or_else(|| panic!("{beginning:?} is not said:\n{said}"))
    }

    /// SIGTERM; its exit code.
    #[track_caller]
    fn terminated(&mut self) -> Option<i32> {
        Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        let mut code = None;
        wait_until("SIGTERM ends it", SOON, || {
            code = self.child.try_wait().unwrap();
            code.is_some()
        });
        code.and_then(|status| status.code())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        no_secret(self.said().as_bytes(), "what the demo printed");
        if std::thread::panicking() {
            eprintln!("{}\n{}", self.said(), std::fs::read_to_string(self.temp.path().join("err")).unwrap_or_default());
        }
    }
}

/// A command in a second terminal, which knows none of the secrets.
fn second_terminal(config: &Path, args: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
    command.env_clear().arg("--config").arg(config).args(args.split(' ')).output().unwrap()
}

fn json_of(config: &Path, args: &str) -> Value {
    let output = second_terminal(config, &format!("{args} --json"));
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{args}: {e}: {output:?}"))
}

/// `GET` without a body, else `POST`.
fn asked(url: &str, body: Option<&Value>) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = reqwest::Client::new();
    let request = match body {
        Some(body) => client.post(url).body(body.to_string()),
        None => client.get(url),
    };
    runtime.block_on(async { request.send().await.unwrap().text().await.unwrap() })
}

#[test]
fn a_demo_goes_on_after_its_script_until_sigterm_and_leaves_nothing() {
    // Where a folder named after the process would be, somebody has put a link.
    let mut demo = Demo::start("mkdir \"$TMPDIR/../victim\"; ln -s ../victim \"$TMPDIR/nayose-demo-$$\"");
    demo.says_within("go on until", SCRIPT_MAX);
    assert!(demo.said().contains(" 0 missing"), "{}", demo.said());
    let config = demo.config();
    assert_eq!(demo.folders(), std::slice::from_ref(&config));
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&config), mode(&config.join("crm-token"))), (0o700, 0o600));
    for args in ["check", "connector try crm"] {
        let output = second_terminal(&config, args);
        assert!(output.status.success(), "{args}: {output:?}");
    }

    let email = demo.told_after("Open a deal with ").split(',').next().unwrap().to_string();
    let contact: Value = serde_json::from_str(demo.told_after("/_sandbox/open_deal -d ").trim_matches('\'')).unwrap();
    let decision = |config: &Path| json_of(config, &format!("gate {email}"))["decisions"][0]["decision"].clone();
    wait_until("the gate allows them", SOON, || decision(&config) == "allow");
    let control = demo.control();
    let opened = asked(&format!("{control}/_sandbox/open_deal"), Some(&contact));
    assert!(opened.contains("ok"), "{opened}");
    wait_until("the new deal holds", SOON, || decision(&config) == "hold");
    wait_until("the daemon protects", SOON, || json_of(&config, "status")["protection"] == "protecting");
    let listed = asked(&format!("{control}/"), None);
    assert!(listed.contains(&format!("{control}/_sandbox/NAME")) && listed.contains("set_deal_stage"), "{listed}");

    assert_eq!(demo.terminated(), Some(0));
    assert_eq!(demo.folders(), Vec::<PathBuf>::new());
    assert_eq!(std::fs::read_dir(demo.temp.path().join("victim")).unwrap().count(), 0, "the link was followed");
}

#[test]
fn a_demo_that_is_ended_within_its_script_leaves_nothing() {
    let mut demo = Demo::start("");
    demo.says_within("The daemon runs.", SCRIPT_MAX);
    assert_eq!(demo.folders().len(), 1);
    assert_eq!(demo.terminated(), Some(1), "not all happened");
    assert_eq!(demo.folders(), Vec::<PathBuf>::new());
}

#[test]
fn the_demo_says_how_many_people_it_takes() {
    let demo = |args: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
        let output = command.env_clear().arg("demo").args(args.split(' ')).stdin(Stdio::null()).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for people in ["0", "49", "2001", "100000000"] {
        let (code, _, err) = demo(&format!("--once --people {people}"));
        let said = format!("invalid value '{people}' for '--people <N>': the script needs 50 to 2000 people");
        assert!(code == Some(2) && err.contains(&said), "{err}");
    }
    let (code, _, err) = demo("--systems-only --people 500001");
    assert!(code == Some(2) && err.contains("the sandbox systems take 0 to 500000 people"), "{err}");
    let (code, out, err) = demo("--systems-only --people 0");
    let systems: Value = serde_json::from_str(out.lines().next().unwrap_or_default()).unwrap();
    assert!(code == Some(0) && systems["control"]["url"].is_string(), "{out}{err}");
    tables_that_are_printed_are_right(&err);
    let (code, out, _) = demo("--help");
    assert!(code == Some(0) && out.contains("50 to 2000") && out.contains(r#"{"system": "crm", "fault": "down"}"#), "{out}");
}

/// What `demo --systems-only` prints to be pasted is pasted into what `init` writes, and checked.
fn tables_that_are_printed_are_right(printed: &str) {
    let folder = tempfile::tempdir().unwrap();
    let nayose = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
        command.env_clear().envs(env.iter().copied()).current_dir(folder.path()).args(args).output().unwrap()
    };
    assert!(nayose(&["init"], &[]).status.success());
    let tables = printed.find("[systems.crm]").zip(printed.find("\nand in the terminal")).map(|(from, to)| &printed[from..to]);
    let exported = printed.lines().find_map(|line| line.strip_prefix("export ")).unwrap();
    let env: Vec<(&str, &str)> = exported.split(' ').filter_map(|pair| pair.split_once('=')).collect();
    assert_eq!(env.len(), 4, "{exported}");
    let path = folder.path().join("config/systems.toml");
    let written = std::fs::read_to_string(&path).unwrap();
    let before = written.find("[systems.").map(|at| &written[..at]).unwrap();
    std::fs::write(&path, format!("{before}{}", tables.unwrap())).unwrap();
    let checked = nayose(&["check"], &env);
    assert!(checked.status.success(), "{printed}\n{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn a_demo_that_cannot_be_set_up_says_why() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
    let output = command.env_clear().env("TMPDIR", "/nowhere").args(["demo", "--once"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the demo cannot start: cannot make a folder in /nowhere"), "{said}");
}
