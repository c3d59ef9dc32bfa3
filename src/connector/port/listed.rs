//! What is written to a system by lists that a person carries over.

use super::Change;
use crate::model::RecordId;

/// One thing that is to be carried out for one record: its block, its status, or one field.
#[derive(Debug, Clone, PartialEq)]
pub struct ListedWrite {
    pub record: RecordId,
    /// The record's address, as the system shows it.
    pub address: Option<String>,
    pub change: Change,
}

/// Whether it stands in a list now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListedOutcome {
    /// Whether it is carried out is seen when the system is read.
    Listed,
    /// No list can hold this one, and why: a person has to do it in the system itself.
    Refused(String),
    /// There is no list for things of this kind, and why.
    NoList(String),
}
