//! Fields that each system tells and takes in a form of its own: days by its zone, codes, numbers, lists.

use super::site::Site;
use super::words;
use crate::precedence::hands::{UNKNOWN_CODE, set};
use crate::setup::zones;
use crate::truth::account::{CODED, ENTRIES, shown};
use crate::truth::{OwnForm, Table};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use nayose::model::{Date, Record, Time, Value};
use serde_json::{Map, Value as Json, json};

/// The codes of the coded field by what they mean; the first is written.
const CRM_CODES: [(&str, &str); 4] = [("20", "built"), ("10", "made"), ("21", "built"), ("30", "sold")];
const MA_CODES: [(&str, &str); 3] = [("M", "made"), ("B", "built"), ("S", "sold")];

/// What a system calls these fields.
const CRM_NAMES: [(&str, &str); 4] = [("birth", "birthdate"), ("income", "income"), (CODED, "sector"), (ENTRIES, "tags")];
const MA_NAMES: [(&str, &str); 4] = [("birth", "birthDate"), ("income", "income"), (CODED, "sector"), (ENTRIES, "tags")];

struct Forms {
    names: &'static [(&'static str, &'static str)],
    codes: &'static [(&'static str, &'static str)],
    zone: &'static str,
}

fn forms(table: Table) -> Option<Forms> {
    match table {
        Table::CrmPeople => Some(Forms { names: &CRM_NAMES, codes: &CRM_CODES, zone: zones::CRM }),
        Table::MaPeople => Some(Forms { names: &MA_NAMES, codes: &MA_CODES, zone: zones::MA }),
        _ => None,
    }
}

/// The fields of a record as its system tells them.
pub fn told(table: Table, record: &Record) -> Map<String, Json> {
    let Some(forms) = forms(table) else { return Map::new() };
    let tell = |(field, theirs): &(&str, &str)| {
        let told = match shown(record, field) {
            Value::Date(date) => json!(midnight(*date, forms.zone)),
            Value::Number(number) if table == Table::CrmPeople => json!(number.to_string()),
            Value::Number(number) => json!(number),
            Value::List(entries) => json!(entries.iter().map(|e| e.as_str()).collect::<Vec<_>>()),
            Value::Text(label) => match label.strip_prefix(UNKNOWN_CODE) {
                Some(code) => json!(code),
                None => json!(forms.codes.iter().find(|(_, l)| l == &label.as_str()).map(|(code, _)| code)),
            },
            _ => Json::Null,
        };
        (theirs.to_string(), told)
    };
    forms.names.iter().map(tell).chain(words::told(table, record)).collect()
}

/// The beginning of a day where the system is, told in UTC.
fn midnight(date: Date, zone: &str) -> String {
    let begins = date.midnight_in(&zone_of(zone)).map(|at| Time(at.timestamp().as_millisecond()));
    begins.unwrap_or_else(|| date.midnight()).rfc3339()
}

fn zone_of(name: &str) -> TimeZone {
    TimeZone::get(name).expect("the tests' zones are in the list that is compiled in")
}

impl Site<'_> {
    /// What a system makes of a field that it is written; `None`: it is another field.
    pub fn taken(&mut self, table: Table, name: &str, told: &Json) -> Option<(&'static str, Value)> {
        let forms = forms(table)?;
        if let Some((field, value)) = words::taken(name, told) {
            let own_form = self.truth.own_form.filter(|_| table == Table::MaPeople);
            return Some((field, own_form.map_or(value.clone(), |form| in_own_form(form, field, &value))));
        }
        let (field, _) = forms.names.iter().find(|(_, theirs)| *theirs == name)?;
        let own_form = self.truth.own_form.filter(|_| table == Table::MaPeople);
        let text = told.as_str().unwrap_or_default();
        let value = match *field {
            "birth" => day(text, forms.zone).map_or(Value::Empty, Value::Date),
            "income" => match told.as_f64().or_else(|| text.parse().ok()) {
                Some(number) => Value::Number(number),
                None => Value::Empty,
            },
            CODED => match forms.codes.iter().find(|(code, _)| *code == text) {
                Some((_, label)) => Value::text(label),
                None if text.is_empty() => Value::Empty,
                None => {
                    let what = format!("{} {field}: {told} is written, which is none of its codes", table.system());
                    self.switches.repeated.get_or_insert(what);
                    Value::Empty
                }
            },
            _ => {
                let entries = told.as_array().map_or(&[][..], Vec::as_slice).iter().filter_map(Json::as_str);
                Value::list(entries)
            }
        };
        Some((field, own_form.map_or(value.clone(), |form| in_own_form(form, field, &value))))
    }
}

/// The day that a system keeps of what it is told: of a moment the day that it then is there.
fn day(told: &str, zone: &str) -> Option<Date> {
    match told.parse::<Timestamp>() {
        Ok(at) => Date::at(Time(at.as_millisecond()), &zone_of(zone)),
        Err(_) => Date::parse(told),
    }
}

/// A record's field is written.
pub fn put(record: &mut Record, taken: Vec<(&'static str, Value)>, at: Time) {
    taken.into_iter().for_each(|(field, value)| set(record, field, value, at));
}

/// What the marketing system makes of a value.
pub fn in_own_form(form: OwnForm, field: &str, value: &Value) -> Value {
    match (field, value) {
        ("title" | "street" | "lane" | "note", Value::Text(title)) => Value::text(&form.title(title)),
        ("phone", Value::Text(said)) => Value::text(&said.strip_prefix("03-").map_or(said.to_string(), |rest| format!("+81 3-{rest}"))),
        (_, Value::Number(number)) => Value::Number(rounded(*number)),
        (_, Value::List(entries)) => Value::list(entries.iter().map(|e| e.as_str().to_lowercase())),
        _ => value.clone(),
    }
}

/// To the two places that the marketing system keeps.
pub fn rounded(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
