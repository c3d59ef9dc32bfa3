//! Further companies and further addresses hold, and refuse, as the first.

use super::place::{NOW, Place, Running, address, at, deal, person};
use nayose::model::{DealState, Record, RefusalScope, Span};

const PEOPLE: [(&str, Option<&str>); 5] = [("1", None), ("2", None), ("3", None), ("4", None), ("5", None)];

/// A contact at some companies, of which the first is the main one.
fn at_companies(n: &str, companies: &[&str]) -> Record {
    let mut contact = person(&format!("crm:person:{n}"), &address(n), companies.first().copied());
    contact.set_more_accounts(companies.iter().skip(1).map(|a| (*a).into()).collect());
    contact
}

fn of_companies(id: &str, state: DealState, companies: &[&str]) -> Record {
    let mut deal = deal(id, state, &[], companies.first().copied());
    deal.set_more_accounts(companies.iter().skip(1).map(|a| (*a).into()).collect());
    deal
}

#[test]
fn a_deals_further_company_holds_its_people_and_so_does_a_persons() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let contacts =
        [("1", &["70"][..]), ("2", &["71"]), ("3", &["90", "80"]), ("4", &["90"]), ("5", &["91", "72"])].map(|(n, c)| at_companies(n, c));
    running.sweep("crm.people", contacts.to_vec(), vec![]);
    let deals = |state| vec![of_companies("8", state, &["70", "71", "72"]), of_companies("9", state, &["80"])];
    running.sweep("crm.deals", deals(DealState::Open), vec![]);
    let held = |running: &mut Running, whom: &[&str]| {
        for (n, _) in PEOPLE {
            let answer = if whom.contains(&n) { "hold open_deal_account" } else { "allow" };
            assert_eq!((running.gate(n).as_str(), running.blocks(n)), (answer, answer != "allow"), "{n}");
        }
    };
    held(&mut running, &["1", "2", "3", "5"]);
    // A company that is taken off the deal, and a person who leaves one: neither ends anything, and we ask.
    running.later(Span::minutes(1));
    let mut fewer = deals(DealState::Open);
    fewer[0] = of_companies("8", DealState::Open, &["70", "72"]);
    running.sweep("crm.deals", fewer, vec![]);
    let moved = [("1", &["70"][..]), ("2", &["71"]), ("3", &["90"]), ("4", &["90"]), ("5", &["91", "72"])].map(|(n, c)| at_companies(n, c));
    running.sweep("crm.people", moved.to_vec(), vec![]);
    held(&mut running, &["1", "2", "3", "5"]);
    assert_eq!(running.engine.waiting().iter().map(|w| w.count).sum::<usize>(), 2, "{:?}", running.engine.waiting());
    running.later(Span::minutes(1));
    running.sweep("crm.deals", deals(DealState::Won), vec![]);
    held(&mut running, &[]);
    assert!(running.engine.waiting().is_empty());
}

#[test]
fn a_further_address_holds() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let contact = |further: &[&str]| {
        let mut contact = person("crm:person:1", &address("1"), None);
        contact.addresses = further.iter().map(|n| at(n)).collect();
        contact
    };
    // 2 is a lead with that address, 20 is nobody's but the contact's.
    let others = || PEOPLE[1..].iter().filter(|(n, _)| *n != "2").map(|(n, _)| person(&format!("crm:person:{n}"), &address(n), None));
    running.sweep("crm.people", others().chain([contact(&["2", "20"])]).collect(), vec![]);
    assert_eq!((running.gate("2"), running.gate("20")), ("allow".into(), "allow".into()));
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    for n in ["1", "2", "20"] {
        assert_eq!(running.gate(n), "hold open_deal_person", "{n}");
    }
    assert!(running.blocks("1") && running.blocks("2") && !running.blocks("3"));
    // One that the contact bears no more holds on.
    running.later(Span::minutes(1));
    running.sweep("crm.people", others().chain([contact(&[])]).collect(), vec![]);
    assert!(running.gate("2").contains("open_deal") && running.gate("20").contains("open_deal"), "{}", running.gate("2"));
    assert!(running.blocks("2"));
    running.sweep("crm.deals", vec![deal("8", DealState::Won, &["1"], None)], vec![]);
    for n in ["1", "2", "20"] {
        assert_eq!(running.gate(n), "allow", "{n}");
    }
}

#[test]
fn a_further_address_refuses() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let mut lead = person("ma:person:1", &address("1"), None);
    lead.addresses = vec![at("2"), at("20")];
    lead.refusals = vec![RefusalScope::All];
    let others = || PEOPLE[1..].iter().map(|(n, _)| person(&format!("ma:person:{n}"), &address(n), None));
    running.sweep("ma.people", others().chain([lead.clone()]).collect(), vec![]);
    for n in ["1", "2", "20"] {
        assert!(running.gate(n).starts_with("deny refused_all"), "{n}: {}", running.gate(n));
    }
    assert_eq!(running.gate("3"), "allow");
    assert!(running.due("ma:person:2").release.is_none(), "no permit");
    // Taken back there, and the addresses taken off: a no stays.
    running.later(Span::minutes(1));
    (lead.addresses, lead.refusals) = (vec![], vec![]);
    running.sweep("ma.people", others().chain([lead]).collect(), vec![]);
    drop(running);
    let running = place.start(NOW.plus(Span::minutes(2)));
    for n in ["1", "2", "20"] {
        assert!(running.gate(n).starts_with("deny refused_all"), "{n}: {}", running.gate(n));
    }
}
