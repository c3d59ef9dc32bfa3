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
