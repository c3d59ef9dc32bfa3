//! What is known of target records, by place.

use super::habits::{Habits, Learnt, Sighting, TakenFor};
use super::{Agreed, Failure, LISTED, Listed, Op, Sent, TARGET, Target};
use crate::connector::Change;
use crate::engine::ledger::changes::Ledger;
use crate::engine::memory::column::Column;
use crate::engine::memory::place::Idx;
use crate::model::{Name, Record, RecordId, Time};
use std::hint::black_box;

/// The targets of all records that have one, and what was learnt of what systems make of our values.
#[derive(Debug, Default)]
pub struct Targets {
    all: Column<Target>,
    habits: Habits,
    /// What lists said of records that are written to by hand.
    listed: Column<Listed>,
}

impl Targets {
    pub fn of(&self, idx: Idx) -> Option<&Target> {
        self.all.get(idx)
    }

    pub fn of_mut(&mut self, idx: Idx) -> Option<&mut Target> {
        self.all.get_mut(idx)
    }

    /// The same beside what was learnt.
    pub fn of_mut_and_habits(&mut self, idx: Idx) -> Option<(&mut Target, &Habits)> {
        Some((self.all.get_mut(idx)?, &self.habits))
    }

    pub fn habits(&self) -> &Habits {
        &self.habits
    }

    /// Learns from what a record shows at the first look after our writes. Returns what came of it, by field.
    pub fn learn(&mut self, idx: Idx, record: &Record) -> Vec<(Name, Learnt)> {
        let seen = self.of(idx).map_or_else(Vec::new, |target| target.first_looks(record));
        seen.into_iter().map(|sighting| (sighting.field.clone(), self.habits.see(&record.id.system, idx, &sighting))).collect()
    }

    /// Judges anew what a record in doubt shows. `None`: it is in doubt still. Else whether its target is another one now.
    pub fn clear_up(&mut self, system: &Name, field: &Name, idx: Idx) -> Option<bool> {
        let agreed = self.agreed(idx).iter().find(|a| a.field == *field && !a.spent);
        let shown = agreed.map_or(TakenFor::Form, |a| self.habits.judge_shown(system, field, &a.ours, &a.theirs));
        if shown == TakenFor::Doubtful {
            return None;
        }
        self.habits.is_clear(system, field, idx);
        let typed = self.all.get_mut(idx).filter(|_| shown == TakenFor::Typed);
        Some(typed.map(|target| target.was_typed(field)).is_some())
    }

    /// Nothing was learnt of who answers now.
    pub fn forget_habits(&mut self, system: &Name) {
        self.habits.forget(system);
    }

    /// The record's target, or a new one.
    pub fn begin(&mut self, idx: Idx) -> &mut Target {
        self.all.get_or_default(idx)
    }

    pub fn set(&mut self, idx: Idx, target: Target) {
        self.all.set(idx, target);
    }

    /// The record is not there any more.
    pub fn forget(&mut self, idx: Idx) {
        self.all.remove(idx);
        self.listed.remove(idx);
    }

    /// What lists said of a record.
    pub fn listed(&self, idx: Idx) -> Option<&Listed> {
        self.listed.get(idx)
    }

    pub fn all_listed(&self) -> impl Iterator<Item = (Idx, &Listed)> {
        self.listed.iter()
    }

    pub fn restore_listed(&mut self, idx: Idx, listed: Listed) {
        self.listed.set(idx, listed);
    }

    /// Notes what the newest list has of a record. Gives what was known of it before, if any of it is new.
    pub fn hand_over(&mut self, idx: Idx, parts: &[&Change], now: Time) -> Option<Option<Listed>> {
        let before = self.listed(idx).cloned();
        self.listed.get_or_default(idx).hand_over(parts, now).then_some(before)
    }

    /// The list was not handed over: what was known of it before counts.
    pub fn take_back(&mut self, idx: Idx, before: Option<Listed>) {
        match before {
            Some(listed) => self.listed.set(idx, listed),
            None => self.listed.remove(idx),
        }
    }

    /// Writes what lists said of a record with the next commit.
    pub fn keep_listed(&self, idx: Idx, record: &RecordId, ledger: &mut Ledger) {
        match self.listed(idx) {
            Some(listed) => ledger.put(LISTED, record.key(), listed),
            None => ledger.delete(LISTED, record.key()),
        }
    }

    /// All of them, by place.
    pub fn iter(&self) -> impl Iterator<Item = (Idx, &Target)> {
        self.all.iter()
    }

    /// What was last agreed about the record's fields.
    pub fn agreed(&self, idx: Idx) -> &[Agreed] {
        self.of(idx).map_or(&[], |t| &t.agreed)
    }

    /// The write whose outcome is not known yet.
    pub fn sent(&self, idx: Idx) -> Option<&Sent> {
        self.of(idx)?.sent.as_ref()
    }

    /// What did not land in a lane.
    pub fn failure(&self, idx: Idx, op: Op) -> Option<&Failure> {
        self.of(idx)?.failure(op)
    }

    /// Takes over what a former process knew of a record. Whether it did not know the outcome of a write.
    pub fn restore(&mut self, idx: Idx, system: &Name, mut target: Target, now: Time) -> bool {
        target.take_over(now);
        for Agreed { field, ours, theirs, .. } in target.agreed.iter().filter(|agreed| !agreed.unseen) {
            let known = Sighting { field: field.clone(), ours: ours.clone(), shown: theirs.clone() };
            self.habits.restore(system, idx, &known);
        }
        let awaited = target.sent.is_some();
        self.set(idx, target);
        awaited
    }

    /// Takes over a write that a former process was about to send: nobody knows its outcome.
    pub fn restore_sent(&mut self, idx: Idx, sent: Sent) {
        self.begin(idx).mark_sent(Sent { unknown: true, ..sent });
    }

    /// Writes a record's target with the next commit.
    pub fn keep(&self, idx: Idx, record: &RecordId, ledger: &mut Ledger) {
        match self.of(idx) {
            Some(target) => ledger.put(TARGET, record.key(), target),
            None => ledger.delete(TARGET, record.key()),
        }
    }

    /// Looks at many of them before they are needed one by one, so that memory brings them at once.
    pub fn warm(&self, places: impl Iterator<Item = Idx> + Clone) {
        let known = || places.clone().filter_map(|idx| self.of(idx));
        black_box(known().map(|t| t.agreed.len()).sum::<usize>());
        black_box(known().filter_map(|t| t.agreed.first()).filter(|a| a.unseen).count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Change;
    use crate::engine::ledger::changes::tests::ledger;

    fn sent() -> Sent {
        let mut target = Target::default();
        target.send(&Change { block: Some(true), ..Change::default() }, Time(1));
        target.sent.unwrap()
    }

    #[test]
    fn of_what_a_former_process_left_only_a_write_without_outcome_is_awaited() {
        let mut targets = Targets::default();
        assert!(!targets.restore(1, &"ma".into(), Target { block_ours: true, ..Target::default() }, Time(9)));
        assert!(targets.restore(2, &"ma".into(), Target { sent: Some(sent()), ..Target::default() }, Time(9)));
        targets.restore_sent(1, sent());
        targets.restore_sent(3, sent());
        for idx in [1, 2, 3] {
            assert!(targets.sent(idx).is_some_and(|sent| sent.unknown), "{idx}");
        }
        assert!(targets.of(3).is_some_and(|t| t.block_ours), "it may be there");
        assert!(targets.of(4).is_none() && targets.agreed(4).is_empty() && targets.failure(4, Op::Hold).is_none());
    }

    #[test]
    fn what_is_forgotten_is_taken_out_of_the_store() {
        let mut ledger = ledger();
        let record: RecordId = "ma:person:5".parse().unwrap();
        let mut targets = Targets::default();
        targets.begin(7).block_ours = true;
        for (forgotten, kept) in [(false, Some(targets.of(7).unwrap().clone())), (true, None)] {
            if forgotten {
                targets.forget(7);
            }
            targets.keep(7, &record, &mut ledger);
            ledger.commit().unwrap();
            assert_eq!(ledger.get(TARGET, &record.key()).unwrap(), kept);
        }
    }
}
