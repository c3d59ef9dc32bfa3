//! A pass begins.

use super::pass_run::Follows;
use super::pass_run::PassRun;
use super::reading::SweepUnderWay;
use crate::connector::{Pass, Shown};
use crate::engine::engine::Engine;
use crate::model::{Name, ShortText, Time};
use std::collections::BTreeMap;

impl Engine {
    /// Begins a pass over a stream.
    pub fn begin(&mut self, system: &Name, stream: &Name, pass: Pass, now: Time) -> PassRun {
        let mut run = PassRun {
            system: system.clone(),
            stream: stream.clone(),
            began: now,
            began_there: now,
            epoch: 0,
            instance: self.instance_number(system),
            clashed: false,
            read: 0,
            read_before: 0,
            unread: 0,
            unread_new: 0,
            unread_beyond: 0,
            seen_until: self.systems.get(system).and_then(|s| s.streams.get(stream)).and_then(|s| s.read_until),
            changed: 0,
            naming: 0,
            emptied: 0,
            newest: None,
            carries_people: !self.carried_by(system, stream, &pass).is_empty(),
            deals_without_people: Vec::new(),
            shown: Shown::default(),
            newly_refused: 0,
            lacking: BTreeMap::new(),
            follows: None,
            pass,
        };
        run.began_there = self.clocks.there(system, now);
        let Some(state) = self.systems.get_mut(system) else { return run };
        let known = state.streams.entry(stream.clone()).or_default();
        if run.pass.is_sweep() && known.sweep.is_none() {
            // There is nothing to go on from.
            run.pass = Pass::Sweep;
        }
        match (&run.pass, &known.sweep) {
            (Pass::SweepFrom(_), Some(sweep)) => {
                (run.began, run.began_there, run.epoch) = (sweep.began, sweep.began_there, sweep.epoch);
                (run.read_before, run.newest, run.shown) = (sweep.read, sweep.newest, sweep.shown);
            }
            (Pass::Sweep | Pass::SweepFrom(_) | Pass::Open, _) => {
                let epoch = state.epochs.entry(stream.clone()).or_default();
                *epoch += 1;
                run.epoch = *epoch;
            }
            // What changes while a sweep is broken off is seen all the same.
            (_, Some(sweep)) => run.epoch = sweep.epoch,
            (_, None) => {}
        }
        if run.pass == Pass::Sweep {
            let (began, began_there, epoch) = (run.began, run.began_there, run.epoch);
            known.sweep = Some(SweepUnderWay { began, began_there, epoch, place: None, read: 0, newest: None, shown: Shown::default() });
        }
        run
    }

    /// Begins to read the people of deals that a pass showed without, or without all of them.
    pub fn begin_following(&mut self, system: &Name, stream: &Name, deals: Vec<ShortText>, follows: Follows, now: Time) -> PassRun {
        let run = self.begin(system, stream, Pass::ForEach(deals), now);
        PassRun { follows: Some(follows), ..run }
    }
}
