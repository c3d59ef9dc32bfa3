//! The engine: all state behind one owner. Its methods are synchronous; each state change ends in one commit.
//!
//! The ways through it: [`Engine::observe`](super::observe) takes pages in, [`Engine::reconcile`](super::reconcile) decides anew for
//! whom something changed, [`Engine::next_batch`](super::deliver) and `book` send and account for writes.

use super::guarded::Guards;
use super::notices::Told;
use super::outbox::Outbox;
use super::persist::{self, NAMES_KEY, Opened, kind};
use super::rebuild::{Journaled, Rebuilding, Recovery};
use super::refusals::{On, Refusals};
use super::replay::refusal_line;
use super::rules::Former;
use super::table::Table;
use super::target::{Allowed, Due};
use super::undo::{SetBack, Shown};
use super::world::{Idx, Keys, PersonIdx, World};
use super::written::Written;
use crate::config::{Config, System};
use crate::connector::{Abilities, StreamInfo, Usage};
use crate::decide::freshness::{Proved, Side};
use crate::decide::phase::Phase;
use crate::decide::ratchet::Held;
use crate::decide::standing::HoldNow;
use crate::link;
use crate::model::expression::{Declared, Expression};
use crate::model::{Name, Reason, Record, RecordId, Refusal, Time};
use crate::store::{Changes, Entry, Journal, State};
use hashbrown::{HashMap, HashSet};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What went wrong inside: the state, not an outer system.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] crate::store::Error),
    #[error(transparent)]
    Unreadable(#[from] super::world::Unreadable),
    #[error("the state's item {what} cannot be read ({why})")]
    Item { what: String, why: String },
    /// Of an earlier failure; its own text.
    #[error("{0}")]
    Halted(String),
}

/// What is known of one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamState {
    /// Where an event feed goes on.
    pub cursor: Option<Box<str>>,
    /// The newest change the system told of: where the next filtered pass begins.
    pub newest: Option<Time>,
    /// The start of the last complete pass that counts, less the system's lag.
    pub proved_at: Option<Time>,
    pub swept_at: Option<Time>,
    /// When the filter was last asked with a time in the future and gave nothing.
    pub filter_tested_at: Option<Time>,
    /// The filter gave what it should not, or gave nothing where it must: only sweeps count.
    pub filter_broken: bool,
    /// Filtered passes in a row that did not even give the newest known record.
    pub silent_passes: u8,
    pub error: Option<String>,
    pub error_since: Option<Time>,
}

impl StreamState {
    /// A former process whose clock was ahead has left times that are still to come: they prove nothing.
    pub fn forget_future(&mut self, now: Time) {
        for at in [&mut self.proved_at, &mut self.swept_at, &mut self.filter_tested_at] {
            *at = at.filter(|at| *at <= now);
        }
    }
}

/// How far a system may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Protective writes only.
    Holds,
    All,
}

/// One configured system.
#[derive(Debug)]
pub struct SystemState {
    pub config: Arc<System>,
    pub abilities: Abilities,
    pub allowed: Allowed,
    pub infos: BTreeMap<Name, StreamInfo>,
    pub streams: BTreeMap<Name, StreamState>,
    pub approved: Option<Approval>,
    /// Our statuses in the system's own words.
    pub words: BTreeMap<Name, Box<str>>,
    /// The sweep now under way, by stream.
    pub epochs: BTreeMap<Name, u32>,
    /// Target records with something to write, and what kind.
    pub outbox: Outbox,
    /// Sent, the answer is awaited by this process.
    pub in_flight: HashSet<Idx>,
    /// Decided on anew while in flight: what the write carried may not be all that is wanted now.
    pub touched: HashSet<Idx>,
    /// Sent, the answer was lost.
    pub unknown: BTreeSet<Idx>,
    /// The server's clock minus ours when last told.
    pub clock_skew_ms: i64,
    pub breaker: Breaker,
    /// Targets that were found without the block that we set.
    pub blocks_lost: u64,
    pub guards: Guards,
    /// How many records of the outbox have something due in each direction.
    pub lined_up: LinedUp,
    /// Streams whose last pass ended because the credential was not accepted.
    pub credential_refused: BTreeSet<Name>,
    /// Requests of today as last written.
    pub usage_kept: Option<Usage>,
}

/// Which directions a target record has something due in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Lanes {
    pub protective: bool,
    pub release: bool,
    pub update: bool,
}

impl Lanes {
    pub fn of(due: &Due) -> Lanes {
        Lanes { protective: due.protective.is_some(), release: due.release.is_some(), update: due.update.is_some() }
    }
}

/// How many records have something due, by direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LinedUp {
    pub release: usize,
    pub update: usize,
}

impl SystemState {
    /// Puts a record into the outbox or takes it out, and counts.
    pub fn line_up(&mut self, idx: Idx, lanes: Lanes) {
        let before = if lanes == Lanes::default() { self.outbox.remove(&idx) } else { self.outbox.insert(idx, lanes) };
        let before = before.unwrap_or_default();
        let count = |n: &mut usize, was: bool, is: bool| *n = *n + usize::from(is) - usize::from(was);
        count(&mut self.lined_up.release, before.release, lanes.release);
        count(&mut self.lined_up.update, before.update, lanes.update);
    }
}

/// Stops fields and releases to a system that keeps failing. Protective writes are always tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Breaker {
    pub failures: u32,
    pub open_until: Option<Time>,
}

/// One person as last decided.
#[derive(Debug, Default)]
pub struct Person {
    pub members: Vec<Idx>,
    pub holds: Vec<HoldNow>,
    pub status: Option<Name>,
    /// The status could not be told: the rule and why.
    pub status_error: Option<Box<str>>,
    /// Stopped by rules from before the last edit from something that the files' rules would let through.
    pub by_former: bool,
}

/// Everything there is, and the rules.
pub struct Engine {
    /// What counts: the files, and beside them the former rules until an edit that widens is approved.
    pub config: Arc<Config>,
    /// What the files say.
    pub files: Arc<Config>,
    /// Rules from before edits that wait for `approve`, oldest first.
    pub former: Vec<Former>,
    /// What the config folder holds and the running daemon does not follow.
    pub unfollowed: Unfollowed,
    pub told: Told,
    pub systems: BTreeMap<Name, SystemState>,
    /// Systems that were taken out while we run.
    pub retired: BTreeMap<Name, SystemState>,
    pub world: World,
    pub people: Vec<Person>,
    pub free: Vec<PersonIdx>,
    pub refusals: Refusals,
    /// Deals and tickets that are gone, whose holds someone let go. Seen again, they hold again.
    pub let_go: HashSet<RecordId>,
    pub dirty: HashSet<Idx>,
    /// When those who are marked were decided on last.
    pub decided_at: Time,
    /// Each deal's and ticket's phase under each hold rule, until it changes.
    pub phases: HashMap<Idx, Box<[Phase]>>,
    /// When cool-downs end.
    pub wakeups: BTreeMap<Time, BTreeSet<Idx>>,
    pub pending: Pending,
    pub journal_pending: Vec<Entry>,
    pub state: State,
    pub journal: Journal,
    pub table: Arc<Table>,
    pub link_rules: link::LinkRules,
    pub needs: Needs,
    pub started_at: Time,
    /// What could not be read, newest last: told by `status`, bounded.
    pub quarantine: Vec<String>,
    pub quarantined: u64,
    /// Everything is being read anew: until that is done nothing widens.
    pub rebuilding: Option<Rebuilding>,
    pub recovery: Recovery,
    pub journaled: Journaled,
    /// What is wrong with the journal, for `status`.
    pub journal_damage: Vec<String>,
    /// The manifests or the normaliser changed, and not everything was swept since.
    pub fingerprint_changed: bool,
    /// Our own state failed: nothing is written any more, and the gate holds.
    pub halted: Option<String>,
    /// The permit's end when last decided, by system: a label's end must be acted on.
    pub permit_ends: BTreeMap<Name, Option<Time>>,
    pub permits_walked_at: Time,
    /// What was written into fields, for `undo`; the undo plans that were shown, by id; the fields on their way back.
    pub written: Written,
    pub undos: BTreeMap<String, Shown>,
    pub set_back: HashMap<Idx, Vec<SetBack>>,
    pub run: Arc<str>,
}

/// What the expressions of the rules speak of, so that nothing else is made ready for them.
#[derive(Debug, Clone)]
pub struct Needs {
    pub deals: bool,
    pub tickets: bool,
    /// The person fields that some expression reads.
    pub declared: Declared,
}

impl Needs {
    pub fn of(config: &Config) -> Needs {
        let rules = config.precedence.fields.values().chain(&config.precedence.default);
        let conditions = rules.filter_map(|r| r.when.as_ref().map(|w| &w.when));
        let all: Vec<&Expression> = config.policy.statuses.iter().map(|s| &s.when).chain(conditions).collect();
        Needs {
            deals: all.iter().any(|e| e.needs_deals()),
            tickets: all.iter().any(|e| e.needs_tickets()),
            declared: config.declared.narrowed(all.iter().copied()),
        }
    }
}

/// Edits that a running daemon does not follow: told by `status` until they are mended, or until a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfollowed {
    /// `FILE:LINE: what is wrong`; the rules from before the edit stay in force.
    pub mistakes: Vec<String>,
    /// Keys that count from the next start.
    pub restart: Vec<String>,
}

impl SystemState {
    /// Takes the system's table in systems.toml, as it is in force.
    pub fn follow(&mut self, config: Arc<System>) {
        self.allowed = Allowed::by(&config, &self.abilities);
        self.config = config;
    }

    /// The same system with another table or connector. Another manifest reads other things, so that everything is read again.
    pub fn reopened(mut self, opened: Opened) -> SystemState {
        if !super::wiring::same_manifest(&self.config, &opened.config) {
            for stream in self.streams.values_mut() {
                (stream.swept_at, stream.cursor, stream.newest) = (None, None, None);
            }
        }
        self.abilities = opened.abilities;
        self.infos = opened.streams.into_iter().map(|i| (i.name.clone(), i)).collect();
        self.words = opened.words;
        self.follow(opened.config);
        self
    }
}

/// What waits for the next commit: of several changes to one item the last counts.
#[derive(Debug, Default)]
pub struct Pending {
    items: HashMap<(u8, Vec<u8>), Option<Vec<u8>>>,
}

impl Pending {
    pub fn put(&mut self, kind: u8, key: Vec<u8>, value: Vec<u8>) {
        self.items.insert((kind, key), Some(value));
    }

    pub fn delete(&mut self, kind: u8, key: Vec<u8>) {
        self.items.insert((kind, key), None);
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes all out; the room is kept for what comes next.
    fn take(&mut self) -> Changes {
        let mut changes = Changes::default();
        for ((kind, key), value) in self.items.drain() {
            match value {
                Some(value) => changes.put.push((kind, key, value)),
                None => changes.delete.push((kind, key)),
            }
        }
        changes
    }
}

/// The most quarantine notes kept for `status`.
const QUARANTINE_NOTES_MAX: usize = 50;

impl Engine {
    /// What is known of a stream's proof. What is known only in part, or cannot be kept, proves nothing.
    pub fn proved(&self, system: &Name, stream: &Name) -> Proved {
        if self.rebuilding.is_some() || self.halted.is_some() {
            return Proved::default();
        }
        Proved { at: self.systems.get(system).and_then(|s| s.streams.get(stream)).and_then(|s| s.proved_at) }
    }

    /// Whose staleness a stream's is.
    pub fn side(&self, system: &Name, stream: &Name) -> Side {
        use crate::connector::manifest::Role;
        use crate::model::Entity;
        let Some(state) = self.systems.get(system) else { return Side::Crm };
        match state.infos.get(stream).map(|i| i.entity) {
            Some(Entity::Deal | Entity::DealPerson | Entity::Account) => Side::Crm,
            Some(Entity::Ticket) => Side::Support,
            _ => match state.config.manifest.role {
                Role::Crm => Side::Crm,
                Role::Support => Side::Support,
                Role::Ma => Side::Ma,
            },
        }
    }

    /// What a kind of mail needs and is not fresh now.
    pub fn stale(&self, kind: crate::model::MailKind, now: Time) -> Vec<Reason> {
        super::table::stale(&self.config.policy, kind, &|s, t| self.proved(s, t), &|s, t| self.side(s, t), now)
    }

    pub fn stream_mut(&mut self, system: &Name, stream: &Name) -> Option<&mut StreamState> {
        self.systems.get_mut(system).map(|s| s.streams.entry(stream.clone()).or_default())
    }

    /// Writes a stream's state with the next commit.
    pub fn keep_stream(&mut self, system: &Name, stream: &Name) {
        if let Some(state) = self.systems.get(system).and_then(|s| s.streams.get(stream)) {
            self.pending.put(kind::STREAM, format!("{system}/{stream}").into_bytes(), persist::encode(state));
        }
    }

    /// Writes a record's target state with the next commit.
    pub fn keep_target(&mut self, idx: Idx) {
        let slot = self.world.slot(idx);
        let key = slot.id.to_string().into_bytes();
        match &slot.target {
            Some(target) => self.pending.put(kind::TARGET, key, persist::encode(&**target)),
            None => self.pending.delete(kind::TARGET, key),
        }
    }

    /// Sets the holds remembered for a record, and writes them with the next commit.
    pub fn keep_held(&mut self, idx: Idx, held: Vec<Held>) {
        let key = self.world.slot(idx).id.to_string().into_bytes();
        if held.is_empty() {
            self.pending.delete(kind::HELD, key);
            self.world.slot_mut(idx).held = None;
        } else {
            self.pending.put(kind::HELD, key, persist::encode(&held));
            self.world.slot_mut(idx).held = Some(Box::new(held));
        }
    }

    /// Puts a record into the world, and writes it with the next commit.
    pub fn keep_record(&mut self, stream: Name, record: &Record) -> Idx {
        self.keep_record_over(None, stream, record)
    }

    /// The same where the keys of the record whose place it takes are known.
    pub fn keep_record_over(&mut self, before: Option<Keys>, stream: Name, record: &Record) -> Idx {
        let idx = self.world.put(stream, record, before);
        if let Some(names) = self.world.names_to_keep() {
            self.pending.put(kind::META, NAMES_KEY.into(), persist::encode(names));
        }
        self.pending.put(kind::RECORD, record.id.to_string().into_bytes(), self.world.bytes(idx).to_vec());
        idx
    }

    /// Adds a refusal: into the journal first, then the store. Nothing happens if it is known.
    pub fn keep_refusal(&mut self, on: On, refusal: Refusal) -> bool {
        if !self.refusals.add(on.clone(), refusal.clone()) {
            return false;
        }
        self.journal_pending.push(Entry { at: refusal.seen_at, what: refusal_line(&on, &refusal) });
        self.pending.put(kind::REFUSAL, persist::refusal_key(&on, &refusal.scope), persist::encode(&(on, refusal)));
        true
    }

    /// Makes all that is pending durable: the journal first, then the store, at once.
    pub fn commit(&mut self) -> Result<(), Error> {
        let done = self.write_out();
        if let Err(error) = &done
            && self.halted.is_none()
        {
            // What is in memory is not what is kept: the first failure says why, later ones only that there was one.
            self.halted = Some(error.to_string());
        }
        done
    }

    fn write_out(&mut self) -> Result<(), Error> {
        if let Some(why) = &self.halted {
            return Err(Error::Halted(why.clone()));
        }
        if !self.journal_pending.is_empty() {
            self.journal.append(&self.journal_pending)?;
            self.journal_pending.clear();
        }
        if !self.pending.is_empty() {
            self.state.commit(self.pending.take())?;
        }
        Ok(())
    }

    /// How many items wait for the next commit.
    pub fn uncommitted(&self) -> usize {
        self.pending.len() + self.journal_pending.len()
    }

    /// Notes something that could not be read, for `status`.
    pub fn note_quarantined(&mut self, note: String) {
        self.quarantined += 1;
        if !self.quarantine.contains(&note) {
            if self.quarantine.len() == QUARANTINE_NOTES_MAX {
                self.quarantine.remove(0);
            }
            self.quarantine.push(note);
        }
    }
}
