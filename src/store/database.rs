//! What a database must do for a state: keep items and the lines of the journal. Nothing else of it is known above.
//!
//! It has one writer at a time. Calls block.

#[cfg(test)]
mod conformance;
pub(in crate::store) mod memory;

use crate::store::Error;
use crate::store::state::changes::{ItemKind, PendingChanges};
use crate::store::state::loaded::StateInfo;
use std::fmt;

/// What is called with each item: its kind, key and value.
pub type ItemVisitor<'a> = dyn FnMut(ItemKind, &[u8], &[u8]) + 'a;

/// What is left of a commit: writing it.
pub type PreparedCommit<'s> = Box<dyn FnOnce() -> Result<(), Error> + 's>;

/// Items `(kind, key) -> value`, and a note of what program made them.
pub trait ItemStore: Send + Sync + fmt::Debug {
    fn get(&self, kind: ItemKind, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// Calls `each` with every item, in the order of their last writing: by commit, and within one as they were put. Large ones, and those
    /// that the store itself lays anew to be tidy, may stand elsewhere. `each` must not call the store.
    fn for_each(&self, each: &mut ItemVisitor<'_>) -> Result<(), Error>;

    /// How many there are.
    fn count(&self) -> u64;

    /// Does of a commit what can be done before it may be written, while other things are still on their way to their disk. What it gives
    /// writes all of it or nothing, durably, if nobody else has committed since this store was opened or last committed;
    /// `ConditionFailed` otherwise.
    ///
    /// No key and no value is larger than may be. After a failure, and where what it gives was dropped, no other commit is asked for.
    fn prepare(&self, changes: PendingChanges) -> Result<PreparedCommit<'_>, Error>;

    /// What was noted of the items last, at the latest when the store was first opened.
    fn info(&self) -> Result<StateInfo, Error>;

    /// Notes what the items are from now on, durably.
    fn note_info(&self, info: StateInfo) -> Result<(), Error>;

    /// Bytes that it takes where it lies.
    fn size(&self) -> Result<u64, Error>;
}

/// Where the journal's lines are kept.
pub trait JournalStore: Send + Sync + fmt::Debug {
    /// Opens it, to read it and to write on at its end.
    fn open(&self) -> Result<(Box<dyn JournalLines>, JournalLoss), Error>;
}

/// What of the journal is not there any more; nothing, where a database keeps what it was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalLoss {
    /// The bytes of a last line that was broken off while it was written, so that nobody was told that it is kept.
    pub torn_bytes: u64,
    /// So many bytes fewer than were written and acknowledged.
    pub missing_bytes: u64,
}

/// The lines of an open journal, in the order in which they were written. A line is any bytes but newlines; lines are handed over as one
/// text, each with a newline behind it.
pub trait JournalLines: Send + fmt::Debug {
    /// Calls `each` with every line from the first on, without its newline.
    fn read(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error>;

    /// Writes lines behind the others, durably. After a failure no more are handed over.
    fn append(&mut self, lines: &[u8]) -> Result<(), Error>;

    /// Puts these lines in the place of all, at once and durably: whatever happens, the former ones are there or these. After a failure no
    /// more are handed over.
    fn replace(&mut self, lines: &[u8]) -> Result<(), Error>;

    /// How long it is: all lines with their newlines.
    fn bytes(&self) -> u64;
}
