//! Fields that take an earlier word only once they are empty, and ignore one without a word where they are not. Pure.

use super::{Change, StatusChange};
use crate::model::{Mark, Name, Record, ShortText, Value};
use std::collections::BTreeMap;

/// What goes back only by clearing, by our names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BackByClearing {
    pub fields: BTreeMap<Name, WordOrder>,
    pub status: Option<WordOrder>,
}

/// A field's words in order, the first one first. A portal may have others, and another order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WordOrder(Vec<ShortText>);

impl WordOrder {
    pub fn new(words: &[String]) -> WordOrder {
        WordOrder(words.iter().map(ShortText::from).collect())
    }

    /// Whether one word stands before another; `None`: one of them is not known here.
    fn goes_back(&self, from: &str, to: &str) -> Option<bool> {
        let place = |word: &str| self.0.iter().position(|known| *known == word);
        Some(place(to)? < place(from)?)
    }

    /// Whether a word takes the place of another one only once that is cleared. `ignored`: how often it was written, and the record showed
    /// the other one as before.
    fn is_cleared_first(&self, shown: Option<&str>, to: &str, ignored: u8) -> bool {
        let Some(shown) = shown.filter(|shown| !shown.trim().is_empty() && *shown != to && !to.is_empty()) else { return false };
        match self.goes_back(shown, to) {
            Some(true) => true,
            // What is not known to go back is written as it is, for clearing leaves its traces; until it was seen to be ignored.
            None => ignored > 0,
            // The order is that of the shipped words: once may be an accident, twice is another order.
            Some(false) => ignored > 1,
        }
    }
}

impl BackByClearing {
    pub fn is_none(&self) -> bool {
        self.fields.is_empty() && self.status.is_none()
    }

    /// Whether a change holds something that may be ignored without a word.
    pub fn touches(&self, change: &Change) -> bool {
        !self.is_none()
            && (change.status.is_some() && self.status.is_some() || change.fields.iter().any(|(name, _)| self.fields.contains_key(name)))
    }

    /// What of a change is cleared first, as the record shows it: fields by their names, the status by that of its mark. `word`: the
    /// target's own word for the status; `ignored`: how often it was written and ignored.
    pub fn cleared_first<'c>(&self, change: &'c Change, record: &Record, word: &str, ignored: u8) -> Vec<&'c str> {
        let field = |(name, value): &'c (Name, Value)| {
            let shown = record.field_of(name).and_then(|field| field.value.as_text());
            let is_cleared = self.fields.get(name)?.is_cleared_first(shown, value.as_text()?, ignored);
            is_cleared.then_some(&**name)
        };
        let status = self.status.as_ref().filter(|order| {
            let shown = record.mark(Mark::Status).and_then(Value::as_text);
            change.status.as_ref().is_some_and(|status| !status.is_clearing()) && order.is_cleared_first(shown, word, ignored)
        });
        change.fields.iter().filter_map(field).chain(status.map(|_| STATUS)).collect()
    }

    /// The first step of a change: as it is, but for what is cleared first.
    pub fn first_step(change: &Change, cleared: &[&str]) -> Change {
        let mut step = change.clone();
        for (name, value) in &mut step.fields {
            if cleared.contains(&&**name) {
                *value = Value::Empty;
            }
        }
        if cleared.contains(&STATUS) {
            step.status = step.status.map(StatusChange::clearing);
        }
        step
    }
}

/// How the status is called beside fields: no field bears this name.
const STATUS: &str = "status";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    fn back() -> BackByClearing {
        let order = WordOrder::new(&["lead".to_string(), "mql".to_string(), "customer".to_string()]);
        BackByClearing { fields: [("stage".into(), order.clone())].into(), status: Some(order) }
    }

    fn shown(word: &str) -> Record {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        record.set(&"stage".into(), Value::text(word), Time(1));
        record.set_mark(Mark::Status, Value::text(word));
        record
    }

    #[test]
    fn a_word_is_cleared_first_where_it_stands_behind_or_was_seen_to_stay() {
        for (there, wanted, from_times_ignored) in [
            ("customer", "lead", Some(0)),
            ("mql", "lead", Some(0)),
            ("lead", "customer", Some(2)),
            ("partner", "lead", Some(1)),
            ("lead", "partner", Some(1)),
            ("", "lead", None),
            (" ", "lead", None),
            ("lead", "", None),
            ("lead", "lead", None),
        ] {
            let status = Some(StatusChange { to: wanted.into(), from: None });
            let change = Change { fields: vec![("stage".into(), Value::text(wanted))], status, ..Change::default() };
            for ignored in 0..4 {
                let is = from_times_ignored.is_some_and(|from| ignored >= from);
                let told = back().cleared_first(&change, &shown(there), wanted, ignored).len();
                assert_eq!(told, if is { 2 } else { 0 }, "{there} {wanted} {ignored}");
            }
        }
    }

    #[test]
    fn the_first_step_empties_what_is_cleared_and_writes_the_rest() {
        let status = Some(StatusChange { to: "lead".into(), from: Some("customer".into()) });
        let fields = vec![("stage".into(), Value::text("lead")), ("title".into(), Value::text("Chief"))];
        let change = Change { fields, status, ..Change::default() };
        let cleared = back().cleared_first(&change, &shown("customer"), "lead", 0);
        let step = BackByClearing::first_step(&change, &cleared);
        assert_eq!(step.fields, [("stage".into(), Value::Empty), ("title".into(), Value::text("Chief"))]);
        assert!(step.status.as_ref().is_some_and(StatusChange::is_clearing));
        // As a step it is no step back itself.
        assert!(back().cleared_first(&step, &shown("customer"), "", 3).is_empty());
    }

    #[test]
    fn only_what_goes_back_by_clearing_is_touched() {
        let field = |name: &str| Change { fields: vec![(name.into(), Value::text("x"))], ..Change::default() };
        let status = Change { status: Some(StatusChange { to: "lead".into(), from: None }), ..Change::default() };
        let of_field = BackByClearing { status: None, ..back() };
        for (back, change, is) in [
            (&back(), &field("stage"), true),
            (&back(), &field("title"), false),
            (&back(), &status, true),
            (&of_field, &status, false),
            (&BackByClearing::default(), &field("stage"), false),
        ] {
            assert_eq!(back.touches(change), is, "{change:?}");
        }
    }
}
