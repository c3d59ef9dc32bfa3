//! All that was observed, in memory: encoded records, and the indexes by which they find each other.
//!
//! Records lie here in the form in which they lie on disk (about 150 bytes each) and are decoded when someone looks.

use super::codec::{self, Names, Writer};
use super::postings::Postings;
use super::target::Target;
use crate::decide::ratchet::Held;
use crate::link;
use crate::model::{Address, Entity, Name, Presence, Record, RecordId, Time};
use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::{BuildHasher, Hash};

/// A record's place; never reused while the process lives.
pub type Idx = u32;

/// A person's place in [`super::engine::Engine::people`]; `NOBODY` for records that are no person's.
pub type PersonIdx = u32;
pub const NOBODY: PersonIdx = u32::MAX;

/// One observed record and what hangs on it.
#[derive(Debug)]
pub struct Slot {
    pub id: RecordId,
    /// The stream it came from.
    pub stream: Name,
    /// The record, encoded.
    bytes: Box<[u8]>,
    pub person: PersonIdx,
    /// The sweep that saw it last.
    pub epoch: u32,
    /// Persons: the holds that were in force when last decided.
    pub held: Option<Box<Vec<Held>>>,
    /// Persons in a system that we write to.
    pub target: Option<Box<Target>>,
}

/// Everything that was observed.
#[derive(Debug, Default)]
pub struct World {
    slots: Vec<Slot>,
    by_id: HashTable<Named>,
    postings: Postings,
    hasher: DefaultHashBuilder,
    names: Names,
    writer: Writer,
}

/// A record's place under half of its id's hash.
#[derive(Debug, Clone, Copy)]
struct Named {
    half: u32,
    idx: Idx,
}

impl Named {
    fn spread(half: u32) -> u64 {
        u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// By what records are found, beside their ids.
#[derive(Debug, Clone, Copy, Hash)]
enum Way {
    /// Person records that bear an address, now or before.
    Address,
    /// Person records that name an id as themselves elsewhere.
    Remote,
    PersonOfAccount,
    /// Deals that a person (by record id) is or was on.
    DealOfPerson,
    /// Deals of an account, now or before.
    DealOfAccount,
    TicketOfPerson,
    TicketOfAddress,
}

/// The hashes under which a record is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys(Vec<u64>);

/// A record whose stored bytes cannot be read: a bug or damage, never silent.
#[derive(Debug, thiserror::Error)]
#[error("the state holds a record that cannot be read ({0})")]
pub struct Unreadable(pub String);

impl World {
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    pub fn indexes(&self) -> impl Iterator<Item = Idx> + use<> {
        0..self.slots.len() as Idx
    }

    pub fn slot(&self, idx: Idx) -> &Slot {
        &self.slots[idx as usize]
    }

    pub fn slot_mut(&mut self, idx: Idx) -> &mut Slot {
        &mut self.slots[idx as usize]
    }

    pub fn record(&self, idx: Idx) -> Record {
        let slot = &self.slots[idx as usize];
        // The bytes were made by `put` below or read by `load` at open, so they decode.
        match codec::read(slot.id.clone(), &slot.bytes, &self.names) {
            Some((_, record)) => record,
            None => unreachable!("record {} was encoded by this process", slot.id),
        }
    }

    pub fn bytes(&self, idx: Idx) -> &[u8] {
        &self.slots[idx as usize].bytes
    }

    /// Whether a record shows just what is known of it, and is known to be listed: such an observation brings nothing.
    pub fn shows(&mut self, idx: Idx, observed: &Record) -> bool {
        codec::shows(&self.slots[idx as usize].bytes, self.writer.shown(observed, &mut self.names))
    }

    pub fn find(&self, id: &RecordId) -> Option<Idx> {
        let half = self.half(id);
        self.by_id.find(Named::spread(half), |n| n.half == half && self.slots[n.idx as usize].id == *id).map(|n| n.idx)
    }

    fn half(&self, id: &RecordId) -> u32 {
        self.hasher.hash_one(id) as u32
    }

    /// The names that records are written with, if there are new ones: they must be kept with the records.
    pub fn names_to_keep(&mut self) -> Option<&[Name]> {
        self.names.to_keep()
    }

    /// Takes the names of a stored world; before any record.
    pub fn load_names(&mut self, names: Vec<Name>) {
        self.names = Names::new(names);
    }

    /// Takes a stored record in at open.
    pub fn load(&mut self, id: RecordId, bytes: &[u8]) -> Result<Idx, Unreadable> {
        let text = id.to_string();
        let (stream, record) = codec::read(id, bytes, &self.names).ok_or(Unreadable(text))?;
        Ok(self.put(stream, &record, None))
    }

    /// Puts a record in the place of the one with its id, or adds it; keeps the indexes. `before` are the keys of the record whose place
    /// it takes, where the caller has it at hand. Returns its place.
    pub fn put(&mut self, stream: Name, record: &Record, before: Option<Keys>) -> Idx {
        let bytes = Box::from(self.writer.whole(&stream, record, &mut self.names));
        let keys = self.keys(record);
        match self.find(&record.id) {
            Some(idx) => {
                let before = before.unwrap_or_else(|| self.keys(&self.record(idx)));
                if before != keys {
                    before.0.iter().filter(|k| !keys.0.contains(k)).for_each(|key| self.postings.remove(*key, idx));
                    keys.0.iter().filter(|k| !before.0.contains(k)).for_each(|key| self.postings.add(*key, idx));
                }
                let slot = &mut self.slots[idx as usize];
                (slot.bytes, slot.stream) = (bytes, stream);
                idx
            }
            None => {
                let idx = self.slots.len() as Idx;
                let half = self.half(&record.id);
                self.slots.push(Slot { id: record.id.clone(), stream, bytes, person: NOBODY, epoch: 0, held: None, target: None });
                self.by_id.insert_unique(Named::spread(half), Named { half, idx }, |n| Named::spread(n.half));
                keys.0.iter().for_each(|key| self.postings.add(*key, idx));
                idx
            }
        }
    }

    /// Puts a record in the place of one that differs in nothing by which it is found.
    pub fn replace(&mut self, idx: Idx, record: &Record) {
        let stream = self.slots[idx as usize].stream.clone();
        self.slots[idx as usize].bytes = Box::from(self.writer.whole(&stream, record, &mut self.names));
    }

    /// The keys under which a record is found.
    pub fn keys(&self, record: &Record) -> Keys {
        let system = &*record.id.system;
        let of_id = |way, entity, id: &str| self.hash(way, (system, entity, id));
        let mut keys = Vec::new();
        match record.id.entity {
            Entity::Person => {
                keys.extend(link::spread_keys(record).iter().map(|a| self.hash(Way::Address, a)));
                keys.extend(record.same_as.iter().map(|r| self.hash(Way::Remote, (&*r.system, r.entity, &*r.id))));
                keys.extend(record.account.iter().map(|a| of_id(Way::PersonOfAccount, Entity::Account, a)));
            }
            Entity::Deal => {
                let (people, accounts) = (record.people.iter(), record.account.iter());
                keys.extend(people.chain(&record.memory.past_people).map(|p| of_id(Way::DealOfPerson, Entity::Person, p)));
                keys.extend(accounts.chain(&record.memory.past_accounts).map(|a| of_id(Way::DealOfAccount, Entity::Account, a)));
            }
            Entity::Ticket => {
                keys.extend(record.people.iter().map(|p| of_id(Way::TicketOfPerson, Entity::Person, p)));
                keys.extend(record.addresses.iter().map(|a| self.hash(Way::TicketOfAddress, a)));
            }
            Entity::Account | Entity::DealPerson | Entity::Activity | Entity::Consent => {}
        }
        Keys(keys)
    }

    fn hash(&self, way: Way, what: impl Hash) -> u64 {
        self.hasher.hash_one((way, what))
    }

    fn by_id_of(&self, way: Way, id: &RecordId) -> &[Idx] {
        self.postings.get(self.hash(way, (&*id.system, id.entity, &*id.id)))
    }

    pub fn bearers(&self, address: &Address) -> &[Idx] {
        self.postings.get(self.hash(Way::Address, address))
    }

    pub fn namers(&self, remote: &RecordId) -> &[Idx] {
        self.by_id_of(Way::Remote, remote)
    }

    pub fn deals_of_person(&self, person: &RecordId) -> &[Idx] {
        self.by_id_of(Way::DealOfPerson, person)
    }

    pub fn deals_of_account(&self, account: &RecordId) -> &[Idx] {
        self.by_id_of(Way::DealOfAccount, account)
    }

    pub fn people_of_account(&self, account: &RecordId) -> &[Idx] {
        self.by_id_of(Way::PersonOfAccount, account)
    }

    pub fn tickets_of_person(&self, person: &RecordId) -> &[Idx] {
        self.by_id_of(Way::TicketOfPerson, person)
    }

    pub fn tickets_of_address(&self, address: &Address) -> &[Idx] {
        self.postings.get(self.hash(Way::TicketOfAddress, address))
    }

    /// Accounts that more people name than `cap`, and how many do.
    pub fn crowded_accounts(&self, cap: usize) -> Vec<(RecordId, usize)> {
        let mut crowded = Vec::new();
        for people in self.postings.several().filter(|list| list.len() > cap) {
            // Any other key may have brought these together.
            let Some(first) = people.first().map(|i| self.record(*i)).filter(|r| r.id.entity == Entity::Person) else { continue };
            let account = first.account.map(|a| RecordId::new(first.id.system, Entity::Account, a));
            crowded.extend(account.filter(|a| self.people_of_account(a) == people).map(|a| (a, people.len())));
        }
        crowded
    }

    /// The records of a stream that a complete pass did not see.
    pub fn unseen(&self, system: &Name, stream: &Name, epoch: u32) -> Vec<Idx> {
        let of_stream = |s: &Slot| s.id.system == *system && s.stream == *stream && s.epoch < epoch;
        self.slots.iter().enumerate().filter(|(_, s)| of_stream(s)).map(|(i, _)| i as Idx).collect()
    }

    /// How many records a stream lists now.
    pub fn listed(&self, system: &Name, stream: &Name) -> usize {
        let of_stream = |s: &&Slot| s.id.system == *system && s.stream == *stream;
        self.slots.iter().filter(of_stream).count()
    }
}

/// What an observation brings to a record that is known already.
#[derive(Debug, Clone, PartialEq)]
pub enum Merged {
    /// Nothing that matters.
    Same,
    Changed(Box<Record>),
}

/// Lays a new observation over the old record: unchanged fields keep their time, lost addresses and people are remembered,
/// an end that was seen gets its time. `read_at` is when the pass began.
pub fn overlay(old: Option<&Record>, mut new: Record, people_told: bool, read_at: Time) -> Merged {
    let told_end = new.memory.ended_at;
    let Some(old) = old else {
        new.memory.ended_at = ended_at(None, &new, told_end, read_at);
        return Merged::Changed(Box::new(new));
    };
    for field in &mut new.fields {
        if let Some(before) = old.field(&field.name)
            && before.value == field.value
        {
            field.at = before.at;
        }
    }
    if !people_told && new.id.entity == Entity::Deal {
        new.people = old.people.clone();
    }
    new.memory = old.memory.clone();
    new.presence = Presence::Listed;
    if let Some(address) = old.address()
        && new.address().as_ref() != Some(&address)
    {
        remember(&mut new.memory.past_addresses, address);
    }
    if let Some(address) = new.address() {
        new.memory.past_addresses.retain(|a| *a != address);
    }
    if new.id.entity == Entity::Deal {
        for person in old.people.iter().filter(|p| !new.people.contains(p)) {
            remember(&mut new.memory.past_people, person.clone());
        }
        new.memory.past_people.retain(|p| !new.people.contains(p));
        if let Some(account) = &old.account
            && new.account.as_ref() != Some(account)
        {
            remember(&mut new.memory.past_accounts, account.clone());
        }
        new.memory.past_accounts.retain(|a| new.account.as_ref() != Some(a));
    }
    new.memory.ended_at = ended_at(Some(old), &new, told_end, read_at);
    let changed_at = std::mem::replace(&mut new.changed_at, old.changed_at);
    if new == *old {
        return Merged::Same;
    }
    new.changed_at = changed_at;
    Merged::Changed(Box::new(new))
}

fn remember<T: Ord>(list: &mut Vec<T>, item: T) {
    if let Err(at) = list.binary_search(&item) {
        list.insert(at, item);
    }
}

/// When the present end of a deal or ticket came about: what the system says, else when it was seen to be over.
fn ended_at(old: Option<&Record>, new: &Record, told: Option<Time>, read_at: Time) -> Option<Time> {
    let over = |r: &Record| r.deal.is_some_and(|d| !d.is_open()) || r.ticket.is_some_and(|t| !t.is_open());
    if !over(new) {
        return None;
    }
    // Our clock may be behind the system's: what is no later than its own last change is no expected end but a real one.
    let told = told.filter(|t| *t <= read_at || new.changed_at.is_some_and(|changed| *t <= changed));
    match old {
        // It may have been opened and ended again between two looks: the later end counts.
        Some(old) if over(old) && old.deal == new.deal => old.memory.ended_at.max(told),
        // Seen to end between two looks: no earlier than the system's own last change, no later than now.
        Some(_) => Some(told.unwrap_or(read_at)),
        None => told.or(new.changed_at).or(Some(read_at)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    #[test]
    fn a_name_that_was_met_while_comparing_is_kept_with_the_record_that_has_it() {
        let mut world = World::default();
        let mut record = Record::new("crm:person:5".parse().unwrap());
        let idx = world.put("people".into(), &record, None);
        assert!(world.names_to_keep().is_some());
        record.set(&"floor".into(), Value::Int(3), Time(1));
        assert!(!world.shows(idx, &record));
        world.put("people".into(), &record, None);
        let names = world.names_to_keep().map(<[Name]>::to_vec).unwrap();
        assert!(world.shows(idx, &record) && world.names_to_keep().is_none());
        let mut again = World::default();
        again.load_names(names);
        let idx = again.load(record.id.clone(), world.bytes(idx)).unwrap();
        assert_eq!(again.record(idx), record);
    }

    /// A lost deal was closed once more, and our clock is behind the system's.
    #[test]
    fn a_told_end_counts_up_to_the_records_own_last_change() {
        let read_at = Time(1_000);
        let lost = |ended: i64, changed: i64| {
            let mut deal = Record::new("crm:deal:1".parse().unwrap());
            deal.deal = Some(crate::model::DealState::Lost);
            deal.memory.ended_at = Some(Time(ended));
            deal.changed_at = Some(Time(changed));
            deal
        };
        let end = |told: i64, changed: i64| match overlay(Some(&lost(500, 500)), lost(told, changed), true, read_at) {
            Merged::Changed(record) => record.memory.ended_at,
            Merged::Same => Some(Time(500)),
        };
        assert_eq!(end(900, 900), Some(Time(900)));
        assert_eq!(end(1_090, 1_090), Some(Time(1_090)), "later than our clock says it is");
        assert_eq!(end(9_000, 900), Some(Time(500)), "an expected end is none");
    }
}
