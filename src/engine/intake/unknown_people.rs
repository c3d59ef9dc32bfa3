//! People whom an open deal or ticket names, who were never read, and whom no stream can look up: they may be anybody. Their stream is not
//! proved until they are read, nobody names them any more, or a named person accepts them.

use super::doubts::{Concerns, Doubt};
use super::unread_rows::ROWS_MAX;
use crate::connector::{Pass, StreamInfo};
use crate::engine::engine::Engine;
use crate::engine::guard::intents::short_hash;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Entity, Record, RecordId, Time, counted};
use std::collections::BTreeSet;

/// People whom the line in `status` names.
const NAMED_MAX: usize = 3;

impl Engine {
    /// At the end of a pass over deals or tickets: takes such people into doubt, and lets go of those who are none any more.
    pub(in crate::engine) fn doubt_unknown_people(&mut self, run: &PassRun, now: Time) {
        let info = self.stream_info(&run.system, &run.stream);
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
        let why = why(&unknown);
        for id in unknown.into_iter().take(ROWS_MAX) {
            let row = row_of(&id);
            if self.doubts.is_accepted(&row) {
                continue;
            }
            if let Some(doubt) = doubt_of(row, &why, run, self.doubts.get(&id), now) {
                self.keep_doubt(id, doubt);
            }
        }
    }

    fn can_look_up_people(&self, run: &PassRun) -> bool {
        let by_id = |i: &StreamInfo| i.entity == Entity::Person && i.by_id > 0;
        self.systems.get(&run.system).is_some_and(|s| s.streams.infos().any(by_id))
    }

    /// Whether somebody is not known, and a deal or ticket of the stream that holds names them and no address.
    fn is_named_and_unknown(&self, id: &RecordId, run: &PassRun, now: Time) -> bool {
        let names = |idx: &&Idx| {
            let slot = self.world.slot(**idx);
            if slot.id.system != run.system || slot.stream != run.stream {
                return false;
            }
            speaks_of_nobody_but_by_id(&self.world.record(**idx), id)
                && self.phases_of(**idx, &View::new(&self.world), now).iter().any(|p| p.holds())
        };
        let mut causes = self.world.deals_of_person(id).iter().chain(self.world.tickets_of_person(id));
        self.world.find(id).is_none() && causes.any(|idx| names(&idx))
    }
}

/// What is told of all of them.
fn why(unknown: &BTreeSet<RecordId>) -> String {
    let named: Vec<String> = unknown.iter().take(NAMED_MAX).map(ToString::to_string).collect();
    format!(
        "{} named there and never read, whom no stream can look up: {}{}",
        counted(unknown.len(), "person who is", "people who are"),
        named.join(", "),
        if unknown.len() > NAMED_MAX { ", .." } else { "" }
    )
}

/// By which a named person accepts one of them: the same over passes and restarts.
fn row_of(id: &RecordId) -> String {
    format!("q_{:012x}", short_hash(&id.key()) >> 16)
}

/// What is to be kept of one of them. `None`: it is known just so, or another stream's already.
fn doubt_of(row: String, why: &str, run: &PassRun, before: Option<&Doubt>, now: Time) -> Option<Doubt> {
    let epoch = run.epoch.max(before.map_or(0, |b| b.epoch));
    if before.is_some_and(|b| b.stream != run.stream || (b.why == why && b.epoch == epoch)) {
        return None;
    }
    Some(Doubt {
        stream: run.stream.clone(),
        row: row.into(),
        why: why.into(),
        since: before.map_or(now, |b| b.since),
        people: Vec::new(),
        accounts: Vec::new(),
        addresses: Vec::new(),
        unlisted: false,
        // It is no row of the stream by its id.
        named: false,
        concerns: Concerns::Anybody,
        epoch,
    })
}

/// Whether a deal or ticket that is there names somebody by the id, and no address by which they would be found.
fn speaks_of_nobody_but_by_id(cause: &Record, id: &RecordId) -> bool {
    cause.addresses.is_empty() && cause.people.contains(&id.id) && !cause.is_gone()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Address, Presence};

    fn id(text: &str) -> RecordId {
        text.parse().unwrap()
    }

    #[test]
    fn three_of_them_are_named() {
        let of = |many: usize| why(&(1..=many).map(|i| id(&format!("crm:person:{i}"))).collect());
        let (rest, three) = ("named there and never read, whom no stream can look up", "crm:person:1, crm:person:2, crm:person:3");
        assert_eq!(of(1), format!("1 person who is {rest}: crm:person:1"));
        assert_eq!(of(3), format!("3 people who are {rest}: {three}"));
        assert_eq!(of(4), format!("4 people who are {rest}: {three}, .."));
    }

    #[test]
    fn a_row_is_the_same_each_time_and_another_for_somebody_else() {
        assert_eq!(row_of(&id("crm:person:5")), row_of(&id("crm:person:5")));
        assert_ne!(row_of(&id("crm:person:5")), row_of(&id("crm:person:6")));
        assert!(row_of(&id("crm:person:5")).strip_prefix("q_").is_some_and(|hash| hash.len() == 12));
    }

    #[test]
    fn a_doubt_keeps_when_it_began_and_is_written_again_only_where_something_changed() {
        let mut run = PassRun::new(&"crm".into(), &"deals".into(), Pass::Sweep, Time(50));
        run.epoch = 4;
        let first = doubt_of("q_1".into(), "one", &run, None, Time(50)).unwrap();
        assert_eq!((first.since, first.concerns, first.named, first.epoch), (Time(50), Concerns::Anybody, false, 4));
        let again = |run: &PassRun, why: &str, before: &Doubt| doubt_of("q_1".into(), why, run, Some(before), Time(99));
        assert_eq!(again(&run, "one", &first), None);
        assert_eq!(again(&run, "two", &first), Some(Doubt { why: "two".into(), ..first.clone() }));
        let of_others = Doubt { stream: "tickets".into(), ..first.clone() };
        assert_eq!(again(&run, "two", &of_others), None, "it is another stream's");
        run.epoch = 0;
        assert_eq!(again(&run, "one", &first), None, "a pass that sees nothing takes no sight away");
        run.epoch = 5;
        assert_eq!(again(&run, "one", &first), Some(Doubt { epoch: 5, ..first }));
    }

    #[test]
    fn only_a_cause_that_is_there_and_tells_no_address_speaks_of_somebody_unknown() {
        let mut cause = Record::new(id("crm:ticket:7"));
        cause.people = vec!["5".into()];
        let speaks = |cause: &Record| speaks_of_nobody_but_by_id(cause, &id("crm:person:5"));
        assert!(speaks(&cause) && !speaks_of_nobody_but_by_id(&cause, &id("crm:person:6")));
        assert!(!speaks(&Record { presence: Presence::Gone(Time(1)), ..cause.clone() }));
        assert!(!speaks(&Record { addresses: vec![Address::first("taro@sato.example").unwrap()], ..cause }));
    }
}
