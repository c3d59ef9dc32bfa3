//! Both directions' guards of one system.

use super::intents::intent;
use super::intents::release;
use super::intents::update;
use super::limits::Guard;
use crate::engine::memory::place::Idx;
use crate::engine::target::Due;
use crate::engine::target::Op;
use crate::model::{Record, Time};

/// The guards of one system.
#[derive(Debug, Default)]
pub struct Guards {
    pub(in crate::engine) hold: Guard,
    release: Guard,
    update: Guard,
    /// The target's records when last counted, and how large the world was then.
    pub(in crate::engine) listed: (usize, usize),
    /// How many items the kept digests fill, by key.
    pub(in crate::engine) items: std::collections::BTreeMap<String, usize>,
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
        guards.items.insert("granted/release/ma".into(), 2);
        guards.listed = (7, 9);
        guards.line_up(1, &record, &due(), Time(1));
        guards.of_mut(Op::Release).ask(&super::super::limits::GuardLimits { records: 0, same: 0, within: Span::days(1) });
        assert_eq!(guards.of(Op::Release).waiting(), 1);
        guards.forget();
        assert_eq!(Op::ALL.map(|op| (guards.of(op).counted(), guards.of(op).waiting(), guards.of(op).changed)), [(0, 0, true); 3]);
        assert_eq!((guards.items.get("granted/release/ma"), guards.listed), (Some(&2), (0, 0)));
    }
}
