//! What of an answer is no record, or no value of one.

use crate::model::{Address, Entity, RecordId, ShortText};

/// A raw record that could not be read as one: kept out, counted, told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its id where that much could be read.
    pub record: Option<RecordId>,
    pub field: String,
    pub why: String,
}

/// A row that was kept out whole, and what of it can be read all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// A hash of the row, `q_..`: the same whenever the row is.
    pub row: Box<str>,
    pub entity: Entity,
    /// Its record, where that much can be read.
    pub id: Option<RecordId>,
    pub people: Vec<ShortText>,
    pub accounts: Vec<ShortText>,
    pub addresses: Vec<Address>,
    /// Without anybody's data.
    pub why: String,
}
