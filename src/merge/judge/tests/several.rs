//! What goes by the values of several: votes, yes and no, sums.

use super::*;

fn of(rule: &FieldRule, rows: &[Row]) -> (Option<String>, Vec<&'static str>) {
    let (value, _, whys) = told(rule, RulePart::Otherwise, rows);
    (value, whys)
}

#[test]
fn most_records_say_so_whoever_they_are_and_whenever() {
    let most = rule(Strategy::Most(names(&["crm", "ma", "cards"])));
    let (yes, no) = ("most records say so", "fewer records say so");
    for (rows, value, whys) in [
        (vec![row("crm", "1", "A", 9), row("ma", "1", "B", 1), row("cards", "1", "B", 2)], Some("B"), vec![no, "older", yes]),
        // Written in another width it is the same.
        (vec![row("crm", "1", "A社", 9), row("ma", "1", "Ｂ", 1), row("cards", "1", "B", 2)], Some("B"), vec![no, "older", yes]),
        // Of as many the newer, as far as that is known; else the order.
        (vec![row("crm", "1", "A", 1), row("ma", "1", "B", 2)], Some("B"), vec!["older", yes]),
        (vec![row("crm", "1", "@A", 1), row("ma", "1", "@B", 2)], Some("A"), vec![yes, "later in the order, its age is not known"]),
        // A copy and what we wrote have no vote.
        (vec![row("crm", "1", "A", 1), row("ma", "1", "=B", 2), row("cards", "1", "=B", 2)], Some("A"), vec![yes, COPY, COPY]),
        (
            vec![row("crm", "1", "A", 1), row("ma", "1", "!B", 2), row("cards", "1", "!B", 2)],
            Some("A"),
            vec![yes, "our own write", "our own write"],
        ),
        (vec![row("crm", "1", "", 1), row("erp", "1", "B", 2)], None, vec!["empty", "not a source"]),
        (vec![row("crm", "1", "A", 1), row("ma", "1", "?", 2)], None, vec!["beside one that cannot be read", "cannot be read"]),
    ] {
        assert_eq!(of(&most, &rows), (value.map(String::from), whys), "{rows:?}");
    }
}

#[test]
fn one_yes_is_enough_for_any_and_one_no_for_all() {
    let says = |system: &str, yes: bool| Row { value: Value::Bool(yes), ..row(system, "1", "", 1) };
    let both = || names(&["crm", "ma"]);
    for (crm, ma, any, all) in [(true, true, "true", "true"), (true, false, "true", "false"), (false, false, "false", "false")] {
        let rows = [says("crm", crm), says("ma", ma)];
        assert_eq!(of(&rule(Strategy::Any(both())), &rows).0.as_deref(), Some(any), "{crm} {ma}");
        assert_eq!(of(&rule(Strategy::All(both())), &rows).0.as_deref(), Some(all), "{crm} {ma}");
    }
    let rows = [says("crm", true), says("ma", false)];
    assert_eq!(of(&rule(Strategy::Any(both())), &rows).1, ["one yes is enough", "another says yes"]);
    assert_eq!(of(&rule(Strategy::All(both())), &rows).1, ["another says no", "one no is enough"]);
    assert_eq!(of(&rule(Strategy::All(both())), &[row("crm", "1", "", 1), says("ma", true)]).0.as_deref(), Some("true"));
}

#[test]
fn numbers_of_all_records_are_added_once() {
    let points = FieldRule { ignored: Ignored::of(vec!["99".into()]), ..rule(Strategy::Sum(names(&["crm", "ma"]))) };
    for (rows, value, whys) in [
        (vec![row("crm", "1", "5", 1), row("ma", "1", "7", 9), row("ma", "2", "1", 2)], Some("13"), vec!["added"; 3]),
        (vec![row("crm", "1", "5", 1), row("ma", "1", "=5", 9)], Some("5"), vec!["added", COPY]),
        (vec![row("crm", "1", "!5", 1), row("ma", "1", "7", 9)], Some("7"), vec!["our own write", "added"]),
        (
            vec![row("crm", "1", "99", 1), row("ma", "1", "7", 9), row("erp", "1", "3", 9)],
            Some("7"),
            vec![IGNORED, "added", "not a source"],
        ),
        (vec![row("crm", "1", "", 1), row("ma", "1", "", 9)], None, vec!["empty"; 2]),
        (vec![row("crm", "1", "5", 1), row("ma", "1", "?", 9)], None, vec!["beside one that cannot be read", "cannot be read"]),
        (vec![row("crm", "1", "abc", 1), row("ma", "1", "0.5", 9)], Some("0.5"), vec!["not a number", "added"]),
    ] {
        assert_eq!(of(&points, &rows), (value.map(String::from), whys), "{rows:?}");
    }
    let rows = [row("crm", "1", "5", 1)];
    let (given, never) = (candidates(&rows), names(&["ma"]));
    let unread = UnreadSystems { never: &never, stale: &[] };
    assert_eq!(judge(&points, RulePart::Otherwise, &given, unread, NOW), Judgment::Unknown(Unknown::NotRead));
}

#[test]
fn nothing_counts_where_a_rule_says_never() {
    let rows = [row("crm", "1", "A", 1)];
    assert_eq!(of(&rule(Strategy::Never), &rows), (None, vec!["not a source"]));
    let case = with_case(Strategy::Never, rule(Strategy::Only("crm".into())));
    assert_eq!(told(&case, RulePart::Case(0), &rows).0, None);
    assert_eq!(told(&case, RulePart::Otherwise, &rows).0.as_deref(), Some("A"));
}
