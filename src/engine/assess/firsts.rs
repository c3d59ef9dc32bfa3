//! First values that stay: what a person's records offer by what they held first, and what is to be remembered of them.

use super::assessment::FirstValues;
use super::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::merge::rules::{FieldRule, Strategy};
use crate::merge::{Candidate, GroupOffers, RulePart, counts_as_first, first_values};
use crate::model::{Name, Record, Time};
use std::collections::BTreeSet;

impl Engine {
    /// What a person's records offer for a field by a part of its rule. Where first values stay, one that is not listed any more held it
    /// first all the same.
    pub(super) fn offered<'a>(&'a self, name: &Name, of: Members<'a>, rule: &FieldRule, part: RulePart) -> Vec<Candidate<'a>> {
        if !rule.strategy_of(part).is_some_and(Strategy::keeps_first) {
            return self.candidates(name, of);
        }
        let counted = of.places.iter().zip(of.records).filter(|(_, record)| is_offered(record, name, rule));
        let offered = counted.filter_map(|(idx, record)| {
            let candidate = self.candidate(*idx, record, name)?;
            Some(Candidate { unseen: self.unseen_until.get(idx).copied(), ..candidate })
        });
        offered.collect()
    }

    /// What a person's records offer for all fields of a rule's group. `None`: it has none.
    pub(super) fn group_offered<'a>(&'a self, rule: &FieldRule, of: Members<'a>) -> Option<GroupOffers<'a>> {
        let offered = |field: &Name| Some((&**of.by.rules.precedence.rule(field)?, self.candidates(field, of)));
        let fields: Vec<(&FieldRule, Vec<Candidate<'a>>)> = rule.group.as_ref()?.fields.iter().filter_map(offered).collect();
        Some(GroupOffers::of(&fields))
    }

    /// What is to be remembered of a person's records now that its fields are decided on.
    pub(super) fn first_values(&self, of: Members<'_>, now: Time) -> FirstValues {
        if !of.by.needs.keeps_firsts {
            return FirstValues::new();
        }
        let precedence = &of.by.rules.precedence;
        let keeps_first = |name: &Name| precedence.rule(name).is_some_and(|rule| rule.strategies().any(Strategy::keeps_first));
        let fields = of.records.iter().flat_map(|record| &record.fields).map(|field| &field.name);
        let names: BTreeSet<&Name> = fields.filter(|name| keeps_first(name)).collect();
        let mut found = FirstValues::new();
        for name in names {
            // A pin goes before the rule, and takes nothing from what was there first.
            let Some(asked) = self.field_asked(name, of, now) else { continue };
            for (from, first) in first_values(asked.rule, &asked.by, &asked.candidates) {
                let place = of.records.iter().position(|record| record.id == *from);
                found.extend(place.map(|place| (of.places[place], name.clone(), first)));
            }
        }
        found
    }

    /// A record was seen to be new, or changed: until when it surely was not so counts for what it holds first.
    pub(in crate::engine) fn note_unseen(&mut self, idx: Idx) {
        if self.rules.needs().keeps_firsts {
            let slot = self.world.slot(idx);
            let unseen = self.proved(&slot.id.system, &slot.stream).last();
            if let Some(at) = unseen {
                self.unseen_until.entry(idx).or_insert(at);
            }
        }
    }

    /// Remembers them with their records, which are those of `members`.
    pub(super) fn keep_firsts(&mut self, members: &[Idx], records: &mut [Record], firsts: FirstValues) {
        for idx in members {
            self.unseen_until.remove(idx);
        }
        for (idx, name, first) in firsts {
            self.remember_in(idx, members, records, |record| record.set_first_value(&name, first));
        }
    }

    /// Changes what is remembered of a record, and of the copy of it among `records`, which are those of `members`: a write goes by that.
    pub(super) fn remember_in(&mut self, idx: Idx, members: &[Idx], records: &mut [Record], change: impl FnOnce(&mut Record)) {
        let mut record = self.world.record(idx);
        change(&mut record);
        self.keep_written_record(idx, &record);
        let copies = members.iter().zip(records).filter(|(member, _)| **member == idx);
        copies.for_each(|(_, copy)| copy.memory = record.memory.clone());
    }

    /// What one record offers for a field, with what was agreed with it.
    pub(super) fn candidate<'a>(&'a self, idx: Idx, record: &'a Record, name: &Name) -> Option<Candidate<'a>> {
        let mut offered = super::field::candidate(record, name, self.targets.agreed(idx), self.targets.habits())?;
        if offered.is_copy() && !self.is_relay(&record.id.system, offered.last_edit) {
            offered.last_edit = None;
        }
        Some(offered)
    }
}

/// Whether a record takes part: it is listed, or what it held first counts still.
fn is_offered(record: &Record, name: &Name, rule: &FieldRule) -> bool {
    !record.is_gone() || record.first_value(name).is_some_and(|first| counts_as_first(rule, &record.id, first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::ignored::Ignored;
    use crate::model::{Age, FirstValue, Presence, Value};

    #[test]
    fn a_record_that_left_is_offered_by_what_it_held_first_while_that_counts() {
        let name: Name = "first_source".into();
        let first = FirstValue { value: Value::text("Web"), age: Age::until(Time(1)), unseen: None, since: Time(2) };
        let rule = FieldRule::of(Strategy::First(vec!["crm".into()]), "precedence.toml:3".into());
        let ignoring = FieldRule { ignored: Ignored::of(vec!["web".into()]), ..rule.clone() };
        for (presence, is_known, [offered, though_ignored]) in [
            (Presence::Listed, true, [true, true]),
            (Presence::Listed, false, [true, true]),
            (Presence::Gone(Time(5)), true, [true, false]),
            (Presence::Gone(Time(5)), false, [false, false]),
        ] {
            let mut record = Record::new("crm:person:1".parse().unwrap());
            record.set(&name, Value::text("Referral"), Time(4));
            record.presence = presence;
            if is_known {
                record.set_first_value(&name, first.clone());
            }
            assert_eq!(
                [&rule, &ignoring].map(|rule| is_offered(&record, &name, rule)),
                [offered, though_ignored],
                "{presence:?} {is_known}"
            );
        }
    }
}
