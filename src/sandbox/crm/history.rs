//! Which values a contact's properties had, since when, and who set them.

use crate::model::Time;
use crate::sandbox::wire::iso_millis;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The vendor tells the last changes of a property, not all.
const CHANGES_MAX: usize = 20;

/// Who makes a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CrmEditor {
    /// A user, by hand.
    User(u64),
    /// A program with a token of its own.
    App(u64),
    /// What was there at first came by an import.
    Import,
}

/// The salesperson whose edits nobody else is named for.
pub const SALESPERSON: CrmEditor = CrmEditor::User(1001);
/// Who writes over HTTP.
pub(super) const API: CrmEditor = CrmEditor::App(5001);

/// One value that a property had.
#[derive(Debug, Clone, PartialEq)]
struct PropertyChange {
    value: String,
    at: Time,
    by: CrmEditor,
}

/// The changes of an object's properties; of one that was never changed there are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PropertyHistory(BTreeMap<String, Vec<PropertyChange>>);

impl PropertyHistory {
    /// Takes note of what became of an object's properties, which was made then.
    pub fn note(&mut self, before: &BTreeMap<String, String>, now: &BTreeMap<String, String>, made: Time, at: Time, by: CrmEditor) {
        for name in before.keys().chain(now.keys()).filter(|name| before.get(*name) != now.get(*name)) {
            let changes = self.0.entry(name.clone()).or_insert_with(|| first(before.get(name), made));
            let value = now.get(name).cloned().unwrap_or_default();
            // A name that is in both comes by twice.
            if changes.last().is_none_or(|last| last.value != value) {
                changes.push(PropertyChange { value, at, by });
            }
            let gone = changes.len().saturating_sub(CHANGES_MAX);
            changes.drain(..gone);
        }
    }

    /// The changes of a property as answers show them, the last one first.
    pub fn shown(&self, name: &str, now: Option<&String>, made: Time) -> Value {
        let changes = self.0.get(name).cloned().unwrap_or_else(|| first(now, made));
        Value::Array(changes.iter().rev().map(PropertyChange::shown).collect())
    }
}

/// The first value, if there was one.
fn first(value: Option<&String>, made: Time) -> Vec<PropertyChange> {
    value.map(|value| PropertyChange { value: value.clone(), at: made, by: CrmEditor::Import }).into_iter().collect()
}

impl PropertyChange {
    fn shown(&self) -> Value {
        let (kind, id, user) = match self.by {
            CrmEditor::User(user) => ("CRM_UI", format!("userId:{user}"), Some(user)),
            CrmEditor::App(app) => ("INTEGRATION", app.to_string(), None),
            CrmEditor::Import => ("IMPORT", "1".to_string(), None),
        };
        let mut shown = json!({"value": self.value, "timestamp": iso_millis(self.at), "sourceType": kind, "sourceId": id});
        if let Some(user) = user {
            shown["updatedByUserId"] = json!(user);
        }
        shown
    }
}
