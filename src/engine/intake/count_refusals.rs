//! Masses of new refusals, counted pass by pass.

use super::refused_at_once::{REFUSED_AT_ONCE, RefusedAtOnce};
use crate::engine::engine::Engine;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::Op;
use crate::model::Time;
use crate::telemetry::InternalEvent;
use crate::telemetry::guard::ManyRefusals;

impl Engine {
    /// At the end of a pass, whatever it was: whether it brought more refusals than go to a target without anyone's word.
    pub(in crate::engine) fn note_refused_at_once(&mut self, run: &PassRun) {
        if run.newly_refused <= self.rules.rules().policy.widening.people {
            return;
        }
        let of = self.world.listed(&run.system, &run.stream);
        if run.newly_refused <= self.limits(Op::Hold, of).records {
            return;
        }
        let (system, stream) = (run.system.clone(), run.stream.clone());
        let new = RefusedAtOnce { system, stream, count: run.newly_refused, of, at: run.began };
        ManyRefusals { system: &new.system, stream: &new.stream, count: new.count, of }.emit();
        self.refused_at_once.retain(|r| r.is_told(run.began) && (&r.system, &r.stream) != (&new.system, &new.stream));
        self.refused_at_once.push(new);
        self.ledger.set(REFUSED_AT_ONCE, &self.refused_at_once);
    }

    /// Those that are told now.
    pub fn refused_at_once(&self, now: Time) -> Vec<RefusedAtOnce> {
        self.refused_at_once.iter().filter(|r| r.is_told(now)).cloned().collect()
    }
}
