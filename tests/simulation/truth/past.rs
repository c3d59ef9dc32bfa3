//! What the CRM itself keeps of its contacts' fields: each value that one was given, when and by whom. And what of that we were told.

use super::account::{CODED, Doer, Doing, OWN_VALUES, shown};
use super::{Table, Truth, Way};
use crate::dice::Dice;
use nayose::model::{Record, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What the CRM calls the job that copies.
pub const JOB: &str = "900123";

/// One entry of a field's history.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit {
    pub at: Time,
    pub value: Value,
    pub by: Doer,
}

type Place = (u32, &'static str);

#[derive(Debug, Default)]
pub struct Past {
    edits: BTreeMap<Place, Vec<Edit>>,
    /// What was shown last of a contact in a page behind which its history is asked for.
    shown: BTreeMap<u32, Record>,
    /// What an answer on its way tells whole, and what was told so since it came to what it is, to the process that runs.
    telling: Vec<Place>,
    told: BTreeSet<Place>,
}

/// The fields of which a history is kept.
pub fn fields() -> impl Iterator<Item = &'static str> {
    OWN_VALUES.into_iter().chain([CODED])
}

impl Past {
    fn changed(&mut self, number: u32, old: Option<&Record>, new: &Record, doing: Doing) {
        for field in fields() {
            let (before, value) = (old.map_or(&Value::Empty, |r| shown(r, field)), shown(new, field));
            if before != value {
                self.add((number, field), value, doing);
                self.told.remove(&(number, field));
            }
        }
    }

    fn add(&mut self, place: Place, value: &Value, doing: Doing) {
        self.edits.entry(place).or_default().push(Edit { at: doing.at, value: value.clone(), by: doing.by });
    }

    /// The history of a field, the last entry first.
    pub fn of(&self, number: u32, field: &'static str) -> impl Iterator<Item = &Edit> {
        self.edits.get(&(number, field)).into_iter().flatten().rev()
    }

    /// Whether a person is among those who gave the field the value that it has, one after the other.
    pub fn is_typed(&self, number: u32, field: &'static str) -> bool {
        let last = self.of(number, field).next();
        let mut same = self.of(number, field).take_while(|edit| last.is_some_and(|last| edit.value == last.value));
        same.any(|edit| edit.by == Doer::Person)
    }

    pub fn show(&mut self, number: u32, record: &Record) {
        self.shown.insert(number, record.clone());
    }

    /// An answer tells the entry by which a field came to what it is: whoever was shown just that goes by it.
    pub fn tell(&mut self, number: u32, field: &'static str, value: &Value) {
        if self.shown.get(&number).is_some_and(|record| shown(record, field) == value) {
            self.telling.push((number, field));
        }
    }

    /// The answer is over. `arrives`: whoever asked gets it.
    pub fn answered(&mut self, arrives: bool) {
        let telling = std::mem::take(&mut self.telling);
        self.told.extend(telling.into_iter().filter(|_| arrives));
    }

    /// Whether it was told when and by whom a contact's field came to what it is.
    pub fn is_told(&self, number: u32, field: &'static str) -> bool {
        self.told.contains(&(number, field))
    }

    /// Another process begins, and what the one before it was told need not be kept.
    pub fn forget(&mut self) {
        self.told.clear();
    }
}

impl Truth {
    /// Changes a record. `ours` is a write of nayose's.
    pub fn change(&mut self, table: Table, id: u32, way: Way, ours: bool, dice: &mut Dice, edit: impl FnOnce(&mut Record)) -> bool {
        self.change_by(table, id, way, if ours { Doer::Us } else { Doer::Person }, dice, edit)
    }

    /// Notes who changed what of a record.
    pub(super) fn changed(&mut self, table: Table, id: u32, old: Option<&Record>, new: &Record, doing: Doing) {
        self.account.changed(table, id, old, new, doing);
        self.note_said(table, id, (old, new), doing);
        if table == Table::CrmPeople {
            self.past.changed(id, old, new, doing);
        }
    }

    /// The job puts a value into a record's field, and be it the one that stands there.
    pub fn copy(&mut self, table: Table, id: u32, field: &'static str, value: &Value, dice: &mut Dice) {
        let at = self.now;
        let stands = self.item(table, id).is_some_and(|item| !item.deleted() && shown(item.record(), field) == value);
        self.change_by(table, id, Way::Usual, Doer::Job, dice, |record| record.set(&field.into(), value.clone(), at));
        if stands && table == Table::CrmPeople {
            self.past.add((id, field), value, Doing { at, by: Doer::Job, silently: false });
        }
    }
}
