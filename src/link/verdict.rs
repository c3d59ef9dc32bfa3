//! Whether a key joins the records that bear it: all of them, or none.

use super::keys::{Key, LinkRules};
use super::names::PersonName;
use crate::model::{Address, Record};

/// The most records a person can have. Something bigger is no person but a mistake in the data: then no record of it is joined.
pub const COMPONENT_MAX: usize = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyVerdict {
    /// Its bearers are one person.
    Joins,
    /// A shared mailbox: it says nothing about who.
    Shared,
    /// Two of its bearers have names that are not one person's: it joins none of them, and someone is asked.
    TwoNames,
    /// More bearers, or a bigger person, than any real one has.
    TooMany,
}

impl KeyVerdict {
    pub fn name(self) -> &'static str {
        match self {
            KeyVerdict::Joins => "joins",
            KeyVerdict::Shared => "shared",
            KeyVerdict::TwoNames => "two_names",
            KeyVerdict::TooMany => "too_many",
        }
    }
}

/// Judges a key over *all* its bearers, in any order.
///
/// An address joins unless it is shared or two bearers' names are incompatible, and none of the two was the other's until a slip in it was
/// mended, or we wrote another. An id joins unless, for two bearers, the names are incompatible, also those of before, and the addresses are
/// not known to be equal: then one record was perhaps taken over by another person.
pub fn verdict(key: &Key, bearers: &[&Record], rules: &LinkRules) -> KeyVerdict {
    if let Key::Address(address) = key
        && rules.is_shared(address)
    {
        return KeyVerdict::Shared;
    }
    if bearers.len() > COMPONENT_MAX {
        return KeyVerdict::TooMany;
    }
    if bearers.len() < 2 {
        return KeyVerdict::Joins;
    }
    match key {
        Key::Address(address) => by_address(address, bearers),
        Key::Remote(_) => by_id(bearers),
    }
}

fn by_address(address: &Address, bearers: &[&Record]) -> KeyVerdict {
    let mut written: Vec<String> = bearers.iter().filter_map(|r| r.name()).collect();
    written.sort_unstable();
    written.dedup();
    if written.len() < 2 {
        return KeyVerdict::Joins;
    }
    let past = PastNames::of(bearers);
    let mut names: Vec<PersonName> = Vec::with_capacity(written.len());
    for name in written.iter().map(|w| PersonName::read(w)) {
        if names.contains(&name) {
            continue;
        }
        if names.iter().any(|other| !name.goes_with(other, &[address]) && !past.join(&name, other, &[address])) {
            return KeyVerdict::TwoNames;
        }
        names.push(name);
    }
    KeyVerdict::Joins
}

/// Names of now with what they were before a slip was mended, or we wrote another. Who goes by one of before is the same person.
struct PastNames(Vec<(PersonName, PersonName)>);

impl PastNames {
    fn of(bearers: &[&Record]) -> PastNames {
        let of = |record: &&Record| {
            let now = record.name().filter(|_| !record.memory.past_names.is_empty()).map(|name| PersonName::read(&name));
            let past: Vec<PersonName> = record.memory.past_names.iter().map(|past| PersonName::read(past)).collect();
            now.into_iter().flat_map(move |now| past.clone().into_iter().map(move |past| (now.clone(), past)))
        };
        PastNames(bearers.iter().flat_map(of).collect())
    }

    fn join(&self, a: &PersonName, b: &PersonName, addresses: &[&Address]) -> bool {
        let joins = |one: &PersonName, other: &PersonName| self.0.iter().any(|(now, past)| now == one && past.goes_with(other, addresses));
        joins(a, b) || joins(b, a)
    }
}

fn by_id(bearers: &[&Record]) -> KeyVerdict {
    // One of each name and address is enough to compare.
    let mut shown: Vec<(String, Option<Address>)> = bearers.iter().filter_map(|r| Some((r.name()?, r.address()))).collect();
    shown.sort_unstable();
    shown.dedup();
    if shown.len() < 2 {
        return KeyVerdict::Joins;
    }
    let past = PastNames::of(bearers);
    let mut seen: Vec<(PersonName, Option<Address>)> = Vec::with_capacity(shown.len());
    for (written, address) in shown {
        let name = PersonName::read(&written);
        let conflicts = |(other, other_address): &(PersonName, Option<Address>)| {
            let same_address = address.is_some() && address == *other_address;
            let addresses: Vec<&Address> = address.iter().chain(other_address).collect();
            !same_address && !name.goes_with(other, &addresses) && !past.join(&name, other, &addresses)
        };
        if seen.iter().any(conflicts) {
            return KeyVerdict::TwoNames;
        }
        seen.push((name, address));
    }
    KeyVerdict::Joins
}
