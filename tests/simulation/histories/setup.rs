//! The config that a connector is played under: beside it whatever stops mail, and whoever mails.

use crate::config_files::{CONSENT, CRITICAL_TICKET, ConfigFiles, Hold, OPEN_DEAL, STATUSES, policy};
use crate::fake::Fake;
use nayose::config::{self, Rules};
use nayose::connector::examples::example_settings;
use nayose::connector::manifest::load::{self, LoadedManifest};
use nayose::connector::manifest::{Manifest, Role};
use nayose::connector::network::Network;
use nayose::connector::{Clock, Connector, RestConnector, SettingValue};
use nayose::engine::open;
use nayose::engine::system::Opened;
use nayose::model::{Entity, Time};
use nayose::store::{StateInfo, StateUrl};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A secret whose form is good for each kind of credential.
const SECRET: &str = "0123456789abcdef01234567:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
/// Fields that a marketing system may be told of.
const TOLD: [&str; 6] = ["first_name", "last_name", "name", "company", "title", "phone"];
/// How old what is known of deals and tickets may be where each pass proves it, and where only a sweep does.
const OFTEN: &str = "15m";
const SELDOM: &str = "2h";
/// Who stands beside a connector, by role, unless it is of that role itself.
const CRM: &str = "hubspot";
const MA: &str = "marketo";

/// One system of the config, and what it is played as.
pub struct Part {
    /// In systems.toml: the name of its role.
    pub name: &'static str,
    pub loaded: LoadedManifest,
    pub opened: Opened,
}

/// What histories of one connector have in common.
pub struct Cast {
    pub connector: String,
    /// The system that it is.
    pub played: &'static str,
    pub rules: Arc<Rules>,
    pub info: StateInfo,
    pub parts: Vec<Part>,
    /// Streams of deals and tickets whose proofs are limited to [`OFTEN`].
    pub often: BTreeSet<(&'static str, String)>,
}

impl Part {
    /// The outer system, empty.
    pub fn fake(&self) -> Fake {
        Fake::of(&self.loaded, self.opened.config.settings.clone())
    }
}

/// Names of all connectors that are shipped, whichever they are.
pub fn connectors() -> Vec<String> {
    load::names(None)
}

fn role_name(role: Role) -> &'static str {
    match role {
        Role::Crm => "crm",
        Role::Support => "support",
        Role::Ma => "ma",
    }
}

impl Cast {
    pub fn of(connector: &str) -> Cast {
        let loaded = |name: &str| load::load(name, None).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let own = loaded(connector);
        let played = role_name(own.manifest.role);
        let mut all = vec![own];
        all.extend([CRM, MA].map(loaded).into_iter().filter(|other| role_name(other.manifest.role) != played));
        all.sort_by_key(|loaded| role_name(loaded.manifest.role));
        let folder = tempfile::tempdir().expect("a temporary folder");
        files(&all).write(folder.path());
        let env = |_: &str| Some(SECRET.to_string());
        let config = config::load(folder.path(), &env, &config::Connectors);
        let mut config = config.unwrap_or_else(|mistakes| panic!("{connector}: {}", mistakes.drawn()));
        config.state = StateUrl::Memory;
        let info = open::info(&config.rules);
        let streams = |l: &LoadedManifest| {
            let name = role_name(l.manifest.role);
            l.manifest.streams.keys().filter(|stream| is_proved_often(&l.manifest, stream)).map(|s| (name, s.clone())).collect::<Vec<_>>()
        };
        let often = all.iter().flat_map(streams).collect();
        let parts = all.into_iter().map(|loaded| part(loaded, &config.rules)).collect();
        Cast { connector: connector.to_string(), played, rules: config.rules.clone(), info, parts, often }
    }

    pub fn opened(&self) -> Vec<Opened> {
        // In the order of the file.
        let part = |system: &config::System| self.parts.iter().find(|p| *p.name == **system.name());
        self.rules.systems.iter().filter_map(part).map(|p| p.opened.clone()).collect()
    }
}

fn part(loaded: LoadedManifest, rules: &Rules) -> Part {
    let name = role_name(loaded.manifest.role);
    let system = rules.system(name).expect("each role has its table").clone();
    let clock: Clock = Arc::new(|| Time(0));
    let connector = RestConnector::through(&Network::default(), &system.manifest, &system.settings, clock).expect("a shipped connector");
    let statuses = rules.policy.statuses.iter().map(|s| s.name.clone());
    let opened = Opened {
        abilities: connector.abilities().clone(),
        streams: connector.streams().to_vec(),
        words: statuses.map(|s| (s.clone(), connector.status_word(&s))).collect(),
        config: Arc::new(system),
        address: name.into(),
        tells_instance: false,
    };
    Part { name, loaded, opened }
}

/// The four files.
fn files(all: &[LoadedManifest]) -> ConfigFiles {
    let tables: Vec<String> = all.iter().map(|loaded| table(&loaded.manifest, all)).collect();
    let systems = format!("[state]\nurl = \"sled:data\"\n\n{}", tables.join("\n"));
    let named: Vec<String> = all.iter().map(|l| format!("{:?}", role_name(l.manifest.role))).collect();
    let proofs = |entities: &[Entity]| {
        let named = all.iter().flat_map(|l| entities.iter().flat_map(|entity| proofs_of(&l.manifest, *entity)));
        named.collect::<Vec<_>>().join(", ")
    };
    let deals = proofs(&[Entity::Deal, Entity::DealPerson]);
    let tickets = proofs(&[Entity::Ticket]);
    let refusals: Vec<String> = all.iter().flat_map(|l| refusing(&l.manifest)).map(|stream| format!("{stream:?} = \"1h\"")).collect();
    let open_deal = Hold { scope: "scope = \"person\"", after: "won = \"0d\", lost = \"0d\"", proof: &deals, ..OPEN_DEAL };
    let ticket = Hold { stops: OPEN_DEAL.stops, proof: &tickets, ..CRITICAL_TICKET };
    let holds: Vec<Hold<'_>> = if tickets.is_empty() { vec![open_deal] } else { vec![open_deal, ticket] };
    let limits = "[widening]\nask_above = { people = 500, share = \"100%\", within = \"6h\" }\n\n\
                  [changes]\nask_above = { records = 500, share = \"100%\", within = \"1h\" }\n";
    ConfigFiles {
        systems,
        precedence: format!("default = [{}]\n", named.join(", ")),
        policy: policy(&STATUSES, &holds, &refusals.join(", "), limits),
        consent: CONSENT.to_string(),
    }
}

/// Proofs of a hold: each stream of a kind, and how old it may be.
fn proofs_of(manifest: &Manifest, entity: Entity) -> Vec<String> {
    let streams = manifest.streams.iter().filter(|(_, stream)| stream.entity == entity);
    let limit = |name: &str| if is_proved_often(manifest, name) { OFTEN } else { SELDOM };
    streams.map(|(name, _)| format!("\"{}.{name}\" = \"{}\"", role_name(manifest.role), limit(name))).collect()
}

/// Whether each of a stream's passes proves it.
fn is_proved_often(manifest: &Manifest, name: &str) -> bool {
    let stream = &manifest.streams[name];
    let of = stream.for_each.as_ref().map(|each| &each.stream).or(stream.carried_by.as_ref());
    let told = of.map_or(stream, |of| &manifest.streams[of]);
    told.open.is_some() || told.changes.as_ref().is_none_or(|c| c.sound) && told.feed.as_ref().is_none_or(|f| f.sound)
}

/// Streams in which persons say no.
fn refusing(manifest: &Manifest) -> impl Iterator<Item = String> {
    let streams = manifest.streams.iter().filter(|(_, s)| s.record.as_ref().is_some_and(|record| !record.refusals.is_empty()));
    streams.map(|(name, _)| format!("{}.{name}", role_name(manifest.role)))
}

/// A system's table: the settings that are needed, and all that may be written there.
fn table(manifest: &Manifest, all: &[LoadedManifest]) -> String {
    let examples = example_settings(manifest).settings;
    let mut lines = vec![format!("[systems.{}]\nconnector = {:?}\nsweep = \"50m\"", role_name(manifest.role), manifest.name)];
    let links = |name: &str| {
        let records = manifest.streams.values().filter_map(|s| s.record.as_ref());
        records.flat_map(|record| &record.same_as).any(|same| same.system.contains(&format!("settings.{name}}}")))
    };
    for (name, setting) in manifest.settings.iter().filter(|(name, _)| !links(name)) {
        match examples.get(name) {
            Some(_) if setting.secret => lines.push(format!("{name} = {{ env = \"T\" }}")),
            Some(SettingValue::Plain(value)) => lines.push(format!("{name} = {value:?}")),
            _ => {}
        }
    }
    lines.extend(goes_back(manifest));
    if let Some(writes) = &manifest.writes {
        let read_elsewhere = |field: &str| {
            let others = all.iter().filter(|other| other.manifest.name != manifest.name);
            let mut records = others.flat_map(|other| other.manifest.streams.values()).filter_map(|s| s.record.as_ref());
            records.any(|record| record.fields.contains_key(field))
        };
        let fields =
            TOLD.into_iter().filter(|field| manifest.role == Role::Ma && writes.fields.contains_key(*field) && read_elsewhere(field));
        let words = writes.block.iter().map(|_| "hold").chain(writes.status.iter().map(|_| "status")).chain(fields);
        lines.push(format!("writes = {:?}", words.collect::<Vec<_>>()));
        if writes.block.is_some() {
            lines.push("hold = { block = true }".to_string());
        }
    }
    lines.join("\n") + "\n"
}

/// Where a setting names the field of the status, it is one that goes back only by clearing, if there is one.
fn goes_back(manifest: &Manifest) -> Option<String> {
    let writes = manifest.writes.as_ref()?;
    let name = writes.status.as_ref()?.field.as_ref()?.strip_prefix("{settings.")?.strip_suffix('}')?;
    let (field, _) = writes.update.as_ref()?.back_by_clearing.first_key_value()?;
    Some(format!("{name} = {field:?}"))
}
