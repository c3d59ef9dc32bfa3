//! The end of a pass: what it proves, what a sweep did not see, and what a failure leaves behind.

use super::engine::{Engine, Error};
use super::observe::PassRun;
use crate::connector::{Pass, PassEnd};
use crate::model::{Name, Presence, Span, Time};

/// A stream that listed at least so many records and now lists none is not believed: a lost scope looks like that.
const EMPTY_SUSPICIOUS_FROM: usize = 5;
/// Filtered passes in a row that may miss the newest known record before the filter is called broken.
const SILENT_PASSES_MAX: u8 = 2;

impl Engine {
    /// Ends a pass: what it proves, and what a sweep did not see. It waits for the next commit. Returns false if more is needed before it counts (see `status`).
    pub fn end(&mut self, run: &PassRun, end: &PassEnd, now: Time) -> Result<bool, Error> {
        let info = self.systems.get(&run.system).and_then(|s| s.infos.get(&run.stream)).cloned();
        let lag = info.as_ref().map_or(Span::ZERO, |i| i.lag);
        let sound = info.as_ref().is_some_and(|i| i.sound);
        let overlaps = info.as_ref().is_some_and(|i| i.overlaps);
        let proves_at = run.began.minus(lag);
        let mut error = end.incomplete_because.clone().map(|why| format!("the listing is not complete: {why}"));
        let mut complete = end.complete && error.is_none();
        if matches!(run.pass, Pass::FilterTest(_)) {
            // One page tells it, whether more would follow or not.
            (complete, error) = (true, None);
        }
        if let Pass::ForEach(asked) = &run.pass
            && complete
            && run.read == 0
            && !asked.is_empty()
        {
            complete = false;
            error = Some(format!(
                "the people of none of {} deals were told; has the token lost a scope? Nothing is taken as ended by this",
                asked.len()
            ));
        }
        if complete {
            let missing = self.missing_fields(run);
            if let Some(doubt) = missing.doubt {
                (complete, error) = (false, Some(doubt));
            }
            if let (Pass::Sweep, Some(state)) = (&run.pass, self.systems.get_mut(&run.system)) {
                state.not_shown.insert(run.stream.clone(), missing.told);
            }
        }
        if complete && run.pass == Pass::Sweep {
            let known = self.world.listed(&run.system, &run.stream);
            if run.read == 0 && known >= EMPTY_SUSPICIOUS_FROM {
                complete = false;
                error = Some(format!(
                    "the system lists none of the {known} records that are known; has the token lost a scope? Nothing is taken as ended by this"
                ));
            } else {
                self.miss(run, now);
            }
        }
        let left_the_list = complete && run.pass == Pass::Open && (self.open_deal_left(run) || self.is_silent(run));
        let carried = if left_the_list { Vec::new() } else { self.carried_by(&run.system, &run.stream, &run.pass) };
        let deals_proved = info.as_ref().and_then(|i| i.for_each.as_ref()).and_then(|deals| {
            // As it was read: while the state is rebuilt no proof counts, and still this one must come about.
            self.systems.get(&run.system).and_then(|s| s.streams.get(deals)).filter(|d| d.proved_here)?.proved_at
        });
        if let Some(state) = self.systems.get_mut(&run.system) {
            state.credential_refused.remove(&run.stream);
        }
        let Some(stream) = self.stream_mut(&run.system, &run.stream) else { return Ok(complete) };
        stream.error_since = if error.is_some() { stream.error_since.or(Some(now)) } else { None };
        stream.error = error;
        if complete {
            match &run.pass {
                Pass::Sweep => {
                    // The newest that is there, so that a newer one that was deleted is not waited for.
                    (stream.newest, stream.silent_passes) = (run.newest.or(stream.newest), 0);
                    (stream.swept_at, stream.swept_here) = (Some(run.began), true);
                    stream.proves(proves_at);
                }
                Pass::Changes(since) => {
                    if !overlaps || run.newest.is_some_and(|n| n >= *since) {
                        stream.silent_passes = 0;
                    } else {
                        stream.silent_passes = stream.silent_passes.saturating_add(1);
                    }
                    if stream.silent_passes > SILENT_PASSES_MAX {
                        // The newest known record should come back each time, for the overlap. A sweep finds out what is missing.
                        stream.swept_at = None;
                        stream.silent_passes = 0;
                    }
                    stream.newest = stream.newest.max(run.newest);
                    if sound && !stream.filter_broken && stream.filter_tested_at.is_some() {
                        stream.proves(proves_at);
                    }
                }
                Pass::Resume { .. } => {
                    stream.newest = stream.newest.max(run.newest);
                    if sound {
                        stream.proves(proves_at);
                    }
                }
                // Won, lost, deleted, or the token sees no deals any more: the whole listing tells which, and is what proves.
                Pass::Open if left_the_list => stream.swept_at = None,
                Pass::Open => stream.proves(proves_at),
                // Only of the deals that are known: their own stream's proof is the most that this one can have.
                Pass::ForEach(_) => {
                    if let Some(deals_at) = deals_proved {
                        stream.proves(deals_at.min(proves_at));
                    }
                }
                Pass::FilterTest(_) => {
                    stream.filter_tested_at = Some(now);
                    stream.filter_broken = run.read > 0;
                    if stream.filter_broken {
                        stream.error = Some(
                            "the system ignores the filter for changes (a time in the future gave records); every pass is a sweep".into(),
                        );
                    }
                }
            }
        }
        self.keep_stream(&run.system, &run.stream);
        if complete {
            for name in carried {
                if let Some(stream) = self.stream_mut(&run.system, &name) {
                    stream.proves(proves_at);
                    stream.error = None;
                    self.keep_stream(&run.system, &name);
                }
            }
            self.note_caught_up()?;
        }
        Ok(complete)
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
    fn carried_by(&self, system: &Name, stream: &Name, pass: &Pass) -> Vec<Name> {
        let Some(state) = self.systems.get(system) else { return Vec::new() };
        let Some(own) = state.infos.get(stream) else { return Vec::new() };
        let filter_works = state.streams.get(stream).is_some_and(|s| !s.filter_broken && s.filter_tested_at.is_some());
        let proves = match pass {
            Pass::Sweep => own.sweep_carries_people,
            Pass::Open => own.open_carries_people,
            Pass::Changes(_) => own.changes_carry_people && own.sound && filter_works,
            Pass::Resume { .. } => own.changes_carry_people && own.sound,
            Pass::ForEach(_) | Pass::FilterTest(_) => false,
        };
        if !proves {
            return Vec::new();
        }
        state.infos.values().filter(|i| i.carried_by.as_ref() == Some(stream)).map(|i| i.name.clone()).collect()
    }

    /// Books that a pass failed.
    pub fn fail(&mut self, run: &PassRun, error: &crate::connector::Error, now: Time) -> Result<(), Error> {
        let lost = matches!(error, crate::connector::Error::CursorLost { .. });
        if let (crate::connector::Error::Credential { .. }, Some(state)) = (error, self.systems.get_mut(&run.system)) {
            state.credential_refused.insert(run.stream.clone());
        }
        if let Some(stream) = self.stream_mut(&run.system, &run.stream) {
            if matches!(run.pass, Pass::FilterTest(_)) && matches!(error, crate::connector::Error::Refused { .. }) {
                // The system says no to the filter itself.
                (stream.filter_broken, stream.filter_tested_at) = (true, Some(now));
            }
            stream.error = Some(error.to_string());
            stream.error_since = stream.error_since.or(Some(now));
            if lost {
                (stream.cursor, stream.swept_at) = (None, None);
            }
            self.keep_stream(&run.system, &run.stream);
        }
        self.commit()
    }

    /// Records that a complete sweep did not see: the first time they are missed, the second time they are gone.
    fn miss(&mut self, run: &PassRun, now: Time) {
        for idx in self.world.unseen(&run.system, &run.stream, run.epoch) {
            let mut record = self.world.record(idx);
            let presence = match record.presence {
                Presence::Listed => Presence::MissedOnce,
                Presence::MissedOnce => Presence::Gone(now),
                Presence::Gone(_) => continue,
            };
            record.presence = presence;
            if record.is_gone() {
                tracing::info!(record = %record.id, "the system does not list this record any more");
            }
            self.mark(idx, &record);
            self.keep_record(run.stream.clone(), &record);
        }
    }
}
