//! Refusals as they are known: by record and by address. They only grow.

use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Address, Name, RecordId, Refusal, RefusalScope};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// Refusals, by what they hang on and their scope.
pub(in crate::engine) const REFUSAL: Kind<(StoredOn, Refusal)> = Kind::new(Tag::Refusal);

/// What a refusal hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum On<'a> {
    Record(&'a RecordId),
    Address(&'a Address),
}

/// The same, as it lies in the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum StoredOn {
    Record(RecordId),
    Address(Address),
}

impl From<On<'_>> for StoredOn {
    fn from(on: On<'_>) -> StoredOn {
        match on {
            On::Record(record) => StoredOn::Record(record.clone()),
            On::Address(address) => StoredOn::Address(address.clone()),
        }
    }
}

impl StoredOn {
    pub fn on(&self) -> On<'_> {
        match self {
            StoredOn::Record(record) => On::Record(record),
            StoredOn::Address(address) => On::Address(address),
        }
    }
}

/// All refusals. Removing one is not in its interface.
#[derive(Debug, Default)]
pub struct Refusals {
    by_record: HashMap<RecordId, Vec<Refusal>>,
    by_address: HashMap<Address, Vec<Refusal>>,
}

impl Refusals {
    /// Adds a refusal; false if that scope was known there already.
    pub fn add(&mut self, on: On<'_>, refusal: &Refusal) -> bool {
        if self.knows(on, &refusal.scope) {
            return false;
        }
        let known = match on {
            On::Record(record) => self.by_record.entry(record.clone()).or_default(),
            On::Address(address) => self.by_address.entry(address.clone()).or_default(),
        };
        known.push(refusal.clone());
        true
    }

    pub fn knows(&self, on: On<'_>, scope: &RefusalScope) -> bool {
        self.of(on).iter().any(|r| r.scope == *scope)
    }

    pub fn of(&self, on: On<'_>) -> &[Refusal] {
        let known = match on {
            On::Record(record) => self.by_record.get(record),
            On::Address(address) => self.by_address.get(address),
        };
        known.map_or(&[], Vec::as_slice)
    }

    pub fn all(&self) -> impl Iterator<Item = (On<'_>, &Refusal)> {
        let records = self.by_record.iter().map(|(record, refusals)| (On::Record(record), refusals));
        let addresses = self.by_address.iter().map(|(address, refusals)| (On::Address(address), refusals));
        records.chain(addresses).flat_map(|(on, refusals)| refusals.iter().map(move |r| (on, r)))
    }

    /// The records of a system have another system's name from now on. Gives those it touches: the key that each lay under, and what lies
    /// in its place. Nothing is lost by it.
    pub fn rename(&mut self, from: &Name, to: &Name) -> Vec<(Vec<u8>, StoredOn, Refusal)> {
        let renamed = |id: &RecordId| RecordId { system: if id.system == *from { to.clone() } else { id.system.clone() }, ..id.clone() };
        let mut touched = Vec::new();
        let mut all: Vec<(StoredOn, Refusal)> = Vec::new();
        for (on, refusal) in self.all() {
            let new = Refusal { from: renamed(&refusal.from), ..refusal.clone() };
            let new_on = match on {
                On::Record(record) => StoredOn::Record(renamed(record)),
                On::Address(address) => StoredOn::Address(address.clone()),
            };
            if new_on.on() != on || new != *refusal {
                touched.push((refusal_key(on, &refusal.scope), new_on.clone(), new.clone()));
            }
            all.push((new_on, new));
        }
        if !touched.is_empty() {
            *self = Refusals::default();
            for (on, refusal) in all {
                self.add(on.on(), &refusal);
            }
        }
        touched
    }

    pub fn is_empty(&self) -> bool {
        self.by_record.is_empty() && self.by_address.is_empty()
    }
}

/// Under it a refusal lies in the store.
pub fn refusal_key(on: On<'_>, scope: &RefusalScope) -> Vec<u8> {
    let on = match on {
        On::Record(record) => format!("record\u{1f}{record}"),
        On::Address(address) => format!("address\u{1f}{address}"),
    };
    let scope = match scope {
        RefusalScope::All => "All".to_string(),
        RefusalScope::Topic(topic) => format!("Topic({topic:?})"),
    };
    format!("{on}\u{1f}{scope}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_renamed_system_takes_its_refusals_along_and_leaves_none_to_a_stranger() {
        let id = |text: &str| -> RecordId { text.parse().unwrap() };
        let address = Address::parse("taro@sato.example").unwrap();
        let refusal = Refusal { scope: RefusalScope::All, from: id("ma:person:1"), seen_at: Time(5), address: Some(address.clone()) };
        let mut refusals = Refusals::default();
        for on in [On::Record(&id("ma:person:1")), On::Record(&id("crm:person:4")), On::Address(&address)] {
            assert!(refusals.add(on, &refusal));
        }
        let touched = refusals.rename(&"ma".into(), &"ma@1".into());
        assert_eq!(touched.len(), 3, "the address and the other record say from where they know it");
        assert!(!refusals.knows(On::Record(&id("ma:person:1")), &RefusalScope::All));
        for on in [On::Record(&id("ma@1:person:1")), On::Record(&id("crm:person:4")), On::Address(&address)] {
            assert_eq!(refusals.of(on)[0].from, id("ma@1:person:1"), "{on:?}");
        }
        assert!(refusals.rename(&"ma".into(), &"ma@2".into()).is_empty());
    }

    /// A refusal under another key would lie in the store twice.
    #[test]
    fn the_keys_of_refusals_in_the_store_stay_what_they_were() {
        let (record, address) = ("ma:person:1".parse().unwrap(), Address::parse("taro@sato.example").unwrap());
        let key = |on, scope| String::from_utf8(refusal_key(on, &scope)).unwrap();
        assert_eq!(key(On::Record(&record), RefusalScope::All), "record\u{1f}ma:person:1\u{1f}All");
        let topic = || RefusalScope::Topic("a \"b\" 山".into());
        assert_eq!(key(On::Address(&address), topic()), "address\u{1f}taro@sato.example\u{1f}Topic(\"a \\\"b\\\" 山\")");
    }
}
