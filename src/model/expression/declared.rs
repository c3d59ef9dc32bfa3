//! Which fields the expressions may name, and of what type.

use crate::model::{Entity, Name};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The name by which expressions ask what a person is to us.
pub const RELATIONSHIP: &str = "relationship";

/// The name by which expressions ask whose value it is.
pub(super) const SYSTEM: &str = "system";

/// What a declared field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FieldType {
    Text,
    Int,
    Number,
    Bool,
    Time,
    /// Of texts.
    List,
}

impl FieldType {
    /// As said in messages.
    pub fn name(self) -> &'static str {
        match self {
            FieldType::Text => "text",
            FieldType::Int => "an int",
            FieldType::Number => "a number",
            FieldType::Bool => "a bool",
            FieldType::Time => "a time",
            FieldType::List => "a list",
        }
    }
}

/// The fields that config and manifests declare. It is kept as JSON alone, so that kinds may be added.
///
/// Deals and tickets have some more that are always there:
/// deal `open`, `won`, `lost`, `gone` (bools; an unknown deal is open) and `state` (open, won, lost, unknown);
/// ticket `open`, `closed`, `gone` and `state` (open, closed, unknown); both `closed_days` and `quiet_days` (whole days since the end and
/// since the last change). A declared field of such a name is hidden by it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declared {
    pub person: BTreeMap<Name, FieldType>,
    pub deal: BTreeMap<Name, FieldType>,
    pub ticket: BTreeMap<Name, FieldType>,
    /// Of a person's account: those with a rule under `[account]` of precedence.toml.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub account: BTreeMap<Name, FieldType>,
    /// What a ticket's field is known to hold, where its systems say so. There may be other words.
    #[serde(skip)]
    pub ticket_words: BTreeMap<Name, Vec<Name>>,
    /// Names with their rules, as they are written: the first that is true is a person's `relationship`. Who keeps the rest keeps these beside it.
    #[serde(skip)]
    pub relationships: Vec<(Name, Box<str>)>,
    /// What `system` may be, where that is known.
    #[serde(skip)]
    pub systems: Vec<Name>,
}

/// What kind of thing a field is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Person,
    Deal,
    Ticket,
    Account,
}

/// Where a field's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FieldSource {
    Open,
    Won,
    Lost,
    Closed,
    State,
    Gone,
    /// Whole days since it ended.
    ClosedDays,
    /// Whole days since it changed last.
    QuietDays,
    /// Of a person, by rules.
    Relationship,
    Declared(Name, FieldType),
}

const DEAL: [(&str, FieldSource); 7] = [
    ("open", FieldSource::Open),
    ("won", FieldSource::Won),
    ("lost", FieldSource::Lost),
    ("state", FieldSource::State),
    ("gone", FieldSource::Gone),
    ("closed_days", FieldSource::ClosedDays),
    ("quiet_days", FieldSource::QuietDays),
];
const TICKET: [(&str, FieldSource); 6] = [
    ("open", FieldSource::Open),
    ("closed", FieldSource::Closed),
    ("state", FieldSource::State),
    ("gone", FieldSource::Gone),
    ("closed_days", FieldSource::ClosedDays),
    ("quiet_days", FieldSource::QuietDays),
];

/// Whether expressions take a name for something else than a record's field.
pub fn is_taken(entity: Entity, name: &str) -> bool {
    let built_in: &[(&str, FieldSource)] = match entity {
        Entity::Deal => &DEAL,
        Entity::Ticket => &TICKET,
        _ => &[],
    };
    let word = matches!(name, "true" | "false" | "null" | "in");
    word || built_in.iter().any(|(taken, _)| *taken == name) || entity == Entity::Person && name == RELATIONSHIP
}

impl Declared {
    pub(super) fn slot(&self, of: Of, name: &str) -> Option<FieldSource> {
        let (built_in, declared) = self.of(of);
        if of == Of::Person && name == RELATIONSHIP && !self.relationships.is_empty() {
            return Some(FieldSource::Relationship);
        }
        let own = || declared.get_key_value(name).map(|(name, kind)| FieldSource::Declared(name.clone(), *kind));
        built_in.iter().find(|(n, _)| *n == name).map(|(_, slot)| slot.clone()).or_else(own)
    }

    pub(super) fn names(&self, of: Of) -> impl Iterator<Item = &str> {
        let (built_in, declared) = self.of(of);
        let by_rules = (of == Of::Person && !self.relationships.is_empty()).then_some(RELATIONSHIP);
        built_in.iter().map(|(n, _)| *n).chain(by_rules).chain(declared.keys().map(|n| &**n))
    }

    fn of(&self, of: Of) -> (&'static [(&'static str, FieldSource)], &BTreeMap<Name, FieldType>) {
        match of {
            Of::Person => (&[], &self.person),
            Of::Deal => (&DEAL, &self.deal),
            Of::Ticket => (&TICKET, &self.ticket),
            Of::Account => (&[], &self.account),
        }
    }
}
