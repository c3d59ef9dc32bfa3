//! A pass begins.

use super::pass_run::Follows;
use super::pass_run::PassRun;
use super::reading::{StreamState, SweepUnderWay};
use crate::connector::{Pass, Shown};
use crate::engine::engine::Engine;
use crate::model::{Name, ShortText, Time};
use std::collections::BTreeMap;

impl Engine {
    /// Begins a pass over a stream.
    pub fn begin(&mut self, system: &Name, stream: &Name, pass: Pass, now: Time) -> PassRun {
        let carries_people = !self.carried_by(system, stream, &pass).is_empty();
        let began_there = self.clocks.there(system, now);
        let instance = self.instance_number(system);
        let mut run = PassRun { instance, carries_people, began_there, ..PassRun::new(system, stream, pass, now) };
        let Some(state) = self.systems.get_mut(system) else { return run };
        let (known, epoch) = state.streams.begin(stream);
        run.begin(known, epoch);
        run
    }

    /// Begins to read the people of deals that a pass showed without, or without all of them.
    pub fn begin_following(&mut self, system: &Name, stream: &Name, deals: Vec<ShortText>, follows: Follows, now: Time) -> PassRun {
        let run = self.begin(system, stream, Pass::ForEach(deals), now);
        PassRun { follows: Some(follows), ..run }
    }
}

impl PassRun {
    /// A pass of which nothing is known but when it began, by our clock.
    pub(in crate::engine) fn new(system: &Name, stream: &Name, pass: Pass, now: Time) -> PassRun {
        PassRun {
            system: system.clone(),
            stream: stream.clone(),
            pass,
            began: now,
            began_there: now,
            epoch: 0,
            instance: 0,
            clashed: false,
            read: 0,
            read_before: 0,
            changed: 0,
            seen_until: None,
            unread: 0,
            unread_new: 0,
            unread_beyond: 0,
            newest: None,
            naming: 0,
            emptied: 0,
            carries_people: false,
            deals_without_people: Vec::new(),
            shown: Shown::default(),
            shown_at: None,
            newly_refused: 0,
            lacking: BTreeMap::new(),
            follows: None,
        }
    }

    /// Begins over a stream of which this is known: anew, or on from a sweep that was broken off. `epoch` is that of its last whole look.
    fn begin(&mut self, known: &mut StreamState, epoch: &mut u32) {
        self.seen_until = known.read_until;
        if self.pass.is_sweep() && known.sweep.is_none() {
            // There is nothing to go on from.
            self.pass = Pass::Sweep;
        }
        match (&self.pass, &known.sweep) {
            (Pass::SweepFrom(_), Some(sweep)) => {
                (self.began, self.began_there, self.epoch) = (sweep.began, sweep.began_there, sweep.epoch);
                (self.read_before, self.newest, self.shown) = (sweep.read, sweep.newest, sweep.shown);
            }
            (Pass::Sweep | Pass::SweepFrom(_) | Pass::Open, _) => {
                *epoch += 1;
                self.epoch = *epoch;
            }
            // What changes while a sweep is broken off is seen all the same.
            (_, Some(sweep)) => self.epoch = sweep.epoch,
            (_, None) => {}
        }
        if let Pass::Resume { cursor: None, since } = &mut self.pass {
            // A sweep may have come before it since it was planned, which told the system's clock, too.
            *since = known.feed_begins(self.began_there);
        }
        if self.pass == Pass::Sweep {
            let (began, began_there, epoch) = (self.began, self.began_there, self.epoch);
            known.sweep = Some(SweepUnderWay { began, began_there, epoch, place: None, read: 0, newest: None, shown: Shown::default() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(pass: Pass, now: Time, known: &mut StreamState, epoch: &mut u32) -> PassRun {
        let mut run = PassRun { began_there: now.plus(crate::model::Span(7)), ..PassRun::new(&"crm".into(), &"deals".into(), pass, now) };
        run.begin(known, epoch);
        run
    }

    #[test]
    fn a_sweep_goes_on_as_it_began_and_what_comes_between_is_seen_with_it() {
        let (mut known, mut epoch) = (StreamState { read_until: Some(Time(90)), ..StreamState::default() }, 4);
        let sweep = begun(Pass::Sweep, Time(100), &mut known, &mut epoch);
        assert_eq!((sweep.epoch, sweep.seen_until, sweep.read_before), (5, Some(Time(90)), 0));
        let under_way = known.sweep.as_mut().unwrap();
        assert_eq!((under_way.began, under_way.began_there, under_way.epoch), (Time(100), Time(107), 5));
        (under_way.place, under_way.read, under_way.newest) = (Some("p2".into()), 40, Some(Time(60)));
        under_way.shown = Shown { fields: 3, rows: 40 };
        let changes = begun(Pass::Changes(Time(50)), Time(200), &mut known, &mut epoch);
        assert_eq!((changes.began, changes.epoch, changes.read_before), (Time(200), 5, 0));
        let on = begun(Pass::SweepFrom("p2".into()), Time(300), &mut known, &mut epoch);
        assert_eq!((on.began, on.began_there, on.epoch), (Time(100), Time(107), 5));
        assert_eq!((on.read_before, on.newest, on.shown), (40, Some(Time(60)), Shown { fields: 3, rows: 40 }));
        assert!(known.sweep.is_some_and(|s| s.read == 40), "its place is not lost by going on");
    }

    #[test]
    fn each_whole_look_has_an_epoch_of_its_own_and_the_others_none() {
        let (mut known, mut epoch) = (StreamState::default(), 4);
        for (pass, want, want_epoch) in [
            (Pass::Changes(Time(1)), Pass::Changes(Time(1)), 0),
            (Pass::ById(Vec::new()), Pass::ById(Vec::new()), 0),
            (Pass::Open, Pass::Open, 5),
            (Pass::SweepFrom("lost".into()), Pass::Sweep, 6),
            (Pass::Open, Pass::Open, 7),
            (Pass::Sweep, Pass::Sweep, 8),
        ] {
            let run = begun(pass, Time(100), &mut known, &mut epoch);
            assert_eq!((run.pass, run.epoch), (want, want_epoch));
        }
        assert!(known.sweep.is_some_and(|s| s.epoch == 8), "a sweep that begins anew is the one under way");
    }
}
