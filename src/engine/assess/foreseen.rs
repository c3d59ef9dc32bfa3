//! What other rules would write to one record that the rules in force do not. Pure.

use crate::config::Rules;
use crate::connector::Change;
use crate::engine::memory::place::Idx;
use crate::engine::rules::merging::Merging;
use crate::engine::target::is_form_of;
use crate::model::{Mark, Name, Record, Value};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What of a record is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ForeseenField {
    Field(Name),
    Status,
}

impl ForeseenField {
    /// `None`: the status.
    pub fn name(&self) -> Option<&Name> {
        if let ForeseenField::Field(name) = self { Some(name) } else { None }
    }

    /// File and line of what an edit from `before` says of it.
    pub fn place(&self, after: &Merging, before: &Rules) -> String {
        match self {
            ForeseenField::Field(name) => after.place_of_rule(name),
            ForeseenField::Status => after.place_of_statuses(before),
        }
    }
}

impl fmt::Display for ForeseenField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ForeseenField::Field(name) => f.write_str(name),
            ForeseenField::Status => f.write_str(Mark::Status.name()),
        }
    }
}

/// What becomes of the value that is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    Emptied,
    Overwritten,
    /// By the same in another form.
    Form,
    /// There was none.
    Filled,
}

/// One write of one value.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeseenChange {
    pub place: Idx,
    pub field: ForeseenField,
    pub shown: Value,
    pub wanted: Value,
    pub kind: ChangeKind,
    /// The value that is shown is none of ours, and no other record of the person has it.
    pub is_lost: bool,
}

/// A value that other rules write and these do not: field, what is shown, what would be.
pub(super) type Caused = (ForeseenField, Value, Value);

/// What is due after and not before.
pub(super) fn caused(record: &Record, before: Option<&Change>, after: Option<&Change>) -> Vec<Caused> {
    let Some(after) = after else { return Vec::new() };
    let is_new = |field: &&(Name, Value)| before.is_none_or(|before| !before.fields.contains(field));
    let shown = |name: &Name| record.field_of(name).map_or(Value::Empty, |field| field.value.clone());
    let mut caused: Vec<Caused> =
        after.fields.iter().filter(is_new).map(|(name, value)| (ForeseenField::Field(name.clone()), shown(name), value.clone())).collect();
    let status = after.status.as_ref().filter(|status| before.and_then(|b| b.status.as_ref()).is_none_or(|b| b.to != status.to));
    let from = |from: &Option<Box<str>>| from.as_deref().map_or(Value::Empty, Value::text);
    caused.extend(status.map(|status| (ForeseenField::Status, from(&status.from), Value::text(&status.to))));
    caused
}

impl ChangeKind {
    pub(super) fn of(shown: &Value, wanted: &Value) -> ChangeKind {
        match (shown.is_empty(), wanted.is_empty()) {
            (true, _) => ChangeKind::Filled,
            (false, true) => ChangeKind::Emptied,
            (false, false) if is_form_of(wanted, shown) && is_form_of(shown, wanted) => ChangeKind::Form,
            (false, false) => ChangeKind::Overwritten,
        }
    }

    /// Whether something is gone that was there.
    pub fn rewrites(self) -> bool {
        self != ChangeKind::Filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::StatusChange;
    use crate::model::Time;

    fn text(text: &str) -> Value {
        Value::text(text)
    }

    fn change(fields: &[(&str, &str)], status: Option<&str>) -> Change {
        let fields = fields.iter().map(|(name, value)| ((*name).into(), text(value))).collect();
        let status = status.map(|to| StatusChange { to: to.into(), from: Some("Lead".into()) });
        Change { fields, status, ..Change::default() }
    }

    #[test]
    fn only_what_is_not_due_anyway_is_caused_by_other_rules() {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.set(&"title".into(), text("Clerk"), Time(1));
        let title = |to: &str| (ForeseenField::Field("title".into()), text("Clerk"), text(to));
        let phone = (ForeseenField::Field("phone".into()), Value::Empty, text("03"));
        let status = |to: &str| (ForeseenField::Status, text("Lead"), text(to));
        for (before, after, expected) in [
            (None, None, vec![]),
            (Some(change(&[("title", "Chief")], None)), None, vec![]),
            (None, Some(change(&[("title", "Chief"), ("phone", "03")], Some("mql"))), vec![title("Chief"), phone.clone(), status("mql")]),
            (
                Some(change(&[("title", "Chief")], Some("mql"))),
                Some(change(&[("title", "Chief"), ("phone", "03")], Some("mql"))),
                vec![phone],
            ),
            (
                Some(change(&[("title", "Chief")], Some("sql"))),
                Some(change(&[("title", "Boss")], Some("mql"))),
                vec![title("Boss"), status("mql")],
            ),
        ] {
            assert_eq!(caused(&record, before.as_ref(), after.as_ref()), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn what_becomes_of_a_value_is_told_by_what_is_there_before_and_after() {
        for (shown, wanted, kind) in [
            ("", "03", ChangeKind::Filled),
            ("03", "", ChangeKind::Emptied),
            ("03-1111", "031111", ChangeKind::Form),
            ("Clerk", "Chief", ChangeKind::Overwritten),
        ] {
            assert_eq!(ChangeKind::of(&text(shown), &text(wanted)), kind, "{shown} {wanted}");
            assert_eq!(kind.rewrites(), !shown.is_empty());
        }
        assert_eq!(
            (ForeseenField::Status.to_string(), ForeseenField::Field("title".into()).to_string()),
            ("status".into(), "title".into())
        );
    }
}
