//! Looking at everyone by other rules, some people at a time: whoever waits for the engine has it in between.

use super::preview::{DecisionCounts, FieldTotals, Frequencies, Harm, Preview, PreviewedChange, Worst};
use super::waiting::known_by;
use crate::config::{Rules, System};
use crate::engine::assess::edit_tally::EditTally;
use crate::engine::assess::foresee::{ComparedRules, FORESEEN_AT_ONCE};
use crate::engine::assess::foresee_decisions::{DecisionChange, OtherHolds};
use crate::engine::assess::foreseen::{ForeseenChange, ForeseenField};
use crate::engine::engine::Engine;
use crate::engine::memory::place::PersonIdx;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::merging::{Affected, Merging};
use crate::engine::rules::rule_sets::RuleSet;
use crate::model::{Name, Record, Time};
use serde_json::Value as Json;
use std::sync::Arc;

/// A look at everyone that is under way.
pub struct PreviewRun {
    after: Merging,
    affected: Affected,
    plan: Option<String>,
    /// Holds or consent are others.
    decides_otherwise: bool,
    next: PersonIdx,
    tally: EditTally,
    lost: usize,
    frequent: Frequencies,
    worst: Worst,
    decisions: DecisionCounts,
    /// All changes, if they are asked for.
    all: Option<Vec<PreviewedChange>>,
}

impl Engine {
    /// Begins to look at everyone by other rules. `all`: each change is to be told.
    pub fn begin_preview(&self, other: Arc<Rules>, all: bool) -> PreviewRun {
        let after = Merging::of(other);
        PreviewRun {
            affected: self.affected_by(&after),
            plan: self.rules.plan_of(&after.rules),
            decides_otherwise: RuleSet::of(self.rules.rules()).id != RuleSet::of(&after.rules).id,
            after,
            next: 0,
            tally: EditTally::default(),
            lost: 0,
            frequent: Frequencies::default(),
            worst: Worst::default(),
            decisions: DecisionCounts::default(),
            all: all.then(Vec::new),
        }
    }

    /// Looks at some more people. False: all were looked at.
    pub fn preview_some(&self, run: &mut PreviewRun, now: Time) -> bool {
        let end = (run.next as usize + FORESEEN_AT_ONCE).min(self.people.len()) as PersonIdx;
        let people: Vec<PersonIdx> = (run.next..end).collect();
        if people.is_empty() {
            return false;
        }
        run.next = end;
        if !run.affected.is_none() {
            let rules = ComparedRules { before: self.rules.merging(), after: &run.after, affected: &run.affected };
            let changes = self.foresee(&people, rules, now);
            run.tally.take(&changes, |place| self.world.slot(place).id.system.clone());
            changes.iter().for_each(|change| self.note_change(run, change));
        }
        if run.decides_otherwise {
            let by = OtherHolds { holds: &run.after.rules.policy.holds, consent: &run.after.rules.consent };
            let changes = self.foresee_decisions(&people, by, now);
            changes.iter().for_each(|change| self.note_decision(run, change));
        }
        true
    }

    /// Ends the look, and remembers that these rules were shown. `None`: the rules in force were edited meanwhile.
    pub fn end_preview(&mut self, run: PreviewRun, now: Time) -> Option<Preview> {
        if run.plan != self.rules.plan_of(&run.after.rules) {
            return None;
        }
        let rules = &run.after.rules;
        let passed = run.tally.too_many(|system| self.people_listed(system), rules.policy.fills);
        let told = passed.map_or(run.tally.rewritten(), |passed| passed.count);
        let totals = run.tally.by.iter().map(|((system, field), counts)| FieldTotals {
            system: system.clone(),
            field: field.to_string(),
            rule: field.place(&run.after, &self.rules.merging().rules),
            counts: *counts,
        });
        let of_statuses = run.tally.by.iter().filter(|((_, field), _)| *field == ForeseenField::Status);
        let preview = Preview {
            waits: passed.is_some(),
            lost: run.lost,
            statuses: of_statuses.map(|(_, counts)| counts.rewritten() + counts.filled).sum(),
            decisions: run.decisions,
            totals: totals.collect(),
            notes: self.not_previewed(rules),
            frequent: run.frequent.most(),
            worst: run.worst.all(),
            changes: run.all.unwrap_or_default(),
            plan: run.plan,
        };
        if let Some(plan) = &preview.plan {
            self.rules.edits_mut().show(plan, told, now);
            self.rules.keep(&mut self.ledger);
        }
        Some(preview)
    }

    fn note_change(&self, run: &mut PreviewRun, change: &ForeseenChange) {
        let id = &self.world.slot(change.place).id;
        let (field, old, new) = (change.field.to_string(), change.shown.to_json(), change.wanted.to_json());
        run.frequent.count(&id.system, &field, &old, &new);
        run.lost += usize::from(change.is_lost);
        let harm = Harm::of(change.kind, change.is_lost);
        if !run.worst.takes(harm) && run.all.is_none() {
            return;
        }
        let rule = match change.field.name() {
            Some(name) => run.after.place_of_rule(name),
            None => self.place_of_status(&run.after, change),
        };
        let who = self.who(self.world.slot(change.place).person, &self.world.record(change.place));
        run.note(PreviewedChange { harm, record: id.to_string(), who, field, old, new, rule });
    }

    /// Where the status stands that a record would be told.
    fn place_of_status(&self, after: &Merging, change: &ForeseenChange) -> String {
        let system = self.systems.get(&self.world.slot(change.place).id.system);
        let is_told = |name: &Name| system.is_some_and(|system| change.wanted.as_text() == Some(system.connected.words().of(name)));
        let told = after.rules.policy.statuses.iter().find(|status| is_told(&status.name));
        told.map_or_else(|| after.place_of_statuses(&self.rules.merging().rules), |status| status.rule.to_string())
    }

    fn note_decision(&self, run: &mut PreviewRun, change: &DecisionChange) {
        let (harm, count) = match change.is_released {
            true => (Harm::Released, &mut run.decisions.released),
            false => (Harm::Held, &mut run.decisions.held),
        };
        *count += 1;
        let Some(first) = self.people[change.person as usize].members.first() else { return };
        if run.worst.takes(harm) || run.all.is_some() {
            let record = self.world.record(*first);
            let told = |reasons: &[crate::model::Reason]| match reasons {
                [] => Json::from("may be mailed"),
                reasons => Json::from(reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
            };
            let (old, new) = (told(&change.before), told(&change.after));
            let (who, rule) = (self.who(change.person, &record), "policy.toml or consent.toml".to_string());
            run.note(PreviewedChange { harm, record: record.id.to_string(), who, field: "decision".into(), old, new, rule });
        }
    }

    fn who(&self, person: PersonIdx, record: &Record) -> Option<String> {
        let (name, address) = self.known_as(person, record);
        known_by(name.as_deref(), address.as_deref())
    }

    /// What the numbers leave out.
    fn not_previewed(&self, other: &Rules) -> Vec<String> {
        let not_approved = self.systems.iter().filter(|(_, s)| s.approved != Some(Approval::All) && is_written(s.connected.config()));
        let mut notes: Vec<String> =
            not_approved.map(|(name, _)| format!("{name}: nothing is written to it before `nayose approve {name}`")).collect();
        notes.extend(self.systems.iter().filter_map(|(name, state)| lets_other_writes(name, state.connected.config(), other.system(name))));
        notes
    }
}

impl PreviewRun {
    fn note(&mut self, change: PreviewedChange) {
        if let Some(all) = &mut self.all {
            all.push(change.clone());
        }
        if self.worst.takes(change.harm) {
            self.worst.take(change);
        }
    }
}

fn is_written(system: &System) -> bool {
    system.writes.status || !system.writes.fields.is_empty()
}

/// Whether other rules let other fields or statuses be written to a system, in words.
fn lets_other_writes(name: &Name, now: &System, other: Option<&System>) -> Option<String> {
    let other = other?;
    let words = |system: &System| system.settings.status_words.clone();
    let what = match (other.writes == now.writes, words(other) == words(now)) {
        (true, true) => return None,
        (false, _) => "`writes` in systems.toml is another there; these numbers are by the one in force".to_string(),
        (true, false) => format!("other words for statuses stand in [systems.{name}.status] there; these numbers are by those in force"),
    };
    Some(format!("{name}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::rules::connection::tests::system;

    #[test]
    fn a_system_that_may_be_written_otherwise_is_told() {
        let now = system("only for the test");
        let mut other = now.clone();
        assert!(lets_other_writes(&"crm".into(), &now, Some(&other)).is_none() && !is_written(&now));
        other.settings.status_words.insert("mql".into(), "MQL2".into());
        assert!(lets_other_writes(&"crm".into(), &now, Some(&other)).is_some_and(|note| note.contains("[systems.crm.status]")));
        other.writes.fields.push("title".into());
        assert!(is_written(&other));
        assert!(lets_other_writes(&"crm".into(), &now, Some(&other)).is_some_and(|note| note.starts_with("crm: `writes`")));
        assert_eq!(lets_other_writes(&"crm".into(), &now, None), None, "a system that is taken out is written nothing");
    }
}
