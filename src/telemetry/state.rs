//! Our own state: its disk fails, and comes back.

use super::InternalEvent;
use crate::model::{RecordId, Time};
use std::fmt::Display;

/// From now on nothing is kept.
pub struct StateFailed<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for StateFailed<'_> {
    fn emit(self) {
        tracing::error!(error = %self.error, "nothing is read or written any more and the gate holds, until the state can be opened anew");
    }
}

/// The disk was tried again in vain.
pub struct StateFailsStill<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for StateFailsStill<'_> {
    fn emit(self) {
        tracing::error!(error = %self.error, "still nothing is read or written, and the gate holds");
    }
}

/// There is room, but the state cannot be read.
pub struct StateNotOpened<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for StateNotOpened<'_> {
    fn emit(self) {
        tracing::error!(error = %self.error, "the state cannot be opened yet");
    }
}

/// It goes on.
pub struct StateOpenedAnew;

impl InternalEvent for StateOpenedAnew {
    fn emit(self) {
        tracing::warn!("the state was opened anew; what was under way is read back");
    }
}

/// A fault of ours broke a change off half-way.
pub struct MemoryGivenUp<'a> {
    pub why: &'a str,
}

impl InternalEvent for MemoryGivenUp<'_> {
    fn emit(self) {
        tracing::error!(why = self.why, "nothing of what is in memory is kept");
    }
}

/// The file of a backup that was not finished could not be taken away.
pub struct BackupLeftBehind<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for BackupLeftBehind<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "an unfinished backup stays in the state folder");
    }
}

/// From now on everything is read anew.
pub struct RebuildBegun<'a> {
    pub why: &'a str,
}

impl InternalEvent for RebuildBegun<'_> {
    fn emit(self) {
        tracing::warn!("{}", self.why);
    }
}

/// Every stream was read to its end.
pub struct RebuildEnded;

impl InternalEvent for RebuildEnded {
    fn emit(self) {
        tracing::info!("everything was read anew; the state is whole again");
    }
}

/// A block that the journal knows for ours stands for these holds.
pub struct HoldsRestored<'a> {
    pub record: &'a RecordId,
    pub holds: usize,
    pub at: Time,
}

impl InternalEvent for HoldsRestored<'_> {
    fn emit(self) {
        let HoldsRestored { record, holds, at } = self;
        tracing::debug!(system = %record.system, %record, holds, %at, "holds come back from the journal");
    }
}

/// One for each thing that is wrong with the journal.
pub struct JournalDamaged<'a> {
    pub line: &'a str,
}

impl InternalEvent for JournalDamaged<'_> {
    fn emit(self) {
        tracing::warn!("{}", self.line);
    }
}

/// It is shorter, and says the same.
pub struct JournalFolded {
    pub before: u64,
    pub after: u64,
}

impl InternalEvent for JournalFolded {
    fn emit(self) {
        tracing::info!(before = self.before, after = self.after, "the journal's old lines were folded");
    }
}
