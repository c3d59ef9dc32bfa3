//! What was seen is written; what rests on not having seen something waits until all that could have shown it was read.

use super::place::{NOW, Place, deal, lead, person};
use nayose::model::{DealState, Name, Span, Value};

const MINUTE: Span = Span::minutes(1);
const LONG_AGO: Span = Span::days(3);

#[test]
fn no_status_falls_while_the_crm_was_never_read() {
    let mut place = Place::new();
    place.put("people", &lead("1", "a@a.example", "opportunity", &[]));
    place.read(&["ma", "support"], MINUTE);
    assert_eq!(place.planned("1", "status"), None);
    let told = place.explain("a@a.example").status;
    assert_eq!((told.value, told.error.as_deref()), (None, Some("policy.toml:2: there may be more deals than were read")));
    let waits = told.waits.expect("it is said that it waits");
    assert!(waits.contains("not read to the end yet since this state was begun: crm.") && waits.contains("crm.deals"), "{waits}");
    let undecided = place.plan().undecided.expect("the plan says so too");
    assert_eq!((undecided.statuses, undecided.why.contains("crm.deals")), (1, true));
    // Now it is known that there is no deal.
    place.read(&["crm"], MINUTE);
    assert_eq!(place.planned("1", "status").as_deref(), Some("lead"));
    assert_eq!(place.plan().undecided, None);
}

#[test]
fn a_status_that_is_true_by_a_record_at_hand_is_written_whatever_else_was_read() {
    let mut place = Place::new();
    place.put("people", &person("crm:person:1", "a@a.example", &[]));
    place.put("people", &lead("1", "a@a.example", "lead", &[]));
    place.put("deals", &deal("1", DealState::Open, "1"));
    assert_eq!(place.planned("1", "status").as_deref(), Some("opportunity"));
}

#[test]
fn while_the_crm_is_stale_a_status_rises_and_falls_only_for_whom_it_does_not_know() {
    let mut place = Place::new();
    place.put("people", &person("crm:person:1", "known@a.example", &[]));
    place.put("people", &lead("1", "known@a.example", "opportunity", &[]));
    place.put("people", &person("crm:person:2", "rises@a.example", &[]));
    place.put("people", &lead("2", "rises@a.example", "lead", &[("score", Value::Int(120))]));
    place.put("people", &lead("3", "unknown@a.example", "mql", &[("score", Value::Int(1))]));
    place.put("people", &person("crm:person:4", "new@a.example", &[]));
    place.put("people", &lead("4", "new@a.example", "", &[]));
    place.put("people", &person("crm:person:5", "foreign@a.example", &[]));
    place.put("people", &lead("5", "foreign@a.example", "a word of the marketers' own", &[]));
    place.put("deals", &deal("1", DealState::Lost, "1"));
    place.read(&["ma", "support"], MINUTE);
    place.read(&["crm"], LONG_AGO);
    assert_eq!(place.planned("1", "status"), None, "another deal may be open by now");
    assert_eq!(place.planned("2", "status").as_deref(), Some("mql"));
    assert_eq!(place.planned("3", "status").as_deref(), Some("lead"), "the CRM does not know them, and was read once");
    assert_eq!(place.planned("4", "status").as_deref(), Some("lead"), "nothing is lowered");
    assert_eq!(place.planned("5", "status"), None);
    let told = place.explain("known@a.example").status;
    assert_eq!(told.value.as_deref(), Some("lead"));
    assert!(told.waits.is_some_and(|w| w.starts_with("it takes the place of no higher one: not read to the end lately: crm.")));
    place.read(&["crm"], MINUTE);
    assert_eq!(place.planned("1", "status").as_deref(), Some("lead"));
}

#[test]
fn no_field_falls_to_a_lower_system_while_a_higher_one_is_not_read() {
    let phone = |value: &str| [("phone", Value::text(value))];
    let mut place = Place::new();
    place.put("people", &person("crm:person:1", "a@a.example", &phone("crm")));
    place.put("people", &lead("1", "a@a.example", "", &phone("old")));
    place.read(&["ma", "crm"], MINUTE);
    assert_eq!(place.planned("1", "phone"), None, "the desk may hold one");
    let told = place.explain("a@a.example").fields.remove(&Name::from("phone")).expect("it is told");
    assert_eq!(told.value, serde_json::Value::Null);
    assert!(told.unknown.is_some_and(|why| why.contains("support.")), "{:?}", told.candidates);
    // The desk's own value counts at once.
    place.put("people", &person("support:person:1", "a@a.example", &phone("desk")));
    assert_eq!(place.planned("1", "phone").as_deref(), Some("desk"));
    place.put("people", &person("support:person:1", "a@a.example", &[]));
    assert_eq!(place.planned("1", "phone"), None);
    place.read(&["support"], MINUTE);
    assert_eq!(place.planned("1", "phone").as_deref(), Some("crm"));
    // Read once, and not lately: the desk knows this person.
    place.read(&["support"], LONG_AGO);
    place.put("people", &lead("1", "a@a.example", "", &phone("older")));
    assert_eq!(place.planned("1", "phone"), None);
}

#[test]
fn a_condition_that_comes_out_by_absence_waits() {
    let title = |value: &str| [("title", Value::text(value))];
    let mut place = Place::new();
    place.put("people", &person("crm:person:1", "a@a.example", &title("Chief")));
    place.put("people", &person("support:person:1", "a@a.example", &title("Clerk")));
    place.put("people", &lead("1", "a@a.example", "", &title("?")));
    place.read(&["ma", "support"], MINUTE);
    assert_eq!(place.planned("1", "title"), None);
    place.put("deals", &deal("1", DealState::Open, "1"));
    assert_eq!(place.planned("1", "title").as_deref(), Some("Chief"));
    place.put("deals", &deal("1", DealState::Won, "1"));
    assert_eq!(place.planned("1", "title"), None);
    place.read(&["crm"], MINUTE);
    assert_eq!(place.planned("1", "title").as_deref(), Some("Clerk"));
}

#[test]
fn a_score_that_cannot_be_read_leaves_the_status_as_it_is() {
    let mut place = Place::new();
    place.put("people", &lead("1", "a@a.example", "mql", &[("score", Value::Unreadable)]));
    place.read(&["ma", "support", "crm"], MINUTE);
    assert_eq!(place.planned("1", "status"), None);
    let told = place.explain("a@a.example").status;
    assert_eq!((told.error.as_deref(), told.waits), (Some("policy.toml:3: field `score` holds something that cannot be read"), None));
    place.put("people", &lead("1", "a@a.example", "mql", &[("score", Value::Empty)]));
    assert_eq!(place.planned("1", "status").as_deref(), Some("lead"));
}

#[test]
fn a_status_that_replaces_another_in_many_records_waits_for_approval() {
    let mut place = Place::new();
    let statuses = |place: &mut Place, count: usize, shown: &str| {
        for n in 0..count {
            place.put("people", &lead(&n.to_string(), &format!("p{n}@a.example"), shown, &[]));
        }
        place.plan().waiting.into_iter().filter(|w| w.kind == "update").map(|w| (w.count, w.why)).collect::<Vec<_>>()
    };
    place.read(&["ma", "support", "crm"], MINUTE);
    place.engine.approve("ma", false, "tests", NOW).unwrap();
    assert_eq!(statuses(&mut place, 150, ""), [], "an empty one is filled, nothing is replaced");
    let asked = statuses(&mut place, 150, "opportunity");
    assert_eq!(asked.iter().map(|(count, _)| *count).collect::<Vec<_>>(), [150]);
    assert!(asked[0].1.contains("status would be replaced by one and the same value in 150 records"), "{asked:?}");
}

/// All of the CRM was read a minute ago, and of a field that systems.toml or a manifest adds nothing was seen in any of it.
#[test]
fn what_other_fields_of_a_system_hold_is_waited_for_until_it_was_read_anew() {
    let mut place = Place::edited("precedence.toml", "[\"support\", \"crm\", \"ma\"]", "[\"crm\", \"support\", \"ma\"]");
    place.put("people", &person("crm:person:1", "a@a.example", &[]));
    place.put("people", &person("support:person:1", "a@a.example", &[("phone", Value::text("2"))]));
    let lead = lead("1", "a@a.example", "lead", &[("phone", Value::text("1"))]);
    place.put("people", &lead);
    place.read(&["crm", "support", "ma"], MINUTE);
    assert_eq!(place.planned("1", "phone").as_deref(), Some("2"));
    let crm = Name::from("crm");
    place.engine.arrange().systems.get_mut(&crm).unwrap().streams.read_anew();
    place.put("people", &lead);
    assert_eq!(place.planned("1", "phone"), None, "the CRM's phone goes before it, and nobody has looked");
    let why = place.plan().undecided.expect("it is told").why;
    assert!(why.contains("read anew, as other fields of it are read now: crm.people"), "{why}");
    place.engine.arrange().systems.get_mut(&crm).unwrap().streams.of_mut(&"people".into()).reads_otherwise = false;
    place.put("people", &lead);
    assert_eq!(place.planned("1", "phone").as_deref(), Some("2"));
}
