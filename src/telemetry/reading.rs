//! Reading the systems.

use super::InternalEvent;
use super::masked::masked;
use super::metric::Counter;
use crate::model::{Name, RecordId};

/// A stream had its turn.
pub struct StreamRead<'a> {
    pub system: &'a Name,
    pub stream: &'a Name,
    pub requests: u64,
    pub read: u64,
    pub changed: u64,
    pub error: Option<&'a str>,
}

impl InternalEvent for StreamRead<'_> {
    fn emit(self) {
        let StreamRead { system, stream, requests, read, changed, error } = self;
        tracing::debug!(%system, %stream, requests, read, changed, error, "read");
        Counter::Requests.add(&[system, stream], requests);
        Counter::RecordsRead.add(&[system, stream], read);
    }
}

/// The first turn of a stream that failed.
pub struct StreamNotRead<'a> {
    pub system: &'a Name,
    pub stream: &'a Name,
    pub error: &'a str,
}

impl InternalEvent for StreamNotRead<'_> {
    fn emit(self) {
        let StreamNotRead { system, stream, error } = self;
        tracing::warn!(%system, %stream, error = &*masked(error), "the stream could not be read; what it held stays held");
    }
}

/// The first turn that went well after one that failed.
pub struct StreamReadAgain<'a> {
    pub system: &'a Name,
    pub stream: &'a Name,
}

impl InternalEvent for StreamReadAgain<'_> {
    fn emit(self) {
        tracing::info!(system = %self.system, stream = %self.stream, "the stream is read again");
    }
}

/// A cursor that was kept leads nowhere any more.
pub struct CursorRefused<'a> {
    pub system: &'a Name,
    pub what: &'a str,
    pub said: &'a str,
}

impl InternalEvent for CursorRefused<'_> {
    fn emit(self) {
        let CursorRefused { system, what, said } = self;
        tracing::info!(%system, what, said = &*masked(said), "the kept cursor is refused; it is begun anew");
    }
}

/// Rows of a pass that are no records.
pub struct RowsNotRead<'a> {
    pub system: &'a Name,
    pub stream: &'a Name,
    pub rows: u64,
    /// Why the stream is not proved by the pass, if it is not.
    pub why: Option<&'a str>,
}

impl InternalEvent for RowsNotRead<'_> {
    fn emit(self) {
        let RowsNotRead { system, stream, rows, why } = self;
        match why.map(masked) {
            Some(why) => tracing::warn!(%system, %stream, rows, why = &*why, "rows cannot be read"),
            None => tracing::warn!(%system, %stream, rows, "rows cannot be read; `nayose status` says whom they hold"),
        }
    }
}

/// Two whole listings did not show it.
pub struct RecordNotListed<'a> {
    pub record: &'a RecordId,
}

impl InternalEvent for RecordNotListed<'_> {
    fn emit(self) {
        tracing::info!(record = &*masked(&self.record.to_string()), "the system does not list this record any more");
    }
}
