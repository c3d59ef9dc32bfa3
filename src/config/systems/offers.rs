//! What the configured systems can read: the other three files are checked against it.

use crate::config::document::TomlEntry;
use crate::config::document::nearest::choices;
use crate::connector::file;
use crate::connector::manifest::{FieldKind, FieldMap, RecordMap};
use crate::connector::{Manifest, READ_EVERY, SWEEP_EVERY};
use crate::model::expression::{Declared, FieldType};
use crate::model::{Entity, Name, Span};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// All systems named in systems.toml, the faulty ones too: their names are no mistake elsewhere.
#[derive(Default)]
pub struct Offers {
    pub systems: Vec<Offer>,
    /// systems.toml could be read to its end, so a system that is not here is unknown.
    pub whole: bool,
}

pub struct Offer {
    pub name: Name,
    /// `None`: its connector is not known, so nothing can be said of its streams and fields.
    pub manifest: Option<Arc<Manifest>>,
    /// As systems.toml says.
    pub every: Option<Span>,
    pub sweep: Option<Span>,
    /// Its persons' fields: asked for with each field that a rule names.
    persons: OnceCell<BTreeMap<Name, FieldKind>>,
    /// The same of accounts.
    accounts: OnceCell<BTreeMap<Name, FieldKind>>,
}

/// Which passes over persons' streams count as proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassesThatCount {
    /// Those that miss nobody.
    Whole,
    /// Filtered ones too, while a young sweep stands behind them.
    Filtered,
}

impl Offers {
    pub fn names(&self) -> Vec<&str> {
        self.systems.iter().map(|s| &*s.name).collect()
    }

    pub fn system(&self, name: &str) -> Option<&Offer> {
        self.systems.iter().find(|s| &*s.name == name)
    }

    /// Every system and its manifest is known, so a stream or field that is not here does not exist.
    pub fn complete(&self) -> bool {
        self.whole && self.systems.iter().all(|s| s.manifest.is_some())
    }

    /// The system that an entry of another file names; `None` is reported, unless systems.toml itself is to blame.
    pub fn named(&self, entry: &TomlEntry, name: &str) -> Option<&Offer> {
        let found = self.system(name);
        if found.is_none() && self.whole {
            entry.report(format!("unknown system {name:?}"), choices(name, self.names()).within(" in systems.toml"));
        }
        found
    }

    /// `(system, stream)` of each stream of an entity.
    pub fn streams_of(&self, entity: Entity) -> Vec<(&Offer, &str)> {
        self.streams().filter(|(_, _, e)| *e == entity).map(|(s, t, _)| (s, t)).collect()
    }

    fn streams(&self) -> impl Iterator<Item = (&Offer, &str, Entity)> {
        let manifests = self.systems.iter().filter_map(|s| s.manifest.as_deref().map(|m| (s, m)));
        manifests.flat_map(|(s, m)| m.streams.iter().map(move |(name, stream)| (s, name.as_str(), stream.entity)))
    }

    /// The streams, as `ma.people`, whose records show refusals.
    pub fn refusal_streams(&self) -> Vec<String> {
        let manifests = self.systems.iter().filter_map(|s| s.manifest.as_deref().map(|m| (s, m)));
        let streams = manifests.flat_map(|(s, m)| m.streams.iter().map(move |(name, stream)| (s, name, stream)));
        let shows = |map: &RecordMap| !map.refusals.is_empty();
        // A list that is kept for something else may have no column of them.
        let is_kept_for_it = |s: &Offer, n: &str| s.manifest.as_deref().is_none_or(|m| file::is_kept_for_refusals(m, n));
        let streams = streams.filter(|(s, n, t)| t.record.as_ref().is_some_and(shows) && is_kept_for_it(s, n));
        streams.map(|(s, n, _)| format!("{}.{n}", s.name)).collect()
    }

    /// Names of the systems that read a person field, with what they read it as.
    pub fn readers(&self, field: &str) -> Vec<(&str, FieldKind)> {
        let kinds = self.systems.iter().filter_map(|s| Some((&*s.name, s.person_fields().get(field).copied()?)));
        kinds.collect()
    }

    /// The same of a field of accounts.
    pub fn account_readers(&self, field: &str) -> Vec<(&str, FieldKind)> {
        let kinds = self.systems.iter().filter_map(|s| Some((&*s.name, s.account_fields().get(field).copied()?)));
        kinds.collect()
    }

    /// The system for which a field is the person's own no: consent is no field with a precedence. The field is known by our
    /// name, or, where no system reads it as a field, by the system's own.
    pub fn consent_in(&self, field: &str) -> Option<&str> {
        let declared = !self.readers(field).is_empty();
        let is_own = |m: &Manifest| if declared { is_consent(m, field) } else { shows_consent(m, field) };
        self.systems.iter().find(|s| s.manifest.as_deref().is_some_and(is_own)).map(|s| &*s.name)
    }

    /// The fields of all systems together. Where systems differ over a field's type, whole and other numbers are numbers;
    /// else the system that comes first in the file counts.
    pub fn declared(&self) -> Declared {
        let of = |entity| {
            let mut types: BTreeMap<Name, FieldType> = BTreeMap::new();
            for (name, kind) in self.systems.iter().flat_map(|s| s.fields(entity)) {
                let new = field_type(kind);
                let known = types.entry(name).or_insert(new);
                if *known == FieldType::Int && new == FieldType::Number {
                    *known = new;
                }
            }
            types
        };
        Declared {
            person: of(Entity::Person),
            deal: of(Entity::Deal),
            ticket: of(Entity::Ticket),
            account: of(Entity::Account),
            ticket_words: self.ticket_words(),
            ..Declared::default()
        }
    }

    /// The words of those fields of tickets for which each system that reads them has a map: by that it says which there are.
    fn ticket_words(&self) -> BTreeMap<Name, Vec<Name>> {
        let manifests = self.systems.iter().filter_map(|s| s.manifest.as_deref());
        let streams = manifests.flat_map(|m| m.streams.values()).filter(|stream| stream.entity == Entity::Ticket);
        let mut words: BTreeMap<Name, Option<BTreeSet<Name>>> = BTreeMap::new();
        for (name, field) in streams.filter_map(|stream| stream.record.as_ref()).flat_map(|record| &record.fields) {
            let known = words.entry(name.clone()).or_insert_with(|| Some(BTreeSet::new()));
            match (known.as_mut(), field) {
                (Some(all), FieldMap::Full(spec)) if !spec.map.is_empty() => all.extend(spec.map.values().map(|word| word.as_str().into())),
                _ => *known = None,
            }
        }
        words.into_iter().filter_map(|(name, words)| Some((name, words?.into_iter().collect()))).collect()
    }
}

impl Offer {
    pub fn new(name: Name) -> Offer {
        Offer { name, manifest: None, every: None, sweep: None, persons: OnceCell::new(), accounts: OnceCell::new() }
    }

    fn person_fields(&self) -> &BTreeMap<Name, FieldKind> {
        self.persons.get_or_init(|| self.fields(Entity::Person))
    }

    fn account_fields(&self) -> &BTreeMap<Name, FieldKind> {
        self.accounts.get_or_init(|| self.fields(Entity::Account))
    }

    fn fields(&self, entity: Entity) -> BTreeMap<Name, FieldKind> {
        self.manifest.as_ref().map(|m| m.fields_of(entity)).unwrap_or_default()
    }

    /// How old a stream's proof is at the most while all goes well: the system's own lag, and the time between two passes that prove
    /// it. A filter that is not sound proves nothing, so that then the sweeps count. `None`: the manifest is not known.
    pub fn proof_age(&self, stream: &str, counts: PassesThatCount) -> Option<Span> {
        let manifest = self.manifest.as_ref()?;
        let own = manifest.streams.get(stream)?;
        if let Some(each) = &own.for_each {
            // Asked of the deals that are known by then, so that it is as old as what is known of them, and older by its own rhythm.
            let every = self.every.or(own.every).unwrap_or(READ_EVERY);
            return self.proof_age(&each.stream, counts).map(|deals| Span(deals.0 + every.0));
        }
        let carrier = own.carried_by.as_deref().and_then(|of| manifest.streams.get(of));
        let told = carrier.unwrap_or(own);
        let sound = told.changes.as_ref().is_none_or(|c| c.sound) && told.feed.as_ref().is_none_or(|f| f.sound);
        let filtered =
            counts == PassesThatCount::Filtered && told.entity == Entity::Person && (told.changes.is_some() || told.feed.is_some());
        let sound = sound || filtered;
        let every = self.every.or(told.every).unwrap_or(READ_EVERY);
        let proves = if sound || told.open.is_some() { every } else { self.sweep.or(told.sweep_every).unwrap_or(SWEEP_EVERY) };
        Some(Span(proves.0 + told.lag.unwrap_or_default().0))
    }
}

fn field_type(kind: FieldKind) -> FieldType {
    match kind {
        FieldKind::Text => FieldType::Text,
        FieldKind::Int => FieldType::Int,
        FieldKind::Number => FieldType::Number,
        FieldKind::Bool => FieldType::Bool,
        // Expressions know a day as the midnight UTC of it.
        FieldKind::Time | FieldKind::Date => FieldType::Time,
        FieldKind::List => FieldType::List,
    }
}

/// Whether a field is read from where a person's refusal is read from. One entry of a list (a label) does not make the list consent.
fn is_consent(manifest: &Manifest, field: &str) -> bool {
    records(manifest).any(|map| {
        let path = map.fields.get(field).map(path);
        map.refusals.iter().any(|r| r.when.contains.is_none() && path == Some(r.when.path.as_str()))
    })
}

/// Whether a refusal is read from a field that the system calls so.
fn shows_consent(manifest: &Manifest, vendor: &str) -> bool {
    records(manifest).any(|map| map.refusals.iter().any(|r| r.when.path == vendor || r.when.path.rsplit('.').next() == Some(vendor)))
}

/// Whether writing our field would write what a refusal is read from, labels included.
pub fn writes_consent(manifest: &Manifest, field: &str, vendor: &str) -> bool {
    let read = |map: &RecordMap, path: &str| map.refusals.iter().any(|r| r.when.path == path);
    shows_consent(manifest, vendor) || records(manifest).any(|map| map.fields.get(field).is_some_and(|f| read(map, path(f))))
}

fn records(manifest: &Manifest) -> impl Iterator<Item = &RecordMap> {
    manifest.streams.values().filter_map(|s| s.record.as_ref())
}

fn path(field: &FieldMap) -> &str {
    match field {
        FieldMap::Path(path) => path,
        FieldMap::Full(spec) => &spec.path,
    }
}
