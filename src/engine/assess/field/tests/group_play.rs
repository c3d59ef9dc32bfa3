//! One person's address in three systems, played round by round as `play` does it of one field.

use super::play::SYSTEMS;
use super::settling::names;
use super::*;
use crate::connector::{Abilities, Change};
use crate::engine::memory::overlay::{ListsCarried, Merged, Sight, overlay};
use crate::engine::memory::place::Idx;
use crate::engine::target::habits::Sighting;
use crate::engine::target::{Allowed, Target, Wanted, due};
use crate::merge::rules::FieldGroup;
use crate::merge::{GroupOffers, Judgment};
use crate::model::{Span, Value};

const FIELDS: [&str; 3] = ["street", "city", "zip"];
const MINUTE: Span = Span::minutes(1);

/// A system with the person's one record.
pub(super) struct GroupPlace {
    pub(super) shows: [Value; 3],
    changed: Time,
    is_written: bool,
    /// What it makes of texts that it is given.
    pub(super) makes: fn(&str) -> String,
    record: Option<Record>,
    target: Target,
}

pub(super) struct GroupPlay {
    rule: FieldRule,
    pub(super) places: Vec<GroupPlace>,
    now: Time,
    looked: Option<Time>,
    pub(super) part: RulePart,
    habits: Habits,
}

/// An address, `street city zip`; `-` stands for nothing.
pub(super) fn address(text: &str) -> [Value; 3] {
    let mut parts = text.split(' ').map(|part| if part == "-" { Value::Empty } else { Value::text(part) });
    std::array::from_fn(|_| parts.next().unwrap_or(Value::Empty))
}

pub(super) fn said(shows: &[Value; 3]) -> String {
    shows.iter().map(|value| if value.is_empty() { "-".to_string() } else { value.to_string() }).collect::<Vec<_>>().join(" ")
}

impl GroupPlay {
    /// Each with what it shows, so many days before now it changed last, and whether it is written.
    pub(super) fn new(rule: FieldRule, shown: Vec<([Value; 3], i64, bool)>) -> GroupPlay {
        let group = FieldGroup { name: "address".into(), fields: names(&FIELDS) };
        let rule = FieldRule { group: Some(group.into()), ..rule };
        let (now, part) = (Time(0).plus(Span::days(1_000)), rule.first_part());
        let place = |(shows, days, is_written)| {
            let changed = now.minus(Span::days(days));
            GroupPlace { shows, changed, is_written, makes: str::to_string, record: None, target: Target::default() }
        };
        GroupPlay { rule, places: shown.into_iter().map(place).collect(), now, looked: None, part, habits: Habits::default() }
    }

    pub(super) fn types(&mut self, at: usize, field: usize, value: Value) {
        let place = &mut self.places[at];
        (place.shows[field], place.changed) = (value, self.now);
        self.now = self.now.plus(MINUTE);
    }

    fn read(&mut self, at: usize) {
        let (now, looked) = (self.now, self.looked);
        let place = &mut self.places[at];
        let mut new = Record::new(format!("{}:person:1", SYSTEMS[at]).parse().unwrap());
        new.changed_at = Some(place.changed);
        FIELDS.iter().zip(&place.shows).for_each(|(field, value)| new.set(&(*field).into(), value.clone(), place.changed));
        let sight = Sight { looked, read: now, ..Sight::at(now) };
        let system: Name = SYSTEMS[at].into();
        let see = |habits: &mut Habits, seen: Vec<Sighting>| {
            for seen in &seen {
                habits.see(&system, at as Idx, seen);
            }
        };
        match overlay(place.record.as_ref(), Box::new(new), ListsCarried::ALL, sight) {
            Merged::Changed(record) => {
                see(&mut self.habits, place.target.first_looks(&record).into_iter().collect());
                place.target.observe(&record, |field, ours, shown| self.habits.judge(&system, field, ours, shown), now);
                place.record = Some(*record);
            }
            Merged::Same => {
                if let Some(record) = &place.record {
                    see(&mut self.habits, place.target.first_looks(record).into_iter().collect());
                    place.target.sees_stand(record);
                }
            }
        }
        self.now = self.now.plus(Span(1));
    }

    /// What each field comes to, and the record that the address is from.
    fn winners(&self) -> Vec<(Name, Option<FieldWinner>)> {
        let offered = |field: &Name| -> Vec<Candidate<'_>> {
            self.places.iter().filter_map(|p| candidate(p.record.as_ref()?, field, &p.target.agreed, &self.habits)).collect()
        };
        let fields = names(&FIELDS);
        let of_fields: Vec<(&FieldRule, Vec<Candidate<'_>>)> = fields.iter().map(|field| (&self.rule, offered(field))).collect();
        let leader = Leader::Group(GroupOffers::of(&of_fields));
        let by = Circumstances { part: self.part, unread: UnreadSystems::default(), leader, now: self.now };
        let is_asked = self.places.iter().filter_map(|p| p.record.as_ref()).any(|r| !r.memory.cleared.is_empty());
        let winner = |candidates: &[Candidate<'_>]| {
            let Judgment::Wins(winner) = crate::merge::judge(&self.rule, &by, candidates) else { return None };
            let from = winner.from?;
            let fills = matches!(self.rule.strategy_of(self.part), Some(Strategy::Fill(_)));
            let Leader::Group(offers) = &by.leader else { return None };
            let found = FieldWinner::of(winner, candidates, (&self.rule, self.part), is_asked);
            Some(found.within_group(offers, from, candidates, fills))
        };
        fields.iter().cloned().zip(of_fields.iter().map(|(_, candidates)| winner(candidates))).collect()
    }

    /// Writes what is due; so many records.
    fn write(&mut self) -> usize {
        let winners = self.winners();
        let now = self.now;
        let two_ways = self.places.iter().enumerate().any(|(at, place)| place.is_written && self.rule.may_ask(&SYSTEMS[at].into()));
        let mut written = 0;
        for place in self.places.iter_mut().filter(|p| p.is_written) {
            let Some(record) = place.record.as_mut() else { continue };
            let is_wanted = |name: &Name, w: &FieldWinner| w.is_wanted_in(record, name, &place.target.agreed, &self.habits);
            let wanted = winners.iter().filter_map(|(name, w)| Some((name, w.as_ref()?))).filter(|(name, w)| is_wanted(name, w));
            let fields: Vec<(Name, Value)> = wanted.map(|(name, w)| (name.clone(), w.value.clone())).collect();
            let wanted = Wanted { fields, ..Wanted::default() };
            place.target.stop_circles(record, &wanted, |_| two_ways, now);
            let due = due(Some(&place.target), record, &wanted, &Allowed::default(), &Abilities::default(), now);
            let Some(Change { fields, .. }) = due.update else { continue };
            for (name, value) in &fields {
                let at = FIELDS.iter().position(|field| **field == **name).unwrap();
                place.shows[at] = value.as_text().map_or_else(|| value.clone(), |text| Value::text(&(place.makes)(text)));
            }
            place.changed = now;
            let change = Change { fields, ..Change::default() };
            place.target.send(&change, now);
            let sent = place.target.sent.clone();
            place.target.applied(record, None, false, now);
            sent.iter().for_each(|sent| place.target.count_writes(sent, |_| two_ways, now));
            written += 1;
        }
        self.now = self.now.plus(MINUTE);
        written
    }

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

    pub(super) fn shown(&self) -> Vec<String> {
        self.places.iter().map(|place| said(&place.shows)).collect()
    }
}
