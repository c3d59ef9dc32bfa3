//! The guards over real writes: what counts as much, what then waits for a person's word, and how that is kept.

use super::intents::{Replaced, of_sent};
use super::limits::GUARD;
use super::limits::GuardLimits;
use super::limits::WENT;
use crate::decide::rules::{Policy, SAME_VALUE_PART};
use crate::engine::engine::Engine;
use crate::engine::guard::about::About;
use crate::engine::guard::waiting::{SAMPLES, Waiting};
use crate::engine::memory::place::Idx;
use crate::engine::memory::world::World;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::connected::Connected;
use crate::engine::rules::plan_id::plan_id;
use crate::engine::system::SystemState;
use crate::engine::target::Op;
use crate::engine::target::Sent;
use crate::model::{Name, Record, RecordId, Time, counted};
use crate::telemetry::InternalEvent;
use crate::telemetry::guard::{ManyHolds, WritesWait};

/// So many digests lie in one item of the store: 10 bytes each at most, and an item may have a megabyte.
const DIGESTS_PER_ITEM: usize = 50_000;
/// The sets of digests that are kept, as the store names them.
const SETS: [&str; 3] = ["granted", "asked", "anew"];

impl Engine {
    /// Beyond what writes of a direction ask, before any share of the target's records.
    fn least_limits(&self, op: Op) -> (GuardLimits, f64) {
        least(&self.rules.rules().policy, op)
    }

    pub(in crate::engine) fn limits(&self, op: Op, listed: usize) -> GuardLimits {
        limits_of(&self.rules.rules().policy, op, listed)
    }

    /// Lets those wait that are too many at once. Costs nothing while they are few.
    pub fn ask_where_needed(&mut self, system: &Name, now: Time) {
        for op in Op::ALL {
            let (least, _) = self.least_limits(op);
            let Some(state) = self.systems.get_mut(system) else { return };
            let expired = state.guards.of_mut(op).expire(now.minus(least.within));
            for idx in expired {
                let key = went_key(op, &self.world.slot(idx).id);
                self.ledger.delete(WENT, key);
            }
            let guard = self.systems[system].guards.of(op);
            if guard.counted() > least.records || guard.same_at_most() > least.same || guard.waiting() > 0 || guard.alarmed {
                self.ask(system, op);
            }
        }
    }

    fn ask(&mut self, system: &Name, op: Op) {
        if self.systems.get(system).is_none_or(|s| s.approved.is_none()) {
            return;
        }
        let listed = self.listed_of(system);
        let limits = self.limits(op, listed);
        let Some(state) = self.systems.get_mut(system) else { return };
        let guard = state.guards.of_mut(op);
        if op == Op::Hold {
            let many = guard.counted() > limits.records;
            if many && !guard.alarmed {
                let count = guard.counted();
                ManyHolds { system, count, limit: limits.records }.emit();
            }
            guard.alarmed = many;
        } else if state.approved == Some(Approval::All) && guard.ask(&limits) {
            let count = guard.waiting();
            WritesWait { system, op: op.name(), count, limit: limits.records }.emit();
        }
    }

    /// All was read again after the state was lost, and what was agreed with the targets is not known any more: a value that somebody typed there
    /// looks like one of ours that is out of date. So whatever is due now waits for a person's word, as at first contact.
    pub(in crate::engine) fn ask_anew(&mut self) {
        let systems: Vec<Name> = self.systems.keys().cloned().collect();
        for system in &systems {
            let Some(state) = self.systems.get_mut(system).filter(|s| s.approved == Some(Approval::All)) else { continue };
            let count = state.guards.of_mut(Op::Update).ask_anew();
            if count > 0 {
                WritesWait { system, op: Op::Update.name(), count, limit: 0 }.emit();
            }
            self.keep_guards(system);
        }
    }

    /// How many records the target lists; counted anew when the world is another size.
    fn listed_of(&mut self, system: &Name) -> usize {
        let world = &self.world;
        let Some(SystemState { guards, connected, .. }) = self.systems.get_mut(system) else { return 0 };
        guards.listed(world.size(), || listed(world, connected))
    }

    /// Books what was applied with the guards. `record` is as it was before.
    pub fn book_with_guards(&mut self, idx: Idx, sent: &Sent, record: &Record, now: Time) {
        for op in directions(sent, record, now) {
            let Some(state) = self.systems.get_mut(&record.id.system) else { continue };
            let clears = op == Op::Update && sent.clears(&state.connected.abilities().back_by_clearing);
            if clears && state.guards.of(op).is_due_otherwise(idx, &of_sent(op, sent, record, now)) {
                if let Some(replaces) = state.guards.of_mut(op).stepped(idx, now) {
                    self.ledger.put(WENT, went_key(op, &record.id), &(now, replaces.into()));
                }
                continue;
            }
            if state.guards.of_mut(op).is_spent(idx, || of_sent(op, sent, record, now).digest()) {
                continue;
            }
            if let Some(replaces) = state.guards.of_mut(op).went(idx, now) {
                self.ledger.put(WENT, went_key(op, &record.id), &(now, replaces.into()));
            }
        }
    }

    /// What waits because it is much at once.
    pub fn guards_waiting(&self) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        for (system, state) in self.systems.iter() {
            let releases = About::Releases { system: system.clone() };
            let updates = About::Updates { system: system.clone() };
            for (op, about) in [(Op::Release, releases), (Op::Update, updates)] {
                let guard = state.guards.of(op);
                let about = if guard.waits_anew() { About::Anew { system: system.clone() } } else { about };
                let asked = guard.asked();
                if asked.is_empty() {
                    continue;
                }
                let limits = self.limits(op, listed(&self.world, &state.connected));
                let losses = guard.losses(&limits);
                waiting.push(Waiting {
                    plan: group_plan(system, op, &asked),
                    kind: op.name().into(),
                    count: asked.len(),
                    limit: if guard.waits_anew() { 0 } else { limit_passed(asked.len() + guard.recent(), &limits, &losses) },
                    why: why(&about, guard.recent(), &limits, &losses),
                    about,
                    samples: asked.iter().take(SAMPLES).map(|(idx, _)| self.world.slot(*idx).id.to_string()).collect(),
                    people: if op == Op::Release {
                        self.named(asked.iter().map(|(idx, _)| self.world.slot(*idx).person))
                    } else {
                        Vec::new()
                    },
                });
            }
        }
        waiting
    }

    /// The same, with the old and the new values of some of the updates.
    pub fn guards_waiting_in_full(&self, waiting: &mut [Waiting], now: Time) {
        for plan in waiting.iter_mut().filter(|w| w.kind == Op::Update.name()) {
            for sample in &mut plan.samples {
                let Some(idx) = sample.parse().ok().and_then(|id: RecordId| self.world.find(&id)) else { continue };
                let record = self.world.record(idx);
                for write in self.planned(idx, &record, now) {
                    for (field, change) in write.fields {
                        sample.push_str(&format!(" {field}: {} -> {}", change.old, change.new));
                    }
                }
            }
        }
    }

    /// What an operator should know though nothing waits for it.
    pub fn hold_alarms(&self) -> Vec<String> {
        let mut alarms = Vec::new();
        for (system, state) in self.systems.iter().filter(|(_, s)| s.approved.is_some()) {
            let count = state.guards.of(Op::Hold).counted();
            if count > self.least_limits(Op::Hold).0.records {
                let limits = self.limits(Op::Hold, listed(&self.world, &state.connected));
                alarms.extend(hold_alarm(system, count, &limits));
            }
        }
        alarms
    }

    /// Lets a waiting group go; how many writes, if there is such a plan.
    pub fn approve_guarded(&mut self, plan: &str, now: Time) -> Option<usize> {
        let systems: Vec<Name> = self.systems.keys().cloned().collect();
        for system in systems {
            self.ask_where_needed(&system, now);
            for op in [Op::Release, Op::Update] {
                let guard = self.systems.get_mut(&system).map(|s| s.guards.of_mut(op))?;
                let asked = guard.asked();
                if !asked.is_empty() && group_plan(&system, op, &asked) == plan {
                    let count = guard.grant_asked();
                    self.keep_guards(&system);
                    return Some(count);
                }
            }
        }
        None
    }

    /// First contact was approved: everything that `plan` showed may go at once.
    pub fn grant_first_contact(&mut self, system: &Name, ops: &[Op]) {
        if let Some(state) = self.systems.get_mut(system) {
            for op in ops {
                state.guards.of_mut(*op).grant_all();
            }
        }
        self.keep_guards(system);
    }

    /// These were let go under another plan.
    pub fn grant(&mut self, op: Op, places: impl IntoIterator<Item = Idx>) {
        let mut systems: Vec<Name> = Vec::new();
        for idx in places {
            let system = &self.world.slot(idx).id.system;
            if let Some(state) = self.systems.get_mut(system) {
                state.guards.of_mut(op).grant(idx);
                if !systems.contains(system) {
                    systems.push(system.clone());
                }
            }
        }
        for system in &systems {
            self.keep_guards(system);
        }
    }

    /// Writes what was let go and what waits with the next commit, if it changed; returns whether it did.
    pub fn keep_guards(&mut self, system: &Name) -> bool {
        let Some(state) = self.systems.get_mut(system) else { return false };
        let mut changed = false;
        for op in Op::ALL {
            if !state.guards.of(op).changed {
                continue;
            }
            changed = true;
            let kept = state.guards.of_mut(op).to_keep();
            for (set, digests) in SETS.into_iter().zip(kept) {
                let key = set_key(set, op, system);
                let items: Vec<Vec<u64>> = digests.chunks(DIGESTS_PER_ITEM).map(<[u64]>::to_vec).collect();
                for (i, item) in items.iter().enumerate() {
                    self.ledger.put(GUARD, format!("{key}/{i}").into_bytes(), item);
                }
                for i in state.guards.fills(key.clone(), items.len()) {
                    self.ledger.delete(GUARD, format!("{key}/{i}").into_bytes());
                }
            }
        }
        changed
    }

    /// Takes a kept item back in at open.
    pub fn restore_guard(&mut self, key: &str, digests: Vec<u64>) {
        let Some((set, op, system)) = read_item_key(key) else { return };
        let Some(state) = self.systems.named_mut(system) else { return };
        state.guards.found_item(set_key(set, op, system));
        let mut digests = Some(digests);
        state.guards.of_mut(op).restore(SETS.map(|name| digests.take_if(|_| name == set).unwrap_or_default()));
    }

    /// The same for a write that went of late.
    pub fn restore_went(&mut self, key: &str, at: Time, replaces: Box<[Replaced]>) {
        let Some((op, record)) = read_went_key(key) else { return };
        let Some(idx) = self.world.find(&record) else { return };
        let system = self.world.slot(idx).id.system.clone();
        if let Some(state) = self.systems.get_mut(&system) {
            state.guards.of_mut(op).restore_went(idx, at, replaces);
        }
    }
}

/// How many records a target lists.
fn listed(world: &World, connected: &Connected) -> usize {
    connected.abilities().stream.as_ref().map_or(0, |stream| world.listed(connected.config().name(), stream))
}

/// Beyond what writes of a direction ask, before any share of the target's records, and that share.
fn least(policy: &Policy, op: Op) -> (GuardLimits, f64) {
    let (widening, changes) = (policy.widening, policy.changes);
    match op {
        Op::Update => (GuardLimits { records: changes.records, same: changes.same, within: changes.within }, changes.share),
        Op::Hold | Op::Release => (GuardLimits { records: widening.people, same: usize::MAX, within: widening.within }, widening.share),
    }
}

/// The same for a target that lists so many records.
fn limits_of(policy: &Policy, op: Op, listed: usize) -> GuardLimits {
    let (least, share) = least(policy, op);
    let records = least.records.max((listed as f64 * share) as usize);
    let same = least.same.max(records / SAME_VALUE_PART);
    GuardLimits { records, same, ..least }
}

/// The directions in which what was sent counts. `record` is as it was before.
fn directions(sent: &Sent, record: &Record, now: Time) -> impl Iterator<Item = Op> + use<> {
    let all = [
        (Op::Hold, sent.block == Some(true) || sent.withdraws()),
        (Op::Release, sent.block == Some(false) || sent.gives_anew(record, now)),
        (Op::Update, !sent.fields.is_empty() || sent.status.is_some()),
    ];
    all.into_iter().filter(|(_, was_sent)| *was_sent).map(|(op, _)| op)
}

/// Which limit `count` writes are beyond: where they are not many, one value that would take the place of many.
fn limit_passed(count: usize, limits: &GuardLimits, losses: &[(Replaced, usize)]) -> usize {
    if count <= limits.records && !losses.is_empty() { limits.same } else { limits.records }
}

fn hold_alarm(system: &Name, count: usize, limits: &GuardLimits) -> Option<String> {
    (count > limits.records).then(|| {
        format!(
            "{system}: {} within {}, more than [widening] ask_above = {}: all are written all the same; is a rule or a CRM import wrong?",
            counted(count, "hold", "holds"),
            limits.within,
            limits.records
        )
    })
}

/// Under it, and a number, the items of a set of digests lie in the store.
fn set_key(set: &str, op: Op, system: &str) -> String {
    format!("{set}/{}/{system}", op.name())
}

/// The set, the direction and the system of such an item.
fn read_item_key(key: &str) -> Option<(&str, Op, &str)> {
    let mut parts = key.splitn(3, '/');
    let (set, op) = (parts.next()?, parts.next()?);
    let (system, _) = parts.next()?.rsplit_once('/')?;
    Some((set, op_named(op)?, system))
}

fn op_named(name: &str) -> Option<Op> {
    Op::ALL.into_iter().find(|op| op.name() == name)
}

fn went_key(op: Op, record: &RecordId) -> Vec<u8> {
    format!("{}/{record}", op.name()).into_bytes()
}

fn read_went_key(key: &str) -> Option<(Op, RecordId)> {
    let (op, record) = key.split_once('/')?;
    Some((op_named(op)?, record.parse().ok()?))
}

/// The id says what waits: whatever joins later makes it another plan.
fn group_plan(system: &Name, op: Op, asked: &[(Idx, u64)]) -> String {
    let mut digests: Vec<u64> = asked.iter().map(|(_, d)| *d).collect();
    digests.sort_unstable();
    plan_id(&format!("guard\u{1f}{}\u{1f}{system}\u{1f}{digests:x?}", op.name()))
}

fn why(about: &About, recent: usize, limits: &GuardLimits, losses: &[(Replaced, usize)]) -> String {
    let before = if recent > 0 { format!(", after {recent} within the last {}", limits.within) } else { String::new() };
    let mut why = format!("{}{before}", about.cause());
    for (lost, count) in losses.iter().take(SAMPLES) {
        let (field, records) = (&lost.field, counted(*count, "record", "records"));
        why.push_str(&match lost.by {
            None => format!("; {field} would be emptied in {records}"),
            Some(_) => format!("; {field} would be replaced by one and the same value in {records}"),
        });
    }
    why
}

#[cfg(test)]
mod tests;
