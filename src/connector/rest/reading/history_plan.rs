//! How the history of a stream's fields is asked for, and of whom it was.

use crate::connector::manifest::FieldHistory;
use crate::connector::manifest::settings::Settings;
use crate::connector::map::Mapper;
use crate::connector::map::history::HistoryReader;
use crate::connector::rest::http::request::Call;
use crate::model::{Entity, Record, ShortText, Span, Time};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A record that changed so long before a listing began was shown to the one before that: clocks differ, and a listing takes its time.
const OVERLAP: Span = Span::minutes(60);

/// After a failure it is asked again no sooner than after this, and after each further one twice that.
const FIRST_WAIT: Span = Span::minutes(1);
const LONGEST_WAIT: Span = Span::minutes(60);

/// How the history of a stream's fields is asked for.
pub struct HistoryPlan {
    pub call: Call,
    pub chunk: usize,
    pub reader: HistoryReader,
    /// The system's own names of the fields.
    pub fields: Vec<ShortText>,
    asked: Mutex<AskedSoFar>,
}

/// What came of asking, in this process alone: a new one asks of everyone once.
#[derive(Default)]
struct AskedSoFar {
    /// Whoever changed before was asked of.
    until: Option<Time>,
    /// Since the last listing began, some of it did not come.
    lacks_some: bool,
    /// How often it failed since it worked last, and until when it waits.
    failures: u32,
    waits_until: Option<Time>,
}

impl HistoryPlan {
    /// `Ok(None)`: no rule goes by it, or it names an optional setting that is not given.
    pub fn new(stream: &str, history: &FieldHistory, mapper: &Mapper, settings: &Settings) -> Result<Option<HistoryPlan>, String> {
        let Some((reader, fields)) = HistoryReader::new(history, mapper, settings.edits(), &settings.zone)? else { return Ok(None) };
        let call = Call::new(format!("{stream} field history"), &history.request, settings)?;
        Ok(call.map(|call| HistoryPlan { call, chunk: history.chunk, reader, fields, asked: Mutex::default() }))
    }

    fn asked(&self) -> MutexGuard<'_, AskedSoFar> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A listing of everything begins: of records that changed before this it need not ask.
    pub fn begin_listing(&self) -> Option<Time> {
        let mut asked = self.asked();
        asked.lacks_some = false;
        asked.until
    }

    /// A listing of everything that began then was read to its end.
    pub fn end_listing(&self, began: Time) {
        let mut asked = self.asked();
        if !asked.lacks_some {
            asked.until = Some(began.minus(OVERLAP));
        }
    }

    /// Whether it may be asked now. What is not asked is lacking.
    pub fn is_its_turn(&self, now: Time) -> bool {
        let mut asked = self.asked();
        let waits = asked.waits_until.is_some_and(|until| now < until);
        asked.lacks_some |= waits;
        !waits
    }

    /// Some of it did not come.
    pub fn failed(&self, now: Time) {
        let mut asked = self.asked();
        let wait = FIRST_WAIT.0.saturating_mul(1 << asked.failures.min(16)).min(LONGEST_WAIT.0);
        asked.lacks_some = true;
        asked.failures += 1;
        asked.waits_until = Some(now.plus(Span(wait)));
    }

    pub fn worked(&self) {
        let mut asked = self.asked();
        (asked.failures, asked.waits_until) = (0, None);
    }

    /// Whether the history of a record's fields is asked for.
    pub fn wants(&self, record: &Record, since: Option<Time>) -> bool {
        let is_older = |since: Time| record.changed_at.is_some_and(|changed| changed < since);
        record.id.entity == Entity::Person && !since.is_some_and(is_older)
    }
}

/// The history that goes with a pass.
#[derive(Clone, Copy)]
pub struct HistoryAsked<'p> {
    pub plan: &'p HistoryPlan,
    /// Of records that changed before it is asked no more.
    pub since: Option<Time>,
}
