//! Sending: carries out what delivery says is next for a system, as many acts side by side as it gives. One that hangs holds up no other.

use crate::connector::{self, Change, Connector, ListedOutcome, Outcome, WriteKind};
use crate::daemon::shell::{Commit, Shell};
use crate::engine::delivery::acts::{Act, ReadBack};
use crate::engine::delivery::by_hand::ListOfWrites;
use crate::engine::delivery::deliver::Batch;
use crate::engine::target::Op;
use crate::engine::{Engine, Error};
use crate::model::{Name, Record};
use crate::telemetry::InternalEvent;
use crate::telemetry::writing::NothingWritten;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{Instant, sleep_until, timeout};

/// Items that a commit of their own makes durable sooner than one together with what is written out.
const WORTH_A_COMMIT: usize = 256;

/// What comes together goes together: while pages are read, each of them may have something for the same few requests.
pub const GATHERED_FOR: Duration = Duration::from_millis(100);

/// What writing to one system came to, by direction.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub hold: OutcomeCounts,
    pub release: OutcomeCounts,
    pub update: OutcomeCounts,
    /// Of the releases that were applied, those that gave or renewed a permit and lifted no block.
    #[serde(skip)]
    pub permits: u64,
    /// What the newest list has of a system to which a person carries over what is written: holds, releases and values.
    #[serde(default, skip_serializing_if = "is_none")]
    pub listed: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCounts {
    pub applied: u64,
    pub rejected: u64,
    pub unknown: u64,
}

impl Tally {
    fn count(&mut self, change: &Change, outcome: &Outcome) {
        self.permits += u64::from(change.kind() == WriteKind::Permit && *outcome == Outcome::Applied);
        let counts = match Op::of(change) {
            Op::Hold => &mut self.hold,
            Op::Release => &mut self.release,
            Op::Update => &mut self.update,
        };
        match outcome {
            Outcome::Applied => counts.applied += 1,
            Outcome::Rejected(_) | Outcome::NotSent(_) | Outcome::Later { .. } => counts.rejected += 1,
            Outcome::Unknown(_) => counts.unknown += 1,
        }
    }

    fn count_listed(&mut self, handed: &Result<Vec<ListedOutcome>, String>) {
        let outcomes = handed.as_deref().unwrap_or_default();
        let listed = outcomes.iter().filter(|outcome| **outcome == ListedOutcome::Listed).count();
        self.listed = listed as u64;
    }

    /// What was applied, by what a reader calls it.
    pub fn written(&self) -> [(&'static str, u64); 4] {
        let released = self.release.applied - self.permits;
        [("hold", self.hold.applied), ("release", released), ("permit", self.permits), ("update", self.update.applied)]
    }

    pub fn failed(&self) -> bool {
        [self.hold, self.release, self.update].iter().any(|c| c.rejected + c.unknown > 0)
    }
}

/// An act that ended.
enum EndedAct {
    Wrote(Batch, Vec<Outcome>),
    HandedOver(ListOfWrites, Result<Vec<ListedOutcome>, String>),
    Looked(ReadBack, Result<Vec<Record>, connector::Error>),
}

type UnderWay = JoinSet<Result<EndedAct, Error>>;

impl Shell {
    /// Sends what may go to a system now, until nothing may and nothing is under way there, whoever sent it.
    pub async fn deliver(&self, system: &Name) -> Result<Tally, Error> {
        let mut tally = Tally::default();
        if let Some(connector) = self.wiring().connectors.get(system).cloned()
            && let Err(why) = self.identify(connector.as_ref(), system).await?
        {
            NothingWritten { system, why: &why }.emit();
            return Ok(tally);
        }
        let mut wake = self.wake_of(system);
        let mut under_way = UnderWay::new();
        let (mut sent, mut gather_at) = (false, None);
        if self.with(|e| e.uncommitted() >= WORTH_A_COMMIT && e.has_writes_for(system)) {
            // What was read and decided is made durable while the first writes are put together. Whoever waits for theirs waits for it, too.
            drop(self.begin_commit()?);
        }
        loop {
            if gather_at.is_none_or(|at| at <= Instant::now()) {
                gather_at = None;
                wake.mark_unchanged();
                sent |= self.begin_acts(system, &mut under_way)?;
            }
            if under_way.is_empty() && gather_at.is_none() && self.briefly(|e| e.is_delivery_at_rest(system)) {
                break;
            }
            tokio::select! {
                Some(done) = under_way.join_next() => {
                    self.book_done(done, &mut tally)?;
                    // Those that are there by now are accounted for together, so that more batches leave with the next commit.
                    while let Some(done) = under_way.try_join_next() {
                        self.book_done(done, &mut tally)?;
                    }
                    self.wake(system);
                    gather_at = None;
                }
                changed = wake.changed(), if gather_at.is_none() => {
                    // Those who wake us live as long as we do.
                    let _ = changed;
                    // Where nothing of ours is under way, what we wait for is that others come to an end.
                    gather_at = Some(Instant::now() + if under_way.is_empty() { Duration::ZERO } else { GATHERED_FOR });
                }
                () = sleep_until(gather_at.unwrap_or_else(Instant::now)), if gather_at.is_some() => {}
            }
        }
        self.keep_after_delivery(system, sent)?;
        Ok(tally)
    }

    /// Waits until nothing is under way to a system, but not long: what hangs there holds up nobody. Two who send side by side would share
    /// out between them what fits into the same few requests.
    pub(super) async fn let_others_end(&self, system: &Name) {
        let mut wake = self.wake_of(system);
        let others = async { while !self.briefly(|e| e.is_delivery_at_rest(system)) && wake.changed().await.is_ok() {} };
        let _ = timeout(GATHERED_FOR, others).await;
    }

    /// Begins all that is next for a system. Returns whether something is written.
    fn begin_acts(&self, system: &Name, under_way: &mut UnderWay) -> Result<bool, Error> {
        let Some(connector) = self.wiring().connectors.get(system).cloned() else { return Ok(false) };
        let now = self.now();
        // An edit may have put another connector in its place meanwhile.
        let next = |e: &mut Engine| if self.is_wired(connector.as_ref()) { e.next_act(system, now) } else { None };
        let acts: Vec<Act> = self.with(|e| std::iter::from_fn(|| next(e)).collect());
        let writes = acts.iter().any(|act| matches!(act, Act::Write(_) | Act::HandOver(_)));
        let commit = if writes { Some(self.begin_commit()?) } else { None };
        for act in acts {
            under_way.spawn(carry_out(connector.clone(), act, commit.clone()));
        }
        Ok(writes)
    }

    fn book_done(&self, done: Result<Result<EndedAct, Error>, JoinError>, tally: &mut Tally) -> Result<(), Error> {
        match done {
            Ok(Ok(EndedAct::Wrote(mut batch, outcomes))) => {
                self.progress.note_written(batch.ops.len());
                for (op, outcome) in batch.ops.iter().zip(&outcomes) {
                    tally.count(&op.change, outcome);
                }
                let now = self.now();
                self.with(|e| {
                    e.book(&mut batch, &outcomes, now)?;
                    e.reconcile(now);
                    Ok(())
                })
            }
            Ok(Ok(EndedAct::HandedOver(list, handed))) => {
                tally.count_listed(&handed);
                let now = self.now();
                self.with(|e| e.book_list(list, handed, now));
                Ok(())
            }
            Ok(Ok(EndedAct::Looked(asked, answer))) => {
                let (now, answered) = (self.now(), answer.is_ok());
                self.with(|e| e.book_read_back(&asked, answer, now))?;
                if answered {
                    // What a record showed on the way, a refusal, concerns the other systems too.
                    self.wake_all();
                }
                Ok(())
            }
            Ok(Err(error)) => Err(error),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn keep_after_delivery(&self, system: &Name, sent: bool) -> Result<(), Error> {
        let usage = self.wiring().connectors.get(system).map(|c| c.usage());
        // Often there was nothing to do, and what waits for a commit belongs to a pass under way.
        let changed = self.with(|e| {
            let changed = e.keep_guards(system) || sent;
            if let Some(usage) = usage.filter(|_| changed) {
                e.keep_usage(system, usage);
            }
            changed
        });
        if changed { self.commit() } else { Ok(()) }
    }
}

/// Does one act. A task of its own: while it is made durable and written, the next are put together.
async fn carry_out(connector: Arc<dyn Connector>, act: Act, commit: Option<Commit>) -> Result<EndedAct, Error> {
    match act {
        Act::ReadBack(asked) => {
            let answer = connector.read_back(asked.ids(), asked.lane()).await;
            Ok(EndedAct::Looked(asked, answer))
        }
        Act::Write(batch) => {
            if let Some(commit) = commit {
                commit.done().await?;
            }
            let outcomes = connector.write(&batch.ops, batch.lane).await;
            Ok(EndedAct::Wrote(batch, outcomes))
        }
        Act::HandOver(list) => {
            if let Some(commit) = commit {
                commit.done().await?;
            }
            let handed = connector.hand_over(&list.all).await;
            Ok(EndedAct::HandedOver(list, handed))
        }
    }
}
