//! What an administrator does: looks at what waits, approves it, edits the rules.

use super::{Sim, TARGETS};
use crate::checks::{self, Violation};
use crate::dice::Dice;
use crate::driver::Died;
use crate::setup::Rules;
use nayose::decide::ratchet::Kept;
use nayose::model::{RecordId, Time};
use std::collections::BTreeSet;

/// Rules that come back so soon count as if they had never gone; less than the engine allows.
const TAKEN_BACK_AT_ONCE_MS: i64 = 9 * 60_000;

impl Sim<'_> {
    /// An administrator looks: first contact, and plans that wait. They let a hold go only after a look into the CRM.
    pub fn admin(&mut self, dice: &mut Dice, everything: bool) -> Result<(), Violation> {
        self.counts.other += 1;
        if self.shape.spoken && !everything && dice.once_in(2) {
            self.pin_something(dice)?;
        }
        for table in TARGETS {
            if !everything && !dice.once_in(3) {
                continue;
            }
            let holds = !everything && dice.once_in(2);
            let system = table.system();
            // Who dies while an approval is noted may have noted it.
            *self.approved.entry(system).or_default() |= !holds;
            let due = self.releases_due();
            let done = self.with(|daemon, world, _| {
                let now = daemon.now(world.truth);
                match daemon.engine.approve(system, holds, "tests", now) {
                    Err(nayose::engine::answers::approve::ApprovalRefused::State(_)) => Err(Died),
                    other => Ok(other.is_ok()),
                }
            })?;
            if done == Some(true) {
                self.sure.insert(system);
                self.note(|| format!("approve {system}{}", if holds { " --holds" } else { "" }));
            }
            self.grant(done, due);
        }
        self.approve_plans(dice, everything)
    }

    pub(super) fn approve_plans(&mut self, dice: &mut Dice, everything: bool) -> Result<(), Violation> {
        let Some(daemon) = &self.daemon else { return Ok(()) };
        // With the people whose holds end by it.
        let mut plans: Vec<(String, Vec<RecordId>)> = Vec::new();
        let mut let_go: Vec<(RecordId, Kept, Vec<RecordId>)> = Vec::new();
        for group in daemon.engine.kept_groups() {
            let members = |person: u32| {
                daemon.engine.probe().people[person as usize]
                    .members
                    .iter()
                    .map(|i| daemon.engine.probe().world.slot(*i).id.clone())
                    .collect::<Vec<_>>()
            };
            let fine = group.holds.iter().all(|h| self.is_over(&h.hold.cause, group.kept, &members(h.person)));
            if fine && (everything || dice.once_in(2)) {
                plans.push((group.plan.clone(), group.holds.iter().flat_map(|h| members(h.person)).collect()));
                let_go.extend(group.holds.iter().map(|h| (h.hold.cause.clone(), group.kept, members(h.person))));
            }
        }
        for waiting in daemon.engine.waiting() {
            if waiting.kind != "absence" && (everything || dice.once_in(3)) {
                plans.push((waiting.plan, Vec::new()));
            }
        }
        for (plan, mut concerned) in plans {
            concerned.extend(self.releases_due());
            let of_rules = self.daemon.as_ref().and_then(|d| d.engine.rules().plan()).is_some_and(|id| id == plan);
            if of_rules {
                // Whom the edit lets go is known only once it counts.
                concerned.extend(TARGETS.into_iter().flat_map(|t| self.truth.living(t).into_iter().map(move |n| t.id(n))));
            }
            let done = self.with(|daemon, world, _| {
                let now = daemon.now(world.truth);
                match daemon.engine.approve(&plan, false, "tests", now) {
                    Err(nayose::engine::answers::approve::ApprovalRefused::State(_)) => Err(Died),
                    other => Ok(other.is_ok()),
                }
            })?;
            if done == Some(true) {
                self.note(|| format!("approve {plan}"));
                self.rules_in_force();
                self.edit_was_approved(&plan)?;
            } else if done.is_none() && of_rules {
                // Whoever dies while they agree to an edit may have agreed.
                self.rules_in_force();
            }
            if done.is_none() {
                // Whoever dies meanwhile may have approved it.
                self.orders.is_unsure |= plan.starts_with("e_");
                self.orders_in_force();
            }
            self.grant(done, concerned);
        }
        for (cause, kept, people) in let_go {
            match kept {
                Kept::CauseGone => self.known.let_go(&cause),
                Kept::LinkLost => self.known.unlink(&cause, &people),
                _ => {}
            }
        }
        Ok(())
    }

    /// What is due when an administrator has approved need not be few; who dies meanwhile may have approved what was `before`.
    pub(super) fn grant(&mut self, done: Option<bool>, before: Vec<RecordId>) {
        match done {
            Some(true) => self.granted.extend(self.releases_due()),
            Some(false) => {}
            None => self.granted.extend(before),
        }
    }

    pub(super) fn releases_due(&self) -> Vec<RecordId> {
        let Some(daemon) = &self.daemon else { return Vec::new() };
        let due = daemon.engine.systems().values().flat_map(|s| s.outbox.iter()).filter(|(_, l)| l.release);
        due.map(|(idx, _)| daemon.engine.probe().world.slot(*idx).id.clone()).collect()
    }

    /// Whether a look into the systems says that a kept hold has nothing behind it any more.
    pub(super) fn is_over(&self, cause: &RecordId, kept: Kept, people: &[RecordId]) -> bool {
        let Some(item) = self.truth.find(cause).filter(|i| !i.deleted()) else { return kept == Kept::CauseGone };
        let record = item.record();
        let over = record.deal.is_some_and(|d| !d.is_open()) || record.ticket.is_some_and(|t| !t.is_open());
        match kept {
            Kept::LinkLost => {
                let named = people.iter().any(|p| p.system == cause.system && record.people.contains(&p.id));
                over || !named
            }
            Kept::RuleRemoved | Kept::RuleNotMet => true,
            _ => false,
        }
    }

    /// policy.toml is edited; the daemon reads it.
    pub(super) fn edit_rules(&mut self, rules: Rules, dice: &mut Dice) -> Result<(), Violation> {
        let before = self.left.get(&rules).copied();
        let counted = self.counted.remove(&rules).filter(|(at, _)| self.truth.now.0 - at.0 < TAKEN_BACK_AT_ONCE_MS && !self.clock_was_off);
        if self.rules != rules {
            self.counted.insert(self.rules, (self.truth.now, self.agreed.clone()));
            self.rules_edited = self.truth.now;
            // Where others counted beside them, they come back with them, and somebody is asked.
            self.left.remove(&self.rules);
            if self.agreed.len() == 1 {
                self.left.insert(self.rules, self.truth.now);
            }
        }
        self.rules = rules;
        match counted {
            // Taken back within minutes, what counted then counts again, and those of the meantime never did.
            Some((_, agreed)) => self.agreed = agreed,
            None => drop(self.agreed.insert(rules)),
        }
        self.note(|| format!("policy.toml is now {rules:?}"));
        self.counts.other += 1;
        if dice.once_in(2) {
            self.kill("restart for the new rules", dice)?;
        } else {
            let setup = self.setup();
            let instance = self.instance;
            self.with(|daemon, world, _| daemon.take_rules(setup, instance, world))?;
        }
        if !self.are_as_before(before) {
            checks::edited(self)?;
        }
        self.rules_in_force();
        Ok(())
    }

    /// Rules that are as they were ten minutes ago were never edited, however many others counted in between.
    pub(super) fn are_as_before(&self, left: Option<Time>) -> bool {
        left.is_some_and(|at| self.truth.now.0 - at.0 < 11 * 60_000)
    }

    /// Former rules count until an edit that widens is approved; one that does not widen counts alone at once.
    pub(super) fn rules_in_force(&mut self) {
        if self.daemon.as_ref().is_some_and(|d| d.engine.rules().plan().is_none()) {
            self.agreed = BTreeSet::from([self.rules]);
        }
    }
}
