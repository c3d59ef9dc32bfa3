//! What an undo would set back, and what is on its way back.

use super::narrowed::UndoOnly;
use crate::engine::ledger::kind::{Kind, Tag};
use crate::engine::target::planned::PlannedWrite;
use crate::model::{Name, Time, Value};
use serde::{Deserialize, Serialize};

/// Undo plans that were shown, by their id.
pub(in crate::engine) const UNDO: Kind<UndoPlan> = Kind::new(Tag::Undo);

/// Those of former versions: to be looked at again.
pub(in crate::engine) const UNDO_OF_RUN: Kind<()> = Kind::new(Tag::UndoOfRun);
pub(in crate::engine) const FORMER_UNDO: Kind<()> = Kind::new(Tag::FormerUndo);
pub(in crate::engine) const FIRST_UNDO: Kind<()> = Kind::new(Tag::FirstUndo);

/// Fields on their way back, by their record.
pub(in crate::engine) const SET_BACK: Kind<Vec<SetBack>> = Kind::new(Tag::SetBack);

/// The answer of `nayose undo RUN` and `nayose undo --import FILE`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Undo {
    /// `None`: of whatever run, what is out of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The file of a list that it is about, as the state calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub import: Option<String>,
    /// To be approved; `None`: there is nothing to set back.
    pub plan: Option<String>,
    pub writes: Vec<PlannedWrite>,
    pub left_out: Vec<LeftOut>,
    /// Of those left out, fields that the rules of now still want so: set back, they would only be written again.
    #[serde(default)]
    pub still_wanted: usize,
    /// False: the run's beginning is not kept any more; of a file, that of some run.
    pub complete: bool,
}

/// A field that is not set back, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    pub record: String,
    pub field: String,
    pub why: String,
}

/// A plan that was shown: approving it makes it anew, and it must come out the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UndoPlan {
    /// `None`: of whatever run, what is out of a file.
    pub run: Option<String>,
    pub since: Option<Time>,
    pub at: Time,
    pub only: UndoOnly,
}

/// A field on its way back to an older value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SetBack {
    pub field: Name,
    /// What it showed when that was approved. If it shows anything else by then, it is left alone.
    pub shown: Value,
    pub to: Value,
    /// What the merge wants. It is not written again until it wants something else.
    pub instead_of: Option<Value>,
}
