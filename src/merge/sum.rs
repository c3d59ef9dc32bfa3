//! The numbers of several records, added.

use super::judgment::{COPY, Candidate, Circumstances, Judgment, Listener, Unknown, WAITS, Winner, beside_unreadable};
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
        None => Judgment::Nothing,
        Some(value) => Judgment::Wins(Winner { value: Cow::Owned(value), from: None, rivals: Vec::new() }),
    }
}

/// Whole as long as all are whole and the sum has room. `None`: there are none.
fn total<'v>(values: impl Iterator<Item = &'v Value>) -> Option<Value> {
    let (mut whole, mut sum, mut some) = (Some(0i64), 0f64, false);
    for value in values {
        some = true;
        match value {
            Value::Int(n) => {
                whole = whole.and_then(|whole| whole.checked_add(*n));
                sum += *n as f64;
            }
            Value::Number(n) => (whole, sum) = (None, sum + n),
            _ => {}
        }
    }
    some.then(|| whole.map_or(Value::Number(sum), Value::Int))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_whole_while_there_is_room() {
        for (values, sum) in [
            (&[][..], None),
            (&[Value::Int(5)], Some(Value::Int(5))),
            (&[Value::Int(5), Value::Int(-7)], Some(Value::Int(-2))),
            (&[Value::Int(5), Value::Number(0.5)], Some(Value::Number(5.5))),
            (&[Value::Int(i64::MAX), Value::Int(1)], Some(Value::Number(i64::MAX as f64 + 1.0))),
        ] {
            assert_eq!(total(values.iter()), sum, "{values:?}");
        }
    }
}
