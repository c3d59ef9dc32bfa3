//! How the history of a stream's fields is asked for, and of whom it was.

use crate::connector::manifest::FieldHistory;
use crate::connector::manifest::settings::Settings;
use crate::connector::map::Mapper;
use crate::connector::map::history::HistoryReader;
use crate::connector::rest::http::request::Call;
use crate::model::{Entity, Record, ShortText, Span, Time};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// A record that changed so long before a listing began was shown to the one before that: clocks differ, and a listing takes its time.
const OVERLAP: Span = Span::minutes(60);

/// How the history of a stream's fields is asked for.
pub struct HistoryPlan {
    pub call: Call,
    pub chunk: usize,
    pub reader: HistoryReader,
    /// The system's own names of the fields.
    pub fields: Vec<ShortText>,
    /// Since when a listing has to ask; what changed before was asked of. Of this process alone: a new one asks of everyone once.
    asked_until: Mutex<Option<Time>>,
    /// Some of it could not be read lately.
    lacks_some: AtomicBool,
}

impl HistoryPlan {
    /// `Ok(None)`: no rule goes by it, or it names an optional setting that is not given.
    pub fn new(stream: &str, history: &FieldHistory, mapper: &Mapper, settings: &Settings) -> Result<Option<HistoryPlan>, String> {
        let Some((reader, fields)) = HistoryReader::new(history, mapper, settings.edits(), &settings.zone)? else { return Ok(None) };
        let call = Call::new(format!("{stream} field history"), &history.request, settings)?;
        let (asked_until, lacks_some) = Default::default();
        Ok(call.map(|call| HistoryPlan { call, chunk: history.chunk, reader, fields, asked_until, lacks_some }))
    }

    /// What a listing of everything that begins now has to ask of.
    pub fn begin_listing(&self) -> Option<Time> {
        self.lacks_some.store(false, Ordering::Relaxed);
        *self.asked_until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Some of it did not come.
    pub fn note_lack(&self) {
        self.lacks_some.store(true, Ordering::Relaxed);
    }

    /// A listing of everything that began then was read to its end.
    pub fn end_listing(&self, began: Time) {
        if !self.lacks_some.load(Ordering::Relaxed) {
            *self.asked_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(began.minus(OVERLAP));
        }
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
