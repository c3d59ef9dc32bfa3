//! Writes out: what is due is computed at send, sent once, and accounted for record by record.

use super::engine::{Approval, Breaker, Engine, Error, Lanes};
use super::target::{self, Due, Target};
use super::view::View;
use super::world::{Idx, Merged, NOBODY, overlay};
use crate::connector::{Change, Lane, Outcome, PermitChange, WriteOp};
use crate::decide::freshness;
use crate::model::{MailKind, Mark, Name, Presence, Record, Span, Time, Value};
use crate::store::{Entry, What, WriteOutcome};

/// Releases stop while our clock and a server's differ by more than this.
const CLOCK_SKEW_MAX: Span = Span::minutes(2);
/// Batches in a row that all failed before fields and releases to a system are stopped for a while.
const BREAKER_FAILURES: u32 = 5;
const BREAKER_OPEN_FOR: Span = Span::minutes(1);

/// Writes that go out together.
#[derive(Debug, Clone)]
pub struct Batch {
    pub system: Name,
    pub lane: Lane,
    pub ops: Vec<WriteOp>,
    pub places: Vec<Idx>,
    /// Whether each record's block was ours before this write.
    had_block: Vec<bool>,
}

/// The direction of a write, as `plan`, `sync` and `status` name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Op {
    Hold,
    Release,
    Update,
}

impl Op {
    pub const ALL: [Op; 3] = [Op::Hold, Op::Release, Op::Update];

    pub fn name(self) -> &'static str {
        match self {
            Op::Hold => "hold",
            Op::Release => "release",
            Op::Update => "update",
        }
    }

    pub fn of(change: &Change) -> Op {
        if change.block == Some(true) || change.permit == Some(PermitChange::Withdrawn) {
            Op::Hold
        } else if change.block == Some(false) || change.permit.is_some() {
            Op::Release
        } else {
            Op::Update
        }
    }
}

impl Engine {
    /// The next writes for a system, marked as sent and committed. `None`: nothing may go out now.
    pub fn next_batch(&mut self, system: &Name, now: Time) -> Result<Option<Batch>, Error> {
        for lane in [Lane::Protective, Lane::Release, Lane::Fields] {
            if !self.lane_open(system, lane, now) {
                continue;
            }
            let Some(state) = self.systems.get(system) else { return Ok(None) };
            let limit = state.abilities.batch.max(1);
            let everything = state.approved == Some(Approval::All) && !matches!(state.breaker.open_until, Some(t) if t > now);
            let mut batch = Batch { system: system.clone(), lane, ops: Vec::new(), places: Vec::new(), had_block: Vec::new() };
            for idx in self.candidates_of(system, lane, now) {
                let record = self.world.record(idx);
                let due = self.due(idx, &record, now);
                let lanes = Lanes::of(&due);
                let alone = self.world.slot(idx).target.as_ref().and_then(|t| t.failure.as_ref()).is_some_and(|f| f.alone);
                let change = match lane {
                    Lane::Protective => due.protective.map(|c| if everything && !alone { with_update(c, due.update) } else { c }),
                    Lane::Release => due.release.map(|c| if alone { c } else { with_update(c, due.update) }),
                    // A record whose block is due gets it first: the outcome of one write is awaited before the next.
                    Lane::Fields if due.protective.is_none() => due.update,
                    _ => None,
                };
                let Some(change) = change else {
                    self.set_lanes(system, idx, lanes);
                    continue;
                };
                let slot = self.world.slot_mut(idx);
                let target = slot.target.get_or_insert_default();
                batch.had_block.push(target.block_ours);
                target.send(&change, now);
                batch.ops.push(WriteOp { record: record.id, change });
                batch.places.push(idx);
                self.keep_target(idx);
                if batch.ops.len() >= limit {
                    break;
                }
            }
            if !batch.ops.is_empty() {
                if let Some(state) = self.systems.get_mut(system) {
                    state.in_flight.extend(&batch.places);
                }
                self.commit()?;
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// What is due for a record now.
    pub fn due(&mut self, idx: Idx, record: &Record, now: Time) -> Due {
        let person = self.world.slot(idx).person;
        if person == NOBODY || record.is_gone() {
            return Due::default();
        }
        let records: Vec<Record> = {
            let view = View::new(&self.world);
            self.people[person as usize].members.iter().map(|i| view.get(*i).clone()).collect()
        };
        let wanted = self.wanted(record, person, &records, now);
        let Some(state) = self.systems.get(&record.id.system) else { return Due::default() };
        target::due(self.world.slot(idx).target.as_deref(), record, &wanted, &state.allowed, &state.abilities, now)
    }

    fn lane_open(&self, system: &Name, lane: Lane, now: Time) -> bool {
        let Some(state) = self.systems.get(system) else { return false };
        match (state.approved, lane) {
            (None, _) => return false,
            (Some(Approval::Holds), Lane::Protective) => return true,
            (Some(Approval::Holds), _) => return false,
            (Some(Approval::All), Lane::Protective) => return true,
            (Some(Approval::All), _) => {}
        }
        if state.breaker.open_until.is_some_and(|t| t > now) {
            return false;
        }
        lane != Lane::Release || self.may_release(system, now)
    }

    /// Whether anything may be released to a system: clocks agree, and every stream that a hold or refusal needs was proved in this run.
    pub fn may_release(&self, system: &Name, now: Time) -> bool {
        let skewed = self.systems.values().any(|s| s.clock_skew_ms.abs() > CLOCK_SKEW_MAX.0);
        let _ = system;
        !skewed && self.unproved(now).is_empty()
    }

    /// The streams that a release needs and that were not proved fresh since the start.
    pub fn unproved(&self, now: Time) -> Vec<String> {
        let proved = |s: &Name, t: &Name| self.proved(s, t);
        let kinds = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma());
        let mut missing: Vec<String> = kinds
            .flat_map(|k| freshness::needed(&self.config.policy, k))
            .filter(|p| !freshness::is_fresh(p, &proved, now) || proved(&p.system, &p.stream).at.is_none_or(|at| at < self.fresh_from(p)))
            .map(|p| format!("{}.{}", p.system, p.stream))
            .collect();
        missing.sort();
        missing.dedup();
        missing
    }

    /// After a start nothing widens before every stream was proved anew; the stream's own lag counts as proved with it.
    fn fresh_from(&self, proof: &crate::decide::rules::Proof) -> Time {
        let lag = self.systems.get(&proof.system).and_then(|s| s.infos.get(&proof.stream)).map_or(Span::ZERO, |i| i.lag);
        self.started_at.minus(lag)
    }

    fn candidates_of(&self, system: &Name, lane: Lane, now: Time) -> Vec<Idx> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let waits = |idx: &Idx| match self.world.slot(*idx).target.as_ref().and_then(|t| t.failure.as_ref()) {
            Some(failure) => failure.dead || failure.retry_at > now,
            None => false,
        };
        let wanted = |lanes: &Lanes| match lane {
            Lane::Protective => lanes.protective,
            Lane::Release => lanes.release,
            _ => lanes.update && !lanes.protective,
        };
        let free = state
            .outbox
            .iter()
            .filter(|(idx, lanes)| wanted(lanes) && !state.in_flight.contains(*idx) && !state.unknown.contains(*idx) && !waits(idx));
        let mut found: Vec<Idx> = free.map(|(idx, _)| *idx).collect();
        if lane == Lane::Release {
            found.retain(|idx| !self.rule_releases.contains(idx));
            if self.guarded_releases(system).is_some() {
                found.clear();
            }
        }
        found
    }

    /// The releases of a system, if there are more than may go by themselves and nobody approved them.
    pub fn guarded_releases(&self, system: &Name) -> Option<(usize, usize)> {
        self.releases_over_limit(system).filter(|_| !self.approved_plans.contains(&super::plan::guard_plan(system)))
    }

    /// The releases of a system and their limit, if there are more.
    pub fn releases_over_limit(&self, system: &Name) -> Option<(usize, usize)> {
        let state = self.systems.get(system)?;
        let lifted = |idx: &Idx| self.world.slot(*idx).target.as_ref().is_some_and(|t| t.block_ours);
        let count = state.outbox.iter().filter(|(idx, l)| l.release && lifted(idx)).count();
        let records = state.abilities.stream.as_ref().map_or(0, |s| self.world.listed(system, s));
        let widening = self.config.policy.widening;
        let limit = widening.people.max((records as f64 * widening.share) as usize);
        (count > limit).then_some((count, limit))
    }

    fn set_lanes(&mut self, system: &Name, idx: Idx, lanes: Lanes) {
        if let Some(state) = self.systems.get_mut(system) {
            if lanes == Lanes::default() {
                state.outbox.remove(&idx);
            } else {
                state.outbox.insert(idx, lanes);
            }
        }
    }

    /// Accounts for a batch: one outcome for each of its records.
    pub fn book(&mut self, batch: &Batch, outcomes: &[Outcome], now: Time) -> Result<(), Error> {
        if let Some(state) = self.systems.get_mut(&batch.system) {
            for idx in &batch.places {
                state.in_flight.remove(idx);
            }
            let failed = outcomes.iter().all(|o| matches!(o, Outcome::NotSent(_) | Outcome::Unknown(_)));
            if failed {
                state.breaker.failures += 1;
                if state.breaker.failures >= BREAKER_FAILURES {
                    state.breaker.open_until = Some(now.plus(BREAKER_OPEN_FOR));
                }
            } else {
                state.breaker = Breaker::default();
            }
        }
        for (i, idx) in batch.places.iter().enumerate() {
            // A connector that answers for fewer records than it was given leaves the rest unknown.
            let lost = Outcome::Unknown("no outcome was told".into());
            let outcome = outcomes.get(i).unwrap_or(&lost);
            let op = &batch.ops[i];
            let journaled = journaled(outcome).filter(|_| Op::of(&op.change) != Op::Update);
            if let Some((outcome, said)) = journaled {
                self.journal_pending.push(Entry {
                    at: now,
                    what: What::Outcome {
                        record: op.record.clone(),
                        op: Op::of(&op.change).name().into(),
                        outcome,
                        said,
                        reasons: op.change.why.iter().flat_map(|w| w.split(',')).map(ToString::to_string).collect(),
                        run: (*self.run).into(),
                    },
                });
            }
            match outcome {
                Outcome::Applied => self.applied(*idx, now),
                Outcome::Rejected(why) => {
                    tracing::warn!(record = %op.record, op = Op::of(&op.change).name(), why, "the system refused the write");
                    self.on_target(*idx, |t| t.rejected(why.clone(), now));
                }
                Outcome::NotSent(why) => {
                    let had = batch.had_block[i];
                    self.on_target(*idx, |t| t.not_sent(had, why.clone(), now));
                }
                Outcome::Unknown(_) => {
                    self.on_target(*idx, |t| {
                        if let Some(sent) = &mut t.sent {
                            sent.unknown = true;
                        }
                    });
                    if let Some(state) = self.systems.get_mut(&batch.system) {
                        state.unknown.insert(*idx);
                    }
                }
            }
        }
        self.commit()
    }

    fn on_target(&mut self, idx: Idx, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.world.slot_mut(idx).target.as_mut() {
            change(target);
            self.keep_target(idx);
        }
    }

    fn applied(&mut self, idx: Idx, now: Time) {
        let mut record = self.world.record(idx);
        let system = record.id.system.clone();
        let Some(state) = self.systems.get(&system) else { return };
        let permit_ends = state.abilities.permit_ends;
        let words = &state.words;
        let Some(target) = self.world.slot_mut(idx).target.as_mut() else { return };
        let status = target.sent.as_ref().and_then(|s| s.status.clone());
        let word = status.map(|s| words.get(&s).cloned().unwrap_or_else(|| (*s).into()));
        target.applied(&mut record, word, permit_ends, now);
        let stream = self.world.slot(idx).stream.clone();
        self.keep_record(stream, &record);
        self.keep_target(idx);
        self.dirty.insert(idx);
        self.set_lanes(&system, idx, Lanes::default());
        if let Some(state) = self.systems.get_mut(&system) {
            state.unknown.remove(&idx);
        }
    }

    /// Records of a system whose last write has no known outcome, to be read back; at most `limit`.
    pub fn to_read_back(&self, system: &Name, limit: usize) -> Vec<(Idx, Box<str>)> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let waiting = state.unknown.iter().filter(|i| !state.in_flight.contains(*i)).take(limit.max(1));
        waiting.map(|i| (*i, self.world.slot(*i).id.id.clone())).collect()
    }

    /// Accounts for a read-back: what was sent and is there was applied; what is not there was not, and is computed anew.
    pub fn book_read_back(&mut self, asked: &[(Idx, Box<str>)], found: Vec<Record>, now: Time) -> Result<(), Error> {
        for (idx, id) in asked {
            let system = self.world.slot(*idx).id.system.clone();
            match found.iter().find(|r| r.id.id == *id) {
                Some(shown) => {
                    let old = self.world.record(*idx);
                    if let Merged::Changed(record) = overlay(Some(&old), shown.clone(), true, now) {
                        let stream = self.world.slot(*idx).stream.clone();
                        self.keep_record(stream, &record);
                    }
                    let words = self.systems.get(&system).map(|s| s.words.clone()).unwrap_or_default();
                    let landed =
                        self.world.slot(*idx).target.as_ref().and_then(|t| t.sent.as_ref()).is_some_and(|s| landed(s, shown, &words));
                    if landed {
                        self.applied(*idx, now);
                    } else {
                        let blocked = shown.is_blocked();
                        self.on_target(*idx, |t| {
                            t.sent = None;
                            t.block_ours &= blocked;
                        });
                        self.dirty.insert(*idx);
                    }
                }
                None => {
                    // The record is not there any more: nothing can be written to it.
                    let mut record = self.world.record(*idx);
                    if !record.is_gone() {
                        record.presence = Presence::Gone(now);
                        let stream = self.world.slot(*idx).stream.clone();
                        self.keep_record(stream, &record);
                    }
                    self.on_target(*idx, |t| t.sent = None);
                    self.set_lanes(&system, *idx, Lanes::default());
                    self.dirty.insert(*idx);
                }
            }
            if let Some(state) = self.systems.get_mut(&system) {
                state.unknown.remove(idx);
            }
        }
        self.reconcile(now);
        self.commit()
    }

    /// When the next delayed write may be tried, over all systems.
    pub fn next_retry(&self, now: Time) -> Option<Time> {
        let waiting = self.systems.values().flat_map(|s| s.outbox.keys());
        waiting
            .filter_map(|i| self.world.slot(*i).target.as_ref().and_then(|t| t.failure.as_ref()))
            .filter(|f| !f.dead && f.retry_at > now)
            .map(|f| f.retry_at)
            .min()
    }
}

/// An outcome for the journal, and what the system said. What was never sent has none.
fn journaled(outcome: &Outcome) -> Option<(WriteOutcome, Option<String>)> {
    match outcome {
        Outcome::Applied => Some((WriteOutcome::Applied, None)),
        Outcome::Rejected(why) => Some((WriteOutcome::Rejected, Some(why.clone()))),
        Outcome::Unknown(why) => Some((WriteOutcome::Unknown, Some(why.clone()))),
        Outcome::NotSent(_) => None,
    }
}

fn with_update(mut change: Change, update: Option<Change>) -> Change {
    if let Some(update) = update {
        change.fields = update.fields;
        change.status = update.status;
        change.why = change.why.or(update.why);
    }
    change
}

/// Whether a record shows all that was sent to it.
fn landed(sent: &super::target::Sent, shown: &Record, words: &std::collections::BTreeMap<Name, Box<str>>) -> bool {
    let block = sent.block.is_none_or(|on| shown.is_blocked() == on);
    let fields = sent.fields.iter().all(|(name, value)| shown.field(name).map_or(&Value::Empty, |f| &f.value) == value);
    let status = sent.status.as_ref().is_none_or(|status| {
        let word = words.get(status).map_or(&**status, |w| w);
        shown.mark(Mark::Status).and_then(Value::as_text) == Some(word)
    });
    let permit = sent.permit.is_none_or(|until| match (until, shown.mark(Mark::Permit)) {
        (Some(until), Some(Value::Time(t))) => *t == until,
        (Some(_), Some(Value::Bool(on))) => *on,
        (None, Some(Value::Bool(on))) => !*on,
        (None, Some(Value::Time(_))) | (Some(_), _) => false,
        (None, _) => true,
    });
    block && fields && status && permit
}
