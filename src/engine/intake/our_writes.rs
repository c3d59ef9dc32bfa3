//! What a record that was read says of our own writes to it.

use crate::engine::engine::Engine;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::memory::place::Idx;
use crate::engine::proofs::clocks::SKEW_MAX;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::habits::Habits;
use crate::engine::target::{Agreed, Noticed, Target};
use crate::link::spread_keys;
use crate::model::{Field, Name, Record, RecordId, Span, Time};
use crate::telemetry::InternalEvent;
use crate::telemetry::writing::{BlockLost, WriteParked};

/// Records of which a row was passed over, and that were not seen since: also the next process has not seen what the row showed.
pub(in crate::engine) const PASSED_OVER: Kind<()> = Kind::new(Tag::PassedOver);

impl Engine {
    /// What an observation says of our own writes to the record.
    pub(in crate::engine) fn look_at_target(&mut self, idx: Idx, record: &Record, now: Time) {
        self.learn(idx, record);
        let system = &record.id.system;
        self.look_by(idx, record, now, |target, habits| {
            target.observe(record, |field, ours, shown| habits.judge_shown(system, field, ours, shown), now)
        });
    }

    /// What took the place of a value of ours is younger than our write, also where the system's clock, which dates it, is behind ours: taken
    /// for older, it would be written over. Never by more than clocks differ: what is much older was brought back, and is as old as it says.
    pub(super) fn date_after_our_writes(&self, idx: Idx, old: &Record, new: &mut Record) {
        let Some(target) = self.targets.of(idx) else { return };
        let clock = self.clocks.skew_ms(&new.id.system).map_or(0, i64::abs);
        date_after(&target.agreed, old, new, Span(clock + SKEW_MAX.0));
    }

    /// Learns from the first look at our writes. Who was in doubt and is no more is decided on anew.
    fn learn(&mut self, idx: Idx, record: &Record) {
        let system = &record.id.system;
        for (field, learnt) in self.targets.learn(idx, record) {
            // This record is looked at now anyway.
            for other in learnt.doubtful.into_iter().filter(|other| *other != idx) {
                if let Some(is_changed) = self.targets.clear_up(system, &field, other) {
                    self.mark_person(other);
                    if is_changed {
                        self.keep_target(other);
                    }
                }
            }
            if learnt.is_news {
                self.mark_emptied(system, &field);
            }
        }
    }

    /// Whether what somebody emptied was ours, in the system's form, may be judged otherwise now.
    fn mark_emptied(&mut self, system: &Name, field: &Name) {
        let is_of_field = |idx: &Idx| self.world.slot(*idx).id.system == *system && self.world.record(*idx).cleared(field).is_some();
        let emptied: Vec<Idx> = self.world.emptied().iter().copied().filter(is_of_field).collect();
        emptied.into_iter().for_each(|idx| self.mark_person(idx));
    }

    /// Looks whether a block of ours is there, in a record as it is known.
    pub(crate) fn look_at_block(&mut self, idx: Idx, record: &Record, now: Time) {
        self.look_by(idx, record, now, |target, _| target.observe_block(record).into_iter().collect());
    }

    fn look_by(&mut self, idx: Idx, record: &Record, now: Time, look: impl FnOnce(&mut Target, &Habits) -> Vec<Noticed>) {
        let Some((target, habits)) = self.targets.of_mut_and_habits(idx) else { return };
        let before = target.clone();
        let noticed = look(target, habits);
        let changed = *target != before;
        let became_theirs = became_theirs(&before, target, record);
        for notice in noticed {
            self.tell_noticed(&record.id, notice, now);
        }
        if became_theirs {
            if let Some(system) = self.systems.get_mut(&record.id.system) {
                system.channel.had_a_block_taken_over();
            }
            // Whatever they make of it later, it is not ours to lift: also after the state was lost.
            self.journal_block_lost(&record.id, now);
        }
        if changed {
            self.keep_target(idx);
        }
    }

    /// Tells an operator what was noticed of our writes to a record.
    pub(in crate::engine) fn tell_noticed(&mut self, record: &RecordId, notice: Noticed, now: Time) {
        match notice {
            Noticed::Parked { field, parked } => {
                WriteParked { record, what: &field, why: parked.why() }.emit();
            }
            Noticed::ParkedMark { mark, parked } => {
                WriteParked { record, what: mark.name(), why: parked.why() }.emit();
            }
            Noticed::BlockLost { times } => {
                BlockLost { record, times: times.into() }.emit();
                if let Some(system) = self.systems.get_mut(&record.system) {
                    system.channel.lost_a_block();
                }
                self.journal_block_lost(record, now);
            }
        }
    }

    /// A row is passed over, as it was asked for before our last write to the record was acknowledged. What it shows beside what we write there
    /// is no doing of ours: who else has changed the record is seen by another look, and not only by the next whole listing.
    pub(super) fn pass_over(&mut self, run: &PassRun, idx: Idx, row: &Record) {
        let (known, mut seen) = (self.world.record(idx), row.clone());
        seen.marks.clone_from(&known.marks);
        for agreed in self.targets.of(idx).into_iter().flat_map(|target| &target.agreed) {
            seen.fields.retain(|field| field.name != agreed.field);
            if let Some(field) = known.field_of(&agreed.field) {
                seen.set(&agreed.field, field.value.clone(), field.at);
            }
        }
        if self.world.shows(idx, &seen) {
            return;
        }
        if let Some(system) = self.systems.get_mut(&row.id.system)
            && system.channel.passed_over_mut().note(idx)
        {
            self.ledger.put(PASSED_OVER, row.id.key(), &());
        }
        self.remember_borne(run, idx, known, &seen);
    }

    /// Whenever a row is of, its record bore the addresses that it shows: what spreads over them does so at once (seed 91003525).
    fn remember_borne(&mut self, run: &PassRun, idx: Idx, known: Record, row: &Record) {
        let mut record = known.clone();
        record.memory.past_addresses = spread_keys(&known).into_iter().chain(spread_keys(row)).collect();
        record.memory.past_addresses.sort();
        record.memory.past_addresses.dedup();
        let present = known.address();
        record.memory.past_addresses.retain(|a| present.as_ref() != Some(a) && !known.addresses.contains(a));
        if record.memory.past_addresses == known.memory.past_addresses {
            return;
        }
        self.mark(idx, &known);
        let keys = self.world.keys(&known);
        self.keep_record_at(Some((idx, keys)), run.stream.clone(), &record);
        self.mark(idx, &record);
    }

    /// What the record shows was seen, whatever row of it was passed over before.
    pub(in crate::engine) fn was_passed_over_and_is_seen(&mut self, idx: Idx, system: &Name) {
        if let Some(system) = self.systems.get_mut(system)
            && system.channel.passed_over_mut().was_seen(idx)
        {
            self.ledger.delete(PASSED_OVER, self.world.slot(idx).id.key());
        }
    }

    /// What we wrote is there in an answer that is younger than the write; also a block that was lost again and again, whoever set it.
    pub(super) fn see_stand(&mut self, idx: Idx, shown: &Record, began: Time) {
        if self.targets.of(idx).is_none_or(|target| was_written_since(target, began)) {
            return;
        }
        self.was_passed_over_and_is_seen(idx, &shown.id.system);
        self.learn(idx, shown);
        let Some(target) = self.targets.of_mut(idx) else { return };
        let stands_again = shown.is_blocked() && target.loses_its_block();
        target.held_again.seen |= stands_again;
        if target.sees_stand(shown) || stands_again {
            self.keep_target(idx);
        }
    }
}

/// What was read before our last write to a record was acknowledged says nothing of what it holds now.
pub(in crate::engine) fn was_written_since(target: &Target, began: Time) -> bool {
    target.acknowledged_at.is_some_and(|at| at >= began)
}

/// Dates what shows another value than the one of ours that stood there to our write at least, where it is dated no more than so much before it.
fn date_after(agreed: &[Agreed], old: &Record, new: &mut Record, so_much: Span) {
    for ours in agreed.iter().filter(|agreed| !agreed.spent) {
        let Some(stood) = old.field_of(&ours.field).filter(|field| ours.theirs.says_the_same(&field.value)) else { continue };
        let replaces = |field: &&mut Field| field.name == ours.field && !field.value.says_the_same(&stood.value);
        if let Some(field) = new.fields.iter_mut().find(replaces)
            && field.at < stood.at
            && stood.at.since(field.at) <= so_much
        {
            field.at = stood.at;
        }
    }
}

/// Whether a block that we set is there and is ours no more.
fn became_theirs(before: &Target, after: &Target, shown: &Record) -> bool {
    before.block_ours && !after.block_ours && shown.is_blocked()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Mark, Value};

    #[test]
    fn what_was_read_before_a_write_was_acknowledged_is_stale() {
        for (acknowledged, want) in [(None, false), (Some(99), false), (Some(100), true), (Some(101), true)] {
            let target = Target { acknowledged_at: acknowledged.map(Time), ..Target::default() };
            assert_eq!(was_written_since(&target, Time(100)), want, "{acknowledged:?}");
        }
    }

    #[test]
    fn what_took_the_place_of_our_value_is_no_older_than_it() {
        let (title, ours) = (Name::from("title"), Value::text("Chief"));
        let spent = Agreed { spent: true, ..Agreed::new(title.clone(), ours.clone()) };
        let theirs = Agreed { theirs: Value::text("CHIEF"), ..Agreed::new(title.clone(), ours.clone()) };
        let agreed = Agreed::new(title.clone(), ours);
        for (agreed, stood, shown, dated, want) in [
            (&agreed, "Chief", "Boss", 97, 100),
            (&agreed, "Chief", "Boss", 101, 101),
            (&agreed, "Chief", "Boss", 90, 100),
            (&agreed, "Chief", "Boss", 89, 89),
            (&agreed, "Chief", "Chief", 97, 97),
            (&theirs, "CHIEF", "Boss", 97, 100),
            (&theirs, "Chief", "Boss", 97, 97),
            (&spent, "Chief", "Boss", 97, 97),
        ] {
            let [mut old, mut new] = [(stood, 100), (shown, dated)].map(|(value, at)| {
                let mut record = Record::new("ma:person:5".parse().unwrap());
                record.set(&title, Value::text(value), Time(at));
                record
            });
            old.set(&Name::from("company"), Value::text("Acme"), Time(100));
            new.set(&Name::from("company"), Value::text("Acme & Co"), Time(dated));
            date_after(std::slice::from_ref(agreed), &old, &mut new, Span(10));
            let at = |field: &str| new.field(&Name::from(field)).map(|field| field.at.0);
            assert_eq!((at("title"), at("company")), (Some(want), Some(dated)), "{agreed:?} {stood} {shown} {dated}");
        }
    }

    #[test]
    fn a_block_becomes_theirs_only_while_it_stands() {
        for (ours_before, ours_after, shown, want) in
            [(true, false, true, true), (true, false, false, false), (true, true, true, false), (false, false, true, false)]
        {
            let target = |block_ours| Target { block_ours, ..Target::default() };
            let mut record = Record::new("ma:person:5".parse().unwrap());
            record.set_mark(Mark::Block, Value::Bool(shown));
            assert_eq!(became_theirs(&target(ours_before), &target(ours_after), &record), want);
        }
    }
}
