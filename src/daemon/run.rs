//! `nayose run`: each stream on its own schedule, delivery whenever something is due, until told to stop.

use crate::connector::StreamInfo;
use crate::daemon::first_round::FirstRound;
use crate::daemon::notify::tell_for_ever;
use crate::daemon::reading::WhoReads;
use crate::daemon::reload::{self, Source};
use crate::daemon::sending::{GATHERED_FOR, OutcomeCounts};
use crate::daemon::shell::Shell;
use crate::engine::Error;
use crate::engine::proofs::reading::StreamReport;
use crate::engine::proofs::schedule;
use crate::model::{Name, Span};
use crate::telemetry::InternalEvent;
use crate::telemetry::reading::{StreamNotRead, StreamRead, StreamReadAgain};
use crate::telemetry::writing::{WritesApplied, WritesEnded, WritesLeftUnderWay};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Time passes for cool-downs and retries even if nothing is read: how often that is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Deliveries under way get so long to end after SIGTERM; then their outcome is unknown and is read back at the next start.
const GRACE: Duration = Duration::from_secs(7);
/// Whether a stream has passes of its own.
fn is_read(info: &StreamInfo) -> bool {
    info.carried_by.is_none() || info.for_each.is_some()
}

/// What runs for as long as a system is configured.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Job {
    Read(Name, Name),
    Deliver(Name),
}

type Jobs = JoinSet<Result<Option<Job>, Error>>;

/// Runs until `stop` turns true, and follows edits of the config if it is told where that lies. Ends within 10 s.
pub async fn run(shell: Shell, source: Option<Source>, mut stop: watch::Receiver<bool>) -> Result<(), Error> {
    // What a `sync` proved before is not what protects from now on.
    shell.with(|e| e.note_sync(None));
    shell.commit()?;
    let mut tasks = Jobs::new();
    let mut running = BTreeSet::new();
    tasks.spawn(tick(shell.clone(), stop.clone()));
    let telling = tell_for_ever(shell.clone(), stop.clone());
    tasks.spawn(async { telling.await.map(|()| None) });
    if let Some(source) = source {
        let following = reload::follow(shell.clone(), source, stop.clone());
        tasks.spawn(async { following.await.map(|()| None) });
    }
    let mut failed = None;
    loop {
        let rewired = shell.rewired.notified();
        start_missing(&shell, &mut tasks, &mut running, &stop);
        tokio::select! {
            _ = stop.changed() => break,
            _ = rewired => {}
            ended = tasks.join_next() => match ended {
                Some(Ok(Ok(job))) => {
                    job.inspect(|job| { running.remove(job); });
                }
                Some(Ok(Err(error))) => {
                    failed = Some(error);
                    break;
                }
                Some(Err(error)) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Some(Err(_)) => {}
                None => break,
            },
        }
    }
    if failed.is_none() {
        let all = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            WritesLeftUnderWay.emit();
        }
    }
    tasks.abort_all();
    match failed {
        // What is in memory is not to be kept: it is ahead of what is on disk in ways that nobody checked.
        Some(error) => Err(error),
        None => shell.with(|e| e.commit()),
    }
}

/// Starts what the configured systems need and what does not run yet.
fn start_missing(shell: &Shell, tasks: &mut Jobs, running: &mut BTreeSet<Job>, stop: &watch::Receiver<bool>) {
    let wiring = shell.wiring();
    let mut missing = Vec::new();
    for (system, connector) in &wiring.connectors {
        let read = connector.streams().iter().filter(|i| is_read(i)).map(|i| Job::Read(system.clone(), i.name.clone()));
        missing.extend(read.chain([Job::Deliver(system.clone())]).filter(|job| !running.contains(job)));
    }
    let streams = missing.iter().filter(|job| matches!(job, Job::Read(..))).count();
    let first_round = Arc::new(FirstRound::of(streams));
    for job in missing {
        running.insert(job.clone());
        let (shell, stop) = (shell.clone(), stop.clone());
        match job {
            Job::Read(system, stream) => tasks.spawn(read_for_ever(shell, system, stream, first_round.clone(), stop)),
            Job::Deliver(system) => tasks.spawn(deliver_for_ever(shell, system, stop)),
        };
    }
}

/// How often a stream is read; `None`: its system, or the stream, is not configured any more.
fn read_every(shell: &Shell, system: &Name, stream: &Name) -> Option<Span> {
    let wiring = shell.wiring();
    let info = wiring.connectors.get(system)?.streams().iter().find(|i| i.name == *stream && is_read(i))?;
    Some(schedule::every(shell.engine().systems().get(system)?.connected.config().every, info))
}

async fn read_for_ever(
    shell: Shell,
    system: Name,
    stream: Name,
    first_round: Arc<FirstRound>,
    mut stop: watch::Receiver<bool>,
) -> Result<Option<Job>, Error> {
    let mut failures = 0u32;
    let mut first = Some(first_round);
    let mut reader = WhoReads::Mended;
    while !*stop.borrow() {
        let began = tokio::time::Instant::now();
        // A pass that is broken off by the stop loses nothing: what it committed is kept, its cursor with it.
        let report = tokio::select! {
            report = shell.read(&system, &stream, reader) => report?,
            _ = stop.changed() => break,
        };
        let StreamReport { requests, read, changed, .. } = report;
        StreamRead { system: &system, stream: &stream, requests, read, changed, error: report.error.as_deref() }.emit();
        // The first looks are decided on together, and what was left over from the last run may go then too.
        let looked_first = first.take();
        if let Some(round) = &looked_first {
            round.wait(|| shell.pages_taken()).await;
        }
        if report.changed > 0 || failures > 0 || looked_first.is_some() {
            shell.reconcile()?;
        }
        // One of a pass that waits for its next try counts as well.
        match report.error.or_else(|| shell.engine().stream_error(&system, &stream)) {
            Some(error) => {
                if failures == 0 {
                    StreamNotRead { system: &system, stream: &stream, error: &error }.emit();
                }
                failures += 1;
            }
            None => {
                if failures > 0 {
                    StreamReadAgain { system: &system, stream: &stream }.emit();
                }
                failures = 0;
            }
        }
        let rewired = shell.rewired.notified();
        let Some(every) = read_every(&shell, &system, &stream) else { break };
        // A pass that failed may be due sooner than the others.
        let now = shell.now();
        let retry = shell.engine().next_retry(&system, &stream, now).map(|at| tokio::time::Instant::now() + at.since(now).to_std());
        let regular = began + every.to_std();
        let next = retry.map_or(regular, |at| at.min(regular));
        tokio::select! {
            _ = tokio::time::sleep_until(next) => reader = WhoReads::Rhythm,
            // An edit may have mended what failed, or asks for more.
            _ = rewired => reader = WhoReads::Mended,
            _ = stop.changed() => break,
        }
    }
    Ok(Some(Job::Read(system, stream)))
}

async fn deliver_for_ever(shell: Shell, system: Name, mut stop: watch::Receiver<bool>) -> Result<Option<Job>, Error> {
    let mut wake = shell.wake_of(&system);
    while !*stop.borrow() && shell.wiring().connectors.contains_key(&system) {
        tokio::select! {
            _ = wake.changed() => {}
            _ = tokio::time::sleep(Duration::from_secs(5)) => {}
            _ = stop.changed() => break,
        }
        tokio::select! {
            _ = tokio::time::sleep(GATHERED_FOR) => {}
            _ = stop.changed() => break,
        }
        shell.let_others_end(&system).await;
        wake.mark_unchanged();
        let tally = shell.deliver(&system).await?;
        for (op, counts) in [("hold", tally.hold), ("release", tally.release), ("update", tally.update)] {
            let OutcomeCounts { applied, rejected, unknown } = counts;
            WritesEnded { system: &system, op, applied, rejected, unknown }.emit();
        }
        for (op, count) in tally.written().into_iter().filter(|(_, count)| *count > 0) {
            WritesApplied { system: &system, op, count }.emit();
        }
    }
    Ok(Some(Job::Deliver(system)))
}

/// Cool-downs end and permits run out by the clock alone.
async fn tick(shell: Shell, mut stop: watch::Receiver<bool>) -> Result<Option<Job>, Error> {
    while !*stop.borrow() {
        tokio::select! {
            _ = tokio::time::sleep(TICK) => {}
            _ = stop.changed() => break,
        }
        let now = shell.now();
        shell.with(|e| e.tidy_journal(now))?;
        let due = shell.with(|e| e.time_is_due(now));
        if due {
            shell.reconcile()?;
        }
        shell.look_at_health();
    }
    Ok(None)
}
