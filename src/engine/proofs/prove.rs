//! The end of a pass: what it proves, what a sweep did not see, and what a failure leaves behind.

use super::pass_run::{Follows, PassRun};
use super::reading::StreamState;
use crate::connector::{Error as SystemError, Pass, PassEnd, SWEEP_EVERY, StreamInfo};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::model::{Entity, Name, Span, Time, counted};

/// A stream that listed at least so many records and now lists none is not believed: a lost scope looks like that.
const EMPTY_SUSPICIOUS_FROM: usize = 5;
/// Filtered passes in a row that may miss the newest known record before the filter is called broken.
const SILENT_PASSES_MAX: u8 = 2;

impl Engine {
    /// Ends a pass: what it proves, and what a sweep did not see. It waits for the next commit. Returns false if more is needed before it counts (see `status`).
    pub fn end(&mut self, run: &PassRun, end: &PassEnd, now: Time) -> Result<bool, Error> {
        self.note_refused_at_once(run);
        let counts = self.book_end(run, end, now)?;
        self.note_decided();
        Ok(counts)
    }

    fn book_end(&mut self, run: &PassRun, end: &PassEnd, now: Time) -> Result<bool, Error> {
        if run.instance != self.instance_number(&run.system) {
            return Ok(false);
        }
        let info = self.stream_info(&run.system, &run.stream).cloned();
        let lag = info.as_ref().map_or(Span::ZERO, |i| i.lag);
        let error = self.why_not_whole(run, end);
        // An id that two streams show proves neither; what is not listed any more is missed all the same, or it would never be over.
        let whole = error.is_none();
        let error = error.or_else(|| self.clashes.why_unproved(&run.system, &run.stream));
        let complete = error.is_none();
        if let Some(follows) = run.follows {
            return self.end_following(run, follows, error, now);
        }
        let tells_missing = info.as_ref().is_none_or(|i| i.tells_missing);
        if whole && run.pass.is_sweep() && tells_missing {
            self.miss(run, now);
        }
        self.doubt_unknown_people(run, now);
        let doubted = self.doubt_pass(run, complete);
        let left_the_list = complete && run.pass == Pass::Open && (self.open_deal_left(run) || self.is_silent(run));
        let as_of = end.as_of.map_or(run.began, |as_of| as_of.min(run.began));
        let (proves_at, carried) = (as_of.minus(lag), self.carried_by(&run.system, &run.stream, &run.pass));
        // Where people are missing they are asked for at once, and that proves them.
        let carried = if left_the_list || doubted || !run.deals_without_people.is_empty() { Vec::new() } else { carried };
        let persons_swept_within = self.persons_swept_within(&run.system, &run.stream);
        let deals_proved = info.as_ref().and_then(|i| i.for_each.as_ref()).and_then(|deals| {
            // As it was read: while the state is rebuilt no proof counts, and still this one must come about.
            self.stream(&run.system, deals).filter(|d| d.proved_here)?.proved_at
        });
        let sound = info.as_ref().is_some_and(|i| i.sound);
        let overlaps = info.as_ref().is_some_and(|i| i.overlaps);
        let every = self.read_every(&run.system, &run.stream);
        let is_another = end.is_another;
        let proving = Proving { at: proves_at, sound, overlaps, left_the_list, is_another, persons_swept_within, deals_proved, every };
        let Some(stream) = self.stream_mut(&run.system, &run.stream) else { return Ok(complete) };
        if stream.ended(run, error, &proving, now) {
            self.is_read_again(&run.system);
        }
        self.keep_stream(&run.system, &run.stream);
        self.looked_up(run, now);
        if complete {
            self.note_people_read(&run.system, now);
            self.clocks.pass_ended(now);
            for name in carried.into_iter().filter(|_| !end.is_another) {
                self.prove_people(&run.system, &name, proves_at, now);
            }
            self.note_caught_up()?;
        }
        Ok(complete)
    }

    /// Why a pass that came to its end does not count as a whole one. Of a whole listing it is kept what it showed nothing of.
    fn why_not_whole(&mut self, run: &PassRun, end: &PassEnd) -> Option<String> {
        let people_told_elsewhere = self.are_people_asked_for(run);
        // A list that only adds may well have nothing to add.
        let tells_missing = self.stream_info(&run.system, &run.stream).is_none_or(|i| i.tells_missing);
        let listed = || if tells_missing { self.world.listed(&run.system, &run.stream) } else { 0 };
        let incomplete = why_incomplete(run, end, people_told_elsewhere, listed);
        if incomplete.is_some() {
            return incomplete;
        }
        let missing = self.missing_fields(run);
        if let Some(stream) = self.stream_mut(&run.system, &run.stream).filter(|_| run.pass.is_sweep()) {
            stream.not_shown = missing.told;
        }
        if missing.doubt.is_none() && run.pass.is_sweep() && run.read_before == 0 {
            self.end_clashes(run);
        }
        missing.doubt
    }

    /// Whether another stream tells the people of this one's deals.
    fn are_people_asked_for(&self, run: &PassRun) -> bool {
        self.systems.get(&run.system).is_some_and(|s| s.streams.telling_people_of(&run.stream).is_some())
    }

    /// The people of some deals were read, after a pass that showed those without.
    fn end_following(&mut self, run: &PassRun, follows: Follows, error: Option<String>, now: Time) -> Result<bool, Error> {
        let every = self.read_every(&run.system, &run.stream);
        let complete = error.is_none();
        match (error, follows.proves_at) {
            (Some(why), _) => {
                if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
                    stream.failed(run.pass.kind(), why, false, None, every, now);
                    self.keep_stream(&run.system, &run.stream);
                }
            }
            (None, Some(at)) => {
                self.prove_people(&run.system, &run.stream, at, now);
                self.note_caught_up()?;
            }
            // Only some deals were asked for: it proves nothing of the stream.
            (None, None) => {}
        }
        Ok(complete)
    }

    /// A pass over the deals has proved their people along with them.
    fn prove_people(&mut self, system: &Name, stream: &Name, at: Time, now: Time) {
        if let Some(state) = self.stream_mut(system, stream) {
            state.proves(at, now);
            state.failures.clear();
            self.keep_stream(system, stream);
        }
    }

    /// How old a sweep of persons may be for a filtered pass to count: a filter shows who is new and whose address changed, a sweep finds the rest.
    fn persons_swept_within(&self, system: &Name, stream: &Name) -> Option<Span> {
        let state = self.systems.get(system)?;
        persons_swept_within(state.streams.info(stream)?, state.connected.config().sweep)
    }

    /// Whether a pass gave nothing, and the one for changes before it not even the newest known record.
    fn is_silent(&self, run: &PassRun) -> bool {
        let stream = self.stream(&run.system, &run.stream);
        run.read == 0 && stream.is_some_and(|s| s.silent_passes > 0)
    }

    /// Whether a deal that was listed as open is not on the list of open deals any more.
    fn open_deal_left(&self, run: &PassRun) -> bool {
        self.world.unseen(&run.system, &run.stream, run.epoch).into_iter().any(|idx| {
            let record = self.world.record(idx);
            !record.is_gone() && record.deal.is_some_and(|d| d.is_open())
        })
    }

    /// The association streams that this pass proves along with its own.
    pub(in crate::engine) fn carried_by(&self, system: &Name, stream: &Name, pass: &Pass) -> Vec<Name> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let Some(own) = state.streams.info(stream) else { return Vec::new() };
        let filter_works = state.streams.of(stream).is_some_and(|s| !s.filter_broken && s.filter_tested_at.is_some());
        if !proves_people(pass, own, filter_works) {
            return Vec::new();
        }
        state.streams.carried_by(stream).map(|i| i.name.clone()).collect()
    }

    /// Books that a pass failed.
    pub fn fail(&mut self, run: &PassRun, error: &SystemError, now: Time) -> Result<(), Error> {
        if run.instance != self.instance_number(&run.system) {
            return Ok(());
        }
        self.note_refused_at_once(run);
        let every = self.read_every(&run.system, &run.stream);
        if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
            stream.broke_off(run, error, every, now);
            self.keep_stream(&run.system, &run.stream);
        }
        self.looked_up(run, now);
        self.commit()
    }
}

/// What a pass may prove that was read to its end.
#[derive(Debug, Clone, Copy)]
struct Proving {
    /// When it began, or as of when what it read is, less the system's lag.
    at: Time,
    sound: bool,
    overlaps: bool,
    /// A deal is not on the list of open ones any more.
    left_the_list: bool,
    /// What the cursor stands in is not there any more.
    is_another: bool,
    persons_swept_within: Option<Span>,
    /// When the deals were proved whose people it reads.
    deals_proved: Option<Time>,
    every: Span,
}

impl StreamState {
    /// A pass came to its end, whole or not. Returns whether it failed the last time, and did not now.
    fn ended(&mut self, run: &PassRun, error: Option<String>, proving: &Proving, now: Time) -> bool {
        if run.pass.is_sweep() {
            self.sweep = None;
        }
        if let Some(why) = error {
            self.failed(run.pass.kind(), why, false, None, proving.every, now);
            return false;
        }
        let is_read_again = self.failures.remove(&run.pass.kind()).is_some();
        match &run.pass {
            Pass::Sweep | Pass::SweepFrom(_) => self.swept(run, proving, now),
            Pass::Changes(since) => self.told_changes(run, *since, proving, now),
            // It shows nothing of what changed before it began, and is begun anew.
            // The whole listing tells what changed, and is what proves; the next cursor stands behind it.
            Pass::Resume { .. } if proving.is_another => (self.cursor, self.swept_at, self.since) = (None, None, None),
            Pass::Resume { .. } if run.begins_ahead() => self.goes_on_from(run),
            Pass::Resume { .. } => self.resumed(run, proving, now),
            // Won, lost, deleted, or the token sees no deals any more: the whole listing tells which, and is what proves.
            Pass::Open if proving.left_the_list => self.swept_at = None,
            Pass::Open if self.swept_at.is_some() => self.proves(proving.at, now),
            Pass::Open => {}
            // Only of the deals that are known: their own stream's proof is the most that this one can have.
            Pass::ForEach(_) => {
                if let Some(deals_at) = proving.deals_proved {
                    self.proves(deals_at.min(proving.at), now);
                }
            }
            Pass::ById(_) => {}
            Pass::FilterTest(_) => self.tested(run, proving, now),
        }
        is_read_again
    }

    fn swept(&mut self, run: &PassRun, proving: &Proving, now: Time) {
        // The newest that is there, so that a newer one that was deleted is not waited for.
        self.since = Some(run.newest.map_or(run.began_there, |newest| newest.min(run.began_there)));
        self.silent_passes = 0;
        (self.swept_at, self.swept_from, self.swept_here) = (Some(run.began), Some(run.began_there), true);
        self.reads_otherwise = false;
        self.proves(proving.at, now);
    }

    fn told_changes(&mut self, run: &PassRun, since: Time, proving: &Proving, now: Time) {
        let shows_the_newest = !proving.overlaps || run.newest.is_some_and(|n| n >= since);
        if shows_the_newest {
            self.silent_passes = 0;
        } else {
            self.silent_passes = self.silent_passes.saturating_add(1);
        }
        if self.silent_passes > SILENT_PASSES_MAX {
            // The newest known record should come back each time, for the overlap. A sweep finds out what is missing.
            self.swept_at = None;
            self.silent_passes = 0;
        }
        self.goes_on_from(run);
        // What does not even show the newest known record may hide others.
        let works = shows_the_newest && !self.filter_broken && self.filter_tested_at.is_some();
        if proving.sound && self.swept_at.is_some() && works {
            self.proves(proving.at, now);
        }
        if works && self.swept_within(proving.persons_swept_within, now) {
            self.proves_filtered(proving.at, now);
        }
    }

    fn resumed(&mut self, run: &PassRun, proving: &Proving, now: Time) {
        self.goes_on_from(run);
        // What was there before the cursor began is known by a sweep only.
        if proving.sound && self.swept_at.is_some() {
            self.proves(proving.at, now);
        }
        if self.swept_within(proving.persons_swept_within, now) {
            self.proves_filtered(proving.at, now);
        }
    }

    fn tested(&mut self, run: &PassRun, proving: &Proving, now: Time) {
        self.filter_tested_at = Some(now);
        self.filter_broken = run.read > 0;
        if self.filter_broken {
            let why = "the system ignores the filter for changes (a time in the future gave records); every pass is a sweep";
            self.failed(run.pass.kind(), why.into(), false, None, proving.every, now);
        }
    }

    /// A pass failed before its end.
    fn broke_off(&mut self, run: &PassRun, error: &SystemError, every: Span, now: Time) {
        if matches!(run.pass, Pass::FilterTest(_)) && matches!(error, SystemError::Refused { .. }) {
            // The system says no to the filter itself.
            (self.filter_broken, self.filter_tested_at) = (true, Some(now));
        }
        let told = if let SystemError::Later { wait, .. } = error { Some(*wait) } else { None };
        let credential = matches!(error, SystemError::Credential { .. });
        self.failed(run.pass.kind(), error.of_stream(&run.stream), credential, told, every, now);
        let lost = matches!(error, SystemError::CursorLost { .. });
        if run.pass.is_sweep() {
            // Where it may end otherwise the next time, it goes on from where it is.
            self.sweep = self.sweep.take().filter(|s| s.place.is_some() && error.passes());
        } else if lost {
            // It begins anew from a time that is sure; without one everything is read again.
            (self.cursor, self.swept_at) = (None, self.swept_at.filter(|_| self.since.is_some()));
        }
        if lost {
            // It begins anew, which is another request: there is nothing to wait for.
            self.failures.entry(run.pass.kind()).and_modify(|f| f.retry_at = if f.times > 1 { f.retry_at } else { now });
        }
    }
}

/// Why a pass that came to its end is not a whole one. `listed` counts the records that are known of its stream.
fn why_incomplete(run: &PassRun, end: &PassEnd, people_told_elsewhere: bool, listed: impl FnOnce() -> usize) -> Option<String> {
    if matches!(run.pass, Pass::FilterTest(_)) {
        // One page tells it, whether more would follow or not.
        return None;
    }
    if let Some(why) = &end.incomplete_because {
        return Some(format!("the listing is not complete: {why}"));
    }
    if !end.complete {
        return Some("the listing is not complete: it was not read to its end".to_string());
    }
    if let Some(deal) = run.deals_without_people.first().filter(|_| run.carries_people && !people_told_elsewhere) {
        let count = counted(run.deals_without_people.len(), "deal", "deals");
        return Some(format!(
            "the people of {count} are not shown whole, the first is {}:deal:{deal}; nothing else tells them",
            run.system
        ));
    }
    match &run.pass {
        Pass::ForEach(asked) if !asked.is_empty() && (run.read == 0 || (run.naming == 0 && run.emptied >= EMPTY_SUSPICIOUS_FROM)) => Some(
            format!("the people of none of {} deals were told; has the token lost a scope? Nothing is taken as ended by this", asked.len()),
        ),
        pass if pass.is_sweep() && run.read + run.read_before == 0 => {
            let known = listed();
            (known >= EMPTY_SUSPICIOUS_FROM).then(|| {
                format!("the system lists none of the {known} records that are known; has the token lost a scope? Nothing is taken as ended by this")
            })
        }
        _ => None,
    }
}

/// How old a sweep of persons may be for a filtered pass to count.
fn persons_swept_within(info: &StreamInfo, configured: Option<Span>) -> Option<Span> {
    let every = configured.or(info.sweep_every).unwrap_or(SWEEP_EVERY);
    (info.entity == Entity::Person).then(|| Span(every.0.saturating_mul(2)))
}

/// Whether a pass over deals shows all of their people, so that it proves them too.
fn proves_people(pass: &Pass, own: &StreamInfo, filter_works: bool) -> bool {
    match pass {
        Pass::Sweep | Pass::SweepFrom(_) => own.sweep_carries_people,
        Pass::Open => own.open_carries_people,
        Pass::Changes(_) => own.changes_carry_people && own.sound && filter_works,
        Pass::Resume { .. } => own.changes_carry_people && own.sound,
        Pass::ForEach(_) | Pass::FilterTest(_) | Pass::ById(_) => false,
    }
}

#[cfg(test)]
mod tests;
