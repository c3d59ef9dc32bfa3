//! Rows that are no records.

use super::place::{NOW, Place, address, at, deal, page, person, row};
use nayose::connector::{Pass, Unread};
use nayose::engine::answers::accept::AcceptanceRefused;
use nayose::model::{DealState, Entity, RecordId, Span};

const PEOPLE: [(&str, Option<&str>); 4] = [("1", None), ("2", Some("7")), ("3", None), ("4", None)];

#[test]
fn a_deal_without_an_id_holds_its_people_account_and_addresses_and_nobody_else() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    assert!(PEOPLE.iter().all(|(n, _)| running.gate(n) == "allow"));
    let nameless = Unread { people: vec!["1".into()], accounts: vec!["7".into()], addresses: vec![at("3")], ..row(Entity::Deal, "a") };
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![], vec![nameless.clone()]);
    for n in ["1", "2", "3"] {
        assert_eq!(running.gate(n), "hold hold:unread", "{n}");
    }
    assert_eq!(running.gate("4"), "allow");
    assert_eq!(
        running.proved("crm.deals").map(|at| running.now.since(at)),
        Some(Span::minutes(1)),
        "whom it concerns is held; the list is whole"
    );
    let told = |running: &super::place::Running| {
        let status = running.engine.status(&Default::default(), running.now);
        status
            .unreadable
            .iter()
            .map(|u| format!("{}.{} {} {} {}", u.system, u.stream, u.count, u.effect, u.rows.join(",")))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(&running), ["crm.deals 1 held q_a"]);
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(2)));
    assert_eq!(told(&running), ["crm.deals 1 held q_a"], "after a restart");
    let since = running.engine.status(&Default::default(), running.now).unreadable[0].since.clone();
    assert_eq!(since, NOW.plus(Span::minutes(1)).rfc3339());
    // The list does not show it any more, which is no end: it is kept, and we ask.
    running.read_all(&PEOPLE);
    assert_eq!(running.gate("1"), "hold hold:unread");
    let waiting = running.engine.waiting();
    assert_eq!((waiting.len(), waiting[0].count), (1, 3));
    running.engine.approve(&waiting[0].plan, false, "tests", running.now).unwrap();
    running.decide();
    assert_eq!(running.gate("1"), "allow");
    running.sweep("crm.deals", vec![], vec![nameless]);
    assert_eq!(running.gate("1"), "hold hold:unread", "seen again it holds again");
}

#[test]
fn a_row_that_may_be_anybodys_proves_nothing_until_a_named_person_accepts_it() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let proved = running.proved("crm.deals");
    running.later(Span::minutes(10));
    running.sweep("crm.deals", vec![], vec![row(Entity::Deal, "a")]);
    assert_eq!(running.proved("crm.deals"), proved);
    let error = running.engine.stream_error(&"crm".into(), &"deals".into()).unwrap();
    assert!(error.contains("nayose accept q_a --because TEXT"), "{error}");
    // A pass that shows only changes does not show it; it is there all the same.
    running.pass("crm.deals", Pass::Open, page(vec![], vec![]));
    running.decide();
    assert_eq!(running.proved("crm.deals"), proved);
    running.later(Span::minutes(10));
    running.pass("ma.people", Pass::Sweep, page(vec![person("ma:person:1", &address("1"), None)], vec![]));
    running.decide();
    assert!(running.gate("1").starts_with("hold") && running.gate("1").contains("stale_crm"), "{}", running.gate("1"));
    assert!(matches!(running.engine.accept("q_b", "taro", "a test", running.now), Err(AcceptanceRefused::Unknown(_))));
    running.engine.accept("q_a", "taro", "a test record", running.now).unwrap();
    running.sweep("crm.deals", vec![], vec![row(Entity::Deal, "a")]);
    assert_eq!(running.proved("crm.deals").map(|at| running.now.since(at)), Some(Span::minutes(1)));
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(21)));
    running.sweep("crm.deals", vec![], vec![row(Entity::Deal, "a")]);
    assert_eq!(running.engine.stream_error(&"crm".into(), &"deals".into()), None, "the word counts after a restart");
    running.sweep("crm.deals", vec![], vec![row(Entity::Deal, "a"), row(Entity::Deal, "c")]);
    assert!(running.engine.stream_error(&"crm".into(), &"deals".into()).unwrap().contains("q_c"), "another one asks again");
    // Mended there: the whole list does not show it any more.
    running.sweep("crm.deals", vec![], vec![]);
    assert_eq!(running.engine.stream_error(&"crm".into(), &"deals".into()), None);
}

#[test]
fn a_contact_without_id_and_address_doubts_nobody_and_one_with_an_address_holds_that() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.later(Span::minutes(1));
    let contacts = |unread| (PEOPLE.iter().map(|(n, _)| person(&format!("crm:person:{n}"), &address(n), None)).collect::<Vec<_>>(), unread);
    let (records, unread) = contacts(vec![row(Entity::Person, "a"), Unread { addresses: vec![at("3")], ..row(Entity::Person, "b") }]);
    running.sweep("crm.people", records, unread);
    assert_eq!(running.gate("1"), "allow");
    assert_eq!(running.gate("3"), "hold hold:unread");
    assert_eq!(running.engine.stream_error(&"crm".into(), &"people".into()), None);
    let effects: Vec<String> = running.engine.unreadable().into_iter().map(|u| u.effect).collect();
    assert_eq!(effects, ["held", "nothing"]);
    // In the system that sends mail it may be anybody.
    running.sweep("ma.people", vec![person("ma:person:1", &address("1"), None)], vec![row(Entity::Person, "a")]);
    assert!(running.engine.stream_error(&"ma".into(), &"people".into()).is_some());
}

#[test]
fn a_deal_that_cannot_be_read_holds_as_it_was_known_until_it_is_read_again() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Won, &["1"], Some("7"))], vec![]);
    assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "allow".into()));
    running.later(Span::minutes(1));
    let id: RecordId = "crm:deal:8".parse().unwrap();
    running.sweep("crm.deals", vec![], vec![Unread { id: Some(id), people: vec!["4".into()], ..row(Entity::Deal, "a") }]);
    for n in ["1", "2", "4"] {
        assert_eq!(running.gate(n), "hold hold:unread", "{n}: as it was known, and as it shows");
    }
    assert_eq!(running.gate("3"), "allow");
    let due = running.engine.passes_due(&"crm".into(), &"deals".into(), nayose::engine::proofs::reading::Haste::AsDue, running.now);
    assert!(due.contains(&Pass::ById(vec!["8".into()])), "it is looked up at once: {due:?}");
    running.pass("crm.deals", Pass::ById(vec!["8".into()]), page(vec![deal("8", DealState::Won, &["1"], Some("7"))], vec![]));
    running.decide();
    for n in ["1", "2", "4"] {
        assert_eq!(running.gate(n), "allow", "{n}: it was read");
    }
    assert!(running.engine.waiting().is_empty() && running.engine.unreadable().is_empty());
}

/// The first account alone was held, and whoever works at the others got mail.
#[test]
fn a_row_that_cannot_be_read_holds_all_its_accounts_and_all_that_its_deal_was_known_with() {
    const PEOPLE: [(&str, Option<&str>); 5] = [("1", Some("6")), ("2", Some("7")), ("3", Some("8")), ("4", Some("9")), ("5", Some("10"))];
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let mut known = deal("8", DealState::Won, &[], Some("6"));
    known.set_more_accounts(vec!["7".into()]);
    running.sweep("crm.deals", vec![known.clone()], vec![]);
    assert!(PEOPLE.iter().all(|(n, _)| running.gate(n) == "allow"));
    running.later(Span::minutes(1));
    let unread = Unread { id: Some(known.id.clone()), accounts: vec!["8".into(), "9".into()], ..row(Entity::Deal, "a") };
    running.sweep("crm.deals", vec![], vec![unread]);
    let held = |running: &super::place::Running| PEOPLE.map(|(n, _)| running.gate(n) == "hold hold:unread");
    assert_eq!(held(&running), [true, true, true, true, false]);
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(2)));
    running.read_all(&PEOPLE);
    assert_eq!(held(&running), [true, true, true, true, false], "after a restart");
    running.pass("crm.deals", Pass::ById(vec!["8".into()]), page(vec![known], vec![]));
    running.decide();
    assert_eq!(held(&running), [false; 5], "it was read");
}

#[test]
fn a_lead_that_cannot_be_read_gets_no_permit() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let permit = |running: &mut super::place::Running| {
        let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
        let record = running.engine.probe().world.record(idx);
        running.engine.due(idx, &record, running.now).release.is_some()
    };
    assert!(permit(&mut running));
    running.later(Span::minutes(1));
    let others = PEOPLE[1..].iter().map(|(n, _)| person(&format!("ma:person:{n}"), &address(n), None)).collect();
    let unread = Unread { id: Some("ma:person:1".parse().unwrap()), ..row(Entity::Person, "a") };
    running.sweep("ma.people", others, vec![unread]);
    assert!(!permit(&mut running));
    assert_eq!(running.gate("1"), "allow", "the rest of the person is as known");
}

#[test]
fn an_accepted_row_holds_nobody_any_more_over_passes_and_restarts() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.later(Span::minutes(1));
    let of_one = || Unread { people: vec!["1".into()], ..row(Entity::Deal, "a") };
    let of_two = || Unread { people: vec!["2".into()], ..row(Entity::Deal, "b") };
    running.sweep("crm.deals", vec![], vec![of_one(), of_two()]);
    assert_eq!((running.gate("1"), running.gate("2")), ("hold hold:unread".into(), "hold hold:unread".into()));
    let cause = running.engine.accept("q_a", "taro", "a test record", running.now).unwrap();
    assert_eq!(cause.to_string(), "crm:deal:q_a");
    running.decide();
    for _ in 0..2 {
        assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "hold hold:unread".into()));
        assert!(running.engine.waiting().is_empty() && !running.blocks("1"));
        let rows: Vec<String> = running.engine.unreadable().into_iter().flat_map(|u| u.rows).collect();
        assert_eq!(rows, ["q_b"]);
        assert!(matches!(running.engine.accept("q_a", "taro", "again", running.now), Err(AcceptanceRefused::Unknown(_))));
        let later = running.now.plus(Span::minutes(1));
        drop(running);
        running = place.start(later);
        running.read_all(&PEOPLE);
        running.sweep("crm.deals", vec![], vec![of_one(), of_two()]);
    }
    // Another row by the same person is another matter.
    running.sweep("crm.deals", vec![], vec![of_two(), Unread { people: vec!["1".into()], ..row(Entity::Deal, "c") }]);
    assert_eq!(running.gate("1"), "hold hold:unread");
}

#[test]
fn of_more_rows_than_are_looked_at_one_by_one_the_stream_is_not_proved() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let of = |count: usize| (0..count).map(|n| Unread { people: vec!["1".into()], ..row(Entity::Deal, &format!("{n:04}")) }).collect();
    let age = |running: &super::place::Running| running.proved("crm.deals").map(|at| running.now.since(at));
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![], of(1_000));
    assert_eq!((age(&running), running.gate("1"), running.gate("4")), (Some(Span::minutes(1)), "hold hold:unread".into(), "allow".into()));
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![], of(1_001));
    assert_eq!(age(&running), Some(Span::minutes(2)));
    assert!(running.because().contains("crm.deals: more than 1000 rows cannot be read; the stream is not proved"), "{}", running.because());
    // The list of what is open does not show them, and proves nothing while they are there: also after a restart.
    running.pass("crm.deals", Pass::Open, page(vec![], vec![]));
    assert_eq!(age(&running), Some(Span::minutes(2)));
    let later = running.now.plus(Span::minutes(1));
    drop(running);
    let mut running = place.start(later);
    let due = running.engine.passes_due(&"crm".into(), &"deals".into(), nayose::engine::proofs::reading::Haste::AsDue, running.now);
    assert!(due.contains(&Pass::Sweep), "{due:?}");
    running.pass("crm.deals", Pass::Open, page(vec![], vec![]));
    assert_eq!(age(&running), Some(Span::minutes(3)), "{}", running.because());
    assert!(running.because().contains("the stream is not proved"), "{}", running.because());
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![], of(1_001));
    running.later(Span::minutes(16));
    assert!(running.gate("4").contains("stale_crm"), "{}", running.gate("4"));
    // One of them accepted, the others have room.
    running.engine.accept("q_0007", "taro", "a test record", running.now).unwrap();
    running.sweep("crm.deals", vec![], of(1_001));
    assert_eq!(age(&running), Some(Span::minutes(1)));
    assert!(!running.because().contains("not proved"), "{}", running.because());
    assert_eq!(running.gate("1"), "hold hold:unread");
}

/// A lead's row became odd: it is there all the same, and its stop mark is written.
#[test]
fn a_record_whose_row_cannot_be_read_is_not_missed() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    let others = || PEOPLE[1..].iter().map(|(n, _)| person(&format!("ma:person:{n}"), &address(n), None)).collect();
    let id = || Some("ma:person:1".parse().unwrap());
    for _ in 0..4 {
        running.later(Span::minutes(1));
        running.sweep("ma.people", others(), vec![Unread { id: id(), ..row(Entity::Person, "a") }]);
    }
    assert_eq!(running.gate("1"), "allow");
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    assert_eq!((running.gate("1"), running.blocks("1")), ("hold open_deal_person".into(), true));
    // One that is listed in no way, and is not found by its id, is gone in the end.
    for _ in 0..2 {
        running.later(Span::minutes(1));
        running.sweep("ma.people", others(), vec![]);
    }
    assert!(running.blocks("1"));
    assert_eq!(running.look_back(|_| Vec::new()), ["1"]);
    assert!(!running.blocks("1"));
}
