//! A real Postfix of a test's own, with milters before the sink that it delivers to; where they sign, OpenDKIM is the last of them.
//!
//! `NAYOSE_LAB_POSTFIX` names the folder with the lab's `up` and `down`; they need root.

use super::harness::{SOON, free_port, wait_until};
use lettre::address::Envelope;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use serde_json::Value as Json;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const FROM: &str = "news@support.acme.example";
/// An installation of packages is in it.
const STARTED_WITHIN: &str = "300";

/// One instance, ended when it is dropped.
pub struct Postfix {
    lab: PathBuf,
    home: TempDir,
    pub port: u16,
    /// Where it asks nayose.
    pub milter: u16,
    signs: bool,
}

/// A mail as it was delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    pub to: Vec<String>,
    pub data: String,
}

impl Delivered {
    /// What follows the header.
    pub fn body(&self) -> &str {
        self.data.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// A field of the header.
    pub fn field(&self, name: &str) -> Option<&str> {
        let (header, _) = self.data.split_once("\r\n\r\n")?;
        header.lines().find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name).map(|(_, value)| value))
    }
}

/// Of one delivered mail.
#[derive(Debug)]
pub struct Verified {
    pub to: Vec<String>,
    pub holds: bool,
    pub signs: Vec<String>,
}

/// A port whose next two are free as well: of milter.py, which is not started, and of the sink.
fn three_ports() -> u16 {
    loop {
        let [first, second, third] = [free_port(), free_port(), free_port()];
        if (second, third) == (first + 1, first + 2) {
            return first;
        }
    }
}

fn run(command: &mut Command) -> String {
    let ran = command.stdin(Stdio::null()).output().unwrap();
    assert!(ran.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

impl Postfix {
    /// `None`, and a word about it, where there is no lab.
    pub fn of_the_lab(signs: bool) -> Option<Postfix> {
        let Ok(lab) = std::env::var("NAYOSE_LAB_POSTFIX") else {
            println!("skipped: no lab (NAYOSE_LAB_POSTFIX is not set)");
            return None;
        };
        let home = tempfile::tempdir().unwrap();
        // Postfix runs as another user.
        std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let postfix = Postfix { lab: lab.into(), home, port: three_ports(), milter: free_port(), signs };
        let mut milters = format!("127.0.0.1:{}", postfix.milter);
        if signs {
            let (folder, port) = (postfix.dkim(), free_port());
            std::fs::create_dir(&folder).unwrap();
            let up = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/opendkim/up");
            run(Command::new("timeout").args([STARTED_WITHIN, "bash", up]).arg(&folder).arg(port.to_string()));
            milters += &format!(", inet:127.0.0.1:{port}");
        }
        let up = postfix.lab.join("up");
        let mut command = Command::new("timeout");
        command.args([STARTED_WITHIN, "bash"]).arg(up).arg(postfix.port.to_string()).env("LAB_HOME", postfix.home.path());
        run(command.env("MILTER", milters));
        Some(postfix)
    }

    fn dkim(&self) -> PathBuf {
        self.home.path().join("dkim")
    }

    fn sink(&self) -> PathBuf {
        self.home.path().join("postfix/sent.jsonl")
    }

    /// What Postfix wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home.path().join("postfix/mail.log")).unwrap_or_default()
    }

    /// Queue files that Postfix put aside as broken.
    pub fn corrupt(&self) -> usize {
        let folder = self.home.path().join("postfix/queue/corrupt");
        std::fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// Hands a mail in over SMTP, to all in one transaction.
    pub async fn send(&self, to: &[&str], mail: &[u8]) {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous("127.0.0.1").port(self.port).build();
        let to = to.iter().map(|who| who.parse().unwrap()).collect();
        let envelope = Envelope::new(Some(FROM.parse().unwrap()), to).unwrap();
        // lettre ends the last line by itself.
        let mail = mail.strip_suffix(b"\r\n").unwrap_or(mail);
        transport.send_raw(&envelope, mail).await.unwrap_or_else(|error| panic!("{error}\n{}", self.log()));
    }

    /// Hands a mail in as programs of the same machine do.
    pub fn sendmail(&self, to: &[&str], mail: &[u8]) {
        let config = self.home.path().join("postfix/etc");
        let mut command = Command::new("/usr/sbin/sendmail");
        command.arg("-C").arg(config).args(["-i", "-f", FROM]).args(to).stdin(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // As programs of this machine write lines.
        let lines = String::from_utf8(mail.to_vec()).unwrap().replace("\r\n", "\n");
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }

    /// From the next connection on, no milter is asked.
    pub fn ask_no_milter(&self) {
        let config = self.home.path().join("postfix/etc");
        run(Command::new("postconf").arg("-c").arg(&config).args(["-e", "smtpd_milters="]));
        run(Command::new("postfix").arg("-c").arg(&config).arg("reload"));
    }

    /// All that was delivered.
    pub fn delivered(&self) -> Vec<Delivered> {
        let text = std::fs::read_to_string(self.sink()).unwrap_or_default();
        let mail = |line: &str| {
            let said: Json = serde_json::from_str(line).ok()?;
            let to = said["to"].as_array()?.iter().filter_map(Json::as_str).map(str::to_string).collect();
            Some(Delivered { to, data: said["data"].as_str()?.to_string() })
        };
        text.lines().filter_map(mail).collect()
    }

    /// Waits until so many mails were delivered, and gives them.
    #[track_caller]
    pub fn wait_for(&self, count: usize, within: Duration) -> Vec<Delivered> {
        wait_until("all mails are delivered", within, || self.delivered().len() >= count);
        self.delivered()
    }

    /// The next mail that is delivered after one is handed in.
    #[track_caller]
    pub fn next(&self, hand_in: impl FnOnce(&Postfix)) -> Delivered {
        let before = self.delivered().len();
        hand_in(self);
        self.wait_for(before + 1, SOON).pop().unwrap()
    }

    /// Whether the signature of each delivered mail holds.
    pub fn verified(&self) -> Vec<Verified> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/opendkim/verify.py");
        let told = run(Command::new("/usr/bin/python3").arg(script).arg(self.dkim().join("dkim.txt")).arg(self.sink()));
        let texts = |said: &Json| said.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_string()).collect();
        let one = |line: &str| {
            let said: Json = serde_json::from_str(line).unwrap();
            Verified { to: texts(&said["to"]), holds: said["holds"] == true, signs: texts(&said["signs"]) }
        };
        told.lines().map(one).collect()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = Command::new("bash").arg(self.lab.join("down")).env("LAB_HOME", self.home.path()).stdin(Stdio::null()).output();
        if self.signs {
            end(&self.dkim().join("opendkim.pid"));
        }
    }
}

fn end(pid_file: &Path) {
    if let Ok(pid) = std::fs::read_to_string(pid_file) {
        let _ = Command::new("kill").arg(pid.trim()).output();
    }
}
