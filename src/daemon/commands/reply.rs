//! What a command is answered.

use crate::daemon::footers::FooterGot;
use crate::daemon::footers::log::FooterReport;
use crate::daemon::sending::Tally;
use crate::engine::answers::approve;
use crate::engine::answers::backup;
use crate::engine::answers::conflicts::Conflicts;
use crate::engine::answers::dead_letters::Letter;
use crate::engine::answers::explain::Explanation;
use crate::engine::answers::export::Sheet;
use crate::engine::answers::pin;
use crate::engine::answers::plan::Plan;
use crate::engine::answers::preview::Preview;
use crate::engine::answers::status::Status;
use crate::engine::gate::answer::Answer;
use crate::engine::guard::waiting::Waiting;
use crate::engine::history::set_back;
use crate::engine::history::written::RunWritten;
use crate::engine::proofs::reading::StreamReport;
use crate::model::Name;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    Plan(Plan),
    Preview(Preview),
    Sync(Synced),
    Approved(approve::Approved),
    /// The record that the row stood for.
    Accepted(String),
    Pinned(pin::PinDone),
    Unpinned(Vec<pin::PinTold>),
    Pins(Vec<pin::PinTold>),
    Conflicts(Conflicts),
    Status(Status),
    Explain(Vec<Explanation>),
    Gate(Vec<Answer>),
    Footer(FooterGot),
    FooterReport(FooterReport),
    Letters(Vec<Letter>),
    Count(usize),
    Export(Sheet),
    Runs(Vec<RunWritten>),
    Undo(set_back::Undo),
    Backup(backup::Made),
    /// It was understood and refused: exit code 2.
    Refused(String),
    /// Our own state failed.
    Failed(String),
}

/// The answer of `nayose sync`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Synced {
    pub run: String,
    pub streams: Vec<StreamReport>,
    pub writes: BTreeMap<Name, Tally>,
    /// What waits for `approve`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Waiting>,
    /// Systems with writes that nobody approved yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_approved: Vec<Name>,
    /// What could not be read, with the record and its field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<String>,
    /// Decided holds that do not stand yet, by system.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unwritten: BTreeMap<Name, usize>,
    /// Where a person carries over what is written: why some of it is in no list.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub no_list: BTreeMap<Name, String>,
}

impl Synced {
    pub fn failed(&self) -> bool {
        self.streams.iter().any(|s| s.error.is_some())
            || self.writes.values().any(Tally::failed)
            || !self.unwritten.is_empty()
            || !self.no_list.is_empty()
    }
}
