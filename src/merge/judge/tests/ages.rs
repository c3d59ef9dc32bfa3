//! What age decides, and what it does not.

use super::*;
use crate::merge::rules::RankedSystem;

/// "Support first if it is younger than two years, else the CRM, of any age."
#[test]
fn a_source_may_have_an_age_of_its_own() {
    let young = |system: &str, days: i64| RankedSystem { system: system.into(), max_age: Some(Span::days(days)) };
    let support_first = rule(Strategy::Order(vec![Band(vec![young("support", 730)]), band(&["crm"])]));
    for (support, crm, won) in [(269, 9, "crm"), (270, 9, "support"), (999, 999, "support"), (0, 0, "crm")] {
        let rows = [row("support", "1", "s", support), row("crm", "1", "c", crm)];
        assert_eq!(told(&support_first, RulePart::Otherwise, &rows).1, Some(format!("{won}:person:1")), "{support} {crm}");
    }
    // The rule's own age is that of the others, and the source's may be the longer one.
    let both = FieldRule { max_age: Some(Span::days(30)), ..support_first };
    for (support, crm, won) in [(500, 999, Some("support")), (269, 999, Some("crm")), (269, 900, None)] {
        let rows = [row("support", "1", "s", support), row("crm", "1", "c", crm)];
        assert_eq!(told(&both, RulePart::Otherwise, &rows).1, won.map(|w| format!("{w}:person:1")), "{support} {crm}");
    }
    let order = Strategy::Order(vec![Band(vec![young("support", 730)]), band(&["crm"])]);
    let otherwise = with_case(Strategy::Only("ma".into()), rule(order));
    let rows = [row("support", "1", "s", 269), row("crm", "1", "c", 9)];
    assert_eq!(told(&otherwise, RulePart::Otherwise, &rows).2, ["too old", "highest rank"]);
}

/// Who is looked at then finds it too old, and a moment before does not.
#[test]
fn the_moment_at_which_a_value_grows_too_old_is_known() {
    let young = |system: &str, days: i64| RankedSystem { system: system.into(), max_age: Some(Span::days(days)) };
    let order = rule(Strategy::Order(vec![Band(vec![young("support", 10)]), band(&["crm"])]));
    let whole = FieldRule { max_age: Some(Span::days(20)), ..rule(Strategy::Only("crm".into())) };
    let otherwise = with_case(Strategy::Only("crm".into()), rule(Strategy::Order(vec![Band(vec![young("crm", 3)])])));
    let rows = [row("support", "1", "s", 995), row("crm", "1", "c", 998)];
    for (rule, limit, of) in
        [(&order, Some(10), 0), (&whole, Some(20), 0), (&otherwise, Some(3), 1), (&rule(Strategy::Only("crm".into())), None, 0)]
    {
        let at = next_too_old(rule, &candidates(&rows), NOW);
        assert_eq!(at, limit.map(|days| rows[of].age.by.plus(Span::days(days)).plus(Span(1))));
        assert_eq!(rule.has_ages(), limit.is_some());
    }
    let at = next_too_old(&order, &candidates(&rows), NOW).unwrap();
    for (now, won) in [(at.minus(Span(1)), "support"), (at, "crm")] {
        let given = candidates(&rows);
        let winner = judge(&order, RulePart::Otherwise, &given, UnreadSystems::default(), now).winner();
        assert_eq!(winner.and_then(|w| w.from).map(|from| &*from.system), Some(won));
    }
    assert_eq!(next_too_old(&order, &candidates(&rows), at), None, "what is too old already grows no older");
}

/// Which of two is newer is told only where nobody can doubt it; else the order decides, and the other keeps its own.
#[test]
fn values_whose_ages_overlap_go_by_the_order_and_stay_in_each_others_records() {
    let one_band = rule(Strategy::Order(vec![band(&["crm", "ma", "cards"])]));
    let newest = rule(Strategy::Newest(names(&["crm", "ma", "cards"])));
    let oldest = rule(Strategy::Oldest(names(&["crm", "ma", "cards"])));
    let only = rule(Strategy::Only("crm".into()));
    let ma_first = rule(Strategy::Newest(names(&["ma", "crm"])));
    let rows = |crm: (&str, i64), ma: (&str, i64)| vec![row("crm", "1", crm.0, crm.1), row("ma", "1", ma.0, ma.1)];
    for (what, rule, rows, won, rivals) in [
        ("first contact", &one_band, rows(("@a", 3), ("@b", 9)), "crm:person:1", "ma:person:1"),
        ("first contact", &newest, rows(("@a", 3), ("@b", 9)), "crm:person:1", "ma:person:1"),
        ("first contact", &ma_first, rows(("@a", 3), ("@b", 1)), "ma:person:1", "crm:person:1"),
        ("first contact", &oldest, rows(("@a", 9), ("@b", 3)), "crm:person:1", "ma:person:1"),
        ("the same value", &newest, rows(("@a", 3), ("@a", 9)), "crm:person:1", ""),
        ("seen to change since", &newest, rows(("@a", 3), ("b", 9)), "ma:person:1", ""),
        ("seen to change before", &newest, rows(("@a", 9), ("b", 3)), "crm:person:1", "ma:person:1"),
        ("seen to change, both", &newest, rows(("a", 3), ("b", 9)), "ma:person:1", ""),
        ("seen to change, both", &oldest, rows(("a", 9), ("b", 3)), "ma:person:1", ""),
        ("seen to change in the same day", &newest, rows(("a", 3), ("b", 3)), "crm:person:1", "ma:person:1"),
        ("empty is filled", &FieldRule { blank: Blank::Clears, ..newest.clone() }, rows(("@a", 3), ("@", 9)), "crm:person:1", ""),
        ("two of one system", &only, vec![row("crm", "1", "@a", 3), row("crm", "2", "@b", 9)], "crm:person:2", "crm:person:1"),
    ] {
        let given = candidates(&rows);
        let winner = judge(rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW).winner().unwrap();
        let told: Vec<String> = winner.rivals.iter().map(ToString::to_string).collect();
        assert_eq!((winner.from.unwrap().to_string().as_str(), told.join(" ").as_str()), (won, rivals), "{what}: {rows:?}");
    }
    // One is surely out of date, and of the other two nobody knows.
    let rows = [row("crm", "1", "@a", 3), row("ma", "1", "@b", 9), row("cards", "1", "c", 5)];
    let (_, from, whys) = told(&newest, RulePart::Otherwise, &rows);
    assert_eq!((from.as_deref(), whys), (Some("ma:person:1"), vec!["older", "newest", "later in the order, its age is not known"]));
}
