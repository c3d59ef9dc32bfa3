//! Raw JSON to records, as a manifest's `record` says.
//!
//! A field that is there and cannot be read is told, and is `Unreadable`; its record still counts. A record whose id or deletion cannot be
//! read is kept out whole: what was known of it before stays. A state that cannot be read is `Unknown`, and a refusal that cannot be read
//! stays with the record: both hold.

use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{Paths, RecordMap, Request, TimeFormat, TimePath, Writes};
use crate::connector::map::marks::MarkReader;
use crate::connector::map::refusal::RefusalTest;
use crate::connector::map::refusal_words::RefusalWords;
use crate::connector::map::unmapped::ReadPlaces;
use crate::connector::map::watch::Watch;
use crate::connector::port::kept_out::DELETED;
use crate::connector::port::{Observed, PageRead, Quarantined, UnknownCode, WatchedField};
use crate::connector::raw::conditions::RowTest;
use crate::connector::raw::json::Json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::{id_of, is_empty, kind_of, other_id, time_of};
use crate::model::{DealState, Entity, Field, LastEdit, Name, Record, RecordId, TicketState, Time, Value};
use editor::EditorReader;
use fields::FieldReader;
use jiff::tz::TimeZone;
use refused::Refuses;

/// Texts of a record's fields together. The state keeps what a target shows, what was agreed and what is sent in items of a megabyte at most.
const TEXT_BYTES_MAX: usize = 128 << 10;

/// An id is part of keys.
const ID_BYTES_MAX: usize = 512;

/// Which lists an answer holds of each of its records: where they are absent, there is nothing in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carries {
    pub people: bool,
    pub accounts: bool,
}

impl Carries {
    pub fn of(request: &Request) -> Carries {
        Carries { people: request.carries_people, accounts: request.carries_accounts }
    }
}

/// Which lists of a record that go on elsewhere are asked for by another request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FollowedLists {
    pub people: bool,
    pub accounts: bool,
}

/// A `record` section, made ready to be used on many records.
#[derive(Debug)]
pub struct Mapper {
    system: Name,
    entity: Entity,
    id: Path,
    /// Before each id; usually nothing.
    id_prefix: String,
    changed_at: Option<(Path, TimeFormat)>,
    created_at: Option<(Path, TimeFormat)>,
    /// Nothing where no rule goes by who edited.
    editor: Option<EditorReader>,
    ended_at: Option<(Path, TimeFormat)>,
    /// Sorted by name, as the record wants them.
    fields: Vec<FieldReader>,
    marks: Vec<MarkReader>,
    account: Option<Path>,
    more_accounts: Vec<Path>,
    people: Option<Path>,
    people_more: Option<Path>,
    accounts_more: Option<Path>,
    more: Vec<Path>,
    followed: FollowedLists,
    addresses: Vec<Path>,
    states: Vec<(String, RowTest)>,
    refusals: Vec<Refuses>,
    refusal_words: RefusalWords,
    watch: Watch,
    places: ReadPlaces,
    deleted: Option<RowTest>,
    same_as: Vec<(Name, Path, Option<String>)>,
    zone: TimeZone,
    leaves_out_empty: bool,
}

impl Mapper {
    /// Marks, refusals and `same_as` that name a setting which was not given are left out. `writes` are those to the same records.
    pub fn new(system: &Name, entity: Entity, map: &RecordMap, writes: Option<&Writes>, settings: &Settings) -> Result<Mapper, String> {
        let path = |text: &String| Path::parse(text).map_err(|e| e.to_string());
        let time = |t: &TimePath| {
            let (text, format) = t.parts();
            Path::parse(text).map(|path| (path, format)).map_err(|e| e.to_string())
        };
        let test = |t: &crate::connector::manifest::Test| settings.test(t)?.map(|t| RowTest::new(&t)).transpose();
        let mut refusals = Vec::new();
        for rule in &map.refusals {
            if let Some(when) = settings.test(&rule.when)? {
                refusals.push((rule.scope(), RefusalTest::new(&when)?));
            }
        }
        let mut states = Vec::new();
        for rule in &map.state {
            states.extend(test(&rule.when)?.map(|c| (rule.is.clone(), c)));
        }
        let mut same_as = Vec::new();
        for other in &map.same_as {
            if let Some(system) = settings.text(&other.system)? {
                let prefix = other.prefix.as_ref().map(|p| settings.text(p)).transpose()?;
                if prefix != Some(None) {
                    same_as.push((Name::from(system), path(&other.path)?, prefix.flatten()));
                }
            }
        }
        let several = |paths: &Option<Paths>| paths.iter().flat_map(Paths::as_slice).map(&path).collect::<Result<Vec<Path>, _>>();
        let mut accounts = several(&map.account)?.into_iter();
        let mut marks = Vec::new();
        for (mark, how) in &map.marks {
            marks.extend(MarkReader::new(mark.clone(), how, writes, settings)?);
        }
        let watch = Watch::new(map, &refusals, &marks, settings)?;
        Ok(Mapper {
            system: system.clone(),
            entity,
            id: path(&map.id)?,
            id_prefix: map.id_prefix.clone().unwrap_or_default(),
            changed_at: map.changed_at.as_ref().map(time).transpose()?,
            created_at: map.created_at.as_ref().map(time).transpose()?,
            editor: EditorReader::new(map.edited_by.as_ref(), map.edited_via.as_ref(), &settings.edits().relays)?
                .filter(|_| settings.edits().editors),
            ended_at: map.ended_at.as_ref().map(time).transpose()?,
            fields: map.fields.iter().map(|(name, how)| FieldReader::new(name, how, entity, settings)).collect::<Result<_, _>>()?,
            marks,
            account: accounts.next(),
            more_accounts: accounts.collect(),
            people: map.people.as_ref().map(path).transpose()?,
            people_more: map.people_more.as_ref().map(path).transpose()?,
            accounts_more: map.accounts_more.as_ref().map(path).transpose()?,
            more: map.more.iter().map(path).collect::<Result<_, _>>()?,
            followed: FollowedLists::default(),
            addresses: several(&map.addresses)?,
            states,
            refusals: refusals.into_iter().map(|(scope, when)| Refuses::new(scope, when, &watch)).collect(),
            refusal_words: settings.refusal_words(),
            watch,
            places: ReadPlaces::new(map, settings)?,
            deleted: map.deleted.as_ref().map(test).transpose()?.flatten(),
            same_as,
            zone: settings.zone.clone(),
            leaves_out_empty: map.leaves_out_empty,
        })
    }

    /// The fields that are looked out for.
    pub fn watched(&self) -> Vec<WatchedField> {
        self.watch.fields()
    }

    /// The fields that it reads, by our names.
    pub fn field_names(&self) -> Vec<Name> {
        self.fields.iter().map(|reader| reader.key.clone()).collect()
    }

    fn field_reader(&self, name: &Name) -> Option<&FieldReader> {
        self.fields.iter().find(|reader| reader.key == *name)
    }

    /// The raw record's id, if it can be read.
    pub fn id<'v>(&self, raw: &'v Json<'_>) -> Option<std::borrow::Cow<'v, str>> {
        self.id.first(raw).and_then(id_of)
    }

    /// The system's own time of the raw record's last change.
    pub fn changed_at(&self, raw: &Json<'_>) -> Option<Time> {
        self.changed_at.as_ref().and_then(|(path, format)| time_of(path.first(raw)?, *format, &self.zone))
    }

    /// Adds the fields of a raw record that nothing is read from to the page.
    pub fn note_unmapped(&self, raw: &Json<'_>, page: &mut PageRead) {
        self.places.note_others(raw, &mut page.unmapped);
    }

    /// Adds what a raw record becomes to the page. `at` is the time of reading.
    pub fn map(&self, raw: &Json<'_>, at: Time, carries: Carries, page: &mut PageRead) {
        match self.id(raw) {
            Some(id) => self.map_as(&id, raw, at, carries, page),
            None => {
                self.keep_out(raw, None, carries, "there is no id".to_string(), page);
                page.quarantined.push(Quarantined { record: None, field: "id".to_string(), why: "there is no id".to_string() });
            }
        }
    }

    /// As [`Mapper::map`], for a record whose id is known: it may not stand in the answer where it was asked for by id.
    pub fn map_as(&self, id: &str, raw: &Json<'_>, at: Time, carries: Carries, page: &mut PageRead) {
        if id.len() > ID_BYTES_MAX {
            let why = format!("is {} bytes long; ids of more than {ID_BYTES_MAX} are not read", id.len());
            self.keep_out(raw, None, carries, format!("its id {why}"), page);
            return page.quarantined.push(Quarantined { record: None, field: "id".to_string(), why });
        }
        let id = match self.id_prefix.as_str() {
            "" => RecordId::new(self.system.clone(), self.entity, id),
            prefix => RecordId::new(self.system.clone(), self.entity, format!("{prefix}{id}").as_str()),
        };
        let mut told = KeptOut { id: &id, page: &mut page.quarantined };
        match self.deleted.as_ref().map_or(Ok(false), |c| c.holds(raw)) {
            Err(why) => {
                told.tell(DELETED, why.0.clone());
                return self.keep_out(raw, Some(id.clone()), carries, format!("whether it was deleted {}", why.0), page);
            }
            Ok(true) => return page.observed.push(Observed::Deleted(id)),
            Ok(false) => {}
        }
        self.watch.see(raw, &mut page.shown);
        let mut record = Record::new(id.clone());
        refused::read(&self.refusals, &self.refusal_words, raw, &mut record);
        record.changed_at = self.time("changed_at", &self.changed_at, raw, &mut told);
        self.fields(raw, at, &mut record, &mut told, &mut page.unknown_codes);
        self.marks(raw, &mut record, &mut told);
        let accounts_told = self.accounts(raw, carries.accounts, &mut record, &mut told);
        let people_told = self.people(raw, carries.people, &mut record, &mut told);
        let cut = self.cut(raw);
        if let Some(path) = cut.untold {
            page.cut_short.get_or_insert_with(|| format!("{} shows a part of a list only (it goes on at {path})", record.id.id));
        }
        self.addresses(raw, &mut record, &mut told);
        self.state(raw, &mut record, &mut told);
        for (system, path, prefix) in &self.same_as {
            let entity = self.entity;
            path.entries(raw, &mut |v| {
                record.same_as.extend(other_id(v, prefix.as_deref()).map(|id| RecordId::new(system.clone(), entity, id)))
            });
        }
        record.same_as.sort();
        record.same_as.dedup();
        let (people_told, accounts_told) = (people_told && !cut.people, accounts_told && !cut.accounts);
        page.observed.push(Observed::Record { record: Box::new(record), people_told, accounts_told });
    }

    /// Reads the fields. `at`: since when they are as they are, where the record does not say.
    fn fields(&self, raw: &Json<'_>, at: Time, record: &mut Record, told: &mut KeptOut<'_>, unknown: &mut Vec<UnknownCode>) {
        let since = record.changed_at.unwrap_or(at);
        let after = self.time("created_at", &self.created_at, raw, told).map(|created| created.min(since));
        record.edited_by = self.editor.as_ref().and_then(|editor| editor.read(raw));
        // Nobody has edited it since it was made: all that is in it is by who made it.
        let made_by = record.edited_by.as_ref().filter(|_| after == Some(since));
        let last_edit = made_by.map(|by| Box::new(LastEdit { dated: false, by: Some(by.clone()) }));
        record.fields.reserve_exact(self.fields.len());
        let mut room = TEXT_BYTES_MAX;
        let mut codes = Vec::new();
        for reader in &self.fields {
            let read = reader.read(raw, &self.zone, &mut codes);
            unknown.extend(codes.drain(..).map(|code| UnknownCode { record: record.id.clone(), field: reader.key.clone(), code }));
            let value = match read {
                Ok(None) if self.leaves_out_empty && self.watch.not_there(&reader.path).is_none() => Value::Empty,
                Ok(None) => continue,
                Ok(Some(value)) if value.text_bytes() <= room => value,
                Ok(Some(value)) => {
                    told.tell(&reader.key, format!("has {} bytes; a record may have {TEXT_BYTES_MAX}", value.text_bytes()));
                    Value::Unreadable
                }
                Err(why) => {
                    told.tell(&reader.key, why);
                    Value::Unreadable
                }
            };
            room -= value.text_bytes();
            record.fields.push(Field { after, last_edit: last_edit.clone(), ..Field::new(reader.key.clone(), value, since) });
        }
    }

    fn marks(&self, raw: &Json<'_>, record: &mut Record, told: &mut KeptOut<'_>) {
        for reader in &self.marks {
            match reader.read(raw, &self.zone) {
                Ok(Some(value)) => record.set_mark(reader.mark.clone(), value),
                Ok(None) => {}
                Err(why) => {
                    record.set_mark(reader.mark.clone(), Value::Unreadable);
                    told.tell(reader.mark.name(), why);
                }
            }
        }
    }

    fn state(&self, raw: &Json<'_>, record: &mut Record, told: &mut KeptOut<'_>) {
        let mut name = None;
        for (state, when) in &self.states {
            match when.holds(raw) {
                Ok(false) => {}
                Ok(true) => {
                    name = Some(&**state);
                    break;
                }
                // A rule that cannot be read might have fitted: nothing after it counts.
                Err(why) => {
                    told.tell("state", why.0);
                    break;
                }
            }
        }
        match self.entity {
            Entity::Deal => record.deal = Some(name.and_then(DealState::parse).unwrap_or(DealState::Unknown)),
            Entity::Ticket => record.ticket = Some(name.and_then(TicketState::parse).unwrap_or(TicketState::Unknown)),
            _ => return,
        }
        if !record.deal.is_some_and(DealState::is_open) && !record.ticket.is_some_and(TicketState::is_open) {
            record.memory.ended_at = self.time("ended_at", &self.ended_at, raw, told);
        }
    }

    fn time(&self, name: &str, how: &Option<(Path, TimeFormat)>, raw: &Json<'_>, told: &mut KeptOut<'_>) -> Option<Time> {
        let (path, format) = how.as_ref()?;
        let value = path.first(raw).filter(|v| !is_empty(v))?;
        let time = time_of(value, *format, &self.zone);
        if time.is_none() {
            told.tell(name, format!("is {} that is no time", kind_of(value)));
        }
        time
    }
}

/// Where what was kept out of one record is told.
struct KeptOut<'p> {
    id: &'p RecordId,
    page: &'p mut Vec<Quarantined>,
}

impl KeptOut<'_> {
    fn tell(&mut self, field: &str, why: String) {
        self.page.push(Quarantined { record: Some(self.id.clone()), field: field.to_string(), why });
    }
}

pub mod codes;
mod editor;
pub mod feed_changes;
mod fields;
pub mod history;
pub mod marks;
pub mod refusal;
pub mod refusal_words;
mod refused;
mod unmapped;
mod unread;
pub mod watch;
mod whom;

#[cfg(test)]
mod tests;
