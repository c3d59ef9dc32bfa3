//! In which order a plan tells its writes, and what it says of each.

use super::place::{NOW, Place, deal, lead, person};
use nayose::engine::answers::unprotected::Unprotected;
use nayose::model::{DealState, Mark, Name, Span, Value};

const SHOWN: usize = 50;

/// Seventy people, three of them on open deals; all have a score that the CRM lacks. The first of them are not those who are held.
pub fn seventy() -> Place {
    seventy_in(Place::where_crm(r#"writes = ["score"]"#))
}

pub fn seventy_in(mut place: Place) -> Place {
    place.read(&["ma", "support", "crm"], Span::minutes(1));
    for n in 1..=70 {
        let email = format!("p{n}@acme.example");
        place.put("people", &person(&format!("crm:person:{n}"), &email, &[("name", Value::text(&format!("Person {n}")))]));
        let mut lead = lead(&n.to_string(), &email, "lead", &[("score", Value::Int(n))]);
        lead.set_mark(Mark::Block, Value::Bool(false));
        place.put("people", &lead);
    }
    for n in [61, 65, 69] {
        place.put("deals", &deal(&n.to_string(), DealState::Open, &n.to_string()));
    }
    place.engine.reconcile(NOW);
    place.engine.commit().unwrap();
    place
}

#[test]
fn what_protects_is_shown_before_seventy_updates() {
    let mut place = seventy();
    let plan = place.engine.plan(Some(SHOWN), NOW);
    assert_eq!((plan.writes.len(), plan.totals.hold), (SHOWN, 3), "{:?}", plan.totals);
    let mut holds: Vec<(String, Option<String>, Option<String>)> =
        plan.writes.iter().take(3).filter(|w| w.op == "hold").map(|w| (w.id.clone(), w.name.clone(), w.address.clone())).collect();
    holds.sort();
    let who = |n: u32| (n.to_string(), Some(format!("Person {n}")), Some(format!("p{n}@acme.example")));
    assert_eq!(holds, [61, 65, 69].map(who), "with the name that the CRM knows");
    // By system, and releases before updates.
    let order: Vec<(&str, &str)> = plan.writes.iter().map(|w| (w.op.as_str(), &*w.system)).collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|(op, system)| (["hold", "release", "update"].iter().position(|o| o == op), *system));
    assert_eq!(order, sorted);
    let ma = Name::from("ma");
    let whole = place.engine.plan(None, NOW);
    assert_eq!(whole.writes[..SHOWN].iter().map(|w| &w.id).collect::<Vec<_>>(), plan.writes.iter().map(|w| &w.id).collect::<Vec<_>>());
    assert_eq!(whole.unprotected.get(&ma), Some(&Some(3)));
    assert_eq!(whole.unprotected_by.get(&ma), Some(&Unprotected { open_deals: 3, ..Unprotected::default() }));
    assert_eq!((plan.totals.release, plan.totals.permit), (67, 67), "first permits, and no block is lifted");
}

/// A score is written into the CRM because of the rules of fields; the deal has nothing to do with it.
#[test]
fn an_update_does_not_get_the_reason_of_a_hold() {
    let plan = seventy().engine.plan(None, NOW);
    let of = |op: &str| plan.writes.iter().filter(|w| w.op == op).collect::<Vec<_>>();
    assert!(of("hold").iter().all(|w| w.reasons == ["open_deal_person"]), "{:?}", of("hold"));
    let held_in_crm = of("update").into_iter().find(|w| w.id == "61" && *w.system == *"crm").expect("its score is to be written");
    assert!(held_in_crm.reasons.is_empty() && held_in_crm.fields.contains_key("score"), "{held_in_crm:?}");
    assert!(of("update").iter().chain(&of("release")).all(|w| w.reasons.is_empty()));
}
