//! What a hold rests on, and what staleness does.

use super::place::{NOW, Place, address, page, person};
use nayose::connector::{Observed, PageRead, Pass, PassEnd};
use nayose::engine::answers::status::Protection;
use nayose::model::{DealState, MailKind, Record, RecordId, Span};

const PEOPLE: [(&str, Option<&str>); 2] = [("1", None), ("2", None)];

/// All but the contacts are read again.
fn read_but_contacts(running: &mut super::place::Running) {
    read_but(running, "crm.people");
}

/// All but one stream are read again.
fn read_but(running: &mut super::place::Running, left_out: &str) {
    for system in ["crm", "ma"] {
        let stream = format!("{system}.people");
        if stream != left_out {
            let persons = PEOPLE.iter().map(|(n, _)| person(&format!("{system}:person:{n}"), &address(n), None)).collect();
            running.pass(&stream, Pass::Sweep, page(persons, vec![]));
        }
    }
    for stream in ["support.people", "support.tickets", "crm.deals"].into_iter().filter(|s| *s != left_out) {
        running.pass(stream, Pass::Sweep, PageRead::default());
    }
    running.pass("crm.deal_people", Pass::ForEach(vec![]), PageRead::default());
    running.decide();
}

#[test]
fn a_hold_rests_on_the_persons_of_its_own_system_though_its_proof_does_not_say_so() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    assert_eq!(running.gate("1"), "allow");
    running.later(Span::minutes(58));
    read_but_contacts(&mut running);
    assert_eq!(running.gate("1"), "allow");
    running.later(Span::minutes(3));
    read_but_contacts(&mut running);
    assert_eq!(running.gate("1"), "hold stale_crm");
    assert!(running.engine.unproved(running.now).contains(&(&"crm".into(), &"people".into())));
    let status = running.engine.status(&Default::default(), running.now);
    assert_ne!(status.protection, Protection::Protecting);
    assert!(status.because.iter().any(|b| b.starts_with("crm.people was proved")), "{:?}", status.because);
}

#[test]
fn each_stream_that_cannot_be_read_is_told_also_where_two_fail_with_the_same_words() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.later(Span::minutes(20));
    let end = PassEnd { complete: false, incomplete_because: Some("it broke off".into()), ..PassEnd::default() };
    for (system, stream) in [("crm", "deals"), ("support", "people")] {
        let run = running.engine.begin(&system.into(), &stream.into(), Pass::Sweep, running.now);
        running.engine.end(&run, &end, running.now).unwrap();
    }
    let told = "the listing is not complete: it broke off";
    let because = running.because();
    assert!(because.lines().any(|l| l.starts_with("crm.deals was proved") && l.contains(told)), "{because}");
    assert!(because.lines().any(|l| l == format!("support.people: {told}")), "{because}");
    assert_eq!(because.matches(told).count(), 2, "{because}");
}

#[test]
fn what_was_read_and_is_not_decided_on_makes_nothing_fresh() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.later(Span::minutes(61));
    let stale = |running: &super::place::Running| running.because().contains("crm.people was proved 3720 s ago");
    read_but_contacts(&mut running);
    assert!(stale(&running), "{}", running.because());
    running.pass("crm.people", Pass::Sweep, page(vec![person("crm:person:3", "c@a.example", None)], vec![]));
    assert!(stale(&running), "one was read who may be on a deal: {}", running.because());
    running.decide();
    assert!(!running.because().contains("crm.people was proved"), "{}", running.because());
}

/// A listing of changes begins so early that it shows the newest known record again. One that does not may hide others, too.
#[test]
fn a_listing_of_changes_without_the_newest_known_record_proves_nothing() {
    let place = Place::new();
    let mut running = place.start(NOW);
    let newest = || {
        let mut person = person("crm:person:1", &address("1"), None);
        person.changed_at = Some(NOW);
        person
    };
    running.pass("crm.people", Pass::Sweep, page(vec![newest()], vec![]));
    running.pass("crm.people", Pass::FilterTest(NOW.plus(Span::days(1))), PageRead::default());
    let filtered = |running: &super::place::Running| running.engine.stream(&"crm".into(), &"people".into()).unwrap().filtered_at;
    for (shown, counts) in [(vec![newest()], true), (vec![], false), (vec![], false), (vec![newest()], true)] {
        running.later(Span::minutes(1));
        running.pass("crm.people", Pass::Changes(NOW), page(shown, vec![]));
        assert_eq!(filtered(&running) == Some(running.now.minus(Span::minutes(1))), counts, "less the lag");
    }
}

/// A token that may not read associations any more is answered with empty lists by some systems.
#[test]
fn deals_that_all_name_nobody_at_once_do_not_prove_who_is_on_them() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let deals = |count: usize| -> Vec<RecordId> { (1..=count).map(|n| format!("crm:deal:{n}").parse().unwrap()).collect() };
    let people = |running: &mut super::place::Running, ids: &[RecordId], people: &[&str]| {
        let told = |deal: &RecordId| Observed::DealPeople { deal: deal.clone(), people: people.iter().map(|p| (*p).into()).collect() };
        let observed = ids.iter().map(told).collect();
        let asked = ids.iter().map(|id| id.id.clone()).collect();
        running.pass("crm.deal_people", Pass::ForEach(asked), PageRead { observed, ..PageRead::default() });
        running.decide();
    };
    let listed = |running: &mut super::place::Running, ids: &[RecordId]| {
        let open = |id: &RecordId| Record { deal: Some(DealState::Open), people: vec!["1".into()], ..Record::new(id.clone()) };
        running.pass("crm.deals", Pass::Sweep, page(ids.iter().map(open).collect(), vec![]));
    };
    // The list of open deals tells of no people.
    let open_ones = |running: &mut super::place::Running, ids: &[RecordId]| {
        let record = |id: &RecordId| Box::new(Record { deal: Some(DealState::Open), ..Record::new(id.clone()) });
        let told = |id| Observed::Record { record: record(id), people_told: false, accounts_told: false };
        running.pass("crm.deals", Pass::Open, PageRead { observed: ids.iter().map(told).collect(), ..PageRead::default() });
    };
    for (count, believed) in [(4, true), (5, false)] {
        listed(&mut running, &deals(count));
        people(&mut running, &deals(count), &["1"]);
        let before = running.proved("crm.deal_people").unwrap();
        for _ in 0..2 {
            running.later(Span::minutes(1));
            open_ones(&mut running, &deals(count));
            people(&mut running, &deals(count), &[]);
            assert_eq!(running.proved("crm.deal_people").unwrap() > before, believed, "{count} deals");
        }
        let told = running.because().contains(&format!("the people of none of {count} deals were told"));
        assert_eq!(told, !believed, "{}", running.because());
        // One that names somebody is enough to believe the others.
        people(&mut running, &deals(count)[..1], &["1"]);
        assert!(running.proved("crm.deal_people").unwrap() > before || believed, "{count} deals");
    }
}

#[test]
fn a_hold_rests_on_the_desks_users_and_on_the_leads_too() {
    for (stream, reason) in [("support.people", "hold stale_ticket"), ("ma.people", "hold stale_ma")] {
        let place = Place::new();
        let mut running = place.start(NOW);
        running.read_all(&PEOPLE);
        running.later(Span::minutes(58));
        read_but(&mut running, stream);
        assert_eq!(running.gate("1"), "allow", "{stream}");
        assert!(running.engine.may_release(running.now), "{stream}");
        running.later(Span::minutes(3));
        read_but(&mut running, stream);
        assert_eq!(running.gate("1"), reason);
        let of_the_ticket = if stream == "ma.people" { reason } else { "allow" };
        assert_eq!(running.gate_for("1", MailKind::Newsletter), of_the_ticket, "the ticket's hold stops no newsletters");
        assert!(!running.engine.may_release(running.now), "{stream}");
        assert!(running.because().contains(&format!("{stream} was proved")), "{}", running.because());
        // Read again, it is as before.
        read_but(&mut running, "");
        assert_eq!(running.gate("1"), "allow", "{stream}");
    }
}

#[test]
fn a_filtered_pass_over_persons_counts_while_a_young_sweep_stands_behind_it() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let filtered = |running: &mut super::place::Running| {
        read_but_contacts(running);
        running.pass("crm.people", Pass::FilterTest(running.now.plus(Span::days(365))), PageRead::default());
        let mut newest = person("crm:person:1", &address("1"), None);
        newest.changed_at = Some(NOW);
        running.pass("crm.people", Pass::Changes(NOW), page(vec![newest], vec![]));
        running.decide();
    };
    running.later(Span::minutes(90));
    filtered(&mut running);
    assert_eq!(running.gate("1"), "allow");
    running.later(Span::days(2));
    filtered(&mut running);
    assert_eq!(running.gate("1"), "hold stale_crm", "the sweep behind it is older than twice its interval");
}

#[test]
fn last_known_answers_up_to_its_own_limit_and_releases_nothing() {
    let by_last_known = |policy: String| {
        policy.replace(
            "proof = { \"support.tickets\" = \"1h\" }",
            "proof = { \"support.tickets\" = \"1h\" }\nstale = { last_known = \"24h\" }",
        )
    };
    for (place, answers) in [(Place::new(), false), (Place::with(by_last_known), true)] {
        let mut running = place.start(NOW);
        running.read_all(&PEOPLE);
        running.later(Span::minutes(62));
        read_but(&mut running, "support.tickets");
        assert_eq!(running.gate("1"), if answers { "allow" } else { "hold stale_ticket" });
        assert_eq!(running.gate_for("1", MailKind::Newsletter), "allow", "the ticket's hold stops no newsletters");
        assert!(!running.engine.may_release(running.now));
        assert_ne!(running.engine.status(&Default::default(), running.now).protection, Protection::Protecting);
        running.later(Span::days(1));
        read_but(&mut running, "support.tickets");
        assert_eq!(running.gate("1"), "hold stale_ticket");
    }
}
