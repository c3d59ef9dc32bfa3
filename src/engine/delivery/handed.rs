//! The list of one system that was handed over last, and when the next may be. Pure.

use super::acts::Retrying;
use crate::engine::rules::approval::Approval;
use crate::model::{Span, Time};

/// Lists that could not be written are tried again so soon, and ever more slowly.
const FAILED_WAIT: Span = Span::seconds(5);
const FAILED_WAIT_MAX: Span = Span::minutes(5);
/// What only the clock changes is looked for so often.
const LOOKED_EVERY: Span = Span::seconds(60);

/// What a list rests on: while it is the same, so is the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListGrounds {
    /// Counts what changed.
    pub changes: u64,
    pub may_release: bool,
    pub approved: Option<Approval>,
    /// How many writes wait for a person's word.
    pub waiting: usize,
}

/// The list of one system.
#[derive(Debug, Default)]
pub struct HandedList {
    /// A digest of the one that was handed over last; `None`: none by this process.
    digest: Option<u64>,
    is_under_way: bool,
    /// What was known when it was put together last.
    looked: Option<(ListGrounds, Time)>,
    failed: Retrying,
    why: Option<Box<str>>,
}

impl HandedList {
    /// Why some of what is due is in no list.
    pub fn trouble(&self) -> Option<&str> {
        self.why.as_deref()
    }

    pub fn is_at_rest(&self) -> bool {
        !self.is_under_way
    }

    /// Something of the system was decided on anew.
    pub fn touch(&mut self) {
        self.looked = None;
    }

    /// Whether the list may be another one now, and may be handed over.
    pub fn is_to_be_made(&self, on: ListGrounds, now: Time) -> bool {
        let is_known = self.looked.is_some_and(|(by, at)| by == on && now.since(at) < LOOKED_EVERY);
        !self.is_under_way && self.failed.is_over(now) && (!is_known || self.failed.failures > 0)
    }

    /// A list was put together. Whether it is another than the one that was handed over last: it leaves.
    pub fn leaves(&mut self, digest: u64, on: ListGrounds, now: Time) -> bool {
        self.looked = Some((on, now));
        self.is_under_way = self.digest != Some(digest);
        self.is_under_way
    }

    /// It could not be handed over.
    pub fn failed(&mut self, why: &str, now: Time) {
        self.is_under_way = false;
        self.why = Some(why.into());
        self.failed.failed(FAILED_WAIT, FAILED_WAIT_MAX, now);
    }

    /// It was handed over, all or but for some: why.
    pub fn arrived(&mut self, digest: u64, but_for: Option<&str>, now: Time) {
        match but_for {
            // Somebody may mend what is missing.
            Some(why) => self.failed(why, now),
            None => (self.failed, self.why, self.is_under_way) = (Retrying::default(), None, false),
        }
        self.digest = but_for.is_none().then_some(digest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ON: ListGrounds = ListGrounds { changes: 1, may_release: true, approved: Some(Approval::All), waiting: 0 };

    #[test]
    fn a_list_is_made_when_something_changed_and_leaves_if_it_is_another() {
        let mut list = HandedList::default();
        assert!(list.is_to_be_made(ON, Time(0)) && list.leaves(7, ON, Time(0)), "none was handed over by this process");
        assert!(!list.is_to_be_made(ListGrounds { changes: 2, ..ON }, Time(0)) && !list.is_at_rest(), "one at a time");
        list.arrived(7, None, Time(1));
        let minute = LOOKED_EVERY.0;
        assert!(!list.is_to_be_made(ON, Time(minute - 1)) && list.is_to_be_made(ON, Time(minute)));
        assert!(list.is_to_be_made(ListGrounds { may_release: false, ..ON }, Time(2)));
        list.touch();
        assert!(list.is_to_be_made(ON, Time(2)) && !list.leaves(7, ON, Time(2)) && list.leaves(8, ON, Time(2)));
    }

    #[test]
    fn a_list_that_could_not_be_written_is_tried_again_ever_more_slowly_and_told() {
        let mut list = HandedList::default();
        for (from, wait) in [(0, 5_000), (10_000, 10_000)] {
            list.leaves(7, ON, Time(from));
            list.failed("no room", Time(from));
            assert_eq!(list.trouble(), Some("no room"));
            assert!(!list.is_to_be_made(ON, Time(from + wait - 1)) && list.is_to_be_made(ON, Time(from + wait)));
        }
        list.leaves(7, ON, Time(50_000));
        list.arrived(7, Some("no column"), Time(50_000));
        assert_eq!((list.trouble(), list.is_at_rest()), (Some("no column"), true));
        assert!(list.is_to_be_made(ON, Time(90_000)) && list.leaves(7, ON, Time(90_000)), "somebody may have mended it");
        list.arrived(7, None, Time(90_000));
        assert_eq!(list.trouble(), None);
    }
}
