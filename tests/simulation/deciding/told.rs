//! What is told in words: how many, whom and why.

use super::place::{NOW, Place, deal, person};
use super::plan::{seventy, seventy_in};
use nayose::connector::PassKind;
use nayose::engine::answers::unprotected::Unprotected;
use nayose::engine::gate::answer::Gate;
use nayose::engine::rules::approval::Approval;
use nayose::model::{DealState, Name, Span};

/// A hundred people without a legal ground were said to have said no, or not to be readable.
#[test]
fn who_lacks_a_legal_ground_is_counted_as_that() {
    let mut place = seventy_in(Place::edited("consent.toml", "sources.ma", "sources.support"));
    let told = place.engine.plan(None, NOW).unprotected_by[&Name::from("ma")];
    assert_eq!(told, Unprotected { open_deals: 3, others: 67, no_basis: 67, ..Unprotected::default() });
}

#[test]
fn an_approval_of_holds_counts_holds() {
    let mut place = seventy();
    assert_eq!(place.engine.approve("ma", true, "tests", NOW).unwrap().count, 3);
    assert_eq!(place.engine.approve("ma", false, "tests", NOW).unwrap().count, 70);
}

#[test]
fn a_name_in_other_letters_is_asked_back() {
    let mut place = seventy();
    for said in [place.engine.approve("MA", true, "tests", NOW), place.engine.approve_moved("Ma", NOW)] {
        assert!(said.as_ref().is_err_and(|e| e.to_string().contains("; did you mean \"ma\"?")), "{said:?}");
    }
    assert!(place.engine.approve("mail", true, "tests", NOW).is_err_and(|e| !e.to_string().contains("did you mean")));
}

#[test]
fn a_release_that_waits_names_three_people() {
    let ask = "[widening]\nask_above = { people = 2, share = \"0.01%\" }\n[refusals]";
    let mut place = seventy_in(Place::edited("policy.toml", "[refusals]", ask));
    place.engine.arrange().systems.get_mut(&Name::from("ma")).unwrap().approved = Some(Approval::All);
    let waiting = place.engine.plan(None, NOW).waiting;
    let [release] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!(release.who(), "Person 1 <p1@acme.example>, Person 2 <p2@acme.example>, Person 3 <p3@acme.example> and 64 more");
}

/// After a restore, before anything was read, holds were told to last until a day in the past.
#[test]
fn no_end_in_the_past_is_told() {
    let stops = r#"stops = ["campaign", "newsletter"]"#;
    let mut place = Place::edited("policy.toml", stops, &format!("{stops}\nafter = {{ lost = \"30d\" }}"));
    place.see("crm", "people", [person("crm:person:1", "a@a.example", &[])], NOW);
    for state in [DealState::Open, DealState::Lost] {
        place.see("crm", "deals", [deal("1", state, "1")], NOW);
    }
    let ends: Vec<_> = place.explain("a@a.example").holds.into_iter().map(|h| h.until).collect();
    assert!(matches!(ends.as_slice(), [Some(_)]), "{ends:?}");
    let (later, gate) = (NOW.plus(Span::days(40)), Gate::new(&place.engine));
    let told = place.engine.explain("a@a.example", &gate, later).remove(0);
    assert!(told.holds.iter().all(|h| h.until.is_none() && h.over) && told.decision.until.is_none(), "{told:?}");
}

/// In the first seconds of an outage, `status` gave no cause.
#[test]
fn what_is_tried_again_is_told_until_its_pass_has_failed() {
    let mut place = seventy();
    let crm = Name::from("crm");
    let why = "sweep at https://api.hubapi.example: 503";
    let told = |place: &mut Place| {
        let mut status = place.engine.status(&Default::default(), NOW);
        status.is_trying_again(&crm, why);
        status.because.iter().filter(|line| line.contains(why)).cloned().collect::<Vec<_>>()
    };
    assert_eq!(told(&mut place), [format!("crm: a request failed and is being tried again: {why}")]);
    let stream = place.engine.stream_mut(&crm, &"deals".into()).unwrap();
    stream.failed(PassKind::Sweep, why.into(), false, None, Span::minutes(1), NOW);
    assert_eq!(told(&mut place), [format!("crm.deals: {why}")], "once is enough");
}
