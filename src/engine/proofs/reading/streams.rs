//! The streams of one system: what its connector reads, and what is known of each.

use super::stream::{FormerStreamState, StreamState};
use crate::connector::StreamInfo;
use crate::model::{Name, Time};
use std::collections::BTreeMap;

/// The streams of one system. What is known of one that is not read any more is kept for the day it comes back.
#[derive(Debug, Default)]
pub struct Streams {
    infos: BTreeMap<Name, StreamInfo>,
    known: BTreeMap<Name, StreamState>,
    /// The last whole look at each.
    epochs: BTreeMap<Name, u32>,
    proved_before: Option<Time>,
}

impl Streams {
    /// Of which nothing is known yet.
    pub fn new(infos: Vec<StreamInfo>) -> Streams {
        let mut streams = Streams::default();
        streams.follow(infos);
        streams
    }

    /// Takes what a new connector reads; what is known stays.
    pub fn follow(&mut self, infos: Vec<StreamInfo>) {
        self.infos = infos.into_iter().map(|i| (i.name.clone(), i)).collect();
    }

    /// How a stream is read, if it is.
    pub fn info(&self, stream: &Name) -> Option<&StreamInfo> {
        self.infos.get(stream)
    }

    /// How each stream is read.
    pub fn infos(&self) -> impl Iterator<Item = &StreamInfo> {
        self.infos.values()
    }

    /// Each stream that is read, with what is known of it.
    pub fn each(&self) -> impl Iterator<Item = (&StreamInfo, Option<&StreamState>)> {
        self.infos.values().map(|info| (info, self.of(&info.name)))
    }

    /// What is known of a stream.
    pub fn of(&self, stream: &Name) -> Option<&StreamState> {
        self.known.get(stream)
    }

    /// What is known of a stream, or nothing yet, to be written to.
    pub fn of_mut(&mut self, stream: &Name) -> &mut StreamState {
        self.known.entry(stream.clone()).or_default()
    }

    /// All that is known, also of streams that are not read any more.
    pub fn known(&self) -> impl Iterator<Item = (&Name, &StreamState)> {
        self.known.iter()
    }

    /// What a pass needs that begins over a stream: what is known of it, and the number of its last whole look.
    pub fn begin(&mut self, stream: &Name) -> (&mut StreamState, &mut u32) {
        (self.known.entry(stream.clone()).or_default(), self.epochs.entry(stream.clone()).or_default())
    }

    /// Streams of which a pass ended because the credential was not accepted.
    pub fn credential_refused(&self) -> impl Iterator<Item = &Name> {
        self.known.iter().filter(|(_, s)| s.credential_refused()).map(|(name, _)| name)
    }

    /// The stream that tells the people of this one's deals.
    pub fn telling_people_of(&self, deals: &Name) -> Option<&StreamInfo> {
        self.infos.values().find(|i| i.for_each.as_ref() == Some(deals))
    }

    /// The streams that a pass over this one brings along.
    pub fn carried_by(&self, stream: &Name) -> impl Iterator<Item = &StreamInfo> {
        self.infos.values().filter(move |i| i.carried_by.as_ref() == Some(stream))
    }

    /// What was read so far is read with other eyes from now on: everything is due again.
    pub fn read_anew(&mut self) {
        self.known.values_mut().for_each(StreamState::read_anew);
    }

    /// Takes a stream's state over from a former process.
    pub fn restore(&mut self, stream: Name, state: StreamState, now: Time) {
        self.proved_before = self.proved_before.max(state.proved_at);
        self.known.insert(stream, state.taken_over(now));
    }

    /// Takes over a state in the former form, which counts less than one in ours.
    pub fn restore_former(&mut self, stream: Name, former: FormerStreamState, now: Time) {
        self.known.entry(stream).or_insert_with(|| StreamState::from(former).taken_over(now));
    }

    /// The last proof that a former process left, by its clock: also one that counts no more, as it is still to come.
    pub fn proved_before(&self) -> Option<Time> {
        self.proved_before
    }

    /// Nothing of what is known is of the instance that answers now. Gives whose it was.
    pub fn forget(&mut self) -> Vec<Name> {
        std::mem::take(&mut self.known).into_keys().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::Reads;
    use crate::engine::proofs::schedule::tests::info;
    use crate::model::Entity;

    fn named(name: &str) -> StreamInfo {
        StreamInfo { name: name.into(), ..info(Entity::Deal, Reads::SweepOnly) }
    }

    fn names<'i>(infos: impl Iterator<Item = &'i StreamInfo>) -> Vec<&'i str> {
        infos.map(|i| &*i.name).collect()
    }

    fn former(newest: i64, swept_at: i64) -> FormerStreamState {
        let stored = serde_json::json!({
            "cursor": "c7", "newest": newest, "proved_at": swept_at, "swept_at": swept_at, "filter_tested_at": 40, "filter_broken": false,
            "silent_passes": 1, "error": "gone", "error_since": 3
        });
        serde_json::from_value(stored).unwrap()
    }

    #[test]
    fn a_former_state_is_taken_where_there_is_none_in_our_form() {
        let mut streams = Streams::default();
        streams.restore("deals".into(), StreamState { cursor: Some("ours".into()), ..StreamState::default() }, Time(100));
        streams.restore_former("deals".into(), former(70, 50), Time(100));
        streams.restore_former("people".into(), former(70, 50), Time(100));
        assert_eq!(streams.of(&"deals".into()).unwrap().cursor.as_deref(), Some("ours"));
        let people = streams.of(&"people".into()).unwrap();
        assert_eq!((people.cursor.as_deref(), people.since, people.proved_at), (Some("c7"), Some(Time(50)), Some(Time(50))));
        assert!(people.failures.is_empty() && !people.proved_here);
    }

    #[test]
    fn what_is_known_of_a_stream_waits_for_the_day_that_it_is_read_again() {
        let (deals, leads): (Name, Name) = ("deals".into(), "leads".into());
        let mut streams = Streams::new(vec![named("deals"), named("leads")]);
        streams.of_mut(&leads).proved_at = Some(Time(7));
        assert!(streams.each().map(|(i, known)| (&*i.name, known.is_some())).eq([("deals", false), ("leads", true)]));
        streams.follow(vec![named("deals")]);
        assert!(streams.info(&leads).is_none() && streams.of(&leads).is_some_and(|s| s.proved_at == Some(Time(7))));
        assert_eq!(streams.known().count(), 1);
        streams.of_mut(&deals);
        assert_eq!(streams.forget(), [deals, leads.clone()]);
        assert!(streams.of(&leads).is_none() && names(streams.infos()) == ["deals"]);
    }

    #[test]
    fn whole_looks_are_numbered_on_also_for_another_instance() {
        let deals: Name = "deals".into();
        let mut streams = Streams::new(vec![named("deals")]);
        *streams.begin(&deals).1 += 1;
        streams.forget();
        // What the former instance showed has the numbers before.
        assert_eq!(*streams.begin(&deals).1, 1);
    }

    #[test]
    fn people_of_deals_come_along_or_are_asked_for() {
        let carried = StreamInfo { carried_by: Some("deals".into()), ..named("deal_people") };
        let asked = StreamInfo { for_each: Some("leads".into()), ..named("lead_people") };
        let streams = Streams::new(vec![named("deals"), named("leads"), carried, asked]);
        let told = |deals: &str| (names(streams.carried_by(&deals.into())), streams.telling_people_of(&deals.into()).map(|i| &*i.name));
        assert_eq!((told("deals"), told("leads")), ((vec!["deal_people"], None), (vec![], Some("lead_people"))));
    }

    #[test]
    fn what_a_former_state_dates_after_now_proves_nothing() {
        let mut streams = Streams::default();
        streams.restore_former("people".into(), former(70, 50), Time(45));
        let people = streams.of(&"people".into()).unwrap();
        assert_eq!((people.proved_at, people.swept_at, people.filter_tested_at), (None, None, Some(Time(40))));
    }
}
