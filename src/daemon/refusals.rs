//! Refusals as they are known: by record and by address. They only grow.

use crate::model::{Address, RecordId, Refusal, RefusalScope};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

/// What a refusal hangs on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum On {
    Record(RecordId),
    Address(Address),
}

/// All refusals. Removing one is not in its interface.
#[derive(Debug, Default)]
pub struct Refusals {
    by: HashMap<On, Vec<Refusal>>,
}

impl Refusals {
    /// Adds a refusal; false if that scope was known there already.
    pub fn add(&mut self, on: On, refusal: Refusal) -> bool {
        let known = self.by.entry(on).or_default();
        if known.iter().any(|r| r.scope == refusal.scope) {
            return false;
        }
        known.push(refusal);
        true
    }

    pub fn knows(&self, on: &On, scope: &RefusalScope) -> bool {
        self.by.get(on).is_some_and(|k| k.iter().any(|r| r.scope == *scope))
    }

    pub fn of(&self, on: &On) -> &[Refusal] {
        self.by.get(on).map_or(&[], Vec::as_slice)
    }

    pub fn all(&self) -> impl Iterator<Item = (&On, &Refusal)> {
        self.by.iter().flat_map(|(on, refusals)| refusals.iter().map(move |r| (on, r)))
    }

    pub fn is_empty(&self) -> bool {
        self.by.is_empty()
    }
}
