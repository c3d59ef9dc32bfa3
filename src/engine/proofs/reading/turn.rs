//! One turn at reading a stream: which of its passes is next, and what came of each. No network and no clock of its own: whoever drives it
//! reads the pages.
//!
//! A pass that fails ends neither the turn nor another pass. The driver asks [`Turn::next`], reads the pass that it names page by page into
//! [`Engine::take_in`], and books its end with [`Turn::ended`], until [`Step::Over`].

use super::reasons;
use super::stream::Haste;
use crate::connector::{self, Pass, PassEnd, PassKind, Usage};
use crate::engine::proofs::pass_run::{Follows, PassRun};
use crate::engine::{Engine, Error};
use crate::model::{Name, ShortText, Span, Time};
use serde::Serialize;
use std::collections::{BTreeSet, VecDeque};

/// What reading one stream came to.
#[derive(Debug, Clone, Serialize, serde::Deserialize)]
pub struct StreamReport {
    pub system: Name,
    pub stream: Name,
    pub requests: u64,
    pub read: u64,
    pub changed: u64,
    pub error: Option<String>,
}

/// What is to be done next in a turn.
#[derive(Debug)]
pub enum Step {
    /// Read this pass.
    Read(Box<PassRun>),
    /// The system asked to wait until then; nothing else is left to do.
    Wait(Time),
    Over,
}

/// Whether a turn stays until the system lets it go on. In a daemon the stream's next turn comes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    Leaves,
    /// It waits so long in all without that anything comes.
    Waits(Span),
}

/// What asking once more counts as, so that a system that always asks to wait for no time is not asked for ever.
const AGAIN_COSTS: Span = Span::seconds(30);

/// One turn at reading a stream.
#[derive(Debug)]
pub struct Turn {
    system: Name,
    stream: Name,
    haste: Haste,
    patience: Patience,
    /// Since the last page that came.
    waited: Span,
    todo: VecDeque<Todo>,
    begun: BTreeSet<PassKind>,
    /// The cursor was lost in this turn, or stands in another list, so that what goes on from it is begun anew.
    lost: bool,
    looked_again: bool,
    failed: Vec<((Name, PassKind), String)>,
    /// Rows that may be anybody's.
    doubt: Option<String>,
    report: StreamReport,
}

#[derive(Debug)]
enum Todo {
    Pass(Pass),
    /// The people of deals that a pass showed without them, from the stream of associations.
    PeopleOf {
        associations: Name,
        deals: Vec<ShortText>,
        follows: Follows,
    },
}

impl Turn {
    pub fn new(engine: &Engine, system: &Name, stream: &Name, haste: Haste, patience: Patience, now: Time) -> Turn {
        let report = StreamReport { system: system.clone(), stream: stream.clone(), requests: 0, read: 0, changed: 0, error: None };
        let todo = engine.passes_due(system, stream, haste, now).into_iter().map(Todo::Pass).collect();
        let (system, stream) = (system.clone(), stream.clone());
        Turn {
            system,
            stream,
            haste,
            patience,
            waited: Span::ZERO,
            todo,
            begun: BTreeSet::new(),
            lost: false,
            looked_again: false,
            failed: Vec::new(),
            doubt: None,
            report,
        }
    }

    /// What is next. A pass that it names has begun.
    pub fn next(&mut self, engine: &mut Engine, now: Time) -> Step {
        if self.todo.is_empty() && !self.looked_again {
            self.looked_again = true;
            self.look_again(engine, now);
        }
        match self.todo.pop_front() {
            Some(todo) => self.begin(engine, todo, now),
            None => self.wait(engine, now),
        }
    }

    fn begin(&mut self, engine: &mut Engine, todo: Todo, now: Time) -> Step {
        Step::Read(Box::new(match todo {
            Todo::Pass(pass) => {
                self.begun.insert(pass.kind());
                engine.begin(&self.system, &self.stream, pass, now)
            }
            Todo::PeopleOf { associations, deals, follows } => engine.begin_following(&self.system, &associations, deals, follows, now),
        }))
    }

    /// What became due by this turn's own passes. A deal that left the list of open ones: the whole listing says at once whether it was won.
    /// A cursor that is not known any more: the stream is begun anew.
    fn look_again(&mut self, engine: &Engine, now: Time) {
        let due = engine.passes_due(&self.system, &self.stream, self.haste, now);
        let new = due.into_iter().filter(|p| match p.kind() {
            PassKind::Sweep => !self.begun.contains(&PassKind::Sweep) || self.lost,
            PassKind::Resume => self.lost,
            PassKind::ById => !self.begun.contains(&PassKind::ById),
            _ => false,
        });
        self.todo.extend(new.map(Todo::Pass));
    }

    /// Nothing is left to do now. A pass that the system asked to wait with is waited for, if this turn has the patience.
    fn wait(&mut self, engine: &mut Engine, now: Time) -> Step {
        let Patience::Waits(most) = self.patience else { return Step::Over };
        let Some((until, kinds)) = engine.asked_to_wait(&self.system, &self.stream) else { return Step::Over };
        let wait = until.since(now);
        let waited = Span(self.waited.0 + if wait > Span::ZERO { wait } else { AGAIN_COSTS }.0);
        if waited > most {
            return Step::Over;
        }
        self.waited = waited;
        if wait > Span::ZERO {
            return Step::Wait(until);
        }
        let due = engine.passes_due(&self.system, &self.stream, self.haste, now);
        self.todo.extend(due.into_iter().filter(|p| kinds.contains(&p.kind())).map(Todo::Pass));
        match self.todo.pop_front() {
            Some(todo) => self.begin(engine, todo, now),
            None => Step::Over,
        }
    }

    /// Books how a pass ended.
    pub fn ended(
        &mut self,
        engine: &mut Engine,
        mut run: PassRun,
        ended: Result<PassEnd, connector::Error>,
        usage: Usage,
        now: Time,
    ) -> Result<(), Error> {
        engine.keep_usage(&self.system, usage);
        self.report.read += if run.follows.is_some() { 0 } else { run.read };
        self.report.changed += run.changed;
        if run.read > 0 {
            self.waited = Span::ZERO;
        }
        // It read of some what a whole pass over that stream failed to read of all: what failed then is told when that pass is due.
        let read_of_some = run.follows.is_some() && ended.as_ref().is_ok_and(|end| end.incomplete_because.is_none());
        match ended {
            Ok(end) => {
                self.report.requests += end.requests;
                self.lost |= end.is_another;
                engine.end(&run, &end, now)?;
                self.doubt = engine.doubt_of(&self.system, &self.stream);
            }
            Err(error) => {
                self.report.requests += 1;
                self.lost |= matches!(error, connector::Error::CursorLost { .. });
                engine.fail(&run, &error, now)?;
            }
        }
        let what = (run.stream.clone(), run.pass.kind());
        self.failed.retain(|(failed, _)| *failed != what);
        if !read_of_some {
            self.failed.extend(engine.why_failed(&self.system, &what.0, what.1).map(|why| (what, why)));
        }
        if let Some(follow) = engine.people_to_read(&mut run) {
            self.todo.push_front(follow);
        }
        Ok(())
    }

    pub fn report(mut self) -> StreamReport {
        let own = &self.stream;
        // A pass over another stream that followed from this one is told with that one's name.
        let failed = self.failed.into_iter().map(|((stream, _), why)| if stream == *own { why } else { format!("{stream}: {why}") });
        let reasons: Vec<String> = failed.chain(self.doubt).collect();
        self.report.error = reasons::joined(reasons.iter().map(String::as_str));
        self.report
    }
}

impl Engine {
    /// The deals that a pass showed without their people, and the stream that tells them.
    fn people_to_read(&self, run: &mut PassRun) -> Option<Todo> {
        let deals = std::mem::take(&mut run.deals_without_people);
        let streams = &self.systems.get(&run.system)?.streams;
        let associations = streams.telling_people_of(&run.stream).filter(|_| !deals.is_empty())?;
        let whole = run.carries_people && self.why_failed(&run.system, &run.stream, run.pass.kind()).is_none();
        let lag = streams.info(&run.stream).map_or(Span::ZERO, |i| i.lag);
        let follows = Follows { proves_at: whole.then(|| run.began.minus(lag)) };
        Some(Todo::PeopleOf { associations: associations.name.clone(), deals, follows })
    }

    fn why_failed(&self, system: &Name, stream: &Name, kind: PassKind) -> Option<String> {
        Some(self.stream(system, stream)?.failures.get(&kind)?.why.clone())
    }

    /// Until when the system asked to wait, with the first passes that may go then.
    fn asked_to_wait(&self, system: &Name, stream: &Name) -> Option<(Time, Vec<PassKind>)> {
        let failures = &self.stream(system, stream)?.failures;
        let asked = || failures.iter().filter(|(_, f)| f.asked_to_wait);
        let until = asked().map(|(_, f)| f.retry_at).min()?;
        Some((until, asked().filter(|(_, f)| f.retry_at == until).map(|(kind, _)| *kind).collect()))
    }
}

#[cfg(test)]
mod tests;
