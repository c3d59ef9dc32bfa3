//! What is due for a record, from what was decided on it a moment ago if nothing changed since.

use super::recent_looks::COUNTS_FOR;
use super::recent_looks::KEPT_MAX;
use super::recent_looks::Lately;
use super::recent_looks::Looked;
use crate::engine::assess::assessment::Merge;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::target::Due;
use crate::model::{Record, Time};

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
