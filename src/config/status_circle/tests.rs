//! Which statuses go round, and that no more than those are refused.

use super::*;
use crate::decide::rules::StatusRule;
use crate::model::expression::{Expression, FieldType, Scope};
use crate::model::{DealState, Entity, Record, RecordId, Time};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn declared() -> Declared {
    Declared { person: [("stage".into(), FieldType::Text), ("score".into(), FieldType::Number)].into(), ..Declared::default() }
}

fn policy(statuses: &[(impl AsRef<str>, impl AsRef<str>)], declared: &Declared) -> Policy {
    let rules = statuses.iter().map(|(name, when)| StatusRule {
        name: name.as_ref().into(),
        when: Expression::compile(when.as_ref(), Scope::Person, declared).unwrap(),
        by: None,
        rule: "policy.toml:2".into(),
    });
    Policy { statuses: rules.collect(), ..Policy::default() }
}

#[test]
fn only_what_goes_round_is_a_circle() {
    let declared = declared();
    let (system, field): (Name, Name) = ("ma".into(), "stage".into());
    let (as_it_is, words) = (BTreeMap::new(), BTreeMap::from([("lead".to_string(), "New".to_string())]));
    let read_in_part = BTreeMap::from([("New".to_string(), "fresh".to_string())]);
    let read_back = BTreeMap::from([("New", "fresh"), ("recycled", "old")].map(|(word, read)| (word.to_string(), read.to_string())));
    for (statuses, written, read, wanted) in [
        (&[("recycled", "person.stage == 'lead'"), ("lead", "true")][..], &as_it_is, &as_it_is, &["recycled", "lead"][..]),
        // "Never back": what was reached stays.
        (&[("customer", "person.stage == 'customer' || deals.exists(d, d.won)"), ("lead", "true")], &as_it_is, &as_it_is, &[]),
        (&[("recycled", "person.stage == 'lead' || person.stage == 'recycled'"), ("lead", "true")], &as_it_is, &as_it_is, &[]),
        (&[("c", "person.stage == 'b'"), ("b", "person.stage == 'a'"), ("a", "true")], &as_it_is, &as_it_is, &["c", "a", "b"]),
        // By the system's words, and by what the field makes of them.
        (&[("recycled", "person.stage == 'lead'"), ("lead", "true")], &words, &as_it_is, &[]),
        (&[("recycled", "person.stage == 'New'"), ("lead", "true")], &words, &as_it_is, &["recycled", "lead"]),
        (&[("recycled", "person.stage == 'fresh'"), ("lead", "true")], &words, &read_back, &["recycled", "lead"]),
        (&[("recycled", "person.stage == 'fresh'"), ("lead", "true")], &words, &read_in_part, &[]),
        // Whether it goes round hangs on another field.
        (&[("recycled", "person.stage == 'lead' && person.score > 5.0"), ("lead", "true")], &as_it_is, &as_it_is, &[]),
    ] {
        let policy = policy(statuses, &declared);
        let shown = StatusAsField { system: &system, field: &field, written: written.clone(), read: read.clone() };
        let found = circle(&policy, &shown, &declared).unwrap_or_default();
        assert_eq!(found.iter().map(|n| &**n).collect::<Vec<_>>(), wanted, "{statuses:?}");
    }
}

/// What the MA shows of the status is no evidence of the CRM.
#[test]
fn by_another_system_nothing_goes_round() {
    let declared = declared();
    let (system, field): (Name, Name) = ("ma".into(), "stage".into());
    let shown = StatusAsField { system: &system, field: &field, written: BTreeMap::new(), read: BTreeMap::new() };
    for (by, goes_round) in [(None, true), (Some("ma"), true), (Some("crm"), false)] {
        let mut policy = policy(&[("recycled", "person.stage == 'lead'"), ("lead", "true")], &declared);
        policy.statuses[0].by = by.map(Name::from);
        assert_eq!(circle(&policy, &shown, &declared).is_some(), goes_round, "{by:?}");
    }
}

const WORDS: [&str; 4] = ["a", "b", "c", "d"];

/// Two to four statuses, each by a condition that may ask for what is written, for something else, or for both.
fn statuses() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let word = || proptest::sample::select(&WORDS);
    let condition = prop_oneof![
        3 => word().prop_map(|w| format!("person.stage == '{w}'")),
        1 => word().prop_map(|w| format!("person.stage != '{w}'")),
        2 => (word(), word()).prop_map(|(w, v)| format!("person.stage == '{w}' || person.stage == '{v}'")),
        2 => word().prop_map(|w| format!("person.stage == '{w}' || deals.exists(d, d.won)")),
        1 => word().prop_map(|w| format!("person.stage == '{w}' && person.score > 5.0")),
        2 => Just("deals.exists(d, d.won)".to_string()),
        1 => Just("person.score > 5.0".to_string()),
        1 => Just("true".to_string()),
    ];
    (Just(WORDS).prop_shuffle(), proptest::collection::vec(condition, 2..=4))
        .prop_map(|(words, conditions)| words.into_iter().zip(conditions).collect())
}

/// Whether what is written stays at last, whatever stands there first.
fn settles(policy: &Policy, declared: &Declared, score: Option<f64>, deals: &[&Record]) -> bool {
    let next = |stage: Option<&Name>| -> Option<Name> {
        let fields = |field: &Name| {
            Ok(match &**field {
                "stage" => stage.map(|stage| Value::text(stage)),
                _ => score.map(Value::Number),
            })
        };
        let facts = Facts::person(declared, &fields, deals, &[], Time(0));
        match first_true(&policy.statuses, |rule| rule.when.test(&facts)) {
            LeadStatus::Is(rule) => Some(rule.name.clone()),
            LeadStatus::None | LeadStatus::Unknown { .. } => None,
        }
    };
    let first = [None].into_iter().chain(WORDS.map(|word| Some(Name::from(word))));
    first.into_iter().all(|mut stage| {
        // Nothing is written where no status comes out; of four words, one comes back within five rounds or stays.
        for _ in 0..WORDS.len() + 1 {
            stage = next(stage.as_ref()).or(stage);
        }
        next(stage.as_ref()).or(stage.clone()) == stage
    })
}

/// Ten thousand sets: each that goes round for a person of whom nothing else is known is refused, and none that settles for everybody is.
#[test]
fn no_set_that_settles_is_refused() {
    let declared = declared();
    let as_it_is = BTreeMap::new();
    let (system, field): (Name, Name) = ("ma".into(), "stage".into());
    let mut won = Record::new(RecordId::new("crm", Entity::Deal, "1"));
    won.deal = Some(DealState::Won);
    let (mut settling, mut refused) = (0, 0);
    let mut runner = TestRunner::deterministic();
    for _ in 0..10_000 {
        let set = statuses().new_tree(&mut runner).unwrap().current();
        let policy = policy(&set, &declared);
        let shown = StatusAsField { system: &system, field: &field, written: as_it_is.clone(), read: BTreeMap::new() };
        let is_refused = circle(&policy, &shown, &declared).is_some();
        let bare = settles(&policy, &declared, None, &[]);
        let everybody = [(None, &[][..]), (Some(9.0), &[]), (None, &[&won]), (Some(9.0), &[&won])]
            .iter()
            .all(|(score, deals)| settles(&policy, &declared, *score, deals));
        assert_eq!(is_refused, !bare, "{set:?}");
        settling += usize::from(everybody);
        refused += usize::from(is_refused);
    }
    println!("of 10,000 sets {settling} settle for everybody, {refused} are refused, none of them one of these");
    assert!(settling > 1_000 && refused > 1_000, "{settling} {refused}");
}
