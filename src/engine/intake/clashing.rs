//! Records of two streams under one id: which is not taken in, and when it is over.

use super::clashes::CLASHES;
use super::clashes::Clash;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::Presence;

impl Engine {
    /// Whether a record that a pass shows has the id of another stream's record. Noted, and not to be taken in.
    pub(in crate::engine) fn clashes(&mut self, run: &mut PassRun, idx: Idx) -> bool {
        let slot = self.world.slot(idx);
        if slot.stream == run.stream {
            return false;
        }
        let configured = self.systems.get(&run.system).is_some_and(|s| s.infos.contains_key(&slot.stream));
        // A stream that was renamed, or a record that moved from one to the other: it is not listed there any more.
        if !configured || self.world.record(idx).presence != Presence::Listed {
            return false;
        }
        let slot = self.world.slot(idx);
        let clash = Clash { system: run.system.clone(), late: run.stream.clone(), first: slot.stream.clone(), id: slot.id.clone() };
        run.clashed = true;
        if self.clashes.add(clash) {
            self.keep_clashes();
        }
        true
    }

    /// A whole listing ended.
    pub(in crate::engine) fn end_clashes(&mut self, run: &PassRun) {
        if !run.clashed && self.clashes.over(&run.system, &run.stream) {
            self.keep_clashes();
        }
    }

    fn keep_clashes(&mut self) {
        self.ledger.set(CLASHES, &self.clashes);
    }
}
