//! What relays bring is no news, and what people typed may go before it.

use super::*;
use proptest::prop_assume;

fn typed_in(systems: &[&str], rule: FieldRule) -> FieldRule {
    FieldRule { typed: names(systems), ..rule }
}

#[test]
fn a_copy_never_becomes_the_newest_and_keeps_its_systems_rank() {
    let one_band = rule(Strategy::Order(vec![band(&["crm", "ma"])]));
    let order = rule(Strategy::Order(vec![band(&["ma"]), band(&["crm"])]));
    let newest = rule(Strategy::Newest(names(&["crm", "ma"])));
    let oldest = rule(Strategy::Oldest(names(&["crm", "ma"])));
    let max = rule(Strategy::Max(names(&["crm", "ma"])));
    let only = rule(Strategy::Only("ma".into()));
    let rows = |crm: (&str, i64), ma: (&str, i64)| vec![row("crm", "1", crm.0, crm.1), row("ma", "1", ma.0, ma.1)];
    let two = vec![row("ma", "1", "=a", 9), row("ma", "2", "b", 3)];
    for (what, rule, rows, won, whys) in [
        ("copied since", &newest, rows(("a", 3), ("=b", 9)), Some("a"), ["newest", COPY]),
        ("copied since", &one_band, rows(("a", 3), ("=b", 9)), Some("a"), ["highest rank", COPY]),
        ("of unknown age", &newest, rows(("@a", 3), ("=@b", 9)), Some("a"), ["newest", COPY]),
        ("an older copy", &oldest, rows(("a", 9), ("=b", 3)), Some("a"), ["oldest", COPY]),
        ("two of one system", &only, two, Some("b"), [COPY, "only source"]),
        ("typed since", &newest, rows(("=a", 3), ("b", 9)), Some("b"), [COPY, "newest"]),
        ("it fills", &newest, rows(("", 3), ("=b", 9)), Some("b"), ["empty", "newest"]),
        ("both copies", &newest, rows(("=a", 3), ("=b", 9)), Some("b"), ["older", "newest"]),
        ("by rank", &order, rows(("a", 9), ("=b", 3)), Some("b"), ["lower rank", "highest rank"]),
        ("by size", &max, rows(("1", 9), ("=2", 3)), Some("2"), ["smaller", "largest"]),
        // It was agreed before: the copy is a reason to write nothing, neither itself nor what it took the place of.
        ("beside our write", &newest, rows(("!a", 3), ("=b", 9)), None, ["our own write", COPY]),
        ("beside our write", &order, rows(("!a", 3), ("=b", 9)), None, ["our own write", COPY]),
        ("typed beside our write", &newest, rows(("!a", 3), ("+b", 9)), Some("b"), ["our own write", "newest"]),
    ] {
        let (value, _, told) = told(rule, RulePart::Otherwise, &rows);
        assert_eq!((value.as_deref(), told), (won, whys.to_vec()), "{what}: {rows:?}");
    }
    // It is no rival: what lost so is written over.
    let rows = [row("crm", "1", "@a", 3), row("ma", "1", "=@b", 9)];
    let given = candidates(&rows);
    assert!(judge(&newest, RulePart::Otherwise, &given, UnreadSystems::default(), NOW).winner().unwrap().rivals.is_empty());
}

#[test]
fn what_a_person_typed_in_a_named_system_goes_before_every_copy_and_before_nothing_else() {
    let ma_first = rule(Strategy::Order(vec![band(&["ma"]), band(&["support"]), band(&["crm"])]));
    let rule = typed_in(&["crm"], ma_first);
    let rows = |ma: &str, support: &str, crm: &str| vec![row("ma", "1", ma, 3), row("support", "1", support, 3), row("crm", "1", crm, 3)];
    for (rows, won, whys) in [
        (rows("=a", "", "+c"), "c", [TYPED_ELSEWHERE, "empty", "highest rank"]),
        (rows("=a", "b", "+c"), "b", [TYPED_ELSEWHERE, "highest rank", "lower rank"]),
        (rows("a", "", "+c"), "a", ["highest rank", "empty", "lower rank"]),
        // Nobody knows who made it; it is a copy itself; it is our own write; it was typed elsewhere.
        (rows("=a", "", "c"), "a", ["highest rank", "empty", "lower rank"]),
        (rows("=a", "=b", "=c"), "a", ["highest rank", "lower rank", "lower rank"]),
        (rows("=a", "b", "!+c"), "a", ["highest rank", "lower rank", "our own write"]),
        (rows("=a", "+b", ""), "a", ["highest rank", "lower rank", "empty"]),
    ] {
        let (value, _, told) = told(&rule, RulePart::Otherwise, &rows);
        assert_eq!((value.as_deref(), told), (Some(won), whys.to_vec()), "{rows:?}");
    }
    let young = FieldRule { max_age: Some(Span::days(30)), ..rule };
    let rows = [row("ma", "1", "=a", 999), row("crm", "1", "+c", 900)];
    assert_eq!(told(&young, RulePart::Otherwise, &rows).0.as_deref(), Some("a"), "what is too old was typed in vain");
}

/// A relay put "b" there, and took "x" out; both are known by our observation alone.
#[test]
fn an_entry_that_a_relay_brings_is_no_news_to_a_union() {
    let union = rule(Strategy::Union(names(&["crm", "ma"])));
    let removed = Entries::of([("b".into(), EntryFate::Removed(on(5)))]);
    let crm = Row { entries: Some(removed), ..row("crm", "1", "a|c", 5) };
    let of = |text: &str| told(&union, RulePart::Otherwise, &[crm.clone(), row("ma", "1", text, 9)]).0;
    assert_eq!(of("=a|b").as_deref(), Some("a, c"));
    assert_eq!(of("a|b").as_deref(), Some("a, b, c"));
}

prop_compose! {
    /// One record each of three systems, with values of their own.
    fn people()(
        kinds in proptest::collection::vec(proptest::sample::select(vec!["", "=", "+", "!", "@", "=@"]), 3),
        days in proptest::collection::vec(1..9_i64, 3),
    ) -> Vec<Row> {
        let systems = ["crm", "ma", "support"];
        let text = |place: usize| format!("{}{}", kinds[place], ["a", "b", "c"][place]);
        systems.iter().enumerate().map(|(place, system)| row(system, "1", &text(place), days[place])).collect()
    }
}

proptest! {
    #[test]
    fn when_a_copy_came_changes_nothing_beside_a_value_that_is_none(rows in people(), later in 1..50_i64, bands in proptest::bool::ANY) {
        let all = ["crm", "ma", "support"];
        let rule = rule(if bands { Strategy::Order(vec![band(&all)]) } else { Strategy::Newest(names(&all)) });
        let is_copy = |row: &Row| row.last_edit.as_ref().is_some_and(|edit| edit.relay().is_some());
        prop_assume!(rows.iter().any(|row| !is_copy(row) && !row.echo));
        let mut moved = rows.clone();
        for row in moved.iter_mut().filter(|row| is_copy(row)) {
            (row.age, row.value) = (on(later), Value::text("another copy"));
        }
        let (before, after) = (told(&rule, RulePart::Otherwise, &rows), told(&rule, RulePart::Otherwise, &moved));
        prop_assert_eq!((before.0, before.1), (after.0, after.1));
    }

    #[test]
    fn no_copy_wins_where_a_person_typed_in_a_named_system(rows in people(), order in proptest::sample::subsequence(vec!["crm", "ma", "support"], 3).prop_shuffle()) {
        let ranked = rule(Strategy::Order(order.iter().map(|system| band(&[system])).collect()));
        let rule = typed_in(&["crm"], ranked);
        let (_, from, _) = told(&rule, RulePart::Otherwise, &rows);
        let is = |row: &Row, by: fn(&LastEdit) -> bool| row.last_edit.as_ref().is_some_and(by);
        let is_typed = rows.iter().any(|row| *row.from.system == *"crm" && is(row, LastEdit::is_typed));
        let won = rows.iter().find(|row| Some(row.from.to_string()) == from);
        prop_assert!(!is_typed || won.is_some_and(|row| !is(row, |edit| edit.relay().is_some())));
    }
}
