//! The outer systems of a history, each made of its manifest, and who of their people mail must not reach.

use super::setup::Cast;
use super::switches::Faults;
use crate::fake::Fake;
use crate::fake::pattern::filled;
use crate::fake::place::shown;
use crate::fake::rows::{Molds, Row};
use nayose::model::{Entity, Mark, Time};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that are made get numbers from here on; those below are for rows that come in front of them.
const FIRST_SEQ: usize = 1_000;

/// A record of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Someone {
    pub stream: String,
    pub id: String,
    pub address: String,
}

/// Why nobody may mail an address: what says so, and whether it is the person's own no.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    pub address: String,
    pub system: &'static str,
    pub stream: String,
    pub id: String,
    /// The record of the person there.
    pub person: String,
    pub refusal: bool,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let what = if self.refusal { "says no in" } else { "is named by" };
        write!(f, "{} {what} {}.{} {}", self.address, self.system, self.stream, self.id)
    }
}

/// A record of one system, by its id.
pub type Place = (&'static str, String);

/// Which causes count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Those that whoever reads as the rules ask must know.
    LongAgo,
    /// All of them, where everything was read.
    Now,
}

/// The longest limit of a proof is an hour, and a pass takes a while.
const LONG_MS: i64 = 75 * 60_000;
/// The same of deals and tickets that are proved every 15 minutes, and name somebody who was there for long.
const SHORT_MS: i64 = 20 * 60_000;

/// The systems as they are, whatever anybody knows of them.
pub struct Outer {
    pub now: Time,
    pub fakes: BTreeMap<&'static str, Fake>,
    /// The one in which things go wrong.
    pub played: &'static str,
    pub faults: Faults,
    /// What stops mail now, and since when.
    pub causes: BTreeMap<Cause, Time>,
    /// Marks that somebody set by hand, and nobody else.
    pub by_hand: BTreeSet<Place>,
    /// Records whose mark we were ever about to set: whose it is from then on nobody can tell.
    pub ours: BTreeSet<Place>,
    /// Records of whose last write no answer tells what became: in which batch that was, and by which request.
    pub unsure: BTreeMap<Place, (u64, String)>,
    /// Since when records of persons have their addresses.
    known: BTreeMap<(&'static str, String, String), Time>,
    /// Streams of deals and tickets that are proved often.
    often: BTreeSet<(&'static str, String)>,
    people: usize,
    front: usize,
}

impl Outer {
    pub fn new(cast: &Cast, faults: Faults, now: Time) -> Outer {
        let fakes: BTreeMap<&'static str, Fake> = cast.parts.iter().map(|part| (part.name, part.fake())).collect();
        fakes.values().for_each(|fake| fake.state().next_seq = FIRST_SEQ);
        Outer {
            now,
            fakes,
            played: cast.played,
            faults,
            causes: BTreeMap::new(),
            by_hand: BTreeSet::new(),
            ours: BTreeSet::new(),
            unsure: BTreeMap::new(),
            known: BTreeMap::new(),
            often: cast.often.clone(),
            people: 0,
            front: FIRST_SEQ,
        }
    }

    pub fn systems(&self) -> Vec<&'static str> {
        self.fakes.keys().copied().collect()
    }

    /// Streams that have records of this kind.
    pub fn streams(&self, system: &str, entity: Entity) -> Vec<String> {
        let fake = &self.fakes[system];
        let streams = fake.manifest.streams.iter().filter(|(name, s)| s.entity == entity && fake.molds.contains_key(*name));
        streams.map(|(name, _)| name.clone()).collect()
    }

    /// The stream of the people whom others name, and to whom is written.
    pub fn main_stream(&self, system: &str) -> Option<String> {
        let written = self.fakes[system].manifest.writes.as_ref().map(|writes| writes.stream.clone());
        written.or_else(|| self.streams(system, Entity::Person).into_iter().next())
    }

    pub fn molds(&self, system: &str, stream: &str) -> &Molds {
        &self.fakes[system].molds[stream]
    }

    /// The people of a system who can be reached.
    pub fn people_of(&self, system: &str) -> Vec<Someone> {
        let mut people = Vec::new();
        for stream in self.streams(system, Entity::Person) {
            let molds = self.molds(system, &stream);
            for row in self.fakes[system].state().rows.iter().filter(|row| row.stream == stream && !molds.is_deleted(&row.raw)) {
                people.extend(molds.address(&row.raw).map(|address| Someone { stream: stream.clone(), id: row.id.clone(), address }));
            }
        }
        people
    }

    /// A new address.
    pub fn nobody_yet(&mut self) -> String {
        self.people += 1;
        format!("h{}@people.example", self.people)
    }

    pub fn addresses(&self) -> Vec<String> {
        (1..=self.people).map(|number| format!("h{number}@people.example")).collect()
    }

    /// Somebody is written down in a system.
    pub fn add_person(&mut self, system: &'static str, stream: &str, address: &str) -> String {
        let seq = self.next_seq(system);
        self.add(system, stream, seq, address)
    }

    /// The same, in front of all others.
    pub fn add_in_front(&mut self, system: &'static str, stream: &str, address: &str) -> String {
        self.front -= 1;
        self.add(system, stream, self.front, address)
    }

    fn add(&mut self, system: &'static str, stream: &str, seq: usize, address: &str) -> String {
        let fake = &self.fakes[system];
        let writes = fake.manifest.writes.as_ref().filter(|writes| writes.stream == stream);
        let row = fake.molds[stream].person(writes, seq, self.now, address);
        let id = row.id.clone();
        fake.state().rows.push(row);
        id
    }

    pub fn next_seq(&self, system: &str) -> usize {
        let mut state = self.fakes[system].state();
        state.next_seq += 1;
        state.next_seq
    }

    /// Changes a row, now.
    pub fn edit<T>(&self, system: &str, stream: &str, id: &str, edit: impl FnOnce(&Molds, &mut Row) -> T) -> Option<T> {
        let molds = self.molds(system, stream);
        let mut state = self.fakes[system].state();
        let row = state.row_mut(stream, id)?;
        let done = edit(molds, row);
        molds.touch(row, self.now);
        Some(done)
    }

    /// It is deleted, in the way of its system.
    pub fn delete(&self, system: &str, stream: &str, id: &str) {
        let fake = &self.fakes[system];
        let tells = fake.manifest.streams[stream].feed.as_ref().is_some_and(|feed| feed.deleted.is_some());
        if tells {
            fake.state().deleted.push((stream.to_string(), id.to_string(), self.now));
        } else if self.edit(system, stream, id, Molds::delete) == Some(true) {
            return;
        }
        fake.state().rows.retain(|row| row.stream != stream || row.id != id);
    }

    /// Deals and tickets of a system that are there: stream, id, and whether they stop mail.
    pub fn cases(&self, system: &str) -> Vec<(String, String, bool)> {
        let streams = [Entity::Deal, Entity::Ticket].into_iter().flat_map(|entity| self.streams(system, entity));
        let mut cases = Vec::new();
        for stream in streams {
            let molds = self.molds(system, &stream);
            let state = self.fakes[system].state();
            let rows = state.rows.iter().filter(|row| row.stream == stream && !molds.is_deleted(&row.raw));
            cases.extend(rows.map(|row| (stream.clone(), row.id.clone(), molds.stops(&row.raw))));
        }
        cases
    }

    /// Whom a case names, of those who can be reached.
    pub fn concerned(&self, system: &str, stream: &str, id: &str) -> Vec<Someone> {
        let named = {
            let state = self.fakes[system].state();
            let row = state.rows.iter().find(|row| row.stream == stream && row.id == id);
            row.map(|row| self.molds(system, stream).people(&row.raw)).unwrap_or_default()
        };
        self.people_of(system).into_iter().filter(|someone| named.contains(&someone.id)).collect()
    }

    /// Looks at what stops mail now. Whatever stopped it before has done so since then.
    pub fn notice(&mut self) {
        let (mut now, mut known) = (BTreeMap::new(), BTreeMap::new());
        let mut add = |cause: Cause| {
            let since = self.causes.get(&cause).copied().unwrap_or(self.now);
            now.insert(cause, since);
        };
        for system in self.systems() {
            for (stream, id, _) in self.cases(system).into_iter().filter(|(.., stops)| *stops) {
                for someone in self.concerned(system, &stream, &id) {
                    let (stream, id) = (stream.clone(), id.clone());
                    add(Cause { address: someone.address, system, stream, id, person: someone.id, refusal: false });
                }
            }
            for someone in self.people_of(system) {
                let place = (system, someone.id.clone(), someone.address.clone());
                let since = self.known.get(&place).copied().unwrap_or(self.now);
                known.insert(place, since);
                if self.refuses(system, &someone) {
                    let Someone { stream, id, address } = someone;
                    add(Cause { address, system, stream, person: id.clone(), id, refusal: true });
                }
            }
        }
        (self.causes, self.known) = (now, known);
    }

    pub fn refuses(&self, system: &str, someone: &Someone) -> bool {
        let molds = self.molds(system, &someone.stream);
        let state = self.fakes[system].state();
        let mut rows = state.rows.iter().filter(|row| row.stream == someone.stream && row.id == someone.id);
        rows.any(|row| molds.refuses(&row.raw))
    }

    /// Whether the mark that stops mail stands in a record that is written to; `None`: there is no such record, or no such mark.
    pub fn is_blocked(&self, system: &str, id: &str) -> Option<bool> {
        let fake = &self.fakes[system];
        let writes = fake.manifest.writes.as_ref().filter(|writes| writes.block.is_some())?;
        let state = fake.state();
        let row = state.rows.iter().find(|row| row.stream == writes.stream && row.id == id)?;
        Some(fake.molds[&writes.stream].is_blocked(writes, &row.raw))
    }

    /// What a record shows of its status.
    pub fn status_of(&self, system: &str, id: &str) -> String {
        let fake = &self.fakes[system];
        let Some(writes) = &fake.manifest.writes else { return String::new() };
        let path = filled(&fake.molds[&writes.stream].record().marks[&Mark::Status].path, &fake.known);
        let state = fake.state();
        let row = state.rows.iter().find(|row| row.stream == writes.stream && row.id == id);
        row.map(|row| shown(&row.raw, &path)).unwrap_or_default()
    }

    /// Somebody sets or lifts the mark by hand.
    pub fn set_by_hand(&mut self, system: &'static str, id: &str, blocked: bool) {
        let fake = &self.fakes[system];
        let Some(writes) = fake.manifest.writes.clone() else { return };
        self.edit(system, &writes.stream, id, |molds, row| molds.set_block(&writes, row, blocked));
        let place = (system, id.to_string());
        if blocked && !self.ours.contains(&place) {
            self.by_hand.insert(place);
        } else {
            self.by_hand.remove(&place);
        }
    }

    /// What stops mail to an address.
    pub fn stopped(&self, address: &str, since: Since) -> Option<&Cause> {
        self.stopped_by(address, since, |_| true)
    }

    /// Why a record must show the mark: whoever says no there itself needs none for a no.
    pub fn marked_for(&self, system: &str, someone: &Someone, since: Since) -> Option<&Cause> {
        let says_no = self.refuses(system, someone);
        self.stopped_by(&someone.address, since, |cause| !says_no || !cause.refusal)
    }

    fn stopped_by(&self, address: &str, since: Since, counts: impl Fn(&Cause) -> bool) -> Option<&Cause> {
        let mut causes = self.causes.iter().filter(|(cause, _)| cause.address == address && counts(cause));
        causes.find(|(cause, at)| since == Since::Now || self.is_long_ago(cause, **at)).map(|(cause, _)| cause)
    }

    fn is_long_ago(&self, cause: &Cause, since: Time) -> bool {
        let ago = |at: Time| self.now.0 - at.0;
        // What could not be read is known from when it could.
        let hidden = |id: &str| self.faults.hidden.get(id).copied().filter(|_| cause.system == self.played).unwrap_or_default();
        let since = since.max(hidden(&cause.id));
        let known = self.known.get(&(cause.system, cause.person.clone(), cause.address.clone()));
        let person = known.copied().unwrap_or(self.now).max(hidden(&cause.person));
        let is_proved_often = !cause.refusal && self.often.contains(&(cause.system, cause.stream.clone()));
        ago(person) >= LONG_MS && ago(since) >= if is_proved_often { SHORT_MS } else { LONG_MS }
    }
}
