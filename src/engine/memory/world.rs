//! All that was observed, in memory: encoded records, and the indexes by which they find each other.
//!
//! Records lie here in the form in which they lie on disk (about 150 bytes each) and are decoded when someone looks.

mod by_company;
mod crowds;
mod rename;
mod standing_out;
mod ways;

use super::codec::{self, Names, Writer};
use super::place::{Idx, NOBODY, PersonIdx};
use super::places::UnreadByPlace;
use super::postings::Postings;
use super::segments::Shelf;
use crate::engine::ledger::kind::{Kind, Single, Tag};
use crate::model::{Address, Name, Record, RecordId};
use hashbrown::{DefaultHashBuilder, HashTable};
use standing_out::StandingOut;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, Hash};
use std::hint::black_box;
use ways::{Way, Ways, each_key};

/// Records as [`codec`] writes them, by their id.
pub(in crate::engine) const RECORD: Kind<Encoded> = Kind::new(Tag::Record);

/// The names that records are written with.
pub(in crate::engine) const NAMES: Single<Vec<Name>> = Single::new("names");

/// A record in the form of [`codec`].
pub(in crate::engine) enum Encoded {}

/// Of those who share a mailbox with thousands only so many are looked at beforehand: it is done again for each of them.
const WARMED_PER_KEY: usize = 8;

/// One observed record. What rooms know of it beside lies in columns of theirs.
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
}

/// Everything that was observed.
#[derive(Debug, Default)]
pub struct World {
    slots: Shelf<Slot>,
    by_id: HashTable<Named>,
    postings: Postings,
    /// The ways in which some record was ever found: in the others nobody needs to look.
    ways: Ways,
    hasher: DefaultHashBuilder,
    names: Names,
    writer: Writer,
    standing_out: StandingOut,
    /// People are found by their companies: since the first deal that holds by them.
    by_company: bool,
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

/// The hashes under which a record is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keys {
    hashes: Vec<u64>,
    ways: Ways,
}

/// A record whose stored bytes cannot be read: a bug or damage, never silent.
#[derive(Debug, thiserror::Error)]
#[error("the state holds a record that cannot be read ({0})")]
pub struct UnreadableRecord(pub String);

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
    pub fn load(&mut self, id: RecordId, bytes: &[u8]) -> Result<Idx, UnreadableRecord> {
        let text = id.to_string();
        let (stream, record) = codec::read(id, bytes, &self.names).ok_or(UnreadableRecord(text))?;
        Ok(self.put(stream, &record))
    }

    /// Puts a record in the place of the one with its id, or adds it; keeps the indexes. Returns its place.
    pub fn put(&mut self, stream: Name, record: &Record) -> Idx {
        match self.find(&record.id) {
            Some(idx) => {
                let before = self.keys(&self.record(idx));
                self.put_over(idx, before, stream, record);
                idx
            }
            None => self.add(stream, record),
        }
    }

    /// Puts a record in the place of one with its id and these keys.
    pub fn put_over(&mut self, idx: Idx, before: Keys, stream: Name, record: &Record) {
        if record.names_companies {
            self.find_by_companies();
        }
        let bytes = Box::from(self.writer.whole(&stream, record, &mut self.names));
        self.standing_out.note(idx, record);
        let keys = self.keys(record);
        self.ways.add(keys.ways);
        if before != keys {
            before.hashes.iter().filter(|k| !keys.hashes.contains(k)).for_each(|key| self.postings.remove(*key, idx));
            keys.hashes.iter().filter(|k| !before.hashes.contains(k)).for_each(|key| self.postings.add(*key, idx));
        }
        let slot = &mut self.slots[idx as usize];
        (slot.bytes, slot.stream) = (bytes, stream);
    }

    /// Adds a record whose id is not known yet. Returns its place.
    pub fn add(&mut self, stream: Name, record: &Record) -> Idx {
        debug_assert!(self.find(&record.id).is_none(), "{} has a place", record.id);
        let bytes = Box::from(self.writer.whole(&stream, record, &mut self.names));
        let idx = self.slots.len() as Idx;
        self.standing_out.note(idx, record);
        let half = self.half(&record.id);
        if record.names_companies {
            self.find_by_companies();
        }
        self.slots.push(Slot { id: record.id.clone(), stream, bytes, person: NOBODY, epoch: 0 });
        self.by_id.insert_unique(Named::spread(half), Named { half, idx }, |n| Named::spread(n.half));
        each_key(&self.hasher, self.by_company, record, |way, hash| {
            self.ways.add(Ways::of(way));
            self.postings.add(hash, idx);
        });
        idx
    }

    /// Puts a record in the place of one that differs in nothing by which it is found.
    pub fn replace(&mut self, idx: Idx, record: &Record) {
        self.standing_out.note(idx, record);
        let stream = self.slots[idx as usize].stream.clone();
        self.slots[idx as usize].bytes = Box::from(self.writer.whole(&stream, record, &mut self.names));
    }

    /// Records that show in an opt-out field what nobody knows to read.
    pub fn unread_refusals(&self) -> &UnreadByPlace {
        &self.standing_out.unread
    }

    /// Records of which somebody emptied a field.
    pub fn emptied(&self) -> &BTreeSet<Idx> {
        &self.standing_out.emptied
    }

    /// The records whose address cannot be read for sure.
    pub fn unread_addresses(&self) -> &BTreeSet<Idx> {
        &self.standing_out.unread_addresses
    }

    /// Open deals and tickets that name neither a person nor an address.
    pub fn naming_nobody(&self) -> impl Iterator<Item = &Slot> {
        self.standing_out.naming_nobody.iter().map(|idx| self.slot(*idx))
    }

    /// Looks at records before they are decoded one by one, so that memory brings many of them at once.
    pub fn warm(&self, places: impl Iterator<Item = Idx> + Clone) {
        let lengths = places.clone().fold(0, |all, idx| all ^ self.slots[idx as usize].bytes.len());
        let bytes = places.fold(0, |all, idx| self.slots[idx as usize].bytes.iter().step_by(64).fold(all, |all, byte| all ^ byte));
        black_box((lengths, bytes));
    }

    /// The same for what has these ids, where anything has.
    pub fn warm_ids<'r>(&self, ids: impl Iterator<Item = &'r RecordId>) {
        let halves: Vec<u32> = ids.map(|id| self.half(id)).collect();
        let mut places = Vec::new();
        for half in halves {
            places.extend(self.by_id.find(Named::spread(half), |n| n.half == half).map(|n| n.idx));
        }
        self.warm(places.into_iter());
    }

    /// The same for what is found through people with these addresses.
    pub fn warm_around<'r>(&self, people: impl Iterator<Item = (&'r Record, Option<&'r Address>)>) {
        let mut hashes = Vec::new();
        for (person, address) in people {
            let id = (&*person.id.system, person.id.entity, &*person.id.id);
            hashes.extend(self.hash_of(Way::DealOfPerson, id));
            hashes.extend(self.hash_of(Way::TicketOfPerson, id));
            hashes.extend(address.and_then(|a| self.hash_of(Way::Address, a)));
            hashes.extend(address.and_then(|a| self.hash_of(Way::TicketOfAddress, a)));
        }
        let mut places: Vec<Idx> = Vec::with_capacity(hashes.len());
        for hash in hashes {
            places.extend(self.postings.get(hash).iter().take(WARMED_PER_KEY));
        }
        self.warm(places.into_iter());
    }

    /// The keys under which a record is found.
    pub fn keys(&self, record: &Record) -> Keys {
        let mut keys = Keys::default();
        each_key(&self.hasher, self.by_company, record, |way, hash| {
            keys.ways.add(Ways::of(way));
            keys.hashes.push(hash);
        });
        keys
    }

    /// The records found under a hash; those found in a way in which none is are not looked for.
    fn found(&self, way: Way, what: impl Hash) -> &[Idx] {
        self.hash_of(way, what).map_or(&[], |hash| self.postings.get(hash))
    }

    fn hash_of(&self, way: Way, what: impl Hash) -> Option<u64> {
        self.ways.have(way).then(|| self.hasher.hash_one((way, what)))
    }

    fn by_id_of(&self, way: Way, id: &RecordId) -> &[Idx] {
        self.found(way, (&*id.system, id.entity, &*id.id))
    }

    pub fn bearers(&self, address: &Address) -> &[Idx] {
        self.found(Way::Address, address)
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
        self.found(Way::TicketOfAddress, address)
    }

    /// The records of a stream that a complete pass did not see.
    pub fn unseen(&self, system: &Name, stream: &Name, epoch: u32) -> Vec<Idx> {
        let of_stream = |s: &Slot| s.id.system == *system && s.stream == *stream && s.epoch < epoch;
        self.slots.iter().enumerate().filter(|(_, s)| of_stream(s)).map(|(i, _)| i as Idx).collect()
    }

    /// How many records a stream lists now: without those that are gone.
    pub fn listed(&self, system: &Name, stream: &Name) -> usize {
        let of_stream = |s: &Slot| s.id.system == *system && s.stream == *stream;
        let all = self.slots.iter().filter(|s| of_stream(s)).count();
        all - self.standing_out.gone.iter().filter(|idx| of_stream(self.slot(**idx))).count()
    }

    /// How many records are kept, and how many of them are gone: what [`listed`](Self::listed) tells changes with these alone.
    pub fn size(&self) -> (usize, usize) {
        (self.len(), self.standing_out.gone.len())
    }
}

#[cfg(test)]
mod tests;
