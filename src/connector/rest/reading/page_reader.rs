//! What every pass does with an answer: finds its lists, and says what is wrong with it.

use super::history_plan::HistoryAsked;
use super::paging::Circle;
use super::streams::ListPlan;
use crate::connector::port::{Error, Lane};
use crate::connector::raw::json::Json;
use crate::connector::rest::http::answer::HttpAnswer;
use crate::connector::rest::http::client::HttpClient;
use crate::connector::rest::http::failure::FailureKind;
use crate::connector::rest::http::request::{Call, Fill};
use crate::telemetry::InternalEvent;
use crate::telemetry::reading::CursorRefused;
use jiff::tz::TimeZone;

/// Rows of one page at most. Shipped pages have a thousand; what is meant are servers that give everything at once.
const ROWS_MAX: usize = 250_000;

/// Chunks under way at once; the system's own limits hold besides.
pub const CHUNKS_AT_ONCE: usize = 4;

/// Reads pages of one system for one lane.
pub struct PageReader<'r> {
    pub http: &'r HttpClient,
    pub zone: &'r TimeZone,
    pub lane: Lane,
    /// How all accounts of the stream's records are read, where a row shows a part of them.
    pub all_accounts: Option<&'r ListPlan>,
    /// How the history of its records' fields is asked for, where some rule goes by it.
    pub history: Option<HistoryAsked<'r>>,
    /// Pages tell the fields that nothing reads.
    pub tells_unmapped: bool,
}

impl PageReader<'_> {
    /// What a plain no to a kept cursor means.
    pub fn lost_if_refused(&self, call: &Call, error: Error) -> Error {
        match error {
            Error::Refused { said, .. } => {
                CursorRefused { system: &self.http.system, what: &call.what, said: &said }.emit();
                self.cursor_lost(call)
            }
            Error::NotFound { .. } => self.cursor_lost(call),
            other => other,
        }
    }

    pub fn cursor_lost(&self, call: &Call) -> Error {
        Error::CursorLost { system: self.http.system.clone(), what: self.http.what(&call.what) }
    }

    /// The lists of records in an answer, one for each path. A list that is not there is an error, unless the manifest says that the system
    /// leaves empty ones out, or the system says that there is no content.
    pub fn lists<'v>(&self, call: &Call, answer: &'v HttpAnswer) -> Result<Vec<Vec<&'v Json<'v>>>, Error> {
        let root = answer.json.root();
        let may_be_absent = call.leaves_out_empty || answer.no_content;
        let mut lists = Vec::with_capacity(call.records.len());
        for path in &call.records {
            match path.records(root) {
                Some(list) => lists.push(list),
                None if may_be_absent && path.is_absent(root) => lists.push(Vec::new()),
                None => {
                    let why = format!("there is no list at {path}");
                    let begins = self.http.begins(root);
                    let prepared = call.prepare(&Fill::default(), &Default::default());
                    return Err(self.http.not_understood(&prepared, FailureKind::NotUnderstood, why, begins).error);
                }
            }
        }
        if lists.iter().map(Vec::len).sum::<usize>() > ROWS_MAX {
            let prepared = call.prepare(&Fill::default(), &Default::default());
            return Err(self.http.too_many(&prepared, ROWS_MAX, "rows").error);
        }
        Ok(lists)
    }

    pub fn circle(&self, call: &Call, circle: Circle) -> Error {
        Error::Loop { system: self.http.system.clone(), what: self.http.what(&call.what), why: circle.0 }
    }

    pub fn not_kept(&self, call: &Call, why: String) -> Error {
        self.refused(call, format!("a page could not be kept: {why}"))
    }

    /// What an answer holds is not to be gone by.
    pub fn refused(&self, call: &Call, said: String) -> Error {
        Error::Refused { system: self.http.system.clone(), what: self.http.what(&call.what), said }
    }
}
