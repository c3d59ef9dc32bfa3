//! The fields of raw records that a stream reads nothing from: `connector try` shows them, so that an admin can add them.

use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{FieldKind, RecordMap, TimeFormat};
use crate::connector::port::unmapped::UnmappedField;
use crate::connector::raw::json::{Json, member};
use crate::connector::raw::plain::plain;
use crate::connector::raw::scalars::{date_of, is_empty, text_of, time_of};
use jiff::tz::TimeZone;

/// What a person would look through; a page of very different records may have more.
const FIELDS_MAX: usize = 300;

/// Deeper than this nobody keeps a field.
const DEPTH_MAX: usize = 6;

/// What a stream's records are read from.
#[derive(Debug, Default)]
pub struct ReadPlaces {
    /// Comparable.
    places: Vec<String>,
}

impl ReadPlaces {
    pub fn new(map: &RecordMap, settings: &Settings) -> Result<ReadPlaces, String> {
        let texts = map.places().map(|text| settings.text(text));
        let texts: Vec<Option<String>> = texts.collect::<Result<_, _>>()?;
        Ok(ReadPlaces { places: texts.into_iter().flatten().map(|text| comparable(&text)).collect() })
    }

    /// Adds the fields of a raw record that nothing is read from, each once, with the first value that was seen.
    pub fn note_others(&self, raw: &Json<'_>, found: &mut Vec<UnmappedField>) {
        self.walk(raw, String::new(), DEPTH_MAX, found);
    }

    fn walk(&self, value: &Json<'_>, path: String, depth: usize, found: &mut Vec<UnmappedField>) {
        match value {
            Json::Object(object) if depth > 0 => {
                for (key, inner) in object.iter().filter(|(key, _)| is_name(key)) {
                    let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
                    self.walk(inner, path, depth - 1, found);
                }
            }
            Json::Array(items) => match items.iter().find(|item| text_of(item).is_some()) {
                Some(first) => self.leaf(first, format!("{path}[]"), FieldKind::List, found),
                None => items.iter().for_each(|item| self.named(item, &path, found)),
            },
            other => self.leaf(other, path, kind_of(other), found),
        }
    }

    /// An entry of a list of fields, which says its own name.
    fn named(&self, entry: &Json<'_>, list: &str, found: &mut Vec<UnmappedField>) {
        let Some(name) = member(entry, "name").and_then(text_of).filter(|name| !name.contains(']')) else { return };
        for (key, end) in [("values", "values[]"), ("value", "value")] {
            let first = member(entry, key).map(|value| value.as_array().map_or(Some(value), |all| all.first()));
            if let Some(Some(value)) = first {
                self.leaf(value, format!("{list}[name={name}].{end}"), kind_of(value), found);
            }
        }
    }

    fn leaf(&self, value: &Json<'_>, path: String, kind: FieldKind, found: &mut Vec<UnmappedField>) {
        let text = match value {
            Json::Bool(value) => value.to_string(),
            other => text_of(other).map(|text| text.into_owned()).unwrap_or_default(),
        };
        if path.is_empty() || is_empty(value) || text.is_empty() || found.len() >= FIELDS_MAX || found.iter().any(|f| f.path == path) {
            return;
        }
        let own = comparable(&path);
        let inside = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with(['.', '[']));
        if self.places.iter().all(|place| *place != own && !inside(place, &own) && !inside(&own, place)) {
            found.push(UnmappedField { path, kind, example: text });
        }
    }
}

fn is_name(key: &str) -> bool {
    !key.is_empty() && !key.contains(['.', '[', ']'])
}

/// A path without what makes no other place of it.
fn comparable(path: &str) -> String {
    plain(path.trim_end_matches("[]")).into_owned()
}

/// What a value seems to be. A text of digits stays a text: it may be a code, or a phone.
fn kind_of(value: &Json<'_>) -> FieldKind {
    match value {
        Json::Bool(_) => FieldKind::Bool,
        Json::Number(number) if number.as_i64().is_some() => FieldKind::Int,
        Json::Number(_) => FieldKind::Number,
        Json::Str(text) if text.len() == "2026-11-21".len() && date_of(value, TimeFormat::Date, &TimeZone::UTC).is_some() => {
            FieldKind::Date
        }
        Json::Str(text) if text.contains('T') && time_of(value, TimeFormat::Rfc3339, &TimeZone::UTC).is_some() => FieldKind::Time,
        _ => FieldKind::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn others(read: &[&str], row: &serde_json::Value) -> Vec<(String, &'static str, String)> {
        let mut found = Vec::new();
        let places = ReadPlaces { places: read.iter().map(|path| comparable(path)).collect() };
        places.note_others(&Json::from(row), &mut found);
        found.into_iter().map(|f| (f.path, f.kind.word(), f.example)).collect()
    }

    #[test]
    fn what_nothing_reads_is_shown_once_with_its_kind() {
        let row = json!({
            "id": 7, "Email": "a@b.example", "custom": {"業種": "製造", "size": 40, "rate": 0.5, "vip": true, "since": "2026-04-01",
              "seen": "2026-04-01T09:00:00Z", "code": "0010", "none": null, "blank": " ", "a.b": "no path"},
            "tags": ["x", "y"], "labels": [{"name": "VIP"}], "parts": [{"id": 1}],
            "CustomFields": [{"name": "Lead Status", "values": ["mql"]}, {"name": "Plan", "values": ["gold"]}, {"name": "Empty", "values": []}],
        });
        let read = ["id", "email", "labels[].name", "CustomFields[name=Lead Status].values[]"];
        let text = |path: &str, kind, example: &str| (path.to_string(), kind, example.to_string());
        assert_eq!(
            others(&read, &row),
            [
                text("custom.業種", "text", "製造"),
                text("custom.size", "int", "40"),
                text("custom.rate", "number", "0.5"),
                text("custom.vip", "bool", "true"),
                text("custom.since", "date", "2026-04-01"),
                text("custom.seen", "time", "2026-04-01T09:00:00Z"),
                text("custom.code", "text", "0010"),
                text("tags[]", "list", "x"),
                text("CustomFields[name=Plan].values[]", "text", "gold"),
            ]
        );
    }

    #[test]
    fn what_is_read_whole_or_in_part_is_not_shown() {
        let row = json!({"company": {"id": 1, "name": "ACME"}, "optout": {"mail": true}});
        assert_eq!(others(&["company", "OptOut.mail"], &row), []);
        assert_eq!(others(&["company.id", "optout"], &row), [("company.name".to_string(), "text", "ACME".to_string())]);
    }
}
