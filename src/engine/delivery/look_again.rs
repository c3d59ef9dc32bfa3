//! What is due for a record, from what was decided on it a moment ago if nothing changed since.

use super::recent_looks::COUNTS_FOR;
use super::recent_looks::KEPT_MAX;
use super::recent_looks::Lately;
use super::recent_looks::Looked;
use crate::engine::assess::assessment::Merge;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::target::Due;
use crate::model::{Record, Time};

impl Engine {
    /// Before those who are marked are decided on. Where nobody is, and nothing was changed, all stays as it is.
    pub fn begin_lately(&mut self) {
        if !self.dirty.is_empty() || self.lately.changes != self.changes {
            self.lately = Lately::default();
        }
    }

    pub fn note_lately(&mut self, idx: Idx, record: &Record, merge: &Merge, due: &Due) {
        self.lately.note(idx, due, || Looked { record: record.clone(), merge: merge.clone(), due: due.clone() });
    }

    /// All who were marked are decided on.
    pub fn end_lately(&mut self, now: Time) {
        self.lately.at.get_or_insert(now);
        self.lately.changes = self.changes;
    }

    /// What was found out of these, where it still counts. Each is given once.
    pub fn take_lately(&mut self, of: &[Idx], now: Time) -> Vec<Option<Looked>> {
        let counts = self.dirty.is_empty() && self.lately.counts(self.changes, now);
        of.iter().map(|idx| if counts { self.lately.by.remove(idx) } else { None }).collect()
    }
}

impl Lately {
    /// Keeps what was found of a record, if there is something due for it and room.
    fn note(&mut self, idx: Idx, due: &Due, looked: impl FnOnce() -> Looked) {
        self.by.remove(&idx);
        if !due.is_empty() && self.by.len() < KEPT_MAX {
            self.by.insert(idx, looked());
        }
    }

    /// Whether it still counts: it is young, and nothing was changed since.
    fn counts(&self, changes: u64, now: Time) -> bool {
        let young = self.at.is_some_and(|at| at <= now && now.since(at) <= COUNTS_FOR);
        young && self.changes == changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;

    fn looked(due: &Due) -> Looked {
        Looked { record: Record::new("ma:person:1".parse().unwrap()), merge: Merge::default(), due: due.clone() }
    }

    fn held() -> Due {
        Due { protective: Some(Change { block: Some(true), ..Change::default() }), ..Due::default() }
    }

    #[test]
    fn it_counts_for_a_second_and_until_anything_changes() {
        for (at, changes, now, counts) in [
            (Some(5_000), 7, 5_000, true),
            (Some(5_000), 7, 6_000, true),
            (Some(5_000), 7, 6_001, false),
            // The clock was set back.
            (Some(5_000), 7, 4_999, false),
            (Some(5_000), 8, 5_000, false),
            (None, 7, 5_000, false),
        ] {
            let lately = Lately { at: at.map(Time), changes: 7, ..Lately::default() };
            assert_eq!(lately.counts(changes, Time(now)), counts, "{at:?} {changes} {now}");
        }
    }

    #[test]
    fn of_each_record_the_last_look_is_kept_and_only_where_something_is_due() {
        let mut lately = Lately::default();
        lately.note(3, &held(), || looked(&held()));
        assert!(lately.by.contains_key(&3));
        lately.note(3, &Due::default(), || looked(&Due::default()));
        assert!(lately.by.is_empty(), "what was due before is not given again");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for_and_what_is_kept_is_replaced() {
        let mut lately = Lately::default();
        (0..KEPT_MAX as Idx + 5).for_each(|idx| lately.note(idx, &held(), || looked(&held())));
        assert_eq!((lately.by.len(), lately.by.contains_key(&(KEPT_MAX as Idx))), (KEPT_MAX, false));
        let update = Due { update: Some(Change::default()), ..Due::default() };
        lately.note(0, &update, || looked(&update));
        assert_eq!(lately.by.get(&0).map(|l| &l.due), Some(&update));
    }
}
