//! What of an undo would only be written again: the rules of now still want what the run wrote.

use super::set_back::SetBack;
use crate::engine::assess::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::place::{Idx, PersonIdx};
use crate::engine::memory::view::View;
use crate::engine::proofs::coverage::Gaps;
use crate::model::{Name, Record, RecordId, Time, Value};
use std::collections::{BTreeMap, BTreeSet};

/// Why such a field is left as it is.
pub(super) const STILL_WANTED: &str = "the rules of now still want it so: it would only be written again";

/// A field that shows what a run wrote.
#[derive(Debug, Clone)]
pub(super) struct Undoable {
    pub(super) record: RecordId,
    pub(super) idx: Idx,
    pub(super) back: SetBack,
    /// What the run wrote there last.
    pub(super) wrote: Value,
}

impl Engine {
    /// Of these fields, those that the rules of now would write again, once all of them are back.
    ///
    /// They are merged as they would stand then: a value that a wrong write took away counts again.
    pub(super) fn still_wanted(&self, undoable: &[Undoable], now: Time) -> BTreeSet<(Idx, Name)> {
        let mut of_person: BTreeMap<PersonIdx, Vec<&Undoable>> = BTreeMap::new();
        for one in undoable {
            of_person.entry(self.world.slot(one.idx).person).or_default().push(one);
        }
        let mut wanted = BTreeSet::new();
        for (person, undoable) in of_person {
            let places = &self.people[person as usize].members;
            let mut records: Vec<Record> = places.iter().map(|idx| self.world.record(*idx)).collect();
            put_back(places, &mut records, &undoable, now);
            // What waits for a pass is written after it.
            let (gaps, around) = (Gaps::default(), View::new(&self.world));
            let of = Members { places, records: &records, around: &around, gaps: &gaps, by: self.rules.merging() };
            let is_wanted = |one: &&&Undoable| {
                let winner = self.winner(&one.back.field, of, now).ok().flatten();
                winner.is_some_and(|winner| winner.value == one.wrote)
            };
            wanted.extend(undoable.iter().filter(is_wanted).map(|one| (one.idx, one.back.field.clone())));
        }
        wanted
    }
}

/// Gives a person's records the values of before, as if somebody had typed them now.
fn put_back(places: &[Idx], records: &mut [Record], undoable: &[&Undoable], now: Time) {
    for (idx, record) in places.iter().zip(records) {
        for one in undoable.iter().filter(|one| one.idx == *idx) {
            record.set(&one.back.field, one.back.to.clone(), now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_fields_that_go_back_are_put_back() {
        let text = |text: &str| Value::text(text);
        let record = |id: &str| {
            let mut record = Record::new(id.parse().unwrap());
            ["title", "phone"].into_iter().for_each(|field| record.set(&field.into(), text("new"), Time(1)));
            record
        };
        let undoable = |idx: Idx, field: &str| Undoable {
            record: "ma:person:1".parse().unwrap(),
            idx,
            back: SetBack { field: field.into(), shown: text("new"), to: text("old"), instead_of: None },
            wrote: text("new"),
        };
        let (title, phone) = (undoable(7, "title"), undoable(9, "phone"));
        let mut records = [record("ma:person:1"), record("crm:person:1"), record("cards:person:1")];
        put_back(&[7, 8, 9], &mut records, &[&title, &phone], Time(5));
        let shows = |record: &Record| ["title", "phone"].map(|name| record.field_of(&name.into()).map(|f| f.value.to_string()));
        let shown = records.each_ref().map(shows);
        let (old, new) = (Some(text("old").to_string()), Some(text("new").to_string()));
        assert_eq!(shown, [[old.clone(), new.clone()], [new.clone(), new.clone()], [new, old]]);
    }
}
