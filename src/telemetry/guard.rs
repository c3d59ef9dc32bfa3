//! What is unusually much at once.

use super::InternalEvent;
use crate::model::Name;

/// Holds never wait.
pub struct ManyHolds<'a> {
    pub system: &'a Name,
    pub count: usize,
    pub limit: usize,
}

impl InternalEvent for ManyHolds<'_> {
    fn emit(self) {
        let ManyHolds { system, count, limit } = self;
        tracing::warn!(%system, count, limit, "unusually many holds at once; they are written all the same");
    }
}

/// All else does.
pub struct WritesWait<'a> {
    pub system: &'a Name,
    pub op: &'a str,
    pub count: usize,
    pub limit: usize,
}

impl InternalEvent for WritesWait<'_> {
    fn emit(self) {
        let WritesWait { system, op, count, limit } = self;
        tracing::warn!(%system, op, count, limit, "more at once than may go by themselves: they wait for `nayose approve`");
    }
}

/// They count, and may be a mistake in the system all the same.
pub struct ManyRefusals<'a> {
    pub system: &'a Name,
    pub stream: &'a Name,
    pub count: usize,
    pub of: usize,
}

impl InternalEvent for ManyRefusals<'_> {
    fn emit(self) {
        let ManyRefusals { system, stream, count, of } = self;
        tracing::warn!(%system, %stream, count, of, "many refusals came in one pass");
    }
}
