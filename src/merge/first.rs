//! The first value stays: each record is taken by what it held first, once that was decided on.

use super::candidate::{Candidate, SystemHabits};
use super::rules::FieldRule;
use crate::model::{FirstValue, RecordId, Time, Value};

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

/// Candidates, each by what its record held first, else by what it shows.
///
/// A record whose own first value gave way to another's, and that shows what was written for it, is taken by that where whoever held it is the
/// person's no more: what a person's first value is stays with the person.
pub(super) fn by_firsts<'a>(rule: &FieldRule, candidates: &[Candidate<'a>]) -> Vec<Candidate<'a>> {
    let by_own: Vec<Candidate<'a>> = candidates.iter().map(|c| as_first(rule, c)).collect();
    let is_held = |place: usize, ours: &Value| {
        let since = by_own[place].first.map(|first| first.since);
        let held = by_own.iter().enumerate().filter(|(other, c)| *other != place && c.value.says_the_same(ours));
        held.filter_map(|(_, c)| c.first).any(|first| Some(round_of(first)) <= since)
    };
    let by_written = |(place, own): (usize, &Candidate<'a>)| match candidates[place].ours {
        Some(ours) if own.first.is_some() && !ours.is_empty() && !is_held(place, ours) => Candidate { value: ours, ..own.clone() },
        _ => own.clone(),
    };
    by_own.iter().enumerate().map(by_written).collect()
}

/// A candidate by what its record held first, else by what it shows.
fn as_first<'a>(rule: &FieldRule, c: &Candidate<'a>) -> Candidate<'a> {
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
pub(super) struct Since(Vec<Time>);

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
        Since(candidates.iter().map(since).collect())
    }

    pub(super) fn of_candidate(&self, place: usize) -> Time {
        self.0.get(place).copied().unwrap_or(NOT_YET)
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
    use crate::model::Age;

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
        let taken = |rule: &FieldRule| by_firsts(rule, std::slice::from_ref(&candidate)).remove(0);
        let by_first = taken(&rule(&[]));
        assert_eq!((by_first.value, by_first.age, by_first.echo), (&Value::text("Web"), Age::until(Time(1)), false));
        let by_shown = taken(&rule(&["web"]));
        assert_eq!((by_shown.value, by_shown.echo, by_shown.first), (&shown, true, None));
    }

    #[test]
    fn a_first_value_that_was_written_stays_when_who_held_it_is_the_persons_no_more() {
        let ids: [RecordId; 2] = ["crm:person:1", "ma:person:2"].map(|id| id.parse().unwrap());
        let rule = FieldRule::of(Strategy::First(vec!["crm".into(), "ma".into()]), "precedence.toml:2".into());
        let web = Value::text("Web");
        for (written, held, offered) in [
            // Whoever held it is there: each has its own, and another order is another answer.
            (true, Some(first("Web", None, 5)), "Referral"),
            (true, Some(first("Web", Some(4), 11)), "Referral"),
            // It left; it came back under another name, and nobody remembers; somebody else holds something else.
            (true, None, "Web"),
            (true, Some(first("Web", Some(20), 25)), "Web"),
            (true, Some(first("Fair", None, 5)), "Web"),
            // Nothing of ours is shown.
            (false, None, "Referral"),
        ] {
            let own = first("Referral", Some(8), 9);
            let lead = Candidate { first: Some(&own), ..Candidate::new(&ids[1], &web, Age::until(Time(12))) };
            let lead = if written { Candidate { echo: true, ours: Some(&web), ..lead } } else { lead };
            let contact = held.as_ref().map(|held| Candidate { first: Some(held), ..Candidate::new(&ids[0], &web, Age::until(Time(2))) });
            let candidates: Vec<Candidate<'_>> = [lead].into_iter().chain(contact).collect();
            let found = by_firsts(&rule, &candidates);
            assert_eq!((found[0].value.as_text(), found[0].first), (Some(offered), Some(&own)), "{written} {held:?}");
        }
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
