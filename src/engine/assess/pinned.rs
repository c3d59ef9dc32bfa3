//! Whose pins count for whom: those of a person's records, and of the addresses that are theirs.

use super::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::pins::Pin;
use crate::engine::memory::place::{Idx, NOBODY};
use crate::engine::memory::refusals::On;
use crate::model::{Address, Name, Record, RecordId};

impl Engine {
    /// Whether a field of whoever a record is of is pinned.
    pub fn is_pinned(&self, record: &RecordId, field: &Name) -> bool {
        if !self.pins.has_field(field) {
            return false;
        }
        let Some(place) = self.world.find(record) else { return false };
        let person = self.world.slot(place).person;
        let members: &[Idx] = if person == NOBODY { &[] } else { &self.people[person as usize].members };
        let records: Vec<Record> = members.iter().map(|place| self.world.record(*place)).collect();
        self.pin_among(&records, field).is_some()
    }

    /// The pin of a field of a person.
    pub(super) fn pin_of<'a>(&'a self, name: &Name, of: Members<'a>) -> Option<&'a Pin> {
        if self.pins.has_field(name) { self.pin_among(of.records, name) } else { None }
    }

    fn pin_among(&self, records: &[Record], field: &Name) -> Option<&Pin> {
        let mut addresses = super::records::addresses(records);
        addresses.retain(|address| self.pins.of(field, [On::Address(address)].into_iter()).is_some() && self.is_theirs(records, address));
        let on = records.iter().map(|record| On::Record(&record.id)).chain(addresses.iter().map(On::Address));
        self.pins.of(field, on)
    }

    /// Whether what hangs on an address that they bear or bore is theirs: not where they left it, and somebody else bears it.
    pub fn is_theirs(&self, records: &[Record], address: &Address) -> bool {
        records.iter().any(|record| bears(record, address)) || !self.of_address(address).1
    }

    /// The records that an address stands for: those that bear it; where none does, those that bore it. True: some bear it.
    pub fn of_address(&self, address: &Address) -> (Vec<Idx>, bool) {
        let all = self.world.bearers(address);
        let now: Vec<Idx> = all.iter().copied().filter(|place| bears(&self.world.record(*place), address)).collect();
        if now.is_empty() { (all.to_vec(), false) } else { (now, true) }
    }
}

/// Whether a record shows an address now, as its first or a further one.
fn bears(record: &Record, address: &Address) -> bool {
    !record.is_gone() && (record.address().as_ref() == Some(address) || record.addresses.contains(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::field;
    use crate::model::{Field, Presence, Time, Value};

    #[test]
    fn a_record_bears_what_it_shows_and_not_what_it_showed() {
        let [now, further, past] = ["now", "further", "past"].map(|local| Address::parse(&format!("{local}@acme.example")).unwrap());
        let mut record = Record::new("ma:person:7".parse().unwrap());
        record.fields = vec![Field::new(field::EMAIL.into(), Value::text(now.as_str()), Time(0))];
        record.addresses = vec![further.clone()];
        record.memory.past_addresses = vec![past.clone()];
        assert_eq!([&now, &further, &past].map(|address| bears(&record, address)), [true, true, false]);
        record.presence = Presence::Gone(Time(3));
        assert!(!bears(&record, &now));
    }
}
