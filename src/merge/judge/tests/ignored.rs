//! Values that a rule takes for nothing.

use super::*;

#[test]
fn what_the_rule_ignores_counts_for_nothing_in_any_strategy() {
    let all = || names(&["crm", "ma", "cards"]);
    let ignored = || Ignored::of(["不明", "0"].map(Into::into).to_vec());
    let order = || Strategy::Order(vec![band(&["crm"]), band(&["ma", "cards"])]);
    for (strategy, crm, ma, cards, value, whys) in [
        (order(), "不明", "03-1", "", Some("03-1"), ["the rule ignores this value", "highest rank", "empty"]),
        (order(), "不明", "Ｎ", " 不明 ", Some("Ｎ"), ["the rule ignores this value", "highest rank", "the rule ignores this value"]),
        (order(), "不明", "0", "", None, ["the rule ignores this value", "the rule ignores this value", "empty"]),
        (Strategy::Newest(all()), "7", "8", "0", Some("8"), ["older", "newest", "the rule ignores this value"]),
        (Strategy::Min(all()), "7", "8", "0", Some("7"), ["smallest", "larger", "the rule ignores this value"]),
        (Strategy::Only("crm".into()), "0", "8", "", None, ["the rule ignores this value", "not a source", "not a source"]),
    ] {
        let rule = FieldRule { ignored: ignored(), ..rule(strategy) };
        let rows = [row("crm", "1", crm, 3), row("ma", "1", ma, 4), row("cards", "1", cards, 5)];
        let (won, _, told) = told(&rule, RulePart::Otherwise, &rows);
        assert_eq!((won.as_deref(), told), (value, whys.to_vec()), "{rule}");
    }
}
