//! What records ever showed of the words' fields, under which names, and which companies they ever named: all that somebody may still know who
//! has not looked again.

use super::account::{Doer, Doing, shown};
use super::{Table, Truth};
use crate::dice::Dice;
use crate::setup::words::{FIELDS, INDUSTRY};
use nayose::model::{Address, Record, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

type Place = (Table, u32, &'static str);

#[derive(Debug, Default)]
pub struct Said {
    /// What others put there, and what we did, in whatever form it was kept.
    theirs: BTreeMap<Place, Vec<Value>>,
    ours: BTreeMap<Place, Vec<Value>>,
    names: BTreeMap<(Table, u32), BTreeSet<String>>,
    addresses: BTreeMap<(Table, u32), BTreeSet<Address>>,
    accounts: BTreeMap<u32, BTreeSet<u32>>,
    made: BTreeMap<(Table, u32), Time>,
}

/// The fields of which it is kept what they ever showed.
pub fn fields() -> impl Iterator<Item = &'static str> {
    FIELDS.iter().map(|field| field.name).chain([INDUSTRY])
}

impl Said {
    fn changed(&mut self, table: Table, number: u32, (old, new): (Option<&Record>, &Record), doing: Doing) {
        let record = (table, number);
        self.made.entry(record).or_insert(doing.at);
        self.names.entry(record).or_default().extend(new.name());
        if table == Table::CrmPeople {
            let account: Option<u32> = new.account.as_ref().and_then(|account| account.parse().ok());
            self.accounts.entry(number).or_default().extend(account);
        }
        for field in fields() {
            let value = shown(new, field);
            let stands = old.is_some_and(|old| shown(old, field) == value);
            if !value.is_empty() && !stands {
                let all = if doing.by == Doer::Us { &mut self.ours } else { &mut self.theirs };
                all.entry((table, number, field)).or_default().push(value.clone());
            }
        }
    }

    pub fn theirs(&self, table: Table, number: u32, field: &'static str) -> &[Value] {
        self.theirs.get(&(table, number, field)).map_or(&[], Vec::as_slice)
    }

    pub fn ours(&self, table: Table, number: u32, field: &'static str) -> &[Value] {
        self.ours.get(&(table, number, field)).map_or(&[], Vec::as_slice)
    }

    /// Whether a record ever bore a name, and whether it bore no other.
    pub fn was_named(&self, table: Table, number: u32, name: &str) -> (bool, bool) {
        let names = self.names.get(&(table, number));
        let was = names.is_some_and(|names| names.contains(name));
        (was, was && names.is_some_and(|names| names.len() == 1))
    }

    /// Whether a record ever bore an address.
    pub fn bore(&self, table: Table, number: u32, address: &Address) -> bool {
        self.addresses.get(&(table, number)).is_some_and(|all| all.contains(address))
    }

    /// The companies that a contact ever named as its first.
    pub fn accounts(&self, number: u32) -> impl Iterator<Item = u32> {
        self.accounts.get(&number).into_iter().flatten().copied()
    }

    /// When a record was made.
    pub fn made(&self, table: Table, number: u32) -> Option<Time> {
        self.made.get(&(table, number)).copied()
    }

    /// The records of a system are others.
    pub fn replace(&mut self, table: Table) {
        self.theirs.retain(|(of, _, _), _| *of != table);
        self.ours.retain(|(of, _, _), _| *of != table);
        self.names.retain(|(of, _), _| *of != table);
        self.addresses.retain(|(of, _), _| *of != table);
        self.made.retain(|(of, _), _| *of != table);
    }
}

impl Truth {
    /// Notes what a record shows, where the words are spoken.
    pub(super) fn note_said(&mut self, table: Table, number: u32, records: (Option<&Record>, &Record), doing: Doing) {
        if self.spoken && matches!(table, Table::CrmPeople | Table::CrmCompanies | Table::SupportPeople | Table::MaPeople) {
            let addresses = self.addresses(records.1);
            self.said.addresses.entry((table, number)).or_default().extend(addresses);
            self.said.changed(table, number, records, doing);
        }
    }

    /// A record under a number of its own.
    pub fn add_as(&mut self, number: u32, table: Table, dice: &mut Dice, fill: impl FnOnce(&mut Record)) {
        let next = std::mem::replace(&mut self.next, number);
        self.add(table, 0, dice, fill);
        self.next = next;
    }
}
