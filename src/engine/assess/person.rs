//! One person as last decided.

use crate::decide::standing::HoldNow;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::coverage::Undecided;
use crate::model::Name;

/// One person as last decided.
#[derive(Debug, Default)]
pub struct Person {
    pub members: Vec<Idx>,
    pub holds: Vec<HoldNow>,
    /// `None`: it was not known for sure.
    pub status: Option<DecidedStatus>,
    pub undecided: Undecided,
    /// Stopped by rules from before the last edit from something that the files' rules would let through.
    pub by_former: bool,
}

/// `None`: no rule is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedStatus(pub Option<Name>);
