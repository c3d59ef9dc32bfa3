//! What is known of one stream: how far it was read, what that proves, and which of its passes failed.

use super::reasons;
use crate::connector::{PassKind, Shown};
use crate::decide::freshness::Proved;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::proofs::clocks::SKEW_MAX;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is known of each stream, by `SYSTEM/STREAM`.
pub(in crate::engine) const STREAM: Kind<StreamState> = Kind::new(Tag::Stream);

/// In the form of formats 2 and 3.
pub(in crate::engine) const FORMER_STREAM: Kind<FormerStreamState> = Kind::new(Tag::FormerStream);

/// A pass that keeps failing waits longer each time, up to this many of its stream's intervals.
const FAILURES_BACK_OFF_MAX: u32 = 5;
/// But never longer than this, unless the system itself asks for more.
const BACK_OFF_MAX: Span = Span::minutes(5);

/// What is known of one stream.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct StreamState {
    /// Where an event feed goes on.
    pub cursor: Option<Box<str>>,
    /// Where the next filtered pass begins, by the system's clock: when the last one began or the newest change that it saw, whichever is
    /// earlier. So that neither a time in the future nor a long pass hides what was changed meanwhile.
    pub since: Option<Time>,
    /// The start of the last complete pass that counts, less the system's lag.
    pub proved_at: Option<Time>,
    pub swept_at: Option<Time>,
    /// When the filter was last asked with a time in the future and gave nothing.
    pub filter_tested_at: Option<Time>,
    /// The filter gave what it should not, or gave nothing where it must: only sweeps count.
    pub filter_broken: bool,
    /// Filtered passes in a row that did not even give the newest known record.
    pub silent_passes: u8,
    /// The passes that failed last, each by itself: one that succeeds says nothing of another.
    pub failures: BTreeMap<PassKind, PassFailure>,
    /// Opt-out fields, by their paths, that the last whole listing showed nothing of and that may be left out of an answer.
    pub not_shown: Vec<Box<str>>,
    /// A sweep that was begun and not ended yet.
    #[serde(skip)]
    pub sweep: Option<SweepUnderWay>,
    /// Where the last whole sweep of this process began, by the system's clock.
    #[serde(skip)]
    pub swept_from: Option<Time>,
    /// Persons: the start of the last complete filtered pass that had a young sweep behind it, less the lag.
    pub filtered_at: Option<Time>,
    /// When the last whole listing ended that told who is missing; of a former process the latest that it may have been.
    #[serde(skip)]
    pub missed_at: Option<Time>,
    /// The last moment at which a page of it was read, by the latest that it may have been.
    pub read_until: Option<Time>,
    /// Rows of it may be anybody's: it proves nothing while they are there. And how many were too many to be looked at.
    #[serde(skip)]
    pub doubted: bool,
    #[serde(skip)]
    pub unread_beyond: usize,
    #[serde(skip)]
    pub filtered_here: bool,
    /// Proved, and swept, by this process: what a former one left may have been told by another clock.
    #[serde(skip)]
    pub proved_here: bool,
    #[serde(skip)]
    pub swept_here: bool,
    /// What is read of it is not what it was, and it was not swept since: of a field that is new nothing was seen yet. A later process reads
    /// anew as well, as long as the state's fingerprint is the former one.
    #[serde(skip)]
    pub reads_otherwise: bool,
    /// What was proved when all that was read was decided on last.
    #[serde(skip)]
    pub decided: Proved,
}

/// Why a kind of pass failed, and when it is tried again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PassFailure {
    pub why: String,
    pub since: Time,
    /// In a row.
    pub times: u32,
    pub retry_at: Time,
    /// The credential was not accepted.
    pub credential: bool,
    /// The system itself asked to wait until `retry_at`.
    pub asked_to_wait: bool,
}

/// A sweep under way: if it is broken off, the next one goes on from its place.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepUnderWay {
    /// By our clock.
    pub began: Time,
    /// By the system's clock.
    pub began_there: Time,
    pub epoch: u32,
    /// Behind the last page that was taken in.
    pub place: Option<Box<str>>,
    pub read: u64,
    pub newest: Option<Time>,
    /// What its rows showed so far of the fields that something rests on.
    pub shown: Shown,
}

impl StreamState {
    /// A pass proved it. Proofs do not go back, but the first of a process takes the place of what a former one left, and so does one by a
    /// clock that was set back: what is still to come proves nothing.
    pub fn proves(&mut self, at: Time, now: Time) {
        if self.doubted {
            return;
        }
        self.proved_at = if self.proved_here { self.proved_at.filter(|before| *before <= now).max(Some(at)) } else { Some(at) };
        self.proved_here = true;
    }

    /// A filtered pass over persons came to its end, and a young sweep stands behind it.
    pub fn proves_filtered(&mut self, at: Time, now: Time) {
        if self.doubted {
            return;
        }
        let before = self.filtered_at.filter(|before| self.filtered_here && *before <= now);
        (self.filtered_at, self.filtered_here) = (before.max(Some(at)), true);
    }

    /// Whether it was swept within a time; never if there is none.
    pub fn swept_within(&self, within: Option<Span>, now: Time) -> bool {
        within.is_some_and(|within| self.swept_at.is_some_and(|at| now.since(at) <= within))
    }

    /// What this process proved itself.
    pub fn proved_here(&self) -> Proved {
        let own = |at: Option<Time>, here: bool| at.filter(|_| here);
        Proved { at: own(self.proved_at, self.proved_here), filtered_at: own(self.filtered_at, self.filtered_here) }
    }

    /// As a later process finds it. A former one whose clock was ahead has left times that are still to come: they prove nothing.
    pub fn taken_over(mut self, now: Time) -> StreamState {
        for at in [&mut self.proved_at, &mut self.filtered_at, &mut self.swept_at, &mut self.filter_tested_at] {
            *at = at.filter(|at| *at <= now);
        }
        for failure in self.failures.values_mut() {
            failure.retry_at = failure.retry_at.min(now);
        }
        self.missed_at = self.read_until.max(self.swept_at);
        self
    }

    /// What was read so far is read with other eyes from now on: everything is due again.
    pub fn read_anew(&mut self) {
        (self.swept_at, self.cursor, self.since, self.sweep, self.swept_from) = (None, None, None, None, None);
        self.reads_otherwise = true;
        self.failures.clear();
        self.not_shown.clear();
    }

    /// Where a feed begins that has no cursor to go on from, by the system's clock: as late as hides nothing that came since the last look.
    /// Before there was one, so much earlier than now as clocks may differ by.
    pub fn feed_begins(&self, now_there: Time) -> Time {
        let swept_since = self.sweep.as_ref().map(|s| s.began_there);
        let sure = self.since.max(self.swept_from).or(swept_since);
        sure.unwrap_or(now_there.minus(SKEW_MAX)).min(now_there)
    }

    /// A filtered pass was complete: the next one begins where it began, or at the newest change known, whichever is earlier.
    pub fn goes_on_from(&mut self, run: &PassRun) {
        if let Some(newest) = self.since.max(run.newest) {
            self.since = Some(newest.min(run.began_there));
        }
    }

    /// Why it cannot be read as it should, by all passes that failed.
    pub fn error(&self) -> Option<String> {
        reasons::joined(self.failures.values().map(|failure| &*failure.why))
    }

    pub fn credential_refused(&self) -> bool {
        self.failures.values().any(|f| f.credential)
    }

    /// Books that a kind of pass failed. `told` is how long the system itself asks to wait.
    pub fn failed(&mut self, kind: PassKind, why: String, credential: bool, told: Option<Span>, every: Span, now: Time) {
        let before = self.failures.remove(&kind);
        let (since, times) = before.map_or((now, 1), |f| (f.since, f.times.saturating_add(1)));
        let own = Span(every.0.saturating_mul(i64::from(1 + times.min(FAILURES_BACK_OFF_MAX)))).min(BACK_OFF_MAX.max(every));
        let retry_at = now.plus(told.unwrap_or(own));
        self.failures.insert(kind, PassFailure { why, since, times, retry_at, credential, asked_to_wait: told.is_some() });
    }

    /// Whether a kind of pass failed and is not to be tried yet.
    pub fn waits(&self, kind: PassKind, haste: Haste, now: Time) -> bool {
        self.failures.get(&kind).is_some_and(|f| f.retry_at > now && (f.asked_to_wait || haste == Haste::AsDue))
    }

    /// When the next pass that failed and waits may be tried again.
    pub fn next_retry(&self, now: Time) -> Option<Time> {
        self.failures.values().map(|f| f.retry_at).filter(|at| *at > now).min()
    }
}

/// Whether the waits that we set ourselves after a failure count; what a system asked for always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// In the stream's own rhythm.
    AsDue,
    /// A person asks, or what failed may just have been mended.
    AtOnce,
}

/// The form in which formats 2 and 3 kept it.
#[derive(Debug, Deserialize)]
#[cfg_attr(test, derive(Serialize))]
pub struct FormerStreamState {
    cursor: Option<Box<str>>,
    /// The newest change that the system told of.
    newest: Option<Time>,
    proved_at: Option<Time>,
    swept_at: Option<Time>,
    filter_tested_at: Option<Time>,
    filter_broken: bool,
    silent_passes: u8,
    #[allow(dead_code, reason = "stands in the stored form")]
    error: Option<String>,
    #[allow(dead_code, reason = "stands in the stored form")]
    error_since: Option<Time>,
}

impl From<FormerStreamState> for StreamState {
    fn from(former: FormerStreamState) -> StreamState {
        let FormerStreamState { cursor, newest, proved_at, swept_at, filter_tested_at, filter_broken, silent_passes, .. } = former;
        // The newest change may lie in the future; the last sweep's begin cannot be later than any pass after it.
        let since = newest.min(swept_at).or(newest).or(swept_at);
        StreamState { cursor, since, proved_at, swept_at, filter_tested_at, filter_broken, silent_passes, ..StreamState::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_kind_of_pass_waits_longer_each_time_and_the_others_do_not() {
        let (mut state, every, mut now) = (StreamState::default(), Span::seconds(60), Time(0));
        let mut waits = Vec::new();
        for _ in 0..7 {
            state.failed(PassKind::Changes, "400".into(), false, None, every, now);
            let retry_at = state.failures[&PassKind::Changes].retry_at;
            waits.push(retry_at.since(now).as_seconds());
            assert!(state.waits(PassKind::Changes, Haste::AsDue, now) && !state.waits(PassKind::Open, Haste::AsDue, now));
            now = retry_at;
        }
        assert_eq!(waits, [120, 180, 240, 300, 300, 300, 300]);
        assert_eq!((state.failures[&PassKind::Changes].since, state.failures[&PassKind::Changes].times), (Time(0), 7));
    }

    #[test]
    fn a_feed_begins_at_the_latest_place_that_hides_nothing() {
        let under_way = |began_there: i64| {
            let shown = Shown::default();
            SweepUnderWay { began: Time(0), began_there: Time(began_there), epoch: 1, place: None, read: 0, newest: None, shown }
        };
        let now = 900_000;
        for (since, swept_from, sweep, want) in [
            (None, None, None, now - 120_000),
            (None, None, Some(700_000), 700_000),
            // The newest record of a sweep is older than its begin, and a feed behind it was read later.
            (Some(100), Some(700_000), None, 700_000),
            (Some(800_000), Some(700_000), None, 800_000),
            // A sweep that is not over hides what was changed before it.
            (Some(100), None, Some(700_000), 100),
            (Some(9_000_000), None, None, now),
        ] {
            let (since, swept_from, sweep) = (since.map(Time), swept_from.map(Time), sweep.map(under_way));
            let state = StreamState { since, swept_from, sweep, ..StreamState::default() };
            assert_eq!(state.feed_begins(Time(now)), Time(want), "{state:?}");
        }
        let mut swept = StreamState { swept_from: Some(Time(700_000)), ..StreamState::default() };
        swept.read_anew();
        assert_eq!(swept.feed_begins(Time(now)), Time(now - 120_000), "with other eyes nothing was seen yet");
        assert!(swept.reads_otherwise);
    }

    #[test]
    fn a_wait_that_the_system_asked_for_counts_for_people_in_haste_too() {
        let (mut state, every) = (StreamState::default(), Span::seconds(2));
        state.failed(PassKind::Sweep, "429".into(), false, Some(Span::seconds(40)), every, Time(0));
        assert!(state.waits(PassKind::Sweep, Haste::AtOnce, Time(39_000)) && !state.waits(PassKind::Sweep, Haste::AsDue, Time(40_000)));
        state.failed(PassKind::Open, "400".into(), false, None, every, Time(0));
        assert!(!state.waits(PassKind::Open, Haste::AtOnce, Time(1)));
        assert_eq!(state.error().as_deref(), Some("429; 400"));
    }
}
