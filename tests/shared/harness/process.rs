//! The binary as a child process, and what came of it.

use super::secrets::{no_address, no_secret};
use super::world::World;
use serde_json::Value;
use std::io::Read;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

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

/// A `nayose run`. Killed when it is dropped.
pub struct Daemon<'w> {
    pub process: Process,
    pub world: &'w World,
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
