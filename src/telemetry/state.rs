//! Our own state: its disk fails, and comes back.

use super::InternalEvent;
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
