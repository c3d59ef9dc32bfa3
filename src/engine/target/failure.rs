//! Writes that did not land, one account for each lane of a record: what the system says to a field delays no stop mark.

use super::Again;
use super::staying::REWRITES_MAX;
use crate::connector::{Change, WriteKind};
use crate::model::{Span, Time};
use serde::{Deserialize, Serialize};
use std::hash::Hash;

/// A refused write waits so long before the next try, and twice as long after each.
const REFUSED_WAIT: Span = Span::seconds(30);
/// A write that never left, or was not carried out.
const TROUBLE_WAIT: Span = Span::seconds(5);
/// A block that was found taken away again.
const UNDONE_WAIT: Span = Span::seconds(60);
/// A protective write waits no longer than this, whatever the answer was.
pub const PROTECTIVE_WAIT_MAX: Span = Span::minutes(5);
/// The others.
pub const WAIT_MAX: Span = Span::minutes(64);
/// After this many refusals in a row a write becomes a dead letter. A protective one never does.
pub const ATTEMPTS_MAX: u8 = 5;

/// The direction of a write, as `plan`, `sync` and `status` name it: a lane of its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Op {
    Hold,
    Release,
    Update,
}

/// Why a write did not land.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureCause {
    /// The system said no.
    Refused,
    /// No answer came, and a look at the record showed that it was not carried out.
    NotCarriedOut,
    /// It never left, or the system asked to wait.
    NotSent,
    /// It was written, and found gone, several times.
    Undone,
}

impl FailureCause {
    /// Trouble of the system, not of this record: over once the system works again.
    pub fn is_trouble(self) -> bool {
        matches!(self, FailureCause::NotCarriedOut | FailureCause::NotSent)
    }
}

/// What became of a lane's last writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    pub cause: FailureCause,
    pub attempts: u8,
    pub retry_at: Time,
    pub why: Box<str>,
    /// Given up until someone retries it, or until something else is wanted: never a protective write.
    pub dead: bool,
    /// A digest of what is wanted, 0 until it is known: something else is tried at once.
    of: u64,
    /// The parts of a refused write go by themselves, in turns: 0 is the whole.
    turn: u8,
    /// How many parts the whole had.
    parts: u8,
}

impl Failure {
    pub fn new(cause: FailureCause, why: &str) -> Failure {
        Failure { cause, attempts: 0, retry_at: Time(0), why: why.into(), dead: false, of: 0, turn: 0, parts: 0 }
    }

    pub fn waits(&self, now: Time) -> bool {
        self.dead || self.retry_at > now
    }

    /// The part of a change that is to go now.
    pub fn part_of(&self, whole: Change) -> Change {
        match usize::from(self.turn).checked_sub(1) {
            None => whole,
            Some(at) => {
                let mut parts = parts(&whole);
                let at = at % parts.len().max(1);
                if at < parts.len() { parts.swap_remove(at) } else { whole }
            }
        }
    }
}

/// What can be written by itself. A block or permit goes without its reason codes, which may be what is refused.
fn parts(whole: &Change) -> Vec<Change> {
    let mut parts = Vec::new();
    if whole.block.is_some() {
        parts.push(Change { block: whole.block, ..Change::default() });
    }
    // Each permit by itself: a system may have a place for one and not for another.
    parts.extend(
        whole
            .permits
            .iter()
            .map(|(what_for, change)| Change { permits: [(what_for.clone(), change)].into_iter().collect(), ..Change::default() }),
    );
    if whole.status.is_some() {
        parts.push(Change { status: whole.status.clone(), ..Change::default() });
    }
    if !whole.fields.is_empty() {
        parts.push(Change { fields: whole.fields.clone(), ..Change::default() });
    }
    if whole.why.is_some() && whole.block.is_none() && whole.permits.is_empty() {
        parts.push(Change { why: whole.why.clone(), ..Change::default() });
    }
    parts
}

/// By lane.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Failures([Option<Failure>; 3]);

impl Failures {
    pub fn of(&self, op: Op) -> Option<&Failure> {
        self.0[op as usize].as_ref()
    }

    pub fn all(&self) -> impl Iterator<Item = (Op, &Failure)> {
        Op::ALL.into_iter().zip(&self.0).filter_map(|(op, f)| Some((op, f.as_ref()?)))
    }

    pub fn all_mut(&mut self) -> impl Iterator<Item = (Op, &mut Failure)> {
        Op::ALL.into_iter().zip(&mut self.0).filter_map(|(op, f)| Some((op, f.as_mut()?)))
    }

    pub fn set(&mut self, op: Op, failure: Failure) {
        self.0[op as usize] = Some(failure);
    }

    pub fn clear(&mut self, op: Op) {
        self.0[op as usize] = None;
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Books a refusal of what was sent of a lane: a write of several parts goes on with them at once, then it waits longer each time.
    pub fn refused(&mut self, op: Op, sent: &Change, cause_of: u64, why: &str, now: Time) {
        let failure = self.begin(op, FailureCause::Refused, why, cause_of);
        if failure.turn == 0 {
            let parts = parts(sent);
            failure.parts = if parts.first() == Some(sent) { 0 } else { parts.len() as u8 };
        }
        failure.turn += 1;
        if failure.turn <= failure.parts {
            failure.retry_at = now;
            return;
        }
        // Each part was tried. Next time they go by themselves from the beginning.
        failure.turn = failure.parts.min(1);
        failure.attempts = failure.attempts.saturating_add(1);
        failure.retry_at = now.plus(wait(op, FailureCause::Refused, failure.attempts));
        failure.dead = op != Op::Hold && failure.attempts >= ATTEMPTS_MAX;
    }

    /// Books a refusal of a write that carried more than one lane: what is not protective is the first to be doubted.
    pub fn refused_beside(&mut self, op: Op, why: &str, now: Time) {
        self.failed(op, FailureCause::Refused, 0, why, now);
    }

    /// Books what is not this record's fault, or is not known to be.
    pub fn failed(&mut self, op: Op, cause: FailureCause, cause_of: u64, why: &str, now: Time) {
        let failure = self.begin(op, cause, why, cause_of);
        failure.attempts = failure.attempts.saturating_add(1);
        failure.retry_at = now.plus(wait(op, cause, failure.attempts));
    }

    /// Books a refusal that no other try changes: one that protects is told all the same as one that is tried.
    pub fn given_up(&mut self, op: Op, cause: FailureCause, cause_of: u64, why: &str, now: Time) {
        let failure = self.begin(op, cause, why, cause_of);
        failure.attempts = failure.attempts.max(1);
        failure.retry_at = now;
        failure.dead = op != Op::Hold;
    }

    /// What is to be written again did not stay the last times.
    pub fn undone(&mut self, op: Op, again: Again, of: u64) {
        let failure = self.begin(op, FailureCause::Undone, "it was written and found gone again and again", of);
        failure.attempts = again.times;
        let beyond = again.times.saturating_sub(REWRITES_MAX) + 1;
        failure.retry_at = again.last_at.plus(Span(wait(op, FailureCause::Undone, beyond).0.min(PROTECTIVE_WAIT_MAX.0)));
    }

    fn begin(&mut self, op: Op, cause: FailureCause, why: &str, of: u64) -> &mut Failure {
        let failure = self.0[op as usize].get_or_insert_with(|| Failure { of, ..Failure::new(cause, why) });
        (failure.cause, failure.why) = (cause, why.into());
        failure
    }

    /// What is wanted in a lane now: something else than what failed is tried at once. Returns whether anything changed.
    pub fn review(&mut self, op: Op, wanted: Option<u64>, now: Time) -> bool {
        let Some(failure) = &mut self.0[op as usize] else { return false };
        match wanted {
            None => self.clear(op),
            Some(of) if failure.of == of => return false,
            Some(of) if failure.of == 0 => failure.of = of,
            Some(of) => {
                let attempts = if op == Op::Hold { failure.attempts } else { 0 };
                *failure = Failure { of, attempts, retry_at: now, dead: false, turn: 0, ..failure.clone() };
            }
        }
        true
    }

    /// Someone asks for another try.
    pub fn retry(&mut self, now: Time) {
        self.all_mut().for_each(|(_, f)| (f.dead, f.retry_at) = (false, now));
    }

    /// The system works again. Returns whether anything waited for it.
    pub fn system_works(&mut self) -> bool {
        let before = self.all().count();
        for lane in &mut self.0 {
            lane.take_if(|f| f.cause.is_trouble());
        }
        self.all().count() < before
    }
}

fn wait(op: Op, cause: FailureCause, attempts: u8) -> Span {
    let first = match cause {
        FailureCause::Refused => REFUSED_WAIT,
        FailureCause::NotCarriedOut | FailureCause::NotSent => TROUBLE_WAIT,
        FailureCause::Undone => UNDONE_WAIT,
    };
    let most = if op == Op::Hold { PROTECTIVE_WAIT_MAX } else { WAIT_MAX };
    Span((first.0 << attempts.saturating_sub(1).min(12)).min(most.0))
}

impl Op {
    pub fn of(change: &Change) -> Op {
        match change.kind() {
            WriteKind::Hold => Op::Hold,
            WriteKind::Release | WriteKind::Permit => Op::Release,
            WriteKind::Update => Op::Update,
        }
    }

    pub const ALL: [Op; 3] = [Op::Hold, Op::Release, Op::Update];

    pub fn name(self) -> &'static str {
        match self {
            Op::Hold => "hold",
            Op::Release => "release",
            Op::Update => "update",
        }
    }
}

#[cfg(test)]
mod tests;
