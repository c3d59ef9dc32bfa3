//! The state behind one small trait.
//!
//! - [`key_value`]: [`KeyValue`], what a store must do, and its limits; `memory` and `sled` do it
//! - [`state`]: [`State`], what the daemon uses: items `(kind, key) -> value`, packed about ten to a stored value
//! - `open`: the ways in: lock, format, damage, what is found; `look`: the same without changing anything
//! - `pack`, `place`, `index`: how packs are laid out, and where each item lies
//! - `commit`: how a commit is put together and written, and packs tidied
//! - `folder`, `noted`, `regular`: the files beside the store: lock, notes, what was moved aside; how they are opened
//! - [`journal`], [`entry`], `compact`: what cannot be polled again, in a file of its own, and its old lines folded
//! - [`blocks`]: what the journal says of our own blocks
//! - [`archive`]: all of a state in one file
//!
//! All of it blocks: call it from `spawn_blocking`. It is no cache: values lie on disk, only where they lie is in memory.
//! A state folder holds `sled/` (the store's own files), `journal.log`, `lock`, `commits` (the number of the last commit and the
//! journal's length, which show when one of them went back in time) and, after damage, `sled.damaged-N/`.

pub mod archive;
pub mod blocks;
mod commit;
mod compact;
#[cfg(test)]
mod conformance;
pub mod entry;
mod error;
mod folder;
mod head;
mod index;
pub mod journal;
pub mod key_value;
mod look;
mod memory;
mod noted;
mod open;
mod pack;
mod place;
mod regular;
mod sled;
pub mod state;
#[cfg(test)]
mod tests;
mod url;

pub use blocks::{Block, Blocks};
pub use commit::Prepared;
pub use entry::{BlockPart, Cause, Entry, Scope, What, WriteOutcome};
pub use error::Error;
pub use journal::{Journal, JournalBytes, JournalNotes};
pub use key_value::{Batch, KeyRange, KeyValue};
pub use memory::Memory;
pub use open::{Loaded, Rebuilt, StateInfo};
pub use sled::Sled;
pub use state::{Changes, Kind, State};
pub use url::StateUrl;
