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

/// Records whose own first value came later than their person's and is another, with the person's. `settled`: what [`first_values`] gave. Where
/// the person's is written over theirs, it goes with them from then on: also when the record that held it first is the person's no more.
pub fn gave_way<'a>(
    rule: &FieldRule,
    by: &Circumstances<'a>,
    candidates: &[Candidate<'a>],
    settled: &[(&'a RecordId, FirstValue)],
) -> Vec<(&'a RecordId, FirstValue)> {
    let Some(choice) = rule.strategy_of(by.part).and_then(Choice::of).filter(|choice| choice.keeps_first()) else { return Vec::new() };
    let first_of = |from: &RecordId| {
        let now = settled.iter().find(|(of, _)| *of == from).map(|(_, first)| first);
        now.or_else(|| candidates.iter().find(|c| c.from == from)?.first)
    };
    let winner = judge(rule, by, candidates).winner().and_then(|winner| winner.from);
    let Some(persons) = winner.and_then(first_of) else { return Vec::new() };
    let is_later = |first: &FirstValue| first.since > persons.since && !first.value.says_the_same(&persons.value);
    let counted = candidates.iter().filter(|c| choice.rank(&c.from.system).is_some() && first_of(c.from).is_some_and(is_later));
    counted.map(|c| (c.from, persons.clone())).collect()
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
    fn what_came_later_gives_way_and_what_came_in_the_same_round_keeps_its_own() {
        let rule = FieldRule::of(Strategy::First(names(&["crm", "ma"])), "precedence.toml:2".into());
        let unread = UnreadSystems { never: &[], stale: &[] };
        let by = Circumstances { part: RulePart::Otherwise, unread, leader: Leader::Nothing, now: Time(30) };
        let ids: [RecordId; 3] = ["crm:person:1", "ma:person:2", "cards:person:3"].map(|id| id.parse().unwrap());
        let first =
            |value: &str, since| FirstValue { value: Value::text(value), age: Age::until(Time(1)), unseen: None, since: Time(since) };
        let shown = Value::text("shown");
        for (since, value, gives_way) in [(20, "Referral", true), (10, "Referral", false), (20, "Web", false)] {
            let firsts = [first("Web", 10), first(value, since), first("Fair", 25)];
            let of = |place: usize| Candidate { first: Some(&firsts[place]), ..Candidate::new(&ids[place], &shown, Age::until(Time(5))) };
            let found = gave_way(&rule, &by, &[of(0), of(1), of(2)], &[]);
            let wanted = if gives_way { vec![(&ids[1], first("Web", 10))] } else { Vec::new() };
            assert_eq!(found, wanted, "{since} {value}");
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
