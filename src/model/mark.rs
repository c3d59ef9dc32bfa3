//! What a record shows of our own writes.

use super::{OwnPermit, PermitFor};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What we write into a target beside merged fields, as the target shows it. Never a candidate of a merge.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// `Bool`: mail to this record is suppressed by an operator's flag. Any other value but `Empty` is somebody else's word for it.
    Block,
    /// `Time` (may be mailed until then) or `Bool` (carries the permit's label). For all marketing mail.
    Permit,
    /// `Text`: the reason codes beside the block.
    Why,
    /// `Text`: the lead status in the target's own words.
    Status,
    /// As `Permit`, for mail of one kind or topic. Which there are says systems.toml, not the manifest.
    #[schemars(skip)]
    OwnPermit(OwnPermit),
}

impl Mark {
    /// What kind of mark it is.
    pub fn name(&self) -> &'static str {
        match self {
            Mark::Block => "block",
            Mark::Permit | Mark::OwnPermit(_) => "permit",
            Mark::Why => "why",
            Mark::Status => "status",
        }
    }
}

impl PermitFor {
    /// Where a record shows it.
    pub fn mark(&self) -> Mark {
        match self {
            PermitFor::Marketing => Mark::Permit,
            PermitFor::Own(own) => Mark::OwnPermit(own.clone()),
        }
    }
}
