//! Opening the state: everything is read into memory.

use crate::config::Config;
use crate::connector::Usage;
use crate::decide::ratchet::Held;
use crate::engine::delivery::target::Target;
use crate::engine::delivery::target::former::FormerTarget;
use crate::engine::delivery::underway;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::history::told::Told;
use crate::engine::ledger::durable::{Disk, Pending};
use crate::engine::ledger::items::{NAMES_KEY, decode};
use crate::engine::ledger::kind;
use crate::engine::memory::refusals::{Refusals, StoredOn};
use crate::engine::memory::segments::Shelf;
use crate::engine::memory::world::{Unreadable, World};
use crate::engine::proofs::coverage::Coverage;
use crate::engine::proofs::reading::{FormerStreamState, StreamState};
use crate::engine::recovery::instance::Known;
use crate::engine::recovery::journaled::{Journaled, Recovery};
use crate::engine::recovery::rebuild::REBUILDING_KEY;
use crate::engine::recovery::replay::Said;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::shared_mailboxes::link_rules;
use crate::engine::rules::unfollowed::Unfollowed;
use crate::engine::system::Opened;
use crate::engine::system::SystemState;
use crate::model::{ByName, Name, RecordId, Refusal, Time};
use crate::store::{Journal, Loaded, State, StateInfo};
use hashbrown::HashSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state's format. A newer one is refused; an older one is set aside and everything read anew, but for what the journal keeps.
pub const FORMAT_VERSION: u32 = 4;

/// The oldest format that is read as it is: what came since are items of a new kind, and values that could not be read (4).
pub(in crate::engine) const FORMAT_VERSION_READ: u32 = 2;

/// Makes the systems that a state is opened with.
pub type Wire<'w> = dyn FnMut(&State) -> Result<Vec<Opened>, Error> + 'w;

/// What `open` found beside the engine itself.
pub struct OpenedState {
    pub engine: Engine,
    pub usage: BTreeMap<Name, Usage>,
}

/// Opens the state and reads everything into memory. `wire` makes the systems, for which it may look at the rules in the state.
pub fn open(config: Arc<Config>, now: Time, run: Arc<str>, wire: &mut Wire<'_>) -> Result<OpenedState, Error> {
    let info = info(&config);
    let mut read = |opened: (State, Loaded)| open_on(config.clone(), wire(&opened.0)?, now, run.clone(), opened);
    let (state, loaded) = State::open(&config.state, info)?;
    let why = if loaded.format_version < FORMAT_VERSION_READ {
        let found = loaded.format_version;
        drop(state);
        too_old(found)
    } else {
        state.raise_format()?;
        match read((state, loaded)) {
            // It is what was written, and we can make nothing of it.
            Err(error @ (Error::Item { .. } | Error::Unreadable(_))) => error.to_string(),
            opened => return opened,
        }
    };
    read(State::open_anew(&config.state, info, why)?)
}

/// Why a state of such a format is read anew.
pub(in crate::engine) fn too_old(found: u32) -> String {
    format!("it was written by an older nayose, in format {found}; this one's is {FORMAT_VERSION}")
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
        systems: systems.into_iter().map(|s| (s.config.settings.name.clone(), SystemState::new(s))).collect(),
        world: World::default(),
        people: Shelf::default(),
        kept: Default::default(),
        free: Vec::new(),
        refusals: Refusals::default(),
        refused_at_once: Vec::new(),
        let_go: HashSet::new(),
        clashes: Default::default(),
        lately: Default::default(),
        changes: 0,
        next_sent: 0,
        dirty: Default::default(),
        coverage: Coverage::default(),
        decided_at: now,
        phases: Default::default(),
        wakeups: BTreeMap::new(),
        pending: Pending::default(),
        journal_pending: Vec::new(),
        disk: Arc::new(Disk::new(state, journal)),
        table: Arc::default(),
        needs: crate::engine::rules::needs::Needs::of(&config),
        link_rules: link_rules(&config),
        clocks: Default::default(),
        doubts: Default::default(),
        look_ups: Default::default(),
        quarantine: Vec::new(),
        quarantined: 0,
        rebuilding: None,
        recovery: Recovery::default(),
        journaled: Journaled::default(),
        journal_damage: Vec::new(),
        fingerprint_changed: loaded.fingerprint_changed,
        halted: None,
        permit_ends: BTreeMap::new(),
        written: Default::default(),
        synced_at: None,
        undos: BTreeMap::new(),
        set_back: Default::default(),
        permits_walked_at: now,
        run,
        files: config.clone(),
        former: Vec::new(),
        left_rules: Default::default(),
        unfollowed: Unfollowed::default(),
        told: Told::default(),
        retired: ByName::default(),
        config,
    };
    let mut usage = BTreeMap::new();
    let mut later: Vec<(u8, Vec<u8>, Vec<u8>)> = Vec::new();
    let mut under_way: Vec<(Vec<u8>, underway::Stored)> = Vec::new();
    let mut failed: Option<Error> = None;
    let (state, world, written) = (&engine.disk.state, &mut engine.world, &mut engine.written);
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
        } else if kind == kind::WRITTEN {
            written.restore(key);
        } else {
            later.push((kind, key.to_vec(), value.to_vec()));
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    for (kind, key, value) in later {
        let text = String::from_utf8_lossy(&key).into_owned();
        match kind {
            kind::TARGET => {
                let target: Target = decode(&text, &value)?;
                engine.restore_target(&text, target, now);
            }
            kind::FORMER_TARGET => {
                let former: FormerTarget = decode(&text, &value)?;
                engine.pending.delete(kind::FORMER_TARGET, key);
                if let Some(idx) = engine.restore_target(&text, former.into(), now) {
                    engine.keep_target(idx);
                }
            }
            kind::HELD => {
                let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) else { continue };
                let held: Vec<Held> = decode(&text, &value)?;
                engine.world.slot_mut(idx).held = Some(Box::new(held));
            }
            kind::SENT => under_way.push((key, decode("of writes under way", &value)?)),
            kind::STREAM => {
                let stream: StreamState = decode(&text, &value)?;
                engine.restore_stream(&text, stream, now);
            }
            kind::STREAM_FORMER => {
                let former: FormerStreamState = decode(&text, &value)?;
                engine.restore_former_stream(&text, former, now);
            }
            kind::DOUBT => {
                if let Ok(cause) = text.parse::<RecordId>() {
                    engine.doubts.put(cause, decode(&text, &value)?);
                }
            }
            kind::MERGED => {
                if let Ok(from) = text.parse::<RecordId>() {
                    engine.look_ups.take_merged(from, decode(&text, &value)?);
                }
            }
            kind::ACCEPTED => {
                engine.doubts.take_accepted(&text, decode(&text, &value)?);
            }
            kind::REFUSAL => {
                let (on, refusal): (StoredOn, Refusal) = decode(&text, &value)?;
                engine.refusals.add(on.on(), &refusal);
            }
            kind::APPROVAL => {
                let approval: Approval = decode(&text, &value)?;
                if let Some(system) = engine.systems.named_mut(&text) {
                    system.approved = system.approved.max(Some(approval));
                }
            }
            kind::INSTANCE => {
                let known: Known = decode(&text, &value)?;
                if let Some(system) = engine.systems.named_mut(&text) {
                    system.identity.restore(known);
                }
            }
            kind::LET_GO => {
                engine.let_go.extend(text.parse::<RecordId>().ok());
            }
            kind::USAGE => {
                let (day, used): (i64, u64) = decode(&text, &value)?;
                usage.insert(Name::from(text.as_str()), Usage { day, used, limit: None });
            }
            kind::UNDO => {
                engine.undos.insert(text.clone(), decode(&text, &value)?);
            }
            kind::SET_BACK => {
                if let Some(idx) = text.parse::<RecordId>().ok().and_then(|id| engine.world.find(&id)) {
                    engine.set_back.insert(idx, decode(&text, &value)?);
                }
            }
            kind::GUARD => engine.restore_guard(&text, decode(&text, &value)?),
            kind::WENT => {
                let (at, replaces) = decode(&text, &value)?;
                engine.restore_went(&text, at, replaces);
            }
            kind::META if key == REBUILDING_KEY => engine.rebuilding = Some(decode(&text, &value)?),
            kind::META if text == crate::engine::intake::clashes::CLASHES_KEY => engine.clashes = decode(&text, &value)?,
            kind::META if text == crate::engine::answers::alone::SYNCED_KEY => engine.synced_at = decode(&text, &value).ok(),
            _ => {}
        }
    }
    engine.expect_more_unread();
    // A target's own item is older than that of the batch that it is in.
    for (number, sent) in under_way {
        engine.restore_sent(&number, sent);
    }
    let said = Said::of(entries);
    match &loaded.rebuilt {
        Some(lost) => engine.begin_rebuild(rebuilt(lost), now),
        // No items, and no mark of a rebuild: it was broken off before it began, or the store was taken away.
        None if loaded.items == 0 && !said.is_empty() => {
            let gone = crate::store::Rebuilt { aside: None, why: "the store is gone, its journal is there".into() };
            engine.begin_rebuild(rebuilt(&gone), now);
        }
        None => {}
    }
    let proved: Vec<Time> = engine.systems.values().flat_map(|s| s.streams.values()).filter_map(|s| s.proved_at).collect();
    proved.into_iter().for_each(|at| engine.clocks.hear(at));
    engine.replay(said, &notes, now);
    engine.tidy_journal(now)?;
    if loaded.fingerprint_changed {
        for system in engine.systems.values_mut() {
            for stream in system.streams.values_mut() {
                stream.read_anew();
            }
        }
    }
    engine.told = crate::engine::answers::notices::stored(&engine.disk.state)?;
    engine.refused_at_once = crate::engine::answers::refused_at_once::stored(&engine.disk.state)?;
    engine.judge_addresses(now)?;
    engine.weigh_stored(now)?;
    engine.hold_again_what_is_read_again();
    Ok(OpenedState { engine, usage })
}

/// For `status`: what was lost, and what is kept.
fn rebuilt(rebuilt: &crate::store::Rebuilt) -> String {
    let aside = rebuilt.aside.as_ref().map_or(String::new(), |path| format!("; it lies in {}", path.display()));
    format!(
        "the state could not be used ({}){aside}; refusals, approvals and which blocks are ours are kept by journal.log, everything else is read anew",
        rebuilt.why
    )
}

/// What makes a sweep due when it changes: the manifests, what the words in opt-out fields mean, and how addresses are compared.
fn fingerprint(config: &Config) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(b"normaliser 2");
    for system in &config.systems {
        let said = (&system.settings.name, &*system.manifest, &system.settings.refusal_words, &system.settings.lacks);
        // All maps in it have texts for keys, so that it can always be said as JSON.
        let written = serde_json::to_writer(&mut hash, &said);
        debug_assert!(written.is_ok(), "{written:?}");
    }
    *hash.finalize().as_bytes()
}
