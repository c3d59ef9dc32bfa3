//! One edit after another: taken back, made before the former was approved, or while something happens.

use super::place::{NOW, POLICY, Place, deal, decision, fill};
use crate::config_files::{SUPPORT, TICKET};
use nayose::model::MailKind::Campaign;
use nayose::model::{DealState, Span, Time};

#[test]
fn an_edit_that_is_taken_back_asks_nothing() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    assert_eq!(engine.waiting().len(), 1);
    place.take(&mut engine, &[(POLICY, "'deal.open && deal.won'", "'deal.open'")]);
    assert_eq!(engine.waiting(), []);
    assert_eq!(engine.rules().former().len(), 0);
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold");
}

/// Folders count as never edited for 10 minutes: by a clock that was set back they would for as long as it takes to come to that moment again.
#[test]
fn an_edit_that_is_taken_back_after_the_clock_was_set_back_waits() {
    for (restarted_ms, waits) in [(60_000, 0), (11 * 60_000, 1), (-1_200_000, 1)] {
        let place = Place::new(Span::minutes(1));
        let mut engine = place.open();
        fill(&mut engine);
        place.take(&mut engine, &[(POLICY, "lost = \"30d\"", "lost = \"60d\"")]);
        assert_eq!(engine.waiting(), [], "it holds for longer");
        drop(engine);
        place.stage.edit(POLICY, "lost = \"60d\"", "lost = \"30d\"");
        let engine = place.stage.open(Time(NOW.0 + restarted_ms));
        assert_eq!(engine.rules().former().len(), waits, "{restarted_ms} ms later by our clock");
    }
}

#[test]
fn a_second_edit_before_the_approval_makes_another_plan_and_the_first_cannot_be_approved() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    let first = engine.waiting()[0].plan.clone();
    place.take(&mut engine, &[(POLICY, "lost = \"30d\"", "lost = \"3d\"")]);
    let second = engine.waiting();
    assert_eq!(second.len(), 1, "{second:?}");
    assert_ne!(second[0].plan, first);
    assert!(second[0].why.contains("true of fewer deals") && second[0].why.contains("30d -> 3d"), "{second:?}");
    assert!(engine.approve(&first, false, "tests", NOW).is_err(), "a plan was approved that nobody could have meant");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold");
    assert_eq!(decision(&engine, "ma:person:4", Campaign), "hold");
    engine.approve(&second[0].plan, false, "tests", NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "allow");
    assert_eq!(decision(&engine, "ma:person:4", Campaign), "allow");
}

#[test]
fn what_a_waiting_edit_added_is_not_lost_when_the_rest_is_taken_back() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    let both = [(POLICY, "'deal.open'", "'deal.open && deal.won'"), ("consent.toml", "explicit_consent", "notified_any")];
    place.take(&mut engine, &both);
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "deny");
    // Not byte for byte: else it would count as never edited.
    place.take(
        &mut engine,
        &[(POLICY, "'deal.open && deal.won'", "'deal.open' # as it was"), ("consent.toml", "notified_any", "explicit_consent")],
    );
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "deny", "the basis was raised again without a word");
    let waiting = engine.waiting();
    assert_eq!(waiting.len(), 1, "{waiting:?}");
    engine.approve(&waiting[0].plan, false, "tests", NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "allow");
    assert_eq!(decision(&engine, "ma:person:1", Campaign), "hold");
}

#[test]
fn a_deal_that_opens_while_an_edit_waits_is_held_by_the_former_rules_too() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    let new = deal("crm:deal:9", DealState::Open, "3", None);
    let idx = engine.keep_record("deals".into(), &new);
    engine.mark(idx, &new);
    engine.reconcile(NOW);
    assert_eq!(decision(&engine, "ma:person:3", Campaign), "hold");
    assert_eq!(engine.waiting()[0].count, 4, "{:?}", engine.waiting());
}

#[test]
fn systems_come_and_go_and_what_they_held_stays_held() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    engine.approve("ma", false, "tests", NOW).unwrap();
    let hold = TICKET.table();
    let out = [("systems.toml", SUPPORT, ""), ("precedence.toml", "\"support\", ", ""), (POLICY, &*hold, "")];
    place.take(&mut engine, &out);
    assert!(engine.systems().named("support").is_none());
    assert_eq!(decision(&engine, "ma:person:5", Campaign), "hold");
    let waiting = engine.waiting();
    let plan = waiting.iter().find(|w| w.why.contains("taken out")).expect("nothing asks");
    engine.approve(&plan.plan, false, "tests", NOW).unwrap();
    assert_eq!(decision(&engine, "ma:person:5", Campaign), "allow");
    let back =
        [("systems.toml", "[systems.ma]", &*format!("{SUPPORT}[systems.ma]")), (POLICY, "[refusals]", &*format!("{hold}[refusals]"))];
    place.take(&mut engine, &back);
    assert!(engine.systems().named("support").is_some());
    assert_eq!(decision(&engine, "ma:person:5", Campaign), "hold", "the ticket is still open");
    assert_eq!(engine.waiting(), []);
    assert_eq!(
        engine.systems().named("ma").unwrap().approved,
        Some(nayose::engine::rules::approval::Approval::All),
        "first contact was forgotten"
    );
}

/// Nobody knew any more that it waited: blocks were lifted, and the gate let people on open deals through.
#[test]
fn an_edit_that_waits_does_so_after_the_store_was_lost() {
    let lose = |place: &Place| std::fs::remove_dir_all(place.stage.path("data/sled")).unwrap();
    for (old, new) in [(r#"stops = ["campaign", "newsletter"]"#, r#"stops = ["rep_sender"]"#), ("'deal.open'", "'deal.open && deal.won'")] {
        let place = Place::new(Span::minutes(1));
        let mut engine = place.open();
        fill(&mut engine);
        place.take(&mut engine, &[(POLICY, old, new)]);
        let plan = engine.rules().plan().unwrap();
        drop(engine);
        lose(&place);
        let mut engine = place.open();
        assert_eq!(engine.rules().plan().as_ref(), Some(&plan), "{new}");
        fill(&mut engine);
        assert!(
            engine.rules().rules().policy.holds.iter().any(|hold| &*hold.name == "open_deal" && hold.stops.contains(&Campaign)),
            "{new}"
        );
    }
}

#[test]
fn an_edit_that_was_approved_waits_for_nobody_after_the_store_was_lost() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    place.take(&mut engine, &[(POLICY, "'deal.open'", "'deal.open && deal.won'")]);
    let plan = engine.rules().plan().unwrap();
    engine.approve(&plan, false, "tests", NOW).unwrap();
    drop(engine);
    std::fs::remove_dir_all(place.stage.path("data/sled")).unwrap();
    assert_eq!(place.open().rules().plan(), None);
}

/// What was edited while the store went is weighed too.
#[test]
fn an_edit_beside_a_lost_store_waits() {
    let place = Place::new(Span::minutes(1));
    let mut engine = place.open();
    fill(&mut engine);
    drop(engine);
    std::fs::remove_dir_all(place.stage.path("data/sled")).unwrap();
    place.stage.edit(POLICY, "lost = \"30d\"", "lost = \"3d\"");
    assert!(place.open().rules().plan().is_some());
}
