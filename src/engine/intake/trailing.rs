//! Rows that show what something else has overtaken.

use crate::connector::Pass;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::proofs::clocks::SKEW_MAX;
use crate::engine::proofs::pass_run::PassRun;
use crate::engine::target::Target;
use crate::model::{Record, Span, Time};
use std::ops::RangeInclusive;

/// A write takes no longer than this to be answered, by far the most: whatever changed earlier was there before it.
const ANSWERED_WITHIN: Span = Span::seconds(30);

/// Of two moments that are further apart than this also a system that tells whole seconds dates the later one later.
const ONE_SECOND_ON: Span = Span::seconds(2);

impl Engine {
    /// Whether a search, or a look that was asked for some time ago, shows a record as it was before what is known of it: it is as far behind
    /// as its system says, and by the record's own time this is the older version. Taken for news, what somebody has replaced would win over
    /// what replaced it. A time that is still to come tells nothing.
    pub(super) fn shows_older(&self, run: &PassRun, old: &Record, new: &Record, now: Time) -> bool {
        let is_search = matches!(run.pass, Pass::Changes(_) | Pass::Resume { .. } | Pass::Open | Pass::ById(_));
        let lag = self.stream_info(&run.system, &run.stream).map_or(Span::ZERO, |info| info.lag);
        let [began, now] = [run.began, now].map(|at| self.by_both(run, at));
        is_search && is_older(new.changed_at, old.changed_at, began.start().minus(lag)..=*now.end())
    }

    /// A moment by our clock and by the one that dates the system's records, the earlier first: clocks that agree may be minutes apart. Of one
    /// that does not agree nobody knows by which its records are dated.
    fn by_both(&self, run: &PassRun, at: Time) -> RangeInclusive<Time> {
        let there = self.clocks.there(&run.system, at).minus(self.clocks.shift(&run.system));
        let agrees = (there.0 - at.0).abs() <= SKEW_MAX.0;
        if agrees { at.min(there)..=at.max(there) } else { at..=at }
    }

    /// Whether a search may still show a record as it was before our last write: as far behind as its system says, and the record's own time
    /// has not moved since: what it tells of a time before our write was sent is of before it.
    pub(super) fn trails(&self, run: &PassRun, idx: Idx, target: &Target, new: &Record) -> bool {
        let lag = self.stream_info(&run.system, &run.stream).map_or(Span::ZERO, |info| info.lag);
        let Some(write) = last_write(target).filter(|_| !run.pass.is_sweep()) else { return false };
        let sent_by = write.sent_by.map(|at| *self.by_both(run, at).end());
        let since = || self.world.record(idx).changed_at.max(target.stood_at).max(sent_by);
        write.answered >= run.began.minus(lag) && !write.may_be_older_than(new.changed_at) && !has_moved(new.changed_at, since())
    }
}

/// Our last write to a record that a search may not show yet.
#[derive(Debug, PartialEq)]
struct LastWrite {
    answered: Time,
    /// What its system dates before this was there before the write. `None`: a former process made it, and how its clock stood is not known.
    sent_by: Option<Time>,
}

impl LastWrite {
    /// Whether it is a former process's, and what a record dates in whole seconds may be of its very second, or later.
    fn may_be_older_than(&self, changed_at: Option<Time>) -> bool {
        self.sent_by.is_none() && changed_at.is_none_or(|at| at > self.answered.minus(ONE_SECOND_ON))
    }
}

/// A former process's counts until something was seen of it: then the search has come so far.
fn last_write(target: &Target) -> Option<LastWrite> {
    let own = target.acknowledged_at.map(|at| LastWrite { answered: at, sent_by: Some(at.minus(ANSWERED_WITHIN)) });
    let is_unseen = || target.agreed.iter().any(|agreed| agreed.unseen && !agreed.spent);
    own.or_else(|| target.acknowledged_before.filter(|_| is_unseen()).map(|answered| LastWrite { answered, sent_by: None }))
}

/// Whether a version of a record is older than the one that is known, by its own time, and the known one came about within this while.
fn is_older(new: Option<Time>, known: Option<Time>, within: RangeInclusive<Time>) -> bool {
    new.zip(known).is_some_and(|(new, known)| new < known && within.contains(&known))
}

/// Whether a record's own time has moved since then. Of a system that tells none nobody can say that it has not.
fn has_moved(changed_at: Option<Time>, since: Option<Time>) -> bool {
    changed_at.is_none() || changed_at > since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::target::Agreed;
    use crate::model::Value;

    #[test]
    fn only_what_is_known_to_have_changed_of_late_makes_a_version_older() {
        let time = |at: i64| Some(Time(at));
        for (new, known, older) in [
            (time(40), time(50), true),
            (time(50), time(50), false),
            (time(60), time(50), false),
            (time(20), time(29), false),
            (time(40), time(91), false),
            (time(40), time(90), true),
            (None, time(50), false),
            (time(40), None, false),
        ] {
            assert_eq!(is_older(new, known, Time(30)..=Time(90)), older, "{new:?} {known:?}");
        }
    }

    #[test]
    fn a_time_that_is_not_told_may_have_moved() {
        let time = |at: i64| Some(Time(at));
        for (changed_at, since, moved) in
            [(None, time(5), true), (time(5), time(5), false), (time(6), time(5), true), (time(5), None, true)]
        {
            assert_eq!(has_moved(changed_at, since), moved, "{changed_at:?} {since:?}");
        }
    }

    #[test]
    fn a_former_processs_write_may_be_overtaken_until_it_is_seen() {
        let agreed = |unseen, spent| Agreed { unseen, spent, ..Agreed::new("title".into(), Value::text("Chief")) };
        let of = |now: Option<i64>, before: Option<i64>, agreed: Vec<Agreed>| {
            let target = Target { acknowledged_at: now.map(Time), acknowledged_before: before.map(Time), agreed, ..Target::default() };
            last_write(&target).map(|write| (write.answered.0, write.sent_by.map(|at| at.0)))
        };
        assert_eq!(of(Some(90_000), Some(50_000), vec![]), Some((90_000, Some(60_000))));
        assert_eq!(of(None, Some(50_000), vec![agreed(false, false), agreed(true, false)]), Some((50_000, None)));
        assert_eq!(of(None, Some(50_000), vec![agreed(false, false), agreed(true, true)]), None);
        assert_eq!(of(None, Some(50_000), vec![]), None);
        assert_eq!(of(None, None, vec![agreed(true, false)]), None);
    }

    /// Somebody typed in the second of our write, and the next process took it for what was there before.
    #[test]
    fn what_is_dated_about_when_a_former_process_wrote_is_news() {
        for (sent_by, changed_at, may) in [
            (None, Some(50_000), true),
            (None, Some(49_000), true),
            (None, Some(48_000), false),
            (None, None, true),
            (Some(20_000), Some(50_000), false),
        ] {
            let write = LastWrite { answered: Time(50_000), sent_by: sent_by.map(Time) };
            assert_eq!(write.may_be_older_than(changed_at.map(Time)), may, "{sent_by:?} {changed_at:?}");
        }
    }
}
