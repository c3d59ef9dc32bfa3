//! The end of a pass: what it proves, what a sweep did not see, and what a failure leaves behind.

use super::pass_run::{Follows, PassRun};
use crate::connector::{Error as SystemError, Pass, PassEnd, SWEEP_EVERY};
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::model::{Entity, Name, Presence, Span, Time, counted};
use crate::telemetry::InternalEvent;
use crate::telemetry::reading::RecordNotListed;

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
        let info = self.systems.get(&run.system).and_then(|s| s.infos.get(&run.stream)).cloned();
        let lag = info.as_ref().map_or(Span::ZERO, |i| i.lag);
        let mut error = self.why_incomplete(run, end);
        if error.is_none() {
            let missing = self.missing_fields(run);
            error = missing.doubt;
            if let Some(stream) = self.stream_mut(&run.system, &run.stream).filter(|_| run.pass.is_sweep()) {
                stream.not_shown = missing.told;
            }
        }
        if error.is_none() && run.pass.is_sweep() && run.read_before == 0 {
            self.end_clashes(run);
        }
        // An id that two streams show proves neither; what is not listed any more is missed all the same, or it would never be over.
        let whole = error.is_none();
        error = error.or_else(|| self.clashes.why_unproved(&run.system, &run.stream));
        let complete = error.is_none();
        if let Some(follows) = run.follows {
            return self.end_following(run, follows, error, now);
        }
        if whole && run.pass.is_sweep() {
            self.miss(run, now);
        }
        self.doubt_unknown_people(run, now);
        let doubted = self.doubt_pass(run, complete);
        let left_the_list = complete && run.pass == Pass::Open && (self.open_deal_left(run) || self.is_silent(run));
        let (proves_at, carried) = (run.began.minus(lag), self.carried_by(&run.system, &run.stream, &run.pass));
        // Where people are missing they are asked for at once, and that proves them.
        let carried = if left_the_list || doubted || !run.deals_without_people.is_empty() { Vec::new() } else { carried };
        let persons_swept_within = self.persons_swept_within(&run.system, &run.stream);
        let deals_proved = info.as_ref().and_then(|i| i.for_each.as_ref()).and_then(|deals| {
            // As it was read: while the state is rebuilt no proof counts, and still this one must come about.
            self.systems.get(&run.system).and_then(|s| s.streams.get(deals)).filter(|d| d.proved_here)?.proved_at
        });
        let (every, kind) = (self.read_every(&run.system, &run.stream), run.pass.kind());
        let Some(stream) = self.stream_mut(&run.system, &run.stream) else { return Ok(complete) };
        let is_read_again = match error {
            Some(why) => {
                stream.failed(kind, why, false, None, every, now);
                false
            }
            None => stream.failures.remove(&kind).is_some(),
        };
        if run.pass.is_sweep() {
            stream.sweep = None;
        }
        if complete {
            let sound = info.as_ref().is_some_and(|i| i.sound);
            match &run.pass {
                Pass::Sweep | Pass::SweepFrom(_) => {
                    // The newest that is there, so that a newer one that was deleted is not waited for.
                    stream.since = Some(run.newest.map_or(run.began_there, |newest| newest.min(run.began_there)));
                    stream.silent_passes = 0;
                    (stream.swept_at, stream.swept_here) = (Some(run.began), true);
                    stream.proves(proves_at, now);
                }
                Pass::Changes(since) => {
                    let overlaps = info.as_ref().is_some_and(|i| i.overlaps);
                    let shows_the_newest = !overlaps || run.newest.is_some_and(|n| n >= *since);
                    if shows_the_newest {
                        stream.silent_passes = 0;
                    } else {
                        stream.silent_passes = stream.silent_passes.saturating_add(1);
                    }
                    if stream.silent_passes > SILENT_PASSES_MAX {
                        // The newest known record should come back each time, for the overlap. A sweep finds out what is missing.
                        stream.swept_at = None;
                        stream.silent_passes = 0;
                    }
                    stream.goes_on_from(run);
                    // What does not even show the newest known record may hide others.
                    let works = shows_the_newest && !stream.filter_broken && stream.filter_tested_at.is_some();
                    if sound && stream.swept_at.is_some() && works {
                        stream.proves(proves_at, now);
                    }
                    if works && stream.swept_within(persons_swept_within, now) {
                        stream.proves_filtered(proves_at, now);
                    }
                }
                Pass::Resume { .. } => {
                    stream.goes_on_from(run);
                    // What was there before the cursor began is known by a sweep only.
                    if sound && stream.swept_at.is_some() {
                        stream.proves(proves_at, now);
                    }
                    if stream.swept_within(persons_swept_within, now) {
                        stream.proves_filtered(proves_at, now);
                    }
                }
                // Won, lost, deleted, or the token sees no deals any more: the whole listing tells which, and is what proves.
                Pass::Open if left_the_list => stream.swept_at = None,
                Pass::Open if stream.swept_at.is_some() => stream.proves(proves_at, now),
                Pass::Open => {}
                // Only of the deals that are known: their own stream's proof is the most that this one can have.
                Pass::ForEach(_) => {
                    if let Some(deals_at) = deals_proved {
                        stream.proves(deals_at.min(proves_at), now);
                    }
                }
                Pass::ById(_) => {}
                Pass::FilterTest(_) => {
                    stream.filter_tested_at = Some(now);
                    stream.filter_broken = run.read > 0;
                    if stream.filter_broken {
                        let why = "the system ignores the filter for changes (a time in the future gave records); every pass is a sweep";
                        stream.failed(kind, why.into(), false, None, every, now);
                    }
                }
            }
        }
        if is_read_again {
            self.is_read_again(&run.system);
        }
        self.keep_stream(&run.system, &run.stream);
        self.looked_up(run, now);
        if complete {
            self.note_people_read(&run.system, now);
            self.clocks.pass_ended(now);
            for name in carried {
                self.prove_people(&run.system, &name, proves_at, now);
            }
            self.note_caught_up()?;
        }
        Ok(complete)
    }

    /// Why a pass that came to its end is not a whole one.
    fn why_incomplete(&self, run: &PassRun, end: &PassEnd) -> Option<String> {
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
        if let Some(deal) = run.deals_without_people.first().filter(|_| run.carries_people && !self.are_people_asked_for(run)) {
            let count = counted(run.deals_without_people.len(), "deal", "deals");
            return Some(format!(
                "the people of {count} are not shown whole, the first is {}:deal:{deal}; nothing else tells them",
                run.system
            ));
        }
        match &run.pass {
            Pass::ForEach(asked) if !asked.is_empty() && (run.read == 0 || (run.naming == 0 && run.emptied >= EMPTY_SUSPICIOUS_FROM)) => {
                Some(format!(
                    "the people of none of {} deals were told; has the token lost a scope? Nothing is taken as ended by this",
                    asked.len()
                ))
            }
            pass if pass.is_sweep() && run.read + run.read_before == 0 => {
                let known = self.world.listed(&run.system, &run.stream);
                (known >= EMPTY_SUSPICIOUS_FROM).then(|| {
                    format!("the system lists none of the {known} records that are known; has the token lost a scope? Nothing is taken as ended by this")
                })
            }
            _ => None,
        }
    }

    /// Whether another stream tells the people of this one's deals.
    fn are_people_asked_for(&self, run: &PassRun) -> bool {
        let infos = self.systems.get(&run.system).map(|s| &s.infos);
        infos.is_some_and(|infos| infos.values().any(|i| i.for_each.as_ref() == Some(&run.stream)))
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
        let info = state.infos.get(stream).filter(|i| i.entity == Entity::Person)?;
        let every = state.config.sweep.or(info.sweep_every).unwrap_or(SWEEP_EVERY);
        Some(Span(every.0.saturating_mul(2)))
    }

    /// Whether a pass gave nothing, and the one for changes before it not even the newest known record.
    fn is_silent(&self, run: &PassRun) -> bool {
        let stream = self.systems.get(&run.system).and_then(|s| s.streams.get(&run.stream));
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
        let Some(own) = state.infos.get(stream) else { return Vec::new() };
        let filter_works = state.streams.get(stream).is_some_and(|s| !s.filter_broken && s.filter_tested_at.is_some());
        let proves = match pass {
            Pass::Sweep | Pass::SweepFrom(_) => own.sweep_carries_people,
            Pass::Open => own.open_carries_people,
            Pass::Changes(_) => own.changes_carry_people && own.sound && filter_works,
            Pass::Resume { .. } => own.changes_carry_people && own.sound,
            Pass::ForEach(_) | Pass::FilterTest(_) | Pass::ById(_) => false,
        };
        if !proves {
            return Vec::new();
        }
        state.infos.values().filter(|i| i.carried_by.as_ref() == Some(stream)).map(|i| i.name.clone()).collect()
    }

    /// Books that a pass failed.
    pub fn fail(&mut self, run: &PassRun, error: &SystemError, now: Time) -> Result<(), Error> {
        if run.instance != self.instance_number(&run.system) {
            return Ok(());
        }
        self.note_refused_at_once(run);
        let every = self.read_every(&run.system, &run.stream);
        if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
            if matches!(run.pass, Pass::FilterTest(_)) && matches!(error, SystemError::Refused { .. }) {
                // The system says no to the filter itself.
                (stream.filter_broken, stream.filter_tested_at) = (true, Some(now));
            }
            let told = if let SystemError::Later { wait, .. } = error { Some(*wait) } else { None };
            let credential = matches!(error, SystemError::Credential { .. });
            stream.failed(run.pass.kind(), error.of_stream(&run.stream), credential, told, every, now);
            let lost = matches!(error, SystemError::CursorLost { .. });
            if run.pass.is_sweep() {
                // Where it may end otherwise the next time, it goes on from where it is.
                stream.sweep = stream.sweep.take().filter(|s| s.place.is_some() && error.passes());
            } else if lost {
                // It begins anew from a time that is sure; without one everything is read again.
                (stream.cursor, stream.swept_at) = (None, stream.swept_at.filter(|_| stream.since.is_some()));
            }
            if lost {
                // It begins anew, which is another request: there is nothing to wait for.
                stream.failures.entry(run.pass.kind()).and_modify(|f| f.retry_at = if f.times > 1 { f.retry_at } else { now });
            }
            self.keep_stream(&run.system, &run.stream);
        }
        self.looked_up(run, now);
        self.commit()
    }

    /// Records that a complete sweep did not see: the first time they are missed, the second time they are gone. Where we write, a listing is
    /// not believed in this: it may be a list that somebody keeps, or the part of all that a token shows. There the second time they are read
    /// by their ids, and only who is not found is gone.
    fn miss(&mut self, run: &PassRun, now: Time) {
        let is_written_to = self.systems.get(&run.system).is_some_and(|s| s.abilities.writes_to(&run.stream));
        for idx in self.world.unseen(&run.system, &run.stream, run.epoch) {
            let mut record = self.world.record(idx);
            if is_written_to && record.presence == Presence::MissedOnce {
                if let Some(system) = self.systems.get_mut(&run.system) {
                    system.channel.is_unlisted(idx);
                }
                continue;
            }
            let presence = match record.presence {
                Presence::Listed => Presence::MissedOnce,
                Presence::MissedOnce => Presence::Gone(now),
                Presence::Gone(_) => continue,
            };
            record.presence = presence;
            if record.is_gone() {
                RecordNotListed { record: &record.id }.emit();
            }
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }
}
