//! What deciding looked at a moment ago and found something due for, so that gathering need not look again. It counts for as long as nothing
//! else was changed or marked: whoever is in doubt looks anew.

use super::target::Due;
use crate::engine::assess::assessment::Merge;
use crate::engine::engine::Engine;
use crate::engine::memory::places::ByPlace;
use crate::engine::memory::world::Idx;
use crate::model::{Record, Span, Time};

/// Kept at most: a few batches, some two megabytes.
const KEPT_MAX: usize = 1_024;

/// What depends on the clock may be late by this.
const COUNTS_FOR: Span = Span(1_000);

/// A target record as it was decided on.
#[derive(Debug)]
pub struct Looked {
    pub record: Record,
    pub merge: Merge,
    pub due: Due,
}

#[derive(Debug, Default)]
pub struct Lately {
    by: ByPlace<Looked>,
    at: Option<Time>,
    /// [`Engine::changes`] when all was decided.
    changes: u64,
}

impl Engine {
    /// Before those who are marked are decided on. Where nobody is, and nothing was changed, all stays as it is.
    pub fn begin_lately(&mut self) {
        if !self.dirty.is_empty() || self.lately.changes != self.changes {
            self.lately = Lately::default();
        }
    }

    pub fn note_lately(&mut self, idx: Idx, record: &Record, merge: &Merge, due: &Due) {
        self.lately.by.remove(&idx);
        if !due.is_empty() && self.lately.by.len() < KEPT_MAX {
            self.lately.by.insert(idx, Looked { record: record.clone(), merge: merge.clone(), due: due.clone() });
        }
    }

    /// All who were marked are decided on.
    pub fn end_lately(&mut self, now: Time) {
        self.lately.at.get_or_insert(now);
        self.lately.changes = self.changes;
    }

    /// What was found out of these, where it still counts. Each is given once.
    pub fn take_lately(&mut self, of: &[Idx], now: Time) -> Vec<Option<Looked>> {
        let young = self.lately.at.is_some_and(|at| at <= now && now.since(at) <= COUNTS_FOR);
        let counts = young && self.lately.changes == self.changes && self.dirty.is_empty();
        of.iter().map(|idx| if counts { self.lately.by.remove(idx) } else { None }).collect()
    }
}
