//! One field of one person: what each record offers, what wins, and whether a record is to show it.

use super::assessment::FieldWinner;
use crate::engine::target::Agreed;
use crate::merge::rules::FieldRule;
use crate::merge::{Candidate, ConditionState, Judgment, Unknown, UnreadSystems, Winner};
use crate::model::{Name, Record, Time};

/// What a record offers for a field. A value that is still what the record made of our own write is an echo.
pub(super) fn candidate<'a>(record: &'a Record, name: &Name, agreed: &[Agreed]) -> Option<Candidate<'a>> {
    let field = record.field_of(name)?;
    let echo = agreed.iter().find(|a| a.field == *name).is_some_and(|a| !a.spent && a.theirs == field.value);
    let (entries, cleared) = (record.entries(name), record.cleared(name).is_some());
    Some(Candidate { from: &record.id, value: &field.value, age: field.age(), echo, entries, cleared })
}

/// Merges one field.
pub(super) fn judged<'a>(
    rule: &FieldRule,
    condition: ConditionState,
    candidates: &[Candidate<'a>],
    unread: UnreadSystems<'_>,
    now: Time,
) -> Result<Option<Winner<'a>>, Unknown> {
    match crate::merge::judge(rule, condition, candidates, unread, now) {
        Judgment::Wins(winner) => Ok(Some(winner)),
        Judgment::Nothing => Ok(None),
        Judgment::Unknown(unknown) => Err(unknown),
    }
}

impl FieldWinner {
    /// `is_asked`: whether some record of the person remembers that something was emptied. Only then it counts since when the value is there.
    pub(super) fn of(winner: Winner<'_>, candidates: &[Candidate<'_>], is_asked: bool) -> FieldWinner {
        let typed = candidates.iter().filter(|c| is_asked && !c.echo && *c.value == *winner.value).map(|c| c.age.by).max();
        let rivals = winner.rivals.into_iter().cloned().collect();
        FieldWinner { value: winner.value.into_owned(), typed_at: typed.unwrap_or_default(), rivals }
    }

    /// Whether a record is to show it. Not where its own value counts as much and may be the newer one, nor where somebody emptied just this
    /// value and nobody has typed it anywhere since.
    pub fn is_wanted_in(&self, record: &Record, name: &Name) -> bool {
        let is_cleared_there = record.cleared(name) == Some(&self.value) && record.field_of(name).is_some_and(|f| self.typed_at <= f.at);
        !is_cleared_there && !self.rivals.contains(&record.id)
    }
}

#[cfg(test)]
mod settling;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Age, Field, Value};

    #[test]
    fn a_value_is_an_echo_while_it_is_what_the_target_made_of_ours() {
        let mut shown = Record::new("ma:person:1".parse().unwrap());
        shown.fields = vec![Field::new("phone".into(), Value::Text("03".into()), Time(4))];
        let agreed = |theirs: &str, spent| Agreed {
            theirs: Value::Text(theirs.into()),
            spent,
            ..Agreed::new("phone".into(), Value::Text("+813".into()))
        };
        for (agreed, echo) in
            [(vec![], false), (vec![agreed("03", false)], true), (vec![agreed("03", true)], false), (vec![agreed("06", false)], false)]
        {
            let candidate = candidate(&shown, &"phone".into(), &agreed).unwrap();
            assert_eq!((candidate.echo, candidate.age), (echo, Age::until(Time(4))), "{agreed:?}");
        }
        assert!(candidate(&shown, &"plan".into(), &[agreed("03", false)]).is_none(), "what is not shown is no candidate");
    }

    #[test]
    fn what_somebody_emptied_is_put_back_only_when_it_is_typed_anew_or_is_another_value() {
        let mut record = Record::new("crm:person:1".parse().unwrap());
        let title: Name = "title".into();
        record.set(&title, Value::Empty, Time(50));
        let winner = |value: &str, at: i64| FieldWinner { value: Value::text(value), typed_at: Time(at), rivals: Vec::new() };
        assert!(winner("Chief", 9).is_wanted_in(&record, &title), "it never held anything");
        record.memory.cleared = vec![(title.clone(), Value::text("Chief"))];
        for (value, typed_at, wanted) in [("Chief", 9, false), ("Chief", 50, false), ("Chief", 51, true), ("Clerk", 9, true)] {
            assert_eq!(winner(value, typed_at).is_wanted_in(&record, &title), wanted, "{value} {typed_at}");
        }
        record.set(&title, Value::text("Clerk"), Time(60));
        assert!(winner("Chief", 9).is_wanted_in(&record, &title), "it is not empty any more");
    }

    #[test]
    fn a_record_keeps_a_value_that_may_be_the_newer_one() {
        let (record, other) = (Record::new("crm:person:1".parse().unwrap()), Record::new("ma:person:1".parse().unwrap()));
        let winner = FieldWinner { value: Value::text("Chief"), typed_at: Time(0), rivals: vec![record.id.clone()] };
        assert!(!winner.is_wanted_in(&record, &"title".into()) && winner.is_wanted_in(&other, &"title".into()));
    }
}
