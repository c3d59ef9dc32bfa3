//! Writes out: what is due is computed at send, and sent once. What became of it is booked in `account`.

use super::engine::{Approval, Engine, Error, Lanes};
use super::target::{self, Due};
use super::view::View;
use super::wanted::Whole;
use super::world::{Idx, NOBODY};
use crate::connector::{Change, Lane, PermitChange, WriteOp};
use crate::decide::freshness;
use crate::model::{MailKind, Name, Record, Span, Time};

/// Releases stop while our clock and a server's differ by more than this.
const CLOCK_SKEW_MAX: Span = Span::minutes(2);

/// Writes that go out together.
#[derive(Debug, Clone)]
pub struct Batch {
    pub system: Name,
    pub lane: Lane,
    pub ops: Vec<WriteOp>,
    pub places: Vec<Idx>,
    /// Whether each record's block was ours before this write.
    pub had_block: Vec<bool>,
    /// Whether something else was due for the record that this write does not carry.
    pub more: Vec<bool>,
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
            let mut batch =
                Batch { system: system.clone(), lane, ops: Vec::new(), places: Vec::new(), had_block: Vec::new(), more: Vec::new() };
            for idx in self.candidates_of(system, lane, now, limit) {
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
                let more = match lane {
                    Lane::Protective => lanes.release || (lanes.update && (!everything || alone)),
                    Lane::Release => lanes.protective || (lanes.update && alone),
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
                self.commit()?;
                return Ok(Some(batch));
            }
        }
        Ok(None)
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
            if let (None, None, Some(change)) = (due.protective, due.release, due.update) {
                self.send(batch, idx, record, change, false, now);
            }
        }
    }

    /// Takes a write into a batch, marked as sent.
    fn send(&mut self, batch: &mut Batch, idx: Idx, record: Record, change: Change, more: bool, now: Time) {
        let target = self.world.slot_mut(idx).target.get_or_insert_default();
        batch.had_block.push(target.block_ours);
        target.send(&change, now);
        batch.ops.push(WriteOp { record: record.id, change });
        batch.places.push(idx);
        batch.more.push(more);
        self.keep_target(idx);
    }

    /// What is due for a record now.
    pub fn due(&mut self, idx: Idx, record: &Record, now: Time) -> Due {
        let person = self.world.slot(idx).person;
        if person == NOBODY || record.is_gone() {
            return Due::default();
        }
        let records = View::new(&self.world).take(&self.people[person as usize].members);
        let found = self.table.find(&super::table::Subject::Record(record.id.clone()));
        let standing = found.standings.into_iter().next().unwrap_or_default();
        let wanted = self.wanted(record, &Whole { person, standing: &standing, records: &records }, now);
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

    /// Whether anything may be released: clocks agree, and every stream that a hold or refusal needs was proved in this run.
    pub fn may_release(&self, now: Time) -> bool {
        let skewed = self.systems.values().any(|s| s.clock_skew_ms.abs() > CLOCK_SKEW_MAX.0);
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

    /// Records that have something due in a lane and may be written to; as many as a batch takes, the next ones come with the next batch.
    fn candidates_of(&self, system: &Name, lane: Lane, now: Time, limit: usize) -> Vec<Idx> {
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
            .in_lane(lane)
            .filter(|(idx, lanes)| wanted(lanes) && !state.in_flight.contains(*idx) && !state.unknown.contains(*idx) && !waits(idx));
        if lane != Lane::Release {
            return free.map(|(idx, _)| *idx).take(limit).collect();
        }
        let found: Vec<Idx> = free.map(|(idx, _)| *idx).filter(|idx| !self.rule_releases.contains(idx)).take(limit).collect();
        if found.is_empty() || self.guarded_releases(system).is_some() { Vec::new() } else { found }
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
        if count <= self.config.policy.widening.people {
            return None;
        }
        let records = state.abilities.stream.as_ref().map_or(0, |s| self.world.listed(system, s));
        let widening = self.config.policy.widening;
        let limit = widening.people.max((records as f64 * widening.share) as usize);
        (count > limit).then_some((count, limit))
    }

    pub fn set_lanes(&mut self, system: &Name, idx: Idx, lanes: Lanes) {
        if let Some(state) = self.systems.get_mut(system) {
            if lanes == Lanes::default() {
                state.outbox.remove(&idx);
            } else {
                state.outbox.insert(idx, lanes);
            }
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
