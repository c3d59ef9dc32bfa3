//! A person as the rules want it.

use super::assessment::Merge;
use crate::decide::standing::Standing;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::engine::proofs::coverage::Gaps;
use crate::engine::rules::merging::Merging;
use crate::model::Record;

/// A person as it was just decided on.
#[derive(Debug, Clone, Copy)]
pub struct Whole<'a> {
    pub standing: &'a Standing,
    pub merge: &'a Merge,
}

/// A person's records and their places, in the same order.
#[derive(Clone, Copy)]
pub struct Members<'a> {
    pub places: &'a [Idx],
    pub records: &'a [Record],
    /// For the person's deals and tickets.
    pub around: &'a View<'a>,
    /// What may be missing of it.
    pub gaps: &'a Gaps,
    /// Whose value counts, and which status.
    pub by: &'a Merging,
}
