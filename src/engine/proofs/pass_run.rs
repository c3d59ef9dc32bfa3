//! A pass over a stream, from its begin: what it is told, and what it brings along.

use super::reading::SweepUnderWay;
use crate::connector::{Pass, Shown};
use crate::engine::engine::Engine;
use crate::model::{Name, RecordId, ShortText, Time};
use std::collections::BTreeMap;

/// What a pass is told at its begin and brings along.
#[derive(Debug, Clone)]
pub struct PassRun {
    pub system: Name,
    pub stream: Name,
    pub pass: Pass,
    /// When it began, by our clock; of a sweep that goes on, when that was begun.
    pub began: Time,
    /// The same by the system's clock.
    pub began_there: Time,
    pub epoch: u32,
    /// Of the system's instance, as [`Engine::instance_number`].
    pub instance: u32,
    /// It showed an id that another stream's record has.
    pub clashed: bool,
    pub read: u64,
    /// What a sweep that goes on had read before.
    pub read_before: u64,
    pub changed: u64,
    /// The last moment before this pass at which the stream was read.
    pub(crate) seen_until: Option<Time>,
    /// Rows that were kept out; those of them that are new; and those that were too many.
    pub unread: u64,
    pub(crate) unread_new: u64,
    pub(crate) unread_beyond: usize,
    /// The newest change that this pass saw.
    pub newest: Option<Time>,
    /// Deals that it told to name somebody, and those that did before and name nobody now.
    pub(crate) naming: usize,
    pub(crate) emptied: usize,
    /// It proves the people of its deals along with them.
    pub carries_people: bool,
    /// Deals that this pass showed changed, without all of their people.
    pub deals_without_people: Vec<ShortText>,
    /// What its rows showed of the fields that something rests on.
    pub shown: Shown,
    /// Records that were known before, and show a no that nobody knew of.
    pub(in crate::engine) newly_refused: usize,
    /// Records without an opt-out field that no row of it has shown so far.
    pub(in crate::engine) lacking: BTreeMap<RecordId, Vec<ShortText>>,
    /// It asks for the people of some deals only, which another pass showed without.
    pub follows: Option<Follows>,
}

/// What reading the people of some deals is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follows {
    /// The pass before would have proved the people along with its deals, as of then: it does once these are read.
    pub proves_at: Option<Time>,
}

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
