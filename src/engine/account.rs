//! What became of writes: one outcome for each record, and the read-back of those that nobody told us of.

use super::deliver::{Batch, Op};
use super::engine::{Engine, Error};
use super::overlay::{Merged, overlay};
use super::system::{Breaker, Lanes};
use super::target::{Sent, Target, is_form_of};
use super::world::Idx;
use crate::connector::{Change, Outcome};
use crate::model::record::field;
use crate::model::{Mark, Name, Presence, Record, RecordId, ShortText, Span, Time, Value};
use crate::store::{BlockPart, Entry, What, WriteOutcome};
use std::collections::BTreeMap;

/// Batches in a row that all failed before fields and releases to a system are stopped for a while.
const BREAKER_FAILURES: u32 = 5;
const BREAKER_OPEN_FOR: Span = Span::minutes(1);

impl Engine {
    /// Accounts for a batch: one outcome for each of its records.
    ///
    /// It waits for the next commit, which comes before the next batch leaves or at the end of a delivery. What a crash forgets of it is
    /// still marked as sent, and read back.
    pub fn book(&mut self, batch: &mut Batch, outcomes: &[Outcome], now: Time) -> Result<(), Error> {
        if let Some(state) = self.systems.get_mut(&batch.system) {
            for idx in &batch.places {
                state.in_flight.remove(idx);
            }
            let failed = outcomes.iter().all(|o| matches!(o, Outcome::NotSent(_) | Outcome::Unknown(_)));
            if failed {
                state.breaker.failures += 1;
                if state.breaker.failures >= BREAKER_FAILURES {
                    state.breaker.open_until = Some(now.plus(BREAKER_OPEN_FOR));
                }
            } else {
                state.breaker = Breaker::default();
            }
        }
        self.let_sent_go(batch);
        let shown = std::mem::take(&mut batch.shown);
        for (i, (idx, shown)) in batch.places.iter().zip(shown).enumerate() {
            // A connector that answers for fewer records than it was given leaves the rest unknown.
            let lost = Outcome::Unknown("no outcome was told".into());
            let outcome = outcomes.get(i).unwrap_or(&lost);
            let op = &batch.ops[i];
            let journaled = journaled(outcome).filter(|_| Op::of(&op.change) != Op::Update);
            if let Some((outcome, said)) = journaled {
                self.journal_outcome(*idx, &op.change, outcome, said, now);
            }
            match outcome {
                Outcome::Applied => {
                    // Whatever came in meanwhile stands beside the write.
                    let unchanged = *self.world.bytes(*idx) == *shown.bytes;
                    let record = if unchanged { shown.record } else { self.world.record(*idx) };
                    self.applied(*idx, record, batch.more.get(i).copied().unwrap_or(true), now);
                }
                // The others stay lined up as they are.
                Outcome::Rejected(why) => {
                    tracing::warn!(record = %op.record, op = Op::of(&op.change).name(), why, "the system refused the write");
                    self.on_target(*idx, |t| t.rejected(why.clone(), now));
                }
                Outcome::NotSent(why) => {
                    let had = batch.had_block[i];
                    self.on_target(*idx, |t| t.not_sent(had, why.clone(), now));
                }
                Outcome::Unknown(_) => {
                    self.on_target(*idx, |t| {
                        if let Some(sent) = &mut t.sent {
                            sent.unknown = true;
                        }
                    });
                    if let Some(state) = self.systems.get_mut(&batch.system) {
                        state.unknown.insert(*idx);
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes what became of a hold or release; for a block, with the holds that it stands for.
    fn journal_outcome(&mut self, idx: Idx, change: &Change, outcome: WriteOutcome, said: Option<String>, now: Time) {
        let record = self.world.slot(idx).id.clone();
        let block = match change.block {
            Some(true) => BlockPart::Set,
            Some(false) => BlockPart::Lifted,
            None => BlockPart::Untouched,
        };
        let causes = if block == BlockPart::Set { self.causes_of(idx) } else { Vec::new() };
        match (block, outcome) {
            (BlockPart::Set, WriteOutcome::Applied | WriteOutcome::Unknown) => self.journaled.add(&record, &causes),
            (BlockPart::Lifted, WriteOutcome::Applied) => self.journaled.lifted(&record),
            _ => {}
        }
        let reasons = change.why.iter().flat_map(|w| w.split(',')).map(ToString::to_string).collect();
        let (op, run) = (Op::of(change).name().into(), (*self.run).into());
        let what = What::Outcome { record, op, outcome, said, reasons, run, block: Some(block), causes };
        self.journal_pending.push(Entry { at: now, what });
    }

    /// Our block is gone without our doing: one that is seen there later is someone else's, also after the state was lost.
    pub fn journal_block_lost(&mut self, record: &RecordId, now: Time) {
        let what = What::Outcome {
            record: record.clone(),
            op: Op::Hold.name().into(),
            outcome: WriteOutcome::Rejected,
            said: Some("the block was found taken away".into()),
            reasons: Vec::new(),
            run: (*self.run).into(),
            block: Some(BlockPart::Set),
            causes: Vec::new(),
        };
        self.journal_pending.push(Entry { at: now, what });
    }

    /// A block or its lifting, whose outcome was unknown, was read back.
    fn journal_read_back(&mut self, idx: Idx, shown: &Record, now: Time) {
        let Some(target) = self.world.slot(idx).target.as_deref() else { return };
        let sent = target.sent.as_ref().and_then(|s| Some((s.block?, s.why.clone(), shows_our_why(s, shown))));
        let Some((block, why, with_our_why)) = sent else {
            if target.block_ours && !shown.is_blocked() {
                let record = self.world.slot(idx).id.clone();
                self.journal_block_lost(&record, now);
            }
            return;
        };
        let (outcome, said) = if block == shown.is_blocked() && with_our_why {
            (WriteOutcome::Applied, "read back: it is there")
        } else {
            (WriteOutcome::Rejected, "read back: it is not there")
        };
        let change = Change { block: Some(block), why, ..Change::default() };
        self.journal_outcome(idx, &change, outcome, Some(said.into()), now);
    }

    fn on_target(&mut self, idx: Idx, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.world.slot_mut(idx).target.as_mut() {
            change(target);
            self.keep_target(idx);
        }
    }

    /// Books a write of which the record, as it is known, shows nothing yet.
    fn applied(&mut self, idx: Idx, mut record: Record, more: bool, now: Time) {
        let system = record.id.system.clone();
        let Some(sent) = self.world.slot(idx).target.as_ref().and_then(|t| t.sent.clone()) else { return };
        self.book_with_guards(idx, &sent, &record, now);
        let Some(state) = self.systems.get(&system) else { return };
        let permit_ends = state.abilities.permit_ends;
        let words = &state.words;
        let Some(target) = self.world.slot_mut(idx).target.as_mut() else { return };
        let word = sent.status.as_ref().map(|s| words.get(s).cloned().unwrap_or_else(|| (**s).into()));
        target.applied(&mut record, word, permit_ends, now);
        self.book_set_back(idx, &sent);
        if sent.fields.iter().any(|(name, _)| **name == *field::EMAIL) {
            // Who it belongs to may change with it.
            let stream = self.world.slot(idx).stream.clone();
            self.keep_record(stream, &record);
        } else {
            self.keep_written_record(idx, &record);
        }
        self.keep_target(idx);
        let touched = self.systems.get_mut(&system).is_some_and(|s| s.touched.remove(&idx));
        if more || touched {
            self.dirty.insert(idx);
        }
        self.set_lanes(&system, idx, Lanes::default());
        if let Some(state) = self.systems.get_mut(&system) {
            state.unknown.remove(&idx);
        }
    }

    /// Records of a system whose last write has no known outcome, to be read back; at most `limit`.
    pub fn to_read_back(&self, system: &Name, limit: usize) -> Vec<(Idx, ShortText)> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let waiting = state.unknown.iter().filter(|i| !state.in_flight.contains(*i)).take(limit.max(1));
        waiting.map(|i| (*i, self.world.slot(*i).id.id.clone())).collect()
    }

    /// Accounts for a read-back: what was sent and is there was applied; what is not there was not, and is computed anew.
    pub fn book_read_back(&mut self, asked: &[(Idx, ShortText)], found: Vec<Record>, now: Time) -> Result<(), Error> {
        for (idx, id) in asked {
            let system = self.world.slot(*idx).id.system.clone();
            match found.iter().find(|r| r.id.id == *id) {
                Some(shown) => {
                    self.note_refusals(shown, now);
                    let old = self.world.record(*idx);
                    if let Merged::Changed(record) = overlay(Some(&old), Box::new(shown.clone()), true, now) {
                        let stream = self.world.slot(*idx).stream.clone();
                        self.keep_record(stream, &record);
                    }
                    self.journal_read_back(*idx, shown, now);
                    let words = self.systems.get(&system).map(|s| s.words.clone()).unwrap_or_default();
                    let landed =
                        self.world.slot(*idx).target.as_ref().and_then(|t| t.sent.as_ref()).is_some_and(|s| landed(s, shown, &words));
                    if landed {
                        let record = self.world.record(*idx);
                        self.applied(*idx, record, true, now);
                    } else {
                        let blocked = shown.is_blocked();
                        let own_mark = self.systems.get(&system).is_some_and(|s| s.abilities.block_is_own_mark);
                        // Other parts of the write may have been changed since; the block beside our reason codes is ours, and beside
                        // another part of the same write.
                        let signed = |s: &Sent| {
                            (s.why.as_ref().is_some_and(|why| !why.is_empty()) && shows_our_why(s, shown)) || left_a_trace(s, shown, &words)
                        };
                        self.on_target(*idx, |t| {
                            let ours = own_mark || t.sent.as_ref().is_some_and(signed);
                            t.not_written(blocked, ours);
                        });
                        self.dirty.insert(*idx);
                    }
                }
                None => {
                    // The record is not there any more: nothing can be written to it.
                    let mut record = self.world.record(*idx);
                    if !record.is_gone() {
                        record.presence = Presence::Gone(now);
                        let stream = self.world.slot(*idx).stream.clone();
                        self.keep_record(stream, &record);
                    }
                    let sent = self.world.slot(*idx).target.as_ref().and_then(|t| t.sent.as_ref());
                    if let Some(block) = sent.and_then(|s| s.block) {
                        let change = Change { block: Some(block), ..Change::default() };
                        self.journal_outcome(*idx, &change, WriteOutcome::Unknown, Some("the record was not found".into()), now);
                    }
                    self.on_target(*idx, |t| t.sent = None);
                    self.set_lanes(&system, *idx, Lanes::default());
                    self.dirty.insert(*idx);
                }
            }
            if let Some(state) = self.systems.get_mut(&system) {
                state.unknown.remove(idx);
            }
        }
        self.reconcile(now);
        self.commit()
    }
}

/// An outcome for the journal, and what the system said. What was never sent has none.
fn journaled(outcome: &Outcome) -> Option<(WriteOutcome, Option<String>)> {
    match outcome {
        Outcome::Applied => Some((WriteOutcome::Applied, None)),
        Outcome::Rejected(why) => Some((WriteOutcome::Rejected, Some(why.clone()))),
        Outcome::Unknown(why) => Some((WriteOutcome::Unknown, Some(why.clone()))),
        Outcome::NotSent(_) => None,
    }
}

/// Whether a block that was sent is there with the reason codes that went with it. Someone else's block has none, or others.
fn shows_our_why(sent: &Sent, shown: &Record) -> bool {
    match (&sent.why, sent.block) {
        (Some(ours), Some(true)) if !ours.is_empty() => shown.mark(Mark::Why).is_some_and(|why| is_form_of(&Value::text(ours), why)),
        _ => true,
    }
}

/// Whether a record shows a field or status that was sent to it: only what it did not show then is sent.
fn left_a_trace(sent: &Sent, shown: &Record, words: &BTreeMap<Name, Box<str>>) -> bool {
    let field = |(name, value): &(Name, Value)| shown.field(name).is_some_and(|f| f.value == *value);
    sent.fields.iter().any(field) || sent.status.as_ref().is_some_and(|status| shows_status(status, shown, words))
}

/// Whether a record shows one of our statuses in the system's own word for it.
fn shows_status(status: &Name, shown: &Record, words: &BTreeMap<Name, Box<str>>) -> bool {
    let word = words.get(status).map_or(&**status, |word| word);
    shown.mark(Mark::Status).and_then(Value::as_text) == Some(word)
}

/// Whether a record shows all that was sent to it.
fn landed(sent: &Sent, shown: &Record, words: &BTreeMap<Name, Box<str>>) -> bool {
    let block = sent.block.is_none_or(|on| shown.is_blocked() == on) && shows_our_why(sent, shown);
    let fields = sent.fields.iter().all(|(name, value)| shown.field(name).map_or(&Value::Empty, |f| &f.value) == value);
    let status = sent.status.as_ref().is_none_or(|status| shows_status(status, shown, words));
    let permit = sent.permit.is_none_or(|until| match (until, shown.mark(Mark::Permit)) {
        (Some(until), Some(Value::Time(t))) => *t == until,
        (Some(_), Some(Value::Bool(on))) => *on,
        (None, Some(Value::Bool(on))) => !*on,
        (None, Some(Value::Time(_))) | (Some(_), _) => false,
        (None, _) => true,
    });
    block && fields && status && permit
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(!landed(&sent, &shown, &words));
        for (why, ours) in [("open_deal_person", true), ("Open_Deal", true), ("", false), ("critical_ticket", false)] {
            shown.set_mark(Mark::Why, Value::text(why));
            assert_eq!(landed(&sent, &shown, &words), ours, "{why}");
        }
        // Where the target keeps no reasons, the block alone tells.
        assert!(landed(&Sent { why: None, ..sent }, &shown, &words));
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
        assert!(!landed(&sent, &shown, &words) && !left_a_trace(&sent, &shown, &words), "anybody may have blocked it");
        shown.set(&"phone".into(), Value::text("ours"), Time(1));
        assert!(left_a_trace(&sent, &shown, &words));
    }
}
