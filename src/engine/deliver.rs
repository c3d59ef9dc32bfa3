//! Writes out: what is due is computed at send, and sent once. What became of it is booked in `account`.

use super::engine::{Engine, Error};
use super::sketch::Merge;
use super::system::{Approval, Lanes};
use super::target::{self, Due};
use super::wanted::Whole;
use super::world::{Idx, NOBODY};
use super::written::WrittenRecord;
use crate::connector::{Change, Lane, PermitChange, WriteOp};
use crate::decide::freshness;
use crate::model::{MailKind, Name, Record, Time};
use std::ops::Range;

/// Writes that go out together.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The numbers of the items that say what is under way.
    pub(crate) sent: Range<u64>,
    pub system: Name,
    pub lane: Lane,
    pub ops: Vec<WriteOp>,
    pub places: Vec<Idx>,
    /// The records as they were then, decoded.
    pub(crate) shown: Vec<Shown>,
    /// What the fields held that this writes.
    written: Vec<WrittenRecord>,
    /// Whether each record's block was ours before this write.
    pub had_block: Vec<bool>,
    /// Whether something else was due for the record that this write does not carry.
    pub more: Vec<bool>,
}

/// A record, and the bytes that it was decoded from.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub record: Record,
    pub bytes: Box<[u8]>,
}

impl Batch {
    fn new(system: Name, lane: Lane, room: usize) -> Batch {
        Batch {
            sent: 0..0,
            system,
            lane,
            ops: Vec::with_capacity(room),
            places: Vec::with_capacity(room),
            shown: Vec::with_capacity(room),
            written: Vec::new(),
            had_block: Vec::with_capacity(room),
            more: Vec::with_capacity(room),
        }
    }
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
    /// The next writes for a system, in at most so many batches, marked as sent and committed. Empty: nothing may go out now.
    pub fn next_batches(&mut self, system: &Name, now: Time, at_most: usize) -> Result<Vec<Batch>, Error> {
        let batches = self.gather_batches(system, now, at_most);
        if !batches.is_empty() {
            self.commit()?;
        }
        Ok(batches)
    }

    /// The same, not yet committed: none of them may go out before it is.
    pub fn gather_batches(&mut self, system: &Name, now: Time, at_most: usize) -> Vec<Batch> {
        std::iter::from_fn(|| self.gather(system, now)).take(at_most).collect()
    }

    /// Whether something is lined up for a system that may be written to.
    pub fn has_writes_for(&self, system: &Name) -> bool {
        self.systems.get(system).is_some_and(|s| s.approved.is_some() && !s.outbox.is_empty())
    }

    /// One batch, marked as sent.
    fn gather(&mut self, system: &Name, now: Time) -> Option<Batch> {
        self.ask_where_needed(system, now);
        for lane in [Lane::Protective, Lane::Release, Lane::Fields] {
            if !self.lane_open(system, lane, now) {
                continue;
            }
            let state = self.systems.get(system)?;
            let limit = state.abilities.batch.max(1);
            let everything = state.approved == Some(Approval::All) && !matches!(state.breaker.open_until, Some(t) if t > now);
            let candidates = self.candidates_of(system, lane, now, limit);
            let mut batch = Batch::new(system.clone(), lane, candidates.len());
            let lately = self.take_lately(&candidates, now);
            let others: Vec<Idx> = candidates.iter().zip(&lately).filter(|(_, l)| l.is_none()).map(|(idx, _)| *idx).collect();
            let mut looks = self.looks(&others, now).into_iter();
            for (idx, lately) in candidates.into_iter().zip(lately) {
                let (record, merge, before) = match lately {
                    Some(looked) => (looked.record, looked.merge, Some(looked.due)),
                    None => {
                        let Some((record, merge)) = looks.next() else { break };
                        (record, merge, None)
                    }
                };
                let due = self.due_by(idx, &record, &merge, now);
                let lanes = Lanes::of(&due);
                // The guards know already what was due a moment ago.
                let may = if before.is_some_and(|b| b == due) { self.may(idx, &record) } else { self.may_go(idx, &record, &due, now) };
                let fields_too = everything && may.update;
                let alone = self.world.slot(idx).target.as_ref().and_then(|t| t.failure.as_ref()).is_some_and(|f| f.alone);
                let change = match lane {
                    Lane::Protective => due.protective.map(|c| if fields_too && !alone { with_update(c, due.update) } else { c }),
                    Lane::Release if may.release => due.release.map(|c| if alone || !fields_too { c } else { with_update(c, due.update) }),
                    // A record whose block is due gets it first: the outcome of one write is awaited before the next.
                    Lane::Fields if due.protective.is_none() && may.update => due.update,
                    _ => None,
                };
                let more = match lane {
                    Lane::Protective => lanes.release || (lanes.update && (!fields_too || alone)),
                    Lane::Release => lanes.protective || (lanes.update && (!fields_too || alone)),
                    _ => lanes.protective || lanes.release,
                };
                let Some(change) = change else {
                    self.set_lanes(system, idx, lanes);
                    continue;
                };
                self.send(&mut batch, idx, record, change, more, now);
                if batch.ops.len() >= limit {
                    break;
                }
            }
            if lane == Lane::Protective && !batch.ops.is_empty() && batch.ops.len() < limit && self.lane_open(system, Lane::Fields, now) {
                // A request that goes anyway takes fields along in the room that is left.
                self.fill(&mut batch, limit, now);
            }
            if !batch.ops.is_empty() {
                if let Some(state) = self.systems.get_mut(system) {
                    state.in_flight.extend(&batch.places);
                }
                self.keep_sent(&mut batch);
                self.keep_written(std::mem::take(&mut batch.written), now);
                return Some(batch);
            }
        }
        None
    }

    /// Puts field writes into the room that a batch has left.
    fn fill(&mut self, batch: &mut Batch, limit: usize, now: Time) {
        for idx in self.candidates_of(&batch.system.clone(), Lane::Fields, now, limit) {
            if batch.ops.len() >= limit {
                break;
            }
            if batch.places.contains(&idx) {
                continue;
            }
            let record = self.world.record(idx);
            let due = self.due(idx, &record, now);
            let may = self.may_go(idx, &record, &due, now);
            if let (None, None, Some(change), true) = (due.protective, due.release, due.update, may.update) {
                self.send(batch, idx, record, change, false, now);
            }
        }
    }

    /// Takes a write into a batch, marked as sent.
    fn send(&mut self, batch: &mut Batch, idx: Idx, record: Record, change: Change, more: bool, now: Time) {
        let target = self.world.slot_mut(idx).target.get_or_insert_default();
        batch.had_block.push(target.block_ours);
        target.send(&change, now);
        let op = WriteOp { record: record.id.clone(), change };
        if !op.change.fields.is_empty() {
            batch.written.push(WrittenRecord::of(&op, &record));
        }
        batch.ops.push(op);
        batch.places.push(idx);
        batch.shown.push(Shown { record, bytes: self.world.bytes(idx).into() });
        batch.more.push(more);
    }

    /// Which of the things that are due for a record nobody has to be asked about.
    fn may_go(&mut self, idx: Idx, record: &Record, due: &Due, now: Time) -> Lanes {
        let Some(state) = self.systems.get_mut(&record.id.system) else { return Lanes::default() };
        state.guards.line_up(idx, record, due, now);
        self.may(idx, record)
    }

    /// What the guards let go of what they know to be due.
    fn may(&self, idx: Idx, record: &Record) -> Lanes {
        let Some(state) = self.systems.get(&record.id.system) else { return Lanes::default() };
        let may = |op| state.guards.of(op).may_go(idx);
        Lanes { protective: true, release: may(Op::Release), update: may(Op::Update) }
    }

    /// What is due for a record now.
    pub fn due(&mut self, idx: Idx, record: &Record, now: Time) -> Due {
        let (_, merge) = self.look(idx, now);
        self.due_by(idx, record, &merge, now)
    }

    fn due_by(&mut self, idx: Idx, record: &Record, merge: &Merge, now: Time) -> Due {
        let person = self.world.slot(idx).person;
        if person == NOBODY || record.is_gone() {
            return Due::default();
        }
        if let Some(status) = &merge.status {
            self.keep_status(person, status);
        }
        let standing = self.table.of(person);
        let wanted = self.wanted(record, &Whole { standing: &standing, merge }, now);
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
        lane != Lane::Release || self.may_release(now)
    }

    /// Whether anything may be released: clocks agree, every stream that a hold or refusal needs was proved in this run, and all that was
    /// read is decided on.
    pub fn may_release(&self, now: Time) -> bool {
        self.clocks_agree() && self.dirty.is_empty() && self.unproved(now).is_empty()
    }

    /// The streams that a release needs and that were not proved fresh since the start.
    pub fn unproved(&self, now: Time) -> Vec<String> {
        let proved = |s: &Name, t: &Name| self.proved(s, t);
        let kinds = MailKind::ALL.into_iter().filter(|k| k.sent_by_ma());
        let mut missing: Vec<String> = kinds
            .flat_map(|k| freshness::needed(&self.config.policy, k))
            .filter(|p| !freshness::is_fresh(p, &proved, now) || !self.proved_here(p))
            .map(|p| format!("{}.{}", p.system, p.stream))
            .collect();
        missing.sort();
        missing.dedup();
        missing
    }

    /// After a start nothing widens before every stream was proved anew.
    fn proved_here(&self, proof: &crate::decide::rules::Proof) -> bool {
        let stream = self.systems.get(&proof.system).and_then(|s| s.streams.get(&proof.stream));
        stream.is_some_and(|s| s.proved_here)
    }

    /// Records that have something due in a lane and may be written to; as many as a batch takes, the next ones come with the next batch.
    fn candidates_of(&self, system: &Name, lane: Lane, now: Time, limit: usize) -> Vec<Idx> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let waits = |idx: &Idx| match self.world.slot(*idx).target.as_ref().and_then(|t| t.failure.as_ref()) {
            Some(failure) => failure.dead || failure.retry_at > now,
            None => false,
        };
        let (release, update) = (state.guards.of(Op::Release), state.guards.of(Op::Update));
        let all_wait = match lane {
            Lane::Release => state.lined_up.release <= release.waiting(),
            Lane::Fields => state.lined_up.update <= update.waiting(),
            _ => false,
        };
        if all_wait {
            return Vec::new();
        }
        let wanted = |idx: &Idx, lanes: &Lanes| match lane {
            Lane::Protective => lanes.protective,
            Lane::Release => lanes.release && release.may_go(*idx),
            _ => lanes.update && !lanes.protective && update.may_go(*idx),
        };
        let free = state
            .outbox
            .in_lane(lane)
            .filter(|(idx, lanes)| wanted(idx, lanes) && !state.in_flight.contains(*idx) && !state.unknown.contains(*idx) && !waits(idx));
        free.map(|(idx, _)| *idx).take(limit).collect()
    }

    pub fn set_lanes(&mut self, system: &Name, idx: Idx, lanes: Lanes) {
        if let Some(state) = self.systems.get_mut(system) {
            state.line_up(idx, lanes);
        }
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
