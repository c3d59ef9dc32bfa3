//! What could not be read: each row that is in doubt, by whom it is found, and which of them a named person has accepted.

use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Address, Entity, Name, RecordId, ShortText, Time};
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rows that could not be read, by the record that stands for them.
pub(in crate::engine) const DOUBT: Kind<Doubt> = Kind::new(Tag::Doubt);

/// Rows that concern nobody, as a named person says.
pub(in crate::engine) const ACCEPTED: Kind<Accepted> = Kind::new(Tag::Accepted);

/// Deals and tickets that are gone, whose holds someone let go.
pub(in crate::engine) const LET_GO: Kind<()> = Kind::new(Tag::LetGo);

/// A row that was kept out whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    pub stream: Name,
    /// `q_..`: the same over passes and restarts, as long as the row is.
    pub row: Box<str>,
    pub why: String,
    pub since: Time,
    pub(crate) people: Vec<ShortText>,
    pub(crate) accounts: Vec<ShortText>,
    pub(crate) addresses: Vec<Address>,
    /// The last whole pass over the stream did not show it any more. That is no end.
    pub(crate) unlisted: bool,
    /// It bears its record's id.
    pub(crate) named: bool,
    pub(crate) concerns: Concerns,
    /// The pass that showed it last.
    #[serde(skip)]
    pub(crate) epoch: u32,
}

/// Whom a doubt can concern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Concerns {
    /// The people, accounts and addresses that it names.
    Named,
    /// Its own record: no permit, and nothing of it is released.
    Record,
    /// A person without an address in a system that sends no mail.
    Nobody,
    /// It may be anybody's.
    Anybody,
}

/// A named person's word that a row concerns nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The row's record, or what stands for it.
    pub cause: RecordId,
    pub by: String,
    pub because: String,
    pub at: Time,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum DoubtKey {
    Person(RecordId),
    Account(RecordId),
    Address(Address),
}

/// All that is in doubt.
#[derive(Debug, Default)]
pub struct Doubts {
    by_cause: BTreeMap<RecordId, Doubt>,
    by_key: HashMap<DoubtKey, Vec<RecordId>>,
    accepted: BTreeMap<Box<str>, Accepted>,
}

impl Doubts {
    pub fn is_empty(&self) -> bool {
        self.by_cause.is_empty()
    }

    pub fn get(&self, cause: &RecordId) -> Option<&Doubt> {
        self.by_cause.get(cause)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&RecordId, &Doubt)> {
        self.by_cause.iter()
    }

    /// Whether a person record could not be read, so that nothing of it may be widened.
    pub fn doubts_record(&self, id: &RecordId) -> bool {
        self.by_cause.get(id).is_some_and(|d| d.concerns == Concerns::Record)
    }

    /// The deals or tickets of a stream that could not be read, by their ids.
    pub fn named_of<'d>(&'d self, system: &'d Name, stream: &'d Name) -> impl Iterator<Item = &'d ShortText> {
        self.of_stream(system, stream).filter(|(_, d)| d.named && d.concerns != Concerns::Record).map(|(cause, _)| &cause.id)
    }

    pub(crate) fn of_stream<'d>(&'d self, system: &'d Name, stream: &'d Name) -> impl Iterator<Item = (&'d RecordId, &'d Doubt)> {
        self.by_cause.iter().filter(move |(cause, d)| cause.system == *system && d.stream == *stream)
    }

    pub fn is_accepted(&self, row: &str) -> bool {
        self.accepted.contains_key(row)
    }

    /// The record or stand-in of a row that is in doubt.
    pub fn of_row(&self, row: &str) -> Option<RecordId> {
        self.by_cause.iter().find(|(_, d)| *d.row == *row).map(|(cause, _)| cause.clone())
    }

    pub fn accepted(&self) -> impl Iterator<Item = (&str, &Accepted)> {
        self.accepted.iter().map(|(row, a)| (&**row, a))
    }

    /// Takes a word that was given before.
    pub fn take_accepted(&mut self, row: &str, accepted: Accepted) -> bool {
        self.accepted.insert(row.into(), accepted.clone()).is_none_or(|before| before != accepted)
    }

    /// Whether a named person accepted the row of this cause.
    pub fn is_answered(&self, cause: &RecordId) -> bool {
        self.accepted.values().any(|a| a.cause == *cause)
    }

    pub(crate) fn put(&mut self, cause: RecordId, doubt: Doubt) {
        self.take(&cause);
        for key in keys(&cause, &doubt) {
            self.by_key.entry(key).or_default().push(cause.clone());
        }
        self.by_cause.insert(cause, doubt);
    }

    pub(crate) fn take(&mut self, cause: &RecordId) -> Option<Doubt> {
        let doubt = self.by_cause.remove(cause)?;
        for key in keys(cause, &doubt) {
            if let Some(causes) = self.by_key.get_mut(&key) {
                causes.retain(|c| c != cause);
                if causes.is_empty() {
                    self.by_key.remove(&key);
                }
            }
        }
        Some(doubt)
    }

    pub(crate) fn at(&self, key: &DoubtKey) -> impl Iterator<Item = (&RecordId, &Doubt)> {
        self.by_key.get(key).into_iter().flatten().filter_map(|cause| Some((cause, self.by_cause.get(cause)?)))
    }
}

/// By whom it is found: only those whom it names are held by it.
pub(crate) fn keys(cause: &RecordId, doubt: &Doubt) -> Vec<DoubtKey> {
    if doubt.concerns != Concerns::Named {
        return Vec::new();
    }
    let of = |entity, id: &ShortText| RecordId::new(cause.system.clone(), entity, id.clone());
    let people = doubt.people.iter().map(|p| DoubtKey::Person(of(Entity::Person, p)));
    let accounts = doubt.accounts.iter().map(|a| DoubtKey::Account(of(Entity::Account, a)));
    people.chain(accounts).chain(doubt.addresses.iter().cloned().map(DoubtKey::Address)).collect()
}
