//! Records that are read by their ids: before anything else goes to those of which nobody told what became of the last write, and before fields
//! are written to any.

use crate::connector::{self, Change, Lane};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::overlay::{ListsCarried, Merged, Sight, overlay};
use crate::engine::memory::place::Idx;
use crate::engine::rules::connected::SystemWords;
use crate::engine::target::Op;
use crate::engine::target::lanes::Lanes;
use crate::engine::target::{Sent, Target, is_form_of_why, may_be_form_of, shows_why};
use crate::model::{Mark, Name, Presence, Record, ShortText, Time, Value};
use crate::store::WriteOutcome;
use crate::telemetry::InternalEvent;
use crate::telemetry::writing::{LookFirstFailed, ReadBackFailed, RecordGone};
use std::collections::BTreeMap;

/// Records of one system to be read by their ids.
#[derive(Debug, Clone)]
pub struct ReadBack {
    system: Name,
    places: Vec<Idx>,
    ids: Vec<ShortText>,
    /// Fields are written to them next: when that was asked.
    first: Option<Time>,
}

impl ReadBack {
    /// By what right it is asked: a look before fields are written has no more than they.
    pub fn lane(&self) -> Lane {
        if self.is_first() { Lane::Fields } else { Lane::ReadBack }
    }

    /// It comes before a write, and not after one.
    pub fn is_first(&self) -> bool {
        self.first.is_some()
    }

    pub fn ids(&self) -> &[ShortText] {
        &self.ids
    }
}

impl Engine {
    /// The next records to be read back, as one request.
    pub(super) fn next_read_back(&mut self, system: &Name, now: Time) -> Option<ReadBack> {
        let state = self.systems.get_mut(system)?;
        let places = state.channel.to_look_at(state.connected.abilities().batch, now);
        let ids = places.iter().map(|idx| self.world.slot(*idx).id.id.clone()).collect();
        (!places.is_empty()).then(|| ReadBack { system: system.clone(), places, ids, first: None })
    }

    /// Accounts for a read-back: what was sent and is there was applied; what is not there was not, and waits before it is tried again.
    pub fn book_read_back(&mut self, asked: &ReadBack, answer: Result<Vec<Record>, connector::Error>, now: Time) -> Result<(), Error> {
        if let Some(began) = asked.first {
            return self.book_first_look(asked, began, answer, now);
        }
        let Some(state) = self.systems.get_mut(&asked.system) else { return Ok(()) };
        state.channel.looked(&asked.places, answer.is_ok(), now);
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                let count = asked.places.len();
                ReadBackFailed { system: &asked.system, error: &error, count }.emit();
                return Ok(());
            }
        };
        state.channel.first_looks_mut().was_read(&asked.places, now);
        let words = state.connected.words().clone();
        for (idx, id) in asked.places.iter().zip(&asked.ids) {
            let why = self.systems.get_mut(&asked.system).and_then(|s| s.channel.is_known(*idx));
            let why = why.as_deref().unwrap_or("the answer was lost with a former process");
            if self.world.slot(*idx).id.system != asked.system {
                // It belongs to a former instance by now.
                continue;
            }
            match found.iter().find(|r| r.id.id == *id) {
                Some(shown) => {
                    let mut shown = shown.clone();
                    self.leave_out_lacking(*idx, &mut shown);
                    self.book_shown(*idx, &shown, &words, why, now);
                }
                None => self.book_not_found(*idx, why, now),
            }
        }
        self.reconcile(now);
        self.commit()
    }

    /// Looks at records before fields are written to them, if there are any and it is not asked for others already.
    pub(in crate::engine::delivery) fn look_first(&mut self, system: &Name, places: Vec<Idx>, now: Time) -> Option<ReadBack> {
        let looks = self.systems.get_mut(system)?.channel.first_looks_mut();
        if places.is_empty() || !looks.has_room() {
            return None;
        }
        looks.begin(&places);
        let ids = places.iter().map(|idx| self.world.slot(*idx).id.id.clone()).collect();
        Some(ReadBack { system: system.clone(), places, ids, first: Some(now) })
    }

    /// Takes in what a look before fields are written showed, as any reading. Whoever is not shown may be gone or not: the write will tell.
    fn book_first_look(
        &mut self,
        asked: &ReadBack,
        began: Time,
        answer: Result<Vec<Record>, connector::Error>,
        now: Time,
    ) -> Result<(), Error> {
        let Some(state) = self.systems.get_mut(&asked.system) else { return Ok(()) };
        state.channel.first_looks_mut().ended(&asked.places, answer.as_ref().err().map(ToString::to_string), now);
        let found = match answer {
            Ok(found) => found,
            Err(error) => {
                LookFirstFailed { system: &asked.system, error: &error, count: asked.places.len() }.emit();
                return Ok(());
            }
        };
        let mut found: BTreeMap<ShortText, Record> = found.into_iter().map(|record| (record.id.id.clone(), record)).collect();
        let mut news = false;
        for (idx, id) in asked.places.iter().zip(&asked.ids) {
            // It may belong to a former instance by now.
            let is_there = self.world.slot(*idx).id.system == asked.system;
            if let Some(shown) = found.remove(id).filter(|_| is_there) {
                news |= self.take_read_again(*idx, shown, began, now);
            }
        }
        // Whoever one of them was merged into may answer in its place.
        for shown in found.into_values() {
            if let Some(idx) = self.world.find(&shown.id) {
                news |= self.take_read_again(idx, shown, began, now);
            }
        }
        // Until here, what they show was not seen by the listing that passed them over.
        asked.places.iter().for_each(|idx| self.was_passed_over_and_is_seen(*idx, &asked.system));
        if news {
            self.reconcile(now);
            self.commit()?;
        }
        Ok(())
    }

    fn book_shown(&mut self, idx: Idx, shown: &Record, words: &SystemWords, why: &str, now: Time) {
        self.note_refusals(shown, now);
        let old = self.world.record(idx);
        let stream = self.world.slot(idx).stream.clone();
        let mut seen = Box::new(shown.clone());
        self.keep_left_out(&stream, &old, &mut seen);
        if let Some(sent) = self.targets.sent(idx) {
            // What is there by our write is booked as ours below, and is nobody's word meanwhile.
            sent.leave_out(&old, &mut seen);
        }
        // What was seen of lists before a write that carried none counts here, too.
        let has_seen_lists = self.targets.of(idx).is_some_and(Target::has_seen_lists);
        if let Merged::Changed(record) = overlay(Some(&old), seen, ListsCarried::READ_BACK, Sight { has_seen_lists, ..Sight::at(now) }) {
            self.keep_record(stream, &record);
        }
        // This may be the first look at what was written before the write that is read back: what the target made of it is ours.
        self.look_at_target(idx, &self.world.record(idx), now);
        self.journal_read_back(idx, shown, now);
        self.dirty.insert(idx);
        let Some(sent) = self.targets.sent(idx).cloned() else { return };
        if landed(&sent, &old, shown, words) {
            let record = self.world.record(idx);
            return self.applied(idx, record, true, now);
        }
        let own_mark = self.systems.get(&shown.id.system).is_some_and(|s| s.connected.abilities().block_is_own_mark);
        // Other parts of the write may have been changed since; the block beside our reason codes is ours, and beside another part of the same
        // write.
        let signed =
            (sent.why.as_ref().is_some_and(|why| !why.is_empty()) && shows_our_why(&sent, shown)) || left_a_trace(&sent, shown, words);
        let why = format!("{why}; read back: it was not carried out");
        self.book_landed_fields(idx, &sent, &old, shown, now);
        self.on_target(idx, |t| {
            t.not_written(shown.blocked_in_our_word(), own_mark || signed, |op| lane_landed(op, &sent, &old, shown, words), &why, now);
        });
    }

    /// Of a write that is not there whole: the fields that are, perhaps in the target's own form. They are ours, and nobody's word.
    fn book_landed_fields(&mut self, idx: Idx, sent: &Sent, before: &Record, shown: &Record, now: Time) {
        let changed = |name: &Name| before.field_of(name).map(|f| &f.value) != shown.field(name).map(|f| &f.value);
        let there = |(name, value): &&(Name, Value)| changed(name) && field_landed(name, value, before, shown);
        let landed: Vec<(Name, Value)> = sent.fields.iter().filter(there).cloned().collect();
        let Some(target) = self.targets.of_mut(idx).filter(|_| !landed.is_empty()) else { return };
        let mut record = self.world.record(idx);
        landed.into_iter().for_each(|(name, value)| target.field_applied(&mut record, name, value, now));
        let stream = self.world.slot(idx).stream.clone();
        self.keep_record(stream, &record);
        self.keep_target(idx);
    }

    /// The record is not there any more: nothing can be written to it.
    fn book_not_found(&mut self, idx: Idx, why: &str, now: Time) {
        let mut record = self.world.record(idx);
        if !record.is_gone() {
            RecordGone { record: &record.id }.emit();
            record.presence = Presence::Gone(now);
            let stream = self.world.slot(idx).stream.clone();
            self.keep_record(stream, &record);
        }
        let sent = self.targets.sent(idx);
        let was_sent = sent.is_some();
        if let Some(block) = sent.and_then(|s| s.block) {
            let change = Change { block: Some(block), ..Change::default() };
            self.journal_outcome(idx, &change, WriteOutcome::Unknown, Some("the record was not found".into()), now);
        }
        if was_sent {
            let why = format!("{why}; read back: the record was not found");
            self.on_target(idx, |t| {
                // Whether a block of ours stands there nobody knows.
                let ours = t.block_ours;
                t.not_written(ours, true, |_| false, &why, now);
            });
        }
        self.set_lanes(&record.id.system, idx, Lanes::default());
        self.dirty.insert(idx);
    }

    /// A block or its lifting, whose outcome was unknown, was read back.
    fn journal_read_back(&mut self, idx: Idx, shown: &Record, now: Time) {
        let Some(target) = self.targets.of(idx) else { return };
        let sent = target.sent.as_ref().and_then(|s| Some((s.block?, s.why.clone(), shows_our_why(s, shown))));
        let Some((block, why, with_our_why)) = sent else {
            if target.block_ours && !shown.is_blocked() {
                let record = self.world.slot(idx).id.clone();
                self.journal_block_lost(&record, now);
            }
            return;
        };
        let (outcome, said) = if block_landed(block, shown) && with_our_why {
            (WriteOutcome::Applied, "read back: it is there")
        } else {
            (WriteOutcome::Rejected, "read back: it is not there")
        };
        let change = Change { block: Some(block), why, ..Change::default() };
        self.journal_outcome(idx, &change, outcome, Some(said.into()), now);
    }
}

/// Whether a block that was sent is there with the reason codes that went with it. Someone else's block has none, or others.
fn shows_our_why(sent: &Sent, shown: &Record) -> bool {
    match (&sent.why, sent.block) {
        (Some(ours), Some(true)) if !ours.is_empty() => {
            shows_why(None, shown, ours) || shown.mark(Mark::Why).is_some_and(|why| is_form_of_why(ours, why))
        }
        _ => true,
    }
}

/// Whether a record shows a field or status that was sent to it: only what it did not show then is sent.
fn left_a_trace(sent: &Sent, shown: &Record, words: &SystemWords) -> bool {
    let field = |(name, value): &(Name, Value)| shown.field(name).is_some() && shows_field(shown, name, value);
    sent.fields.iter().any(field) || sent.status.as_ref().is_some_and(|status| shows_status(status, shown, words))
}

/// Whether a record shows a value that was sent to it, or the same time or day in another form.
fn shows_field(shown: &Record, name: &Name, sent: &Value) -> bool {
    let shown = shown.field(name).map_or(&Value::Empty, |f| &f.value);
    shown == sent || sent.may_show_as(shown)
}

/// Whether a record shows one of our statuses in the system's own word for it, or none where that was cleared.
fn shows_status(status: &Name, shown: &Record, words: &SystemWords) -> bool {
    shown.mark(Mark::Status).and_then(Value::as_text).unwrap_or_default() == words.of(status)
}

/// Whether a record shows all that was sent to it.
fn landed(sent: &Sent, before: &Record, shown: &Record, words: &SystemWords) -> bool {
    sent.lanes().all(|op| lane_landed(op, sent, before, shown, words))
}

/// Whether a record shows what was sent to it of one lane.
fn lane_landed(op: Op, sent: &Sent, before: &Record, shown: &Record, words: &SystemWords) -> bool {
    match op {
        Op::Hold | Op::Release => {
            let block = sent.block.is_none_or(|on| block_landed(on, shown)) && shows_our_why(sent, shown);
            block && sent.permits.iter().all(|(what_for, until)| permit_landed(*until, shown.mark(what_for.mark())))
        }
        Op::Update => {
            let fields = sent.fields.iter().all(|(name, value)| field_landed(name, value, before, shown));
            let status = sent.status.as_ref().is_none_or(|status| shows_status(status, shown, words));
            let alone = sent.lanes().all(|op| op == Op::Update);
            let why = sent
                .why
                .as_ref()
                .filter(|_| alone)
                .is_none_or(|why| shows_why(None, shown, why) || shown.mark(Mark::Why).is_some_and(|shown| is_form_of_why(why, shown)));
            fields && status && why
        }
    }
}

/// Whether a permit that was sent is shown, or is gone that was withdrawn.
fn permit_landed(until: Option<Time>, shown: Option<&Value>) -> bool {
    match (until, shown) {
        (Some(until), Some(Value::Time(shown))) => *shown == until,
        (Some(_), Some(Value::Bool(on))) => *on,
        (None, Some(Value::Bool(on))) => !*on,
        (None, Some(Value::Time(_))) | (Some(_), _) => false,
        (None, _) => true,
    }
}

/// Whether a record shows a block that was sent to it, or its lifting. Another word in its place is somebody else's, who was quicker.
fn block_landed(on: bool, shown: &Record) -> bool {
    if on { shown.blocked_in_our_word() } else { !shown.is_blocked() }
}

/// Whether a record shows a value that was sent to it, or has become the target's form of it. What it was before may be a beginning of it.
fn field_landed(name: &Name, value: &Value, before: &Record, shown: &Record) -> bool {
    let [was, is] = [before, shown].map(|record| record.field_of(name).map_or(&Value::Empty, |f| &f.value));
    is == value || (is != was && may_be_form_of(value, is))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before() -> Record {
        Record::new("ma:person:1".parse().unwrap())
    }

    /// The answer was lost, and the target cut the title short: it was written again, and then taken for somebody's own.
    #[test]
    fn a_field_that_became_a_form_of_ours_has_landed() {
        let record = |title: &str| {
            let mut record = before();
            record.set(&"title".into(), Value::text(title), Time(1));
            record
        };
        let ours = Value::text("Vice President");
        for (was, is, has_landed) in [
            ("Clerk", "Vice President", true),
            ("Clerk", "Vice P", true),
            ("Clerk", "VICE PRESIDENT", true),
            ("Clerk", "V?ce President", true),
            ("Vice", "Vice", false),
            ("Vice", "Vice P", true),
            ("Clerk", "Clerk", false),
            ("Clerk", "", false),
        ] {
            assert_eq!(field_landed(&"title".into(), &ours, &record(was), &record(is)), has_landed, "{was} {is}");
        }
    }

    /// Ours was lost on its way, and a marketer suspended the same person meanwhile.
    #[test]
    fn a_block_without_our_reason_codes_is_not_ours() {
        let change = Change { block: Some(true), why: Some("open_deal_person".into()), ..Change::default() };
        let mut target = Target::default();
        target.send(&change, Time(1));
        let sent = target.sent.unwrap();
        let mut shown = Record::new("ma:person:1".parse().unwrap());
        shown.set_mark(Mark::Block, Value::Bool(true));
        let words = Default::default();
        assert!(!landed(&sent, &before(), &shown, &words));
        for (why, ours) in [("open_deal_person", true), ("Open_Deal", true), ("", false), ("critical_ticket", false)] {
            shown.set_mark(Mark::Why, Value::text(why));
            assert_eq!(landed(&sent, &before(), &shown, &words), ours, "{why}");
        }
        // Where the target keeps no reasons, the block alone tells.
        assert!(landed(&Sent { why: None, ..sent }, &before(), &shown, &words));
    }

    /// Ours was lost on its way, and somebody put a word of their own there meanwhile: it was taken for ours, and lifted with the hold.
    #[test]
    fn a_block_in_other_words_is_not_ours_whatever_was_sent() {
        for (word, on, off) in [
            (Value::text("legal"), false, false),
            (Value::Bool(true), true, false),
            (Value::Bool(false), false, true),
            (Value::Empty, false, true),
        ] {
            let mut shown = before();
            shown.set_mark(Mark::Block, word.clone());
            assert_eq!((block_landed(true, &shown), block_landed(false, &shown)), (on, off), "{word}");
            let mut target = Target::default();
            target.send(&Change { block: Some(true), ..Change::default() }, Time(1));
            assert_eq!(landed(target.sent.as_ref().unwrap(), &before(), &shown, &Default::default()), on, "{word}");
        }
    }

    /// The reason codes stood there already, and another field was edited meanwhile.
    #[test]
    fn a_block_beside_another_part_of_its_write_is_ours() {
        let fields = ["phone", "title"].map(|name| (name.into(), Value::text("ours")));
        let change = Change { block: Some(true), fields: fields.into(), ..Change::default() };
        let mut target = Target::default();
        target.send(&change, Time(1));
        let sent = target.sent.unwrap();
        let mut shown = Record::new("ma:person:1".parse().unwrap());
        shown.set_mark(Mark::Block, Value::Bool(true));
        shown.set(&"title".into(), Value::text("edited"), Time(2));
        let words = Default::default();
        assert!(!landed(&sent, &before(), &shown, &words) && !left_a_trace(&sent, &shown, &words), "anybody may have blocked it");
        shown.set(&"phone".into(), Value::text("ours"), Time(1));
        assert!(left_a_trace(&sent, &shown, &words));
    }
}
