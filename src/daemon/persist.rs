//! The forms in which the engine's state lies in the store, and reading it all at open.

use super::engine::{Approval, Engine, Error, Pending, StreamState, SystemState};
use super::refusals::{On, Refusals};
use super::target::{Allowed, Target};
use super::world::{Unreadable, World};
use crate::config::Config;
use crate::connector::{Abilities, StreamInfo, Usage};
use crate::decide::ratchet::Held;
use crate::link;
use crate::model::{Name, RecordId, Refusal, Time};
use crate::store::{Journal, Loaded, Scope, State, StateInfo, What};
use hashbrown::{HashMap, HashSet};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The state's format. A newer one is refused; an older one is read anew (no older one was ever released).
pub const FORMAT_VERSION: u32 = 2;

/// Kinds of items in the store.
pub mod kind {
    pub const RECORD: u8 = b'r';
    pub const TARGET: u8 = b't';
    pub const HELD: u8 = b'h';
    pub const STREAM: u8 = b's';
    pub const REFUSAL: u8 = b'f';
    pub const APPROVAL: u8 = b'a';
    pub const LET_GO: u8 = b'l';
    pub const META: u8 = b'm';
    pub const USAGE: u8 = b'u';
}

/// The key of the `META` item with the names that records are written with.
pub const NAMES_KEY: &str = "names";

/// Before the id of an approved plan of many releases, in the key of a `META` item.
pub const GUARD_KEY: &str = "guard/";

pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    match postcard::to_allocvec(value) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("plain data always encodes: {error}"),
    }
}

pub fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, Error> {
    postcard::from_bytes(bytes).map_err(|e| Error::Item { what: what.to_string(), why: e.to_string() })
}

pub fn on_key(on: &On) -> String {
    match on {
        On::Record(record) => format!("record\u{1f}{record}"),
        On::Address(address) => format!("address\u{1f}{address}"),
    }
}

/// A system as the engine needs it at open.
pub struct Opened {
    pub config: Arc<crate::config::System>,
    pub abilities: Abilities,
    pub streams: Vec<StreamInfo>,
    /// Our statuses in its own words.
    pub words: BTreeMap<Name, Box<str>>,
}

/// What `open` found beside the engine itself.
pub struct OpenedState {
    pub engine: Engine,
    pub usage: BTreeMap<Name, Usage>,
}

/// Opens the state and reads everything into memory.
pub fn open(config: Arc<Config>, systems: Vec<Opened>, now: Time, run: Arc<str>) -> Result<OpenedState, Error> {
    let (state, loaded) = State::open(&config.state, info(&config))?;
    open_on(config, systems, now, run, (state, loaded))
}

/// What this program makes of a state's items.
pub fn info(config: &Config) -> StateInfo {
    StateInfo { format_version: FORMAT_VERSION, fingerprint: fingerprint(config) }
}

/// Reads a state that the caller opened.
pub fn open_on(
    config: Arc<Config>,
    systems: Vec<Opened>,
    now: Time,
    run: Arc<str>,
    (state, loaded): (State, Loaded),
) -> Result<OpenedState, Error> {
    let mut entries = Vec::new();
    let (journal, notes) = Journal::open(&state, |entry| entries.push(entry))?;
    let mut engine = Engine {
        systems: systems.into_iter().map(|s| (s.config.settings.name.clone(), system(s))).collect(),
        world: World::default(),
        people: Vec::new(),
        free: Vec::new(),
        refusals: Refusals::default(),
        let_go: HashSet::new(),
        dirty: HashSet::new(),
        decided_at: now,
        phases: HashMap::new(),
        wakeups: BTreeMap::new(),
        pending: Pending::default(),
        journal_pending: Vec::new(),
        state,
        journal,
        table: Arc::default(),
        needs: super::engine::Needs::of(&config),
        link_rules: link_rules(&config),
        started_at: now,
        rule_releases: BTreeSet::new(),
        rules_changed: false,
        approved_plans: BTreeSet::new(),
        quarantine: Vec::new(),
        quarantined: 0,
        rebuilt: loaded.rebuilt.as_ref().map(rebuilt),
        permit_ends: BTreeMap::new(),
        permits_walked_at: now,
        run,
        config,
    };
    for note in notes.notes() {
        tracing::warn!(note, "journal");
    }
    let mut usage = BTreeMap::new();
    let mut later: Vec<(u8, Vec<u8>, Vec<u8>)> = Vec::new();
    let mut failed: Option<Error> = None;
    let (state, world) = (&engine.state, &mut engine.world);
    if let Some(names) = state.get(kind::META, NAMES_KEY.as_bytes())? {
        world.load_names(decode(NAMES_KEY, &names)?);
    }
    state.for_each_item(|kind, key, value| {
        if failed.is_some() {
            return;
        }
        if kind == kind::RECORD {
            let text = String::from_utf8_lossy(key);
            let loaded = match text.parse::<RecordId>() {
                Ok(id) => world.load(id, value),
                Err(_) => Err(Unreadable(text.into_owned())),
            };
            failed = loaded.err().map(Error::from);
        } else {
            later.push((kind, key.to_vec(), value.to_vec()));
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    let mut policy_version: Option<String> = None;
    for (kind, key, value) in later {
        let text = String::from_utf8_lossy(&key).into_owned();
        match kind {
            kind::TARGET | kind::HELD => {
                let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) else { continue };
                if kind == kind::TARGET {
                    let mut target: Target = decode(&text, &value)?;
                    if let Some(sent) = &mut target.sent {
                        // The process that waited for the answer is gone.
                        sent.unknown = true;
                        let system = engine.world.slot(idx).id.system.clone();
                        if let Some(system) = engine.systems.get_mut(&system) {
                            system.unknown.insert(idx);
                        }
                    }
                    engine.world.slot_mut(idx).target = Some(Box::new(target));
                } else {
                    let held: Vec<Held> = decode(&text, &value)?;
                    engine.world.slot_mut(idx).held = Some(Box::new(held));
                }
            }
            kind::STREAM => {
                let stream: StreamState = decode(&text, &value)?;
                if let Some((system, name)) = text.split_once('/')
                    && let Some(system) = engine.systems.get_mut(system)
                {
                    system.streams.insert(name.into(), stream);
                }
            }
            kind::REFUSAL => {
                let (on, refusal): (On, Refusal) = decode(&text, &value)?;
                engine.refusals.add(on, refusal);
            }
            kind::APPROVAL => {
                let approval: Approval = decode(&text, &value)?;
                if let Some(system) = engine.systems.get_mut(text.as_str()) {
                    system.approved = system.approved.max(Some(approval));
                }
            }
            kind::LET_GO => {
                engine.let_go.extend(text.parse::<RecordId>().ok());
            }
            kind::USAGE => {
                let (day, used): (i64, u64) = decode(&text, &value)?;
                usage.insert(Name::from(text.as_str()), Usage { day, used, limit: None });
            }
            kind::META if text.starts_with(GUARD_KEY) => {
                engine.approved_plans.insert(text[GUARD_KEY.len()..].to_string());
            }
            kind::META if text == "policy" => policy_version = Some(decode(&text, &value)?),
            _ => {}
        }
    }
    replay(&mut engine, entries);
    if loaded.fingerprint_changed {
        for system in engine.systems.values_mut() {
            for stream in system.streams.values_mut() {
                (stream.swept_at, stream.cursor, stream.newest) = (None, None, None);
            }
        }
    }
    engine.rules_changed = policy_version.is_some_and(|v| v != engine.config.policy_version);
    engine.dirty.extend(engine.world.indexes());
    Ok(OpenedState { engine, usage })
}

/// Lays the journal over what the store had: what it says cannot be polled again. Idempotent.
fn replay(engine: &mut Engine, entries: Vec<crate::store::Entry>) {
    for entry in entries {
        match entry.what {
            What::Refusal { .. } => {
                let Some(refusal) = entry.what.to_refusal() else { continue };
                let on = [Some(On::Record(refusal.from.clone())), refusal.address.clone().map(On::Address)];
                for on in on.into_iter().flatten() {
                    if engine.refusals.add(on.clone(), refusal.clone()) {
                        let key = format!("{}\u{1f}{:?}", on_key(&on), refusal.scope).into_bytes();
                        engine.pending.put(kind::REFUSAL, key, encode(&(on, refusal.clone())));
                    }
                }
            }
            What::FirstContact { system, scope, .. } => {
                let approval = if scope == Scope::All { Approval::All } else { Approval::Holds };
                if let Some(system) = engine.systems.get_mut(system.as_str()) {
                    system.approved = system.approved.max(Some(approval));
                }
            }
            What::PlanApproved { .. } | What::Outcome { .. } | What::DeadLetterDropped { .. } => {}
        }
    }
}

fn system(opened: Opened) -> SystemState {
    let config = opened.config;
    let able = &opened.abilities;
    let allowed = Allowed {
        block: config.writes.hold && config.block && able.block,
        permit: config.writes.hold && config.permit.is_some() && able.permit,
        why: config.writes.hold && config.why.is_some() && able.why,
        status: config.writes.status && able.status,
        lease: config.lease,
    };
    SystemState {
        allowed,
        infos: opened.streams.into_iter().map(|i| (i.name.clone(), i)).collect(),
        abilities: opened.abilities,
        streams: BTreeMap::new(),
        words: opened.words,
        approved: None,
        epochs: BTreeMap::new(),
        outbox: Default::default(),
        in_flight: HashSet::new(),
        touched: HashSet::new(),
        unknown: BTreeSet::new(),
        clock_skew_ms: 0,
        breaker: Default::default(),
        blocks_lost: 0,
        config,
    }
}

/// Mailboxes that several people read: the usual ones and the config's. The config was checked, so each is one.
fn link_rules(config: &Config) -> link::LinkRules {
    let mut rules = link::LinkRules::usual();
    for mailbox in &config.shared_mailboxes {
        if let Err(error) = rules.add(mailbox) {
            tracing::warn!(%error, "a shared mailbox of systems.toml is left out");
        }
    }
    rules
}

/// For `status`: what was lost, and that nothing widens before everything is read anew.
fn rebuilt(rebuilt: &crate::store::Rebuilt) -> String {
    let aside = rebuilt.aside.as_ref().map_or(String::new(), |path| format!("; it lies in {}", path.display()));
    format!(
        "the state could not be used ({}){aside}; refusals and approvals are kept, everything else is read anew, and nothing is released before that",
        rebuilt.why
    )
}

/// What makes a sweep due when it changes: the manifests, and how addresses are compared.
fn fingerprint(config: &Config) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(b"normaliser 1");
    for system in &config.systems {
        hash.update(format!("{:?}\u{1f}{:?}", system.settings.name, system.manifest).as_bytes());
    }
    *hash.finalize().as_bytes()
}
