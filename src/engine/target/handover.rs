//! What one process takes over from the one before it.

use super::{Op, PROTECTIVE_WAIT_MAX, Target, WAIT_MAX};
use crate::model::Time;

impl Target {
    /// What a former process left: nobody waits for its answers, and its clock may have been ahead of ours. All that is asked for from now on
    /// is asked for after what it saw acknowledged; only a search that trails may still show what was there before.
    pub fn take_over(&mut self, now: Time) {
        if let Some(sent) = &mut self.sent {
            sent.unknown = true;
        }
        self.acknowledged_before = self.acknowledged_at.take().filter(|at| *at < now);
        self.stood_at = None;
        for (op, failure) in self.failures.iter_mut().flat_map(|f| f.all_mut()) {
            let most = if op == Op::Hold { PROTECTIVE_WAIT_MAX } else { WAIT_MAX };
            failure.retry_at = failure.retry_at.min(now.plus(most));
        }
        for again in [&mut self.held_again, &mut self.released_again] {
            again.last_at = again.last_at.min(now);
        }
        self.staying_mut().for_each(|(_, staying)| staying.take_over(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;
    use crate::engine::target::FailureCause;
    use crate::model::Span;

    #[test]
    fn what_a_former_process_left_waits_for_no_clock_of_its_own() {
        let mut target = Target { acknowledged_at: Some(Time(9_000_000)), ..Target::default() };
        let block = Change { block: Some(true), ..Change::default() };
        target.send(&block, Time(9_000_000));
        target.rejected(&block, 1, "no", Time(9_000_000));
        target.send(&block, Time(9_030_000));
        // Its clock was ahead by more than the longest wait.
        target.take_over(Time(1_000_000));
        assert_eq!(target.acknowledged_at, None, "whatever is read now was read later");
        assert!(target.sent.as_ref().is_some_and(|s| s.unknown), "nobody waits for the answer");
        assert_eq!(target.failure(Op::Hold).map(|f| f.retry_at), Some(Time(1_300_000)));
    }

    #[test]
    fn when_the_last_write_was_answered_is_known_apart_unless_that_is_still_to_come() {
        for (at, known) in [(999_999, Some(Time(999_999))), (1_000_000, None), (1_000_001, None)] {
            let mut target = Target { acknowledged_at: Some(Time(at)), ..Target::default() };
            target.take_over(Time(1_000_000));
            assert_eq!((target.acknowledged_at, target.acknowledged_before), (None, known), "{at}");
        }
    }

    #[test]
    fn no_lane_waits_longer_than_it_may_and_nothing_was_written_in_the_future() {
        let now = Time(1_000_000);
        for (op, retry_at, then) in [
            (Op::Hold, now.plus(Span::days(1)), now.plus(PROTECTIVE_WAIT_MAX)),
            (Op::Release, now.plus(Span::days(1)), now.plus(WAIT_MAX)),
            (Op::Update, now.plus(Span::days(1)), now.plus(WAIT_MAX)),
            (Op::Hold, now.plus(Span::seconds(1)), now.plus(Span::seconds(1))),
            (Op::Update, Time(5), Time(5)),
        ] {
            let mut target = Target::default();
            let failures = target.failures.get_or_insert_default();
            failures.failed(op, FailureCause::NotSent, 0, "no", now);
            failures.all_mut().for_each(|(_, f)| f.retry_at = retry_at);
            target.held_again.last_at = retry_at;
            target.released_again.last_at = retry_at;
            target.take_over(now);
            assert_eq!(target.failure(op).map(|f| f.retry_at), Some(then), "{op:?} {retry_at:?}");
            assert_eq!([target.held_again.last_at, target.released_again.last_at], [retry_at.min(now); 2], "{op:?} {retry_at:?}");
        }
    }
}
