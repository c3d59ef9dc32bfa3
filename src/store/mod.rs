//! The state, above any database.
//!
//! - [`state`]: [`State`], what the daemon uses: items `(kind, key) -> value`. In it: `changes`, one commit and its limits; `loaded`, what is found at
//!   open; `archive`, all of it in one file
//! - [`journal`]: what cannot be polled again; `entry` and `line`, a line; `compact`, old lines folded; `blocks`, our own blocks; `file`, `in_memory`
//!   and `text`, where it is a text whose end can be torn
//! - `database`: what must keep both: [`ItemStore`], [`JournalStore`] and [`JournalLines`], with a suite that runs on each that does. In it `memory`, one without a disk
//! - `packed`: the items in packs over a key-value store
//! - [`key_value`]: [`KeyValue`], what such a store must do, and its limits; `memory` and `sled` do it
//! - `folder`: the files: lock, notes, what was moved aside. `open`, the ways in; `look`, the same without changing anything; `regular`, how files
//!   are opened; `noted`, what is noted beside the store
//!
//! All of it blocks: call it from `spawn_blocking`. It is no cache: values lie on disk, only where they lie is in memory.
//! A state folder holds `sled/` (the store's own files), `journal.log`, `lock`, `commits` (the number of the last commit and the
//! journal's length, which show when one of them went back in time) and, after damage, `sled.damaged-N/`.

mod database;
mod error;
mod folder;
pub mod journal;
pub mod key_value;
mod packed;
pub mod state;
#[cfg(test)]
mod tests;

pub use database::{ItemStore, JournalLines, JournalLoss, JournalStore};
pub use error::Error;
pub use folder::url::StateUrl;
pub use journal::blocks::{Block, Blocks};
pub use journal::entry::{self, ApprovalScope, BlockPart, Cause, Entry, What, WriteOutcome};
pub use journal::in_memory::JournalBytes;
pub use journal::{Journal, JournalNotes};
pub use key_value::memory::KeyValueInMemory;
pub use key_value::sled::Sled;
pub use key_value::{KeyRange, KeyValue, KeyValueBatch};
pub use state::archive;
pub use state::changes::{ItemKind, PendingChanges};
pub use state::loaded::{Loaded, Rebuilt, StateInfo};
pub use state::{Prepared, State};
