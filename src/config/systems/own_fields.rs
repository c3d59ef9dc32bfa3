//! `[systems.NAME.fields]`: fields of one's own, added to the streams of a connector's manifest.

use crate::config::document::nearest::choices;
use crate::config::document::{TomlEntry, keys};
use crate::connector::manifest::own_fields::{NotAdded, OwnField, OwnPart};
use crate::connector::manifest::{FieldKind, FieldSpec, Manifest, TimeFormat};
use crate::connector::raw::templates::{NameMeaning, Template};
use crate::connector::{SettingValue, trimmed};
use crate::model::Name;
use std::collections::BTreeMap;
use std::sync::Arc;
use toml::de::DeValue;

const FORM: &str = "a path as text, or a table { path = .., type = .., format = .., map = .., write = .. }";

/// A manifest with all that was added to it.
pub struct WithOwnFields {
    pub manifest: Arc<Manifest>,
    /// Those that cannot be written, and why.
    pub unwritable: BTreeMap<Name, String>,
}

/// What systems.toml says of a system beside its fields, for the names in the manifest's texts.
#[derive(Clone, Copy)]
pub struct SaidOfSystem<'a> {
    pub system: &'a Name,
    pub settings: &'a BTreeMap<String, SettingValue>,
    pub hold: Option<&'a TomlEntry<'a>>,
}

impl WithOwnFields {
    pub fn none(manifest: Arc<Manifest>) -> WithOwnFields {
        WithOwnFields { manifest, unwritable: BTreeMap::new() }
    }

    pub fn read(entry: &TomlEntry, manifest: Arc<Manifest>, said: SaidOfSystem) -> WithOwnFields {
        let mut whole = Manifest::clone(&manifest);
        let mut unwritable = BTreeMap::new();
        let filled = |text: &str| said.filled(&manifest, text);
        let mut add = |stream: &str, entry: &TomlEntry| {
            let Some(OwnEntry { parts, read, write }) = own_entry(entry) else { return };
            let field = OwnField { stream, name: entry.key.into(), read, write };
            match whole.add_own_field(field, &filled) {
                Ok(None) => {}
                Ok(Some(why)) => drop(unwritable.insert(entry.key.into(), why)),
                Err(told) => parts.report(entry, told),
            }
        };
        let entries = entry.table(&said.title(), &keys::OWN_FIELDS).map(|mut s| s.entries()).unwrap_or_default();
        for own in &entries {
            match kind(own, &manifest) {
                OwnKind::Field => {
                    if let Some(stream) = usual_stream(own, &manifest, &said.title()) {
                        add(stream, own);
                    }
                }
                OwnKind::Stream => {
                    let fields = own.table(own.key, &keys::OWN_FIELDS_OF_STREAM).map(|mut s| s.entries()).unwrap_or_default();
                    fields.iter().for_each(|field| add(own.key, field));
                }
                OwnKind::Neither => {
                    let streams = manifest.streams.iter().filter(|(_, s)| s.record.is_some()).map(|(name, _)| name.as_str());
                    let said = format!("{:?} is neither a field with its path nor a stream of {}", own.key, manifest.title);
                    own.sheet.report(own.key_at.clone(), said, choices(own.key, streams));
                }
            }
        }
        WithOwnFields { manifest: Arc::new(whole), unwritable }
    }
}

impl SaidOfSystem<'_> {
    fn title(&self) -> String {
        format!("[systems.{}.fields]", self.system)
    }

    /// A text of the manifest with the settings that stand in the file, or the manifest's own, filled in. One that names another is left as
    /// it is: it names nothing then.
    fn filled(&self, manifest: &Manifest, text: &str) -> String {
        let told = |name: &str| match name.split_once('.')? {
            ("settings", key) => match self.settings.get(key) {
                Some(SettingValue::Plain(text)) => Some(text.clone()),
                Some(SettingValue::Secret(_)) => None,
                None => manifest.settings.get(key)?.default.clone(),
            },
            ("hold", key) => match self.hold?.value {
                DeValue::Table(table) => table.get(key)?.get_ref().as_str().map(|name| trimmed(name).to_string()),
                _ => None,
            },
            _ => None,
        };
        let bound = Template::parse(text).ok().and_then(|t| t.bind(&|name| told(name).map_or(NameMeaning::Unset, NameMeaning::Is)));
        bound.map_or_else(|| text.to_string(), |t| t.text())
    }
}

/// What an entry of `[systems.NAME.fields]` is.
enum OwnKind {
    Field,
    Stream,
    Neither,
}

fn kind(entry: &TomlEntry, manifest: &Manifest) -> OwnKind {
    let DeValue::Table(table) = entry.value else { return OwnKind::Field };
    let says_how = table.iter().any(|(key, _)| keys::OWN_FIELD.find(key.get_ref()).is_some());
    match manifest.streams.get(entry.key) {
        Some(stream) if stream.record.is_some() && table.get("path").is_none() => OwnKind::Stream,
        _ if says_how || table.is_empty() => OwnKind::Field,
        _ => OwnKind::Neither,
    }
}

/// The stream whose fields stand straight in the table.
fn usual_stream<'m>(entry: &TomlEntry, manifest: &'m Manifest, title: &str) -> Option<&'m str> {
    let said = match manifest.stream_of_own_fields() {
        Ok(stream) => return Some(stream),
        Err(people) if people.is_empty() => format!("{} has no stream of persons", manifest.title),
        Err(people) => format!("{} has several streams of persons: {}", manifest.title, people.join(", ")),
    };
    let hint = format!("expected it in {}.STREAM], with the stream that the field is of", title.trim_end_matches(']'));
    entry.sheet.report(entry.key_at.clone(), said, hint);
    None
}

/// One field as it stands in the file.
struct OwnEntry<'e> {
    parts: OwnParts<'e>,
    read: FieldSpec,
    write: Option<String>,
}

/// Where the parts of a field stand.
struct OwnParts<'e> {
    path: TomlEntry<'e>,
    format: Option<TomlEntry<'e>>,
    map: Option<TomlEntry<'e>>,
    write: Option<TomlEntry<'e>>,
}

impl OwnParts<'_> {
    fn report(&self, entry: &TomlEntry, told: NotAdded) {
        let at = match told.part {
            OwnPart::Name => entry.key_at.clone(),
            OwnPart::Path => self.path.at.clone(),
            OwnPart::Format => self.format.as_ref().unwrap_or(entry).at.clone(),
            OwnPart::Map => self.map.as_ref().unwrap_or(entry).at.clone(),
            // A name that follows from the path is a matter of the path.
            OwnPart::Write => self.write.as_ref().unwrap_or(&self.path).at.clone(),
        };
        entry.sheet.report(at, told.said, told.expected);
    }
}

fn own_entry<'e>(entry: &TomlEntry<'e>) -> Option<OwnEntry<'e>> {
    match entry.value {
        DeValue::String(_) => {
            let path = entry.filled_text()?.to_string();
            let read = FieldSpec { path, kind: FieldKind::Text, map: BTreeMap::new(), format: None };
            return Some(OwnEntry { parts: OwnParts { path: entry.clone(), format: None, map: None, write: None }, read, write: None });
        }
        DeValue::Table(_) => {}
        _ => {
            entry.wrong_kind(FORM);
            return None;
        }
    }
    let before = entry.sheet.said();
    let mut section = entry.table(&format!("{:?}", entry.key), &keys::OWN_FIELD)?;
    let path = section.need("path", "expected path = \"..\", where a record shows it");
    let (kind, format) = (section.get("type"), section.get("format"));
    let (map, write) = (section.get("map"), section.get("write"));
    section.finish();
    let text = path.as_ref().and_then(|p| p.filled_text()).map(str::to_string);
    let kind = kind.map_or(Some(FieldKind::Text), |e| word(&e, &keys::FIELD_TYPES, "type"));
    let format_word: Option<Option<TimeFormat>> = format.as_ref().map_or(Some(None), |e| word(e, &keys::TIME_FORMATS, "format").map(Some));
    let labels = map.as_ref().map(labels).unwrap_or_default();
    let name = write.as_ref().and_then(|e| e.filled_text()).map(str::to_string);
    let (path, text, kind, format_word) = (path?, text?, kind?, format_word?);
    let read = FieldSpec { path: text, kind, map: labels, format: format_word };
    // What is wrong in itself is told by itself.
    (entry.sheet.said() == before).then_some(OwnEntry { parts: OwnParts { path, format, map, write }, read, write: name })
}

/// A word as manifests have it.
fn word<T: serde::de::DeserializeOwned>(entry: &TomlEntry, words: &[&'static str], what: &str) -> Option<T> {
    let text = entry.filled_text()?;
    let known = words.contains(&text).then(|| toml::Value::String(text.to_string()).try_into().ok()).flatten();
    if known.is_none() {
        entry.report(format!("{text:?} is no {what}"), choices(text, words.iter().copied()));
    }
    known
}

/// What the system's codes mean.
fn labels(entry: &TomlEntry) -> BTreeMap<String, String> {
    let entries = entry.table("\"map\"", &keys::OWN_FIELD_MAP).map(|mut s| s.entries()).unwrap_or_default();
    entries.iter().filter_map(|label| Some((label.key.to_string(), label.filled_text()?.to_string()))).collect()
}
