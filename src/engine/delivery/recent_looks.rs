//! What deciding looked at a moment ago and found something due for, so that gathering need not look again. It counts for as long as nothing
//! else was changed or marked: whoever is in doubt looks anew.

use crate::engine::assess::assessment::Merge;
use crate::engine::memory::places::ByPlace;
use crate::engine::target::Due;
use crate::model::{Record, Span, Time};

/// Kept at most: a few batches, some two megabytes.
pub(super) const KEPT_MAX: usize = 1_024;

/// What depends on the clock may be late by this.
pub(super) const COUNTS_FOR: Span = Span(1_000);

/// A target record as it was decided on.
#[derive(Debug)]
pub struct Looked {
    pub record: Record,
    pub merge: Merge,
    pub due: Due,
}

#[derive(Debug, Default)]
pub struct Lately {
    pub(in crate::engine) by: ByPlace<Looked>,
    pub(in crate::engine) at: Option<Time>,
    /// [`Engine::changes`] when all was decided.
    pub(in crate::engine) changes: u64,
}
