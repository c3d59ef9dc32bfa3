//! What is told in words: how many, whom and why.

use super::place::{NOW, Place};
use super::plan::{seventy, seventy_in};
use nayose::engine::system::Approval;
use nayose::engine::unprotected::Unprotected;
use nayose::model::Name;

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
    assert_eq!(place.engine.approve("ma", true, NOW).unwrap().count, 3);
    assert_eq!(place.engine.approve("ma", false, NOW).unwrap().count, 70);
}

#[test]
fn a_name_in_other_letters_is_asked_back() {
    let mut place = seventy();
    for said in [place.engine.approve("MA", true, NOW), place.engine.approve_moved("Ma", NOW)] {
        assert!(said.as_ref().is_err_and(|e| e.to_string().contains("; did you mean \"ma\"?")), "{said:?}");
    }
    assert!(place.engine.approve("mail", true, NOW).is_err_and(|e| !e.to_string().contains("did you mean")));
}

#[test]
fn a_release_that_waits_names_three_people() {
    let ask = "[widening]\nask_above = { people = 2, share = \"0.01%\" }\n[refusals]";
    let mut place = seventy_in(Place::edited("policy.toml", "[refusals]", ask));
    place.engine.systems.get_mut(&Name::from("ma")).unwrap().approved = Some(Approval::All);
    let waiting = place.engine.plan(None, NOW).waiting;
    let [release] = waiting.as_slice() else { panic!("{waiting:?}") };
    assert_eq!(release.who(), "Person 1 <p1@acme.example>, Person 2 <p2@acme.example>, Person 3 <p3@acme.example> and 64 more");
}
