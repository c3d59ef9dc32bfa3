//! What stands in an example as a field's value, a time or a record's name.

use crate::config::document::TomlEntry;
use crate::config::document::nearest::choices;
use crate::config::rules::Rules;
use crate::connector::manifest::FieldKind;
use crate::model::{Date, Name, RecordId, Time, Value};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use toml::de::DeValue;

/// A value as a field of one of these kinds holds it; `zone` is that of days and times without one. An empty text is an empty field of any kind.
pub fn value(entry: &TomlEntry, kinds: &[FieldKind], zone: &TimeZone) -> Option<Value> {
    if let DeValue::String(text) = entry.value
        && Value::text(text).is_empty()
    {
        return Some(Value::Empty);
    }
    let Some(kind) = kinds.iter().find(|kind| fits(entry.value, **kind)) else {
        let mut words: Vec<&str> = kinds.iter().map(|kind| form(*kind)).collect();
        words.sort_unstable();
        words.dedup();
        entry.wrong_kind(&words.join(", or "));
        return None;
    };
    Some(match (kind, entry.value) {
        (FieldKind::Time, _) => Value::Time(time(entry, zone)?),
        (FieldKind::Date, DeValue::Datetime(date)) => Value::Date(Date::parse(&date.to_string())?),
        (FieldKind::List, _) => Value::list(entry.texts().into_iter().map(|(_, text)| text)),
        (FieldKind::Int, DeValue::Integer(number)) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Int(number),
            Err(_) => return not_a_number(entry),
        },
        (_, DeValue::Integer(number)) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) => Value::Number(number as f64),
            Err(_) => return not_a_number(entry),
        },
        (_, DeValue::Float(number)) => match number.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Number(number),
            _ => return not_a_number(entry),
        },
        (_, DeValue::Boolean(is)) => Value::Bool(*is),
        (_, DeValue::String(text)) => Value::text(text),
        _ => return None,
    })
}

fn fits(value: &DeValue, kind: FieldKind) -> bool {
    match value {
        DeValue::String(_) => kind == FieldKind::Text,
        DeValue::Integer(_) => matches!(kind, FieldKind::Int | FieldKind::Number),
        DeValue::Float(_) => kind == FieldKind::Number,
        DeValue::Boolean(_) => kind == FieldKind::Bool,
        DeValue::Datetime(at) => kind == FieldKind::Time || (kind == FieldKind::Date && at.time.is_none()),
        DeValue::Array(_) => kind == FieldKind::List,
        DeValue::Table(_) => false,
    }
}

/// How a value of a kind is written.
fn form(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "text in quotes",
        FieldKind::Int => "a whole number",
        FieldKind::Number => "a number",
        FieldKind::Bool => "true or false",
        FieldKind::Time => "a time without quotes: 2026-11-21T09:00:00+09:00",
        FieldKind::Date => "a date without quotes: 1980-04-01",
        FieldKind::List => "a list of texts",
    }
}

fn not_a_number(entry: &TomlEntry) -> Option<Value> {
    entry.report(format!("{:?} is a number beyond what can be kept", entry.key), "expected a smaller one");
    None
}

/// A moment, or a day, which begins at midnight; without an offset it is of this zone.
pub fn time(entry: &TomlEntry, zone: &TimeZone) -> Option<Time> {
    let DeValue::Datetime(at) = entry.value else {
        entry.wrong_kind(form(FieldKind::Time));
        return None;
    };
    let text = at.to_string();
    let found = match (at.date, at.offset) {
        (None, _) => None,
        (Some(_), Some(_)) => text.parse::<Timestamp>().ok(),
        (Some(_), None) => text.parse::<DateTime>().ok().and_then(|at| Some(at.to_zoned(zone.clone()).ok()?.timestamp())),
    };
    if found.is_none() {
        entry.report(format!("{text} is no moment"), "expected a day and a time, as 2026-11-21T09:00:00+09:00, or a day alone");
    }
    found.map(|at| Time(at.as_millisecond()))
}

/// The zone of a system's days and times that have none.
pub fn zone_of(name: Option<&String>) -> TimeZone {
    name.and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC)
}

/// A record of a configured system.
pub fn record_id(entry: &TomlEntry, text: &str, rules: &Rules) -> Option<RecordId> {
    let Ok(id) = text.parse::<RecordId>() else {
        entry.report(format!("{text:?} is no record"), "expected \"SYSTEM:ENTITY:ID\", as \"crm:person:1\"");
        return None;
    };
    if rules.system(&id.system).is_none() {
        let names: Vec<&Name> = rules.systems.iter().map(|s| s.name()).collect();
        entry.report(
            format!("unknown system {:?}", &*id.system),
            choices(&id.system, names.into_iter().map(|n| &**n)).within(" in systems.toml"),
        );
        return None;
    }
    Some(id)
}

/// The same, of one that stands in the example.
pub fn known_record(entry: &TomlEntry, text: &str, rules: &Rules, known: &[RecordId]) -> Option<RecordId> {
    let id = record_id(entry, text, rules)?;
    if known.contains(&id) {
        return Some(id);
    }
    let names: Vec<String> = known.iter().map(ToString::to_string).collect();
    entry.report(format!("{text} is no record of this example"), choices(text, names.iter().map(String::as_str)));
    None
}

/// One of a few words.
pub fn word<'a, 'w>(entry: &TomlEntry<'a>, words: &'w [&'w str]) -> Option<&'a str> {
    let text = entry.text()?;
    if !words.contains(&text) {
        entry.report(format!("{:?} cannot be {text:?}", entry.key), choices(text, words.iter().copied()));
        return None;
    }
    Some(text)
}
