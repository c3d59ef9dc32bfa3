use super::*;
use crate::merge::choice::compare;
use crate::merge::ignored::Ignored;
use crate::merge::judgment::{COPY, TYPED_ELSEWHERE};
use crate::merge::rules::{Band, Case, IGNORED, INVALID, RulePart};
use crate::merge::{Leader, UnreadSystems};
use crate::model::expression::{Declared, Scope};
use crate::model::{Age, Date, Editor, Entity, Entries, EntryFate, Expression, LastEdit, RecordId, Span};
use proptest::prelude::{Just, prop_assert, prop_assert_eq, prop_compose, prop_oneof, proptest};
use proptest::strategy::Strategy as Sampled;
use std::cmp::Ordering;

mod ages;
mod copies;
mod ignored;
mod lists;
mod properties;
mod several;
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
            echo: *echo,
            entries: entries.as_ref(),
            cleared: *cleared,
            last_edit: last_edit.as_ref(),
            ..Candidate::new(from, value, *age)
        }
    }
    rows.iter().map(of).collect()
}

const NOW: Time = Time(1000 * DAY);

fn circumstances(part: RulePart, unread: UnreadSystems<'_>, now: Time) -> Circumstances<'_> {
    Circumstances { part, unread, leader: Leader::Nothing, now }
}

fn judge<'a>(rule: &FieldRule, part: RulePart, given: &[Candidate<'a>], unread: UnreadSystems<'a>, now: Time) -> Judgment<'a> {
    super::judge(rule, &circumstances(part, unread, now), given)
}

fn explain<'a>(
    rule: &FieldRule,
    part: RulePart,
    given: &[Candidate<'a>],
    unread: UnreadSystems<'a>,
    now: Time,
) -> (Judgment<'a>, Vec<Judged>) {
    super::explain(rule, &circumstances(part, unread, now), given)
}

/// The rule with one case, which counts by this strategy.
fn with_case(strategy: Strategy, otherwise: FieldRule) -> FieldRule {
    let when = Expression::compile("true", Scope::Person, &Declared::default()).unwrap();
    FieldRule { cases: vec![Case { when, strategy }], ..otherwise }
}

/// (value, from, whys in order)
fn told(rule: &FieldRule, condition: RulePart, rows: &[Row]) -> (Option<String>, Option<String>, Vec<&'static str>) {
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
    let (v, f, whys) = told(&r, RulePart::Otherwise, &rows);
    assert_eq!((v, f), some("03-2222-2222", "cards:person:2"));
    assert_eq!(whys, ["empty", "older", "highest rank", "lower rank", "not a source"]);
}

#[test]
fn equal_times_fall_to_the_smaller_id() {
    let r = rule(Strategy::Order(vec![band(&["crm"])]));
    let (v, f, whys) = told(&r, RulePart::Otherwise, &[row("crm", "7", "部長", 3), row("crm", "5", "課長", 3)]);
    assert_eq!((v, f), some("課長", "crm:person:5"));
    assert_eq!(whys, ["same time, later id", "highest rank"]);
    // Of one system's records whose values nobody saw change, the one that changed last.
    let (v, f, whys) = told(&r, RulePart::Otherwise, &[row("crm", "7", "@部長", 4), row("crm", "5", "@課長", 3)]);
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
        let (v, f, whys) = told(&r, RulePart::Otherwise, &rows(crm));
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
    let (v, f, whys) = told(&r, RulePart::Otherwise, &rows);
    assert_eq!((v, f), some("主任", "crm:person:2"));
    assert_eq!(whys, ["our own write", "too old", "highest rank"]);
}

#[test]
fn nothing_that_counts_leaves_the_field_alone() {
    let r = rule(Strategy::Order(vec![band(&["crm"])]));
    for rows in [vec![], vec![row("crm", "1", "", 1)], vec![row("crm", "1", "!x", 1)], vec![row("ma", "1", "x", 1)]] {
        assert_eq!(told(&r, RulePart::Otherwise, &rows).0, None);
    }
}

/// An amount of "1,8OO,000" in the highest-ranked system: what comes after it would be a guess.
#[test]
fn what_cannot_be_read_is_not_written_and_nothing_wins_in_its_place() {
    let order = rule(Strategy::Order(vec![band(&["crm", "cards"]), band(&["ma"])]));
    let by = |rule: &FieldRule, rows: &[Row]| {
        let (value, _, whys) = told(rule, RulePart::Otherwise, rows);
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
        let (v, f, w) = told(&rule(strategy.clone()), RulePart::Otherwise, &rows());
        assert_eq!((v, f), some(value, from), "{strategy:?}");
        assert_eq!(w, whys, "{strategy:?}");
    }
}

#[test]
fn a_maximum_never_is_nothing() {
    let mut r = rule(Strategy::Max(names(&["crm", "ma"])));
    r.blank = Blank::Wins;
    assert_eq!(told(&r, RulePart::Otherwise, &[row("crm", "1", "", 5), row("ma", "1", "3", 1)]).0.as_deref(), Some("3"));
    assert_eq!(told(&r, RulePart::Otherwise, &[row("crm", "1", "", 5)]).0, None);
}

#[test]
fn conditions_choose_the_order() {
    let r = with_case(Strategy::Order(vec![band(&["crm"])]), rule(Strategy::Order(vec![band(&["cards", "crm"])])));
    let rows = [row("crm", "1", "佐藤", 1), row("cards", "1", "鈴木", 2)];
    for (state, want) in [
        (r.first_part(), Some("佐藤")),
        (RulePart::Case(0), Some("佐藤")),
        (RulePart::Otherwise, Some("鈴木")),
        (RulePart::Unknown, None),
        (RulePart::Case(7), None),
    ] {
        assert_eq!(told(&r, state, &rows).0.as_deref(), want, "{state:?}");
    }
    assert_eq!(told(&r, RulePart::Unknown, &rows).2, ["condition unknown"; 2]);
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
