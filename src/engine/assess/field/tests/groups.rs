//! An address as one rule: never a street of one with the city of another, whatever happens to its parts, and writing stops.

use super::group_play::{GroupPlay, address, said};
use super::play::SYSTEMS;
use super::rule_forms::rule_of;
use super::settling::{names, rule, rules};
use super::*;
use crate::merge::rules::{Band, Blank, Case, RankedSystem, Strategy};
use crate::model::Value;
use crate::model::expression::{Declared, Expression, Scope};
use proptest::prelude::*;
use proptest::strategy::Strategy as Sampled;

/// What the MA, the one that is written, shows in the end. The CRM has `a b 1`, a card `k l 9`:
/// 1. the MA has nothing
/// 2. the MA has `m n 5`, of yesterday; the CRM's is three days old
/// 3. the CRM's has no zip, the MA has `m n 5` of a year ago
/// 4. written, then the CRM's city is changed to `d`
/// 5. written, then the CRM's zip is cleared
/// 6. written, then somebody types the city `n` in the MA
/// 7. written, then somebody clears the zip in the MA
/// 8. the CRM's is of three years ago, the card's of yesterday
/// 9. the CRM has none, and the MA `m n 5`; the card's is of three days ago
type Shown = [&'static str; 9];

fn play(text: &str, part: RulePart) -> [String; 9] {
    let rule = rule_of("title", &format!("[person]\naddress = {text}\n"));
    let of = |crm: (&str, i64), ma: (&str, i64), card: (&str, i64)| {
        let shown = vec![(address(crm.0), crm.1, false), (address(ma.0), ma.1, true), (address(card.0), card.1, false)];
        let mut play = GroupPlay::new(FieldRule::clone(&rule), shown);
        play.part = part;
        play.settle();
        play
    };
    let typed = |at: usize, field: usize, value: Value| {
        let mut play = of(("a b 1", 3), ("- - -", 3), ("- - -", 3));
        play.types(at, field, value);
        play.settle();
        play
    };
    let none = ("- - -", 3);
    let all = [
        of(("a b 1", 3), none, none),
        of(("a b 1", 3), ("m n 5", 1), none),
        of(("a b -", 3), ("m n 5", 365), none),
        typed(0, 1, Value::text("d")),
        typed(0, 2, Value::Empty),
        typed(1, 1, Value::text("n")),
        typed(1, 2, Value::Empty),
        of(("a b 1", 999), none, ("k l 9", 1)),
        of(none, ("m n 5", 1), ("k l 9", 3)),
    ];
    all.map(|play| said(&play.places[1].shows))
}

const FIRST: RulePart = RulePart::Case(0);
const ELSE: RulePart = RulePart::Otherwise;

/// As people ask for it, the rule behind `group = [..]`, the part of it that counts for the person, what is shown.
const ADDRESSES: &[(&str, &str, RulePart, Shown)] = &[
    ("the CRM's address", r#"only = "crm""#, ELSE, ["a b 1", "a b 1", "a b 5", "a d 1", "a b 1", "a b 1", "a b -", "a b 1", "m n 5"]),
    (
        "the CRM's address, and of it what it has",
        r#"only = "crm", blank = "clears""#,
        ELSE,
        ["a b 1", "a b 1", "a b -", "a d 1", "a b -", "a b 1", "a b -", "a b 1", "m n 5"],
    ),
    (
        "emptied with the CRM's",
        r#"only = "crm", blank = "wins""#,
        ELSE,
        ["a b 1", "a b 1", "a b 5", "a d 1", "a b -", "a b 1", "a b -", "a b 1", "m n 5"],
    ),
    (
        "the address that changed last, as a whole, where that is known",
        r#"newest = ["crm", "ma", "cards"], blank = "clears""#,
        ELSE,
        ["a b 1", "m n 5", "m n 5", "a d 1", "a b -", "a n 1", "a b -", "a b 1", "m n 5"],
    ),
    (
        "the CRM's, else a card's, else the MA's",
        r#"from = ["crm", "cards", "ma"], blank = "clears""#,
        ELSE,
        ["a b 1", "a b 1", "a b -", "a d 1", "a b -", "a b 1", "a b -", "a b 1", "k l 9"],
    ),
    (
        "no address older than two years",
        r#"from = ["crm", "cards", "ma"], blank = "clears", max_age = "730d""#,
        ELSE,
        ["a b 1", "a b 1", "a b -", "a d 1", "a b -", "a b 1", "a b -", "k l 9", "k l 9"],
    ),
    (
        "fill in an address where there is none",
        r#"fill = ["crm", "cards"], blank = "skipped""#,
        ELSE,
        ["a b 1", "m n 5", "m n 5", "a b 1", "a b 1", "a n 1", "a b -", "a b 1", "m n 5"],
    ),
    (
        "the CRM's for customers",
        r#"only = "crm", when = 'deals.exists(d, d.won)', blank = "clears""#,
        FIRST,
        ["a b 1", "a b 1", "a b -", "a d 1", "a b -", "a b 1", "a b -", "a b 1", "m n 5"],
    ),
    (
        "for others it stays",
        r#"only = "crm", when = 'deals.exists(d, d.won)', blank = "clears""#,
        ELSE,
        ["- - -", "m n 5", "m n 5", "- - -", "- - -", "- n -", "- - -", "- - -", "m n 5"],
    ),
    (
        "a placeholder is no part of an address",
        r#"only = "crm", ignore = ["1"], blank = "clears""#,
        ELSE,
        ["a b -", "a b -", "a b -", "a d -", "a b -", "a b -", "a b -", "a b -", "m n 5"],
    ),
];

#[test]
fn an_address_as_people_ask_for_it() {
    let mut found = Vec::new();
    for (asked, text, part, shown) in ADDRESSES {
        let text = format!("{{ group = [\"title\", \"country\", \"region\"], {text} }}");
        let is = play(&text, *part);
        if is != *shown {
            found.push(format!("{asked}: {text}\n  is   {is:?}\n  want {shown:?}"));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

fn of_groups() -> impl Sampled<Value = FieldRule> {
    let finds_records = |rule: &FieldRule| {
        rule.strategies()
            .all(|s| matches!(s, Strategy::Order(_) | Strategy::Fill(_) | Strategy::Only(_) | Strategy::Newest(_) | Strategy::Oldest(_)))
    };
    rules().prop_filter("finds no record", finds_records)
}

fn part() -> impl Sampled<Value = Value> {
    prop_oneof![1 => Just(Value::Empty), 2 => "[a-d]".prop_map(|t| Value::text(&t))]
}

fn shown() -> impl Sampled<Value = Vec<([Value; 3], i64, bool)>> {
    proptest::collection::vec(([part(), part(), part()], 0i64..12, any::<bool>()), 3)
}

fn edits() -> impl Sampled<Value = Vec<(usize, usize, Value, bool)>> {
    proptest::collection::vec((0usize..3, 0usize..3, part(), any::<bool>()), 0..8)
}

fn played(mut play: GroupPlay, edits: &[(usize, usize, Value, bool)]) -> GroupPlay {
    for (at, field, value, is_seen) in edits {
        play.types(*at, *field, value.clone());
        if *is_seen {
            play.round(&[0, 1, 2]);
        }
    }
    play
}

/// What systems make of texts: forms of them, and what is none.
const MADE: [fn(&str) -> String; 4] =
    [str::to_string, |text| text.to_uppercase(), |text| text.chars().take(1).collect(), |text| format!("{text}x")];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn writing_of_groups_stops_after_two_rounds(rule in of_groups(), shown in shown(), edits in edits()) {
        prop_assert!(played(GroupPlay::new(rule, shown), &edits).settle() <= 2);
    }

    /// What a condition asks for changes, and with it whose address counts.
    #[test]
    fn whichever_case_holds_writing_of_groups_stops(
        first in of_groups(),
        rest in of_groups(),
        shown in shown(),
        turns in proptest::collection::vec((any::<bool>(), edits()), 1..4),
    ) {
        let when = Expression::compile("true", Scope::Person, &Declared::default()).unwrap();
        let cases = vec![Case { when, strategy: first.strategy }];
        let mut play = GroupPlay::new(FieldRule { cases, ..rest }, shown);
        for (holds, edits) in &turns {
            play.part = if *holds { FIRST } else { ELSE };
            play = played(play, edits);
            prop_assert!(play.settle() <= 2);
        }
    }

    /// Two that append something: whatever comes of it, the day's limit ends it.
    #[test]
    fn whatever_targets_make_of_parts_writing_ends(
        rule in of_groups(),
        shown in shown(),
        edits in edits(),
        makes in proptest::collection::vec(proptest::sample::select(MADE.to_vec()), 3),
    ) {
        let mut play = GroupPlay::new(rule, shown);
        play.places.iter_mut().zip(&makes).for_each(|(place, makes)| place.makes = *makes);
        let mut play = played(play, &edits);
        let rounds: Vec<usize> = (0..40).map(|_| play.round(&[0, 1, 2])).collect();
        prop_assert!(rounds[32..] == [0; 8], "{rounds:?} {:?}", play.shown());
    }

    /// Systems are read in any order; nobody typed between two of them.
    #[test]
    fn the_order_of_arrival_does_not_matter_to_groups(
        rule in of_groups(),
        shown in shown(),
        edits in edits(),
        order in Just([0usize, 1, 2]).prop_shuffle(),
    ) {
        let of = |order: &[usize]| {
            let mut play = GroupPlay::new(rule.clone(), shown.clone());
            for (at, field, value, is_seen) in &edits {
                play.types(*at, *field, value.clone());
                if *is_seen {
                    play.round(order);
                }
            }
            (0..2).for_each(|_| { play.round(order); });
            play.shown()
        };
        prop_assert_eq!(of(&order), of(&[0, 1, 2]));
    }

    /// What is written beside what somebody typed is of one record: nobody ever showed another mixture. Each value tells whose it is.
    #[test]
    fn no_address_is_mixed_out_of_two(
        order in Just(SYSTEMS).prop_shuffle(),
        newest in any::<bool>(),
        held in proptest::collection::vec((any::<[bool; 3]>(), 0i64..12), 3),
    ) {
        let of = |at: usize, (holds, days): &([bool; 3], i64)| {
            let value = |field: usize| if holds[field] { Value::text(&format!("{}{field}", SYSTEMS[at])) } else { Value::Empty };
            ([value(0), value(1), value(2)], *days, true)
        };
        let ranked = || order.iter().map(|name| Band(vec![RankedSystem::from(Name::from(*name))])).collect();
        let strategy = if newest { Strategy::Newest(names(&order)) } else { Strategy::Order(ranked()) };
        let shown: Vec<_> = held.iter().enumerate().map(|(at, held)| of(at, held)).collect();
        let mut play = GroupPlay::new(FieldRule { blank: Blank::Clears, ..rule(strategy) }, shown.clone());
        play.settle();
        for place in play.places.iter() {
            let whole = shown.iter().any(|(shows, ..)| *shows == place.shows);
            prop_assert!(whole, "{:?} of {:?}", said(&place.shows), shown.iter().map(|(shows, ..)| said(shows)).collect::<Vec<_>>());
        }
    }
}
