//! Who typed what where and when: kept where the systems' records change, and far simpler than anything that the product knows.

use super::{Table, said};
use nayose::model::{Record, ShortText, Time, Value};
use std::collections::{BTreeMap, HashMap};

/// Fields in which people type values that nobody typed before, unless somebody copies one.
pub const OWN_VALUES: [&str; 4] = ["phone", "title", "birth", "income"];
/// A field with entries that come and go one by one.
pub const ENTRIES: &str = "tags";
/// A field of few values, each by a code.
pub const CODED: &str = "sector";

/// Who changes a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    Person,
    /// We do, in whatever form it is kept.
    Us,
    /// The nightly job, which copies what another system has.
    Job,
}

/// By whom and when a field came to what it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Hand {
    pub at: Time,
    pub by: Doer,
    /// No time moved with it.
    pub silently: bool,
    /// What stood there before.
    pub before: Value,
    /// It was read from there before it went, so that we know of it.
    pub was_seen: bool,
}

impl Hand {
    pub fn is_ours(&self) -> bool {
        self.by == Doer::Us
    }

    pub fn is_typed(&self) -> bool {
        self.by == Doer::Person
    }
}

/// Somebody typed a value into a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    pub table: Table,
    pub number: u32,
    pub at: Time,
    /// Nobody did: the job put it there.
    pub is_copied: bool,
    /// No time moved with it.
    pub silently: bool,
}

/// How a change came about.
#[derive(Debug, Clone, Copy)]
pub struct Doing {
    pub at: Time,
    pub by: Doer,
    pub silently: bool,
}

type Place = (Table, u32, &'static str);

/// All that was typed in one history.
#[derive(Debug, Default)]
pub struct Account {
    hands: BTreeMap<Place, Hand>,
    typed: HashMap<(&'static str, String), Vec<Typed>>,
    /// Entries that somebody took out of a record's list.
    removed: BTreeMap<(Table, u32, String), Hand>,
    /// When the last pass that proves began, by table, and when our last write to a record was answered.
    looked: BTreeMap<Table, Time>,
    answered: BTreeMap<(Table, u32), Time>,
    /// When the first such pass began since a field came to what it shows.
    first_seen: BTreeMap<Place, Time>,
    next: u32,
    is_forgotten: bool,
}

impl Account {
    /// A number that no value holds yet.
    pub fn fresh(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// A record is there, or is another one than before.
    pub fn changed(&mut self, table: Table, number: u32, old: Option<&Record>, new: &Record, doing: Doing) {
        for field in OWN_VALUES.into_iter().chain([CODED, ENTRIES]).chain(said::fields()) {
            let (before, value) = (old.map_or(&Value::Empty, |r| shown(r, field)), shown(new, field));
            if before == value {
                continue;
            }
            let was_seen = self.is_seen(table, number, field);
            let hand = Hand { at: doing.at, by: doing.by, silently: doing.silently, before: before.clone(), was_seen };
            if field == ENTRIES {
                self.entries_changed((table, number), before, value, &hand);
            } else if !hand.is_ours() && !value.is_empty() {
                let is_copied = !hand.is_typed();
                self.note((field, value.to_string()), Typed { table, number, at: doing.at, is_copied, silently: doing.silently });
            }
            self.first_seen.remove(&(table, number, field));
            self.hands.insert((table, number, field), hand);
        }
    }

    /// Whether a pass began since the field came to what it shows, and we knew then what we wrote.
    pub fn is_seen(&self, table: Table, number: u32, field: &'static str) -> bool {
        let looked = self.looked.get(&table);
        self.hands.get(&(table, number, field)).is_some_and(|hand| {
            let since = if hand.is_ours() { self.answered.get(&(table, number)).filter(|at| **at >= hand.at) } else { Some(&hand.at) };
            !hand.silently && since.is_some_and(|since| looked > Some(since))
        })
    }

    /// A pass over a table that proves it began then.
    pub fn looked(&mut self, table: Table, at: Time) {
        if self.looked.insert(table, at) == Some(at) {
            return;
        }
        for (place, _) in self.hands.iter().filter(|(place, hand)| place.0 == table && at > hand.at) {
            self.first_seen.entry(*place).or_insert(at);
        }
    }

    /// Whether a write of ours that was carried out then was answered.
    pub fn is_answered(&self, table: Table, number: u32, at: Time) -> bool {
        self.answered.get(&(table, number)) >= Some(&at)
    }

    /// When the first pass began that showed what a field shows; `None`: none has.
    pub fn first_seen(&self, table: Table, number: u32, field: &'static str) -> Option<Time> {
        self.first_seen.get(&(table, number, field)).copied()
    }

    /// A write of ours was answered.
    pub fn answered(&mut self, table: Table, number: u32, at: Time) {
        self.answered.insert((table, number), at);
    }

    fn entries_changed(&mut self, (table, number): (Table, u32), before: &Value, value: &Value, hand: &Hand) {
        for entry in entries(value).iter().filter(|entry| !has(before, entry)) {
            let key = entry.as_str().to_lowercase();
            self.removed.remove(&(table, number, key.clone()));
            if !hand.is_ours() {
                self.note((ENTRIES, key), Typed { table, number, at: hand.at, is_copied: false, silently: hand.silently });
            }
        }
        for entry in entries(before).iter().filter(|entry| !has(value, entry) && !hand.is_ours()) {
            self.removed.insert((table, number, entry.as_str().to_lowercase()), hand.clone());
        }
    }

    fn note(&mut self, what: (&'static str, String), typed: Typed) {
        self.typed.entry(what).or_default().push(typed);
    }

    /// By whom a field came to what it shows; `None`: it never held anything.
    pub fn hand(&self, table: Table, number: u32, field: &'static str) -> Option<&Hand> {
        self.hands.get(&(table, number, field))
    }

    /// The same of all fields of a table: of which record, and which field.
    pub fn hands(&self, table: Table) -> impl Iterator<Item = (u32, &'static str, &Hand)> {
        let of_table = self.hands.iter().filter(move |(place, _)| place.0 == table);
        of_table.map(|((_, number, field), hand)| (*number, *field, hand))
    }

    /// Who typed a value, or an entry, anywhere.
    pub fn typed(&self, field: &'static str, value: &str) -> &[Typed] {
        let key = if field == ENTRIES { value.to_lowercase() } else { value.to_string() };
        self.typed.get(&(field, key)).map_or(&[], Vec::as_slice)
    }

    /// When somebody took an entry out of a record's list, in which it was not put since.
    pub fn removed(&self, table: Table, number: u32, entry: &str) -> Option<&Hand> {
        self.removed.get(&(table, number, entry.to_lowercase()))
    }

    /// The state is lost, and with it what was taken out or cleared.
    pub fn forget(&mut self) {
        self.removed.clear();
        self.looked.clear();
        self.hands.values_mut().for_each(|hand| hand.before = Value::Empty);
        self.is_forgotten = true;
    }

    pub fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// The records of a system are others.
    pub fn replace(&mut self, table: Table) {
        self.hands.retain(|(of, _, _), _| *of != table);
        self.removed.retain(|(of, _, _), _| *of != table);
    }
}

/// What a record shows of a field.
pub fn shown<'r>(record: &'r Record, field: &str) -> &'r Value {
    record.field(field).map_or(&Value::Empty, |f| &f.value)
}

/// The entries of a list.
pub fn entries(value: &Value) -> &[ShortText] {
    if let Value::List(entries) = value { entries } else { &[] }
}

fn has(value: &Value, entry: &str) -> bool {
    entries(value).iter().any(|e| e.as_str().to_lowercase() == entry.to_lowercase())
}
