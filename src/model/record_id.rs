//! What a record is called everywhere, and what kind of thing it is.

use super::{Name, ShortText};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// What kind of thing a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    Person,
    Account,
    Deal,
    Ticket,
    /// A person's part in a deal; its id is `DEAL/PERSON`.
    DealPerson,
    Activity,
    Consent,
}

impl Entity {
    pub const ALL: [Entity; 7] =
        [Entity::Person, Entity::Account, Entity::Deal, Entity::Ticket, Entity::DealPerson, Entity::Activity, Entity::Consent];

    pub fn name(self) -> &'static str {
        match self {
            Entity::Person => "person",
            Entity::Account => "account",
            Entity::Deal => "deal",
            Entity::Ticket => "ticket",
            Entity::DealPerson => "deal_person",
            Entity::Activity => "activity",
            Entity::Consent => "consent",
        }
    }

    pub fn parse(name: &str) -> Option<Entity> {
        Entity::ALL.into_iter().find(|e| e.name() == name)
    }
}

/// A record's name everywhere: `SYSTEM:ENTITY:ID`. The id may hold colons, the system may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordId {
    pub system: Name,
    pub entity: Entity,
    pub id: ShortText,
}

impl RecordId {
    pub fn new(system: impl Into<Name>, entity: Entity, id: impl Into<ShortText>) -> RecordId {
        RecordId { system: system.into(), entity, id: id.into() }
    }

    /// The record that a text from outside names; `None` also where nothing in this process bears its system's name.
    pub fn of_known_system(text: &str) -> Option<RecordId> {
        let (system, entity, id) = RecordId::parts(text)?;
        Some(RecordId::new(Name::known(system)?, entity, id))
    }

    fn parts(text: &str) -> Option<(&str, Entity, &str)> {
        let mut parts = text.splitn(3, ':');
        let (system, entity, id) = (parts.next()?, parts.next()?, parts.next()?);
        (!system.is_empty() && !id.is_empty()).then_some((system, Entity::parse(entity)?, id))
    }

    /// Its text, as a key to store things under.
    pub fn key(&self) -> Vec<u8> {
        let entity = self.entity.name();
        let mut key = Vec::with_capacity(self.system.len() + entity.len() + self.id.len() + 2);
        for part in [&*self.system, ":", entity, ":", &*self.id] {
            key.extend_from_slice(part.as_bytes());
        }
        key
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.system, self.entity.name(), super::visible_line(&self.id))
    }
}

/// Why a text is no record id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no record; write SYSTEM:ENTITY:ID, as crm:person:5")]
pub struct BadRecordId(pub String);

impl FromStr for RecordId {
    type Err = BadRecordId;

    fn from_str(text: &str) -> Result<RecordId, BadRecordId> {
        match RecordId::parts(text) {
            Some((system, entity, id)) => Ok(RecordId::new(system, entity, id)),
            None => Err(BadRecordId(text.to_string())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn record_ids_read_and_print() {
        let id: RecordId = "crm:person:a:b".parse().unwrap();
        assert_eq!((&*id.system, id.entity, &*id.id), ("crm", Entity::Person, "a:b"));
        assert_eq!(id.to_string(), "crm:person:a:b");
        assert_eq!(id.key(), id.to_string().into_bytes());
        for bad in ["", "crm", "crm:person", "crm:person:", ":person:1", "crm:human:1"] {
            assert!(bad.parse::<RecordId>().is_err(), "{bad}");
        }
    }
}
