//! Rows that show what something else has overtaken.

use super::our_writes::was_written_since;
use crate::connector::Pass;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::Target;
use crate::model::{Record, Span, Time};

impl Engine {
    /// Whether a search, or a look that was asked for some time ago, shows a record as it was before what is known of it: it is as far behind
    /// as its system says, and by the record's own time this is the older version. Taken for news, what somebody has replaced would win over
    /// what replaced it. A time that is still to come tells nothing.
    pub(super) fn shows_older(&self, run: &PassRun, old: &Record, new: &Record, now: Time) -> bool {
        let is_search = matches!(run.pass, Pass::Changes(_) | Pass::Resume { .. } | Pass::Open | Pass::ById(_));
        let lag = self.stream_info(&run.system, &run.stream).map_or(Span::ZERO, |info| info.lag);
        let is_older = |(new, old): (Time, Time)| new < old && (run.began.minus(lag)..=now).contains(&old);
        is_search && new.changed_at.zip(old.changed_at).is_some_and(is_older)
    }

    /// Whether a search may still show a record as it was before our last write: as far behind as its system says, and the record's own time
    /// has not moved since: what it tells of a time before our write was answered may be of before our write.
    pub(super) fn trails(&self, run: &PassRun, idx: Idx, target: &Target, new: &Record) -> bool {
        let lag = self.stream_info(&run.system, &run.stream).map_or(Span::ZERO, |info| info.lag);
        let since = || self.world.record(idx).changed_at.max(target.stood_at).max(target.acknowledged_at);
        let moved = || new.changed_at.is_none() || new.changed_at > since();
        !run.pass.is_sweep() && was_written_since(target, run.began.minus(lag)) && !moved()
    }
}
