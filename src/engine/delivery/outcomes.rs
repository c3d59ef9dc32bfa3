//! What became of writes: one outcome for each record.

use super::acts::Answered;
use super::deliver::Batch;
use super::steps::ANSWERS_ALIKE;
use crate::connector::{Change, Outcome};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::memory::place::Idx;
use crate::engine::target::Op;
use crate::engine::target::Target;
use crate::engine::target::lanes::Lanes;
use crate::model::record::field;
use crate::model::{Name, Record, RecordId, Time, Value};
use crate::store::{BlockPart, Cause, What, WriteOutcome};
use crate::telemetry::InternalEvent;
use crate::telemetry::writing::{WriteRefused, WritesTakenAgain};
use std::sync::Arc;

impl Engine {
    /// Accounts for a batch: one outcome for each of its records.
    ///
    /// It waits for the next commit, which comes before the next batch leaves or at the end of a delivery. What a crash forgets of it is
    /// still marked as sent, and read back.
    pub fn book(&mut self, batch: &mut Batch, outcomes: &[Outcome], now: Time) -> Result<(), Error> {
        let works_again = self.systems.get_mut(&batch.system).is_some_and(|state| {
            let has_fields = batch.ops.iter().any(|op| !op.change.fields.is_empty() || op.change.status.is_some());
            let (places, lane, pick, sent_at) = (&batch.places, batch.lane, batch.pick, batch.sent_at);
            state.channel.answered(Answered { places, lane, pick, sent_at, has_fields, outcomes }, now)
        });
        self.let_sent_go(batch);
        let shown = std::mem::take(&mut batch.shown);
        let mut lost: Option<Arc<str>> = None;
        // A connector that answers for fewer records than it was given leaves the rest unknown.
        let untold = Outcome::Unknown("no outcome was told".into());
        for (i, (idx, shown)) in batch.places.iter().zip(shown).enumerate() {
            let outcome = outcomes.get(i).unwrap_or(&untold);
            let (cause, had_block) = (batch.causes[i], batch.had_block[i]);
            let op = &batch.ops[i];
            let journaled = journaled(outcome).filter(|_| Op::of(&op.change) != Op::Update);
            if let Some((outcome, said)) = journaled {
                self.journal_outcome(*idx, &op.change, outcome, said, now);
            }
            if self.world.slot(*idx).id.system != batch.system {
                // It belongs to a former instance, where nothing is read back: it stays as sent.
                continue;
            }
            match outcome {
                Outcome::Applied if self.may_be_ignored(&batch.system, &op.change) => {
                    self.is_lost(&batch.system, *idx, ANSWERS_ALIKE.into())
                }
                Outcome::Applied => {
                    // Whatever came in meanwhile stands beside the write.
                    let unchanged = *self.world.bytes(*idx) == *shown.bytes;
                    let record = if unchanged { shown.record } else { self.world.record(*idx) };
                    self.applied(*idx, record, batch.more.get(i).copied().unwrap_or(true), now);
                }
                // The others stay lined up as they are.
                Outcome::Rejected(why) => {
                    let there = shown.record.fields.iter().map(|field| &field.value);
                    let values = op.change.fields.iter().map(|(_, value)| value).chain(there).filter_map(Value::as_text).collect();
                    WriteRefused { record: &op.record, op: Op::of(&op.change).name(), why, values }.emit();
                    self.on_target(*idx, |t| t.rejected(&op.change, cause, why, now));
                    self.look_again_if_touched(*idx);
                }
                Outcome::NotSent(why) => {
                    self.on_target(*idx, |t| t.not_sent(had_block, cause, why, now));
                    self.look_again_if_touched(*idx);
                }
                Outcome::Later { .. } => self.on_target(*idx, |t| t.put_off(had_block)),
                Outcome::Unknown(why) => {
                    let why = lost.get_or_insert_with(|| why.as_str().into()).clone();
                    self.is_lost(&batch.system, *idx, why);
                }
            }
        }
        if works_again {
            self.try_again(&batch.system);
        }
        Ok(())
    }

    /// What became of a write is known once the record is read back.
    fn is_lost(&mut self, system: &Name, idx: Idx, why: Arc<str>) {
        self.on_target(idx, |t| {
            if let Some(sent) = &mut t.sent {
                sent.unknown = true;
            }
        });
        if let Some(state) = self.systems.get_mut(system) {
            state.channel.lost_answer(idx, why);
        }
    }

    /// What is wanted may be something else by now, which is tried at once.
    fn look_again_if_touched(&mut self, idx: Idx) {
        let system = &self.world.slot(idx).id.system;
        if self.systems.get_mut(system).is_some_and(|s| s.channel.take_touched(idx)) {
            self.dirty.insert(idx);
        }
    }

    /// A stream is read again that could not be read: its system may take writes again, too.
    pub(crate) fn is_read_again(&mut self, system: &Name) {
        if self.systems.get_mut(system).is_some_and(|s| s.channel.may_work_again()) {
            self.try_again(system);
        }
    }

    /// A system works again: what waited for that goes now.
    fn try_again(&mut self, system: &Name) {
        let Some(state) = self.systems.get(system) else { return };
        let waiting: Vec<Idx> = state.outbox.keys().copied().collect();
        WritesTakenAgain { system }.emit();
        for idx in waiting {
            let Some(target) = self.targets.of_mut(idx) else { continue };
            let Some(failures) = &mut target.failures else { continue };
            if failures.system_works() {
                target.failures.take_if(|f| f.is_empty());
                self.keep_target(idx);
            }
        }
    }

    /// Notes what became of a hold or release; for a block, with the holds that it stands for.
    pub(in crate::engine) fn journal_outcome(&mut self, idx: Idx, change: &Change, outcome: WriteOutcome, said: Option<String>, now: Time) {
        let record = self.world.slot(idx).id.clone();
        let causes = if change.block == Some(true) { self.causes_of(idx) } else { Vec::new() };
        match block_after(change, outcome) {
            Some(true) => self.journaled.add(&record, &causes),
            Some(false) => self.journaled.lifted(&record),
            None => {}
        }
        self.ledger.journal(now, outcome_line(record, change, (outcome, said), causes, &self.run));
    }

    /// Our block is gone without our doing: one that is seen there later is someone else's, also after the state was lost.
    pub fn journal_block_lost(&mut self, record: &RecordId, now: Time) {
        let said = (WriteOutcome::Rejected, Some("the block was found taken away".into()));
        let block = Change { block: Some(true), ..Change::default() };
        self.ledger.journal(now, outcome_line(record.clone(), &block, said, Vec::new(), &self.run));
    }

    pub(in crate::engine) fn on_target(&mut self, idx: Idx, change: impl FnOnce(&mut Target)) {
        if let Some(target) = self.targets.of_mut(idx) {
            change(target);
            self.keep_target(idx);
        }
    }

    /// Whether a write over what a record shows leaves others more or less weight than they had. Of a group a part is weighed with the
    /// others: what was kept beside somebody's own may not be any more.
    fn takes_a_vote(&self, field: &Name, record: &Record) -> bool {
        let Some(rule) = self.rules.rules().precedence.rule(field) else { return false };
        let shows_one = record.field_of(field).is_some_and(|shown| !shown.value.is_empty());
        rule.group.is_some() || shows_one && rule.weighs_others()
    }

    /// Books a write of which the record, as it is known, shows nothing yet.
    pub(in crate::engine) fn applied(&mut self, idx: Idx, mut record: Record, more: bool, now: Time) {
        let system = record.id.system.clone();
        let Some(sent) = self.targets.sent(idx).cloned() else { return };
        self.book_with_guards(idx, &sent, &record, now);
        let Some(state) = self.systems.get(&system) else { return };
        let permit_ends = state.connected.abilities().permit_ends;
        let words = state.connected.words();
        let is_recounted = sent.fields.iter().any(|(name, _)| self.takes_a_vote(name, &record));
        let counted = sent.without_cleared(&state.connected.abilities().back_by_clearing);
        let round: Vec<&Name> = counted.fields.iter().map(|(name, _)| name).filter(|name| self.goes_round(&system, name)).collect();
        let Some(target) = self.targets.of_mut(idx) else { return };
        let word = sent.status.as_ref().map(|s| words.of(s).into());
        target.applied(&mut record, word, permit_ends, now);
        target.count_writes(&counted, |field| round.contains(&field), now);
        self.book_set_back(idx, &sent);
        if sent.fields.iter().any(|(name, _)| [field::EMAIL, field::COMPANY].contains(&&**name)) {
            // Who it belongs to, and of which company they are, may change with it.
            let stream = self.world.slot(idx).stream.clone();
            self.keep_record(stream, &record);
        } else {
            self.keep_written_record(idx, &record);
        }
        self.keep_target(idx);
        let touched = self.systems.get_mut(&system).is_some_and(|s| s.channel.take_touched(idx));
        if more || touched || is_recounted {
            self.dirty.insert(idx);
        }
        self.set_lanes(&system, idx, Lanes::default());
        if let Some(state) = self.systems.get_mut(&system) {
            state.channel.is_known(idx);
        }
    }
}

/// An outcome for the journal, and what the system said. What was never sent has none.
fn journaled(outcome: &Outcome) -> Option<(WriteOutcome, Option<String>)> {
    match outcome {
        Outcome::Applied => Some((WriteOutcome::Applied, None)),
        Outcome::Rejected(why) => Some((WriteOutcome::Rejected, Some(why.clone()))),
        Outcome::Unknown(why) => Some((WriteOutcome::Unknown, Some(why.clone()))),
        Outcome::NotSent(_) | Outcome::Later { .. } => None,
    }
}

/// Whether our block may stand after such an outcome; `None`: as before. One that may have been set counts, one that may have been lifted does not.
fn block_after(change: &Change, outcome: WriteOutcome) -> Option<bool> {
    match (change.block?, outcome) {
        (true, WriteOutcome::Applied | WriteOutcome::Unknown) => Some(true),
        (false, WriteOutcome::Applied) => Some(false),
        _ => None,
    }
}

/// The journal's line of what became of a write, and what was said of it.
fn outcome_line(record: RecordId, change: &Change, (outcome, said): (WriteOutcome, Option<String>), causes: Vec<Cause>, run: &str) -> What {
    let block = match change.block {
        Some(true) => BlockPart::Set,
        Some(false) => BlockPart::Lifted,
        None => BlockPart::Untouched,
    };
    let reasons = change.why.iter().flat_map(|w| w.split(',')).map(ToString::to_string).collect();
    What::Outcome { record, op: Op::of(change).name().into(), outcome, said, reasons, run: run.into(), block: Some(block), causes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::PermitChange;
    use crate::model::Span;

    fn block(on: bool) -> Change {
        Change { block: Some(on), ..Change::default() }
    }

    #[test]
    fn what_never_reached_the_system_leaves_no_line() {
        let why = || "no".to_string();
        for (outcome, line) in [
            (Outcome::Applied, Some((WriteOutcome::Applied, None))),
            (Outcome::Rejected(why()), Some((WriteOutcome::Rejected, Some(why())))),
            (Outcome::Unknown(why()), Some((WriteOutcome::Unknown, Some(why())))),
            (Outcome::NotSent(why()), None),
            (Outcome::Later { wait: Span::ZERO, why: why() }, None),
        ] {
            assert_eq!(journaled(&outcome), line, "{outcome:?}");
        }
    }

    #[test]
    fn a_block_counts_that_may_have_been_set_and_until_it_was_surely_lifted() {
        let permit = Change { permits: PermitChange::Withdrawn.into(), ..Change::default() };
        for (change, [applied, rejected, unknown]) in
            [(block(true), [Some(true), None, Some(true)]), (block(false), [Some(false), None, None]), (permit, [None; 3])]
        {
            for (outcome, then) in [(WriteOutcome::Applied, applied), (WriteOutcome::Rejected, rejected), (WriteOutcome::Unknown, unknown)]
            {
                assert_eq!(block_after(&change, outcome), then, "{change:?} {outcome:?}");
            }
        }
    }

    #[test]
    fn a_line_tells_what_the_write_did_to_the_block_and_why() {
        let why = |change| Change { why: Some("open_deal_person,vip".into()), ..change };
        let permit = Change { permits: PermitChange::Until(Time(9)).into(), ..Change::default() };
        for (change, named, part, codes) in [
            (why(block(true)), "hold", BlockPart::Set, vec!["open_deal_person", "vip"]),
            (block(true), "hold", BlockPart::Set, vec![]),
            (block(false), "release", BlockPart::Lifted, vec![]),
            (permit, "release", BlockPart::Untouched, vec![]),
        ] {
            let line = outcome_line("ma:person:1".parse().unwrap(), &change, (WriteOutcome::Applied, None), Vec::new(), "r_1");
            let What::Outcome { op, block, reasons, run, .. } = line else { panic!("a line of an outcome") };
            assert_eq!(
                (&*op, block, reasons, &*run),
                (named, Some(part), codes.into_iter().map(String::from).collect(), "r_1"),
                "{change:?}"
            );
        }
    }
}
