//! How far writes to a system were approved.

use crate::engine::ledger::kind::{Kind, Tag};
use serde::{Deserialize, Serialize};

/// Each system's, by its name.
pub(in crate::engine) const APPROVAL: Kind<Approval> = Kind::new(Tag::Approval);

/// How far a system may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// Protective writes only.
    Holds,
    All,
}
