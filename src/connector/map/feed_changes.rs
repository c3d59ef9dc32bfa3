//! When a field got the value that it has, and by what, as the entries of a feed tell it.

use super::Mapper;
use super::editor::EditorReader;
use super::fields::FieldReader;
use crate::connector::manifest::{FeedTells, TimeFormat};
use crate::connector::port::EditsAsked;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{text_of, time_of};
use crate::model::{Editor, Name, Record, ShortText, Span, Time, Value};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// A longer text is dated by nothing, so that what is kept of a batch of entries stays small.
const TEXT_BYTES_MAX: usize = 8 << 10;

const SECOND_MS: i64 = 1_000;

/// A `tells` section of a feed, made ready for the fields that are asked for.
#[derive(Debug)]
pub struct EntryReader {
    changes: Path,
    field: Path,
    at: (Path, TimeFormat),
    editor: Option<EditorReader>,
    /// By the system's own names.
    fields: BTreeMap<String, FieldReader>,
    zone: TimeZone,
}

/// The last change of each field of some records, as far as entries were read.
#[derive(Debug, Default)]
pub struct LastChanges {
    by_record: BTreeMap<ShortText, BTreeMap<Name, LastChange>>,
    timeless: usize,
}

/// A field's last change.
#[derive(Debug)]
struct LastChange {
    /// `None`: beside one whose time cannot be read, no order is known.
    at: Option<Time>,
    /// `None`: it cannot be read, or is too long to be kept.
    value: Option<Value>,
    by: Option<Editor>,
}

impl EntryReader {
    /// `None`: no field of it is asked for.
    pub fn new(tells: &FeedTells, mapper: &Mapper, edits: &EditsAsked, zone: &TimeZone) -> Result<Option<EntryReader>, String> {
        let path = |text: &str| Path::parse(text).map_err(|e| e.to_string());
        let value = path(&tells.value)?;
        let asked = tells.fields.iter().filter(|(name, _)| edits.history.contains(*name));
        let reader = |(name, own_name): (&Name, &String)| Some((own_name.clone(), mapper.field_reader(name)?.at(value.clone())));
        let fields: BTreeMap<String, FieldReader> = asked.filter_map(reader).collect();
        if fields.is_empty() {
            return Ok(None);
        }
        let (at, format) = tells.at.parts();
        let editor = EditorReader::new(tells.edited_by.as_ref(), tells.edited_via.as_ref(), &edits.relays)?;
        let editor = editor.filter(|_| edits.editors);
        let (changes, field) = (path(&tells.changes)?, path(&tells.field)?);
        Ok(Some(EntryReader { changes, field, at: (path(at)?, format), editor, fields, zone: zone.clone() }))
    }

    /// Takes note of what an entry tells of a record's fields. Of two entries of one time, the one that is read later counts.
    pub fn note(&self, record: &str, entry: &Json<'_>, last: &mut LastChanges) {
        let at = self.at.0.first(entry).and_then(|at| time_of(at, self.at.1, &self.zone));
        let by = self.editor.as_ref().and_then(|editor| editor.read(entry));
        let mut tells_some = false;
        self.changes.entries(entry, &mut |change| {
            let name = self.field.first(change).and_then(text_of);
            let Some(reader) = name.and_then(|name| self.fields.get(&*name)) else { return };
            let value = reader.read(change, &self.zone, &mut Vec::new()).ok().flatten();
            let value = value.filter(|value| value.text_bytes() <= TEXT_BYTES_MAX);
            last.take(record, &reader.key, LastChange { at, value, by: by.clone() });
            tells_some = true;
        });
        last.timeless += usize::from(tells_some && at.is_none());
    }
}

/// The latest moment that a time may mean: one without a part of a second is told to the second.
fn latest(at: Time) -> Time {
    if at.0.rem_euclid(SECOND_MS) == 0 { at.plus(Span(SECOND_MS - 1)) } else { at }
}

impl LastChanges {
    fn take(&mut self, record: &str, field: &Name, change: LastChange) {
        let fields = self.by_record.entry(record.into()).or_default();
        let goes_on = fields.get(field).is_none_or(|known| known.at.is_some() && (change.at.is_none() || change.at >= known.at));
        if goes_on {
            fields.insert(field.clone(), change);
        }
    }

    /// Lays what was told over a record that was read after the entries. Of a field that shows another value than its last change set, nothing
    /// is known: the record may be older than the entry, or newer.
    ///
    /// The record is read once more with the entries that come later, so that a value that left and came back meanwhile gets its new time then.
    pub fn tell(&self, record: &mut Record) {
        let Some(changes) = self.by_record.get(&record.id.id) else { return };
        for field in &mut record.fields {
            if let Some(LastChange { at: Some(at), value: Some(value), by }) = changes.get(&field.name)
                && value.says_the_same(&field.value)
            {
                field.tell(*at, by.clone());
                field.at = latest(*at);
            }
        }
    }

    /// How many entries had no time that can be read.
    pub fn timeless(&self) -> usize {
        self.timeless
    }

    /// For each field of a record that entries told of: the value that was set last, when, and by whom.
    pub fn of(&self, record: &str) -> impl Iterator<Item = (&Name, Option<&Value>, Option<Time>, Option<&Editor>)> {
        let changes = self.by_record.get(record).into_iter().flatten();
        changes.map(|(name, change)| (name, change.value.as_ref(), change.at, change.by.as_ref()))
    }
}

#[cfg(test)]
mod tests;
