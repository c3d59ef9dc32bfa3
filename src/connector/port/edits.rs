//! What a system is asked for about edits: only what some rule goes by, as it may cost requests.

use crate::model::Name;
use serde::Serialize;
use std::collections::BTreeSet;

/// Of one system.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct EditsAsked {
    /// Users of that system whose edits are copies of other systems' values.
    pub relays: Vec<String>,
    /// Some rule, or `relays`, goes by who edited.
    pub editors: bool,
    /// Persons' fields of which it matters when they changed: their history is asked for, and what a feed tells of them is kept.
    pub history: BTreeSet<Name>,
}

impl EditsAsked {
    pub fn is_nothing(&self) -> bool {
        self.relays.is_empty() && !self.editors && self.history.is_empty()
    }
}
