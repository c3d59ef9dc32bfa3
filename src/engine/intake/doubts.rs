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
    /// As `Named`, and its accounts are companies by their names or domains: everyone of them, whichever system knows them.
    Companies,
}

impl Concerns {
    /// Those whom the row names.
    pub(crate) fn is_named(self) -> bool {
        matches!(self, Concerns::Named | Concerns::Companies)
    }
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
    /// By its name or domain.
    Company(ShortText),
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
    if !doubt.concerns.is_named() {
        return Vec::new();
    }
    let of = |entity, id: &ShortText| RecordId::new(cause.system.clone(), entity, id.clone());
    let people = doubt.people.iter().map(|p| DoubtKey::Person(of(Entity::Person, p)));
    let accounts = doubt.accounts.iter().map(|a| DoubtKey::Account(of(Entity::Account, a)));
    let companies = doubt.accounts.iter().filter(|_| doubt.concerns == Concerns::Companies).cloned().map(DoubtKey::Company);
    people.chain(accounts).chain(companies).chain(doubt.addresses.iter().cloned().map(DoubtKey::Address)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn id(text: &str) -> RecordId {
        text.parse().unwrap()
    }

    fn texts(ids: &[u8]) -> Vec<ShortText> {
        ids.iter().map(|i| i.to_string().as_str().into()).collect()
    }

    fn doubt(people: &[u8], accounts: &[u8], concerns: Concerns) -> Doubt {
        Doubt {
            stream: "deals".into(),
            row: "q_1".into(),
            why: "it has no state".into(),
            since: Time(1),
            people: texts(people),
            accounts: texts(accounts),
            addresses: Vec::new(),
            unlisted: false,
            named: true,
            concerns,
            epoch: 0,
        }
    }

    #[test]
    fn only_what_names_somebody_is_found_by_whom_it_names() {
        let mut named = doubt(&[1], &[2], Concerns::Named);
        named.addresses = vec![Address::first("taro@sato.example").unwrap()];
        let found = keys(&id("crm:deal:7"), &named);
        let (person, account) = (DoubtKey::Person(id("crm:person:1")), DoubtKey::Account(id("crm:account:2")));
        assert_eq!(found, [person, account, DoubtKey::Address(named.addresses[0].clone())]);
        for concerns in [Concerns::Record, Concerns::Nobody, Concerns::Anybody] {
            assert!(keys(&id("crm:deal:7"), &Doubt { concerns, ..named.clone() }).is_empty(), "{concerns:?}");
        }
    }

    #[test]
    fn rows_are_told_apart_by_stream_by_name_and_by_whom_they_concern() {
        let mut doubts = Doubts::default();
        doubts.put(id("crm:deal:1"), doubt(&[], &[], Concerns::Named));
        doubts.put(id("crm:deal:q_2"), Doubt { named: false, row: "q_2".into(), ..doubt(&[], &[], Concerns::Named) });
        doubts.put(id("crm:person:3"), doubt(&[], &[], Concerns::Record));
        doubts.put(id("crm:deal:4"), Doubt { stream: "leads".into(), ..doubt(&[], &[], Concerns::Named) });
        doubts.put(id("desk:deal:5"), doubt(&[], &[], Concerns::Named));
        let (system, stream) = ("crm".into(), "deals".into());
        assert_eq!(doubts.named_of(&system, &stream).collect::<Vec<_>>(), [&ShortText::from("1")]);
        assert!(doubts.doubts_record(&id("crm:person:3")) && !doubts.doubts_record(&id("crm:deal:1")));
        assert_eq!(doubts.of_row("q_2"), Some(id("crm:deal:q_2")));
        assert_eq!(doubts.of_row("q_9"), None);
    }

    #[test]
    fn a_word_answers_its_row_and_is_news_once() {
        let accepted = |by: &str| Accepted { cause: id("crm:deal:7"), by: by.into(), because: "a test row".into(), at: Time(1) };
        let mut doubts = Doubts::default();
        assert!(!doubts.is_accepted("q_1") && !doubts.is_answered(&id("crm:deal:7")));
        assert!(doubts.take_accepted("q_1", accepted("aiko")) && !doubts.take_accepted("q_1", accepted("aiko")));
        assert!(doubts.take_accepted("q_1", accepted("ken")));
        assert!(doubts.is_accepted("q_1") && !doubts.is_accepted("q_2"));
        assert!(doubts.is_answered(&id("crm:deal:7")) && !doubts.is_answered(&id("crm:deal:8")));
    }

    proptest! {
        /// Whatever was put, put over and taken: each is found by those whom it names now, and by nobody else.
        #[test]
        fn each_doubt_is_found_by_whom_it_names(steps in vec((0..4u8, vec(0..4u8, 0..3), vec(0..4u8, 0..3), any::<bool>()), 0..30)) {
            let mut doubts = Doubts::default();
            for (cause, people, accounts, taken) in steps {
                let cause = id(&format!("crm:deal:{cause}"));
                if taken {
                    doubts.take(&cause);
                    prop_assert!(doubts.get(&cause).is_none());
                } else {
                    let (mut people, mut accounts) = (people, accounts);
                    for list in [&mut people, &mut accounts] {
                        list.sort_unstable();
                        list.dedup();
                    }
                    doubts.put(cause, doubt(&people, &accounts, Concerns::Named));
                }
                for n in 0..4u8 {
                    let text = ShortText::from(n.to_string().as_str());
                    let by_person = doubts.at(&DoubtKey::Person(id(&format!("crm:person:{n}")))).count();
                    prop_assert_eq!(by_person, doubts.iter().filter(|(_, d)| d.people.contains(&text)).count());
                    let by_account = doubts.at(&DoubtKey::Account(id(&format!("crm:account:{n}")))).count();
                    prop_assert_eq!(by_account, doubts.iter().filter(|(_, d)| d.accounts.contains(&text)).count());
                }
            }
            prop_assert!(doubts.by_key.values().all(|causes| !causes.is_empty()), "no key is left behind");
        }
    }
}
