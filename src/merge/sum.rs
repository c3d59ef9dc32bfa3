//! The numbers of several records, added.

use super::candidate::Candidate;
use super::judgment::{COPY, Circumstances, Judgment, Listener, Unknown, WAITS, Winner, beside_unreadable};
use super::rules::FieldRule;
use crate::model::{Name, Value};
use std::borrow::Cow;

/// The sum over the records of these systems. A copy of another's number is not added again, nor is what we wrote.
pub(super) fn sum<'a>(
    names: &[Name],
    rule: &FieldRule,
    by: &Circumstances<'_>,
    candidates: &[Candidate<'a>],
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let counts = |c: &Candidate| match c.value {
        _ if !names.contains(&c.from.system) => Err("not a source"),
        _ if c.echo => Err("our own write"),
        _ if c.is_copy() => Err(COPY),
        value => match rule.takes_for_nothing(value, &c.from.system) {
            Some(why) => Err(why),
            None if c.is_older_than(rule.max_age, by.now) => Err("too old"),
            None if value.is_empty() => Err("empty"),
            None if matches!(value, Value::Int(_) | Value::Number(_) | Value::Unreadable) => Ok(()),
            None => Err("not a number"),
        },
    };
    let told: Vec<Result<(), &'static str>> = candidates.iter().map(counts).collect();
    // A number of a record that was never read would be missing.
    if names.iter().any(|n| by.unread.never.contains(n)) {
        told.iter().enumerate().for_each(|(i, told)| listener.tell(i, false, told.err().unwrap_or(WAITS)));
        return Judgment::Unknown(Unknown::NotRead);
    }
    let counted = || candidates.iter().zip(&told).filter(|(_, told)| told.is_ok()).map(|(c, _)| c);
    if counted().any(|c| c.value.is_unreadable()) {
        return beside_unreadable(candidates, |i| told[i].err(), listener);
    }
    for (i, told) in told.iter().enumerate() {
        listener.tell(i, told.is_ok(), told.err().unwrap_or("added"));
    }
    let mut added: Vec<&Candidate> = counted().collect();
    // Fractions come to one sum in one order only.
    added.sort_by_key(|c| c.from);
    match total(added.iter().map(|c| c.value)) {
        Ok(None) => Judgment::Nothing,
        // Of no part alone the rule can say that its sum is none.
        Ok(Some(value)) if added.iter().all(|c| rule.takes_for_nothing(&value, &c.from.system).is_some()) => Judgment::Nothing,
        Ok(Some(value)) => Judgment::Wins(Winner { value: Cow::Owned(value), from: None, rivals: Vec::new() }),
        Err(unknown) => Judgment::Unknown(unknown),
    }
}

/// Whole where all are whole. `None`: there are none.
fn total<'v>(values: impl Iterator<Item = &'v Value>) -> Result<Option<Value>, Unknown> {
    let (mut whole, mut sum, mut all_whole, mut some) = (Some(0i64), 0f64, true, false);
    for value in values {
        some = true;
        match value {
            Value::Int(n) => {
                whole = whole.and_then(|whole| whole.checked_add(*n));
                sum += *n as f64;
            }
            Value::Number(n) => (all_whole, sum) = (false, sum + n),
            _ => {}
        }
    }
    match (some, all_whole, whole) {
        (false, ..) => Ok(None),
        (true, true, Some(whole)) => Ok(Some(Value::Int(whole))),
        (true, false, _) if sum.is_finite() => Ok(Some(Value::Number(sum))),
        // What a field of whole numbers, or any at all, cannot hold would be kept as something else.
        (true, ..) => Err(Unknown::TooLarge),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_whole_while_there_is_room() {
        for (values, sum) in [
            (&[][..], Ok(None)),
            (&[Value::Int(5)], Ok(Some(Value::Int(5)))),
            (&[Value::Int(5), Value::Int(-7)], Ok(Some(Value::Int(-2)))),
            (&[Value::Int(5), Value::Number(0.5)], Ok(Some(Value::Number(5.5)))),
            (&[Value::Int(i64::MAX), Value::Number(1.0)], Ok(Some(Value::Number(i64::MAX as f64 + 1.0)))),
            // The target's own number was emptied: nothing is larger than a number, and was written as none.
            (&[Value::Int(i64::MAX), Value::Int(1)], Err(Unknown::TooLarge)),
            (&[Value::Number(1.7e308), Value::Number(1.7e308)], Err(Unknown::TooLarge)),
        ] {
            assert_eq!(total(values.iter()), sum, "{values:?}");
        }
    }

    /// Each number was valid, and their sum was not, and was written.
    #[test]
    fn a_sum_that_the_rule_takes_for_nothing_is_none() {
        use crate::merge::valid::Valid;
        use crate::merge::{Leader, RulePart, UnreadSystems, judge};
        use crate::model::expression::FieldType;
        use crate::model::{Age, RecordId, Time};
        let ids: Vec<RecordId> = ["crm:person:1", "support:person:1"].map(|id| id.parse().unwrap()).to_vec();
        let strategy = crate::merge::rules::Strategy::Sum(ids.iter().map(|id| id.system.clone()).collect());
        let valid = Valid::compile("value <= 10", FieldType::Int).unwrap();
        let ignored = crate::merge::ignored::Ignored::of(vec!["0".into()]);
        let rule = FieldRule { valid: Some(valid), ignored, ..FieldRule::of(strategy, "precedence.toml:5".into()) };
        for (numbers, sum) in [([3, 4], Some(7)), ([8, 7], None), ([-2, 2], None), ([8, 70], Some(8))] {
            let values = numbers.map(Value::Int);
            let candidates: Vec<_> = ids.iter().zip(&values).map(|(id, value)| Candidate::new(id, value, Age::until(Time(1)))).collect();
            let (part, leader) = (RulePart::Otherwise, Leader::Nothing);
            let by = Circumstances { part, unread: UnreadSystems::default(), leader, now: Time(9) };
            let winner = judge(&rule, &by, &candidates).winner();
            assert_eq!(winner.map(|w| w.value.into_owned()), sum.map(Value::Int), "{numbers:?}");
        }
    }
}
