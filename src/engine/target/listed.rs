//! What lists that a person carries over said of one record. A list that was replaced may still be imported, so that what it held is known for
//! ours whenever it is seen. Pure.

use super::{Op, Sent, Target, is_form_of};
use crate::connector::{Change, StatusChange};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Mark, Name, Record, Time, Value};
use serde::{Deserialize, Serialize};

/// What lists said of each record.
pub(in crate::engine) const LISTED: Kind<Listed> = Kind::new(Tag::Listed);

/// Values of one field that are known for ours.
const VALUES_MAX: usize = 8;

/// What lists said of one record.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Listed {
    on: Option<ListedThing>,
    off: Option<ListedThing>,
    statuses: Vec<(Name, ListedThing)>,
    fields: Vec<(Name, Value, ListedThing)>,
}

/// One thing that lists said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedThing {
    /// The first list with it was handed over then: what was so before is no doing of ours.
    first: Time,
    /// The newest list has it, since then, and it was not seen to be carried out.
    since: Option<Time>,
}

impl ListedThing {
    fn new(at: Time) -> ListedThing {
        ListedThing { first: at, since: Some(at) }
    }

    /// The newest list has it. Returns whether the one before did not.
    fn is_listed(&mut self, at: Time) -> bool {
        let is_new = self.since.is_none();
        self.since.get_or_insert(at);
        is_new
    }

    /// Whether what was so at that time may be of a list.
    fn may_be_ours(self, shown_at: Time) -> bool {
        shown_at > self.first
    }
}

impl Listed {
    /// Notes what the newest list has of the record, in place of what the one before had. Returns whether any of it is new.
    pub fn hand_over(&mut self, parts: &[&Change], now: Time) -> bool {
        let before = self.clone();
        self.all_mut().for_each(|thing| thing.since = None);
        for part in parts {
            if let Some(on) = part.block {
                list(if on { &mut self.on } else { &mut self.off }, if on { before.on } else { before.off }, now);
            }
            if let Some(StatusChange { to, .. }) = &part.status {
                let known = before.statuses.iter().find(|(name, _)| name == to).map(|(_, thing)| *thing);
                let thing = again(known, now);
                self.statuses.retain(|(name, _)| name != to);
                self.statuses.push((to.clone(), thing));
            }
            for (name, value) in &part.fields {
                let is_it = |(n, v, _): &&(Name, Value, ListedThing)| n == name && v == value;
                let thing = again(before.fields.iter().find(is_it).map(|(.., thing)| *thing), now);
                self.fields.retain(|(n, v, _)| n != name || v != value);
                self.fields.push((name.clone(), value.clone(), thing));
                self.forget_oldest(name);
            }
        }
        *self != before
    }

    fn forget_oldest(&mut self, name: &Name) {
        let count = self.fields.iter().filter(|(n, ..)| n == name).count();
        if count > VALUES_MAX
            && let Some(oldest) = self.fields.iter().position(|(n, ..)| n == name)
        {
            self.fields.remove(oldest);
        }
    }

    fn all_mut(&mut self) -> impl Iterator<Item = &mut ListedThing> {
        let marks = self.on.iter_mut().chain(self.off.iter_mut());
        marks.chain(self.statuses.iter_mut().map(|(_, t)| t)).chain(self.fields.iter_mut().map(|(.., t)| t))
    }

    /// Since when the newest list has something of the record that was not seen to be carried out.
    pub fn waits_since(&self) -> Option<Time> {
        let marks = self.on.iter().chain(&self.off);
        let all = marks.chain(self.statuses.iter().map(|(_, t)| t)).chain(self.fields.iter().map(|(.., t)| t));
        all.filter_map(|thing| thing.since).min()
    }

    /// The same of the block, or of its lifting.
    pub fn block_waits_since(&self, on: bool) -> Option<Time> {
        if on { self.on } else { self.off }?.since
    }

    /// What of it a record shows that was so at a time, and did not show when it was known last: that was carried out.
    pub fn landed(&self, known: &Record, shown: &Record, shown_at: Time, word: impl Fn(&Name) -> Box<str>) -> Option<Sent> {
        let mut sent = Sent {
            at: shown_at,
            fields: Vec::new(),
            block: None,
            permits: Vec::new(),
            why: None,
            status: None,
            ours_before: false,
            unknown: false,
        };
        let may_be = |thing: Option<ListedThing>| thing.is_some_and(|t| t.may_be_ours(shown_at));
        if !known.is_blocked() && shown.blocked_in_our_word() && may_be(self.on) {
            sent.block = Some(true);
        } else if known.blocked_in_our_word() && !shown.is_blocked() && may_be(self.off) {
            sent.block = Some(false);
        }
        let status = |record: &Record| record.mark(Mark::Status).and_then(Value::as_text).map(str::to_string);
        if let Some(now) = status(shown).filter(|now| status(known).as_deref() != Some(now)) {
            let found = self.statuses.iter().find(|(name, thing)| *word(name) == *now && thing.may_be_ours(shown_at));
            sent.status = found.map(|(name, _)| name.clone());
        }
        for field in &shown.fields {
            let before = known.field_of(&field.name).map_or(&Value::Empty, |f| &f.value);
            if before.says_the_same(&field.value) {
                continue;
            }
            let is_it = |(name, value, thing): &&(Name, Value, ListedThing)| {
                *name == field.name && thing.may_be_ours(shown_at) && (value.says_the_same(&field.value) || is_form_of(value, &field.value))
            };
            sent.fields.extend(self.fields.iter().rev().find(is_it).map(|(name, value, _)| (name.clone(), value.clone())));
        }
        let any = sent.block.is_some() || sent.status.is_some() || !sent.fields.is_empty();
        any.then_some(sent)
    }
}

fn again(known: Option<ListedThing>, now: Time) -> ListedThing {
    let mut thing = known.unwrap_or(ListedThing::new(now));
    thing.is_listed(now);
    thing
}

fn list(place: &mut Option<ListedThing>, before: Option<ListedThing>, now: Time) {
    *place = Some(again(before, now));
}

impl Target {
    /// A list has what was refused before.
    pub fn is_listed(&mut self, op: Op) {
        self.landed(op);
    }

    /// Books what a list had and was seen to be carried out. `word`: the status in the target's words. The record itself shows it.
    pub fn imported(&mut self, sent: &Sent, word: Option<Box<str>>) {
        for op in sent.lanes() {
            self.landed(op);
        }
        for (name, value) in &sent.fields {
            match self.agreed.iter_mut().find(|a| a.field == *name) {
                Some(agreed) => {
                    (agreed.ours, agreed.theirs, agreed.unseen, agreed.spent) = (value.clone(), value.clone(), true, false);
                }
                None => self.agreed.push(super::Agreed { unseen: true, ..super::Agreed::new(name.clone(), value.clone()) }),
            }
        }
        if let Some(on) = sent.block {
            self.block_ours = on;
        }
        if let Some(word) = word {
            self.status.wrote(&word);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(on: bool) -> Change {
        Change { block: Some(on), ..Change::default() }
    }

    fn phone(value: &str) -> Change {
        Change { fields: vec![("phone".into(), Value::text(value))], ..Change::default() }
    }

    fn lead(blocked: bool, phone: &str) -> Record {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.set_mark(Mark::Block, Value::Bool(blocked));
        record.set(&"phone".into(), Value::text(phone), Time(1));
        record
    }

    fn landed(listed: &Listed, known: &Record, shown: &Record, at: i64) -> Option<(Option<bool>, usize)> {
        listed.landed(known, shown, Time(at), |name| (&**name).into()).map(|sent| (sent.block, sent.fields.len()))
    }

    #[test]
    fn what_stays_in_the_list_waits_since_it_came_there() {
        let mut listed = Listed::default();
        assert!(listed.hand_over(&[&block(true)], Time(10)));
        assert!(!listed.hand_over(&[&block(true)], Time(20)), "nothing new");
        assert!(listed.hand_over(&[&block(true), &phone("1")], Time(30)));
        assert_eq!((listed.waits_since(), listed.block_waits_since(true)), (Some(Time(10)), Some(Time(10))));
        assert!(listed.hand_over(&[&phone("2")], Time(40)), "the block is not in it any more");
        assert_eq!((listed.waits_since(), listed.block_waits_since(true)), (Some(Time(40)), None));
        assert!(listed.hand_over(&[&block(true)], Time(50)));
        assert_eq!(listed.waits_since(), Some(Time(50)), "it came there anew");
        listed.hand_over(&[], Time(60));
        assert_eq!(listed.waits_since(), None);
    }

    #[test]
    fn what_is_seen_for_the_first_time_after_a_list_had_it_was_carried_out() {
        let mut listed = Listed::default();
        listed.hand_over(&[&block(true), &phone("1")], Time(10));
        let (before, after) = (lead(false, ""), lead(true, "1"));
        assert_eq!(landed(&listed, &before, &after, 11), Some((Some(true), 1)));
        assert_eq!(landed(&listed, &before, &lead(true, "9"), 11), Some((Some(true), 0)), "a person imported one list of two");
        assert_eq!(landed(&listed, &before, &after, 10), None, "an export from before the list");
        assert_eq!(landed(&listed, &after, &after, 11), None, "as it was known");
        // A list that was replaced is imported all the same.
        listed.hand_over(&[&phone("2")], Time(20));
        assert_eq!(landed(&listed, &before, &after, 30), Some((Some(true), 1)));
        listed.hand_over(&[&block(false)], Time(40));
        assert_eq!(landed(&listed, &after, &lead(false, "1"), 50), Some((Some(false), 0)));
        let mut by_hand = lead(true, "1");
        by_hand.set_mark(Mark::Block, Value::text("by hand"));
        assert_eq!(landed(&listed, &before, &by_hand, 50).map(|l| l.0), Some(None), "somebody else's block");
    }

    #[test]
    fn a_few_values_of_a_field_are_known_for_ours() {
        let mut listed = Listed::default();
        for i in 0..20 {
            listed.hand_over(&[&phone(&i.to_string())], Time(i));
        }
        assert_eq!(listed.fields.len(), VALUES_MAX);
        assert_eq!(landed(&listed, &lead(false, ""), &lead(false, "19"), 30), Some((None, 1)));
        assert_eq!(landed(&listed, &lead(false, ""), &lead(false, "3"), 30), None);
    }

    #[test]
    fn what_was_imported_is_ours_and_the_lane_is_at_rest() {
        let mut target = Target::default();
        target.failures.get_or_insert_default().failed(super::super::Op::Hold, super::super::FailureCause::Refused, 0, "no", Time(1));
        let mut listed = Listed::default();
        listed.hand_over(&[&block(true), &phone("1")], Time(10));
        let sent = listed.landed(&lead(false, ""), &lead(true, "1"), Time(11), |n| (&**n).into()).unwrap();
        target.imported(&sent, None);
        assert!(target.block_ours && target.failures.is_none() && target.sent.is_none());
        assert_eq!((&target.agreed[0].ours, target.agreed[0].unseen), (&Value::text("1"), true));
    }
}
