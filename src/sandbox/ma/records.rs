//! The marketing system's data: leads, how it stores what is written, and the activities it notes.

use crate::model::Time;
use crate::sandbox::wire::{iso_seconds, parse_time};
use serde_json::Value;
use std::collections::BTreeMap;

/// Text fields are cut at this many characters, without a word.
const TEXT_CHARS_MAX: usize = 255;

/// How a field is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadFieldType {
    Text,
    Email,
    Integer,
    Boolean,
    Time,
}

/// The fields there are and can be written.
pub const FIELDS: [(&str, LeadFieldType); 22] = [
    ("email", LeadFieldType::Email),
    ("firstName", LeadFieldType::Text),
    ("lastName", LeadFieldType::Text),
    ("company", LeadFieldType::Text),
    ("title", LeadFieldType::Text),
    ("phone", LeadFieldType::Text),
    ("mobilePhone", LeadFieldType::Text),
    ("country", LeadFieldType::Text),
    ("industry", LeadFieldType::Text),
    ("leadScore", LeadFieldType::Integer),
    ("leadStatus", LeadFieldType::Text),
    ("leadSource", LeadFieldType::Text),
    ("marketingSuspended", LeadFieldType::Boolean),
    ("unsubscribed", LeadFieldType::Boolean),
    ("unsubscribedReason", LeadFieldType::Text),
    ("nayose_ok_until", LeadFieldType::Time),
    ("nayose_ok_newsletter", LeadFieldType::Time),
    ("nayose_ok_campaign", LeadFieldType::Time),
    ("nayose_ok_rep", LeadFieldType::Time),
    ("nayose_ok_notice", LeadFieldType::Time),
    ("nayose_ok_seminars", LeadFieldType::Time),
    ("nayose_why", LeadFieldType::Text),
];

/// The vendor's own fields, which only it writes.
pub const SYSTEM_FIELDS: [&str; 3] = ["id", "createdAt", "updatedAt"];

pub fn type_of(field: &str) -> Option<LeadFieldType> {
    FIELDS.iter().find(|(name, _)| *name == field).map(|(_, t)| *t)
}

/// A lead. A field that is not here is null, or false where it is a boolean.
#[derive(Debug, Clone, PartialEq)]
pub struct Lead {
    pub id: u64,
    pub fields: BTreeMap<String, Value>,
    pub created: Time,
    pub updated: Time,
}

impl Lead {
    /// Whether it would be mailed now, as the marketer set it up: nobody who unsubscribed or is suspended, and with `permit`
    /// only those whose permit has not run out.
    pub fn would_be_mailed(&self, permit: bool, now: Time) -> bool {
        let permitted = || self.text("nayose_ok_until").and_then(parse_time).is_some_and(|until| until > now);
        let addressed = self.text("email").is_some_and(|e| e.contains('@'));
        addressed && !self.flag("unsubscribed") && !self.flag("marketingSuspended") && (!permit || permitted())
    }

    pub fn field(&self, name: &str) -> Value {
        match name {
            "id" => Value::from(self.id),
            "createdAt" => Value::from(iso_seconds(self.created)),
            "updatedAt" => Value::from(iso_seconds(self.updated)),
            _ => match (self.fields.get(name), type_of(name)) {
                (Some(value), _) => value.clone(),
                (None, Some(LeadFieldType::Boolean)) => Value::Bool(false),
                (None, _) => Value::Null,
            },
        }
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    pub fn flag(&self, name: &str) -> bool {
        self.fields.get(name).and_then(Value::as_bool).unwrap_or(false)
    }
}

/// What the system notes about a lead.
#[derive(Debug, Clone, PartialEq)]
pub enum NotedChange {
    New,
    /// Field, old value, new value.
    Changed(Vec<(String, Value, Value)>),
    Deleted,
}

/// Who changed a lead, as the activity tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeadEditor {
    /// A program that signed in as this user.
    ApiUser(&'static str),
    /// A flow step of the smart campaign with this id.
    Campaign(u64),
    /// Somebody by hand, of whom nothing is told.
    Hand,
}

/// Whom the sandbox's own API key signs in as.
pub const API_USER: &str = "sync@sandbox.example";

/// An activity; its place in the list is its cursor, its id grows with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Activity {
    pub lead: u64,
    pub at: Time,
    pub noted: NotedChange,
    pub by: LeadEditor,
}

/// What is left to be seen of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// `updatedAt` moves and an activity is noted.
    Usual(LeadEditor),
    /// Neither: as mass changes inside the vendor's system are.
    None,
}

/// Everything in the marketing system.
#[derive(Debug, Default)]
pub struct MaRecords {
    leads: BTreeMap<u64, Lead>,
    by_email: BTreeMap<String, Vec<u64>>,
    pub activities: Vec<Activity>,
    last_id: u64,
    pub epoch: u64,
}

/// Why a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadField {
    pub code: &'static str,
    pub message: String,
}

/// A value as the system stores it: null for blank text, e-mail trimmed and in lower case, text cut.
pub fn stored(field: &str, value: &Value) -> Result<Value, BadField> {
    let Some(kind) = type_of(field) else {
        return Err(BadField { code: "1006", message: format!("Field '{field}' not found") });
    };
    let bad = || BadField { code: "1003", message: format!("Invalid value '{value}' for field '{field}'") };
    let text = match value {
        Value::Null => return Ok(Value::Null),
        Value::String(t) => t.clone(),
        Value::Array(_) | Value::Object(_) => return Err(bad()),
        other => other.to_string(),
    };
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    Ok(match kind {
        LeadFieldType::Text => Value::from(text.chars().take(TEXT_CHARS_MAX).collect::<String>()),
        LeadFieldType::Email => Value::from(text.trim().to_lowercase().chars().take(TEXT_CHARS_MAX).collect::<String>()),
        LeadFieldType::Integer => Value::from(text.trim().parse::<i64>().map_err(|_| bad())?),
        LeadFieldType::Boolean => Value::Bool(match text.trim().to_lowercase().as_str() {
            "true" | "1" | "yes" => true,
            "false" | "0" | "no" => false,
            _ => return Err(bad()),
        }),
        LeadFieldType::Time => Value::from(iso_seconds(parse_time(&text).ok_or_else(bad)?)),
    })
}

impl MaRecords {
    /// Adds a lead; ids grow from 1001.
    pub fn create(&mut self, fields: BTreeMap<String, Value>, now: Time) -> u64 {
        self.last_id = self.last_id.max(1000) + 1;
        let id = self.last_id;
        let fields: BTreeMap<_, _> = fields.into_iter().filter(|(_, v)| !v.is_null()).collect();
        if let Some(email) = fields.get("email").and_then(Value::as_str) {
            self.by_email.entry(email.to_string()).or_default().push(id);
        }
        self.leads.insert(id, Lead { id, fields, created: now, updated: now });
        self.activities.push(Activity { lead: id, at: now, noted: NotedChange::New, by: LeadEditor::ApiUser(API_USER) });
        id
    }

    /// Changes fields to values in their stored form. Nothing moves where nothing becomes different. False if there is no such lead.
    pub fn edit(&mut self, id: u64, fields: BTreeMap<String, Value>, trace: Trace, now: Time) -> bool {
        let Some(lead) = self.leads.get_mut(&id) else { return false };
        let mut changes = Vec::new();
        for (name, new) in fields {
            let old = lead.field(&name);
            if old == new {
                continue;
            }
            if name == "email" {
                if let Some(ids) = old.as_str().and_then(|e| self.by_email.get_mut(e)) {
                    ids.retain(|i| *i != id);
                }
                if let Some(email) = new.as_str() {
                    self.by_email.entry(email.to_string()).or_default().push(id);
                }
            }
            if new.is_null() {
                lead.fields.remove(&name);
            } else {
                lead.fields.insert(name.clone(), new.clone());
            }
            changes.push((name, old, new));
        }
        if let (false, Trace::Usual(by)) = (changes.is_empty(), trace) {
            lead.updated = now;
            self.activities.push(Activity { lead: id, at: now, noted: NotedChange::Changed(changes), by });
        }
        true
    }

    pub fn delete(&mut self, id: u64, now: Time) -> bool {
        let Some(lead) = self.leads.remove(&id) else { return false };
        if let Some(ids) = lead.text("email").and_then(|e| self.by_email.get_mut(e)) {
            ids.retain(|i| *i != id);
        }
        self.activities.push(Activity { lead: id, at: now, noted: NotedChange::Deleted, by: LeadEditor::Hand });
        true
    }

    pub fn get(&self, id: u64) -> Option<&Lead> {
        self.leads.get(&id)
    }

    /// Leads with exactly this stored address.
    pub fn with_email(&self, email: &str) -> &[u64] {
        self.by_email.get(email).map_or(&[], Vec::as_slice)
    }

    /// Those with an id above `after`, in order of id.
    pub fn after(&self, after: u64) -> impl Iterator<Item = &Lead> {
        self.leads.range(after.saturating_add(1)..).map(|(_, l)| l)
    }

    pub fn all(&self) -> impl Iterator<Item = &Lead> {
        self.leads.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_take_their_stored_form() {
        for (field, given, want) in [
            ("email", json!("  Taro@Example.CO.JP "), json!("taro@example.co.jp")),
            ("firstName", json!(""), json!(null)),
            ("leadScore", json!("12"), json!(12)),
            ("marketingSuspended", json!("true"), json!(true)),
            ("unsubscribed", json!(0), json!(false)),
            ("nayose_ok_until", json!("2026-11-21T09:00:00.999+09:00"), json!("2026-11-21T00:00:00Z")),
            ("title", json!("あ".repeat(300)), json!("あ".repeat(255))),
        ] {
            assert_eq!(stored(field, &given), Ok(want), "{field}");
        }
        for (field, given, code) in
            [("nope", json!(1), "1006"), ("leadScore", json!("many"), "1003"), ("nayose_ok_until", json!("soon"), "1003")]
        {
            assert_eq!(stored(field, &given).map_err(|b| b.code), Err(code), "{field}");
        }
    }
}
