//! What became of each candidate, for a reader. A strategy says what it goes by; which of that told the winner from the others, the others say.

use super::candidate::Candidate;
use super::choice::{CHANGED_BEFORE, HIGHEST, LATER_ID, LATER_IN_ORDER, MOST, NEWER, NEWEST, OLDER, OLDEST, ONLY};
use super::judgment::{Circumstances, Judged, Judgment};
use super::rules::FieldRule;

/// The field's value, with what became of each candidate, in the order given.
pub fn explain<'a>(rule: &FieldRule, by: &Circumstances<'a>, candidates: &[Candidate<'a>]) -> (Judgment<'a>, Vec<Judged>) {
    let (judgment, mut judged) = super::judge::explain(rule, by, candidates);
    if let Some(winner) = judged.iter().position(|judged| judged.won) {
        let says_the_same = |i: usize| candidates[i].value.says_the_same(candidates[winner].value);
        if judged[winner].why == MOST {
            let voters = (0..judged.len()).filter(|i| *i != winner && says_the_same(*i));
            voters.for_each(|i| judged[i].why = if is_by_age(judged[i].why) { "says the same" } else { judged[i].why });
        }
        let others: Vec<&str> = judged.iter().filter(|judged| !judged.won).map(|judged| judged.why).collect();
        judged[winner].why = won(judged[winner].why, &others);
    }
    (judgment, judged)
}

/// Whether a candidate was as good as the winner but for its age.
fn is_by_age(why: &str) -> bool {
    [OLDER, NEWER, LATER_ID, CHANGED_BEFORE, LATER_IN_ORDER].contains(&why)
}

/// Why the winner won, beside others that lost for these reasons.
fn won(why: &'static str, others: &[&str]) -> &'static str {
    let lost = |reason: &str| others.contains(&reason);
    match why {
        MOST if lost(LATER_IN_ORDER) || lost(CHANGED_BEFORE) || lost(LATER_ID) => "as many records say another, first in the order",
        MOST if lost(OLDER) => "as many records say another, this is newer",
        NEWEST | OLDEST | HIGHEST | ONLY if lost(LATER_IN_ORDER) => "first in the order, ages are not known",
        NEWEST | OLDEST | HIGHEST | ONLY if lost(CHANGED_BEFORE) => "its record changed last, ages are not known",
        NEWEST | OLDEST | HIGHEST | ONLY if lost(LATER_ID) => "same time, first id",
        HIGHEST | ONLY if lost(OLDER) => "newest of those that rank equal",
        why => why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::strategy::{Band, Strategy};
    use crate::merge::{Leader, RulePart, UnreadSystems};
    use crate::model::{Age, Name, RecordId, Time, Value};

    #[test]
    fn the_winner_is_said_to_have_won_by_what_told_it_from_the_others() {
        let names = || ["a", "b", "c"].map(Name::from).to_vec();
        let order = || Strategy::Order(vec![Band(names().into_iter().map(Into::into).collect())]);
        let ranks = || Strategy::Order(names().into_iter().map(|name| Band(vec![name.into()])).collect());
        let at = |by: i64| Age { after: Some(Time(by - 1)), by: Time(by) };
        let known = [at(10), at(20), at(30)];
        let unknown = [10, 20, 30].map(|by| Age::until(Time(by)));
        for (strategy, values, ages, want) in [
            (Strategy::Newest(names()), ["x", "y", ""], known, ["older", "newest", "empty"]),
            (
                Strategy::Newest(names()),
                ["x", "y", ""],
                unknown,
                ["first in the order, ages are not known", "later in the order, its age is not known", "empty"],
            ),
            (Strategy::Newest(names()), ["x", "", ""], unknown, ["newest", "empty", "empty"]),
            (order(), ["x", "y", ""], known, ["older", "newest of those that rank equal", "empty"]),
            (
                order(),
                ["x", "y", ""],
                unknown,
                ["first in the order, ages are not known", "later in the order, its age is not known", "empty"],
            ),
            (ranks(), ["x", "y", ""], known, ["highest rank", "lower rank", "empty"]),
            (Strategy::Most(names()), ["x", "y", "x"], known, ["says the same", "fewer records say so", "most records say so"]),
            (Strategy::Most(names()), ["x", "y", ""], known, ["older", "as many records say another, this is newer", "empty"]),
            (
                Strategy::Most(names()),
                ["x", "y", ""],
                unknown,
                ["as many records say another, first in the order", "later in the order, its age is not known", "empty"],
            ),
        ] {
            let ids: Vec<RecordId> = ["a", "b", "c"].iter().map(|system| format!("{system}:person:1").parse().unwrap()).collect();
            let values: Vec<Value> = values.iter().map(|text| Value::text(text)).collect();
            let candidates: Vec<Candidate> =
                ids.iter().zip(&values).zip(ages).map(|((id, value), age)| Candidate::new(id, value, age)).collect();
            let rule = FieldRule::of(strategy, "precedence.toml:3".into());
            let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader: Leader::Nothing, now: Time(99) };
            let (judgment, judged) = explain(&rule, &by, &candidates);
            assert_eq!(judged.iter().map(|judged| judged.why).collect::<Vec<_>>(), want, "{rule} {values:?}");
            assert_eq!(judgment, crate::merge::judge(&rule, &by, &candidates));
        }
    }
}
