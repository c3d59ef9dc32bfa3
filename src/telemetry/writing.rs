//! Writing to the systems.

use super::InternalEvent;
use super::masked::{masked, masked_of};
use super::metric::Counter;
use crate::model::{Name, RecordId};
use std::fmt::Display;

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

/// A record was not changed, as its system will not have it.
pub struct WriteRefused<'a> {
    pub record: &'a RecordId,
    pub op: &'a str,
    pub why: &'a str,
    /// Texts that the record holds or was to hold: systems repeat them in what they say.
    pub values: Vec<&'a str>,
}

impl InternalEvent for WriteRefused<'_> {
    fn emit(self) {
        let (record, op, why) = (self.record.to_string(), self.op, masked_of(self.why, &self.values));
        tracing::warn!(record = &*masked(&record), op, why, "the system refused the write");
    }
}

/// What waited for a system goes on.
pub struct WritesTakenAgain<'a> {
    pub system: &'a Name,
}

impl InternalEvent for WritesTakenAgain<'_> {
    fn emit(self) {
        tracing::info!(system = %self.system, "the system takes writes again");
    }
}

/// What became of writes whose answer was lost is not known yet.
pub struct ReadBackFailed<'a> {
    pub system: &'a Name,
    pub error: &'a dyn Display,
    pub count: usize,
}

impl InternalEvent for ReadBackFailed<'_> {
    fn emit(self) {
        let error = self.error.to_string();
        let (system, error, count) = (self.system, masked(&error), self.count);
        tracing::warn!(%system, %error, count, "records could not be read by their ids; it is tried again");
    }
}

/// Records could not be looked at before fields are written to them.
pub struct LookFirstFailed<'a> {
    pub system: &'a Name,
    pub error: &'a dyn Display,
    pub count: usize,
}

impl InternalEvent for LookFirstFailed<'_> {
    fn emit(self) {
        let error = self.error.to_string();
        let (system, error, count) = (self.system, masked(&error), self.count);
        tracing::warn!(%system, %error, count, "records could not be read once more; fields are written without it");
    }
}

/// Read by its id, it was not found.
pub struct RecordGone<'a> {
    pub record: &'a RecordId,
}

impl InternalEvent for RecordGone<'_> {
    fn emit(self) {
        tracing::info!(record = &*masked(&self.record.to_string()), "the record is not there any more");
    }
}

/// A field, the status or reason codes are not written for a while.
pub struct WriteParked<'a> {
    pub record: &'a RecordId,
    pub what: &'a str,
    pub why: &'a str,
}

impl InternalEvent for WriteParked<'_> {
    fn emit(self) {
        let (record, what, why) = (self.record.to_string(), self.what, self.why);
        tracing::warn!(record = &*masked(&record), what, why, "it is parked: not written for a day, or until `nayose unpark`");
    }
}

/// Lists for a person to carry over could not be written.
pub struct ListsNotWritten<'a> {
    pub system: &'a Name,
    pub why: &'a str,
}

impl InternalEvent for ListsNotWritten<'_> {
    fn emit(self) {
        tracing::warn!(system = %self.system, why = &*masked(self.why), "the lists could not be written; they are tried again");
    }
}

/// Somebody took our block away.
pub struct BlockLost<'a> {
    pub record: &'a RecordId,
    pub times: u64,
}

impl InternalEvent for BlockLost<'_> {
    fn emit(self) {
        let (record, times) = (self.record.to_string(), self.times);
        tracing::warn!(record = &*masked(&record), times, "the block that we set is gone; if its hold is still in force it is set again");
    }
}
