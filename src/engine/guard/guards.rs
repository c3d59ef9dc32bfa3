//! Both directions' guards of one system.

use super::intents::intent;
use super::intents::release;
use super::intents::update;
use super::limits::Guard;
use crate::engine::memory::place::Idx;
use crate::engine::target::Due;
use crate::engine::target::Op;
use crate::model::{Record, Time};
use std::collections::BTreeMap;
use std::ops::Range;

/// The guards of one system.
#[derive(Debug, Default)]
pub struct Guards {
    hold: Guard,
    release: Guard,
    update: Guard,
    /// The target's records when last counted, and how large the world was then: the records that are kept, and those of them that are gone.
    listed: (usize, (usize, usize)),
    /// How many items the kept digests fill, by key.
    items: BTreeMap<String, usize>,
}

impl Guards {
    pub fn of(&self, op: Op) -> &Guard {
        match op {
            Op::Hold => &self.hold,
            Op::Release => &self.release,
            Op::Update => &self.update,
        }
    }

    pub fn of_mut(&mut self, op: Op) -> &mut Guard {
        match op {
            Op::Hold => &mut self.hold,
            Op::Release => &mut self.release,
            Op::Update => &mut self.update,
        }
    }

    /// Forgets who was let go and who waits: that was said of another instance of the system.
    pub fn forget(&mut self) {
        // Their items lie in the store until they are written anew.
        *self = Guards { items: std::mem::take(&mut self.items), ..Guards::default() };
        Op::ALL.into_iter().for_each(|op| self.of_mut(op).changed = true);
    }

    /// How many records the target lists; counted anew when the world is of another size.
    pub fn listed(&mut self, size: (usize, usize), count: impl FnOnce() -> usize) -> usize {
        if self.listed.1 != size {
            self.listed = (count(), size);
        }
        self.listed.0
    }

    /// Takes note that a set of digests fills so many items now; how many of those before are too many.
    pub fn fills(&mut self, set: String, items: usize) -> Range<usize> {
        items..self.items.insert(set, items).unwrap_or(0)
    }

    /// An item of a set of digests was found in the store.
    pub fn found_item(&mut self, set: String) {
        *self.items.entry(set).or_default() += 1;
    }

    /// Takes note of what is due for a record.
    pub fn line_up(&mut self, idx: Idx, record: &Record, due: &Due, now: Time) {
        self.hold.due(idx, due.protective.as_ref().map(|_| intent(&record.id, Op::Hold, &())));
        self.release.due(idx, due.release.as_ref().and_then(|c| release(record, c, now)));
        self.update.due(idx, due.update.as_ref().and_then(|c| update(record, c)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;
    use crate::model::{Record, Span, Value};

    fn due() -> Due {
        let change = |block| Some(Change { block: Some(block), ..Change::default() });
        let update = Some(Change { fields: vec![("phone".into(), Value::Text("03".into()))], ..Change::default() });
        Due { protective: change(true), release: change(false), update, ..Due::default() }
    }

    #[test]
    fn each_direction_is_counted_by_its_own_guard() {
        let record = Record::new("ma:person:1".parse().unwrap());
        let counted = |guards: &Guards| Op::ALL.map(|op| guards.of(op).counted());
        for (due, expected) in [
            (due(), [1, 1, 1]),
            (Due { release: None, update: None, ..due() }, [1, 0, 0]),
            (Due { protective: None, update: None, ..due() }, [0, 1, 0]),
            (Due { protective: None, release: None, ..due() }, [0, 0, 1]),
            (Due::default(), [0, 0, 0]),
        ] {
            let mut guards = Guards::default();
            guards.line_up(1, &record, &due, Time(1));
            assert_eq!(Op::ALL.map(|op| guards.of_mut(op).counted()), expected, "{due:?}");
            let places = [Op::Hold, Op::Release, Op::Update].map(|op| guards.of(op).counted());
            assert_eq!(places, expected);
            guards.line_up(1, &record, &Due::default(), Time(2));
            assert_eq!(counted(&guards), [0, 0, 0], "nothing of it is due any more");
        }
    }

    #[test]
    fn of_another_instance_nothing_was_let_go_and_the_former_items_are_to_be_written_over() {
        let record = Record::new("ma:person:1".parse().unwrap());
        let mut guards = Guards::default();
        let set = || "granted/release/ma".to_string();
        guards.found_item(set());
        guards.found_item(set());
        assert_eq!(guards.listed((9, 0), || 7), 7);
        guards.line_up(1, &record, &due(), Time(1));
        guards.of_mut(Op::Release).ask(&super::super::limits::GuardLimits { records: 0, same: 0, within: Span::days(1) });
        assert_eq!(guards.of(Op::Release).waiting(), 1);
        guards.forget();
        assert_eq!(Op::ALL.map(|op| (guards.of(op).counted(), guards.of(op).waiting(), guards.of(op).changed)), [(0, 0, true); 3]);
        assert_eq!(guards.listed((9, 0), || 8), 8);
        assert_eq!(guards.fills(set(), 1), 1..2, "what lies in the store beyond the first is to go");
        assert!(guards.fills(set(), 3).is_empty());
    }

    #[test]
    fn the_targets_records_are_counted_when_the_world_is_of_another_size_and_not_at_every_look() {
        let mut guards = Guards::default();
        let mut listed = |size, count| guards.listed(size, || count);
        let found = [listed((0, 0), 5), listed((9, 0), 7), listed((9, 0), 8), listed((10, 0), 8), listed((10, 6), 2), listed((10, 6), 3)];
        assert_eq!(found, [0, 7, 7, 8, 2, 2]);
    }
}
