//! Writes out: what is due is computed at send, and sent once. What became of it is booked in `outcomes`.

use super::acts::{Pick, ReadBack};
use super::cut::{LaneCut, cut_to_lane};
use crate::connector::{Change, Lane, WriteOp};
use crate::decide::freshness::{self, Needed, Proved};
use crate::decide::rules::Policy;
use crate::engine::assess::assessment::Merge;
use crate::engine::assess::members::Whole;
use crate::engine::engine::Engine;
use crate::engine::history::written::WrittenRecord;
use crate::engine::memory::place::{Idx, NOBODY};
use crate::engine::rules::approval::Approval;
use crate::engine::target::lanes::Lanes;
use crate::engine::target::{Due, Failure, Op};
use crate::model::{MailKind, Name, Record, Time};
use std::collections::BTreeSet;
use std::ops::Range;

/// Writes that were not carried out are tried again in batches that are smaller by this factor, each time: first sixteenths, then singly.
const PARTED_BY: usize = 16;

/// Writes that go out together.
#[derive(Debug, Clone)]
pub struct Batch {
    pub(in crate::engine) pick: Pick,
    pub(in crate::engine) sent_at: Time,
    /// The numbers of the items that say what is under way.
    pub(crate) sent: Range<u64>,
    pub system: Name,
    pub lane: Lane,
    pub ops: Vec<WriteOp>,
    pub places: Vec<Idx>,
    /// The records as they were then, decoded.
    pub(crate) shown: Vec<Snapshot>,
    /// What the fields held that this writes.
    written: Vec<WrittenRecord>,
    /// Whether each record's block was ours before this write.
    pub had_block: Vec<bool>,
    /// Whether something else was due for the record that this write does not carry.
    pub more: Vec<bool>,
    /// Records that would be among these, and are looked at first.
    to_look_at: Vec<Idx>,
    /// A digest of why each record is to be held.
    pub(in crate::engine) causes: Vec<u64>,
}

/// What is next of what is due for a system.
pub(super) enum Gathered {
    Batch(Batch),
    /// Records that would be in one.
    Look(ReadBack),
}

/// A record, and the bytes that it was decoded from.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub record: Record,
    pub bytes: Box<[u8]>,
}

impl Batch {
    fn new(system: Name, lane: Lane, pick: Pick, room: usize, now: Time) -> Batch {
        Batch {
            pick,
            sent_at: now,
            sent: 0..0,
            system,
            lane,
            ops: Vec::with_capacity(room),
            places: Vec::with_capacity(room),
            shown: Vec::with_capacity(room),
            written: Vec::new(),
            had_block: Vec::with_capacity(room),
            more: Vec::with_capacity(room),
            to_look_at: Vec::new(),
            causes: Vec::with_capacity(room),
        }
    }
}

impl Engine {
    /// Whether something is lined up for a system that may be written to.
    pub fn has_writes_for(&self, system: &Name) -> bool {
        self.systems.get(system).is_some_and(|s| s.approved.is_some() && !s.outbox.is_empty())
    }

    /// One batch, marked as sent, not yet committed: it may not go out before it is. Or a look at those that would be in it.
    pub(super) fn gather(&mut self, system: &Name, now: Time) -> Option<Gathered> {
        self.ask_where_needed(system, now);
        for (lane, pick) in self.systems.get(system)?.channel.turns(now) {
            if !self.lane_open(system, lane, now) {
                continue;
            }
            if let Some(gathered) = self.gather_lane(system, lane, pick, now) {
                return Some(gathered);
            }
        }
        None
    }

    /// The next of one lane. For whom nothing is due any more falls out of it on the way, and those behind are looked at in the same turn:
    /// what failed before waits for nothing that did not go.
    fn gather_lane(&mut self, system: &Name, lane: Lane, pick: Pick, now: Time) -> Option<Gathered> {
        let mut candidates = self.candidates_of(system, lane, pick, now);
        while !candidates.is_empty() {
            let mut batch = self.batch_of(system, lane, pick, &candidates, now);
            let to_look_at = std::mem::take(&mut batch.to_look_at);
            if !batch.ops.is_empty() {
                return Some(Gathered::Batch(self.sealed(batch, now)));
            }
            if let Some(look) = self.look_first(system, to_look_at, now) {
                return Some(Gathered::Look(look));
            }
            let next = self.candidates_of(system, lane, pick, now);
            if next == candidates {
                break;
            }
            candidates = next;
        }
        None
    }

    /// Makes a batch out of those of the candidates that have something due.
    fn batch_of(&mut self, system: &Name, lane: Lane, pick: Pick, candidates: &[Idx], now: Time) -> Batch {
        let mut batch = Batch::new(system.clone(), lane, pick, candidates.len(), now);
        let Some(state) = self.systems.get(system) else { return batch };
        let limit = if pick == Pick::Probe { 1 } else { state.connected.abilities().batch.max(1) };
        let everything = state.approved == Some(Approval::All) && !state.channel.is_open() && !self.agreements_lost;
        // Where a block is a label, fields are a request of their own, which the block would wait for.
        let in_one_request = !state.connected.abilities().block_is_own_mark;
        let company = lane == Lane::Protective && in_one_request && everything && state.channel.may_take_company(now);
        let lately = self.take_lately(candidates, now);
        let others: Vec<Idx> = candidates.iter().zip(&lately).filter(|(_, l)| l.is_none()).map(|(idx, _)| *idx).collect();
        let mut looks = self.looks(&others, now).into_iter();
        let mut ready = Vec::new();
        for (idx, lately) in candidates.iter().copied().zip(lately) {
            let (record, merge, before) = match lately {
                Some(looked) => (looked.record, looked.merge, Some(looked.due)),
                None => {
                    let Some((record, merge)) = looks.next() else { break };
                    (record, merge, None)
                }
            };
            self.end_overtaken(idx, &record, &merge);
            let due = self.due_by(idx, &record, &merge, now);
            let lanes = Lanes::of(&due);
            // The guards know already what was due a moment ago.
            let may = if before.is_some_and(|b| b == due) { self.may(idx, &record) } else { self.may_go(idx, &record, &due, now) };
            let failures = self.targets.of(idx).and_then(|t| t.failures.as_deref());
            let cause = due.cause;
            let look_first = |change: &Change| self.goes_alone(system, lane, change) || self.must_look(system, idx, change, now);
            match cut_to_lane(due, lane, may, everything && in_one_request, failures, look_first, now) {
                LaneCut::Goes(change, more) => ready.push((idx, (record, merge), change, (more, cause))),
                LaneCut::LookFirst => batch.to_look_at.push(idx),
                LaneCut::Nothing => self.set_lanes(system, idx, lanes),
            }
            if ready.len() + batch.to_look_at.len() >= limit {
                break;
            }
        }
        let looks = self.systems.get(system).map(|s| s.channel.first_looks());
        if !batch.to_look_at.is_empty() && looks.is_some_and(|looks| !ready.iter().any(|(idx, ..)| looks.counts(*idx, now))) {
            // What goes with a look goes in one request; by themselves these would be many small ones.
            batch.to_look_at.extend(ready.drain(..).map(|(idx, ..)| idx));
        }
        for (idx, looked, change, more) in ready {
            self.send(&mut batch, idx, looked, change, more, now);
        }
        if company && !batch.ops.is_empty() && batch.ops.len() < limit {
            // A request that goes anyway takes fields along in the room that is left.
            self.fill(&mut batch, limit, now);
        }
        batch
    }

    /// Notes that a batch leaves.
    fn sealed(&mut self, mut batch: Batch, now: Time) -> Batch {
        if let Some(state) = self.systems.get_mut(&batch.system) {
            state.channel.leaves(&batch.places, batch.lane, batch.pick);
        }
        self.keep_sent(&mut batch);
        self.keep_written(std::mem::take(&mut batch.written), now);
        batch
    }

    /// Puts field writes into the room that a batch has left.
    fn fill(&mut self, batch: &mut Batch, limit: usize, now: Time) {
        for idx in self.candidates_of(&batch.system.clone(), Lane::Fields, Pick::Fresh, now) {
            if batch.ops.len() >= limit {
                break;
            }
            if batch.places.contains(&idx) {
                continue;
            }
            let (record, merge) = self.look(idx, now);
            let due = self.due_by(idx, &record, &merge, now);
            let may = self.may_go(idx, &record, &due, now);
            if let (None, None, Some(change), true) = (due.protective, due.release, due.update, may.update)
                && !self.goes_alone(&record.id.system, batch.lane, &change)
                && !self.must_look(&record.id.system, idx, &change, now)
            {
                self.send(batch, idx, (record, merge), change, (false, 0), now);
            }
        }
    }

    /// Whether a record of a system is to be looked at before this is written to it.
    fn must_look(&self, system: &Name, idx: Idx, change: &Change, now: Time) -> bool {
        let looks = self.systems.get(system).filter(|s| s.connected.abilities().looks_first);
        let looks = looks.map(|s| s.channel.first_looks());
        looks.is_some_and(|looks| looks.must_look(idx, change, now) || self.may_be_ignored(system, change) && looks.must_look_at(idx, now))
    }

    /// Takes a write into a batch, marked as sent.
    fn send(
        &mut self,
        batch: &mut Batch,
        idx: Idx,
        (record, merge): (Record, Merge),
        change: Change,
        (more, cause): (bool, u64),
        now: Time,
    ) {
        let step = self.step(idx, &record, &change);
        let more = more || step.is_some();
        let target = self.targets.begin(idx);
        batch.had_block.push(target.block_ours);
        target.send(step.as_ref().unwrap_or(&change), now);
        let again = target.was_written_lately(&change, now);
        let mut op = WriteOp { record: record.id.clone(), change, again };
        if !op.change.fields.is_empty() {
            // Of what goes in steps the first knows what stood there.
            batch.written.push(WrittenRecord::of(&op, &record, &merge, |field| self.rule_of_write(&record.id, field)));
        }
        op.change = step.unwrap_or(op.change);
        batch.ops.push(op);
        batch.places.push(idx);
        batch.shown.push(Snapshot { record, bytes: self.world.bytes(idx).into() });
        batch.more.push(more);
        batch.causes.push(cause);
    }

    /// Which of the things that are due for a record nobody has to be asked about.
    pub(super) fn may_go(&mut self, idx: Idx, record: &Record, due: &Due, now: Time) -> Lanes {
        let Some(state) = self.systems.get_mut(&record.id.system) else { return Lanes::default() };
        state.guards.line_up(idx, record, due, now);
        self.may(idx, record)
    }

    /// What the guards let go of what they know to be due.
    fn may(&self, idx: Idx, record: &Record) -> Lanes {
        let Some(state) = self.systems.get(&record.id.system) else { return Lanes::default() };
        let may = |op| state.guards.of(op).may_go(idx);
        Lanes { protective: true, release: may(Op::Release), update: may(Op::Update), ..Lanes::default() }
    }

    /// What is due for a record now.
    pub fn due(&self, idx: Idx, record: &Record, now: Time) -> Due {
        let (_, merge) = self.look(idx, now);
        self.due_by(idx, record, &merge, now)
    }

    pub(super) fn due_by(&self, idx: Idx, record: &Record, merge: &Merge, now: Time) -> Due {
        let person = self.world.slot(idx).person;
        if person == NOBODY || record.is_gone() {
            return Due::default();
        }
        let standing = self.table.of(person);
        let wanted = self.wanted(record, &Whole { standing: &standing, merge }, now);
        let Some(state) = self.systems.get(&record.id.system) else { return Due::default() };
        state.connected.due(self.targets.of(idx), record, &wanted, self.trusted_now(now))
    }

    pub(super) fn lane_open(&self, system: &Name, lane: Lane, now: Time) -> bool {
        let Some(state) = self.systems.get(system).filter(|s| s.identity.is_settled()) else { return false };
        is_open(state.approved, lane, || self.may_release(now)) && !(lane == Lane::Fields && self.agreements_lost)
    }

    /// Whether anything may be released: clocks agree, every stream that a hold or refusal needs was proved in this run, and all that was
    /// read is decided on.
    pub fn may_release(&self, now: Time) -> bool {
        self.clocks_agree() && self.dirty.is_empty() && self.unproved(now).is_empty()
    }

    /// The streams, each with its system, that a release needs and that were not proved fresh since the start.
    pub fn unproved(&self, now: Time) -> BTreeSet<(&Name, &Name)> {
        unproved(&self.rules.rules().policy, &self.kinds_shown(), |s, t| self.proved(s, t), |n| self.proved_here(n), now)
    }

    /// After a start nothing widens before every stream was proved anew.
    fn proved_here(&self, needed: &Needed<'_>) -> bool {
        let stream = self.stream(&needed.proof.system, &needed.proof.stream);
        stream.is_some_and(|s| needed.at(s.proved_here()).is_some())
    }

    /// Records that have something due in a lane and may be written to; as many as a batch takes, the next ones come with the next batch.
    /// Those that did not fail before come first and by themselves: they wait for nobody's failure.
    fn candidates_of(&self, system: &Name, lane: Lane, pick: Pick, now: Time) -> Vec<Idx> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let limit = state.connected.abilities().batch.max(1);
        let (release, update) = (state.guards.of(Op::Release), state.guards.of(Op::Update));
        let (op, all_wait) = match lane {
            Lane::Release => (Op::Release, state.outbox.releases() <= release.waiting()),
            Lane::Fields => (Op::Update, state.outbox.updates() <= update.waiting()),
            _ => (Op::Hold, false),
        };
        if all_wait {
            return Vec::new();
        }
        let failure = |idx: &Idx, op: Op| self.targets.failure(*idx, op);
        let block_waits = |idx: &Idx| failure(idx, Op::Hold).is_some_and(|f| f.waits(now));
        let wanted = |idx: &Idx, lanes: &Lanes| match lane {
            Lane::Protective => lanes.protective,
            Lane::Release => lanes.release && release.may_go(*idx) && !state.channel.passed_over().contains(*idx),
            _ => {
                let looked = !state.channel.first_looks().is_under_way(*idx);
                looked && lanes.update && (!lanes.protective || block_waits(idx)) && update.may_go(*idx)
            }
        };
        let free = state.outbox.in_lane(lane).filter(|(idx, lanes)| wanted(idx, lanes) && !state.channel.is_busy(**idx));
        // A probe of what protects is one that failed: the others go anyway.
        let prefer_failed = pick == Pick::Probe && lane == Lane::Protective;
        picked(free.map(|(idx, _)| (*idx, failure(idx, op))), pick, prefer_failed, limit, now)
    }

    pub fn set_lanes(&mut self, system: &Name, idx: Idx, lanes: Lanes) {
        if let Some(state) = self.systems.get_mut(system) {
            state.outbox.line_up(idx, lanes);
        }
    }
}

/// Whether anything may go in a lane, by how far a system was approved.
fn is_open(approved: Option<Approval>, lane: Lane, may_release: impl FnOnce() -> bool) -> bool {
    match (approved, lane) {
        (None, _) => false,
        (Some(_), Lane::Protective) => true,
        (Some(Approval::Holds), _) => false,
        (Some(Approval::All), Lane::Release) => may_release(),
        (Some(Approval::All), _) => true,
    }
}

/// The streams, each with its system, that mail of these kinds rests on, and that are not proved fresh or not by this process.
fn unproved<'p>(
    policy: &'p Policy,
    kinds: &[MailKind],
    proved: impl Fn(&Name, &Name) -> Proved,
    proved_here: impl Fn(&Needed<'_>) -> bool,
    now: Time,
) -> BTreeSet<(&'p Name, &'p Name)> {
    kinds
        .iter()
        .flat_map(|k| freshness::needed(policy, *k))
        .filter(|n| !n.is_fresh(proved(&n.proof.system, &n.proof.stream), now) || !proved_here(n))
        .map(|n| (&n.proof.system, &n.proof.stream))
        .collect()
}

/// Of records that are free to be written to, each with what failed of it before, those that go in one batch.
fn picked<'f>(
    free: impl Iterator<Item = (Idx, Option<&'f Failure>)>,
    pick: Pick,
    prefer_failed: bool,
    limit: usize,
    now: Time,
) -> Vec<Idx> {
    let (mut fresh, mut failed): (Vec<Idx>, Vec<Idx>) = Default::default();
    // So many of those that failed go together, by how often they did: whose fault it was is found out in two steps.
    let mut together = limit;
    for (idx, failure) in free {
        match failure {
            None => fresh.push(idx),
            Some(f) if pick == Pick::Fresh || (f.waits(now) && !(pick == Pick::Probe && f.cause.is_trouble())) => {}
            Some(f) => {
                let at_most = if f.cause.is_trouble() { limit / PARTED_BY.pow(u32::from(f.attempts.min(4))) } else { limit };
                if failed.len() < together.min(at_most.max(1)) {
                    together = together.min(at_most.max(1));
                    failed.push(idx);
                }
            }
        }
        if fresh.len() == limit {
            break;
        }
    }
    if fresh.is_empty() || prefer_failed { failed } else { fresh }
}

#[cfg(test)]
mod tests;
