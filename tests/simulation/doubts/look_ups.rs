//! Deals that name somebody whom no listing showed.

use super::place::{NOW, Place, address, deal, page, person};
use nayose::connector::{Observed, PageRead, Pass};
use nayose::engine::proofs::reading::Haste;
use nayose::model::{DealState, Presence, Record, Span, TicketState};

const PEOPLE: [(&str, Option<&str>); 3] = [("1", Some("7")), ("2", None), ("3", None)];

fn due(running: &super::place::Running, stream: &str) -> Vec<Pass> {
    due_of(running, "crm", stream)
}

fn due_of(running: &super::place::Running, system: &str, stream: &str) -> Vec<Pass> {
    let passes = running.engine.passes_due(&system.into(), &stream.into(), Haste::AsDue, running.now);
    passes.into_iter().filter(|p| matches!(p, Pass::ById(_))).collect()
}

fn own_people_only(policy: String) -> String {
    policy.replace("scope = \"account\"", "scope = \"person\"")
}

#[test]
fn who_is_named_and_not_known_is_looked_up_once_everybody_was_read() {
    let place = Place::with(own_people_only);
    let mut running = place.start(NOW);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["9"], Some("7")), deal("5", DealState::Won, &["55"], None)], vec![]);
    assert!(due(&running, "people").is_empty(), "nobody was read yet: everybody is unknown");
    let people = PEOPLE.iter().map(|(n, account)| person(&format!("crm:person:{n}"), &address(n), *account)).collect();
    running.sweep("crm.people", people, vec![]);
    assert_eq!(due(&running, "people"), [Pass::ById(vec!["9".into()])], "not those of deals that hold nobody");
    assert!(running.gate("1").contains("open_deal_account"), "until then its account is held: {}", running.gate("1"));
    running.pass("crm.people", Pass::ById(vec!["9".into()]), page(vec![person("crm:person:9", &address("3"), None)], vec![]));
    running.decide();
    assert!(running.gate("3").contains("open_deal_person"), "{}", running.gate("3"));
    assert!(!running.gate("1").contains("open_deal"), "{}", running.gate("1"));
    assert!(due(&running, "people").is_empty());
}

#[test]
fn who_was_merged_is_the_winner_over_restarts_too() {
    let place = Place::with(own_people_only);
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["9"], None)], vec![]);
    let merged = PageRead {
        observed: vec![
            Observed::Record { record: Box::new(person("crm:person:2", &address("2"), None)), people_told: true, accounts_told: true },
            Observed::Merged { from: "crm:person:9".parse().unwrap(), into: "2".into() },
        ],
        ..PageRead::default()
    };
    running.pass("crm.people", Pass::ById(vec!["9".into()]), merged);
    running.decide();
    assert_eq!(running.gate("2"), "hold open_deal_person");
    assert!(due(&running, "people").is_empty());
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(1)));
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["9"], None)], vec![]);
    assert_eq!(running.gate("2"), "hold open_deal_person");
    assert!(running.engine.waiting().is_empty(), "the link was not lost: {:?}", running.engine.waiting());
}

#[test]
fn who_is_not_there_is_nobody_and_their_deal_holds_its_account() {
    let place = Place::with(own_people_only);
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["9"], Some("7"))], vec![]);
    let gone = PageRead { observed: vec![Observed::NotFound("crm:person:9".parse().unwrap())], ..PageRead::default() };
    running.pass("crm.people", Pass::ById(vec!["9".into()]), gone);
    running.decide();
    assert_eq!(running.gate("1"), "hold open_deal_account");
    assert_eq!(running.gate("2"), "allow");
    assert!(due(&running, "people").is_empty(), "it is not asked again at once");
    running.later(Span::minutes(11));
    assert_eq!(due(&running, "people").len(), 1, "but after a while");
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["2"], Some("7"))], vec![]);
    assert_eq!(running.gate("2"), "hold open_deal_person");
}

#[test]
fn at_most_a_hundred_are_looked_up_in_a_pass() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let names: Vec<String> = (1000..1150).map(|n| n.to_string()).collect();
    let named: Vec<&str> = names.iter().map(String::as_str).collect();
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &named, None)], vec![]);
    let [Pass::ById(ids)] = &due(&running, "people")[..] else { panic!("one pass") };
    assert_eq!(ids.len(), 100);
}

fn ticket(state: TicketState, people: &[&str], addresses: &[&str]) -> Record {
    let mut ticket = Record::new("support:ticket:4".parse().unwrap());
    ticket.ticket = Some(state);
    ticket.people = people.iter().map(|p| (*p).into()).collect();
    ticket.addresses = addresses.iter().map(|n| super::place::at(n)).collect();
    ticket
}

#[test]
fn whom_an_open_ticket_names_and_nobody_knows_is_looked_up_and_its_address_is_held_meanwhile() {
    let ask = [Pass::ById(vec!["9".into()])];
    for answer in ["found", "merged", "not found"] {
        let place = Place::new();
        let mut running = place.start(NOW);
        if answer == "found" {
            // Seen before anybody was read: then everybody is unknown.
            running.sweep("support.tickets", vec![ticket(TicketState::Open, &["9"], &["2"])], vec![]);
            assert!(due_of(&running, "support", "people").is_empty());
        }
        running.read_all(&PEOPLE);
        running.sweep("support.people", vec![person("support:person:1", &address("1"), None)], vec![]);
        running.sweep("support.tickets", vec![ticket(TicketState::Open, &["9"], &["2"])], vec![]);
        assert_eq!(due_of(&running, "support", "people"), ask);
        assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "hold hold:ticket".into()));
        let record = |n: &str, who: &str| Observed::Record {
            record: Box::new(person(&format!("support:person:{n}"), &address(who), None)),
            people_told: true,
            accounts_told: true,
        };
        let id = || "support:person:9".parse().unwrap();
        let observed = match answer {
            "found" => vec![record("9", "1")],
            "merged" => vec![record("1", "1"), Observed::Merged { from: id(), into: "1".into() }],
            _ => vec![Observed::NotFound(id())],
        };
        running.pass("support.people", ask[0].clone(), PageRead { observed, ..PageRead::default() });
        running.decide();
        let first = if answer == "not found" { "allow" } else { "hold hold:ticket" };
        assert_eq!((running.gate("1").as_str(), running.gate("2")), (first, "hold hold:ticket".into()), "{answer}");
        assert!(due_of(&running, "support", "people").is_empty(), "{answer}: not at once");
        running.later(Span::minutes(11));
        assert_eq!(due_of(&running, "support", "people").len(), usize::from(answer == "not found"), "{answer}");
        running.sweep("support.tickets", vec![ticket(TicketState::Closed, &["9"], &["2"])], vec![]);
        assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "allow".into()), "{answer}");
    }
}

/// The desk's export leaves out the last minute: whom a script touches every half minute it never shows.
#[test]
fn whom_listings_miss_that_leave_out_the_latest_is_asked_for_before_they_are_gone() {
    for (answer, presence) in [
        ("there", Presence::Listed),
        ("not there", Presence::Gone(NOW.plus(Span::minutes(120)))),
        ("merged", Presence::Gone(NOW.plus(Span::minutes(120)))),
    ] {
        let place = Place::new();
        let mut running = place.start(NOW);
        running.read_all(&PEOPLE);
        let listed = |n: &str| person(&format!("support:person:{n}"), &address(n), None);
        running.sweep("support.people", vec![listed("1"), listed("2")], vec![]);
        let known = |running: &super::place::Running| {
            let world = &running.engine.probe().world;
            world.record(world.find(&"support:person:2".parse().unwrap()).unwrap()).presence
        };
        for asked in [vec![], vec![Pass::ById(vec!["2".into()])]] {
            running.later(Span::minutes(60));
            running.sweep("support.people", vec![listed("1")], vec![]);
            assert_eq!((due_of(&running, "support", "people"), known(&running)), (asked, Presence::MissedOnce), "{answer}");
        }
        let observed = |record| Observed::Record { record: Box::new(record), people_told: true, accounts_told: true };
        let id = || "support:person:2".parse().unwrap();
        let shown = match answer {
            "there" => vec![observed(listed("2"))],
            "merged" => vec![observed(listed("1")), Observed::Merged { from: id(), into: "1".into() }],
            _ => vec![Observed::NotFound(id())],
        };
        running.pass("support.people", Pass::ById(vec!["2".into()]), PageRead { observed: shown, ..PageRead::default() });
        assert_eq!((due_of(&running, "support", "people"), known(&running)), (vec![], presence), "{answer}");
    }
}

#[test]
fn a_closed_ticket_has_nobody_looked_up() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("support.tickets", vec![ticket(TicketState::Closed, &["9"], &[])], vec![]);
    assert!(due_of(&running, "support", "people").is_empty());
}
