use super::*;
use crate::merge::Winner;
use crate::model::{Age, RecordId, Value};
use std::borrow::Cow;

fn id(text: &str) -> RecordId {
    text.parse().unwrap()
}

#[test]
fn a_field_says_where_its_value_is_from_or_why_it_is_left_alone() {
    let (from, other) = (id("crm:person:1"), id("ma:person:1"));
    let (one, two) = (Value::text("1"), Value::text("2"));
    let candidates = [(&from, &one), (&other, &two)].map(|(from, value)| Candidate::new(from, value, Age::until(Time(0))));
    let judged = || vec![Judged { won: true, why: "first" }, Judged { won: false, why: "second" }];
    let explained = |judgment| by_rule(&"precedence.toml:3".into(), &candidates, (judgment, judged()), || "crm.people".into());
    let wins = explained(Judgment::Wins(Winner { value: Cow::Borrowed(&one), from: Some(&from), rivals: Vec::new() }));
    assert_eq!((wins.value, wins.from.as_deref(), wins.unknown), (Json::from("1"), Some("crm:person:1"), None));
    let told: Vec<_> = wins.candidates.iter().map(|c| (&*c.from, &c.value, c.won, &*c.why)).collect();
    assert_eq!(told, [("crm:person:1", &Json::from("1"), true, "first"), ("ma:person:1", &Json::from("2"), false, "second")]);
    for (judgment, unknown) in [
        (Judgment::Nothing, None),
        (Judgment::Unknown(Unknown::Condition), Some(Unknown::Condition.to_string())),
        (Judgment::Unknown(Unknown::NotRead), Some(format!("{}: crm.people", Unknown::NotRead))),
    ] {
        let left = explained(judgment);
        assert_eq!((left.value, left.from, left.unknown), (Json::Null, None, unknown));
        assert_eq!(left.rule.as_deref(), Some("precedence.toml:3"));
    }
    let left = without_rule(&candidates);
    assert!(left.rule.is_none() && left.candidates.iter().all(|c| !c.won && c.why == "no rule speaks of this field"));
}
