//! Opening the state: everything is read into memory. `items` reads what lies in the store.

mod items;

use crate::config::Rules;
use crate::connector::Usage;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::history::told::ToldNotices;
use crate::engine::ledger::changes::{Ledger, LedgerError};
use crate::engine::memory::pins::Pins;
use crate::engine::memory::refusals::Refusals;
use crate::engine::memory::segments::Shelf;
use crate::engine::memory::world::World;
use crate::engine::proofs::coverage::Coverage;
use crate::engine::recovery::journaled::{Journaled, Recovery};
use crate::engine::recovery::replay::Said;
use crate::engine::rules::in_force::InForce;
use crate::engine::rules::unfollowed::Unfollowed;
use crate::engine::system::Opened;
use crate::engine::system::SystemState;
use crate::model::{ByName, Name, Time};
use crate::store::{Journal, Loaded, State, StateInfo, StateUrl};
use hashbrown::HashSet;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The state's format. A newer one is refused; one older than `FORMAT_VERSION_READ` is set aside and
/// everything read anew, but for what the journal keeps.
pub const FORMAT_VERSION: u32 = 8;

/// The oldest format that is read as it is: what came since are items of a new kind, values that cannot be
/// read (4), days (6), permits for one kind of mail (7), and the files that values came out of (8).
pub(in crate::engine) const FORMAT_VERSION_READ: u32 = 2;

/// Makes the systems that a state is opened with.
pub type MakeSystems<'w> = dyn FnMut(&State) -> Result<Vec<Opened>, Error> + 'w;

/// What `open` found beside the engine itself.
pub struct OpenedState {
    pub engine: Engine,
    pub usage: BTreeMap<Name, Usage>,
}

/// Opens the state and reads everything into memory. `wire` makes the systems, for which it may look at the rules in the state.
pub fn open(url: &StateUrl, rules: Arc<Rules>, now: Time, run: Arc<str>, wire: &mut MakeSystems<'_>) -> Result<OpenedState, Error> {
    let info = info(&rules);
    let mut read = |opened: (State, Loaded)| open_on(rules.clone(), wire(&opened.0)?, now, run.clone(), opened);
    let (state, loaded) = State::open(url, info)?;
    let why = if loaded.format_version < FORMAT_VERSION_READ {
        let found = loaded.format_version;
        drop(state);
        too_old(found)
    } else {
        state.raise_format()?;
        match read((state, loaded)) {
            // It is what was written, and we can make nothing of it.
            Err(error @ (Error::Ledger(LedgerError::Item(_)) | Error::UnreadableRecord(_))) => error.to_string(),
            opened => return opened,
        }
    };
    read(State::open_anew(url, info, why)?)
}

/// Why a state of such a format is read anew.
pub(in crate::engine) fn too_old(found: u32) -> String {
    format!("it was written by an older nayose, in format {found}; this one's is {FORMAT_VERSION}")
}

/// What this program makes of a state's items.
pub fn info(rules: &Rules) -> StateInfo {
    StateInfo { format_version: FORMAT_VERSION, fingerprint: fingerprint(rules) }
}

/// Reads a state that the caller opened.
pub fn open_on(
    rules: Arc<Rules>,
    systems: Vec<Opened>,
    now: Time,
    run: Arc<str>,
    (state, loaded): (State, Loaded),
) -> Result<OpenedState, Error> {
    let mut entries = Vec::new();
    let (journal, notes) = Journal::open(&state, |entry| entries.push(entry))?;
    let mut engine = empty(rules, systems, now, run, Ledger::new(state, journal));
    engine.fingerprint_changed = loaded.fingerprint_changed;
    let read = items::read_all(&mut engine, now)?;
    engine.expect_more_unread();
    // A target's own item is older than that of the batch that it is in.
    for (number, sent) in read.under_way {
        engine.restore_sent(&number, sent);
    }
    let said = Said::of(entries);
    begin_rebuild_if_lost(&mut engine, &loaded, &said, now);
    let proved: Vec<Time> = engine.systems.values().flat_map(|s| s.streams.known()).filter_map(|(_, s)| s.proved_at).collect();
    proved.into_iter().for_each(|at| engine.clocks.hear(at));
    let proved_before: Vec<Time> = engine.systems.values().filter_map(|s| s.streams.proved_before()).collect();
    proved_before.into_iter().for_each(|at| engine.clocks.was_shown(at));
    let counted = said.counted.clone();
    engine.replay(said, &notes, now);
    engine.tidy_journal(now)?;
    if loaded.fingerprint_changed {
        engine.systems.values_mut().for_each(|system| system.streams.read_anew());
    }
    engine.told = crate::engine::answers::notices::stored(&engine.ledger)?;
    engine.refused_at_once = crate::engine::intake::refused_at_once::stored(&engine.ledger)?;
    engine.judge_addresses(now)?;
    engine.weigh_stored_rules(counted, now)?;
    engine.hold_again_what_is_read_again();
    Ok(OpenedState { engine, usage: read.usage })
}

/// An engine of which nothing is known yet.
fn empty(rules: Arc<Rules>, systems: Vec<Opened>, now: Time, run: Arc<str>, ledger: Ledger) -> Engine {
    Engine {
        systems: systems.into_iter().map(|s| (s.config.settings.name.clone(), SystemState::new(s))).collect(),
        world: World::default(),
        targets: Default::default(),
        held: Default::default(),
        people: Shelf::default(),
        kept: Default::default(),
        free: Vec::new(),
        refusals: Refusals::default(),
        pins: Pins::default(),
        refused_at_once: Vec::new(),
        let_go: HashSet::new(),
        clashes: Default::default(),
        unknown_codes: Default::default(),
        unseen_until: Default::default(),
        lately: Default::default(),
        changes: 0,
        next_sent: 0,
        dirty: Default::default(),
        coverage: Coverage::default(),
        decided_at: now,
        phases: Default::default(),
        wakeups: BTreeMap::new(),
        ledger,
        table: Arc::default(),
        clocks: Default::default(),
        doubts: Default::default(),
        look_ups: Default::default(),
        quarantine: Vec::new(),
        quarantined: 0,
        rebuilding: None,
        agreements_lost: false,
        recovery: Recovery::default(),
        journaled: Journaled::default(),
        journal_damage: Vec::new(),
        fingerprint_changed: false,
        permit_ends: BTreeMap::new(),
        written: Default::default(),
        synced_at: None,
        undos: BTreeMap::new(),
        set_back: Default::default(),
        permits_walked_at: now,
        run,
        rules: InForce::new(rules),
        unfollowed: Unfollowed::default(),
        told: ToldNotices::default(),
        retired: ByName::default(),
    }
}

/// What was lost is read anew.
fn begin_rebuild_if_lost(engine: &mut Engine, loaded: &Loaded, said: &Said, now: Time) {
    match &loaded.rebuilt {
        Some(lost) => engine.begin_rebuild(rebuilt(lost), now),
        // No items, and no mark of a rebuild: it was broken off before it began, or the store was taken away.
        None if loaded.items == 0 && !said.is_empty() => {
            let gone = crate::store::Rebuilt { aside: None, why: "the store is gone, its journal is there".into() };
            engine.begin_rebuild(rebuilt(&gone), now);
        }
        None => {}
    }
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
fn fingerprint(rules: &Rules) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    hash.update(b"normaliser 2");
    for system in &rules.systems {
        let said = (&system.settings.name, &*system.manifest, &system.settings.refusal_words, &system.settings.lacks);
        // All maps in it have texts for keys, so that it can always be said as JSON.
        let written = serde_json::to_writer(&mut hash, &said);
        debug_assert!(written.is_ok(), "{written:?}");
        let edits = &system.settings.edits;
        if !edits.is_nothing() {
            let written = serde_json::to_writer(&mut hash, edits);
            debug_assert!(written.is_ok(), "{written:?}");
        }
    }
    *hash.finalize().as_bytes()
}
