//! The state behind one small trait.
//!
//! - [`state`]: [`State`], what the daemon uses: items `(kind, key) -> value`, packed about ten to a stored value. In it: `pack`, `place`,
//!   `index`, how packs are laid out and where each item lies; `packed_store`, both together; `changes`, `commit`, how a commit is written and packs tidied; `format`; `archive`, all of it in one file
//! - [`journal`]: what cannot be polled again, in a file of its own; `entry` and `line`, a line; `compact`, old lines folded; `blocks`, our own blocks
//! - `folder`: the files: lock, notes, what was moved aside. `open`, the ways in; `look`, the same without changing anything; `regular`, how files
//!   are opened; `noted`, what is noted beside the store
//! - [`key_value`]: [`KeyValue`], what a store must do, and its limits; `memory` and `sled` do it
//!
//! All of it blocks: call it from `spawn_blocking`. It is no cache: values lie on disk, only where they lie is in memory.
//! A state folder holds `sled/` (the store's own files), `journal.log`, `lock`, `commits` (the number of the last commit and the
//! journal's length, which show when one of them went back in time) and, after damage, `sled.damaged-N/`.

mod error;
mod folder;
pub mod journal;
pub mod key_value;
pub mod state;
#[cfg(test)]
mod tests;

pub use error::Error;
pub use folder::open::{Loaded, Rebuilt};
pub use folder::url::StateUrl;
pub use journal::blocks::{Block, Blocks};
pub use journal::entry::{self, ApprovalScope, BlockPart, Cause, Entry, What, WriteOutcome};
pub use journal::in_memory::JournalBytes;
pub use journal::{Journal, JournalNotes};
pub use key_value::memory::InMemory;
pub use key_value::sled::Sled;
pub use key_value::{KeyRange, KeyValue, KeyValueBatch};
pub use state::State;
pub use state::archive;
pub use state::changes::{ItemKind, PendingChanges};
pub use state::commit::Prepared;
pub use state::format::StateInfo;
