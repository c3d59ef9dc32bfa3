//! What a record held first of a field, where a rule says that the first value stays.

use super::{Age, Time, Value};
use serde::{Deserialize, Serialize};

/// It stays though the record shows another value since, or is not listed any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FirstValue {
    pub value: Value,
    /// When the record came to hold it, as far as that is known.
    pub age: Age,
    /// The last moment at which nobody who looked saw it there; `None`: it was there when the record's system was read first.
    pub unseen: Option<Time>,
    /// Since then it counts: of a person's records the earliest goes before those that came later, whatever is known of their ages.
    pub since: Time,
}
