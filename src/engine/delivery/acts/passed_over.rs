//! Rows that were passed over, as they may be of before our last write to the record, and that show more than that write explains: somebody else
//! has changed it. The pass that showed them shows them to nobody again, and so these records are read by their ids. Pure.

use crate::engine::memory::place::Idx;
use std::collections::BTreeSet;

/// Records of one system of which such a row was passed over. Nothing of them is released before they are seen.
#[derive(Debug, Default)]
pub struct PassedOver {
    places: BTreeSet<Idx>,
}

impl PassedOver {
    /// Whether that is news.
    pub fn note(&mut self, idx: Idx) -> bool {
        self.places.insert(idx)
    }

    /// It was seen as it is. Whether it was passed over before.
    pub fn was_seen(&mut self, idx: Idx) -> bool {
        self.places.remove(&idx)
    }

    pub fn contains(&self, idx: Idx) -> bool {
        self.places.contains(&idx)
    }

    /// Those to be read next, in their order.
    pub(super) fn next(&self, at_once: usize, may_be_read: impl Fn(Idx) -> bool) -> Vec<Idx> {
        self.places.iter().copied().filter(|idx| may_be_read(*idx)).take(at_once.max(1)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_passed_over_is_read_until_it_was_seen() {
        let mut passed = PassedOver::default();
        assert!([3, 1, 2].into_iter().all(|idx| passed.note(idx)) && !passed.note(3));
        assert_eq!(passed.next(2, |_| true), [1, 2]);
        assert_eq!(passed.next(2, |idx| idx != 1), [2, 3], "one that may not be read yet hides no other");
        assert!(passed.was_seen(1) && !passed.was_seen(1));
        assert!(!passed.contains(1) && passed.contains(2));
        assert_eq!(passed.next(0, |_| true), [2]);
    }
}
