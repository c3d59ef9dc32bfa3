//! What a system's own export shows of lists that a person carried over: only that proves that something of them was carried out.

use crate::connector::{Change, WriteOp};
use crate::engine::engine::Engine;
use crate::engine::history::written::WrittenRecord;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::{Listed, Sent};
use crate::model::{Record, Time};
use crate::store::WriteOutcome;

impl Engine {
    /// Before a record is laid over what was known: what it shows for the first time, and a list had by then, is our doing.
    pub(super) fn see_imported(&mut self, run: &PassRun, record: &Record, now: Time) {
        let Some(shown_at) = run.shown_at else { return };
        let Some(idx) = self.world.find(&record.id).filter(|idx| self.targets.listed(*idx).is_some()) else { return };
        let mut shown = record.clone();
        shown.shift_times(self.clocks.shift(&run.system));
        let known = self.world.record(idx);
        let words = self.systems.get(&run.system).map(|s| s.connected.words().clone()).unwrap_or_default();
        let landed = |listed: &Listed| listed.landed(&known, &shown, shown_at, |status| words.of(status).into());
        let Some(sent) = self.targets.listed(idx).and_then(landed) else { return };
        let word = sent.status.as_ref().map(|status| words.of(status).into());
        self.book_imported(idx, &known, &sent, word, now);
    }

    fn book_imported(&mut self, idx: Idx, known: &Record, sent: &Sent, word: Option<Box<str>>, now: Time) {
        self.book_with_guards(idx, sent, known, now);
        let (fields, block) = changes_of(sent);
        if let Some(change) = fields {
            let op = WriteOp { record: known.id.clone(), change, again: false };
            let (_, merge) = self.look(idx, now);
            let written = WrittenRecord::of(&op, known, &merge, |field| self.rule_of_write(&known.id, field));
            self.keep_written(vec![written], now);
        }
        if let Some(change) = block {
            self.journal_outcome(idx, &change, WriteOutcome::Applied, Some("the system's own export shows it".into()), now);
        }
        let target = self.targets.begin(idx);
        target.imported(sent, word);
        target.count_writes(sent, |field| self.rules.may_go_round(field), now);
        self.book_set_back(idx, sent);
        self.keep_target(idx);
        self.dirty.insert(idx);
    }
}

/// What is kept of it for `undo`, and what is told in the journal.
fn changes_of(sent: &Sent) -> (Option<Change>, Option<Change>) {
    let fields = (!sent.fields.is_empty()).then(|| Change { fields: sent.fields.clone(), ..Change::default() });
    (fields, sent.block.map(|on| Change { block: Some(on), ..Change::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::target::Target;
    use crate::model::Value;

    #[test]
    fn fields_are_kept_for_undo_and_a_block_is_told_in_the_journal() {
        let field = vec![("phone".into(), Value::text("1"))];
        for (block, fields) in [(Some(true), field.clone()), (Some(false), Vec::new()), (None, field)] {
            let mut target = Target::default();
            target.send(&Change { block, fields: fields.clone(), ..Change::default() }, Time(1));
            let (kept, told) = changes_of(target.sent.as_ref().unwrap());
            assert_eq!((kept.map(|c| c.fields).unwrap_or_default(), told.and_then(|c| c.block)), (fields, block));
        }
    }
}
