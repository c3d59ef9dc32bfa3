//! The decision table: what the gate answers from, in memory, never from disk.
//!
//! Found by 64-bit hashes of addresses and record ids. Two different subjects with one hash would share their entries, and the strictest wins.
//! It lies in parts with a lock each, so that whoever asks waits for one person's entry at most, also while everyone is decided on.

use crate::decide::freshness::{self, ProvedOf, Side};
use crate::decide::rules::Policy;
use crate::decide::standing::Standing;
use crate::engine::memory::postings::Postings;
use crate::model::{Address, Mail, MailKind, Name, Reason, Record, RecordId, Time};
use hashbrown::HashMap;
use std::hash::{BuildHasher, Hash};
use std::hint::black_box;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// With a million people a part is small enough to grow in well under a millisecond.
const PARTS: usize = 256;

/// Standings of all people, by address and by record.
#[derive(Debug)]
pub struct Table {
    parts: Box<[RwLock<Part>]>,
    hasher: hashbrown::DefaultHashBuilder,
    /// One writer at a time: with two, those who look at two parts could wait for each other.
    writing: Mutex<()>,
}

impl Default for Table {
    fn default() -> Table {
        Table { parts: (0..PARTS).map(|_| RwLock::default()).collect(), hasher: Default::default(), writing: Mutex::default() }
    }
}

/// Every [`PARTS`]th person, and the addresses and records whose hashes belong here.
#[derive(Debug, Default)]
struct Part {
    standings: Vec<Standing>,
    by_address: Postings,
    by_record: HashMap<u64, u32>,
}

impl Part {
    fn has(&self, hash: u64) -> bool {
        !self.by_address.get(hash).is_empty() || self.by_record.contains_key(&hash)
    }
}

/// By bits that the maps inside of a part do not go by.
fn part_of(hash: u64) -> usize {
    (hash >> 40) as usize % PARTS
}

/// A person's part, and its place there.
fn place_of(person: u32) -> (usize, usize) {
    (person as usize % PARTS, person as usize / PARTS)
}

/// Whom the gate is asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Address(Address),
    Record(RecordId),
}

/// What the table holds of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Found {
    pub standings: Vec<Standing>,
}

impl Table {
    fn hash(&self, what: impl Hash) -> u64 {
        self.hasher.hash_one(what)
    }

    fn read(&self, part: usize) -> RwLockReadGuard<'_, Part> {
        self.parts[part].read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, part: usize) -> RwLockWriteGuard<'_, Part> {
        self.parts[part].write().unwrap_or_else(PoisonError::into_inner)
    }

    fn stand(&self, person: u32, standing: Standing) {
        let (part, place) = place_of(person);
        let mut part = self.write(part);
        if part.standings.len() <= place {
            part.standings.resize_with(place + 1, Standing::default);
        }
        part.standings[place] = standing;
    }

    /// A person's standing as it was set last.
    pub fn of(&self, person: u32) -> Standing {
        let (part, place) = place_of(person);
        self.read(part).standings.get(place).cloned().unwrap_or_default()
    }

    /// A record is not known by this id any more.
    pub fn forget_record(&self, id: &RecordId) {
        let hash = self.hash(id);
        let _one = self.writing.lock();
        self.write(part_of(hash)).by_record.remove(&hash);
    }

    /// All standings that a subject has: several where an address is borne by several people. None: unknown.
    pub fn find(&self, subject: &Subject) -> Found {
        let hash = match subject {
            Subject::Address(address) => self.hash(address),
            Subject::Record(record) => self.hash(record),
        };
        let own = part_of(hash);
        // Locked until all is found: no place can be given to another person between the two looks.
        let part = self.read(own);
        let people: &[u32] = match subject {
            Subject::Address(_) => part.by_address.get(hash),
            Subject::Record(_) => part.by_record.get(&hash).map_or(&[], std::slice::from_ref),
        };
        let standing = |person: &u32| match place_of(*person) {
            (other, place) if other != own => self.read(other).standings.get(place).cloned(),
            (_, place) => part.standings.get(place).cloned(),
        };
        Found { standings: people.iter().filter_map(standing).collect() }
    }
}

/// What a decision changes in the table.
#[derive(Debug)]
pub enum TableUpdate {
    /// A person's standing; addresses and records from now on lead to it.
    Set { person: u32, standing: Standing, addresses: Vec<Address>, records: Vec<Record> },
    /// A person's addresses are taken away, before its place is given to another.
    Clear { person: u32, addresses: Vec<Address> },
}

impl TableUpdate {
    fn addresses(&self) -> &[Address] {
        let (TableUpdate::Set { addresses, .. } | TableUpdate::Clear { addresses, .. }) = self;
        addresses
    }

    fn records(&self) -> &[Record] {
        match self {
            TableUpdate::Set { records, .. } => records,
            TableUpdate::Clear { .. } => &[],
        }
    }
}

/// Updates that are looked at together before they are made.
const WARMED_AT_ONCE: usize = 32;

impl Table {
    pub fn apply(&self, updates: Vec<TableUpdate>) {
        let mut updates = updates.into_iter();
        let mut hashes = Vec::new();
        while !updates.as_slice().is_empty() {
            hashes.clear();
            for update in updates.as_slice().iter().take(WARMED_AT_ONCE) {
                hashes.extend(update.addresses().iter().map(|a| self.hash(a)));
                hashes.extend(update.records().iter().map(|r| self.hash(&r.id)));
            }
            // Looked at all together, so that memory brings many of them at once.
            black_box(hashes.iter().filter(|hash| self.read(part_of(**hash)).has(**hash)).count());
            let _one = self.writing.lock();
            let mut known = hashes.iter();
            for update in updates.by_ref().take(WARMED_AT_ONCE) {
                match update {
                    TableUpdate::Set { person, standing, addresses, records } => {
                        self.stand(person, standing);
                        for hash in known.by_ref().take(addresses.len()) {
                            self.write(part_of(*hash)).by_address.add(*hash, person);
                        }
                        for (record, hash) in records.iter().zip(known.by_ref()) {
                            let by_record = &mut self.write(part_of(*hash)).by_record;
                            match record.has_unread_address {
                                // Who reads what is sent to it, nobody knows.
                                true => by_record.remove(hash),
                                false => by_record.insert(*hash, person),
                            };
                        }
                    }
                    TableUpdate::Clear { person, addresses } => {
                        for hash in known.by_ref().take(addresses.len()) {
                            self.write(part_of(*hash)).by_address.remove(*hash, person);
                        }
                        self.stand(person, Standing::default());
                    }
                }
            }
        }
    }
}

/// The answer for one subject and mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableAnswer {
    pub decision: crate::model::Decision,
    pub basis: Option<crate::model::Basis>,
    pub until: Option<Time>,
}

impl Found {
    /// The strictest of all standings; an unknown subject is held.
    pub fn decide(&self, mail: &Mail, stale: &[Reason], now: Time) -> TableAnswer {
        if self.standings.is_empty() {
            let mut reasons = stale.to_vec();
            reasons.push(Reason::UnknownPerson);
            return TableAnswer { decision: crate::model::Decision::of(reasons), basis: None, until: None };
        }
        let reasons: Vec<Reason> = self.standings.iter().flat_map(|s| s.decide(mail, stale, now).reasons).collect();
        let basis = self.standings.iter().map(|s| s.basis).min().flatten();
        let decision = crate::model::Decision::of(reasons);
        let held = decision.verdict == crate::model::Verdict::Hold && stale.is_empty();
        let until = if held { self.until(mail.kind) } else { None };
        TableAnswer { decision, basis, until }
    }

    fn until(&self, kind: MailKind) -> Option<Time> {
        let held = |s: &&Standing| s.holds.iter().flat_map(|h| h.iter()).any(|h| h.stops.contains(kind));
        let mut last = None;
        for standing in self.standings.iter().filter(held) {
            last = last.max(Some(standing.until(kind)?));
        }
        last
    }
}

/// What a kind of mail needs and is too old to answer by, as reason codes.
pub fn stale(policy: &Policy, kind: MailKind, proved: &ProvedOf<'_>, side: &dyn Fn(&Name, &Name) -> Side, now: Time) -> Vec<Reason> {
    let mut reasons: Vec<Reason> = freshness::needed(policy, kind)
        .filter(|n| !n.answers(proved(&n.proof.system, &n.proof.stream), now))
        .map(|n| side(&n.proof.system, &n.proof.stream).reason())
        .collect();
    reasons.sort();
    reasons.dedup();
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::standing::{Brief, Kinds};
    use crate::model::{Basis, Verdict};

    #[test]
    fn an_address_of_two_people_gets_the_strictest_answer() {
        let table = Table::default();
        let address = Address::parse("info@acme.example").unwrap();
        let free = Standing { basis: Some(Basis::ExplicitConsent), ..Standing::default() };
        let brief = Brief { reason: Reason::OpenDealPerson, stops: Kinds::of(&[MailKind::Campaign]), until: None };
        let held = Standing { holds: Some([brief].into()), ..free.clone() };
        let set = |person, standing| TableUpdate::Set { person, standing, addresses: vec![address.clone()], records: Vec::new() };
        table.apply(vec![set(0, free)]);
        let subject = Subject::Address(address.clone());
        let mail = Mail::of(MailKind::Campaign);
        assert_eq!(table.find(&subject).decide(&mail, &[], Time(0)).decision.verdict, Verdict::Allow);
        table.apply(vec![set(1, held)]);
        assert_eq!(table.find(&subject).decide(&mail, &[], Time(0)).decision.reasons, [Reason::OpenDealPerson]);
        table.apply(vec![TableUpdate::Clear { person: 1, addresses: vec![address.clone()] }]);
        assert_eq!(table.find(&subject).decide(&mail, &[], Time(0)).decision.verdict, Verdict::Allow);
    }

    #[test]
    fn an_unknown_subject_is_held() {
        let found = Table::default().find(&Subject::Address(Address::parse("x@y.example").unwrap()));
        assert_eq!(found.decide(&Mail::of(MailKind::Campaign), &[], Time(0)).decision.reasons, [Reason::UnknownPerson]);
    }
    /// A lead's address was `Taro <a@b`: whoever reads it may have said no under another.
    #[test]
    fn a_record_whose_address_cannot_be_read_is_held() {
        let set = |unread| {
            let mut record = Record::new("ma:person:1".parse().unwrap());
            record.has_unread_address = unread;
            let standing = Standing { basis: Some(Basis::ExplicitConsent), ..Standing::default() };
            TableUpdate::Set { person: 1, standing, addresses: Vec::new(), records: vec![record] }
        };
        let (table, subject) = (Table::default(), Subject::Record("ma:person:1".parse().unwrap()));
        let reasons = || table.find(&subject).decide(&Mail::of(MailKind::Campaign), &[], Time(0)).decision.reasons;
        table.apply(vec![set(false)]);
        assert_eq!(reasons(), []);
        table.apply(vec![set(true)]);
        assert_eq!(reasons(), [Reason::UnknownPerson]);
        table.apply(vec![set(false)]);
        assert_eq!(reasons(), []);
    }
}
