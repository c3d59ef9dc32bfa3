//! Records that get another name: their system is another instance since, or was renamed back.

use super::{Named, World};
use crate::engine::memory::place::{Idx, NOBODY};
use crate::model::{Entity, Name, Record, RecordId};

impl World {
    /// Gives a record another system's name, by which nothing else may be named yet.
    pub fn rename(&mut self, idx: Idx, system: &Name) {
        let mut record = self.record(idx);
        record.id.system = system.clone();
        self.put_elsewhere(idx, &record);
    }

    /// Takes all out of a record, and what finds it. Its place stays, as an activity of a system that nobody has.
    pub fn empty(&mut self, idx: Idx, system: &Name) {
        let id = RecordId { system: system.clone(), entity: Entity::Activity, id: self.slots[idx as usize].id.id.clone() };
        self.put_elsewhere(idx, &Record::new(id));
        let slot = &mut self.slots[idx as usize];
        (slot.held, slot.target, slot.person) = (None, None, NOBODY);
    }

    /// Puts a record in the place of one with another id.
    fn put_elsewhere(&mut self, idx: Idx, record: &Record) {
        let before = self.keys(&self.record(idx));
        let half = self.half(&self.slots[idx as usize].id);
        if let Ok(named) = self.by_id.find_entry(Named::spread(half), |n| n.idx == idx) {
            named.remove();
        }
        let half = self.half(&record.id);
        self.by_id.insert_unique(Named::spread(half), Named { half, idx }, |n| Named::spread(n.half));
        self.slots[idx as usize].id = record.id.clone();
        let stream = self.slots[idx as usize].stream.clone();
        self.put_over(idx, before, stream, record);
    }
}
