//! A field that follows another one: a street's city, a family name's given name. Its value is what the record holds that the other one's
//! value is from, so that no block is mixed out of two records.

use super::candidate::Candidate;
use super::judgment::{Circumstances, Judgment, Leader, Listener, UNREADABLE, Unknown, WAITS, Winner};
use super::rules::FieldRule;
use crate::model::RecordId;

/// What the record holds that the leading field's value is from. Who keeps an own value there keeps this one too.
pub(super) fn along<'a>(
    rule: &FieldRule,
    by: &Circumstances<'a>,
    candidates: &[Candidate<'a>],
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let (from, rivals) = match &by.leader {
        Leader::Record { from, rivals } => (*from, rivals),
        Leader::Nothing | Leader::Account(_) | Leader::Group(_) => {
            (0..candidates.len()).for_each(|i| listener.tell(i, false, "the field it follows has no value"));
            return Judgment::Nothing;
        }
        Leader::Unknown(unknown) => {
            let why = if *unknown == Unknown::NotRead { WAITS } else { "the field it follows cannot be told" };
            (0..candidates.len()).for_each(|i| listener.tell(i, false, why));
            return Judgment::Unknown(*unknown);
        }
    };
    let mut judgment = Judgment::Nothing;
    for (i, candidate) in candidates.iter().enumerate() {
        let why = passed(rule, by, candidate, from);
        match why {
            Some(why) => listener.tell(i, false, why),
            None if candidate.value.is_unreadable() => {
                listener.tell(i, false, UNREADABLE);
                judgment = Judgment::Unknown(Unknown::Unreadable);
            }
            None => {
                listener.tell(i, true, "of the record that the field it follows is from");
                judgment = Judgment::Wins(Winner { value: candidate.meant(), from: Some(candidate.from), rivals: rivals.clone() });
            }
        }
    }
    judgment
}

/// Why a candidate does not count.
fn passed(rule: &FieldRule, by: &Circumstances<'_>, c: &Candidate, from: &RecordId) -> Option<&'static str> {
    match rule.takes_for_nothing(c.value, &c.from.system) {
        _ if c.from != from => Some("of another record than the field it follows"),
        _ if c.echo => Some("our own write"),
        Some(why) => Some(why),
        _ if c.is_older_than(rule.max_age, by.now) => Some("too old"),
        _ if c.is_passed_over(rule.blank) => Some("empty"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::judgment::UnreadSystems;
    use super::super::rules::{RulePart, Strategy};
    use super::*;
    use crate::model::{Age, Time, Value};

    struct Told(Vec<&'static str>);

    impl Listener for Told {
        fn tell(&mut self, i: usize, _: bool, why: &'static str) {
            self.0[i] = why;
        }
    }

    #[test]
    fn a_field_goes_with_the_record_of_the_one_it_follows() {
        let [crm, ma]: [RecordId; 2] = ["crm:person:1", "ma:person:2"].map(|id| id.parse().unwrap());
        let (tokyo, osaka, empty, torn) = (Value::text("東京"), Value::text("大阪"), Value::Empty, Value::Unreadable);
        let rule = FieldRule::of(Strategy::Other("street".into()), "precedence.toml:3".into());
        let record = |from, rivals| Leader::Record { from, rivals };
        let other = "of another record than the field it follows";
        for (leader, at_crm, value, why) in [
            (record(&crm, vec![]), &tokyo, Ok(Some("東京")), ["of the record that the field it follows is from", other]),
            (record(&ma, vec![]), &tokyo, Ok(Some("大阪")), [other, "of the record that the field it follows is from"]),
            (record(&crm, vec![&ma]), &tokyo, Ok(Some("東京")), ["of the record that the field it follows is from", other]),
            // Nothing is emptied for want of a value, and no other record's is mixed in.
            (record(&crm, vec![]), &empty, Ok(None), ["empty", other]),
            (record(&crm, vec![]), &torn, Err(Unknown::Unreadable), ["cannot be read", other]),
            (Leader::Nothing, &tokyo, Ok(None), ["the field it follows has no value"; 2]),
            (Leader::Unknown(Unknown::NotRead), &tokyo, Err(Unknown::NotRead), [WAITS; 2]),
            (Leader::Unknown(Unknown::Condition), &tokyo, Err(Unknown::Condition), ["the field it follows cannot be told"; 2]),
        ] {
            let candidates = [Candidate::new(&crm, at_crm, Age::until(Time(1))), Candidate::new(&ma, &osaka, Age::until(Time(2)))];
            let rivals = if let Leader::Record { rivals, .. } = &leader { rivals.clone() } else { Vec::new() };
            let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader, now: Time(9) };
            let mut told = Told(vec![""; 2]);
            let judged = along(&rule, &by, &candidates, &mut told).known();
            let found = judged.clone().map(|winner| winner.map(|winner| winner.value.into_owned()));
            assert_eq!(found, value.map(|value| value.map(Value::text)), "{by:?}");
            assert_eq!(told.0, why, "{by:?}");
            assert!(judged.ok().flatten().is_none_or(|winner| winner.rivals == rivals), "who keeps the street keeps the city");
        }
    }
}
