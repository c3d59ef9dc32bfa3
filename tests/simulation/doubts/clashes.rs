//! Two streams of one system that show the same id.

use super::place::{NOW, Place, Running, address, page, person, row};
use crate::small_manifests::DEALS;
use nayose::connector::{Pass, Unread};
use nayose::model::{Entity, Record, RefusalScope, Span};

/// A CRM with contacts and leads.
const CRM: &str = r#"[streams.contacts]
entity = "person"
sweep = { path = "/contacts" }
record = { id = "id", fields = { email = "email" } }
[streams.leads]
entity = "person"
sweep = { path = "/leads" }
record = { id = "id", fields = { email = "email" } }
"#;

const TOLD: &str = "contacts and leads both show the id of crm:person:2";

fn of(persons: &[(&str, &str)]) -> Vec<Record> {
    persons.iter().map(|(id, who)| person(&format!("crm:person:{id}"), &address(who), None)).collect()
}

fn read(running: &mut Running, contacts: &[(&str, &str)], leads: &[(&str, &str)]) {
    running.pass("crm.contacts", Pass::Sweep, page(of(contacts), vec![]));
    running.pass("crm.leads", Pass::Sweep, page(of(leads), vec![]));
    running.pass("ma.people", Pass::Sweep, page(vec![person("ma:person:1", &address("1"), None)], vec![]));
    for stream in ["support.people", "support.tickets", "crm.deals"] {
        running.pass(stream, Pass::Sweep, Default::default());
    }
    running.decide();
}

fn ages(running: &Running) -> [Option<Span>; 2] {
    ["crm.contacts", "crm.leads"].map(|stream| running.proved(stream).map(|at| running.now.since(at)))
}

fn shown(running: &Running, id: &str) -> String {
    let idx = running.engine.probe().world.find(&id.parse().unwrap()).unwrap();
    running.engine.probe().world.record(idx).address().map(|a| a.to_string()).unwrap_or_default()
}

#[test]
fn two_streams_with_one_id_are_told_and_unproved_and_no_record_changes_until_that_is_over() {
    let place = Place::new().with_crm(&[CRM, DEALS], "");
    let mut running = place.start(NOW);
    let contacts = [("1", "1"), ("2", "2"), ("3", "3")];
    read(&mut running, &contacts, &[("5", "5")]);
    assert_eq!((running.gate("1"), ages(&running)), ("allow".into(), [Some(Span::ZERO); 2]));
    for _ in 0..3 {
        running.later(Span::minutes(10));
        read(&mut running, &contacts, &[("5", "5"), ("2", "7")]);
        assert_eq!(shown(&running, "crm:person:2"), address("2"));
    }
    // The contacts were read whole once more before the first lead of that id was seen.
    assert_eq!(ages(&running), [Some(Span::minutes(20)), Some(Span::minutes(30))]);
    assert!(running.because().contains(TOLD), "{}", running.because());
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(75)));
    read(&mut running, &contacts, &[("5", "5"), ("2", "7")]);
    assert!(running.because().contains(TOLD), "{}", running.because());
    assert!(running.gate("1").contains("stale_crm"), "{}", running.gate("1"));
    assert!(!running.engine.may_release(running.now));
    // The leads have ids of their own by now.
    running.later(Span::minutes(1));
    read(&mut running, &contacts, &[("5", "5"), ("102", "7")]);
    running.later(Span::minutes(1));
    read(&mut running, &contacts, &[("5", "5"), ("102", "7")]);
    assert_eq!(ages(&running), [Some(Span::ZERO); 2]);
    assert!(!running.because().contains("both show"), "{}", running.because());
    assert_eq!(running.gate("1"), "allow");
}

#[test]
fn a_clash_is_over_when_the_first_stream_does_not_list_its_record_any_more() {
    let place = Place::new().with_crm(&[CRM, DEALS], "");
    let mut running = place.start(NOW);
    read(&mut running, &[("1", "1"), ("2", "2")], &[("5", "5")]);
    running.later(Span::minutes(10));
    read(&mut running, &[("1", "1"), ("2", "2")], &[("5", "5"), ("2", "7")]);
    assert!(running.because().contains(TOLD), "{}", running.because());
    for _ in 0..3 {
        running.later(Span::minutes(10));
        read(&mut running, &[("1", "1")], &[("5", "5"), ("2", "7")]);
    }
    assert!(!running.because().contains(TOLD), "{}", running.because());
    assert_eq!(shown(&running, "crm:person:2"), address("7"));
    assert_eq!(ages(&running), [Some(Span::ZERO); 2]);
}

#[test]
fn of_two_with_one_id_the_later_ends_no_doubt_about_the_first_and_says_no_for_nobody_else() {
    let place = Place::new().with_crm(&[CRM, DEALS], "");
    let mut running = place.start(NOW);
    read(&mut running, &[("1", "1"), ("2", "2")], &[("5", "5")]);
    running.later(Span::minutes(1));
    let unread = Unread { id: Some("crm:person:2".parse().unwrap()), ..row(Entity::Person, "a") };
    running.sweep("crm.contacts", of(&[("1", "1")]), vec![unread]);
    let mut lead = of(&[("2", "7")]).remove(0);
    lead.refusals = vec![RefusalScope::All];
    running.sweep("crm.leads", vec![lead], vec![]);
    let effects: Vec<String> = running.engine.unreadable().into_iter().map(|u| u.effect).collect();
    assert_eq!(effects, ["record"], "the contact's row still cannot be read");
    assert!(!running.gate("2").contains("refused"), "{}", running.gate("2"));
}

#[test]
fn an_id_that_moves_from_one_stream_to_the_other_is_no_clash() {
    let place = Place::new().with_crm(&[CRM, DEALS], "");
    let mut running = place.start(NOW);
    read(&mut running, &[("1", "1"), ("2", "2")], &[("5", "5")]);
    running.later(Span::minutes(1));
    read(&mut running, &[("1", "1")], &[("5", "5"), ("2", "2")]);
    assert_eq!(ages(&running), [Some(Span::ZERO); 2]);
    assert!(!running.because().contains("both show"), "{}", running.because());
}
