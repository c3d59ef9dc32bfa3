//! What can be said of a person by looking only: who it is, which holds reach it, what the merge makes of its fields. Nothing is changed, so
//! that many are sketched at once on several threads; [`reconcile`](super::reconcile) then decides on each in turn.

use crate::decide::forward_only::ForwardOnly;
use crate::decide::phase::Phase;
use crate::decide::standing::HoldNow;
use crate::engine::memory::place::Idx;
use crate::model::expression::EvaluationError;
use crate::model::{Address, FirstValue, Name, Record, RecordId, Time, Value};
use std::sync::Arc;

/// One person, looked at.
pub struct Sketch {
    /// Sorted.
    pub members: Vec<Idx>,
    pub records: Vec<Record>,
    /// All that its records bear or bore.
    pub addresses: Vec<Address>,
    /// Others who bear one of them.
    pub neighbours: Vec<Idx>,
    /// Through its own deals, accounts and tickets.
    pub holds: Vec<HoldNow>,
    /// Phases that were not in memory.
    pub phases: Phases,
    pub merge: Merge,
    /// First values that were not in memory.
    pub firsts: FirstValues,
}

/// Causes with their phase under each hold rule.
pub type Phases = Vec<(Idx, Box<[Phase]>)>;

/// What records held first of fields whose first value stays.
pub type FirstValues = Vec<(Idx, Name, FirstValue)>;

/// What the rules make of a person's fields, as far as some target may be told.
#[derive(Debug, Clone, Default)]
pub struct Merge {
    /// `None`: no target is told a status.
    pub status: Option<StatusNow>,
    /// Winners; `None`: the field is left alone.
    pub fields: Vec<(Name, Option<FieldWinner>)>,
    /// Some field is left alone because not all that counts for it was read.
    pub fields_wait: bool,
    /// So many fields are decided by the order of their rule, as nobody knows which value is newer.
    pub by_order: u8,
    /// When the clock alone may make something else of it: a value grows too old, or a number of days turns that is asked for.
    pub turns_at: Option<Time>,
}

/// The value that a field should have.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldWinner {
    pub value: Value,
    /// Until when the last of the records that show it on their own account surely showed another value; 0 where nobody knows, or where no
    /// record of the person was seen to be emptied, and the end of time for what is put together of several.
    pub typed_after: Time,
    /// Records whose own, other value counts as much, and nobody knows which is newer: it is left there.
    pub rivals: Vec<RecordId>,
    /// Of a rule that only fills: records with another value of their own, which stays.
    pub filled: Vec<RecordId>,
    /// The files of lists that it is out of, each with what its record holds.
    pub files: Vec<(Name, Value)>,
}

impl Merge {
    /// The files that a write is out of: those that its value is from, as far as they bring anything that did not stand there.
    pub fn files_of(&self, field: &Name, old: &Value, new: &Value) -> Vec<Name> {
        let winner = self.fields.iter().find(|(name, _)| name == field).and_then(|(_, winner)| winner.as_ref());
        let files = winner.filter(|winner| winner.value.says_the_same(new)).map_or(&[][..], |winner| &winner.files);
        let mut files: Vec<Name> = files.iter().filter(|(_, value)| brings_something(value, old)).map(|(file, _)| file.clone()).collect();
        files.sort_unstable();
        files.dedup();
        files
    }
}

/// Of lists that are put together, one brings only the entries that were not there.
fn brings_something(value: &Value, old: &Value) -> bool {
    match (value, old) {
        (Value::List(entries), Value::List(known)) => entries.iter().any(|entry| !known.contains(entry)),
        _ => true,
    }
}

/// A lead status, or the rule that could not be evaluated and why.
#[derive(Debug, Clone, Default)]
pub struct StatusNow {
    pub name: Option<Name>,
    pub error: Option<StatusError>,
    /// It rests on not having seen what may be there now: it does not take the place of a higher one.
    pub raises_only: bool,
    /// It may be another one once more is read.
    pub waits: bool,
    /// The rule by which a target may keep another one.
    pub forward_only: Option<Arc<ForwardOnly>>,
}

/// Why a status is unknown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{rule}: {why}")]
pub struct StatusError {
    pub rule: Name,
    pub why: EvaluationError,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_is_out_of_the_files_that_its_value_is_from() {
        let (cards, people) = (Name::from("inbox/cards.csv"), Name::from("inbox/people.csv"));
        let list = |entries: &[&str]| Value::list(entries.iter().copied());
        let winner = |value: Value, files: Vec<(Name, Value)>| FieldWinner {
            value,
            typed_after: Time(0),
            rivals: Vec::new(),
            filled: Vec::new(),
            files,
        };
        let phone = winner(Value::text("03-9"), vec![(cards.clone(), Value::text("03-9"))]);
        let products = winner(
            list(&["a", "b", "c"]),
            vec![(people.clone(), list(&["a", "c"])), (cards.clone(), list(&["b"])), (cards.clone(), list(&["c"]))],
        );
        let fields = vec![("phone".into(), Some(phone)), ("products".into(), Some(products)), ("title".into(), None)];
        let merge = Merge { fields, ..Merge::default() };
        for (field, old, new, files) in [
            ("phone", Value::text("03-1"), Value::text("03-9"), vec![&cards]),
            ("phone", Value::text("03-1"), Value::text("０３－９"), vec![&cards]),
            // On its way back, or pinned: another value than the merge wants.
            ("phone", Value::text("03-9"), Value::text("03-1"), vec![]),
            ("products", list(&["a", "b"]), list(&["a", "b", "c"]), vec![&cards, &people]),
            ("products", list(&["a", "c"]), list(&["a", "b", "c"]), vec![&cards]),
            ("products", list(&["a", "b", "c", "d"]), list(&["a", "b", "c"]), vec![]),
            ("products", Value::Empty, list(&["a", "b", "c"]), vec![&cards, &people]),
            ("title", Value::Empty, Value::text("部長"), vec![]),
            ("city", Value::Empty, Value::text("東京"), vec![]),
        ] {
            let told = merge.files_of(&field.into(), &old, &new);
            assert_eq!(told.iter().collect::<Vec<_>>(), files, "{field} {old:?}");
        }
    }
}
