//! The time by the systems' clocks.

use super::clocks::{Clocks, SKEW_MAX};
use crate::engine::engine::Engine;
use crate::model::{Entity, Name, Span, Time};

impl Engine {
    /// Takes a system's `Date`. While nobody could say whose clock is wrong, an end may have been dated by one that is far ahead. Once it is
    /// known how late it is, such an end counts as now: it was no later, and it is not waited for.
    pub fn hear_clock(&mut self, system: &Name, skew_ms: i64, now: Time) {
        if !self.clocks.tell(system, skew_ms, now) {
            return;
        }
        for idx in self.world.indexes() {
            if !matches!(self.world.slot(idx).id.entity, Entity::Deal | Entity::Ticket) {
                continue;
            }
            let mut record = self.world.record(idx);
            if record.memory.ended_at.is_some_and(|end| is_ahead(end, now)) {
                record.memory.ended_at = Some(now);
                self.keep_written_record(idx, &record);
                self.mark(idx, &record);
            }
        }
    }

    /// Whether our clock agrees with the systems'.
    pub fn clocks_agree(&self) -> bool {
        self.clocks.belief().agrees()
    }

    /// The time by which cool-downs end: see `Belief::trusted`.
    pub fn trusted_now(&self, now: Time) -> Time {
        self.clocks.belief().trusted(now)
    }

    /// The latest that it may be now where a system tells what began: it is not dated before. While our clock may be behind, that system's
    /// own is the most that counts, and not another's that may be far ahead of both.
    pub fn latest_now(&self, system: &Name, now: Time) -> Time {
        self.clocks.latest(system, now)
    }

    /// What `status` says of clocks.
    pub fn clock_alarms(&self) -> Vec<String> {
        alarms(&self.clocks, self.systems.keys())
    }
}

/// Whether an end was dated by a clock that is ahead.
fn is_ahead(end: Time, now: Time) -> bool {
    end > now.plus(SKEW_MAX)
}

/// Which clocks are wrong, ours first.
fn alarms<'n>(clocks: &Clocks, systems: impl Iterator<Item = &'n Name>) -> Vec<String> {
    let mut lines = Vec::new();
    let belief = clocks.belief();
    if !belief.agrees() {
        let (by, way) = if belief.ahead > Span::ZERO { (belief.ahead, "ahead of") } else { (belief.behind, "behind") };
        lines.push(format!(
                "this machine's clock is {} s {way} the systems' clocks: the gate holds, nothing is released and no cool-down ends until they agree; set this machine's clock",
                by.as_seconds()
            ));
    }
    for name in systems {
        let Some(skew_ms) = clocks.skew_ms(name).filter(|s| s.abs() > SKEW_MAX.0) else { continue };
        if clocks.shift(name) == Span::ZERO {
            lines.push(format!("{name}: its clock and ours differ by {} s", skew_ms / 1000));
        } else {
            lines.push(format!(
                    "{name}: its clock differs by {} s from ours and from the other systems'; its times are taken with that difference, and nothing waits for it",
                    skew_ms / 1000
                ));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn told(skews: &[i64]) -> Vec<String> {
        let names: Vec<Name> = (0..skews.len()).map(|i| format!("s{i}").as_str().into()).collect();
        let mut clocks = Clocks::default();
        for (name, skew) in names.iter().zip(skews) {
            clocks.tell(name, *skew, Time(100 * DAY));
        }
        alarms(&clocks, names.iter().chain([&"silent".into()]))
    }

    #[test]
    fn clocks_that_agree_are_not_told() {
        assert!(told(&[]).is_empty() && told(&[0, SKEW_MAX.0, -SKEW_MAX.0]).is_empty());
    }

    #[test]
    fn it_is_told_whose_clock_is_wrong_and_what_waits_for_it() {
        let ours = |way: &str| {
            format!(
                "this machine's clock is 86400 s {way} the systems' clocks: the gate holds, nothing is released and no cool-down ends until they agree; set this machine's clock"
            )
        };
        let both = |name: &str, by: i64| format!("{name}: its clock and ours differ by {by} s");
        assert_eq!(told(&[-DAY]), [ours("ahead of"), both("s0", -86_400)]);
        assert_eq!(told(&[DAY]), [ours("behind"), both("s0", 86_400)]);
        assert_eq!(
            told(&[0, 0, DAY]),
            [
                "s2: its clock differs by 86400 s from ours and from the other systems'; its times are taken with that difference, and nothing waits for it"
            ]
        );
    }

    #[test]
    fn an_end_within_what_clocks_may_differ_by_is_not_ahead() {
        let now = Time(DAY);
        assert!(!is_ahead(now, now) && !is_ahead(now.plus(SKEW_MAX), now) && is_ahead(now.plus(SKEW_MAX).plus(Span(1)), now));
    }
}
