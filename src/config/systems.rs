//! systems.toml: what is read, and what may be written, where.

pub(in crate::config) mod connectors;
pub(in crate::config) mod http;
mod list_path;
pub(in crate::config) mod lists;
pub(in crate::config) mod lists_out;
pub(in crate::config) mod milter;
pub(in crate::config) mod network;
pub(in crate::config) mod notify;
pub(in crate::config) mod offers;
pub(in crate::config) mod own_fields;
pub(in crate::config) mod permits;
pub(in crate::config) mod plain_http;
pub(in crate::config) mod settings;
pub(in crate::config) mod status_words;
pub(in crate::config) mod time_zone;
pub(in crate::config) mod writes;

use crate::config::document::keys;
use crate::config::document::nearest::choices;
use crate::config::document::shown;
use crate::config::document::{ConfigSheet, Section, TomlEntry};
use crate::config::systems::lists::{ListTables, ListsRead};
use crate::config::systems::milter::MilterSettings;
use crate::config::systems::offers::{Offer, Offers};
use crate::config::systems::own_fields::{SaidOfSystem, WithOwnFields};
use crate::config::systems::settings::{Outside, SecretsWanted};
use crate::config::systems::writes::SystemWrites;
use crate::config::{HttpSettings, ManifestSource, Notify, StateUrl, System};
use crate::connector::network::Network;
use crate::connector::{EditsAsked, ListsAsked, Manifest, RefusalWord, SystemSettings, file};
use crate::model::{Name, Span};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// Below this, a system would be asked without pause.
const EVERY_MIN: Span = Span::seconds(1);

const STATE_DEFAULT: &str = "sled:data";

/// systems.toml, as far as it is right.
pub struct Systems {
    pub state: Option<StateUrl>,
    pub http: Option<HttpSettings>,
    pub milter: Option<MilterSettings>,
    pub network: Option<Network>,
    pub notify: Option<Notify>,
    pub systems: Vec<System>,
    pub shared_mailboxes: Vec<String>,
    pub offers: Offers,
}

/// Reads systems.toml. `whole` is false when a part of it was not TOML.
pub fn read<'a>(
    sheet: &'a ConfigSheet<'a>,
    table: &'a DeTable<'a>,
    whole: bool,
    outside: &Outside,
    secrets: SecretsWanted,
    manifests: &dyn ManifestSource,
) -> Systems {
    let mut top = Section::top(sheet, table, &keys::SYSTEMS);
    let own = top.get("connectors").and_then(|e| own_folder(&e, outside));
    let state = state(&mut top, outside);
    let ours = Outside { looks_up: secrets == SecretsWanted::All, ..*outside };
    let way = Outside { looks_up: secrets != SecretsWanted::None, ..*outside };
    let http = http::read(&mut top, &ours);
    let milter = milter::read(&mut top, outside);
    let network = network::read(&mut top, &way);
    let shared_mailboxes = shared_mailboxes(&mut top);
    let notify = top.get("notify").and_then(|e| notify::read(&e, &ours));
    let offers = Offers { systems: Vec::new(), whole };
    let mut read = Systems { state, http, milter, network, notify, systems: Vec::new(), shared_mailboxes, offers };
    let source = ManifestPlaces { manifests, own };
    let systems = top.get("systems");
    let entries = systems.as_ref().and_then(|e| e.table("[systems]", &keys::SYSTEMS_BY_NAME)).map(|mut s| s.entries()).unwrap_or_default();
    for entry in &entries {
        let looks_up = secrets == SecretsWanted::All || secrets == SecretsWanted::Of(entry.key);
        one(entry, &Outside { looks_up, ..*outside }, &source, &mut read);
    }
    if whole && systems.is_none_or(|e| matches!(e.value, DeValue::Table(_)) && entries.is_empty()) {
        top.report("no systems are configured", "expected a table for each system: [systems.crm] with connector = \"NAME\"");
    }
    for (one, other) in lists_out::in_one_folder(&read.systems) {
        top.report(format!("{one} and {other} put their lists into one folder"), "give each a folder of its own");
    }
    top.finish();
    read
}

struct ManifestPlaces<'a> {
    manifests: &'a dyn ManifestSource,
    own: Option<PathBuf>,
}

fn own_folder(entry: &TomlEntry, outside: &Outside) -> Option<PathBuf> {
    let folder = outside.folder.join(entry.filled_text()?);
    if !folder.is_dir() {
        entry.report(
            "there is no such folder",
            "expected the folder that holds your own connectors; a relative path begins at the config folder",
        );
        return None;
    }
    Some(folder)
}

/// `[state]`.
pub fn state(top: &mut Section, outside: &Outside) -> Option<StateUrl> {
    let default = || Some(StateUrl::Sled(outside.folder.join(&STATE_DEFAULT["sled:".len()..])));
    let Some(entry) = top.get("state") else { return default() };
    let mut section = entry.table("[state]", &keys::STATE)?;
    let url = section.get("url");
    section.finish();
    let Some(url) = url else { return default() };
    let text = url.filled_text()?;
    match text.split_once(':') {
        Some(("sled", path)) if !path.is_empty() && !path.starts_with("//") => Some(StateUrl::Sled(outside.folder.join(path))),
        Some(("postgres" | "postgresql", _)) => {
            url.report(
                "PostgreSQL is not supported in this version; use sled:PATH",
                format!("expected {STATE_DEFAULT:?}, or another folder"),
            );
            None
        }
        _ => {
            url.report(
                "this is no place for the state",
                format!("expected sled:PATH, as {STATE_DEFAULT:?}; a relative path begins at the config folder"),
            );
            None
        }
    }
}

fn shared_mailboxes(top: &mut Section) -> Vec<String> {
    let Some(mut section) = top.table("link", "[link]", &keys::LINK) else { return Vec::new() };
    let entries = section.get("shared_mailboxes").map(|e| e.texts()).unwrap_or_default();
    section.finish();
    let mut patterns = Vec::new();
    for (entry, text) in entries {
        let parts: Vec<&str> = text.split('@').collect();
        if parts.len() != 2 || parts.iter().any(|p| p.is_empty() || p.contains(char::is_whitespace)) || text == "*@*" {
            entry.report(
                format!("{text:?} is no pattern of addresses"),
                "expected NAME@DOMAIN with * for anything: \"info@*\", \"*@lists.example\"",
            );
        } else {
            patterns.push(text.to_lowercase());
        }
    }
    patterns
}

/// One `[systems.NAME]`; what can be said of it goes into `read`.
fn one(entry: &TomlEntry, outside: &Outside, source: &ManifestPlaces, read: &mut Systems) {
    let name: Name = entry.key.into();
    let named = check_name(entry);
    let mut offer = Offer::new(name.clone());
    let system = entry.table(&format!("[systems.{name}]"), &keys::SYSTEM).and_then(|section| system(section, &mut offer, outside, source));
    if !named {
        // Nobody can name its streams in the other files, so they are not asked to.
        offer.manifest = None;
    }
    read.systems.extend(system);
    read.offers.systems.push(offer);
}

fn check_name(entry: &TomlEntry) -> bool {
    let bad = entry.key.chars().find(|c| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
    let said = match bad {
        Some(':') => "a system's name cannot hold a colon: records are named SYSTEM:ENTITY:ID",
        Some('.') => "a system's name cannot hold a dot: streams are named SYSTEM.STREAM",
        Some(_) => "a system's name can hold letters, digits, _ and - only",
        None if entry.key.is_empty() => "a system's name cannot be empty",
        None => return true,
    };
    entry.sheet.report(entry.key_at.clone(), said, "expected a short word, as crm, support or ma");
    false
}

fn system(mut section: Section, offer: &mut Offer, outside: &Outside, source: &ManifestPlaces) -> Option<System> {
    let connector = section.need("connector", "expected connector = \"NAME\"; nayose connector list shows them");
    let every = section.get("every").and_then(|e| interval(&e));
    let sweep = section.get("sweep").and_then(|e| interval(&e));
    let time_zone = section.get("time_zone").and_then(|e| crate::config::systems::time_zone::read(&e));
    let relays = section.get("relays");
    let (wanted, hold) = (section.get("writes"), section.get("hold"));
    let (words, lacks) = (section.get("refusal_words"), section.get("lacks"));
    let (statuses, fields) = (section.get("status"), section.get("fields"));
    let tables = ListTables::take(&mut section);
    (offer.every, offer.sweep) = (every, sweep);
    let mut asked = None;
    offer.manifest = match connector {
        Some(e) if lists::is_asked_for(&e) => lists::read(&mut section, &tables, outside).map(|ListsRead { manifest, asked: lists }| {
            asked = Some(lists);
            manifest
        }),
        connector => {
            tables.refuse();
            connector.and_then(|e| manifest(&e, source))
        }
    };
    let Some(manifest) = offer.manifest.clone() else {
        // Without its manifest nobody knows which settings the system has.
        return None;
    };
    let in_the_open = plain_http::allowed(section.get(plain_http::KEY));
    let settings = outside.settings(&mut section, &manifest, in_the_open);
    let said = SaidOfSystem { system: &offer.name, settings: &settings, hold: hold.as_ref() };
    let with_own = match &fields {
        Some(entry) if asked.is_some() => {
            lists::refuse_fields(entry);
            WithOwnFields::none(manifest)
        }
        Some(entry) => WithOwnFields::read(entry, manifest, said),
        None => WithOwnFields::none(manifest),
    };
    let manifest = with_own.manifest.clone();
    offer.manifest = Some(manifest.clone());
    let writes = writes::read(&section, wanted.as_ref(), hold.as_ref(), &with_own, every);
    if let Some(out) = asked.as_mut().and_then(|lists| lists.out.as_mut()) {
        out.wanted.clone_from(&writes.writes.fields);
    }
    let line = section.sheet.line(&section.at);
    section.finish();
    let mut refusal_words: BTreeMap<String, RefusalWord> =
        asked.iter().filter(|lists| lists.out.is_some()).flat_map(|_| file::out::form::words()).collect();
    refusal_words.extend(words.map(|e| shown::refusal_words(&e, &manifest)).unwrap_or_default());
    asked.iter_mut().for_each(|lists| lists.teach(&refusal_words));
    let edits = EditsAsked { relays: relays.map(|e| self::relays(&e, &manifest)).unwrap_or_default(), ..EditsAsked::default() };
    let lacked = lacks.map(|e| lacked(&e, &manifest, asked.as_ref())).unwrap_or_default();
    if let Some(lists) = asked.as_mut().filter(|_| lacked.iter().any(|name| name == lists_out::CONSENT)) {
        lists.columns.retain(|_, column| column != file::column::CONSENT);
    }
    let settings = SystemSettings {
        name: offer.name.clone(),
        settings,
        permit: writes.permit.clone(),
        permits: writes.permits.clone(),
        why: writes.why.clone(),
        time_zone,
        refusal_words,
        status_words: statuses.map(|e| status_words::read(&e, &manifest, writes.writes.status)).unwrap_or_default(),
        lacks: lacked,
        edits,
        lists: asked,
    };
    let SystemWrites { writes, block, permit, permits, why, lease } = writes;
    Some(System { settings, manifest, every, sweep, writes, block, permit, permits, why, lease, line })
}

/// What a system is said to lack: of a list a column, else a field.
fn lacked(entry: &TomlEntry, manifest: &Manifest, asked: Option<&ListsAsked>) -> Vec<String> {
    asked.map_or_else(|| shown::lacks(entry, manifest), |asked| lists::lacks(entry, asked))
}

/// Where a system does not tell who edits, nobody can be known for a relay: no mistake, as its rules hold all the same, but told.
fn relays(entry: &TomlEntry, manifest: &Manifest) -> Vec<String> {
    if !manifest.tells_editors() {
        let title = &manifest.title;
        let text = format!("relays has no effect: {title} does not tell who edits its records, and their edits count as news");
        entry.sheet.note(&entry.key_at, text);
    }
    entry.texts().into_iter().map(|(_, text)| text.to_string()).collect()
}

fn interval(entry: &TomlEntry) -> Option<Span> {
    let span = entry.duration()?;
    if span < EVERY_MIN {
        entry.report(format!("{:?} is shorter than {EVERY_MIN}", entry.key), "expected at least \"1s\"; \"60s\" is usual");
        return None;
    }
    Some(span)
}

fn manifest(entry: &TomlEntry, source: &ManifestPlaces) -> Option<Arc<Manifest>> {
    let name = entry.filled_text()?;
    match source.manifests.manifest(source.own.as_deref(), name) {
        Ok(Some(manifest)) => return Some(manifest),
        Ok(None) => {
            let mut names = source.manifests.names(source.own.as_deref());
            names.push(file::CONNECTOR.to_string());
            entry.report(format!("unknown connector {name:?}"), choices(name, names.iter().map(String::as_str)));
        }
        Err(why) => {
            let hint = format!("mend it; `nayose connector test {name}` runs its examples then");
            entry.report(format!("the manifest of {name:?} is mistaken: {why}"), hint);
        }
    }
    None
}

/// Whether a value under a system's key may be shown: it is ours, or the manifest says that it is no secret.
pub fn may_show(offers: &Offers, system: &str, key: &str, value: &DeValue) -> bool {
    if keys::SYSTEM.find(key).is_some() {
        return !matches!(value, DeValue::Table(_))
            || matches!(key, "hold" | "refusal_words" | "status" | "fields" | "lists" | "columns" | "stages" | "out");
    }
    let manifest = offers.system(system).and_then(|s| s.manifest.as_ref());
    // Lists have no secrets.
    manifest.is_some_and(|m| m.name == file::CONNECTOR || m.settings.get(key).is_some_and(|s| !s.secret))
}
