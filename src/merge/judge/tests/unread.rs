//! What rests on not having seen waits.

use super::*;

/// What a rule comes to while some systems were never read to their end, or not lately.
fn while_unread(rule: &FieldRule, rows: &[Row], never: &[&str], stale: &[&str]) -> (Result<Option<String>, Unknown>, Vec<&'static str>) {
    let (never, stale) = (names(never), names(stale));
    let unread = UnreadSystems { never: &never, stale: &stale };
    let candidates = candidates(rows);
    let (judgment, judged) = explain(rule, RulePart::Otherwise, &candidates, unread, NOW);
    assert_eq!(judgment, judge(rule, RulePart::Otherwise, &candidates, unread, NOW), "explain and judge are one");
    let value = match judgment {
        Judgment::Wins(winner) => Ok(Some(winner.value.to_string())),
        Judgment::Nothing => Ok(None),
        Judgment::Unknown(why) => Err(why),
    };
    (value, judged.iter().map(|j| j.why).collect())
}

#[test]
fn no_value_falls_to_a_lower_system_while_a_higher_one_was_not_read() {
    let order = rule(Strategy::Order(vec![band(&["support"]), band(&["crm", "cards"]), band(&["ma"])]));
    let by = |rows: &[Row], never: &[&str], stale: &[&str]| while_unread(&order, rows, never, stale).0;
    let (support, crm, ma) = (row("support", "1", "a", 1), row("crm", "1", "b", 2), row("ma", "1", "c", 3));
    let wins = |value: &str| Ok(Some(value.to_string()));
    for (rows, never, stale, want) in [
        // The highest-ranked one counts whatever else was read.
        (vec![support.clone(), crm.clone()], &["crm", "cards", "ma"][..], &["crm", "ma"][..], wins("a")),
        (vec![crm.clone(), ma.clone()], &["ma"], &["ma"], wins("b")),
        (vec![crm.clone(), ma.clone()], &["support"], &[], Err(Unknown::NotRead)),
        (vec![crm.clone(), ma.clone()], &[], &["support"], Err(Unknown::NotRead)),
        // One of its own band may hold a newer one: that is no lower rank, so that only the first look is waited for.
        (vec![crm.clone()], &["cards"], &[], Err(Unknown::NotRead)),
        (vec![crm.clone()], &[], &["cards"], wins("b")),
        (vec![ma.clone()], &[], &["cards"], Err(Unknown::NotRead)),
        (vec![ma.clone()], &["erp"], &["erp"], wins("c")),
        (vec![], &[], &[], Ok(None)),
        (vec![], &["ma"], &[], Err(Unknown::NotRead)),
        (vec![row("crm", "1", "", 2)], &[], &["ma"], Err(Unknown::NotRead)),
    ] {
        assert_eq!(by(&rows, never, stale), want, "{rows:?} never {never:?} stale {stale:?}");
    }
    let (_, whys) = while_unread(&order, &[crm, ma], &["support"], &[]);
    assert_eq!(whys, ["waits until what counts before it, or as much, is read to its end", "lower rank"]);
}

#[test]
fn among_equals_only_the_first_look_is_waited_for() {
    let three = || names(&["crm", "ma", "cards"]);
    let rows = [row("crm", "1", "5", 1), row("ma", "1", "7", 2)];
    for strategy in
        [Strategy::Newest(three()), Strategy::Oldest(three()), Strategy::Max(three()), Strategy::Min(three()), Strategy::Union(three())]
    {
        let rule = rule(strategy);
        assert_eq!(while_unread(&rule, &rows, &["cards"], &[]).0, Err(Unknown::NotRead), "{rule:?}");
        assert!(while_unread(&rule, &rows, &["erp"], &["cards"]).0.is_ok(), "{rule:?}");
    }
    let only = rule(Strategy::Only("ma".into()));
    assert_eq!(while_unread(&only, &rows, &["crm"], &["crm"]).0, Ok(Some("7".into())));
    assert_eq!(while_unread(&only, &[], &["ma"], &[]).0, Err(Unknown::NotRead));
}
