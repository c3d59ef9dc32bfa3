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
        if !sent.fields.is_empty() {
            let change = Change { fields: sent.fields.clone(), ..Change::default() };
            let op = WriteOp { record: known.id.clone(), change, again: false };
            let written = WrittenRecord::of(&op, known, |field| self.rule_of_write(&known.id, field));
            self.keep_written(vec![written], now);
        }
        if sent.block.is_some() {
            let change = Change { block: sent.block, ..Change::default() };
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
