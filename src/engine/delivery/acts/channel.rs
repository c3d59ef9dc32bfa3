//! The way to one system: what is under way, what waits for a look, and what the system's own trouble lets through. Pure.

use super::look_first::FirstLooks;
use super::passed_over::PassedOver;
use super::retrying::{LOOK_WAIT, LOOK_WAIT_MAX, Retrying, doubled};
use crate::connector::{Lane, Outcome};
use crate::engine::memory::place::Idx;
use crate::engine::memory::places::Places;
use crate::model::{Span, Time};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Batches on their way to one system at the same time.
const WRITES_MAX: usize = 8;
/// Of these so many are kept for protective writes.
const KEPT_FOR_PROTECTIVE: usize = 2;
/// And of the rest so many for releases.
const KEPT_FOR_RELEASES: usize = 1;
/// Looks at what became of writes, under way at the same time.
const READ_BACKS_MAX: usize = 2;

/// Batches in a row that came to nothing before only single writes are tried.
const FAILURES_MAX: u32 = 5;
/// Between two such tries; twice as long after each.
const PROBE_WAIT: Span = Span::seconds(5);
const PROBE_WAIT_MAX: Span = Span::minutes(5);
/// A system that asks to wait without saying how long, or again and again.
const LATER_WAIT: Span = Span::seconds(5);
/// The longest that a system's own word keeps a protective write from being tried, and any other.
const LATER_MAX: [Span; 2] = [Span::minutes(5), Span::minutes(64)];
/// After a field write that failed or was slow, no field rides along with another record's stop mark for so long.
const NO_COMPANY_FOR: Span = Span::minutes(60);
const SLOW: Span = Span::seconds(5);

/// Which of the writes that are due in a lane may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pick {
    All,
    /// Those that did not fail before: a new cause is tried at once.
    Fresh,
    /// One, to see whether the system works again.
    Probe,
}

/// What became of a batch as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// The system answered, were it with a no.
    Through,
    Nothing,
    Later(Span),
}

#[derive(Debug, Default)]
pub struct Channel {
    in_flight: Places,
    touched: Places,
    unknown: BTreeMap<Idx, Arc<str>>,
    /// Records that no listing shows, and that are to be asked for. They may be written to meanwhile.
    unlisted: BTreeSet<Idx>,
    looked_at: Places,
    writes: [usize; 3],
    looks: usize,
    look_wait: Retrying,
    /// The last of those at whom the last look failed.
    look_failed_up_to: Option<Idx>,
    first_looks: FirstLooks,
    passed_over: PassedOver,
    /// The system asked to wait: protective writes until then, and the others.
    quiet: [Option<Time>; 2],
    laters: u32,
    breaker: Breaker,
    no_company_until: Option<Time>,
    /// Targets that were found without the block that we set.
    blocks_lost: u64,
    /// Targets whose block became somebody else's.
    blocks_taken_over: u64,
}

/// Stops all but single tries while a system fails. What protects and did not fail before is always tried.
#[derive(Debug, Default)]
struct Breaker {
    failures: u32,
    why: Option<Box<str>>,
    probe: Retrying,
    probing: bool,
    /// The last probe was a protective write: then the others have a turn.
    probed_protective: bool,
}

fn side(lane: Lane) -> usize {
    usize::from(lane != Lane::Protective)
}

fn place(lane: Lane) -> usize {
    match lane {
        Lane::Protective => 0,
        Lane::Release => 1,
        Lane::Fields | Lane::Read | Lane::ReadBack => 2,
    }
}

impl Channel {
    /// The lanes that may be gathered for now, in order.
    pub fn turns(&self, now: Time) -> Vec<(Lane, Pick)> {
        const ALL: [Lane; 3] = [Lane::Protective, Lane::Release, Lane::Fields];
        let breaker = &self.breaker;
        let mut turns: Vec<(Lane, Pick)> = Vec::new();
        if !breaker.is_open() {
            turns.extend(ALL.map(|lane| (lane, Pick::All)));
        } else {
            turns.push((Lane::Protective, Pick::Fresh));
            if !breaker.probing && breaker.probe.is_over(now) {
                turns.extend(ALL.map(|lane| (lane, Pick::Probe)));
                if breaker.probed_protective {
                    turns[1..].rotate_left(1);
                }
            }
        }
        turns.retain(|(lane, _)| self.has_room(*lane) && self.quiet[side(*lane)].is_none_or(|until| until <= now));
        turns
    }

    fn has_room(&self, lane: Lane) -> bool {
        let [_, releases, fields] = self.writes;
        let common = WRITES_MAX - KEPT_FOR_PROTECTIVE;
        match lane {
            Lane::Protective => self.writes.iter().sum::<usize>() < WRITES_MAX,
            Lane::Release => releases + fields < common,
            Lane::Fields | Lane::Read | Lane::ReadBack => releases + fields < common - KEPT_FOR_RELEASES,
        }
    }

    /// Whether a request of this record is under way, or what became of its last write is not known.
    pub fn is_busy(&self, idx: Idx) -> bool {
        self.in_flight.contains(&idx) || self.unknown.contains_key(&idx) || self.looked_at.contains(&idx)
    }

    pub fn is_in_flight(&self, idx: Idx) -> bool {
        self.in_flight.contains(&idx)
    }

    /// Nothing is under way.
    pub fn is_at_rest(&self) -> bool {
        self.looks == 0 && self.first_looks.is_at_rest() && self.writes.iter().sum::<usize>() == 0
    }

    /// A batch leaves.
    pub fn leaves(&mut self, places: &[Idx], lane: Lane, pick: Pick) {
        self.in_flight.extend(places);
        self.first_looks.written(places);
        self.writes[place(lane)] += 1;
        if pick == Pick::Probe {
            self.breaker.probing = true;
            self.breaker.probed_protective = lane == Lane::Protective;
        }
    }

    /// A batch was answered. True: the system works again, after it was given up for a while.
    pub fn answered(&mut self, batch: Answered<'_>, now: Time) -> bool {
        for idx in batch.places {
            self.in_flight.remove(idx);
        }
        let under_way = &mut self.writes[place(batch.lane)];
        *under_way = under_way.saturating_sub(1);
        if batch.pick == Pick::Probe {
            self.breaker.probing = false;
        }
        let spotless = batch.outcomes.iter().all(|o| *o == Outcome::Applied);
        if batch.has_fields && (!spotless || now.since(batch.sent_at) >= SLOW) {
            self.no_company_until = Some(now.plus(NO_COMPANY_FOR));
        }
        match came(batch.outcomes) {
            Came::Through => {
                self.laters = 0;
                self.quiet = [None; 2];
                let was_open = self.breaker.is_open();
                self.breaker = Breaker::default();
                was_open
            }
            Came::Nothing => {
                self.breaker.failed(batch.pick, batch.outcomes, now);
                false
            }
            Came::Later(told) => {
                let side = side(batch.lane);
                let wait = doubled(LATER_WAIT, self.laters, LATER_MAX[side]).0.max(told.0.min(LATER_MAX[side].0));
                self.laters += 1;
                self.quiet[side] = self.quiet[side].max(Some(now.plus(Span(wait))));
                false
            }
        }
    }

    /// The system answers again, as reading it showed: the next probe is tried at once. True: no probe is needed.
    pub fn may_work_again(&mut self) -> bool {
        self.breaker.probe.until = None;
        self.look_wait.until = None;
        !self.breaker.is_open()
    }

    /// Decided on anew: if a write is under way, it may not carry all that is wanted now.
    pub fn touch(&mut self, idx: Idx) {
        if self.in_flight.contains(&idx) {
            self.touched.insert(idx);
        }
    }

    pub fn take_touched(&mut self, idx: Idx) -> bool {
        self.touched.remove(&idx)
    }

    /// The system is taken out: nobody waits for the answers any more.
    pub fn loses_its_answers(&mut self) {
        let why: Arc<str> = "the system was taken out while it was written to".into();
        self.unknown.extend(self.in_flight.drain().map(|idx| (idx, why.clone())));
        (self.writes, self.looks) = Default::default();
        self.looked_at.clear();
        self.unlisted.clear();
        self.first_looks = FirstLooks::default();
    }

    /// Sent, and nobody told what became of it.
    pub fn lost_answer(&mut self, idx: Idx, why: Arc<str>) {
        self.unknown.insert(idx, why);
    }

    /// No listing shows the record: whether it is there is to be asked.
    pub fn is_unlisted(&mut self, idx: Idx) {
        self.unlisted.insert(idx);
    }

    pub fn has_unknown(&self) -> bool {
        !self.unknown.is_empty()
    }

    /// Records to look at now, as one request; after a look that failed fewer at once, so that one record hides no others for long.
    pub fn to_look_at(&mut self, at_once: usize, now: Time) -> Vec<Idx> {
        if self.looks >= READ_BACKS_MAX || !self.look_wait.is_over(now) {
            return Vec::new();
        }
        let at_once = (at_once >> self.look_wait.failures.min(16)).max(1);
        // What a write waits for comes first.
        let waiting = || {
            let unlisted = self.unlisted.iter().filter(|i| !self.unknown.contains_key(*i));
            self.unknown.keys().chain(unlisted).copied().filter(|i| !self.in_flight.contains(i) && !self.looked_at.contains(i))
        };
        // After those who failed, as they may fail again.
        let failed = |idx: &Idx| Some(*idx) <= self.look_failed_up_to;
        let found: Vec<Idx> = waiting().filter(|idx| !failed(idx)).chain(waiting().filter(failed)).take(at_once).collect();
        if !found.is_empty() {
            self.looks += 1;
            self.looked_at.extend(&found);
        }
        found
    }

    /// A look ended.
    pub fn looked(&mut self, at: &[Idx], answered: bool, now: Time) {
        self.looks = self.looks.saturating_sub(1);
        for idx in at {
            self.looked_at.remove(idx);
        }
        match answered {
            true => (self.look_wait, self.look_failed_up_to) = (Retrying::default(), None),
            false => {
                self.look_failed_up_to = at.iter().max().copied();
                self.look_wait.failed(LOOK_WAIT, LOOK_WAIT_MAX, now);
            }
        }
    }

    /// What is looked at before fields are written.
    pub fn first_looks(&self) -> &FirstLooks {
        &self.first_looks
    }

    pub(super) fn first_looks_mut(&mut self) -> &mut FirstLooks {
        &mut self.first_looks
    }

    /// Of whom a row was passed over that showed something else than our write.
    pub fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    pub fn passed_over_mut(&mut self) -> &mut PassedOver {
        &mut self.passed_over
    }

    /// What became of the record's last write is known now. Gives why it was not.
    pub fn is_known(&mut self, idx: Idx) -> Option<Arc<str>> {
        self.unlisted.remove(&idx);
        self.unknown.remove(&idx)
    }

    /// Whether fields of other records may ride along in a request that protects.
    pub fn may_take_company(&self, now: Time) -> bool {
        !self.breaker.is_open() && self.no_company_until.is_none_or(|until| until <= now)
    }

    pub fn is_open(&self) -> bool {
        self.breaker.is_open()
    }

    /// Why writes come to nothing, and when the next is tried.
    pub fn trouble(&self) -> Option<(&str, Option<Time>)> {
        let why = self.breaker.why.as_deref().filter(|_| self.breaker.is_open())?;
        Some((why, self.breaker.probe.until))
    }

    /// The system asked to wait until then.
    pub fn quiet_until(&self, now: Time) -> Option<Time> {
        self.quiet.iter().flatten().copied().filter(|until| *until > now).max()
    }

    /// A target was found without the block that we set.
    pub fn lost_a_block(&mut self) {
        self.blocks_lost += 1;
    }

    /// Somebody put their own words in the place of a target's block, or of its reason.
    pub fn had_a_block_taken_over(&mut self) {
        self.blocks_taken_over += 1;
    }

    pub fn blocks_taken_over(&self) -> u64 {
        self.blocks_taken_over
    }

    pub fn blocks_lost(&self) -> u64 {
        self.blocks_lost
    }

    /// Whether time alone lets something go that waits.
    pub fn lets_something_go(&self, now: Time) -> bool {
        !self.breaker.is_open() || (!self.breaker.probing && self.breaker.probe.is_over(now))
    }
}

/// A batch that was answered.
pub struct Answered<'a> {
    pub places: &'a [Idx],
    pub lane: Lane,
    pub pick: Pick,
    pub sent_at: Time,
    pub has_fields: bool,
    pub outcomes: &'a [Outcome],
}

fn came(outcomes: &[Outcome]) -> Came {
    let mut later = None;
    for outcome in outcomes {
        match outcome {
            Outcome::Applied | Outcome::Rejected(_) => return Came::Through,
            Outcome::Later { wait, .. } => later = later.max(Some(*wait)),
            Outcome::NotSent(_) | Outcome::Unknown(_) => {}
        }
    }
    later.map_or(Came::Nothing, Came::Later)
}

impl Breaker {
    fn is_open(&self) -> bool {
        self.failures >= FAILURES_MAX
    }

    fn failed(&mut self, pick: Pick, outcomes: &[Outcome], now: Time) {
        let was_open = self.is_open();
        self.failures = self.failures.saturating_add(1);
        self.why = outcomes.iter().find_map(|o| match o {
            Outcome::NotSent(why) | Outcome::Unknown(why) => Some(why.as_str().into()),
            _ => None,
        });
        // What left before it opened says nothing new.
        if pick == Pick::Probe || !was_open && self.is_open() {
            self.probe.failed(PROBE_WAIT, PROBE_WAIT_MAX, now);
        }
    }
}

#[cfg(test)]
mod tests;
