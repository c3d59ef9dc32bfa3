//! The engine: all state behind one owner. Its methods are synchronous; each state change ends in one commit.
//!
//! The ways through it: `take_in` ([`observe`](crate::engine::intake::observe)) takes pages in, [`reconcile`](crate::engine::assess::reconcile) decides anew for
//! whom something changed, `next_act` ([`acts`](crate::engine::delivery::acts)) says what to send, and `book` ([`outcomes`](crate::engine::delivery::outcomes)) notes what became of it.

use crate::connector::{StreamInfo, Usage};
use crate::decide::freshness::{Proved, Side};
use crate::decide::phase::Phase;
use crate::decide::ratchet::Held;
use crate::engine::assess::held::RememberedHolds;
use crate::engine::assess::kept::KeptPeople;
use crate::engine::assess::person::Person;
use crate::engine::delivery::recent_looks::Lately;
use crate::engine::error::Error;
use crate::engine::gate::decision_table::Table;
use crate::engine::history::set_back::{SetBack, UndoPlan};
use crate::engine::history::told::ToldNotices;
use crate::engine::history::written::Written;
use crate::engine::intake::clashes::Clashes;
use crate::engine::intake::doubts::Doubts;
use crate::engine::intake::look_ups::LookUps;
use crate::engine::intake::refused_at_once::RefusedAtOnce;
use crate::engine::intake::unknown_codes::UnknownCodes;
use crate::engine::ledger::changes::Ledger;
use crate::engine::ledger::durable::Disk;
use crate::engine::memory::pins::Pins;
use crate::engine::memory::place::{Idx, PersonIdx};
use crate::engine::memory::places::{ByPlace, Places};
use crate::engine::memory::refusals::REFUSAL;
use crate::engine::memory::refusals::refusal_key;
use crate::engine::memory::refusals::{On, Refusals};
use crate::engine::memory::segments::Shelf;
use crate::engine::memory::world::NAMES;
use crate::engine::memory::world::RECORD;
use crate::engine::memory::world::{Keys, World};
use crate::engine::proofs::clocks::Clocks;
use crate::engine::proofs::coverage::Coverage;
use crate::engine::proofs::reading::FORMER_STREAM;
use crate::engine::proofs::reading::STREAM;
use crate::engine::proofs::reading::StreamState;
use crate::engine::recovery::journaled::{Journaled, Rebuilding, Recovery};
use crate::engine::recovery::lines::refusal_line;
use crate::engine::rules::in_force::InForce;
use crate::engine::rules::unfollowed::Unfollowed;
use crate::engine::system::SystemState;
use crate::engine::target::targets::Targets;
use crate::model::{ByName, Name, Reason, Record, RecordId, Refusal, Span, Time};
use crate::store::{Journal, State};
use crate::telemetry::InternalEvent;
use crate::telemetry::state::MemoryGivenUp;
use hashbrown::HashSet;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything there is, and the rules.
pub struct Engine {
    pub(in crate::engine) rules: InForce,
    /// What the config folder holds and the running daemon does not follow.
    pub(in crate::engine) unfollowed: Unfollowed,
    pub(in crate::engine) told: ToldNotices,
    pub(in crate::engine) systems: ByName<SystemState>,
    /// Systems that were taken out while we run.
    pub(in crate::engine) retired: ByName<SystemState>,
    pub(in crate::engine) world: World,
    /// What is known of the records that are written to.
    pub(in crate::engine) targets: Targets,
    /// The holds that were in force when last decided.
    pub(in crate::engine) held: RememberedHolds,
    pub(in crate::engine) people: Shelf<Person>,
    pub(in crate::engine) free: Vec<PersonIdx>,
    pub(in crate::engine) kept: KeptPeople,
    pub(in crate::engine) refusals: Refusals,
    /// Values that named people pinned.
    pub(in crate::engine) pins: Pins,
    /// Masses of them that came in one pass, told for a while.
    pub(in crate::engine) refused_at_once: Vec<RefusedAtOnce>,
    /// Deals and tickets that are gone, whose holds someone let go. Seen again, they hold again.
    pub(in crate::engine) let_go: HashSet<RecordId>,
    /// Streams that show each other's ids.
    pub(in crate::engine) clashes: Clashes,
    /// Codes in people's records that no map knows.
    pub(in crate::engine) unknown_codes: UnknownCodes,
    /// Records whose news is not decided on yet, with the last look at their stream before it: for first values.
    pub(in crate::engine) unseen_until: ByPlace<Time>,
    pub(in crate::engine) lately: Lately,
    /// Counts each change of a record or of what we know of our writes to it.
    pub(in crate::engine) changes: u64,
    /// The number of the next item of writes under way.
    pub(in crate::engine) next_sent: u64,
    pub(in crate::engine) dirty: Places,
    /// What was read to its end when those who are marked were decided on last.
    pub(in crate::engine) coverage: Coverage,
    /// When those who are marked were decided on last.
    pub(in crate::engine) decided_at: Time,
    /// Each deal's and ticket's phase under each hold rule, until it changes.
    pub(in crate::engine) phases: ByPlace<Box<[Phase]>>,
    /// When cool-downs end: their deals and tickets, and people who are held by one that does not lead to them any more. And one record of
    /// each person for whom a value grows too old then.
    pub(in crate::engine) wakeups: BTreeMap<Time, BTreeSet<Idx>>,
    pub(in crate::engine) ledger: Ledger,
    pub(in crate::engine) table: Arc<Table>,
    pub(in crate::engine) clocks: Clocks,
    /// Rows that could not be read.
    pub(in crate::engine) doubts: Doubts,
    pub(in crate::engine) look_ups: LookUps,
    /// What could not be read, newest last: told by `status`, bounded.
    pub(in crate::engine) quarantine: Vec<String>,
    pub(in crate::engine) quarantined: u64,
    /// Everything is being read anew: until that is done nothing widens.
    pub(in crate::engine) rebuilding: Option<Rebuilding>,
    /// What was agreed with the targets was lost with the state: no field is written before a person was asked.
    pub(in crate::engine) agreements_lost: bool,
    pub(in crate::engine) recovery: Recovery,
    pub(in crate::engine) journaled: Journaled,
    /// What is wrong with the journal, for `status`.
    pub(in crate::engine) journal_damage: Vec<String>,
    /// The manifests or the normaliser changed, and not everything was swept since.
    pub(in crate::engine) fingerprint_changed: bool,
    /// The ends of permits when last decided, by system and in its order: a label's end must be acted on.
    pub(in crate::engine) permit_ends: BTreeMap<Name, Vec<Option<Time>>>,
    pub(in crate::engine) permits_walked_at: Time,
    /// What was written into fields, for `undo`; the undo plans that were shown, by id; the fields on their way back.
    pub(in crate::engine) written: Written,
    /// When the last `sync` ended, if it ended well and no daemon was started since.
    pub(in crate::engine) synced_at: Option<Time>,
    pub(in crate::engine) undos: BTreeMap<String, UndoPlan>,
    pub(in crate::engine) set_back: ByPlace<Vec<SetBack>>,
    pub(in crate::engine) run: Arc<str>,
}

/// The most quarantine notes kept for `status`.
const QUARANTINE_NOTES_MAX: usize = 50;

impl Engine {
    /// What is known of a stream's proof. What is known only in part, or cannot be kept, proves nothing.
    pub fn proved(&self, system: &Name, stream: &Name) -> Proved {
        if self.rebuilding.is_some() || self.ledger.halted().is_some() {
            return Proved::default();
        }
        let Some(stream) = self.stream(system, stream) else { return Proved::default() };
        // What a former process left is by another clock than ours: where ours is behind it would look young.
        let too_young = if stream.proved_here { Span::ZERO } else { self.clocks.behind() };
        Proved { at: stream.proved_at.map(|at| at.minus(too_young)), filtered_at: stream.filtered_at.map(|at| at.minus(too_young)) }
    }

    /// What is known of a stream's proof by what is decided: while something that was read is not decided on yet, no newer proof counts.
    pub fn proved_as_decided(&self, system: &Name, stream: &Name) -> Proved {
        let proved = self.proved(system, stream);
        if self.dirty.is_empty() {
            return proved;
        }
        let decided = self.stream(system, stream).map(|s| s.decided).unwrap_or_default();
        Proved { at: proved.at.min(decided.at), filtered_at: proved.filtered_at.min(decided.filtered_at) }
    }

    /// All that was read is decided on, if it is: the proofs that there are count until more is read.
    pub(in crate::engine) fn note_decided(&mut self) {
        if !self.dirty.is_empty() {
            return;
        }
        let names = self.systems.iter().flat_map(|(name, s)| s.streams.known().map(|(stream, _)| (name.clone(), stream.clone())));
        for (system, stream) in names.collect::<Vec<_>>() {
            let proved = self.proved(&system, &stream);
            if let Some(stream) = self.stream_mut(&system, &stream) {
                stream.decided = proved;
            }
        }
    }

    /// Whose staleness a stream's is.
    pub fn side(&self, system: &Name, stream: &Name) -> Side {
        use crate::connector::manifest::Role;
        use crate::model::Entity;
        let Some(state) = self.systems.get(system) else { return Side::Crm };
        match state.streams.info(stream).map(|i| i.entity) {
            Some(Entity::Deal | Entity::DealPerson | Entity::Account) => Side::Crm,
            Some(Entity::Ticket) => Side::Support,
            _ => match state.connected.config().manifest.role {
                Role::Crm => Side::Crm,
                Role::Support => Side::Support,
                Role::Ma => Side::Ma,
            },
        }
    }

    /// What a kind of mail needs and is not fresh now.
    pub fn stale(&self, kind: crate::model::MailKind, now: Time) -> Vec<Reason> {
        crate::engine::gate::decision_table::stale(
            &self.rules.rules().policy,
            kind,
            &|s, t| self.proved(s, t),
            &|s, t| self.side(s, t),
            now,
        )
    }

    /// How a stream is read, if it is.
    pub(in crate::engine) fn stream_info(&self, system: &Name, stream: &Name) -> Option<&StreamInfo> {
        self.systems.get(system)?.streams.info(stream)
    }

    /// What is known of a stream.
    pub fn stream(&self, system: &Name, stream: &Name) -> Option<&StreamState> {
        self.systems.get(system)?.streams.of(stream)
    }

    pub fn stream_mut(&mut self, system: &Name, stream: &Name) -> Option<&mut StreamState> {
        self.systems.get_mut(system).map(|s| s.streams.of_mut(stream))
    }

    /// Writes a stream's state with the next commit.
    pub fn keep_stream(&mut self, system: &Name, stream: &Name) {
        if let Some(state) = self.stream(system, stream) {
            let mut state = state.clone();
            if state.proved_here {
                // By a clock that is ahead it would look young to a later process whose clock is right.
                let ahead = self.clocks.ahead();
                state.proved_at = state.proved_at.map(|at| at.minus(ahead));
                state.filtered_at = state.filtered_at.map(|at| at.minus(ahead));
            }
            let key = format!("{system}/{stream}").into_bytes();
            self.ledger.delete(FORMER_STREAM, key.clone());
            self.ledger.put(STREAM, key, &state);
        }
    }

    /// Keeps what a connector has used of today's budget.
    pub fn keep_usage(&mut self, system: &Name, usage: Usage) {
        if let Some(state) = self.systems.get_mut(system) {
            state.usage.keep(system, usage, &mut self.ledger);
        }
    }

    /// Writes a record's target state with the next commit.
    pub fn keep_target(&mut self, idx: Idx) {
        self.changes += 1;
        self.targets.keep(idx, &self.world.slot(idx).id, &mut self.ledger);
    }

    /// Sets the holds remembered for a record, and writes them with the next commit.
    pub fn keep_held(&mut self, idx: Idx, held: Vec<Held>) {
        self.held.set(idx, held);
        self.held.keep(idx, &self.world.slot(idx).id, &mut self.ledger);
    }

    /// Puts a record into the world, and writes it with the next commit.
    pub fn keep_record(&mut self, stream: Name, record: &Record) -> Idx {
        let idx = self.world.put(stream, record);
        self.keep_bytes(idx);
        idx
    }

    /// The same for a record that has this place, with the keys that it had there, or none yet.
    pub fn keep_record_at(&mut self, place: Option<(Idx, Keys)>, stream: Name, record: &Record) -> Idx {
        let idx = match place {
            Some((idx, before)) => {
                self.world.put_over(idx, before, stream, record);
                idx
            }
            None => self.world.add(stream, record),
        };
        self.keep_bytes(idx);
        idx
    }

    /// Puts a record in the place of one that differs in nothing by which it is found, and writes it with the next commit.
    pub fn keep_written_record(&mut self, idx: Idx, record: &Record) {
        self.world.replace(idx, record);
        self.keep_bytes(idx);
    }

    pub(in crate::engine) fn keep_bytes(&mut self, idx: Idx) {
        self.changes += 1;
        if let Some(names) = self.world.names_to_keep() {
            self.ledger.set(NAMES, &names.to_vec());
        }
        self.ledger.put_encoded(RECORD, self.world.slot(idx).id.key(), self.world.bytes(idx).to_vec());
    }

    /// Adds a refusal: into the journal first, then the store. Nothing happens if it is known.
    pub fn keep_refusal(&mut self, on: On<'_>, refusal: &Refusal) -> bool {
        if !self.refusals.add(on, refusal) {
            return false;
        }
        self.ledger.journal(refusal.seen_at, refusal_line(on, refusal));
        self.ledger.put(REFUSAL, refusal_key(on, &refusal.scope), &(on.into(), refusal.clone()));
        true
    }

    /// What counts.
    pub fn rules(&self) -> &InForce {
        &self.rules
    }

    /// The configured systems.
    pub fn systems(&self) -> &ByName<SystemState> {
        &self.systems
    }

    /// By which this process's decisions and writes are known.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// What could not be read, newest last.
    pub fn quarantine(&self) -> &[String] {
        &self.quarantine
    }

    /// What people were told, and what has not reached anyone yet.
    pub fn told(&self) -> &ToldNotices {
        &self.told
    }

    /// What the config folder holds and the running daemon does not follow.
    pub fn unfollowed(&self) -> &Unfollowed {
        &self.unfollowed
    }

    pub fn set_unfollowed(&mut self, unfollowed: Unfollowed) {
        self.unfollowed = unfollowed;
    }

    /// Why nothing is read or written any more and the gate holds, if it is so.
    pub fn halted(&self) -> Option<&str> {
        self.ledger.halted()
    }

    /// How many items and lines wait for the next commit.
    pub fn uncommitted(&self) -> usize {
        self.ledger.uncommitted()
    }

    /// Hands all that changed over to be made durable: it is once [`Disk::keep`] has returned.
    pub fn hand_over(&mut self) -> Result<Arc<Disk>, Error> {
        Ok(self.ledger.hand_over()?)
    }

    /// Our own disk failed.
    pub fn disk_failed(&mut self, error: crate::store::Error) -> Error {
        self.ledger.disk_failed(error).into()
    }

    /// Whether the state folder can be written to.
    pub fn try_disk(&self) -> Result<(), crate::store::Error> {
        self.ledger.state().probe()
    }

    /// Lets go of the state's files: what changes from now on goes into this other store.
    pub fn move_to(&mut self, state: State, journal: Journal) {
        self.ledger.move_to(state, journal);
    }

    /// Makes all that changed durable: the journal first, then the store, at once.
    pub fn commit(&mut self) -> Result<(), Error> {
        Ok(self.ledger.commit()?)
    }

    /// A change was broken off half-way by a fault of ours. It is as if the disk had failed: what is in memory is not what is to be kept.
    pub fn broken_off(&mut self) {
        let why = "a fault in nayose itself broke off a change half-way; what was kept before it stands (the log says where it was)";
        MemoryGivenUp { why }.emit();
        self.ledger.halt(why);
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
