//! People whom an open deal or ticket names, who were never read, and whom no stream can look up: they may be anybody. Their stream is not
//! proved until they are read, nobody names them any more, or a named person accepts them.

use super::doubts::{Concerns, Doubt};
use super::unread_rows::ROWS_MAX;
use crate::connector::Pass;
use crate::engine::engine::Engine;
use crate::engine::guard::limits::short_hash;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Entity, RecordId, Time, counted};
use std::collections::BTreeSet;

/// People whom the line in `status` names.
const NAMED_MAX: usize = 3;

impl Engine {
    /// At the end of a pass over deals or tickets: takes such people into doubt, and lets go of those who are none any more.
    pub(in crate::engine) fn doubt_unknown_people(&mut self, run: &PassRun, now: Time) {
        let info = self.systems.get(&run.system).and_then(|s| s.infos.get(&run.stream));
        let is_cause = info.is_some_and(|i| matches!(i.entity, Entity::Deal | Entity::Ticket));
        if !is_cause || matches!(run.pass, Pass::ForEach(_) | Pass::FilterTest(_)) || !self.look_ups.reads_whole(&run.system) {
            return;
        }
        let unknown: BTreeSet<RecordId> = match self.can_look_up_people(run) {
            true => BTreeSet::new(),
            false => self.look_ups.wanted_people(&run.system).filter(|id| self.is_named_and_unknown(id, run, now)).cloned().collect(),
        };
        let over = |(cause, d): &(&RecordId, &Doubt)| cause.entity == Entity::Person && d.stream == run.stream && !unknown.contains(*cause);
        let over: Vec<RecordId> = self.doubts.of_stream(&run.system, &run.stream).filter(over).map(|(cause, _)| cause.clone()).collect();
        over.iter().for_each(|cause| self.end_doubt(cause));
        let named: Vec<String> = unknown.iter().take(NAMED_MAX).map(ToString::to_string).collect();
        let why = format!(
            "{} named there and never read, whom no stream can look up: {}{}",
            counted(unknown.len(), "person who is", "people who are"),
            named.join(", "),
            if unknown.len() > NAMED_MAX { ", .." } else { "" }
        );
        for id in unknown.into_iter().take(ROWS_MAX) {
            let row = format!("q_{:012x}", short_hash(&id.key()) >> 16);
            let before = self.doubts.get(&id).cloned();
            if self.doubts.is_accepted(&row) || before.as_ref().is_some_and(|b| b.stream != run.stream) {
                continue;
            }
            let doubt = Doubt {
                stream: run.stream.clone(),
                row: row.into(),
                why: why.clone(),
                since: before.as_ref().map_or(now, |b| b.since),
                people: Vec::new(),
                accounts: Vec::new(),
                addresses: Vec::new(),
                unlisted: false,
                // It is no row of the stream by its id.
                named: false,
                concerns: Concerns::Anybody,
                epoch: run.epoch.max(before.as_ref().map_or(0, |b| b.epoch)),
            };
            if before.as_ref().is_none_or(|b| b.why != doubt.why || b.epoch != doubt.epoch) {
                self.keep_doubt(id, doubt);
            }
        }
    }

    fn can_look_up_people(&self, run: &PassRun) -> bool {
        let infos = self.systems.get(&run.system).map(|s| &s.infos);
        infos.is_some_and(|infos| infos.values().any(|i| i.entity == Entity::Person && i.by_id > 0))
    }

    /// Whether somebody is not known, and a deal or ticket of the stream that holds names them and no address.
    fn is_named_and_unknown(&self, id: &RecordId, run: &PassRun, now: Time) -> bool {
        let names = |idx: &&Idx| {
            let slot = self.world.slot(**idx);
            if slot.id.system != run.system || slot.stream != run.stream {
                return false;
            }
            let cause = self.world.record(**idx);
            let named = cause.addresses.is_empty() && cause.people.contains(&id.id) && !cause.is_gone();
            named && self.phases_of(**idx, &View::new(&self.world), now).iter().any(|p| p.holds())
        };
        let mut causes = self.world.deals_of_person(id).iter().chain(self.world.tickets_of_person(id));
        self.world.find(id).is_none() && causes.any(|idx| names(&idx))
    }
}
