//! What one process takes over from the one before it.

use super::{Op, PROTECTIVE_WAIT_MAX, Target, WAIT_MAX};
use crate::model::Time;

impl Target {
    /// What a former process left: nobody waits for its answers, and its clock may have been ahead of ours. All that is read from now on is
    /// read after what it saw acknowledged.
    pub fn take_over(&mut self, now: Time) {
        if let Some(sent) = &mut self.sent {
            sent.unknown = true;
        }
        self.acknowledged_at = None;
        for (op, failure) in self.failures.iter_mut().flat_map(|f| f.all_mut()) {
            let most = if op == Op::Hold { PROTECTIVE_WAIT_MAX } else { WAIT_MAX };
            failure.retry_at = failure.retry_at.min(now.plus(most));
        }
        for again in [&mut self.held_again, &mut self.released_again] {
            again.last_at = again.last_at.min(now);
        }
    }
}
