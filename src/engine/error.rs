//! What can go wrong in the engine.

use crate::engine::ledger::items::UnreadableItem;
use crate::engine::memory::world::Unreadable;

/// What went wrong inside: the state, not an outer system.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    #[error(transparent)]
    Item(#[from] UnreadableItem),
    #[error(transparent)]
    NotConnected(#[from] crate::engine::rules::connection::NotConnected),
    /// Of an earlier failure; its own text.
    #[error("{0}")]
    Halted(String),
}
