//! One person in three systems, played round by round with the product's own pieces: people type, polls read, what is due is written.

use super::*;
use crate::connector::{Abilities, Change};
use crate::engine::memory::overlay::{ListsCarried, Merged, Sight, overlay};
use crate::engine::memory::place::Idx;
use crate::engine::target::habits::{Habits, Sighting};
use crate::engine::target::{Allowed, Target, Wanted, due};
use crate::model::{Editor, Span, Value};

pub(super) const SYSTEMS: [&str; 3] = ["crm", "ma", "cards"];
const MINUTE: Span = Span::minutes(1);

/// A system with the person's one record.
pub(super) struct Place {
    /// What it shows, and when it last changed.
    pub(super) shows: Value,
    pub(super) changed: Time,
    /// Who changed it last, where the system tells it.
    pub(super) edited_by: Option<Editor>,
    pub(super) is_written: bool,
    /// What it makes of what it is given.
    pub(super) makes: fn(&str) -> String,
    pub(super) writes: usize,
    pub(super) record: Option<Record>,
    pub(super) target: Target,
}

pub(super) struct Play {
    pub(super) rule: FieldRule,
    pub(super) field: Name,
    pub(super) places: Vec<Place>,
    pub(super) now: Time,
    pub(super) looked: Option<Time>,
    /// Which part of the rule counts.
    pub(super) part: RulePart,
    /// What is known of what the systems make of values.
    pub(super) habits: Habits,
}

impl Play {
    /// `days` before now each record changed last.
    pub(super) fn new(rule: FieldRule, values: Vec<(Value, i64, bool)>) -> Play {
        let (now, part) = (Time(0).plus(Span::days(1_000)), rule.first_part());
        let place = |(shows, days, is_written)| {
            let changed = now.minus(Span::days(days));
            Place { shows, changed, edited_by: None, is_written, makes: str::to_string, writes: 0, record: None, target: Target::default() }
        };
        Play {
            rule,
            field: "field".into(),
            places: values.into_iter().map(place).collect(),
            now,
            looked: None,
            part,
            habits: Habits::default(),
        }
    }

    pub(super) fn types(&mut self, at: usize, value: Value) {
        self.changes(at, value, None);
    }

    /// A relay brings it.
    pub(super) fn copies(&mut self, at: usize, value: Value) {
        self.changes(at, value, Some(Editor::Relay("sync".into())));
    }

    fn changes(&mut self, at: usize, value: Value, by: Option<Editor>) {
        let place = &mut self.places[at];
        (place.shows, place.changed, place.edited_by) = (value, self.now, by);
        self.now = self.now.plus(MINUTE);
    }

    pub(super) fn read(&mut self, at: usize) {
        let (now, looked) = (self.now, self.looked);
        let place = &mut self.places[at];
        let mut new = Record::new(format!("{}:person:1", SYSTEMS[at]).parse().unwrap());
        (new.changed_at, new.edited_by) = (Some(place.changed), place.edited_by.clone());
        new.set(&self.field, place.shows.clone(), place.changed);
        let sight = Sight { looked, read: now, ..Sight::at(now) };
        let system: Name = SYSTEMS[at].into();
        match overlay(place.record.as_ref(), Box::new(new), ListsCarried::ALL, sight) {
            Merged::Changed(record) => {
                for seen in place.target.first_looks(&record) {
                    self.habits.see(&system, at as Idx, &seen);
                }
                place.target.observe(&record, |field, ours, shown| self.habits.judge_shown(&system, field, ours, shown), now);
                place.record = Some(*record);
            }
            Merged::Same => {
                if let Some(record) = &place.record {
                    for seen in place.target.first_looks(record) {
                        self.habits.see(&system, at as Idx, &seen);
                    }
                    place.target.sees_stand(record);
                }
            }
        }
        self.now = self.now.plus(Span(1));
    }

    /// Writes what is due; so many records.
    pub(super) fn write(&mut self) -> usize {
        let candidates: Vec<Candidate<'_>> =
            self.places.iter().filter_map(|p| candidate(p.record.as_ref()?, &self.field, &p.target.agreed, &self.habits)).collect();
        let is_asked = self.places.iter().filter_map(|p| p.record.as_ref()).any(|r| !r.memory.cleared.is_empty());
        let by = Circumstances { part: self.part, unread: UnreadSystems::default(), leader: Leader::Nothing, now: self.now };
        let winner = crate::merge::judge(&self.rule, &by, &candidates).winner();
        let firsts: Vec<_> =
            crate::merge::first_values(&self.rule, &by, &candidates).into_iter().map(|(from, first)| (from.clone(), first)).collect();
        let Some(winner) = winner.map(|w| FieldWinner::of(w, &candidates, (&self.rule, self.part), is_asked)) else { return 0 };
        drop(candidates);
        for (from, first) in firsts {
            let mut records = self.places.iter_mut().filter_map(|p| p.record.as_mut());
            records.find(|r| r.id == from).into_iter().for_each(|r| r.set_first_value(&self.field, first.clone()));
        }
        let now = self.now;
        let two_ways = self.goes_two_ways();
        let mut written = 0;
        for place in self.places.iter_mut().filter(|p| p.is_written) {
            let Some(record) = place.record.as_mut().filter(|r| winner.is_wanted_in(r, &self.field, &place.target.agreed, &self.habits))
            else {
                continue;
            };
            let wanted = Wanted { fields: vec![(self.field.clone(), winner.value.clone())], ..Wanted::default() };
            place.target.stop_circles(record, &wanted, |_| two_ways, now);
            let due = due(Some(&place.target), record, &wanted, &Allowed::default(), &Abilities::default(), now);
            let Some(Change { fields, .. }) = due.update else { continue };
            let change = Change { fields, ..Change::default() };
            let made = winner.value.as_text().map(|text| Value::text(&(place.makes)(text)));
            (place.shows, place.changed, place.edited_by) = (made.unwrap_or_else(|| winner.value.clone()), now, None);
            place.target.send(&change, now);
            let sent = place.target.sent.clone();
            place.target.applied(record, None, false, now);
            sent.iter().for_each(|sent| place.target.count_writes(sent, |_| two_ways, now));
            place.writes += 1;
            written += 1;
        }
        self.now = self.now.plus(MINUTE);
        written
    }

    /// Other people's records of a system showed what it makes of their values.
    pub(super) fn has_shown(&mut self, at: usize, values: &[&str], makes: fn(&str) -> String) {
        for (other, value) in values.iter().enumerate() {
            let (ours, shown) = (Value::text(value), Value::text(&makes(value)));
            self.habits.see(&SYSTEMS[at].into(), 100 + other as Idx, &Sighting { field: self.field.clone(), ours, shown });
        }
    }

    pub(super) fn goes_two_ways(&self) -> bool {
        let mut written = self.places.iter().enumerate().filter(|(_, place)| place.is_written);
        written.any(|(at, _)| self.rule.may_ask(&SYSTEMS[at].into()))
    }

    /// A round: all are read, in this order, and what is due is written.
    pub(super) fn round(&mut self, order: &[usize]) -> usize {
        let began = self.now;
        self.now = self.now.plus(Span(1));
        order.iter().for_each(|at| self.read(*at));
        self.looked = Some(began);
        self.write()
    }

    /// Rounds without anybody typing; in so many of them something was written.
    pub(super) fn settle(&mut self) -> usize {
        (0..8).filter(|_| self.round(&[0, 1, 2]) > 0).count()
    }

    /// Nobody edits one field of one person all day long.
    pub(super) fn a_day_passes(&mut self) {
        self.now = self.now.plus(Span::days(1));
    }

    pub(super) fn shown(&self) -> Vec<&Value> {
        self.places.iter().map(|p| &p.shows).collect()
    }
}
