//! Writing stops, and what people typed stands, whatever the rule.

use super::play::{Place, Play, SYSTEMS};
use super::*;
use crate::engine::target::habits::TakenFor;
use crate::merge::ignored::Ignored;
use crate::merge::rules::{Band, Blank, Case, Strategy};
use crate::merge::valid::Valid;
use crate::model::Span;
use crate::model::Value;
use crate::model::expression::{Declared, Expression, FieldType, Scope};
use proptest::prelude::*;
use proptest::strategy::Strategy as Sampled;
use unicode_normalization::UnicodeNormalization;

pub(super) fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|n| Name::from(*n)).collect()
}

fn band(names: &[&str]) -> Band {
    Band(names.iter().map(|n| Name::from(*n).into()).collect())
}

pub(super) fn rule(strategy: Strategy) -> FieldRule {
    FieldRule::of(strategy, "precedence.toml:5".into())
}

/// Any order of the three, cut into bands anywhere.
fn orders() -> impl Sampled<Value = Vec<Band>> {
    (Just(SYSTEMS).prop_shuffle(), 0u8..4, 1usize..=3).prop_map(|(order, cuts, len)| {
        let mut bands: Vec<Vec<&str>> = vec![vec![]];
        for (i, name) in order[..len].iter().enumerate() {
            if i > 0 && cuts & (1 << (i - 1)) > 0 {
                bands.push(vec![]);
            }
            bands.last_mut().unwrap().push(name);
        }
        bands.iter().map(|b| band(b)).collect()
    })
}

pub(super) fn rules() -> impl Sampled<Value = FieldRule> {
    let some = || (Just(SYSTEMS).prop_shuffle(), 1usize..=3).prop_map(|(all, len)| names(&all[..len]));
    let strategy = prop_oneof![
        3 => orders().prop_map(Strategy::Order),
        1 => orders().prop_map(Strategy::Fill),
        1 => some().prop_map(|names| Strategy::Only(names[0].clone())),
        1 => some().prop_map(Strategy::Newest),
        1 => some().prop_map(Strategy::Oldest),
        1 => some().prop_map(Strategy::First),
        1 => some().prop_map(Strategy::Max),
        1 => some().prop_map(Strategy::Min),
        1 => some().prop_map(Strategy::Most),
        1 => some().prop_map(Strategy::Union),
    ];
    let blank = proptest::sample::select(vec![Blank::Skipped, Blank::Wins, Blank::Clears]);
    let ignored = proptest::sample::select(vec![&[][..], &["a"], &["b", "c"]]);
    let valid = proptest::sample::select(vec![None, None, Some("value != 'd'"), Some("system != 'ma' || value != 'a'")]);
    (strategy, blank, proptest::option::of(1i64..9), ignored, valid).prop_map(|(strategy, blank, days, ignored, valid)| FieldRule {
        blank,
        valid: valid.map(|source| Valid::compile(source, FieldType::Text).unwrap()),
        max_age: days.map(Span::days),
        ignored: Ignored::of(ignored.iter().map(|word| (*word).into()).collect()),
        ..rule(strategy)
    })
}

pub(super) fn text() -> impl Sampled<Value = Value> {
    prop_oneof![1 => Just(Value::Empty), 4 => "[a-d]".prop_map(|t| Value::text(&t))]
}

fn tags() -> impl Sampled<Value = Value> {
    proptest::collection::vec("[a-d]", 0..4).prop_map(Value::list)
}

pub(super) fn values(of: impl Sampled<Value = Value>) -> impl Sampled<Value = Vec<(Value, i64, bool)>> {
    proptest::collection::vec((of, 0i64..12, any::<bool>()), 3)
}

fn edits(of: impl Sampled<Value = Value>) -> impl Sampled<Value = Vec<(usize, Value, bool)>> {
    proptest::collection::vec((0usize..3, of, any::<bool>()), 0..8)
}

/// What systems make of texts: forms of them, each of which may come twice; and what is none.
const FORMS: [fn(&str) -> String; 8] = [
    str::to_string,
    |text| text.to_uppercase(),
    |text| text.nfkc().collect(),
    |text| text.replace('&', "&amp;"),
    |text| text.chars().take(3).collect(),
    |text| text.chars().filter(|c| c.is_alphanumeric()).collect(),
    |text| text.replace("株式会社", "㈱"),
    |text| text.strip_prefix("03-").filter(|rest| rest.contains('-')).map_or(text.to_string(), |rest| format!("+81 3-{rest}")),
];
/// The form among them that is a column's width. It holds for whoever writes, so people see what they type cut, too.
const CUT: usize = 4;
const OTHERS: [fn(&str) -> String; 6] = [
    |text| format!("{text}x"),
    |text| format!("x{text}"),
    |_| "stuck".into(),
    |text| text.chars().rev().collect(),
    |text| text.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect(),
    |text| format!("{text} 様"),
];

/// Texts of which each form makes something.
fn written() -> impl Sampled<Value = Value> {
    let texts = ["R&D <lead>", "ＡＢＣ部長", "株式会社田中", "03-1234-5678", "Vice President", "vice president", "R&amp;D", "田中"];
    prop_oneof![1 => Just(Value::Empty), 9 => proptest::sample::select(texts.to_vec()).prop_map(Value::text)]
}

fn made(play: Play, makes: &[fn(&str) -> String]) -> Play {
    let places = play.places.into_iter().zip(makes).map(|(place, makes)| Place { makes: *makes, ..place });
    Play { places: places.collect(), ..play }
}

/// All that is typed, a round after each where it says so.
fn played(mut play: Play, edits: &[(usize, Value, bool)]) -> Play {
    for (at, value, is_seen) in edits {
        play.types(*at, value.clone());
        if *is_seen {
            play.round(&[0, 1, 2]);
        }
    }
    play
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn under_any_rule_writing_stops_after_two_rounds(rule in rules(), values in values(text()), edits in edits(text())) {
        prop_assert!(played(Play::new(rule, values), &edits).settle() <= 2);
    }

    /// What a condition asks for changes, and with it whose value counts.
    #[test]
    fn whichever_case_holds_writing_stops_after_two_rounds(
        parts in proptest::collection::vec(rules(), 3),
        values in values(text()),
        turns in proptest::collection::vec((0usize..3, edits(text())), 1..4),
    ) {
        let when = Expression::compile("true", Scope::Person, &Declared::default()).unwrap();
        let cases = parts[1..].iter().map(|part| Case { when: when.clone(), strategy: part.strategy.clone() }).collect();
        let mut play = Play::new(FieldRule { cases, ..parts[0].clone() }, values);
        for (part, edits) in &turns {
            play.part = if *part == 2 { RulePart::Otherwise } else { RulePart::Case(*part) };
            play = played(play, edits);
            prop_assert!(play.settle() <= 2);
        }
    }

    #[test]
    fn under_any_rule_writing_of_lists_stops_after_two_rounds(rule in rules(), values in values(tags()), edits in edits(tags())) {
        prop_assert!(played(Play::new(rule, values), &edits).settle() <= 2);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    /// What they make of our values is their form of them, whatever the rule.
    #[test]
    fn under_any_forms_writing_stops_after_two_rounds(
        rule in rules(),
        values in values(written()),
        edits in edits(written()),
        forms in proptest::collection::vec(0..FORMS.len(), 3),
    ) {
        let kept = |at: usize, value: Value| match value.as_text() {
            Some(text) if forms[at] == CUT => Value::text(&FORMS[CUT](text)),
            _ => value,
        };
        let values = values.into_iter().enumerate().map(|(at, (value, days, is_written))| (kept(at, value), days, is_written)).collect();
        let edits: Vec<_> = edits.into_iter().map(|(at, value, is_seen)| (at, kept(at, value), is_seen)).collect();
        let makes: Vec<fn(&str) -> String> = forms.iter().map(|form| FORMS[*form]).collect();
        let mut play = played(made(Play::new(rule, values), &makes), &edits);
        let before = play.shown().into_iter().cloned().collect::<Vec<_>>();
        prop_assert!(play.settle() <= 2, "{before:?} {:?}", play.shown());
    }

    /// Two that append something, or one that keeps nothing: the value grew for ever.
    #[test]
    fn whatever_a_target_makes_of_values_they_are_written_six_times_a_day_at_most(
        rule in rules(),
        values in values(written()),
        edits in edits(written()),
        makes in proptest::collection::vec(proptest::sample::select([&FORMS[..], &OTHERS].concat()), 3),
    ) {
        let mut play = played(made(Play::new(rule, values), &makes), &edits);
        play.places.iter_mut().for_each(|place| place.writes = 0);
        let rounds: Vec<usize> = (0..30).map(|_| play.round(&[0, 1, 2])).collect();
        let most = play.places.iter().map(|place| place.writes).max();
        prop_assert!(most <= Some(6) && rounds[22..] == [0; 8], "{rounds:?} {most:?} {:?}", play.shown());
    }
}

/// Other people's values, of which each form makes something.
const OF_OTHERS: [&str; 4] = ["Head of R&D, <Tokyo>", "株式会社 佐藤商事", "Chief O'Neil (QA)", "03-9999-8888"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A person is quicker than our first look at our own write, and makes of it just what a system might: in a system that ranks first it
    /// stands, whatever is typed elsewhere, as long as nobody can tell; where all else was kept as written, it is the value of all equals.
    #[test]
    fn what_somebody_makes_of_our_value_before_we_look_is_not_overwritten(
        ours in written(),
        form in proptest::sample::select(FORMS.to_vec()),
        later in proptest::collection::vec("[a-d]", 1..4),
        keeps_all in any::<bool>(),
    ) {
        let typed = Value::text(&form(ours.as_text().unwrap_or_default()));
        if typed.is_empty() || typed.says_the_same(&ours) {
            return Ok(());
        }
        let order = if keeps_all { vec![band(&["crm", "ma"])] } else { vec![band(&["ma"]), band(&["crm"])] };
        let mut play = Play::new(rule(Strategy::Order(order)), vec![(ours, 1, true), (Value::Empty, 1, true), (Value::Empty, 1, false)]);
        if keeps_all {
            play.has_shown(1, &OF_OTHERS, str::to_string);
            // As long as the longest.
            play.has_shown(1, &[&"長い".repeat(40)], str::to_string);
        }
        prop_assert_eq!(play.round(&[0, 1, 2]), 1);
        play.types(1, typed.clone());
        prop_assert!(play.settle() <= 1);
        prop_assert_eq!(&play.places[1].shows, &typed);
        if keeps_all {
            let in_doubt = matches!(play.habits.judge(&"ma".into(), &play.field, &play.places[1].target.agreed[0].ours, &typed), TakenFor::Doubtful);
            prop_assert!(in_doubt || play.places[0].shows == typed, "{:?}", play.shown());
            return Ok(());
        }
        for value in later {
            play.types(0, Value::text(&value));
            prop_assert!(play.settle() <= 1);
            prop_assert_eq!(&play.places[1].shows, &typed);
        }
    }

    /// What a system is known to do to values is no word of anybody: it flows nowhere, and gives way to the next value.
    #[test]
    fn a_form_that_is_known_is_nobodys_word(
        ours in written(),
        form in proptest::sample::select(FORMS.to_vec()),
        later in proptest::sample::select(vec!["Head of Sales & Co, <Osaka>", "株式会社 鈴木"]),
    ) {
        prop_assume!(!ours.is_empty());
        let order = vec![band(&["ma"]), band(&["crm"])];
        let play = Play::new(rule(Strategy::Order(order)), vec![(ours.clone(), 1, true), (Value::Empty, 1, true), (Value::Empty, 1, false)]);
        let mut play = made(play, &[str::to_string, form, str::to_string]);
        play.has_shown(1, &OF_OTHERS, form);
        prop_assert!(play.settle() <= 1);
        prop_assert_eq!(&play.places[0].shows, &ours);
        let is_known = play.habits.judge(&"ma".into(), &play.field, &ours, &play.places[1].shows) == TakenFor::Form;
        play.types(0, Value::text(later));
        prop_assert!(play.settle() <= 1);
        prop_assert_eq!(&play.places[0].shows, &Value::text(later));
        let stands = Value::text(&form(later));
        prop_assert!(!is_known || play.places[1].shows == stands, "{:?}", play.shown());
    }
}

/// None is a form of another.
const APART: [&str; 5] = ["R&D <lead>", "ＡＢＣ部長", "株式会社田中", "Vice President", "髙橋"];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever a system makes of what it is written, known or not, it goes back into no other system, and the next value goes in. A fixed word,
    /// or other letters, cannot be told from somebody's own.
    #[test]
    fn what_a_target_makes_of_our_value_does_not_flow_back(
        typed in proptest::collection::vec(proptest::sample::select(APART.to_vec()), 1..4),
        makes in proptest::sample::select([&FORMS[..], &OTHERS].concat()).prop_filter("like ours", |makes| !["stuck", "emos"].contains(&&*makes("some"))),
        others in proptest::sample::subsequence(OF_OTHERS.to_vec(), 0..4),
        by_time in any::<bool>(),
        is_filled in any::<bool>(),
    ) {
        let strategy = if by_time { Strategy::Newest(names(&["crm", "ma"])) } else { Strategy::Order(vec![band(&["crm", "ma"])]) };
        let filled = if is_filled { Value::text("before") } else { Value::Empty };
        let play = Play::new(rule(strategy), vec![(Value::Empty, 2, true), (filled, 3, true), (Value::Empty, 1, false)]);
        let mut play = made(play, &[str::to_string, makes, str::to_string]);
        play.has_shown(1, &others, makes);
        play.settle();
        let mut before = play.places[0].shows.clone();
        for value in typed.into_iter().map(Value::text) {
            if value == before {
                continue;
            }
            play.types(0, value.clone());
            play.a_day_passes();
            play.settle();
            prop_assert_eq!(&play.places[0].shows, &value, "{:?}", play.shown());
            prop_assert_eq!(&play.places[1].shows, &Value::text(&makes(value.as_text().unwrap_or_default())));
            before = value;
        }
    }
}

proptest! {
    /// Systems are read in any order; nobody typed between two of them.
    #[test]
    fn the_order_of_arrival_does_not_matter(
        rule in rules(),
        values in values(text()),
        edits in edits(text()),
        order in Just([0usize, 1, 2]).prop_shuffle(),
    ) {
        let of = |order: &[usize]| {
            let mut play = Play::new(rule.clone(), values.clone());
            for (at, value, is_seen) in &edits {
                play.types(*at, value.clone());
                if *is_seen {
                    play.round(order);
                }
            }
            play.round(order);
            play.round(order);
            play.shown().into_iter().cloned().collect::<Vec<_>>()
        };
        prop_assert_eq!(of(&order), of(&[0, 1, 2]));
    }

    /// Of equals the last that somebody typed, once it was seen that it came after the others.
    #[test]
    fn among_equals_the_last_typed_value_stands_everywhere(values in values(text()), edits in edits("[a-d]".prop_map(|t| Value::text(&t)))) {
        let mut play = Play::new(rule(Strategy::Order(vec![band(&SYSTEMS)])), values);
        play.settle();
        for (at, value, _) in &edits {
            // Typing the same again is no news to anybody.
            if play.places[*at].shows != *value {
                play.types(*at, value.clone());
                play.settle();
                play.a_day_passes();
                for place in play.places.iter().filter(|p| p.is_written) {
                    prop_assert_eq!(&place.shows, value);
                }
            }
        }
    }

    /// What two people typed between two polls stands where each typed it.
    #[test]
    fn of_two_values_typed_between_two_polls_neither_overwrites_the_other(values in values(text()), one in 0usize..3, by in 1usize..3) {
        let mut play = Play::new(rule(Strategy::Newest(names(&SYSTEMS))), values);
        play.settle();
        let other = (one + by) % 3;
        play.types(one, Value::text("x"));
        play.types(other, Value::text("y"));
        play.settle();
        prop_assert_eq!((&play.places[one].shows, &play.places[other].shows), (&Value::text("x"), &Value::text("y")));
    }

    /// A value that is typed in the system that ranks first, or in one of which the rule knows nothing, is never overwritten.
    #[test]
    fn a_typed_value_gives_way_only_to_a_higher_rank(values in values(text()), edits in edits("[a-d]".prop_map(|t| Value::text(&t)))) {
        let mut play = Play::new(rule(Strategy::Order(vec![band(&["crm"]), band(&["ma"])])), values);
        play.settle();
        for (at, value, _) in &edits {
            play.types(*at, value.clone());
            play.settle();
            if *at == 0 {
                prop_assert_eq!(&play.places[0].shows, value);
            }
        }
    }

    /// Each entry stands where it is written if the last that somebody did with it was to put it in.
    #[test]
    fn what_is_taken_out_of_a_list_stays_out_until_it_is_put_in_again(
        values in values(tags()),
        steps in proptest::collection::vec((0usize..3, "[a-d]"), 0..12),
    ) {
        let mut play = Play::new(rule(Strategy::Union(names(&SYSTEMS))), values);
        play.settle();
        let entries = |value: &Value| if let Value::List(entries) = value { entries.to_vec() } else { Vec::new() };
        let mut stands: std::collections::BTreeSet<String> =
            play.places.iter().flat_map(|p| entries(&p.shows)).map(String::from).collect();
        for (at, entry) in steps {
            let mut list = entries(&play.places[at].shows);
            if list.iter().any(|e| **e == *entry) {
                list.retain(|e| **e != *entry);
                stands.remove(&entry);
            } else {
                list.push(entry.as_str().into());
                stands.insert(entry);
            }
            play.types(at, Value::list(list));
            play.settle();
            play.a_day_passes();
            let want = Value::list(stands.iter().map(|e| e.as_str()));
            for place in play.places.iter().filter(|p| p.is_written) {
                prop_assert_eq!(&place.shows, &want);
            }
        }
    }
}
