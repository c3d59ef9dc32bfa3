//! Something that is tried again ever more slowly.

use crate::model::{Span, Time};

/// Between two looks that failed; twice as long after each.
pub const LOOK_WAIT: Span = Span::seconds(2);
pub const LOOK_WAIT_MAX: Span = Span::minutes(1);

#[derive(Debug, Default)]
pub struct Retrying {
    pub failures: u32,
    pub until: Option<Time>,
}

impl Retrying {
    pub fn failed(&mut self, first: Span, most: Span, now: Time) {
        self.until = Some(now.plus(doubled(first, self.failures, most)));
        self.failures += 1;
    }

    /// Whether the wait is over, or there is none.
    pub fn is_over(&self, now: Time) -> bool {
        self.until.is_none_or(|until| until <= now)
    }
}

/// A wait that is twice as long after each time.
pub fn doubled(first: Span, times: u32, most: Span) -> Span {
    Span((first.0 << times.min(16)).min(most.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wait_is_twice_as_long_up_to_the_longest() {
        let mut tried = Retrying::default();
        assert!(tried.is_over(Time(0)), "nothing failed");
        for wait in [2, 4, 8, 10, 10].map(Span::seconds) {
            tried.failed(Span::seconds(2), Span::seconds(10), Time(100));
            let over = Time(100).plus(wait);
            assert!(!tried.is_over(Time(over.0 - 1)) && tried.is_over(over), "{wait:?}");
        }
        tried.failures = u32::MAX - 1;
        tried.failed(Span::seconds(2), Span::seconds(10), Time(100));
        assert_eq!(tried.until, Some(Time(100).plus(Span::seconds(10))), "however often it failed");
    }
}
