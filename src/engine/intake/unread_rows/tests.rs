//! Whom a row that cannot be read is taken to concern, and for how long.

use super::*;

fn id(text: &str) -> RecordId {
    text.parse().unwrap()
}

fn row(entity: Entity, named: Option<&str>, people: &[&str]) -> Unread {
    let people = people.iter().map(|p| ShortText::from(*p)).collect();
    let (accounts, addresses) = (Vec::new(), Vec::new());
    Unread {
        row: "q_1".into(),
        entity,
        id: named.map(id),
        people,
        accounts,
        names_companies: false,
        addresses,
        names_all: true,
        why: "it has no state".into(),
    }
}

fn run(epoch: u32) -> PassRun {
    PassRun { epoch, ..PassRun::new(&"crm".into(), &"deals".into(), Pass::Sweep, Time(50)) }
}

fn doubt(concerns: Concerns, epoch: u32) -> Doubt {
    Doubt { concerns, ..Doubt::of_row(row(Entity::Deal, Some("crm:deal:7"), &["5"]), &run(epoch), None, None, Time(50)) }
}

#[test]
fn whom_a_row_can_concern_goes_by_what_it_names_and_where_it_was_read() {
    let (deal, ticket, person, account) = (Entity::Deal, Entity::Ticket, Entity::Person, Entity::Account);
    for (entity, named, people, is_target, want) in [
        (person, true, &["5"][..], false, Concerns::Record),
        (person, true, &[], true, Concerns::Record),
        (person, false, &["5"], false, Concerns::Named),
        (person, false, &[], false, Concerns::Nobody),
        (person, false, &[], true, Concerns::Anybody),
        (deal, true, &[], false, Concerns::Named),
        (ticket, true, &[], true, Concerns::Named),
        (deal, false, &["5"], false, Concerns::Named),
        (deal, false, &[], false, Concerns::Anybody),
        (ticket, false, &[], false, Concerns::Anybody),
        (account, true, &[], false, Concerns::Anybody),
    ] {
        let doubt = Doubt::of_row(row(entity, named.then_some("crm:deal:7"), people), &run(1), None, None, Time(50));
        assert_eq!(doubt.concerned(entity, true, || is_target), want, "{entity:?} {named} {people:?} {is_target}");
    }
    // A row without an id whose list of people goes on elsewhere: nobody can ask for the rest (seed 89003677).
    for (entity, named, want) in [(deal, false, Concerns::Anybody), (ticket, false, Concerns::Anybody), (deal, true, Concerns::Named)] {
        let doubt = Doubt::of_row(row(entity, named.then_some("crm:deal:7"), &["5"]), &run(1), None, None, Time(50));
        assert_eq!(doubt.concerned(entity, false, || false), want, "{entity:?} {named}");
    }
    for names in [
        Doubt { accounts: vec!["9".into()], people: Vec::new(), ..doubt(Concerns::Anybody, 1) },
        Doubt { addresses: vec![Address::first("taro@sato.example").unwrap()], people: Vec::new(), ..doubt(Concerns::Anybody, 1) },
    ] {
        assert_eq!(Doubt { named: false, ..names }.concerned(deal, true, || true), Concerns::Named);
    }
}

#[test]
fn a_row_keeps_whom_it_named_before_and_since_when() {
    let mut known = Record::new(id("crm:deal:7"));
    known.people = vec!["5".into(), "8".into()];
    (known.account, known.more_accounts) = (Some("2".into()), vec!["1".into()]);
    let before = Doubt { people: vec!["3".into()], since: Time(20), ..doubt(Concerns::Named, 1) };
    let doubt = Doubt::of_row(row(Entity::Deal, Some("crm:deal:7"), &["6", "5"]), &run(2), Some(&before), Some(known), Time(50));
    assert_eq!(doubt.people, ["3", "5", "6", "8"].map(ShortText::from));
    assert_eq!(doubt.accounts, ["1", "2"].map(ShortText::from));
    assert_eq!((doubt.since, doubt.named, doubt.epoch), (Time(20), true, 2));
    assert!(!Doubt::of_row(row(Entity::Deal, None, &[]), &run(2), None, None, Time(50)).named);
    assert!(doubt.says_the_same(&Doubt { epoch: 9, ..doubt.clone() }), "whichever pass showed it");
    assert!(!doubt.says_the_same(&Doubt { why: "another".into(), ..doubt.clone() }));
}

#[test]
fn a_row_that_is_not_listed_any_more_stays_for_those_whom_it_names() {
    let mut doubts = Doubts::default();
    let kinds = [Concerns::Named, Concerns::Record, Concerns::Nobody, Concerns::Anybody];
    for (i, concerns) in kinds.into_iter().enumerate() {
        doubts.put(id(&format!("crm:deal:{i}")), doubt(concerns, 1));
    }
    doubts.put(id("crm:deal:8"), doubt(Concerns::Named, 2));
    doubts.put(id("crm:deal:9"), Doubt { unlisted: true, ..doubt(Concerns::Named, 1) });
    doubts.put(id("desk:deal:1"), doubt(Concerns::Named, 1));
    let left = unlisted(&doubts, &run(2));
    let told: Vec<_> = left.iter().map(|(cause, left)| (cause.to_string(), left.as_ref().map(|d| d.unlisted))).collect();
    let gone = |i: u8| (format!("crm:deal:{i}"), None);
    assert_eq!(told, [("crm:deal:0".to_string(), Some(true)), gone(1), gone(2), gone(3)]);
}

#[test]
fn a_stream_is_unproved_by_rows_that_may_be_anybodys_and_by_too_many() {
    let why = |kinds: &[Concerns], beyond| {
        let doubts: Vec<Doubt> = kinds.iter().map(|c| doubt(*c, 1)).collect();
        why_unproved(doubts.iter(), beyond)
    };
    assert_eq!(why(&[Concerns::Named, Concerns::Record, Concerns::Nobody], 0), None);
    let one = why(&[Concerns::Named, Concerns::Anybody], 0).unwrap();
    assert!(one.starts_with("a row cannot be read and may be anybody's (it has no state; since 1970-01-01T00:00:00.05"), "{one}");
    assert!(one.ends_with("`nayose accept q_1 --because TEXT` if it concerns nobody"), "{one}");
    assert!(why(&[Concerns::Anybody, Concerns::Anybody], 0).unwrap().starts_with("2 rows cannot be read"));
    assert!(why(&[], 1).unwrap().starts_with("more than 1000 rows cannot be read"));
}

#[test]
fn streams_with_as_many_rows_in_doubt_as_are_looked_at_are_full() {
    let mut doubts = Doubts::default();
    for cause in ["crm:deal:1", "crm:deal:2", "desk:deal:1"] {
        doubts.put(id(cause), doubt(Concerns::Named, 1));
    }
    doubts.put(id("crm:deal:3"), Doubt { stream: "leads".into(), ..doubt(Concerns::Named, 1) });
    assert_eq!(full(&doubts, 2), [("crm".into(), "deals".into())]);
    assert!(full(&doubts, 3).is_empty());
}

#[test]
fn a_row_reaches_its_people_and_those_of_accounts_that_are_no_crowd() {
    let mut taro = Record::new(id("crm:person:5"));
    (taro.account, taro.more_accounts) = (Some("1".into()), vec!["2".into()]);
    let address = Address::first("taro@sato.example").unwrap();
    let people_of = |account: &RecordId| if *account == id("crm:account:1") { ACCOUNT_CAP } else { ACCOUNT_CAP + 1 };
    let reached = reached_by(&[taro], std::slice::from_ref(&address), people_of);
    let person = |key| (key, Reach::Person);
    let want = [
        person(DoubtKey::Address(address)),
        person(DoubtKey::Person(id("crm:person:5"))),
        (DoubtKey::Account(id("crm:account:1")), Reach::Account),
    ];
    assert_eq!(reached, want);
}

#[test]
fn a_hold_by_a_row_ends_only_when_the_row_was_read_or_answered() {
    let listed = doubt(Concerns::Named, 1);
    let unlisted = Doubt { unlisted: true, ..listed.clone() };
    for (doubt, is_over, want) in [
        (Some(&listed), true, Some(Kept::LinkLost)),
        (Some(&unlisted), true, Some(Kept::CauseGone)),
        (None, false, Some(Kept::CauseUnknown)),
        (None, true, None),
    ] {
        assert_eq!(kept_by(doubt, || is_over), want);
    }
}
