//! What one process takes over from the one before it.

use super::Target;
use crate::model::{Span, Time};

/// The longest a refused write waits.
const WAIT_MAX: Span = Span::seconds(15 << 8);

impl Target {
    /// What a former process left: nobody waits for its answers, and its clock may have been ahead of ours. All that is read from now on is
    /// read after what it saw acknowledged.
    pub fn take_over(&mut self, now: Time) {
        if let Some(sent) = &mut self.sent {
            sent.unknown = true;
        }
        self.acknowledged_at = None;
        if let Some(failure) = &mut self.failure {
            failure.retry_at = failure.retry_at.min(now.plus(WAIT_MAX));
        }
    }
}
