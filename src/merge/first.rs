//! The first value stays: each record is taken by what it held first, once that was decided on.

use super::candidate::{Candidate, SystemHabits};
use super::rules::FieldRule;
use crate::model::{FirstValue, RecordId, Time};

/// Why a candidate lost: its person had its first value already.
pub(super) const CAME_LATER: &str = "came after the first";
/// The same: nobody knows which of the two came first, and the order decides.
pub(super) const PERHAPS_FIRST: &str = "perhaps as early, the order decides";
/// Of what is not decided on yet.
pub(super) const NOT_YET: Time = Time(i64::MAX);

/// Whether what a record held first counts still by this rule: it may say by now that the value is none.
pub fn counts_as_first(rule: &FieldRule, from: &RecordId, first: &FirstValue) -> bool {
    rule.takes_for_nothing(&first.value, &from.system).is_none()
}

/// A candidate by what its record held first, else by what it shows.
pub(super) fn as_first<'a>(rule: &FieldRule, c: &Candidate<'a>) -> Candidate<'a> {
    match c.first.filter(|first| counts_as_first(rule, c.from, first)) {
        // It was nobody's echo or copy when it was decided on.
        Some(first) => {
            let habits = SystemHabits { is_doubtful: false, ..c.habits };
            Candidate { habits, first: Some(first), unseen: first.unseen, ..Candidate::new(c.from, &first.value, first.age) }
        }
        None => Candidate { first: None, ..c.clone() },
    }
}

/// Since when each candidate counts as the first of its person.
#[derive(Debug, Default)]
pub(super) struct Since {
    each: Vec<Time>,
    /// The last of those that are remembered.
    latest: Option<Time>,
}

impl Since {
    /// `counts`: whether the candidate of that place counts. What is not decided on yet came later than what is; but not where it came in the
    /// same round: which of two comes first must not hang on which is read first.
    pub(super) fn of(candidates: &[Candidate<'_>], counts: impl Fn(usize) -> bool) -> Since {
        let counted = candidates.iter().enumerate().filter(|(place, _)| counts(*place));
        let earliest = counted.filter_map(|(_, c)| c.first).min_by_key(|first| first.since);
        let since = |c: &Candidate<'_>| match (c.first, earliest) {
            (Some(first), _) => first.since,
            (None, Some(first)) if !c.is_copy() && c.unseen.is_some_and(|unseen| unseen < round_of(first)) => first.since,
            (None, _) => NOT_YET,
        };
        let latest = candidates.iter().filter_map(|c| c.first).map(|first| first.since).max();
        Since { each: candidates.iter().map(since).collect(), latest }
    }

    pub(super) fn of_candidate(&self, place: usize) -> Time {
        self.each.get(place).copied().unwrap_or(NOT_YET)
    }

    /// Since when it is to be remembered. What is decided on now came after all that was before, also if a clock was ahead then.
    pub(super) fn to_remember(&self, place: usize, now: Time) -> Time {
        match self.of_candidate(place) {
            NOT_YET => self.latest.map_or(now, |latest| now.max(Time(latest.0.saturating_add(1)))),
            since => since,
        }
    }
}

/// Between the look that did not show a value yet and the one that did. Two systems are looked at in one rhythm, but not at one moment: of what
/// is nearer to the first, the look before fell into the same round.
fn round_of(first: &FirstValue) -> Time {
    first.unseen.map_or(Time(i64::MIN), |unseen| Time(unseen.0.midpoint(first.since.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::ignored::Ignored;
    use crate::merge::rules::Strategy;
    use crate::model::{Age, Value};

    fn first(value: &str, unseen: Option<i64>, since: i64) -> FirstValue {
        FirstValue { value: Value::text(value), age: Age::until(Time(1)), unseen: unseen.map(Time), since: Time(since) }
    }

    #[test]
    fn a_record_is_taken_by_what_it_held_first_as_long_as_the_rule_takes_that_for_a_value() {
        let from: RecordId = "crm:person:1".parse().unwrap();
        let rule = |words: &[&str]| FieldRule {
            ignored: Ignored::of(words.iter().map(|word| (*word).into()).collect()),
            ..FieldRule::of(Strategy::First(vec!["crm".into()]), "precedence.toml:2".into())
        };
        let (shown, known) = (Value::text("Referral"), first("Web", None, 5));
        let candidate = Candidate { echo: true, first: Some(&known), ..Candidate::new(&from, &shown, Age::until(Time(9))) };
        let by_first = as_first(&rule(&[]), &candidate);
        assert_eq!((by_first.value, by_first.age, by_first.echo), (&Value::text("Web"), Age::until(Time(1)), false));
        let by_shown = as_first(&rule(&["web"]), &candidate);
        assert_eq!((by_shown.value, by_shown.echo, by_shown.first), (&shown, true, None));
    }

    #[test]
    fn what_came_later_counts_later_unless_it_came_in_the_same_round() {
        let ids: [RecordId; 2] = ["crm:person:1", "ma:person:2"].map(|id| id.parse().unwrap());
        let value = Value::text("Web");
        for (settled, unseen, since) in [
            // Both were not there at 10, by clocks or looks that are not quite the same.
            (Some(10), Some(10), 70),
            (Some(10), Some(13), 70),
            (Some(10), Some(2), 70),
            // Read in the round after, though the look before began a moment before the other was decided on.
            (Some(10), Some(69), i64::MAX),
            (Some(10), Some(71), i64::MAX),
            // A system that was not read before, and a value that was there from the beginning.
            (Some(10), None, i64::MAX),
            (None, Some(2), i64::MAX),
            (None, None, i64::MAX),
        ] {
            let known = first("Web", settled, 70);
            let one = Candidate { first: Some(&known), ..Candidate::new(&ids[0], &value, Age::until(Time(1))) };
            let other = Candidate { unseen: unseen.map(Time), ..Candidate::new(&ids[1], &value, Age::until(Time(1))) };
            let found = Since::of(&[one, other], |_| true);
            assert_eq!([0, 1].map(|place| found.of_candidate(place).0), [70, since], "{settled:?} {unseen:?}");
        }
    }
}
