//! Rows as a system shows them, made of those in a connector's examples.

use super::pattern::{Known, filled};
use super::place::{all, put};
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::manifest::{RecordMap, Stream, TimeFormat};
use nayose::connector::raw::conditions::RowTest;
use nayose::connector::raw::json;
use nayose::connector::raw::scalars::time_text;
use nayose::model::{Span, Time};
use serde_json::Value as Json;

/// A row of one stream.
#[derive(Debug, Clone)]
pub struct Row {
    pub stream: String,
    pub id: String,
    pub raw: Json,
    /// When it was changed.
    pub at: Time,
    /// Its place in the order in which rows were made.
    pub seq: usize,
}

/// A stream's examples, as rows are made of them.
#[derive(Clone)]
pub struct Molds {
    pub stream: String,
    /// Ids of two streams are never the same.
    first_id: usize,
    pub(super) rows: Vec<Json>,
    pub(super) record: RecordMap,
    pub(super) known: Known,
}

impl Molds {
    /// `None`: the stream has no records of its own.
    pub fn of(loaded: &LoadedManifest, at: usize, name: &str, stream: &Stream, known: &Known) -> Option<Molds> {
        let (record, sweep) = (stream.record.clone()?, stream.sweep.as_ref()?);
        let example = loaded.examples.get(&format!("{name}.sweep.answer.json"))?;
        let answer: Json = serde_json::from_slice(example).unwrap();
        let lists = sweep.records.as_slice().iter().flat_map(|path| all(&answer, path));
        let mut molds = Molds { stream: name.to_string(), first_id: (at + 1) * 10_000, rows: Vec::new(), record, known: known.clone() };
        let rows: Vec<Json> = lists.flat_map(|list| list.as_array().cloned().unwrap_or_else(|| vec![list])).collect();
        let state = |row: &Json| molds.state(row);
        let fits = |row: &&Json| {
            row[&molds.record.id] != Json::Null
                && !molds.is_deleted(row)
                && (stream.record.as_ref().unwrap().state.is_empty() || state(row).is_some())
        };
        let fitting: Vec<Json> = rows.iter().filter(fits).cloned().collect();
        molds.rows = fitting;
        (!molds.rows.is_empty()).then_some(molds)
    }

    pub fn record(&self) -> &RecordMap {
        &self.record
    }

    /// A row that no other is like.
    pub fn row(&self, seq: usize, at: Time) -> Row {
        self.cast(&self.rows[seq % self.rows.len()], seq, at)
    }

    /// The same, of a deal or ticket that is still open.
    pub fn open_row(&self, seq: usize, at: Time) -> Option<Row> {
        let open = self.rows.iter().find(|row| self.state(row).as_deref() == Some("open"))?;
        Some(self.cast(open, seq, at))
    }

    pub(super) fn cast(&self, mold: &Json, seq: usize, at: Time) -> Row {
        let mut raw = mold.clone();
        let number = self.first_id + seq;
        let id = match &all(mold, &self.record.id)[0] {
            Json::Number(_) => Json::from(number),
            Json::String(text) if text.bytes().all(|b| b.is_ascii_digit()) => Json::from(number.to_string()),
            Json::String(text) => Json::from(format!("{}{number:06}", &text[..text.len() - 6])),
            other => panic!("{}: the id of an example is {other}", self.stream),
        };
        put(&mut raw, &self.record.id, id.clone());
        if let Some(email) = self.record.fields.get("email") {
            put(&mut raw, &filled(email.path(), &self.known), Json::from(format!("p{number}@conformance.example")));
        }
        let mut row = Row { stream: self.stream.clone(), id: text(&id), raw, at, seq };
        self.touch(&mut row, at);
        row
    }

    /// Gives a row the time of its last change.
    pub fn touch(&self, row: &mut Row, at: Time) {
        row.at = at;
        if let Some((path, format)) = self.record.changed_at.as_ref().map(|t| t.parts()) {
            put(&mut row.raw, path, time_json(at, format));
        }
    }

    /// Makes a row what the system shows of a deleted one, if it shows any.
    pub fn delete(&self, row: &mut Row) -> bool {
        let Some(test) = &self.record.deleted else { return false };
        let value = test.equals.clone().or_else(|| test.one_of.as_ref()?.first().cloned());
        let Some(value) = value else { return false };
        put(&mut row.raw, &test.path, serde_json::to_value(value).unwrap());
        true
    }

    pub fn is_deleted(&self, raw: &Json) -> bool {
        self.record.deleted.as_ref().is_some_and(|test| RowTest::new(test).unwrap().holds(&json::Json::from(raw)) == Ok(true))
    }

    /// What a deal or ticket is by the manifest.
    pub fn state(&self, raw: &Json) -> Option<String> {
        let holds = |test| RowTest::new(test).unwrap().holds(&json::Json::from(raw)) == Ok(true);
        self.record.state.iter().find(|rule| holds(&rule.when)).map(|rule| rule.is.clone())
    }

    /// Links a row to others by their ids, at one of the record's paths.
    pub fn link(&self, row: &mut Row, path: &str, ids: &[&str]) {
        let numbers = all(&self.rows[0], path).iter().chain(&all(&row.raw, path)).any(Json::is_number);
        let id = |id: &&str| if numbers { Json::from(id.parse::<u64>().unwrap()) } else { Json::from(*id) };
        let ids: Vec<Json> = ids.iter().map(id).collect();
        let value = if path.contains("[]") { Json::Array(ids) } else { ids.first().cloned().unwrap_or_default() };
        put(&mut row.raw, path, value);
    }
}

/// An id, or another scalar, as a text.
pub fn text(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

pub fn time_json(at: Time, format: TimeFormat) -> Json {
    let text = time_text(at, format, &jiff::tz::TimeZone::UTC);
    match format {
        TimeFormat::UnixS | TimeFormat::UnixMs => text.parse::<i64>().map_or_else(|_| Json::from(text.clone()), Json::from),
        TimeFormat::Rfc3339 | TimeFormat::DateTime | TimeFormat::Date => Json::from(text),
    }
}

/// The time that a text stands for.
pub fn time_of(text: &str, format: TimeFormat) -> Option<Time> {
    let utc = |at: jiff::civil::DateTime| Some(Time(at.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond()));
    match format {
        TimeFormat::UnixS => Some(Time(text.parse::<i64>().ok()? * Span::seconds(1).0)),
        TimeFormat::UnixMs => text.parse().ok().map(Time),
        TimeFormat::Rfc3339 => text.parse::<jiff::Timestamp>().ok().map(|t| Time(t.as_millisecond())),
        TimeFormat::DateTime => utc(text.parse().ok()?),
        TimeFormat::Date => utc(text.parse::<jiff::civil::Date>().ok()?.to_datetime(jiff::civil::Time::midnight())),
    }
}
