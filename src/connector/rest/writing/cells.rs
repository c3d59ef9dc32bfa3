//! What a record's fields are to hold, in the target's own forms: its codes, its dates and times.

use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{FieldKind, FieldMap, FieldWrite, TimeFormat};
use crate::connector::map::codes::Codes;
use crate::connector::raw::from_toml::to_json;
use crate::connector::raw::scalars::{date_text, time_text};
use crate::model::{Date, ShortText, Time, Value};
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// How one of our fields is written.
#[derive(Debug)]
pub struct FieldWords {
    /// The target's name of it.
    pub field: String,
    /// Of times and days.
    format: Option<TimeFormat>,
    codes: Codes,
    is_list: bool,
    /// It holds codes and nothing else: what has none is not written.
    only_codes: bool,
}

/// What a record's fields are to hold, each field once. Made for each record that is written, so it borrows what it can.
#[derive(Debug, Default)]
pub struct Fields<'w>(Vec<(&'w str, Cell<'w>)>);

#[derive(Debug)]
pub enum Cell<'w> {
    Text(Cow<'w, str>),
    Json(Cow<'w, Json>),
    List(Vec<Cow<'w, Json>>),
    Fields(Fields<'w>),
}

impl FieldWords {
    /// `read`: how the same field is read. `Err`: which codes cannot be told.
    pub fn new(write: &FieldWrite, read: Option<&FieldMap>, settings: &Settings) -> Result<FieldWords, String> {
        let (spec, read_spec) = (write.spec(), read.and_then(FieldMap::spec));
        let kind = read.map(FieldMap::kind).unwrap_or_default();
        let map = read_spec.map(|spec| settings.map(&spec.map)).transpose()?.unwrap_or_default();
        let mut named: BTreeMap<String, Json> = BTreeMap::new();
        for (label, code) in spec.iter().flat_map(|spec| &spec.map) {
            if let (Some(label), Some(code)) = (settings.text(label)?, settings.value(code)?) {
                named.insert(label, to_json(&code));
            }
        }
        let codes = Codes::new(&map, &named).map_err(|wrong| format!("{}: {}", write.field(), wrong.join("; ")))?;
        let read_format = read_spec.and_then(|spec| spec.format).or((kind == FieldKind::Date).then_some(TimeFormat::Date));
        Ok(FieldWords {
            field: write.field().to_string(),
            format: spec.and_then(|spec| spec.format).or(read_format),
            is_list: kind == FieldKind::List,
            only_codes: !codes.is_empty() && matches!(kind, FieldKind::Text | FieldKind::List),
            codes,
        })
    }

    /// The labels that can be written, where there is no other value that can.
    pub fn labels(&self) -> Option<BTreeSet<ShortText>> {
        self.only_codes.then(|| self.codes.labels().map(ShortText::from).collect())
    }

    /// Whether some of its values are codes of the system's.
    pub fn has_codes(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Our labels, each with its code.
    pub fn codes(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.codes.labels().filter_map(|label| Some((label, self.codes.of(label)?)))
    }

    /// `Err`: why it cannot be written.
    pub fn cell<'w>(&'w self, value: &'w Value, empty: &'w Json, zone: &TimeZone) -> Result<Cell<'w>, String> {
        let no_code = |label: &str| format!("has no code for {label:?}; add it to the map of that field in the connector's manifest");
        if let (Value::List(labels), true) = (value, self.only_codes) {
            let codes = labels.iter().map(|label| self.codes.of(label).map(Cow::Borrowed).ok_or_else(|| no_code(label)));
            return codes.collect::<Result<_, _>>().map(Cell::List);
        }
        if !self.codes.is_empty() && !value.is_empty() {
            let label = match value {
                Value::Text(text) => Cow::Borrowed(text.as_str()),
                other => Cow::Owned(other.to_string()),
            };
            match self.codes.of(&label) {
                Some(code) => return Ok(Cell::Json(Cow::Borrowed(code))),
                None if self.only_codes => return Err(no_code(&label)),
                None => {}
            }
        }
        Ok(match value {
            // A list without entries is one where nothing else is said: null would be read as no list.
            Value::Empty if self.is_list && empty.is_null() => Cell::List(Vec::new()),
            Value::Empty => Cell::Json(Cow::Borrowed(empty)),
            Value::Text(text) => Cell::Text(Cow::Borrowed(text)),
            Value::Time(time) => self.time(*time, zone),
            Value::Date(day) => self.day(*day, zone),
            Value::Unreadable => return Err("cannot be read: nobody knows what to write".to_string()),
            other => Cell::Json(Cow::Owned(other.to_json())),
        })
    }

    fn time(&self, time: Time, zone: &TimeZone) -> Cell<'static> {
        number_or_text(self.format, time_text(time, self.format.unwrap_or_default(), zone))
    }

    /// Where no form is said, a day is written as one.
    fn day(&self, day: Date, zone: &TimeZone) -> Cell<'static> {
        number_or_text(self.format, date_text(day, self.format.unwrap_or(TimeFormat::Date), zone))
    }
}

/// Times that are numbers are numbers in JSON, too.
fn number_or_text(format: Option<TimeFormat>, text: String) -> Cell<'static> {
    match (format, text.parse::<i64>()) {
        (Some(TimeFormat::UnixS | TimeFormat::UnixMs), Ok(number)) => Cell::Json(Cow::Owned(Json::from(number))),
        _ => Cell::Text(Cow::Owned(text)),
    }
}

impl<'w> Fields<'w> {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn set(&mut self, name: &'w str, to: Cell<'w>) {
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, cell)) => *cell = to,
            None => self.0.push((name, to)),
        }
    }

    /// Puts one before the others, unless it is among them.
    pub fn begin_with(&mut self, name: &'w str, cell: Cell<'w>) {
        if self.0.iter().all(|(known, _)| *known != name) {
            self.0.insert(0, (name, cell));
        }
    }
}

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(name, cell)| (name, cell)))
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Cell::Text(text) => text.serialize(to),
            Cell::Json(json) => json.serialize(to),
            Cell::List(items) => items.serialize(to),
            Cell::Fields(fields) => fields.serialize(to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::examples;
    use crate::connector::manifest::load;
    use serde_json::json;

    /// A field that is read and written as these say, in a system in Tokyo.
    fn words(write: &str, read: &str) -> (FieldWords, Settings) {
        let text = format!(
            "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = {{ kind = 'none' }}
            [streams.people]\nentity = 'person'\nsweep = {{ path = '/' }}\nrecord = {{ id = 'id', fields = {{ f = {read} }} }}
            [writes]\nstream = 'people'\nfields = {{ f = {write} }}\nread_chunk = 9\nread = {{ path = '/', query = {{ ids = '{{ids}}' }} }}
            [writes.update]\nbatch = 9\nid_key = 'id'\nresults = {{ path = 'r' }}\nrequest = {{ path = '/', body = {{ input = '{{rows}}' }} }}\n"
        );
        let manifest = load::parse("t", "t.toml", &text).unwrap();
        let mut given = examples::example_settings(&manifest);
        given.time_zone = Some("Asia/Tokyo".into());
        let settings = Settings::resolve(&manifest, &given).unwrap();
        let read = manifest.streams["people"].record.as_ref().unwrap().fields.get("f");
        (FieldWords::new(&manifest.writes.as_ref().unwrap().fields["f"], read, &settings).unwrap(), settings)
    }

    fn written(write: &str, read: &str, value: &Value) -> Result<Json, String> {
        let (words, settings) = words(write, read);
        words.cell(value, &Json::Null, &settings.zone).map(|cell| serde_json::to_value(cell).unwrap())
    }

    #[test]
    fn times_and_days_are_written_in_the_form_that_is_said_or_read() {
        let (day, time) = (Value::Date(Date(3_743)), Value::Time(Time(1_795_212_000_500)));
        for (write, read, of_day, of_time) in [
            ("'F'", "'f'", json!("1980-04-01"), json!("2026-11-20T22:00:00.5Z")),
            ("'F'", "{ path = 'f', type = 'time' }", json!("1980-04-01"), json!("2026-11-20T22:00:00.5Z")),
            ("'F'", "{ path = 'f', type = 'date' }", json!("1980-04-01"), json!("2026-11-21")),
            ("'F'", "{ path = 'f', type = 'time', format = 'date_time' }", json!("1980-04-01 00:00:00"), json!("2026-11-21 07:00:00")),
            ("'F'", "{ path = 'f', type = 'time', format = 'unix_s' }", json!(323_395_200), json!(1_795_212_000)),
            ("'F'", "{ path = 'f', type = 'date', format = 'unix_ms' }", json!(323_395_200_000_i64), json!(1_795_212_000_500_i64)),
            (
                "{ field = 'F', format = 'rfc3339' }",
                "{ path = 'f', type = 'date' }",
                json!("1980-04-01T00:00:00+09:00"),
                json!("2026-11-20T22:00:00.5Z"),
            ),
            (
                "{ field = 'F', format = 'unix_ms' }",
                "{ path = 'f', type = 'time' }",
                json!(323_395_200_000_i64),
                json!(1_795_212_000_500_i64),
            ),
        ] {
            assert_eq!((written(write, read, &day), written(write, read, &time)), (Ok(of_day), Ok(of_time)), "{write} {read}");
        }
    }

    #[test]
    fn labels_are_written_as_codes_and_what_has_none_is_not() {
        let industry = "{ path = 'f', map = { '10' = 'made', '20' = 'built' } }";
        for (write, read, value, want) in [
            ("'F'", industry, Value::text("made"), Ok(json!("10"))),
            ("{ field = 'F', map = { built = 20 } }", industry, Value::text("built"), Ok(json!(20))),
            ("'F'", industry, Value::Empty, Ok(Json::Null)),
            ("'F'", "{ path = 'f[]', type = 'list' }", Value::Empty, Ok(json!([]))),
            ("'F'", industry, Value::text("sold"), Err("\"sold\"")),
            ("'F'", industry, Value::text("10"), Err("\"10\"")),
            ("'F'", "{ path = 'f', map = { '1' = '5' } }", Value::Int(5), Ok(json!("1"))),
            ("'F'", "{ path = 'f[]', type = 'list', map = { a = 'x', b = 'y' } }", Value::list(["y", "x"]), Ok(json!(["a", "b"]))),
            ("'F'", "{ path = 'f[]', type = 'list', map = { a = 'x' } }", Value::list(["x", "z"]), Err("\"z\"")),
            // What is no text is itself where the map has no word for it.
            ("'F'", "{ path = 'f', type = 'bool', map = { Y = 'true' } }", Value::Bool(true), Ok(json!("Y"))),
            ("'F'", "{ path = 'f', type = 'bool', map = { Y = 'true' } }", Value::Bool(false), Ok(json!(false))),
            ("'F'", "'f'", Value::Unreadable, Err("cannot be read")),
        ] {
            match (written(write, read, &value), want) {
                (Ok(cell), Ok(want)) => assert_eq!(cell, want, "{read} {value}"),
                (Err(why), Err(said)) => assert!(why.contains(said), "{why}"),
                (cell, want) => panic!("{read} {value}: {cell:?}, expected {want:?}"),
            }
        }
        assert_eq!(words("'F'", industry).0.labels(), Some(["made", "built"].map(ShortText::from).into()));
        assert_eq!(words("'F'", "'f'").0.labels(), None);
    }
}
