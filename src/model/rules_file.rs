//! A file that rules were written in.

use super::Time;
use serde::{Deserialize, Serialize};

/// A file of the rules as it lay in the folder when an edit was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RulesFile {
    pub file: String,
    /// The user whom it belongs to, by name where the machine has one.
    pub owner: String,
    pub modified: Time,
}
