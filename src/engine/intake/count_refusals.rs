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
        let new = RefusedAtOnce::of(run, of);
        ManyRefusals { system: &new.system, stream: &new.stream, count: new.count, of }.emit();
        new.joins(&mut self.refused_at_once);
        self.ledger.set(REFUSED_AT_ONCE, &self.refused_at_once);
    }

    /// Those that are told now.
    pub fn refused_at_once(&self, now: Time) -> Vec<RefusedAtOnce> {
        self.refused_at_once.iter().filter(|r| r.is_told(now)).cloned().collect()
    }
}

impl RefusedAtOnce {
    /// What a pass brought, of so many records of its stream.
    fn of(run: &PassRun, of: usize) -> RefusedAtOnce {
        RefusedAtOnce { system: run.system.clone(), stream: run.stream.clone(), count: run.newly_refused, of, at: run.began }
    }

    /// Takes the place of what its stream brought before, among those that are told. What is told no more is forgotten with this.
    fn joins(self, told: &mut Vec<RefusedAtOnce>) {
        told.retain(|r| r.is_told(self.at) && (&r.system, &r.stream) != (&self.system, &self.stream));
        told.push(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Pass;
    use crate::model::Span;

    #[test]
    fn the_newest_mass_of_each_stream_is_told_and_the_old_ones_are_forgotten() {
        let mut told = Vec::new();
        let mut comes = |system: &str, stream: &str, count: usize, day: i64| {
            let mut run = PassRun::new(&system.into(), &stream.into(), Pass::Sweep, Time(0).plus(Span::days(day)));
            run.newly_refused = count;
            RefusedAtOnce::of(&run, 1_000).joins(&mut told);
            told.iter().map(|r| format!("{}.{} {} of {}", r.system, r.stream, r.count, r.of)).collect::<Vec<_>>()
        };
        comes("crm", "people", 300, 0);
        comes("crm", "leads", 400, 3);
        assert_eq!(comes("ma", "people", 500, 4), ["crm.people 300 of 1000", "crm.leads 400 of 1000", "ma.people 500 of 1000"]);
        assert_eq!(comes("crm", "people", 600, 5), ["crm.leads 400 of 1000", "ma.people 500 of 1000", "crm.people 600 of 1000"]);
        assert_eq!(comes("crm", "people", 700, 11), ["crm.people 700 of 1000"]);
    }
}
