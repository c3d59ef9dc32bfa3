//! What is to be remembered once a field whose first value stays was decided on.

use super::candidate::Candidate;
use super::choice::{BeforeAge, Choice};
use super::first::as_first;
use super::judge::{judge, offered};
use super::judgment::Circumstances;
use super::rules::FieldRule;
use crate::model::{FirstValue, RecordId, Time};

/// Whether a candidate counts.
fn counts_now(choice: Choice<'_>, rule: &FieldRule, c: &Candidate<'_>, now: Time) -> bool {
    offered(choice, rule, c, || rule.takes_for_nothing(c.value, &c.from.system), now).is_ok()
}

/// The first value of each record that is not remembered so yet. None while the field waits, or where another part of the rule counts: what is
/// not decided on is not settled. A copy never is.
pub fn first_values<'a>(rule: &FieldRule, by: &Circumstances<'a>, candidates: &[Candidate<'a>]) -> Vec<(&'a RecordId, FirstValue)> {
    let choice = rule.strategy_of(by.part).and_then(Choice::of).filter(|choice| choice.keeps_first());
    let (Some(choice), true) = (choice, judge(rule, by, candidates).winner().is_some()) else { return Vec::new() };
    let firsts: Vec<Candidate<'a>> = candidates.iter().map(|c| as_first(rule, c)).collect();
    let counts: Vec<bool> = firsts.iter().map(|c| counts_now(choice, rule, c, by.now)).collect();
    let since = BeforeAge::of(choice, &firsts, |place| counts[place]);
    let is_settled = |place: usize, c: &Candidate<'_>| counts[place] && !c.is_copy() && !c.value.is_unreadable();
    let kept = firsts.iter().enumerate().filter(|(place, c)| is_settled(*place, c)).map(|(place, c)| {
        (c.from, FirstValue { value: c.value.clone(), age: c.age, unseen: c.unseen, since: since.to_remember(place, by.now) })
    });
    let is_known = |from: &RecordId, first: &FirstValue| candidates.iter().any(|c| c.from == from && c.first == Some(first));
    kept.filter(|(from, first)| !is_known(from, first)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::judgment::{Leader, UnreadSystems};
    use crate::merge::rules::{RulePart, Strategy};
    use crate::model::{Age, Editor, LastEdit, Name, Time, Value};

    /// A record as it is shown, with what is remembered of it.
    struct Shown {
        from: RecordId,
        value: Value,
        age: Age,
        unseen: Option<Time>,
        copied: bool,
        first: Option<FirstValue>,
    }

    fn shown(from: &str, value: &str, by: i64) -> Shown {
        let value = if value.is_empty() { Value::Empty } else { Value::text(value) };
        Shown { from: from.parse().unwrap(), value, age: Age::until(Time(by)), unseen: None, copied: false, first: None }
    }

    fn names(all: &[&str]) -> Vec<Name> {
        all.iter().map(|name| Name::from(*name)).collect()
    }

    /// Decides as of `now` and remembers; the value that counts and the record that it is from.
    fn decided(order: &[&str], records: &mut [Shown], never: &[&str], now: i64) -> Option<(String, String)> {
        let rule = FieldRule::of(Strategy::First(names(order)), "precedence.toml:2".into());
        let never = names(never);
        let relay = LastEdit { dated: false, by: Some(Editor::Relay("sync".into())) };
        let unread = UnreadSystems { never: &never, stale: &[] };
        let by = Circumstances { part: RulePart::Otherwise, unread, leader: Leader::Nothing, now: Time(now) };
        let candidate = |r: &Shown| (r.from.clone(), r.value.clone(), r.age, r.unseen, r.copied, r.first.clone());
        let kept: Vec<_> = records.iter().map(candidate).collect();
        let candidates: Vec<Candidate<'_>> = kept
            .iter()
            .map(|(from, value, age, unseen, copied, first)| Candidate {
                first: first.as_ref(),
                unseen: *unseen,
                last_edit: copied.then_some(&relay),
                ..Candidate::new(from, value, *age)
            })
            .collect();
        let before = judge(&rule, &by, &candidates);
        for (from, first) in first_values(&rule, &by, &candidates) {
            records.iter_mut().filter(|r| r.from == *from).for_each(|r| r.first = Some(first.clone()));
        }
        before.winner().map(|winner| (winner.from.unwrap().system.to_string(), winner.value.to_string()))
    }

    fn is(system: &str, value: &str) -> Option<(String, String)> {
        Some((system.into(), value.into()))
    }

    #[test]
    fn once_set_it_stays_whatever_is_set_later_and_however_the_rule_is_ordered() {
        let mut records = [shown("crm:person:1", "", 5), shown("ma:person:2", "Web", 8)];
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 10), is("ma", "Web"));
        // The CRM goes before the MA in the order, and is set later.
        (records[0].value, records[0].age) = (Value::text("Referral"), Age { after: Some(Time(11)), by: Time(12) });
        records[1].value = Value::text("Seminar");
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 13), is("ma", "Web"));
        assert_eq!(decided(&["ma", "crm"], &mut records, &[], 13), is("ma", "Web"));
        // A system that is read for the first time later: nobody knows how old its value is.
        let mut more: Vec<Shown> = records.into_iter().chain([shown("cards:person:3", "Fair", 2)]).collect();
        assert_eq!(decided(&["cards", "crm", "ma"], &mut more, &[], 14), is("ma", "Web"));
        // Without the MA the CRM's is the first that is left.
        assert_eq!(decided(&["cards", "crm"], &mut more, &[], 15), is("crm", "Referral"));
        more[1].value = Value::Empty;
        assert_eq!(decided(&["crm", "ma"], &mut more, &[], 16), is("ma", "Web"), "an emptied field held it first");
    }

    #[test]
    fn of_several_that_may_be_the_first_the_order_decides() {
        let mut records = [shown("crm:person:1", "Referral", 9), shown("ma:person:2", "Web", 5)];
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 10), is("crm", "Referral"));
        (records[0].value, records[1].value) = (Value::text("Fair"), Value::text("Fair"));
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 11), is("crm", "Referral"));
        assert_eq!(
            decided(&["ma", "crm"], &mut records, &[], 11),
            is("ma", "Web"),
            "another order is another answer, from what was there then"
        );
        let mut known = [shown("crm:person:1", "Referral", 9), shown("ma:person:2", "Web", 5)];
        known[0].age.after = Some(Time(7));
        assert_eq!(decided(&["crm", "ma"], &mut known, &[], 10), is("ma", "Web"), "surely the older one");
    }

    #[test]
    fn nothing_is_settled_while_the_field_waits_and_nothing_waits_once_it_is() {
        let mut records = [shown("crm:person:1", "Referral", 9)];
        assert_eq!(decided(&["ma", "crm"], &mut records, &["ma"], 10), None);
        assert!(records[0].first.is_none());
        assert_eq!(decided(&["ma", "crm"], &mut records, &[], 11), is("crm", "Referral"));
        assert_eq!(decided(&["cards", "crm"], &mut records, &["cards"], 12), is("crm", "Referral"));
    }

    #[test]
    fn two_values_of_one_round_come_to_the_same_in_whichever_order_they_are_read() {
        let both = || {
            ["crm:person:1", "ma:person:2"]
                .map(|id| Shown { unseen: Some(Time(90)), ..shown(id, if id.starts_with('c') { "c" } else { "m" }, 95) })
        };
        for early in [0, 1] {
            let mut records = both();
            let [first, second] = [early, 1 - early];
            let late = std::mem::replace(&mut records[second].value, Value::Empty);
            decided(&["crm", "ma"], &mut records, &[], 100);
            assert!(records[first].first.is_some());
            records[second].value = late;
            assert_eq!(decided(&["crm", "ma"], &mut records, &[], 101), is("crm", "c"));
            assert_eq!(decided(&["ma", "crm"], &mut records, &[], 102), is("ma", "m"));
        }
    }

    /// The simulation's seed 554: a clock was a month ahead when the first value was decided on. Once another was known beside it, both had come
    /// at one moment, the order decided, and the first value changed.
    #[test]
    fn what_was_decided_on_by_a_clock_that_was_ahead_stays_the_first() {
        let mut records = [shown("crm:person:1", "", 5), shown("ma:person:2", "Web", 8)];
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 90), is("ma", "Web"));
        (records[0].value, records[0].age) = (Value::text("Referral"), Age::until(Time(5)));
        for now in [10, 11, 100] {
            assert_eq!(decided(&["crm", "ma"], &mut records, &[], now), is("ma", "Web"), "at {now}");
        }
    }

    #[test]
    fn a_copy_counts_until_there_is_a_value_that_is_none() {
        let mut records = [shown("crm:person:1", "", 5), Shown { copied: true, ..shown("ma:person:2", "Web", 8) }];
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 10), is("ma", "Web"));
        records[0].value = Value::text("Referral");
        assert_eq!(decided(&["crm", "ma"], &mut records, &[], 11), is("crm", "Referral"));
    }

    #[test]
    fn of_two_people_who_become_one_the_earlier_first_counts_and_apart_each_has_its_own() {
        let mut one = [shown("crm:person:1", "Referral", 5)];
        let mut other = [shown("ma:person:2", "Web", 5)];
        decided(&["ma", "crm"], &mut one, &[], 10);
        decided(&["ma", "crm"], &mut other, &[], 20);
        let ([one], [other]) = (one, other);
        let mut both = [one, other];
        assert_eq!(decided(&["ma", "crm"], &mut both, &[], 30), is("crm", "Referral"));
        let [_, other] = both;
        assert_eq!(decided(&["ma", "crm"], &mut [other], &[], 40), is("ma", "Web"));
    }
}
