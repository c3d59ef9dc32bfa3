//! What holds of every rule and whatever records show.

use super::*;
use crate::merge::valid::Valid;
use crate::model::expression::FieldType;

fn any_value() -> impl Sampled<Value = Value> {
    prop_oneof![
        Just(Value::Empty),
        (-3i64..3).prop_map(Value::Int),
        (-3i64..3).prop_map(|n| Value::Number(n as f64 / 2.0)),
        Just(Value::Number(f64::NAN)),
        "[a-c]".prop_map(|t| Value::text(&t)),
        (-1i32..2).prop_map(|day| Value::Date(Date(day))),
        (-3i64..3).prop_map(|half| Value::Time(Time(half * DAY / 2))),
        proptest::collection::vec("[a-d]", 0..4).prop_map(Value::list),
    ]
}

prop_compose! {
    fn any_row()(system in prop_oneof![Just("crm"), Just("ma"), Just("cards"), Just("erp")], id in "[1-4]", value in any_value(),
                 day in 0i64..6, seen in proptest::option::of(0i64..6), echo: bool, cleared: bool,
                 editor in proptest::option::of(prop_oneof![Just(Editor::Person), Just(Editor::Relay("sync".into()))]),
                 fates in proptest::collection::vec(("[a-d]", 0u8..3, 0i64..6), 0..4)) -> Row {
        let by = Time((994 + day) * DAY);
        let age = Age { after: seen.map(|days| by.minus(Span::days(days))), by };
        let fate = |kind: u8, days: i64| {
            let age = Age { after: Some(by.minus(Span::days(days))), by };
            [EntryFate::Ours(by), EntryFate::Added(age), EntryFate::Removed(age)][usize::from(kind)]
        };
        let entries = Entries::of(fates.iter().map(|(entry, kind, days)| (entry.as_str().into(), fate(*kind, *days))));
        let cleared = cleared && value.is_empty();
        Row { from: RecordId::new(system, Entity::Person, id), value, age, echo, entries: Some(entries), cleared, last_edit: editor.map(|by| LastEdit { dated: false, by: Some(by) }) }
    }
}

fn any_rule() -> impl Sampled<Value = FieldRule> {
    let all = || names(&["crm", "ma", "cards"]);
    let strategy = prop_oneof![
        Just(Strategy::Order(vec![band(&["crm"]), band(&["ma", "cards"])])),
        Just(Strategy::Only("ma".into())),
        Just(Strategy::Newest(all())),
        Just(Strategy::Oldest(all())),
        Just(Strategy::Max(all())),
        Just(Strategy::Min(all())),
        Just(Strategy::Any(all())),
        Just(Strategy::All(all())),
        Just(Strategy::Most(all())),
        Just(Strategy::Sum(all())),
        Just(Strategy::Union(all())),
        Just(Strategy::Never),
    ];
    let blank = proptest::sample::select(vec![Blank::Skipped, Blank::Wins, Blank::Clears]);
    let typed = proptest::sample::select(vec![&[][..], &["crm"], &["crm", "ma"]]);
    let ignored = proptest::sample::select(vec![&[][..], &["1", "b"]]);
    let valid = proptest::sample::select(vec![None, Some(("value != 'c'", FieldType::Text)), Some(("value > -1", FieldType::Number))]);
    let parts = (strategy, blank, proptest::option::of(0i64..6), typed, ignored, valid);
    parts.prop_map(|(strategy, blank, days, typed, ignored, valid)| FieldRule {
        blank,
        max_age: days.map(Span::days),
        typed: names(typed),
        ignored: Ignored::of(ignored.iter().map(|word| (*word).into()).collect()),
        valid: valid.map(|(source, kind)| Valid::compile(source, kind).unwrap()),
        ..rule(strategy)
    })
}

/// Text of the winner: NaN equals nothing, itself included.
fn shown(rule: &FieldRule, candidates: &[Candidate]) -> String {
    format!("{:?}", judge(rule, RulePart::Otherwise, candidates, UnreadSystems::default(), NOW))
}

/// One row a record, as the daemon hands them in.
fn distinct(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| a.from.cmp(&b.from));
    rows.dedup_by(|a, b| a.from == b.from);
    rows
}

proptest! {
    #[test]
    fn order_does_not_matter(rule in any_rule(), rows in proptest::collection::vec(any_row(), 0..8), turn in 0usize..8) {
        let rows = distinct(rows);
        let given = candidates(&rows);
        let mut turned = given.clone();
        turned.reverse();
        let by = turn % turned.len().max(1);
        turned.rotate_left(by);
        prop_assert_eq!(shown(&rule, &given), shown(&rule, &turned));
    }

    #[test]
    fn explain_is_judge_and_names_one_reason_each(rule in any_rule(), rows in proptest::collection::vec(any_row(), 0..8)) {
        let rows = distinct(rows);
        let given = candidates(&rows);
        let (judgment, judged) = explain(&rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW);
        prop_assert_eq!(format!("{judgment:?}"), shown(&rule, &given));
        prop_assert!(judged.iter().all(|j| !j.why.is_empty()));
        if !matches!(rule.strategy, Strategy::Union(_) | Strategy::Sum(_)) {
            prop_assert_eq!(judged.iter().filter(|j| j.won).count(), usize::from(judgment.winner().is_some()));
        }
    }

    #[test]
    fn an_older_value_never_beats_a_newer_one_in_a_band(rows in proptest::collection::vec(any_row(), 0..8)) {
        let rows = distinct(rows);
        let rule = rule(Strategy::Order(vec![band(&["crm", "ma"]), band(&["cards"])]));
        let given = candidates(&rows);
        if let Some(from) = judge(&rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW).winner().and_then(|w| w.from) {
            let in_band = |s: &str| (s == "cards") == (&*from.system == "cards");
            let won = given.iter().find(|c| c.from == from).unwrap();
            let equals = given.iter().filter(|c| &*c.from.system != "erp" && in_band(&c.from.system) && !c.echo && !c.value.is_empty());
            // What a relay brings is no news.
            for other in equals.filter(|c| won.is_copy() || !c.is_copy()) {
                prop_assert!(!won.age.is_before(&other.age), "{:?} {:?}", won, other);
            }
        }
    }

    /// What it is not known to be older than stays in its record.
    #[test]
    fn a_value_gives_way_only_to_what_counts_more_or_is_newer(rule in any_rule(), rows in proptest::collection::vec(any_row(), 0..8)) {
        let rows = distinct(rows);
        let given = candidates(&rows);
        let by_age = matches!(rule.strategy, Strategy::Order(_) | Strategy::Only(_) | Strategy::Newest(_));
        let Some(winner) = judge(&rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW).winner().filter(|_| by_age) else {
            return Ok(());
        };
        let (_, judged) = explain(&rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW);
        for (candidate, judged) in given.iter().zip(&judged) {
            let passed = ["lower rank", "not a source", "our own write", "too old", "empty", "older", COPY, TYPED_ELSEWHERE, IGNORED, INVALID];
            let counts = !passed.contains(&judged.why);
            let is_other = !candidate.value.is_empty() && !candidate.value.says_the_same(&winner.value) && !judged.won;
            prop_assert_eq!(winner.rivals.contains(&candidate.from), counts && is_other, "{:?} {:?}", candidate, judged);
            if judged.why == "older" {
                prop_assert!(given.iter().any(|other| candidate.age.is_before(&other.age)));
            }
        }
    }

    #[test]
    fn what_is_ignored_or_not_valid_never_wins(rule in any_rule(), rows in proptest::collection::vec(any_row(), 0..8)) {
        // A sum may be like one of the values that it is made without.
        let is_put_together = matches!(rule.strategy, Strategy::Sum(_) | Strategy::Union(_));
        let rows = distinct(rows);
        let given = candidates(&rows);
        let judgment = judge(&rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW);
        if let Some(Winner { value, from: Some(from), .. }) = judgment.winner().filter(|_| !is_put_together) {
            prop_assert_eq!(rule.takes_for_nothing(&value, &from.system), None, "{:?}", value);
        }
    }

    #[test]
    fn absent_never_erases(rule in any_rule(), rows in proptest::collection::vec(any_row(), 0..8)) {
        let rows = distinct(rows);
        let rule = FieldRule { blank: Blank::Skipped, ignored: Ignored::default(), ..rule };
        let given = candidates(&rows);
        let is_removal = matches!(rule.strategy, Strategy::Union(_)) && given.iter().any(|c| c.entries.is_some_and(|e| !e.is_empty()));
        if let Some(winner) = judge(&rule, RulePart::Otherwise, &given, UnreadSystems::default(), NOW).winner() {
            prop_assert!(!winner.value.is_empty() || is_removal);
        }
    }
}
