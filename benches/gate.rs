//! The gate with a million people: how long one answer takes, idle and while a full sync runs; the same over HTTP; how long new rules
//! take over everyone; how long it takes to try other rules on them; and how long to look at how things stand. `cargo bench --bench gate`; PEOPLE=10000 makes it small.

#![allow(clippy::disallowed_methods, reason = "it measures real time")]

mod in_process;

use in_process::sweep;
use nayose::daemon::commands::{Command, Reply};
use nayose::daemon::shell::Shell;
use nayose::model::{Entity, Mail, MailKind, Name, Record, RecordId, Time, Value};
use nayose::telemetry::Exporter;
use nayose::web;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CALLS: usize = 300_000;
const HTTP_CALLS: usize = 20_000;
const NOW: Time = Time(1_795_212_000_000);

/// As the daemon's.
#[cfg(feature = "dist")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() {
    let people: usize = std::env::var("PEOPLE").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let folder = tempfile::tempdir().expect("a folder for the config");
        let shell = shell(folder.path());
        let began = Instant::now();
        sync(&shell, people, 0);
        println!("{people} people; first read and decided on in {:.1} s", began.elapsed().as_secs_f64());

        let began = Instant::now();
        in_process::decide_anew(&shell, NOW);
        println!("everyone decided on anew, as by new rules: {:.1} s", began.elapsed().as_secs_f64());

        let took = (0..20).map(|_| looked_at(&shell)).min().unwrap_or_default();
        println!("how things stand, looked at for /readyz and /metrics: {:.1} ms", took.as_secs_f64() * 1e3);

        println!("| what | calls | p50 | p99 | p999 | longest | calls a second |\n|---|---|---|---|---|---|---|");
        row("in the process, idle", ask(&shell, people, CALLS, || true));
        let busy = full_sync(&shell, people, 1);
        row("in the process, during a full sync", ask(&shell, people, usize::MAX, || !busy.done()));
        let url = serve(&shell).await;
        row("over HTTP, idle", ask_http(&url, people, HTTP_CALLS, || true).await);
        let busy = full_sync(&shell, people, 2);
        row("over HTTP, during a full sync", ask_http(&url, people, usize::MAX, || !busy.done()).await);
        drop(busy);
        try_rules(&shell, folder.path()).await;
    });
}

/// The daemon's own parts on job J's config.
fn shell(folder: &Path) -> Shell {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/j");
    for file in ["systems.toml", "precedence.toml", "policy.toml", "consent.toml"] {
        let text = std::fs::read_to_string(here.join("config").join(file)).expect("job J's config");
        let text = text.replace("@SIM_URL@", "http://127.0.0.1:9").replace("@CONNECTORS@", &here.join("connectors").to_string_lossy());
        std::fs::write(folder.join(file), text).expect("a place for the config");
    }
    in_process::shell(folder, NOW)
}

fn address(n: usize) -> String {
    format!("taro.{n}@acme{}.example", n % 5_000)
}

fn lead(n: usize, round: usize, names: &[Name; 4]) -> Record {
    let mut record = Record::new(RecordId::new("ma", Entity::Person, n.to_string()));
    for (name, text) in names.iter().zip([address(n), format!("山田 {n}"), format!("03-{round:04}-{n:04}"), "部長".to_string()]) {
        record.set(name, Value::text(&text), NOW);
    }
    record
}

/// Reads all people, page by page, and decides on them; in each round all have changed.
fn sync(shell: &Shell, people: usize, round: usize) {
    let names = ["email", "name", "phone", "title"].map(Name::from);
    sweep(shell, "ma", people, NOW, |n| lead(n, round, &names));
    shell.engine().reconcile(NOW);
    shell.engine().commit().expect("memory takes it");
}

/// `plan --rules`: three fields have other rules, everyone another status, and the hold another condition.
async fn try_rules(shell: &Shell, folder: &Path) {
    let edit = |file: &str, old: &str, new: &str| {
        let text = std::fs::read_to_string(folder.join(file)).expect("the config");
        assert!(text.contains(old), "{file} has no {old}");
        std::fs::write(folder.join(file), text.replace(old, new)).expect("a place for the config");
    };
    edit("precedence.toml", "[\"crm\", \"ma\"]\n", "[\"ma\", \"crm\"]\n");
    edit("policy.toml", "lead     = 'true'", "prospect = 'true'");
    edit("policy.toml", "when  = 'deal.open'", "when  = 'deal.open && !deal.won'");
    shell.command(Command::Approve { what: "ma".into(), holds: false, moved: false, by: "tests".into() }).await;
    let began = Instant::now();
    let reply = shell.command(Command::Preview { folder: folder.into(), all: false }).await;
    let Reply::Preview(preview) = reply else { panic!("no preview: {reply:?}") };
    let changed: usize = preview.totals.iter().map(|total| total.counts.filled + total.counts.rewritten()).sum();
    println!("other rules tried on everyone, of whom {changed} change: {:.1} s", began.elapsed().as_secs_f64());
}

/// `status` publishes what it saw, as the daemon's tick does.
fn looked_at(shell: &Shell) -> Duration {
    let began = Instant::now();
    shell.status(NOW);
    began.elapsed()
}

struct Busy {
    done: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Busy {
    fn done(&self) -> bool {
        self.done.load(Ordering::Relaxed)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.thread.take().map(std::thread::JoinHandle::join);
    }
}

fn full_sync(shell: &Shell, people: usize, round: usize) -> Busy {
    let done = Arc::new(AtomicBool::new(false));
    let (shell, told) = (shell.clone(), done.clone());
    let thread = std::thread::spawn(move || {
        sync(&shell, people, round);
        told.store(true, Ordering::Relaxed);
    });
    Busy { done, thread: Some(thread) }
}

/// Someone else each time, in no order that a cache would like.
fn someone(call: usize, people: usize) -> usize {
    call.wrapping_mul(2_654_435_761) % people
}

fn ask(shell: &Shell, people: usize, calls: usize, go_on: impl Fn() -> bool) -> Vec<Duration> {
    let mail = Mail::of(MailKind::Campaign);
    let mut took = Vec::new();
    while took.len() < calls && go_on() {
        let subjects = [address(someone(took.len(), people))];
        let began = Instant::now();
        let answers = shell.gate.decide(&subjects, &mail, NOW);
        took.push(began.elapsed());
        assert_eq!(answers[0].basis.as_deref(), Some("explicit_consent"), "everyone is known");
    }
    took
}

async fn serve(shell: &Shell) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/v1/decisions", listener.local_addr().expect("an address"));
    tokio::spawn(web::serve(listener, web::router(shell.clone(), web::Admission::on_loopback(), Exporter::install(), Path::new("config"))));
    url
}

async fn ask_http(url: &str, people: usize, calls: usize, go_on: impl Fn() -> bool) -> Vec<Duration> {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let mut took = Vec::new();
    while took.len() < calls && go_on() {
        let question = serde_json::json!({"subjects": [{"email": address(someone(took.len(), people))}], "mail": {"kind": "campaign"}});
        let began = Instant::now();
        let answer = client.post(url).json(&question).send().await.expect("the gate answers");
        let text = answer.text().await.expect("an answer");
        took.push(began.elapsed());
        assert!(text.contains("explicit_consent"), "everyone is known: {text}");
    }
    took
}

fn row(what: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let at = |share: f64| took[((took.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    let all: Duration = took.iter().sum();
    let a_second = took.len() as f64 / all.as_secs_f64();
    println!(
        "| {what} | {} | {:.1} µs | {:.1} µs | {:.1} µs | {:.0} µs | {a_second:.0} |",
        took.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
