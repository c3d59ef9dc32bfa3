//! Refusals as they are known: by record and by address. They only grow.

use crate::model::{Address, RecordId, Refusal, RefusalScope};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// What a refusal hangs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum On<'a> {
    Record(&'a RecordId),
    Address(&'a Address),
}

/// The same, as it is read from the store.
#[derive(Debug, Deserialize)]
pub enum StoredOn {
    Record(RecordId),
    Address(Address),
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

    pub fn is_empty(&self) -> bool {
        self.by_record.is_empty() && self.by_address.is_empty()
    }
}
