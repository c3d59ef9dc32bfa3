//! How our clock stands to the systems', by the `Date` of their answers; and up to which moment it may be believed.

use crate::model::{Name, Span, Time};
use std::collections::BTreeMap;

/// Clocks that differ by no more than this agree.
pub(in crate::engine) const SKEW_MAX: Span = Span::minutes(2);

/// What a system told longer ago is left out of the judgement: our clock may have been set meanwhile.
const TOLD_FOR: Span = Span::minutes(60);

/// So many systems have a majority.
const MANY: usize = 3;

/// What one system's clock said last.
#[derive(Debug, Clone, Copy)]
struct ClockReading {
    /// Its clock minus ours.
    skew_ms: i64,
    at: Time,
    /// By how much its times are brought nearer to ours, where it is the one that is wrong. It stays as it is while the clock runs evenly:
    /// else each look at a record would show another time.
    shift: Span,
}

/// The systems' clocks beside ours.
#[derive(Debug, Default)]
pub struct Clocks {
    told: BTreeMap<Name, ClockReading>,
    belief: Belief,
    /// How late it is is known: most systems' clocks agree with ours or, where they are few, all.
    sure: bool,
    /// How late the clock of a former process showed, at least.
    former: Option<Time>,
}

/// How far our clock is wrong as the systems have it, and the latest moment that one of them told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Belief {
    pub(in crate::engine) ahead: Span,
    pub(in crate::engine) behind: Span,
    heard: Option<Time>,
}

impl Belief {
    /// The time up to which something may be over by the clock alone: never later than what the systems' clocks say.
    pub fn trusted(self, now: Time) -> Time {
        let told = self.heard.map_or(Time(0), |heard| heard.plus(SKEW_MAX));
        now.minus(self.ahead).min(told)
    }

    pub fn agrees(self) -> bool {
        self.ahead == Span::ZERO && self.behind == Span::ZERO
    }
}

impl Clocks {
    /// Takes a `Date`: the system's clock minus ours at that moment. Returns whether it is known only since then how late it is.
    pub fn tell(&mut self, system: &Name, skew_ms: i64, now: Time) -> bool {
        let shift = self.told.get(system).map_or(Span::ZERO, |t| t.shift);
        self.told.insert(system.clone(), ClockReading { skew_ms, at: now, shift });
        let counted = self.counted(now);
        (self.belief.ahead, self.belief.behind) = judge(counted.clone());
        let odd = counted.len() >= MANY && self.belief.agrees() && skew_ms.abs() > SKEW_MAX.0;
        let wanted = Span(if odd { skew_ms } else { 0 });
        if wanted == Span::ZERO || (wanted.0 - shift.0).abs() > SKEW_MAX.0 {
            self.told.insert(system.clone(), ClockReading { skew_ms, at: now, shift: wanted });
        }
        self.hear(now.minus(self.belief.ahead).min(Time(now.0.saturating_add(skew_ms))));
        // Of few, one that is silent now may be the one that is right.
        let all_agree = || self.told.values().all(|t| t.skew_ms.abs() <= SKEW_MAX.0);
        let sure = self.belief.agrees() && (counted.len() >= MANY || all_agree());
        let was_sure = std::mem::replace(&mut self.sure, sure);
        sure && !was_sure
    }

    /// A pass came to its end. Where no system ever tells its time, ours is all there is.
    pub fn pass_ended(&mut self, now: Time) {
        if self.told.is_empty() {
            self.hear(now);
        }
    }

    /// A moment that has come for certain.
    pub fn hear(&mut self, at: Time) {
        self.belief.heard = self.belief.heard.max(Some(at));
    }

    /// The clock of a former process has shown this.
    pub fn was_shown(&mut self, at: Time) {
        self.former = self.former.max(Some(at));
    }

    /// By how much our clock was set back since a former process, at least.
    pub fn set_back(&self, now: Time) -> Span {
        self.former.map_or(Span::ZERO, |former| former.since(now))
    }

    pub fn belief(&self) -> Belief {
        self.belief
    }

    /// How much later it is than our clock says, by the systems that count; zero if they agree with us.
    pub fn behind(&self) -> Span {
        self.belief.behind
    }

    /// How much earlier it is than our clock says, by the systems that count; zero if they agree with us.
    pub fn ahead(&self) -> Span {
        self.belief.ahead
    }

    /// How far a system's clock was from ours when it last told.
    pub fn skew_ms(&self, system: &Name) -> Option<i64> {
        self.told.get(system).map(|t| t.skew_ms)
    }

    /// What a system's clock shows when ours shows this. Of one that never told, the least that it shows if both agree.
    pub fn there(&self, system: &Name, ours: Time) -> Time {
        Time(ours.0.saturating_add(self.skew_ms(system).unwrap_or(-SKEW_MAX.0)))
    }

    pub(in crate::engine) fn latest(&self, system: &Name, now: Time) -> Time {
        now.plus(self.behind()).min(self.there(system, now).max(now))
    }

    /// By how much a system's times are too late: zero unless it is the one that is wrong.
    pub fn shift(&self, system: &Name) -> Span {
        self.told.get(system).map_or(Span::ZERO, |t| t.shift)
    }

    /// Forgets the systems that are not configured any more.
    pub fn keep_only(&mut self, systems: impl Fn(&Name) -> bool) {
        self.told.retain(|name, _| systems(name));
    }

    /// What counts now: what was told lately, or all if nothing was.
    fn counted(&self, now: Time) -> Vec<i64> {
        let young = |t: &ClockReading| (now.0.saturating_sub(t.at.0)).abs() <= TOLD_FOR.0;
        let any_young = self.told.values().any(young);
        self.told.values().filter(|t| !any_young || young(t)).map(|t| t.skew_ms).collect()
    }
}

/// How far our clock is ahead, and behind: by the median of the systems, or by each where they are too few for one. An even number has two in
/// the middle, and both count.
fn judge(mut skews: Vec<i64>) -> (Span, Span) {
    skews.sort_unstable();
    let middle = match skews.len() {
        n if n >= MANY => (n - 1) / 2..n / 2 + 1,
        n => 0..n,
    };
    let wrong = || skews[middle.clone()].iter().filter(|s| s.abs() > SKEW_MAX.0);
    let furthest = |most: Option<i64>| Span(most.unwrap_or(0).max(0));
    (furthest(wrong().map(|s| -s).max()), furthest(wrong().copied().max()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    fn told(skews: &[i64], now: Time) -> Clocks {
        let mut clocks = Clocks::default();
        for (i, skew) in skews.iter().enumerate() {
            clocks.tell(&format!("s{i}").as_str().into(), *skew, now);
        }
        clocks
    }

    #[test]
    fn our_clock_is_judged_by_the_median_and_by_each_of_two() {
        for (skews, ahead, behind) in [
            (vec![], 0, 0),
            (vec![60_000], 0, 0),
            (vec![-DAY], DAY, 0),
            (vec![DAY], 0, DAY),
            (vec![0, 300_000], 0, 300_000),
            (vec![-DAY, DAY], DAY, DAY),
            (vec![0, 0, DAY], 0, 0),
            (vec![0, -DAY, -DAY], DAY, 0),
            (vec![5, DAY, -DAY], 0, 0),
            (vec![0, 0, DAY, DAY], 0, DAY),
            (vec![0, 0, 0, DAY], 0, 0),
        ] {
            let clocks = told(&skews, Time(100 * DAY));
            assert_eq!((clocks.ahead().0, clocks.behind().0), (ahead, behind), "{skews:?}");
        }
    }

    #[test]
    fn one_system_that_is_off_is_shifted_and_stops_nothing() {
        let now = Time(100 * DAY);
        let mut clocks = told(&[0, 0, 365 * DAY], now);
        assert!(clocks.belief().agrees());
        assert_eq!(clocks.shift(&"s2".into()), Span(365 * DAY));
        clocks.tell(&"s2".into(), 365 * DAY + 900, now);
        assert_eq!(clocks.shift(&"s2".into()), Span(365 * DAY), "its times stay as they were read");
        assert_eq!(clocks.trusted(now), now);
        clocks.tell(&"s2".into(), 900, now);
        assert_eq!(clocks.shift(&"s2".into()), Span::ZERO, "it was set right");
        assert_eq!(told(&[0, DAY], now).shift(&"s1".into()), Span::ZERO, "of two nobody can say which is wrong");
    }

    #[test]
    fn how_late_it_is_is_known_by_most_systems_or_by_all_of_few() {
        let now = Time(100 * DAY);
        for (skews, since) in [(vec![0], 0), (vec![DAY, 0], 9), (vec![DAY, 0, 0, 0], 2), (vec![DAY, DAY, DAY], 9)] {
            let mut clocks = Clocks::default();
            for (i, skew) in skews.iter().enumerate() {
                assert_eq!(clocks.tell(&format!("s{i}").as_str().into(), *skew, now), i == since, "{skews:?}, {i}");
            }
        }
        let mut two = told(&[0, DAY], now);
        let later = now.plus(Span::minutes(120));
        assert!(!two.tell(&"s0".into(), 0, later), "the other one may be right, though it is silent");
        assert!(two.tell(&"s1".into(), 0, later), "it was set right");
    }

    #[test]
    fn what_one_system_tells_is_not_dated_by_another_that_is_ahead_of_all() {
        let now = Time(100 * DAY);
        let (of_two, behind) = (told(&[0, 31 * DAY], now), told(&[DAY, DAY, DAY], now));
        assert_eq!(of_two.latest(&"s0".into(), now), now);
        assert_eq!(of_two.latest(&"s1".into(), now), now.plus(Span(31 * DAY)));
        assert_eq!(behind.latest(&"s0".into(), now), now.plus(Span(DAY)), "our clock is the one that is wrong");
        assert_eq!(told(&[0, 0, 31 * DAY], now).latest(&"s2".into(), now), now, "the one that is off is shifted");
    }

    #[test]
    fn nothing_is_over_by_a_clock_that_jumped_ahead_whether_a_system_told_it_yet_or_not() {
        let true_now = Time(100 * DAY);
        let mut clocks = told(&[0, 0, 0], true_now);
        let jumped = true_now.plus(Span(31 * DAY));
        assert!(clocks.trusted(jumped) <= true_now.plus(SKEW_MAX), "nobody told anything since");
        clocks.tell(&"s0".into(), -31 * DAY, jumped);
        assert!(!clocks.belief().agrees(), "what the others told was told by the clock as it was");
        assert!(clocks.trusted(jumped) <= true_now.plus(SKEW_MAX));
        for name in ["s0", "s1", "s2"] {
            clocks.tell(&name.into(), 0, true_now);
        }
        assert!(clocks.belief().agrees());
        assert!(clocks.trusted(true_now) <= true_now.plus(SKEW_MAX));
    }

    #[test]
    fn by_what_a_former_process_has_seen_our_clock_was_set_back() {
        let mut clocks = Clocks::default();
        assert_eq!(clocks.set_back(Time(DAY)), Span::ZERO, "there was none");
        clocks.was_shown(Time(3 * DAY));
        clocks.was_shown(Time(2 * DAY));
        for (now, set_back) in [(1, 2), (3, 0), (4, 0)] {
            assert_eq!(clocks.set_back(Time(now * DAY)), Span(set_back * DAY), "{now}");
        }
        assert!(clocks.trusted(Time(4 * DAY)) < Time(DAY), "it is no clock to go by");
    }

    #[test]
    fn where_no_system_tells_its_time_ours_counts_once_something_was_read() {
        let mut clocks = Clocks::default();
        assert!(clocks.trusted(Time(50 * DAY)) < Time(DAY), "nothing is known");
        clocks.pass_ended(Time(50 * DAY));
        assert_eq!(clocks.trusted(Time(50 * DAY)), Time(50 * DAY));
    }

    #[test]
    fn a_clock_that_was_never_told_may_be_behind_ours() {
        let (clocks, now) = (told(&[-90_000], Time(50 * DAY)), Time(50 * DAY));
        assert_eq!(clocks.there(&"s0".into(), now), now.minus(Span::seconds(90)));
        assert_eq!(clocks.there(&"s1".into(), now), now.minus(SKEW_MAX));
        assert_eq!(clocks.latest(&"s1".into(), now), now, "and no later than ours for that");
    }

    impl Clocks {
        fn trusted(&self, now: Time) -> Time {
            self.belief.trusted(now)
        }
    }
}
