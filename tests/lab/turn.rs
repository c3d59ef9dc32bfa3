//! Whose turn it is: the lab's systems are one for all tests, and what one writes another would find.

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static TURN: RwLock<()> = RwLock::const_new(());

/// For a test that minds only records of its own making: others of this sort go on beside it.
pub async fn beside_others() -> RwLockReadGuard<'static, ()> {
    TURN.read().await
}

/// For a test that counts what is written: nobody else writes meanwhile.
pub async fn alone() -> RwLockWriteGuard<'static, ()> {
    TURN.write().await
}
