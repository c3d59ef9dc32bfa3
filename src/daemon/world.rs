//! All that was observed, in memory: encoded records, and the indexes by which they find each other.
//!
//! Records lie here in the form in which they lie on disk (about 200 bytes each) and are decoded when someone looks.

use super::target::Target;
use crate::decide::ratchet::Held;
use crate::link;
use crate::model::{Address, Entity, Name, Presence, Record, RecordId, Time};
use hashbrown::{HashMap, HashTable};
use serde::{Deserialize, Serialize};
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

/// What is stored for one record: the stream it came from beside the record itself.
#[derive(Serialize, Deserialize)]
pub struct StoredRecord {
    pub stream: Name,
    pub record: Record,
}

/// The same, borrowed, for writing.
#[derive(Serialize)]
struct StoredRef<'a> {
    stream: &'a Name,
    record: &'a Record,
}

/// Everything that was observed.
#[derive(Debug, Default)]
pub struct World {
    slots: Vec<Slot>,
    by_id: HashTable<Idx>,
    hasher: hashbrown::DefaultHashBuilder,
    /// Person records that bear an address, now or before.
    by_address: HashMap<Address, Vec<Idx>>,
    /// Person records that name this id as themselves elsewhere.
    by_remote: HashMap<RecordId, Vec<Idx>>,
    /// Deals that a person (by record id) is or was on.
    deals_of_person: HashMap<RecordId, Vec<Idx>>,
    /// Deals of an account, now or before.
    deals_of_account: HashMap<RecordId, Vec<Idx>>,
    people_of_account: HashMap<RecordId, Vec<Idx>>,
    tickets_of_person: HashMap<RecordId, Vec<Idx>>,
    tickets_of_address: HashMap<Address, Vec<Idx>>,
}

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
        // The bytes were made by `encode` below or read by `decode` at open, so they decode.
        let stored: Result<StoredRecord, _> = postcard::from_bytes(&self.slots[idx as usize].bytes);
        match stored {
            Ok(stored) => stored.record,
            Err(error) => unreachable!("record {} was encoded by this process: {error}", self.slots[idx as usize].id),
        }
    }

    pub fn bytes(&self, idx: Idx) -> &[u8] {
        &self.slots[idx as usize].bytes
    }

    pub fn find(&self, id: &RecordId) -> Option<Idx> {
        self.by_id.find(self.hash(id), |i| self.slots[*i as usize].id == *id).copied()
    }

    fn hash(&self, id: &RecordId) -> u64 {
        self.hasher.hash_one(id)
    }

    /// Takes a stored record in at open.
    pub fn load(&mut self, bytes: &[u8]) -> Result<Idx, Unreadable> {
        let stored: StoredRecord = postcard::from_bytes(bytes).map_err(|e| Unreadable(e.to_string()))?;
        Ok(self.put(stored.stream, &stored.record))
    }

    /// Puts a record in the place of the one with its id, or adds it; keeps the indexes. Returns its place.
    pub fn put(&mut self, stream: Name, record: &Record) -> Idx {
        let bytes = match postcard::to_allocvec(&StoredRef { stream: &stream, record }) {
            Ok(bytes) => bytes.into_boxed_slice(),
            Err(error) => unreachable!("plain data always encodes: {error}"),
        };
        let idx = match self.find(&record.id) {
            Some(idx) => {
                let old = self.record(idx);
                self.index(idx, &old, false);
                let slot = &mut self.slots[idx as usize];
                slot.bytes = bytes;
                slot.stream = stream;
                idx
            }
            None => {
                let idx = self.slots.len() as Idx;
                let id = record.id.clone();
                self.slots.push(Slot { id, stream, bytes, person: NOBODY, epoch: 0, held: None, target: None });
                let hash = self.hash(&record.id);
                let (slots, hasher) = (&self.slots, &self.hasher);
                self.by_id.insert_unique(hash, idx, |i| hasher.hash_one(&slots[*i as usize].id));
                idx
            }
        };
        self.index(idx, record, true);
        idx
    }

    fn index(&mut self, idx: Idx, record: &Record, add: bool) {
        fn edit<K: Hash + Eq + Clone>(map: &mut HashMap<K, Vec<Idx>>, key: &K, idx: Idx, add: bool) {
            if add {
                let list = map.entry_ref(key).or_insert_with(|| Vec::with_capacity(1));
                if !list.contains(&idx) {
                    list.push(idx);
                }
            } else if let Some(list) = map.get_mut(key) {
                list.retain(|i| *i != idx);
                if list.is_empty() {
                    map.remove(key);
                }
            }
        }
        let system = &record.id.system;
        match record.id.entity {
            Entity::Person => {
                for address in link::spread_keys(record) {
                    edit(&mut self.by_address, &address, idx, add);
                }
                for remote in &record.same_as {
                    edit(&mut self.by_remote, remote, idx, add);
                }
                if let Some(account) = &record.account {
                    edit(&mut self.people_of_account, &RecordId::new(system.clone(), Entity::Account, account.clone()), idx, add);
                }
            }
            Entity::Deal => {
                for person in record.people.iter().chain(&record.memory.past_people) {
                    edit(&mut self.deals_of_person, &RecordId::new(system.clone(), Entity::Person, person.clone()), idx, add);
                }
                for account in record.account.iter().chain(&record.memory.past_accounts) {
                    edit(&mut self.deals_of_account, &RecordId::new(system.clone(), Entity::Account, account.clone()), idx, add);
                }
            }
            Entity::Ticket => {
                for person in &record.people {
                    edit(&mut self.tickets_of_person, &RecordId::new(system.clone(), Entity::Person, person.clone()), idx, add);
                }
                for address in &record.addresses {
                    edit(&mut self.tickets_of_address, address, idx, add);
                }
            }
            Entity::Account | Entity::DealPerson | Entity::Activity | Entity::Consent => {}
        }
    }

    pub fn bearers(&self, address: &Address) -> &[Idx] {
        self.by_address.get(address).map_or(&[], Vec::as_slice)
    }

    pub fn namers(&self, remote: &RecordId) -> &[Idx] {
        self.by_remote.get(remote).map_or(&[], Vec::as_slice)
    }

    pub fn deals_of_person(&self, person: &RecordId) -> &[Idx] {
        self.deals_of_person.get(person).map_or(&[], Vec::as_slice)
    }

    pub fn deals_of_account(&self, account: &RecordId) -> &[Idx] {
        self.deals_of_account.get(account).map_or(&[], Vec::as_slice)
    }

    pub fn people_of_account(&self, account: &RecordId) -> &[Idx] {
        self.people_of_account.get(account).map_or(&[], Vec::as_slice)
    }

    /// Accounts that people name, and how many do.
    pub fn accounts(&self) -> impl Iterator<Item = (&RecordId, usize)> {
        self.people_of_account.iter().map(|(id, people)| (id, people.len()))
    }

    pub fn tickets_of_person(&self, person: &RecordId) -> &[Idx] {
        self.tickets_of_person.get(person).map_or(&[], Vec::as_slice)
    }

    pub fn tickets_of_address(&self, address: &Address) -> &[Idx] {
        self.tickets_of_address.get(address).map_or(&[], Vec::as_slice)
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
    match old {
        // It may have been opened and ended again between two looks: the later end counts.
        Some(old) if over(old) && old.deal == new.deal => old.memory.ended_at.max(told.filter(|t| *t <= read_at)),
        // Seen to end between two looks: no earlier than the system's own last change, no later than now.
        Some(_) => Some(told.filter(|t| *t <= read_at).unwrap_or(read_at)),
        None => told.filter(|t| *t <= read_at).or(new.changed_at).or(Some(read_at)),
    }
}
