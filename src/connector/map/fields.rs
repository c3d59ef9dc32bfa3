//! How a field's value is read from a raw record.

use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{FieldKind, FieldMap, TimeFormat};
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{bool_of, date_of, int_of, is_empty, kind_of, moment_of, number_of, text_of};
use crate::model::{Entity, Name, ShortText, Value, is_blank};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Without the code: what stands there may be a person's. `connector try` shows it.
const UNKNOWN_CODE: &str = "holds a code that the map of this field does not know";

/// How one value is read.
#[derive(Debug, Clone)]
pub(super) struct FieldReader {
    pub key: Name,
    pub path: Path,
    kind: FieldKind,
    map: BTreeMap<String, String>,
    /// What is not in the map cannot be read. So it is of persons: a code that nobody knows would win a merge, and be written elsewhere.
    only_mapped: bool,
    format: TimeFormat,
}

impl FieldReader {
    pub fn new(name: &Name, how: &FieldMap, entity: Entity, settings: &Settings) -> Result<FieldReader, String> {
        let (map, format) = match how {
            FieldMap::Path(_) => (BTreeMap::new(), None),
            FieldMap::Full(spec) => (settings.map(&spec.map)?, spec.format),
        };
        Ok(FieldReader {
            key: name.clone(),
            path: Path::parse(how.path()).map_err(|e| e.to_string())?,
            kind: how.kind(),
            only_mapped: entity == Entity::Person && !map.is_empty(),
            map,
            format: format.unwrap_or_default(),
        })
    }

    /// The same, of what stands elsewhere.
    pub fn at(&self, path: Path) -> FieldReader {
        FieldReader { path, ..self.clone() }
    }

    /// `Ok(None)`: absent. `Err`: why it cannot be read, without its value.
    pub fn read(&self, raw: &Json<'_>, zone: &TimeZone, unknown: &mut Vec<ShortText>) -> Result<Option<Value>, String> {
        if self.kind == FieldKind::List {
            return self.list(raw, unknown);
        }
        let Some(value) = self.path.first(raw) else { return Ok(None) };
        if is_empty(value) {
            return Ok(Some(Value::Empty));
        }
        let mapped = if self.map.is_empty() { None } else { self.mapped(value) };
        if let (FieldKind::Text, None, false, Some(code)) = (self.kind, &mapped, self.map.is_empty(), text_of(value)) {
            self.does_not_know(&code, unknown)?;
        }
        let value = mapped.as_ref().unwrap_or(value);
        let read = match self.kind {
            FieldKind::Text | FieldKind::List => text_of(value).map(|t| Value::text(&t)),
            FieldKind::Int => int_of(value).map(Value::Int),
            FieldKind::Number => number_of(value).map(Value::Number),
            FieldKind::Bool => bool_of(value).map(Value::Bool),
            FieldKind::Time => moment_of(value, self.format, zone),
            FieldKind::Date => date_of(value, self.format, zone).map(Value::Date),
        };
        read.map(Some).ok_or_else(|| format!("is {}, which is not {}", kind_of(value), expected(self.kind)))
    }

    /// Notes a code that is not in the map. `Err`: then it cannot be read.
    fn does_not_know(&self, code: &str, unknown: &mut Vec<ShortText>) -> Result<(), String> {
        unknown.push(code.into());
        if self.only_mapped { Err(UNKNOWN_CODE.to_string()) } else { Ok(()) }
    }

    fn list(&self, raw: &Json<'_>, unknown: &mut Vec<ShortText>) -> Result<Option<Value>, String> {
        if !self.path.goes_through_list() {
            match self.path.first(raw) {
                None => return Ok(None),
                Some(Json::Null | Json::Array(_)) => {}
                Some(other) => return Err(format!("is {}, which is not a list", kind_of(other))),
            }
        }
        let mut items: Vec<ShortText> = Vec::new();
        let mut wrong = None;
        self.path.entries(raw, &mut |v| match text_of(v) {
            Some(t) if is_blank(&t) => {}
            Some(t) => match self.map.get(&*t) {
                Some(label) => items.push(label.as_str().into()),
                None if self.map.is_empty() => items.push(t.into()),
                None => match self.does_not_know(&t, unknown) {
                    Ok(()) => items.push(t.into()),
                    Err(why) => wrong = Some(why),
                },
            },
            None if v.is_null() => {}
            None => wrong = Some(format!("is a list that holds {}", kind_of(v))),
        });
        wrong.map_or_else(|| Ok(Some(Value::list(items))), Err)
    }

    fn mapped(&self, value: &Json<'_>) -> Option<Json<'_>> {
        let text = match value {
            Json::Bool(b) => b.to_string(),
            other => text_of(other)?.into_owned(),
        };
        self.map.get(&text).map(|to| Json::from(to.as_str()))
    }
}

fn expected(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Text => "a text",
        FieldKind::Int => "a whole number",
        FieldKind::Number => "a number",
        FieldKind::Bool => "true or false",
        FieldKind::Time => "a time",
        FieldKind::Date => "a date",
        FieldKind::List => "a list",
    }
}
