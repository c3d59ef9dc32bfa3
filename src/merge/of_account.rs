//! A field that is the account's: what the company has counts, whatever the person's own records hold.

use super::candidate::Candidate;
use super::judgment::{Circumstances, Judgment, Leader, Listener, Unknown, WAITS, Winner};
use super::rules::FieldRule;

/// Why a record of the person does not count.
const ACCOUNTS: &str = "the account's value counts";

/// The account's value, unless the field takes it for nothing. Nothing that the person's own records hold is a candidate.
pub(super) fn of_account<'a>(
    rule: &FieldRule,
    by: &Circumstances<'a>,
    candidates: &[Candidate<'a>],
    listener: &mut impl Listener,
) -> Judgment<'a> {
    let (judgment, why) = match &by.leader {
        Leader::Account(Winner { value, from: Some(from), .. }) if rule.takes_for_nothing(value, &from.system).is_some() => {
            (Judgment::Nothing, "the account's value counts for nothing here")
        }
        Leader::Account(winner) => (Judgment::Wins(winner.clone()), ACCOUNTS),
        Leader::Unknown(unknown) => {
            let why = if *unknown == Unknown::NotRead { WAITS } else { "the account's value cannot be told" };
            (Judgment::Unknown(*unknown), why)
        }
        Leader::Nothing | Leader::Record { .. } | Leader::Group(_) => (Judgment::Nothing, "the account has no value"),
    };
    (0..candidates.len()).for_each(|i| listener.tell(i, false, why));
    judgment
}

#[cfg(test)]
mod tests {
    use super::super::ignored::Ignored;
    use super::super::judgment::UnreadSystems;
    use super::super::rules::{RulePart, Strategy};
    use super::*;
    use crate::model::{Age, RecordId, Time, Value};
    use std::borrow::Cow;

    struct Told(Option<&'static str>);

    impl Listener for Told {
        fn tell(&mut self, _: usize, won: bool, why: &'static str) {
            assert!(!won, "no record of the person wins");
            self.0 = Some(why);
        }
    }

    #[test]
    fn the_account_counts_and_no_record_of_the_person() {
        let [company, lead]: [RecordId; 2] = ["crm:account:7", "ma:person:2"].map(|id| id.parse().unwrap());
        let (theirs, own) = (Value::text("製造業"), Value::text("IT"));
        let ignored = Ignored::of(vec!["不明".into()]);
        let rule = FieldRule { ignored, ..FieldRule::of(Strategy::Account("industry".into()), "precedence.toml:3".into()) };
        let unknown = Value::text("不明");
        let winner = |value| Leader::Account(Winner { value: Cow::Borrowed(value), from: Some(&company), rivals: Vec::new() });
        for (leader, value, why) in [
            (winner(&theirs), Ok(Some(&theirs)), ACCOUNTS),
            (winner(&Value::Empty), Ok(Some(&Value::Empty)), ACCOUNTS),
            (winner(&unknown), Ok(None), "the account's value counts for nothing here"),
            (Leader::Nothing, Ok(None), "the account has no value"),
            (Leader::Unknown(Unknown::NotRead), Err(Unknown::NotRead), WAITS),
            (Leader::Unknown(Unknown::Unreadable), Err(Unknown::Unreadable), "the account's value cannot be told"),
        ] {
            let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader, now: Time(9) };
            let mut told = Told(None);
            let judged = of_account(&rule, &by, &[Candidate::new(&lead, &own, Age::until(Time(1)))], &mut told).known();
            let found = judged.as_ref().map(|winner| winner.as_ref().map(|winner| &*winner.value)).map_err(|unknown| *unknown);
            assert_eq!((found, told.0), (value, Some(why)), "{by:?}");
        }
    }
}
