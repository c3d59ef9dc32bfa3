//! A journal without a disk.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Its bytes, for tests: they outlive the state that writes to them as a file does.
pub type JournalBytes = Arc<Mutex<Vec<u8>>>;

pub(super) fn locked(bytes: &JournalBytes) -> MutexGuard<'_, Vec<u8>> {
    // Appending is the only thing done under it, so that it is whole.
    bytes.lock().unwrap_or_else(PoisonError::into_inner)
}
