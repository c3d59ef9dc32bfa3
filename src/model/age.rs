//! When a value was set, as far as that is known.

use super::Time;
use serde::{Deserialize, Serialize};

/// A value was set after one moment and by another. That a record changed tells only the second of its values: any of them may be as old
/// as the record. What we saw to change tells both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Age {
    /// Until then it was another value. `None`: not known.
    pub after: Option<Time>,
    /// Since then at the latest.
    pub by: Time,
}

impl Age {
    /// Set at some time until then.
    pub fn until(by: Time) -> Age {
        Age { after: None, by }
    }

    /// Whether this one was surely set before the other. Of two whose ages overlap neither is older.
    pub fn is_before(&self, other: &Age) -> bool {
        other.after.is_some_and(|after| self.by < after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_ages_that_do_not_overlap_are_one_after_the_other() {
        let age = |after: Option<i64>, by| Age { after: after.map(Time), by: Time(by) };
        for (one, other, before) in [
            (age(None, 5), age(Some(6), 9), true),
            (age(Some(1), 5), age(Some(6), 9), true),
            (age(None, 6), age(Some(6), 9), false),
            (age(None, 5), age(None, 9), false),
            (age(Some(1), 7), age(Some(6), 9), false),
            (age(Some(6), 9), age(None, 5), false),
        ] {
            assert_eq!(one.is_before(&other), before, "{one:?} {other:?}");
        }
    }

    prop_compose! {
        fn ages()(by in 0..40_i64, long in proptest::option::of(0..20_i64)) -> Age {
            Age { after: long.map(|long| Time(by - long)), by: Time(by) }
        }
    }

    proptest! {
        #[test]
        fn before_is_an_order(a in ages(), b in ages(), c in ages()) {
            prop_assert!(!a.is_before(&a));
            prop_assert!(!(a.is_before(&b) && b.is_before(&a)));
            prop_assert!(!(a.is_before(&b) && b.is_before(&c)) || a.is_before(&c));
        }
    }
}
