//! The decision table: what the gate answers from, in memory, never from disk.
//!
//! Found by 64-bit hashes of addresses and record ids. Two different subjects with one hash would share their entries, and the strictest wins.

use crate::decide::rules::Policy;
use crate::decide::standing::Standing;
use crate::model::{Address, Mail, MailKind, Reason, RecordId, Time};
use hashbrown::HashMap;
use std::hash::{BuildHasher, Hash};
use std::sync::RwLock;

/// Standings of all people, by address and by record.
#[derive(Debug, Default)]
pub struct Table {
    inner: RwLock<Inner>,
    hasher: hashbrown::DefaultHashBuilder,
}

#[derive(Debug, Default)]
struct Inner {
    standings: Vec<Standing>,
    by_address: HashMap<u64, Places>,
    by_record: HashMap<u64, u32>,
}

/// Mostly one person bears an address.
#[derive(Debug, Clone)]
enum Places {
    One(u32),
    Several(Vec<u32>),
}

impl Places {
    fn add(&mut self, place: u32) {
        match self {
            Places::One(one) if *one == place => {}
            Places::One(one) => *self = Places::Several(vec![*one, place]),
            Places::Several(list) if list.contains(&place) => {}
            Places::Several(list) => list.push(place),
        }
    }

    fn as_slice(&self) -> &[u32] {
        match self {
            Places::One(one) => std::slice::from_ref(one),
            Places::Several(list) => list,
        }
    }
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

    /// Sets a person's standing; `addresses` and `records` from now on lead to it.
    pub fn set<'a>(
        &self,
        person: u32,
        standing: Standing,
        addresses: impl Iterator<Item = &'a Address>,
        records: impl Iterator<Item = &'a RecordId>,
    ) {
        let mut inner = self.inner.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        let place = person as usize;
        if inner.standings.len() <= place {
            inner.standings.resize_with(place + 1, Standing::default);
        }
        inner.standings[place] = standing;
        for address in addresses {
            inner.by_address.entry(self.hash(address)).and_modify(|p| p.add(person)).or_insert(Places::One(person));
        }
        for record in records {
            inner.by_record.insert(self.hash(record), person);
        }
    }

    /// Takes a person's addresses away, before its place is given to another.
    pub fn clear<'a>(&self, person: u32, addresses: impl Iterator<Item = &'a Address>) {
        let mut inner = self.inner.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for address in addresses {
            let hash = self.hash(address);
            let empty = match inner.by_address.get_mut(&hash) {
                Some(Places::One(one)) => *one == person,
                Some(Places::Several(list)) => {
                    list.retain(|p| *p != person);
                    list.is_empty()
                }
                None => false,
            };
            if empty {
                inner.by_address.remove(&hash);
            }
        }
        if let Some(standing) = inner.standings.get_mut(person as usize) {
            *standing = Standing::default();
        }
    }

    /// All standings that a subject has: several where an address is borne by several people. None: unknown.
    pub fn find(&self, subject: &Subject) -> Found {
        let inner = self.inner.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let places: &[u32] = match subject {
            Subject::Address(address) => inner.by_address.get(&self.hash(address)).map_or(&[], Places::as_slice),
            Subject::Record(record) => inner.by_record.get(&self.hash(record)).map_or(&[], std::slice::from_ref),
        };
        Found { standings: places.iter().filter_map(|p| inner.standings.get(*p as usize)).cloned().collect() }
    }
}

/// The answer for one subject and mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub decision: crate::model::Decision,
    pub basis: Option<crate::model::Basis>,
    pub until: Option<Time>,
}

impl Found {
    /// The strictest of all standings; an unknown subject is held.
    pub fn decide(&self, mail: &Mail, stale: &[Reason], now: Time) -> Answer {
        if self.standings.is_empty() {
            let mut reasons = stale.to_vec();
            reasons.push(Reason::UnknownPerson);
            return Answer { decision: crate::model::Decision::of(reasons), basis: None, until: None };
        }
        let reasons: Vec<Reason> = self.standings.iter().flat_map(|s| s.decide(mail, stale, now).reasons).collect();
        let basis = self.standings.iter().map(|s| s.basis).min().flatten();
        let decision = crate::model::Decision::of(reasons);
        let held = decision.verdict == crate::model::Verdict::Hold && stale.is_empty();
        let until = if held { self.until(mail.kind) } else { None };
        Answer { decision, basis, until }
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

/// What a kind of mail needs and is not proved fresh, as reason codes.
pub fn stale(
    policy: &Policy,
    kind: MailKind,
    proved: &dyn Fn(&crate::model::Name, &crate::model::Name) -> crate::decide::freshness::Proved,
    side: &dyn Fn(&crate::model::Name, &crate::model::Name) -> crate::decide::freshness::Side,
    now: Time,
) -> Vec<Reason> {
    use crate::decide::freshness;
    let mut reasons: Vec<Reason> = freshness::needed(policy, kind)
        .filter(|p| !freshness::is_fresh(p, proved, now))
        .map(|p| side(&p.system, &p.stream).reason())
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
        table.set(0, free, [&address].into_iter(), [].into_iter());
        let subject = Subject::Address(address.clone());
        let mail = Mail::of(MailKind::Campaign);
        assert_eq!(table.find(&subject).decide(&mail, &[], Time(0)).decision.verdict, Verdict::Allow);
        table.set(1, held, [&address].into_iter(), [].into_iter());
        assert_eq!(table.find(&subject).decide(&mail, &[], Time(0)).decision.reasons, [Reason::OpenDealPerson]);
        table.clear(1, [&address].into_iter());
        assert_eq!(table.find(&subject).decide(&mail, &[], Time(0)).decision.verdict, Verdict::Allow);
    }

    #[test]
    fn an_unknown_subject_is_held() {
        let found = Table::default().find(&Subject::Address(Address::parse("x@y.example").unwrap()));
        assert_eq!(found.decide(&Mail::of(MailKind::Campaign), &[], Time(0)).decision.reasons, [Reason::UnknownPerson]);
    }
}
