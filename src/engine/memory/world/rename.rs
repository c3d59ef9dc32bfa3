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
        self.slots[idx as usize].person = NOBODY;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Value};

    #[test]
    fn a_record_under_another_systems_name_is_found_by_that_alone() {
        let mut world = World::default();
        let id = |text: &str| -> RecordId { text.parse().unwrap() };
        let mut deal = Record::new(id("crm:deal:8"));
        deal.people = vec!["5".into()];
        let mut taro = Record::new(id("crm:person:5"));
        taro.set(&"email".into(), Value::text("taro@sato.example"), Time(1));
        let (deal, person) = (world.put("deals".into(), &deal), world.put("people".into(), &taro));
        world.rename(deal, &"crm@1".into());
        world.rename(person, &"crm@1".into());
        assert_eq!((world.find(&id("crm:person:5")), world.find(&id("crm@1:person:5"))), (None, Some(person)));
        assert_eq!((world.deals_of_person(&id("crm@1:person:5")), world.deals_of_person(&id("crm:person:5"))), (&[deal][..], &[][..]));
        assert_eq!(world.bearers(&taro.address().unwrap()), [person]);
        let stranger = world.put("people".into(), &taro);
        assert_ne!(stranger, person);
        world.empty(stranger, &"crm@gone".into());
        assert_eq!((world.bearers(&taro.address().unwrap()), world.find(&taro.id)), (&[person][..], None));
    }

    #[test]
    fn a_record_keeps_its_place_under_its_new_name_and_when_it_is_emptied() {
        let mut world = World::default();
        let mut taro = Record::new("ma:person:5".parse().unwrap());
        taro.set(&"email".into(), Value::text("taro@sato.example"), Time(1));
        let idx = world.put("leads".into(), &taro);
        world.slot_mut(idx).person = 3;
        world.rename(idx, &"ma@1".into());
        let whose = |world: &World| (world.slot(idx).id.to_string(), world.slot(idx).person);
        assert_eq!((world.find(&"ma@1:person:5".parse().unwrap()), whose(&world)), (Some(idx), ("ma@1:person:5".into(), 3)));
        assert_eq!((world.listed(&"ma@1".into(), &"leads".into()), world.record(idx).fields.len()), (1, 1));
        world.empty(idx, &"ma@gone".into());
        assert_eq!(whose(&world), ("ma@gone:activity:5".into(), NOBODY));
        assert_eq!((world.len(), world.record(idx).fields.len()), (1, 0), "its place stays");
    }
}
