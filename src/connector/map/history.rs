//! When a field got the value that it has, and by whom, as the system's own history of it tells.

use super::Mapper;
use super::editor::EditorReader;
use super::fields::FieldReader;
use crate::connector::manifest::{FieldHistory, TimeFormat};
use crate::connector::port::EditsAsked;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{id_of, time_of};
use crate::model::{Editor, Field, Name, Record, ShortText, Time, Value};
use jiff::tz::TimeZone;
use std::borrow::Cow;

/// A `field_history` section, made ready for the fields that are asked for.
#[derive(Debug)]
pub struct HistoryReader {
    record: Path,
    at: (Path, TimeFormat),
    editor: Option<EditorReader>,
    fields: Vec<FieldChanges>,
    zone: TimeZone,
}

/// One field's changes in a row.
#[derive(Debug)]
struct FieldChanges {
    name: Name,
    changes: Path,
    value: FieldReader,
}

/// One change that set the value that stands.
struct SettingChange {
    at: Time,
    by: Option<Editor>,
}

impl HistoryReader {
    /// `None`: no field of it is asked for. With the system's own names of those that are.
    pub fn new(
        history: &FieldHistory,
        mapper: &Mapper,
        edits: &EditsAsked,
        zone: &TimeZone,
    ) -> Result<Option<(HistoryReader, Vec<ShortText>)>, String> {
        let path = |text: &str| Path::parse(text).map_err(|e| e.to_string());
        let mut fields = Vec::new();
        let mut own_names = Vec::new();
        for (name, own_name) in history.fields.iter().filter(|(name, _)| edits.history.contains(*name)) {
            let Some(reader) = mapper.field_reader(name) else { continue };
            let changes = path(&history.changes.replace("{field}", own_name))?;
            fields.push(FieldChanges { name: name.clone(), changes, value: reader.at(path(&history.value)?) });
            own_names.push(own_name.as_str().into());
        }
        if fields.is_empty() {
            return Ok(None);
        }
        let (at, format) = history.at.parts();
        let editor = EditorReader::new(history.edited_by.as_ref(), history.edited_via.as_ref(), &edits.relays)?;
        let editor = editor.filter(|_| edits.editors);
        let reader = HistoryReader { record: path(&history.record)?, at: (path(at)?, format), editor, fields, zone: zone.clone() };
        Ok(Some((reader, own_names)))
    }

    /// Whose history a row is.
    pub fn id<'v>(&self, row: &'v Json<'_>) -> Option<Cow<'v, str>> {
        self.record.first(row).and_then(id_of)
    }

    /// Lays what a row tells over the record: of a field whose present value is not what the history ends with, it tells nothing.
    pub fn tell(&self, row: &Json<'_>, record: &mut Record) {
        for changes in &self.fields {
            if let Some(field) = record.fields.iter_mut().find(|field| field.name == changes.name)
                && let Some(SettingChange { at, by }) = self.set_by(changes, row, field)
            {
                field.tell(at, by);
            }
        }
    }

    /// The change that set a field's value.
    fn set_by(&self, of: &FieldChanges, row: &Json<'_>, field: &Field) -> Option<SettingChange> {
        if field.value.is_unreadable() {
            return None;
        }
        let changes = self.changes(of, row)?;
        let told = changes.len();
        let standing = changes.into_iter().take_while(|(_, change)| self.value(of, change).as_ref() == Some(&field.value));
        let standing: Vec<SettingChange> = standing.map(|(at, change)| SettingChange { at, by: self.editor(change) }).collect();
        let is_whole = standing.len() < told || standing.last().is_some_and(|first| field.after.is_some_and(|made| first.at <= made));
        setting(standing, is_whole)
    }

    /// A field's changes in a row, the last one first. Beside one whose time cannot be read, no order is known.
    fn changes<'v>(&self, of: &FieldChanges, row: &'v Json<'v>) -> Option<Vec<(Time, &'v Json<'v>)>> {
        let time = |change: &'v Json<'v>| self.at.0.first(change).and_then(|at| time_of(at, self.at.1, &self.zone));
        let changes = of.changes.records(row)?.into_iter().map(|change| Some((time(change)?, change)));
        let mut changes = changes.collect::<Option<Vec<_>>>()?;
        changes.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        Some(changes)
    }

    fn value(&self, of: &FieldChanges, change: &Json<'_>) -> Option<Value> {
        of.value.read(change, &self.zone, &mut Vec::new()).ok().flatten()
    }

    fn editor(&self, change: &Json<'_>) -> Option<Editor> {
        self.editor.as_ref().and_then(|editor| editor.read(change))
    }

    /// The last change of each field in a row: its value, when it was set, and by whom.
    pub fn last_changes(&self, row: &Json<'_>) -> Vec<(Name, Option<Value>, Time, Option<Editor>)> {
        let last = |of: &FieldChanges| {
            let (at, change) = self.changes(of, row)?.into_iter().next()?;
            Some((of.name.clone(), self.value(of, change), at, self.editor(change)))
        };
        self.fields.iter().filter_map(last).collect()
    }
}

/// Of the changes since which a value stands, the last one first: the first one, or a person's, if one of them is, who typed just that.
/// `is_whole`: what was before them is told, or they begin with the record. Else a system that keeps so many changes and no more may have
/// forgotten who set the value, and when, where the same was set again and again: then nobody knows.
fn setting(standing: Vec<SettingChange>, is_whole: bool) -> Option<SettingChange> {
    let typed = standing.iter().rposition(|change| change.by == Some(Editor::Person));
    let first = standing.len().checked_sub(1).filter(|first| is_whole || *first == 0);
    standing.into_iter().nth(typed.or(first)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A nightly job sets the same value again and again, and the system keeps a few changes: that a person had typed it was forgotten, and
    /// it counted as the job's copy.
    #[test]
    fn a_value_is_by_who_set_it_first_as_far_as_that_is_told() {
        let (person, job) = (Some(Editor::Person), Some(Editor::Relay("sync".into())));
        for (standing, is_whole, want) in [
            (vec![], true, None),
            (vec![(5, &job)], false, Some((5, &job))),
            (vec![(9, &job), (5, &person)], false, Some((5, &person))),
            (vec![(9, &job), (7, &person), (5, &person)], false, Some((5, &person))),
            (vec![(9, &job), (7, &person), (5, &None)], false, Some((7, &person))),
            (vec![(9, &job), (7, &job)], true, Some((7, &job))),
            (vec![(9, &job), (7, &None)], true, Some((7, &None))),
            (vec![(9, &job), (7, &job)], false, None),
            (vec![(9, &None), (7, &None)], false, None),
        ] {
            let told = format!("{standing:?} {is_whole}");
            let standing = standing.into_iter().map(|(at, by)| SettingChange { at: Time(at), by: by.clone() }).collect();
            let set = setting(standing, is_whole);
            assert_eq!(set.map(|set| (set.at, set.by)), want.map(|(at, by)| (Time(at), by.clone())), "{told}");
        }
    }
}
