//! What can go wrong in the engine.

use crate::engine::ledger::changes::LedgerError;
use crate::engine::memory::world::UnreadableRecord;

/// What went wrong inside: the state, not an outer system.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    UnreadableRecord(#[from] UnreadableRecord),
    #[error(transparent)]
    NotConnected(#[from] crate::engine::rules::connection::NotConnected),
}

impl Error {
    /// Nothing goes on, for this reason.
    pub fn halted(why: impl Into<String>) -> Error {
        Error::Ledger(LedgerError::Halted(why.into()))
    }
}

impl From<crate::store::Error> for Error {
    fn from(error: crate::store::Error) -> Error {
        LedgerError::from(error).into()
    }
}

impl From<crate::engine::ledger::items::UnreadableItem> for Error {
    fn from(error: crate::engine::ledger::items::UnreadableItem) -> Error {
        LedgerError::from(error).into()
    }
}
