//! What would be written if other rules counted: everyone is merged by both. Nothing is changed.

use super::assessing::{WARMED_AT_ONCE, on_two_threads};
use super::assessment::Merge;
use super::foreseen::{ChangeKind, ForeseenChange, ForeseenField, caused};
use super::members::{Members, Whole};
use crate::decide::standing::Standing;
use crate::engine::engine::Engine;
use crate::engine::memory::place::{Idx, PersonIdx};
use crate::engine::memory::view::View;
use crate::engine::proofs::coverage::Gaps;
use crate::engine::rules::approval::Approval;
use crate::engine::rules::merging::{Affected, Merging};
use crate::engine::system::SystemState;
use crate::engine::target::Agreed;
use crate::model::{Name, Record, Time, Value};

/// So many people are looked at before what was found of them is counted.
pub const FORESEEN_AT_ONCE: usize = 8_192;

/// Two rules, and what may come out otherwise by them.
#[derive(Clone, Copy)]
pub struct ComparedRules<'c> {
    pub before: &'c Merging,
    pub after: &'c Merging,
    pub affected: &'c Affected,
}

impl Engine {
    /// What may come out otherwise by other rules, of all that some system is written.
    pub fn affected_by(&self, after: &Merging) -> Affected {
        let written = self.systems.values().flat_map(|system| &system.connected.config().writes.fields);
        Affected::between(self.rules.rules(), &after.rules, written)
    }

    /// What would be written to these people's records, in systems of which all writes are approved, and is not by the rules from before.
    ///
    /// As if all had been read lately: what now waits for a pass is written after it.
    pub fn foresee(&self, people: &[PersonIdx], rules: ComparedRules<'_>, now: Time) -> Vec<ForeseenChange> {
        let some_at_once = |some: &[PersonIdx]| {
            self.world.warm(some.iter().flat_map(|person| self.people[*person as usize].members.iter().copied()));
            some.iter().flat_map(|person| self.foresee_one(*person, rules, now)).collect::<Vec<_>>()
        };
        on_two_threads(people, |some| some.chunks(WARMED_AT_ONCE).flat_map(some_at_once).collect())
    }

    fn foresee_one(&self, person: PersonIdx, rules: ComparedRules<'_>, now: Time) -> Vec<ForeseenChange> {
        let places = &self.people[person as usize].members;
        let targets: Vec<(usize, &SystemState)> =
            places.iter().enumerate().filter_map(|(at, idx)| Some((at, self.told_of(*idx, rules.affected)?))).collect();
        if targets.is_empty() {
            return Vec::new();
        }
        let records: Vec<Record> = places.iter().map(|idx| self.world.record(*idx)).collect();
        let (gaps, around, standing) = (Gaps::default(), View::new(&self.world), Standing::default());
        let [before, after] = [rules.before, rules.after].map(|by| {
            let of = Members { places, records: &records, around: &around, gaps: &gaps, by };
            self.merge_of(targets.iter().map(|(_, system)| *system), rules.affected, of, now)
        });
        let mut changes = Vec::new();
        for (at, system) in targets.into_iter().filter(|(at, _)| !records[*at].is_gone()) {
            let (idx, record) = (places[at], &records[at]);
            let due = |merge: &Merge| {
                let wanted = self.wanted(record, &Whole { standing: &standing, merge }, now);
                system.connected.due(self.targets.of(idx), record, &wanted, self.trusted_now(now)).update
            };
            for (field, shown, wanted) in caused(record, due(&before).as_ref(), due(&after).as_ref()) {
                let kind = ChangeKind::of(&shown, &wanted);
                let is_lost = match &field {
                    ForeseenField::Field(name) if kind.rewrites() => is_lost(at, name, &shown, &records, self.targets.agreed(idx)),
                    _ => false,
                };
                changes.push(ForeseenChange { place: idx, field, shown, wanted, kind, is_lost });
            }
        }
        changes
    }

    /// The system that a record lies in, if something of this is written there.
    fn told_of(&self, idx: Idx, affected: &Affected) -> Option<&SystemState> {
        let slot = self.world.slot(idx);
        let system =
            self.systems.get(&slot.id.system).filter(|s| s.approved == Some(Approval::All) && s.connected.writes_to(&slot.stream))?;
        let is_told = (affected.statuses && system.connected.allowed().status)
            || system.connected.config().writes.fields.iter().any(|name| affected.fields.contains(name));
        is_told.then_some(system)
    }

    /// What the rules make of what is affected, as far as one of these systems is told of it.
    fn merge_of<'s>(&'s self, systems: impl Iterator<Item = &'s SystemState>, affected: &Affected, of: Members<'_>, now: Time) -> Merge {
        let mut merge = Merge::default();
        for system in systems {
            if affected.statuses && system.connected.allowed().status && merge.status.is_none() {
                merge.status = Some(self.status_now(of, now));
            }
            for name in system.connected.config().writes.fields.iter().filter(|name| affected.fields.contains(*name)) {
                if merge.fields.iter().all(|(known, _)| known != name) {
                    merge.fields.push((name.clone(), self.winner(name, of, now).ok().flatten()));
                }
            }
        }
        merge
    }
}

/// Whether a value that gives way is nowhere else: it is none of ours, and no other record of the person shows it.
fn is_lost(at: usize, name: &Name, shown: &Value, records: &[Record], agreed: &[Agreed]) -> bool {
    let is_ours = agreed.iter().any(|a| a.field == *name && !a.spent && a.theirs == *shown);
    let others = records.iter().enumerate().filter(|(other, record)| *other != at && !record.is_gone());
    !is_ours && others.filter_map(|(_, record)| record.field_of(name)).all(|field| field.value != *shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_lost_that_somebody_typed_and_no_other_record_shows() {
        let record = |id: &str, title: &str| {
            let mut record = Record::new(id.parse().unwrap());
            record.set(&"title".into(), Value::text(title), Time(1));
            record
        };
        let records = [record("ma:person:1", "Clerk"), record("crm:person:1", "Chief"), record("cards:person:1", "Clerk")];
        let ours = Agreed::new("title".into(), Value::text("Clerk"));
        let spent = Agreed { spent: true, ..ours.clone() };
        for (records, agreed, lost) in [
            (&records[..2], &[][..], true),
            (&records[..2], std::slice::from_ref(&ours), false),
            (&records[..2], &[spent], true),
            (&records[..], &[], false),
            (&records[..1], &[Agreed::new("phone".into(), Value::text("Clerk"))], true),
        ] {
            assert_eq!(is_lost(0, &"title".into(), &Value::text("Clerk"), records, agreed), lost, "{agreed:?}");
        }
    }
}
