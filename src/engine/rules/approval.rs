//! How far writes to a system were approved.

use serde::{Deserialize, Serialize};

/// How far a system may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Protective writes only.
    Holds,
    All,
}
