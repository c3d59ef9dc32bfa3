//! Fields of one's own: what systems.toml adds to a stream of a manifest that somebody else wrote.
//!
//! A field that was added is one of the manifest's from then on, for reading, rules and writing alike.

use super::{FieldKind, FieldMap, FieldSpec, FieldWrite, Manifest, MarkMap, MarkWrite, OWN, RecordMap, Request, Stream, consent_field};
use crate::connector::map::codes::Codes;
use crate::connector::port::last_name;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::plain::{plain, same_name};
use crate::connector::raw::scalars::{bool_of, int_of, number_of};
use crate::model::expression::is_taken;
use crate::model::{Entity, Name};
use std::collections::BTreeMap;

/// A field to be added to a stream that has records.
#[derive(Debug, Clone)]
pub struct OwnField<'f> {
    pub stream: &'f str,
    pub name: Name,
    pub read: FieldSpec,
    /// The system's name of it for writing. Unless given it follows from the path, where that is plain.
    pub write: Option<String>,
}

/// Why a field cannot be added, and by which part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAdded {
    pub part: OwnPart,
    pub said: String,
    pub expected: String,
}

/// A part of what systems.toml says of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnPart {
    Name,
    Path,
    Format,
    Map,
    Write,
}

/// A text of the manifest with what systems.toml says filled in, as far as it can be known.
type FillText<'f> = dyn Fn(&str) -> String + 'f;

/// How a field is written, or why it is not.
type WrittenAs = Result<String, String>;

impl NotAdded {
    fn new(part: OwnPart, said: impl Into<String>, expected: impl Into<String>) -> NotAdded {
        NotAdded { part, said: said.into(), expected: expected.into() }
    }
}

impl Manifest {
    /// Adds a field. `Ok` with why it could not be written, if it could not.
    pub fn add_own_field(&mut self, field: OwnField<'_>, filled: &FillText<'_>) -> Result<Option<String>, NotAdded> {
        let no_records = || NotAdded::new(OwnPart::Name, format!("{} has no records of its own", field.stream), "take it out");
        let stream = self.streams.get(field.stream).ok_or_else(no_records)?;
        let record = stream.record.as_ref().ok_or_else(no_records)?;
        self.check_name(&field, stream.entity, record)?;
        self.check_path(&field, record, filled)?;
        check_form(&field.read)?;
        let asked = self.asked_name(&field, record)?;
        let written = self.written_name(&field, filled)?;
        let OwnField { stream, name, read, .. } = field;
        if let Some(asked) = asked {
            self.ask_for(stream, &name, &asked);
        }
        if let Some(record) = self.streams.get_mut(stream).and_then(|s| s.record.as_mut()) {
            record.fields.insert(name.clone(), FieldMap::Full(as_templates(read)));
        }
        match (written, &mut self.writes) {
            (Ok(field), Some(writes)) => drop(writes.fields.insert(name, FieldWrite::Name(field))),
            (Ok(_), None) => {}
            (Err(why), _) => return Ok(Some(why)),
        }
        Ok(None)
    }

    /// The stream that fields are of unless it is said: the one that is written, else the only one of persons. `Err`: those of persons.
    pub fn stream_of_own_fields(&self) -> Result<&str, Vec<&str>> {
        if let Some(writes) = &self.writes {
            return Ok(&writes.stream);
        }
        let people = self.streams.iter().filter(|(_, s)| s.entity == Entity::Person && s.record.is_some());
        let people: Vec<&str> = people.map(|(name, _)| name.as_str()).collect();
        if let [one] = people[..] { Ok(one) } else { Err(people) }
    }

    /// Whether the fields of a stream's records are asked for by their names.
    pub(in crate::connector) fn asks_by_name(&self, stream: &str) -> bool {
        let reads = self.streams.get(stream).into_iter().flat_map(Stream::requests);
        reads.chain(self.writes.iter().filter(|w| w.stream == stream).map(|w| &w.read)).any(|request| request.uses(OWN))
    }

    fn check_name(&self, field: &OwnField<'_>, entity: Entity, record: &RecordMap) -> Result<(), NotAdded> {
        let name = &*field.name;
        let wrong = |said: String, expected: &str| Err(NotAdded::new(OwnPart::Name, said, expected));
        let inside = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(inside) {
            return wrong(
                format!("{name:?} could not be named in rules"),
                "expected Latin letters, digits and _, as industry_code; the path may be in any script",
            );
        }
        if is_taken(entity, name) || matches!(name, "hold" | "status") {
            return wrong(format!("{name:?} means something else in rules and in writes"), "expected another name, as crm_status");
        }
        if let Some(known) = record.fields.get(name) {
            let said = format!("{} reads {name:?} already, from {:?}: it would be hidden", self.title, known.path());
            return wrong(said, "expected another name; a connector of your own may read it otherwise");
        }
        let others = self.streams.iter().filter(|(_, s)| s.entity == entity).filter_map(|(n, s)| Some((n, s.record.as_ref()?)));
        let mut others = others.filter_map(|(stream, record)| Some((stream, record.fields.get(name)?.kind())));
        match others.find(|(_, kind)| *kind != field.read.kind) {
            Some((stream, kind)) => wrong(
                format!("{name:?} is {} in {stream}, and {} here", kind.word(), field.read.kind.word()),
                "expected the same type, or another name",
            ),
            None => Ok(()),
        }
    }

    fn check_path(&self, field: &OwnField<'_>, record: &RecordMap, filled: &FillText<'_>) -> Result<(), NotAdded> {
        let path = &field.read.path;
        let wrong = |said: String, expected: &str| Err(NotAdded::new(OwnPart::Path, said, expected));
        if let Err(e) = Path::parse(path) {
            return wrong(format!("{:?} is no path", e.0), PATH_FORM);
        }
        if self.refusal_places(filled).any(|(place, in_list)| shows(path, &place, in_list)) {
            let said = format!("{path:?} shows the person's own no in {}: it is no field, and nothing may ever write it", self.title);
            return wrong(said, "take it out; refusals are read from it as they are");
        }
        if let Some((name, _)) = record.fields.iter().find(|(_, known)| same_path(known.path(), path)) {
            return wrong(format!("{path:?} is read already, as {name:?}"), "take it out, and use that name");
        }
        let own_mark = |how: &MarkMap| how.contains.is_none() && how.prefix.is_none() && same_path(&filled(&how.path), path);
        if let Some((mark, _)) = record.marks.iter().find(|(_, how)| own_mark(how)) {
            return wrong(format!("{path:?} is where nayose writes its own {}", mark.name()), "expected a field of yours");
        }
        Ok(())
    }

    /// Where people's own no is read from, and whether that is just one entry of a list.
    fn refusal_places<'m>(&'m self, filled: &'m FillText<'_>) -> impl Iterator<Item = (String, bool)> + 'm {
        let records = self.streams.values().filter_map(|s| s.record.as_ref());
        records.flat_map(|record| {
            let refusals = record.refusals.iter().map(|rule| (filled(&rule.when.path), rule.when.contains.is_some()));
            refusals.chain(record.consent.iter().map(|path| (path.clone(), false)))
        })
    }

    /// By what name the system is asked for it, where it must be.
    fn asked_name(&self, field: &OwnField<'_>, record: &RecordMap) -> Result<Option<String>, NotAdded> {
        if !self.asks_by_name(field.stream) {
            return Ok(None);
        }
        let below = record.own_at.as_deref().unwrap_or_default();
        let name = name_below(&field.read.path, below);
        let form = if below.is_empty() { "NAME".to_string() } else { format!("{below}.NAME") };
        let said = || format!("{:?} names no field of {}, which is asked for each by its name", field.read.path, self.title);
        name.map(Some).ok_or_else(|| NotAdded::new(OwnPart::Path, said(), format!("expected {form:?}, with the name that it has there")))
    }

    fn written_name(&self, field: &OwnField<'_>, filled: &FillText<'_>) -> Result<WrittenAs, NotAdded> {
        let wrong = |said: String, expected: &str| NotAdded::new(OwnPart::Write, said, expected);
        let writes = self.writes.as_ref().filter(|w| w.stream == field.stream);
        let Some((writes, update)) = writes.and_then(|w| Some((w, w.update.as_ref()?))) else {
            let why = format!("nothing is written to the fields of {}", field.stream);
            return if field.write.is_some() { Err(wrong(why, "take write out")) } else { Ok(Err(why)) };
        };
        let below = update.fields_at.as_deref().unwrap_or_default();
        let Some(name) = field.write.clone().or_else(|| name_below(&field.read.path, below)) else {
            return Ok(Err("its name for writing does not follow from its path".to_string()));
        };
        let places: Vec<String> = self.refusal_places(filled).map(|(place, _)| place).collect();
        let begins = |place: &String| place.strip_suffix('*').is_some_and(|place| plain(&name).starts_with(&*plain(last_name(place))));
        let begins = places.iter().any(begins).then(|| format!("{name:?} shows the person's own refusal; nothing may ever write it"));
        if let Some(why) = consent_field(places.iter().map(String::as_str), &name).or(begins) {
            return Err(wrong(why, "take it out"));
        }
        let marks = [&writes.block, &writes.permit, &writes.why].into_iter().flatten().filter_map(|mark| match mark {
            MarkWrite::Field { field, .. } => Some(filled(field)),
            MarkWrite::Label { .. } => None,
        });
        let fields = writes.fields.values().map(|write| write.field().to_string());
        let others =
            fields.chain(writes.status.iter().filter_map(|s| s.field.as_deref().map(filled))).chain(update.id_key.clone()).chain(marks);
        if let Some(other) = others.into_iter().find(|other| same_name(other, &name)) {
            return Err(wrong(format!("{other:?} of {} is written already, as something else", self.title), "expected a field of yours"));
        }
        // An address, say, that the manifest itself never writes.
        let read_as = self.streams.get(field.stream).and_then(|stream| stream.record.as_ref()).and_then(|record| {
            record.fields.iter().find(|(_, known)| same_name(last_name(known.path()), &name) && !same_path(known.path(), &field.read.path))
        });
        if let Some((known, _)) = read_as.filter(|_| field.write.is_some()) {
            return Err(wrong(format!("{name:?} of {} is read already, as {known:?}", self.title), "expected a field of yours"));
        }
        match Codes::new(&as_templates(field.read.clone()).map, &BTreeMap::new()) {
            Ok(_) => Ok(Ok(name)),
            Err(_) => Ok(Err("its map reads two codes as one, so that nobody knows which to write".to_string())),
        }
    }

    /// Has every request of a stream ask for a field too.
    fn ask_for(&mut self, stream: &str, name: &Name, asked: &str) {
        let read_back = self.writes.as_mut().filter(|w| w.stream == stream).map(|w| &mut w.read);
        let Some(stream) = self.streams.get_mut(stream) else { return };
        stream.requests_mut().chain(read_back).for_each(|request| ask(request, asked));
        // Both go by the system's own names, as the requests do.
        if let Some(history) = &mut stream.field_history {
            history.fields.insert(name.clone(), asked.to_string());
        }
        if let Some(tells) = stream.feed.as_mut().and_then(|feed| feed.tells.as_mut()) {
            tells.fields.insert(name.clone(), asked.to_string());
        }
    }
}

const PATH_FORM: &str = "expected names with dots between them, name[] to go through a list, name[key=text] to pick from one: \
                         \"properties.industry_c\", \"labels[].name\"";

/// The form must be one of its type, and what a map says must be read as that type.
fn check_form(read: &FieldSpec) -> Result<(), NotAdded> {
    let timed = matches!(read.kind, FieldKind::Time | FieldKind::Date);
    if read.format.is_some() && !timed {
        let said = format!("a field of type {} has no format", read.kind.word());
        return Err(NotAdded::new(OwnPart::Format, said, "expected type = \"time\" or \"date\" beside it, or no format"));
    }
    let fits = |label: &str| {
        let label = serde_json::Value::from(label);
        let label = Json::from(&label);
        match read.kind {
            FieldKind::Int => int_of(&label).is_some(),
            FieldKind::Number => number_of(&label).is_some(),
            FieldKind::Bool => bool_of(&label).is_some(),
            FieldKind::Text | FieldKind::List | FieldKind::Time | FieldKind::Date => true,
        }
    };
    match read.map.values().find(|label| !fits(label)) {
        Some(label) => Err(NotAdded::new(
            OwnPart::Map,
            format!("{label:?} is no value of type {}", read.kind.word()),
            "expected map = { THEIRS = \"ours\" }, where ours is of the field's type",
        )),
        None => Ok(()),
    }
}

/// What follows in a path, if that is one name.
fn name_below(path: &str, below: &str) -> Option<String> {
    let rest = if below.is_empty() { path } else { path.strip_prefix(below)?.strip_prefix('.')? };
    let name = rest.strip_suffix("[]").unwrap_or(rest);
    (!name.is_empty() && !name.contains(['.', '[', ']', ','])).then(|| name.to_string())
}

/// Whether what is read at a path shows a refusal that is read at another.
fn shows(path: &str, place: &str, in_list: bool) -> bool {
    if let Some(begin) = place.strip_suffix('*') {
        return comparable(path).starts_with(&comparable(begin));
    }
    let (path, place) = (comparable(path), comparable(place));
    let inside = |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.starts_with(['.', '[']));
    !in_list && (path == place || inside(&path, &place) || inside(&place, &path))
}

fn same_path(a: &str, b: &str) -> bool {
    comparable(a) == comparable(b)
}

/// A path without what makes no other place of it.
fn comparable(path: &str) -> String {
    plain(path.trim_end_matches("[]")).into_owned()
}

/// A manifest's texts are templates, those of systems.toml are not.
fn as_templates(read: FieldSpec) -> FieldSpec {
    let map = read.map.iter().map(|(theirs, ours)| (escaped(theirs), escaped(ours))).collect();
    FieldSpec { map, ..read }
}

fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// Puts a name before the end of each list of names.
fn ask(request: &mut Request, name: &str) {
    request.query.values_mut().for_each(|text| ask_in_text(text, name));
    if let Some(body) = &mut request.body {
        ask_in_body(body, name);
    }
}

fn ask_in_text(text: &mut String, name: &str) {
    let (name, more, sole) = (escaped(name), format!("{{,{OWN}}}"), format!("{{{OWN}}}"));
    if text.contains(&more) {
        *text = text.replace(&more, &format!(",{name}{more}"));
    } else if text.contains(&sole) {
        *text = text.replace(&sole, &format!("{name}{more}"));
    }
}

fn ask_in_body(body: &mut toml::Value, name: &str) {
    match body {
        toml::Value::String(text) => ask_in_text(text, name),
        toml::Value::Table(table) => table.iter_mut().for_each(|(_, value)| ask_in_body(value, name)),
        toml::Value::Array(items) => match items.iter().position(is_end_of_own_fields) {
            Some(end) => items.insert(end, toml::Value::String(escaped(name))),
            None => items.iter_mut().for_each(|value| ask_in_body(value, name)),
        },
        _ => {}
    }
}

/// Whether an entry of a body's list stands for the fields of one's own: where there are no more, it is not sent.
pub(in crate::connector) fn is_end_of_own_fields(entry: &toml::Value) -> bool {
    entry.as_str().is_some_and(|text| text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) == Some(OWN))
}

#[cfg(test)]
mod tests;
