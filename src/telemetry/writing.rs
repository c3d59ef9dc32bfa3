//! Writing to the systems.

use super::InternalEvent;
use super::metric::Counter;
use crate::model::Name;

/// How writes of one kind ended.
pub struct WritesEnded<'a> {
    pub system: &'a Name,
    /// What they do: `hold`, `release` or `update`.
    pub op: &'a str,
    pub applied: u64,
    pub rejected: u64,
    pub unknown: u64,
}

impl InternalEvent for WritesEnded<'_> {
    fn emit(self) {
        for (outcome, count) in [("applied", self.applied), ("rejected", self.rejected), ("unknown", self.unknown)] {
            // What never happened has no series.
            if count > 0 {
                Counter::Writes.add(&[self.system, self.op, outcome], count);
            }
        }
    }
}

/// What was written, in a reader's words: a permit is one of its own.
pub struct WritesApplied<'a> {
    pub system: &'a Name,
    pub op: &'a str,
    pub count: u64,
}

impl InternalEvent for WritesApplied<'_> {
    fn emit(self) {
        tracing::info!(system = %self.system, op = self.op, count = self.count, "written");
    }
}

/// It is not known which instance the system is.
pub struct NothingWritten<'a> {
    pub system: &'a Name,
    pub why: &'a str,
}

impl InternalEvent for NothingWritten<'_> {
    fn emit(self) {
        tracing::debug!(system = %self.system, why = self.why, "nothing is written");
    }
}

/// Told to stop, the daemon waited as long as it may.
pub struct WritesLeftUnderWay;

impl InternalEvent for WritesLeftUnderWay {
    fn emit(self) {
        tracing::warn!("writes were still under way; their outcome is read back at the next start");
    }
}
