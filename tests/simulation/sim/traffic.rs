//! Requests and answers, one at a time or by the round.

use super::{Sim, TARGETS};
use crate::checks::{self, Violation};
use crate::dice::Dice;
use crate::driver::{Answered, Daemon, Key, Looked, Read, Sent};
use crate::precedence::edits;
use crate::truth::Table;
use crate::wire::Switch;
use nayose::connector::{Lane, Observed, Outcome};
use nayose::model::Time;
use std::collections::BTreeSet;

/// By what a system says no for no reason of the write.
const LOCKED: &str = "is locked";
/// So often nothing is asked for where something is read, while a few writes keep all places of a system.
const IN_VAIN_MAX: usize = 1_000;
/// After so many batches in a row that came to nothing a system's others wait, too.
const FAILING_FROM: usize = 2;

impl Sim<'_> {
    pub(super) fn read_some(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        let Some(keys) = self.daemon.as_ref().map(Daemon::keys) else { return Ok(()) };
        // Streams that were begun go on sooner than new ones begin.
        let begun: Vec<&Key> = keys.iter().filter(|k| self.daemon.as_ref().is_some_and(|d| d.is_reading(k))).collect();
        let key = if !begun.is_empty() && !dice.once_in(3) { dice.pick(&begun).copied() } else { dice.pick(&keys) };
        let Some(key) = key.cloned() else { return Ok(()) };
        self.read(&key, dice).map(|_| ())
    }

    /// One request of a stream. True: its turn is over (or the daemon died of it).
    pub(super) fn read(&mut self, key: &Key, dice: &mut Dice) -> Result<bool, Violation> {
        let read = self.with(|daemon, world, known| daemon.read(key, world, known, dice))?;
        Ok(match read {
            Some(Read::Page(said)) => {
                self.note(|| said);
                false
            }
            Some(Read::Over(said)) => {
                self.note(|| said);
                true
            }
            None => true,
        })
    }

    /// One batch goes out, and meets its fate on the way. False: nothing did.
    pub(super) fn send(&mut self, table: Table, dice: &mut Dice) -> Result<bool, Violation> {
        let planned = self.plan_ids(table, dice);
        let sent = self.with(|daemon, world, _| daemon.send(table, world, dice))?;
        match sent {
            None | Some(Sent::Nothing) => Ok(false),
            Some(Sent::Look) => Ok(true),
            Some(Sent::Looked(looked)) => {
                self.looked(table, looked);
                Ok(true)
            }
            Some(Sent::Batch(batch)) => {
                self.counts.writes += batch.ops.len() as u64;
                let told = |b: &nayose::engine::delivery::deliver::Batch| {
                    b.ops.iter().map(|o| format!("{} {:?}", o.record, o.change)).collect::<Vec<_>>().join("; ")
                };
                let line = format!("{} {:?}: {}", table.system(), batch.lane, told(&batch));
                self.note(|| line);
                checks::writes(self, table, &batch, planned.as_ref())?;
                for op in &batch.ops {
                    self.under_way.insert(op.record.clone());
                }
                self.with(|daemon, world, _| {
                    daemon.leave(table, batch, world, dice);
                    Ok(())
                })?;
                Ok(true)
            }
        }
    }

    /// A look back came to something. It is as good as any other look.
    pub(super) fn looked(&mut self, table: Table, looked: Looked) {
        let system = table.system();
        match looked.answer {
            Err(error) => self.note(|| format!("{system}: read back: {error}")),
            Ok(found) => {
                let observed = |r| Observed::Record { record: Box::new(r), people_told: false, accounts_told: false };
                let rows: Vec<Observed> = found.into_iter().map(observed).collect();
                // By the daemon's clock, which stays ahead where it once was, until the process ends.
                let now = self.daemon.as_mut().map_or(self.truth.now, |daemon| daemon.now(&self.truth));
                self.known.observe(&rows, Time(now.0 + 1));
                self.known.settle(&self.disk);
                self.note(|| format!("{system}: read back {}", looked.ids.join(", ")));
            }
        }
    }

    /// What the plan says of a system just before something is sent to it.
    pub(super) fn plan_ids(&mut self, table: Table, dice: &mut Dice) -> Option<BTreeSet<(String, String)>> {
        if !dice.once_in(6) {
            return None;
        }
        let (daemon, truth) = (self.daemon.as_mut()?, &self.truth);
        let now = daemon.now(truth);
        let plan = daemon.engine.plan(None, now);
        Some(plan.writes.into_iter().filter(|w| *w.system == *table.system()).map(|w| (w.id, w.op)).collect())
    }

    pub(super) fn answer(&mut self, table: Table, dice: &mut Dice) -> Result<bool, Violation> {
        let at = dice.below(5_040);
        let answered = self.with(|daemon, world, _| daemon.answer(table, at, world, dice))?.flatten();
        let done = match answered {
            None => return Ok(false),
            Some(Answered::InPart) => return Ok(true),
            Some(Answered::Looked(looked)) => {
                self.looked(table, looked);
                return Ok(true);
            }
            Some(Answered::Done(done)) => done,
        };
        checks::booked(self, &done)?;
        let now = self.daemon.as_mut().map(|d| d.now(&self.truth)).unwrap_or(self.truth.now);
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::NotSent(_) | Outcome::Unknown(_));
        let asks_to_wait = |outcome: &Outcome| matches!(outcome, Outcome::Later { .. });
        let in_a_row = self.failing.entry(table.system()).or_default();
        if done.outcomes.iter().any(failed) {
            *in_a_row += 1;
        } else if !done.outcomes.iter().all(asks_to_wait) {
            // Who asks to wait does not say that writing works again.
            *in_a_row = 0;
        }
        if *in_a_row >= FAILING_FROM || done.outcomes.iter().any(asks_to_wait) {
            // Everything to that system waits.
            self.switches.disturb(table.system(), self.truth.now);
        }
        for (op, outcome) in done.batch.ops.iter().zip(&done.outcomes) {
            // It waits from when that is learnt, as after a no of the system's own that came late.
            if failed(outcome) || matches!(outcome, Outcome::Rejected(why) if why.contains(LOCKED)) {
                self.unsure.insert(op.record.clone(), self.truth.now);
            }
        }
        for (op, outcome) in done.batch.ops.iter().zip(&done.outcomes) {
            self.under_way.remove(&op.record);
            match outcome {
                Outcome::Applied => {
                    self.known.acknowledged(&op.record, now);
                    if let Some(written) = &mut self.written {
                        edits::note(written, table, op);
                    }
                    if let Some(number) = table.number(&op.record.id) {
                        self.truth.account.answered(table, number, self.truth.now);
                    }
                }
                Outcome::Unknown(_) => {
                    self.unknown.insert(op.record.clone());
                }
                _ => {}
            }
        }
        let line = done.outcomes.iter().map(|o| format!("{o:?}")).collect::<Vec<_>>().join(", ");
        self.note(|| format!("{} answers: {line}", table.system()));
        if matches!(done.batch.lane, Lane::Release) && done.batch.ops.iter().any(|o| o.change.block == Some(false)) {
            self.note(|| "a release went out".into());
        }
        Ok(true)
    }

    pub(super) fn decide_by_the_clock(&mut self) -> Result<(), Violation> {
        self.with(|daemon, world, _| {
            let now = daemon.now(world.truth);
            if daemon.engine.time_is_due(now) { daemon.reconcile(world) } else { Ok(()) }
        })?;
        Ok(())
    }

    /// A quarter of an hour, or more, in which everything is read and sent each minute, as a daemon does.
    pub(super) fn minute_by_minute(&mut self, mut dice: Dice) -> Result<(), Violation> {
        // What grows goes on from system to system, a round for each.
        let minutes = if self.switches.is_on(Switch::TitlesGrow) { 60 } else { 15 };
        for _ in 0..minutes {
            self.truth.now = Time(self.truth.now.0 + 60_000);
            if self.switches.is_on(Switch::JobCopies) && dice.once_in(2) {
                self.job_runs(&mut dice);
            }
            self.decide_by_the_clock()?;
            self.round(&mut dice)?;
        }
        Ok(())
    }

    /// Somebody else's job copies what it read when it ran last.
    pub(super) fn job_runs(&mut self, dice: &mut Dice) {
        self.switches.meet(if self.shape.relays { Switch::JobIsRelay } else { Switch::JobCopies });
        self.counts.changes += 1;
        let (told, types) = self.job.run(&mut self.truth, dice);
        if types {
            self.switches.expect_write(self.truth.now);
        }
        self.note(|| told);
    }

    /// Reads all streams to their ends, in any order, and sends until nothing is due.
    pub fn round(&mut self, dice: &mut Dice) -> Result<(), Violation> {
        let Some(mut keys) = self.daemon.as_ref().map(Daemon::keys) else { return Ok(()) };
        let (mut requests, mut in_vain) = (self.counts.requests, 0);
        while !keys.is_empty() {
            let at = dice.below(keys.len());
            in_vain = if requests == self.counts.requests { in_vain + 1 } else { 0 };
            requests = self.counts.requests;
            if in_vain > IN_VAIN_MAX {
                return Err(Violation::new(17, format!("{}.{} is read, and nothing is asked for any more", keys[at].0, keys[at].1)));
            }
            self.truth.now = Time(self.truth.now.0 + dice.range(5, 200));
            if self.read(&keys[at], dice)? {
                keys.remove(at);
                continue;
            }
            // A write that is not answered keeps one of the system's few places.
            let table = TARGETS.into_iter().find(|t| t.system() == keys[at].0);
            if let Some(table) = table.filter(|_| dice.once_in(3)) {
                self.answer(table, dice)?;
            }
        }
        self.with(|daemon, world, _| daemon.reconcile(world))?;
        let runs = self.runs;
        // What a read-back of one system shows may concern another: it wakes all deliveries.
        self.read_back = true;
        while std::mem::take(&mut self.read_back) {
            for table in TARGETS {
                self.deliver(table, dice)?;
            }
        }
        if runs == self.runs {
            checks::after_delivery(self)?;
        }
        Ok(())
    }

    /// Sends to one system until nothing is due; the answers come in any order.
    pub(super) fn deliver(&mut self, table: Table, dice: &mut Dice) -> Result<(), Violation> {
        for _ in 0..60 {
            self.truth.now = Time(self.truth.now.0 + dice.range(5, 100));
            let sent = self.send(table, dice)?;
            let more = if !sent || dice.once_in(2) { self.answer(table, dice)? } else { true };
            if !sent && !more {
                break;
            }
        }
        self.with(|daemon, _, _| daemon.settle(table))?;
        Ok(())
    }
}
