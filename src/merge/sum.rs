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
    let counts = |c: &Candidate| match (c.value, rule.takes_for_nothing(c.value, &c.from.system)) {
        _ if !names.contains(&c.from.system) => Err("not a source"),
        _ if c.echo => Err("our own write"),
        _ if c.is_copy() => Err(COPY),
        (_, Some(why)) => Err(why),
        _ if c.is_older_than(rule.max_age, by.now) => Err("too old"),
        (Value::Empty, _) => Err("empty"),
        (Value::Int(_) | Value::Number(_) | Value::Unreadable, _) => Ok(()),
        _ => Err("not a number"),
    };
    // A number of a record that was never read would be missing.
    if names.iter().any(|n| by.unread.never.contains(n)) {
        (0..candidates.len()).for_each(|i| listener.tell(i, false, counts(&candidates[i]).err().unwrap_or(WAITS)));
        return Judgment::Unknown(Unknown::NotRead);
    }
    if candidates.iter().any(|c| c.value.is_unreadable() && counts(c).is_ok()) {
        return beside_unreadable(candidates, |c| counts(c).err(), listener);
    }
    for (i, candidate) in candidates.iter().enumerate() {
        let told = counts(candidate);
        listener.tell(i, told.is_ok(), told.err().unwrap_or("added"));
    }
    let mut added: Vec<&Candidate> = candidates.iter().filter(|c| counts(c).is_ok()).collect();
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
