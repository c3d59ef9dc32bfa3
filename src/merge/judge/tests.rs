use super::*;
use crate::merge::ignored::Ignored;
use crate::merge::judgment::{COPY, IGNORED, TYPED_ELSEWHERE};
use crate::merge::rules::Condition;
use crate::model::expression::{Declared, Scope};
use crate::model::{Date, Editor, Entity, Entries, EntryFate, Expression, LastEdit, RecordId, Span};
use proptest::prelude::{Just, prop_assert, prop_assert_eq, prop_compose, prop_oneof, proptest};
use proptest::strategy::Strategy as Sampled;

mod ages;
mod copies;
mod ignored;
mod lists;
mod unread;

const DAY: i64 = 86_400_000;

fn band(names: &[&str]) -> Band {
    Band(names.iter().map(|n| Name::from(*n).into()).collect())
}

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|n| Name::from(*n)).collect()
}

fn rule(strategy: Strategy) -> FieldRule {
    FieldRule::of(strategy, "precedence.toml:5".into())
}

/// "" is `Empty`, "~" emptied by somebody, "a|b" a list; `!` in front: an echo, `@`: nobody saw it change, `=`: a copy, `+`: typed by a person.
#[derive(Debug, Clone)]
struct Row {
    from: RecordId,
    value: Value,
    age: Age,
    echo: bool,
    entries: Option<Entries>,
    cleared: bool,
    last_edit: Option<LastEdit>,
}

fn value(text: &str) -> Value {
    match text {
        "" | "~" => Value::Empty,
        "?" => Value::Unreadable,
        _ if text.contains('|') => Value::list(text.split('|').filter(|s| !s.is_empty())),
        _ => text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::Number)).unwrap_or_else(|_| Value::text(text)),
    }
}

/// Set between two moments of that day.
fn on(day: i64) -> Age {
    Age { after: Some(Time(day * DAY - 1)), by: Time(day * DAY) }
}

fn row(system: &str, id: &str, text: &str, day: i64) -> Row {
    let (echo, text) = text.strip_prefix('!').map_or((false, text), |t| (true, t));
    let (unseen, text) = text.strip_prefix('@').map_or((false, text), |t| (true, t));
    let age = if unseen { Age::until(Time(day * DAY)) } else { on(day) };
    let (by, text) = match text.chars().next() {
        Some('=') => (Some(Editor::Relay("sync".into())), &text[1..]),
        Some('+') => (Some(Editor::Person), &text[1..]),
        _ => (None, text),
    };
    let last_edit = by.map(|by| LastEdit { dated: false, by: Some(by) });
    Row { from: RecordId::new(system, Entity::Person, id), value: value(text), age, echo, entries: None, cleared: text == "~", last_edit }
}

fn candidates(rows: &[Row]) -> Vec<Candidate<'_>> {
    fn of(row: &Row) -> Candidate<'_> {
        let Row { from, value, age, echo, entries, cleared, last_edit } = row;
        Candidate {
            from,
            value,
            age: *age,
            echo: *echo,
            entries: entries.as_ref(),
            cleared: *cleared,
            habits: Default::default(),
            last_edit: last_edit.as_ref(),
        }
    }
    rows.iter().map(of).collect()
}

const NOW: Time = Time(1000 * DAY);

/// (value, from, whys in order)
fn told(rule: &FieldRule, condition: ConditionState, rows: &[Row]) -> (Option<String>, Option<String>, Vec<&'static str>) {
    let candidates = candidates(rows);
    let (judgment, judged) = explain(rule, condition, &candidates, UnreadSystems::default(), NOW);
    assert_eq!(judgment, judge(rule, condition, &candidates, UnreadSystems::default(), NOW), "explain and judge are one");
    let whys = judged.iter().map(|j| j.why).collect();
    let winner = judgment.winner();
    (winner.as_ref().map(|w| w.value.to_string()), winner.and_then(|w| Some(w.from?.to_string())), whys)
}

fn some(value: &str, from: &str) -> (Option<String>, Option<String>) {
    (Some(value.into()), Some(from.into()))
}

#[test]
fn the_first_band_that_holds_a_value_wins_and_in_it_the_newest() {
    let r = rule(Strategy::Order(vec![band(&["support"]), band(&["crm", "cards"]), band(&["ma"])]));
    let rows = [
        row("support", "9", "", 9),
        row("crm", "5", "03-1111-1111", 3),
        row("cards", "2", "03-2222-2222", 4),
        row("ma", "1", "090", 8),
        row("erp", "1", "x", 9),
    ];
    let (v, f, whys) = told(&r, ConditionState::None, &rows);
    assert_eq!((v, f), some("03-2222-2222", "cards:person:2"));
    assert_eq!(whys, ["empty", "older", "highest rank", "lower rank", "not a source"]);
}

#[test]
fn equal_times_fall_to_the_smaller_id() {
    let r = rule(Strategy::Order(vec![band(&["crm"])]));
    let (v, f, whys) = told(&r, ConditionState::None, &[row("crm", "7", "部長", 3), row("crm", "5", "課長", 3)]);
    assert_eq!((v, f), some("課長", "crm:person:5"));
    assert_eq!(whys, ["same time, later id", "highest rank"]);
    // Of one system's records whose values nobody saw change, the one that changed last.
    let (v, f, whys) = told(&r, ConditionState::None, &[row("crm", "7", "@部長", 4), row("crm", "5", "@課長", 3)]);
    assert_eq!((v, f), some("部長", "crm:person:7"));
    assert_eq!(whys, ["highest rank", "its record changed before, its age is not known"]);
}

#[test]
fn blank_wins_stops_the_search() {
    let mut r = rule(Strategy::Order(vec![band(&["crm"]), band(&["ma"])]));
    let rows = |crm: &str| [row("crm", "1", crm, 3), row("ma", "1", "旧社名", 9)];
    for (blank, crm, emptied) in [
        (Blank::Skipped, "~", false),
        (Blank::Wins, "~", true),
        (Blank::Clears, "~", true),
        // It never held anything.
        (Blank::Skipped, "", false),
        (Blank::Wins, "", false),
        (Blank::Clears, "", true),
    ] {
        r.blank = blank;
        let (v, f, whys) = told(&r, ConditionState::None, &rows(crm));
        let (won, why) = if emptied {
            (some("(empty)", "crm:person:1"), ["highest rank", "lower rank"])
        } else {
            (some("旧社名", "ma:person:1"), ["empty", "highest rank"])
        };
        assert_eq!(((v, f), whys), (won, why.to_vec()), "{blank:?} {crm:?}");
    }
}

#[test]
fn echoes_and_old_values_do_not_count() {
    let mut r = rule(Strategy::Order(vec![band(&["ma"]), band(&["crm"])]));
    r.max_age = Some(Span::days(730));
    let rows = [row("ma", "1", "!課長", 990), row("crm", "1", "部長", 269), row("crm", "2", "主任", 270)];
    let (v, f, whys) = told(&r, ConditionState::None, &rows);
    assert_eq!((v, f), some("主任", "crm:person:2"));
    assert_eq!(whys, ["our own write", "too old", "highest rank"]);
}

#[test]
fn nothing_that_counts_leaves_the_field_alone() {
    let r = rule(Strategy::Order(vec![band(&["crm"])]));
    for rows in [vec![], vec![row("crm", "1", "", 1)], vec![row("crm", "1", "!x", 1)], vec![row("ma", "1", "x", 1)]] {
        assert_eq!(told(&r, ConditionState::None, &rows).0, None);
    }
}

/// An amount of "1,8OO,000" in the highest-ranked system: what comes after it would be a guess.
#[test]
fn what_cannot_be_read_is_not_written_and_nothing_wins_in_its_place() {
    let order = rule(Strategy::Order(vec![band(&["crm", "cards"]), band(&["ma"])]));
    let by = |rule: &FieldRule, rows: &[Row]| {
        let (value, _, whys) = told(rule, ConditionState::None, rows);
        (value, whys)
    };
    let rows = [row("crm", "1", "?", 3), row("cards", "1", "5", 2), row("ma", "1", "7", 9)];
    assert_eq!(by(&order, &rows), (None, vec!["cannot be read", "older", "lower rank"]));
    // A newer one of its band, or one of a higher band, wins all the same.
    let rows = [row("crm", "1", "?", 3), row("cards", "1", "5", 4), row("ma", "1", "?", 9)];
    assert_eq!(by(&order, &rows), (Some("5".into()), vec!["older", "highest rank", "lower rank"]));
    let largest = rule(Strategy::Max(names(&["crm", "ma"])));
    let rows = [row("crm", "1", "?", 3), row("ma", "1", "7", 9), row("erp", "1", "9", 9)];
    assert_eq!(by(&largest, &rows), (None, vec!["cannot be read", "beside one that cannot be read", "not a source"]));
    let union = rule(Strategy::Union(names(&["crm", "ma"])));
    let rows = [row("crm", "1", "?", 3), row("ma", "1", "a|b", 9)];
    assert_eq!(by(&union, &rows), (None, vec!["cannot be read", "beside one that cannot be read"]));
}

#[test]
fn other_strategies() {
    let rows = || [row("crm", "1", "99", 5), row("ma", "1", "99.5", 3), row("cards", "1", "100", 4), row("erp", "1", "1", 1)];
    let three = || names(&["crm", "ma", "cards"]);
    for (strategy, value, from, whys) in [
        (Strategy::Only("ma".into()), "99.5", "ma:person:1", ["not a source", "only source", "not a source", "not a source"]),
        (Strategy::Newest(three()), "99", "crm:person:1", ["newest", "older", "older", "not a source"]),
        (Strategy::Oldest(three()), "99.5", "ma:person:1", ["newer", "oldest", "newer", "not a source"]),
        (Strategy::Max(three()), "100", "cards:person:1", ["smaller", "smaller", "largest", "not a source"]),
        (Strategy::Min(three()), "99", "crm:person:1", ["smallest", "larger", "larger", "not a source"]),
    ] {
        let (v, f, w) = told(&rule(strategy.clone()), ConditionState::None, &rows());
        assert_eq!((v, f), some(value, from), "{strategy:?}");
        assert_eq!(w, whys, "{strategy:?}");
    }
}

#[test]
fn a_maximum_never_is_nothing() {
    let mut r = rule(Strategy::Max(names(&["crm", "ma"])));
    r.blank = Blank::Wins;
    assert_eq!(told(&r, ConditionState::None, &[row("crm", "1", "", 5), row("ma", "1", "3", 1)]).0.as_deref(), Some("3"));
    assert_eq!(told(&r, ConditionState::None, &[row("crm", "1", "", 5)]).0, None);
}

#[test]
fn conditions_choose_the_order() {
    let mut r = rule(Strategy::Order(vec![band(&["crm"])]));
    let when = Expression::compile("true", Scope::Person, &Declared::default()).unwrap();
    r.when = Some(Condition { when, otherwise: vec![band(&["cards", "crm"])] });
    let rows = [row("crm", "1", "佐藤", 1), row("cards", "1", "鈴木", 2)];
    for (state, want) in [
        (ConditionState::None, Some("佐藤")),
        (ConditionState::True, Some("佐藤")),
        (ConditionState::False, Some("鈴木")),
        (ConditionState::Unknown, None),
    ] {
        assert_eq!(told(&r, state, &rows).0.as_deref(), want, "{state:?}");
    }
    assert_eq!(told(&r, ConditionState::Unknown, &rows).2, ["condition unknown"; 2]);
}

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
        Just(Strategy::Union(all())),
    ];
    let blank = proptest::sample::select(vec![Blank::Skipped, Blank::Wins, Blank::Clears]);
    let typed = proptest::sample::select(vec![&[][..], &["crm"], &["crm", "ma"]]);
    let ignored = proptest::sample::select(vec![&[][..], &["1", "b"]]);
    (strategy, blank, proptest::option::of(0i64..6), typed, ignored).prop_map(|(strategy, blank, days, typed, ignored)| FieldRule {
        blank,
        max_age: days.map(Span::days),
        typed: names(typed),
        ignored: Ignored::of(ignored.iter().map(|word| (*word).into()).collect()),
        ..rule(strategy)
    })
}

/// Text of the winner: NaN equals nothing, itself included.
fn shown(rule: &FieldRule, candidates: &[Candidate]) -> String {
    format!("{:?}", judge(rule, ConditionState::None, candidates, UnreadSystems::default(), NOW))
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
        let (judgment, judged) = explain(&rule, ConditionState::None, &given, UnreadSystems::default(), NOW);
        prop_assert_eq!(format!("{judgment:?}"), shown(&rule, &given));
        prop_assert!(judged.iter().all(|j| !j.why.is_empty()));
        if !matches!(rule.strategy, Strategy::Union(_)) {
            prop_assert_eq!(judged.iter().filter(|j| j.won).count(), usize::from(judgment.winner().is_some()));
        }
    }

    #[test]
    fn an_older_value_never_beats_a_newer_one_in_a_band(rows in proptest::collection::vec(any_row(), 0..8)) {
        let rows = distinct(rows);
        let rule = rule(Strategy::Order(vec![band(&["crm", "ma"]), band(&["cards"])]));
        let given = candidates(&rows);
        if let Some(from) = judge(&rule, ConditionState::None, &given, UnreadSystems::default(), NOW).winner().and_then(|w| w.from) {
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
        let Some(winner) = judge(&rule, ConditionState::None, &given, UnreadSystems::default(), NOW).winner().filter(|_| by_age) else {
            return Ok(());
        };
        let (_, judged) = explain(&rule, ConditionState::None, &given, UnreadSystems::default(), NOW);
        for (candidate, judged) in given.iter().zip(&judged) {
            let passed = ["lower rank", "not a source", "our own write", "too old", "empty", "older", COPY, TYPED_ELSEWHERE, IGNORED];
            let counts = !passed.contains(&judged.why);
            let is_other = !candidate.value.is_empty() && !candidate.value.says_the_same(&winner.value) && !judged.won;
            prop_assert_eq!(winner.rivals.contains(&candidate.from), counts && is_other, "{:?} {:?}", candidate, judged);
            if judged.why == "older" {
                prop_assert!(given.iter().any(|other| candidate.age.is_before(&other.age)));
            }
        }
    }

    #[test]
    fn absent_never_erases(rule in any_rule(), rows in proptest::collection::vec(any_row(), 0..8)) {
        let rows = distinct(rows);
        let rule = FieldRule { blank: Blank::Skipped, ignored: Ignored::default(), ..rule };
        let given = candidates(&rows);
        let is_removal = matches!(rule.strategy, Strategy::Union(_)) && given.iter().any(|c| c.entries.is_some_and(|e| !e.is_empty()));
        if let Some(winner) = judge(&rule, ConditionState::None, &given, UnreadSystems::default(), NOW).winner() {
            prop_assert!(!winner.value.is_empty() || is_removal);
        }
    }
}

#[test]
fn days_and_times_are_compared_by_when_they_begin() {
    let (day, noon) = (Value::Date(Date(1)), Value::Time(Time(DAY + DAY / 2)));
    for (small, large) in [
        (&day, &noon),
        (&day, &Value::Time(Time(DAY))),
        (&Value::Time(Time(DAY - 1)), &day),
        (&day, &Value::Date(Date(2))),
        (&noon, &Value::Date(Date(2))),
        (&Value::Int(9), &day),
        (&day, &Value::text("a")),
    ] {
        assert_eq!((compare(small, large), compare(large, small)), (Ordering::Less, Ordering::Greater), "{small} {large}");
    }
}
