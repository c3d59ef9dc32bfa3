use super::*;
use crate::decide::rules::{After, HoldRule, Proof, Stale};
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{DealState, Record, Span};

const NOW: Time = Time(100 * 86_400_000);

fn hold(scope: HoldScope, stale: Stale) -> HoldRule {
    HoldRule {
        name: "open_deal".into(),
        on: Entity::Deal,
        when: Expression::compile("deal.open", Scope::Deal, &Declared::default()).unwrap(),
        scope,
        stops: vec![MailKind::Campaign],
        after: After::default(),
        proofs: vec![Proof { system: "crm".into(), stream: "deals".into(), limit: Span::minutes(15) }],
        stale,
        rule: "policy.toml:1".into(),
    }
}

#[test]
fn protecting_is_said_only_where_nothing_is_wrong_and_all_is_approved() {
    let good = || Grounds { targets: 2, watched: 0, stale: false, unwritten: false, nothing_held: false };
    use Protection::{NotProtecting, Protecting, Watching};
    for (grounds, is) in [
        (good(), Protecting),
        (Grounds { stale: true, ..good() }, NotProtecting),
        (Grounds { unwritten: true, ..good() }, NotProtecting),
        (Grounds { nothing_held: true, ..good() }, NotProtecting),
        (Grounds { watched: 1, ..good() }, NotProtecting),
        (Grounds { watched: 2, ..good() }, Watching),
        (Grounds { watched: 2, stale: true, nothing_held: true, ..good() }, Watching),
        (Grounds { targets: 0, stale: true, ..good() }, Watching),
    ] {
        assert_eq!(grounds.protection(), is);
    }
}

#[test]
fn who_is_not_protected_is_told_with_what_is_to_be_done() {
    let told = |count: Unprotected, waits: usize, approved: bool, not_read: &[String]| {
        write_alarms(&[("ma".into(), count)].into(), not_read, &[("ma".into(), waits)].into(), |_| approved)
    };
    let (none, two) = (Unprotected::default(), Unprotected { open_deals: 1, other_holds: 1, ..Unprotected::default() });
    let said_no = Unprotected { others: 1, said_no: 1, ..Unprotected::default() };
    let lets_go = "`nayose approve ma --holds` lets holds go";
    assert_eq!(told(none, 0, false, &[]), Vec::<String>::new());
    let one_of_each = [
        format!("1 person on open deals is not protected in ma: {lets_go}"),
        format!("1 person on hold for another reason is not protected in ma: {lets_go}"),
    ];
    assert_eq!(told(two, 0, false, &[]), one_of_each);
    assert_eq!(told(said_no, 1, false, &[]), [format!("1 person who said no elsewhere is not protected in ma: {lets_go}")]);
    let unknown = told(none, 0, false, &["crm.deals".into()]);
    assert!(unknown.len() == 1 && unknown[0].starts_with("it is not known how many people on open deals"), "{unknown:?}");
    assert_eq!(told(two, 5, true, &[]), ["2 holds are not written to ma yet"]);
    assert_eq!(told(said_no, 1, true, &[]), ["1 protective write has not reached ma yet"]);
    assert_eq!(told(none, 0, true, &["crm.deals".into()]), Vec::<String>::new());
}

#[test]
fn a_stream_beyond_its_limit_is_told_with_its_age_and_what_the_gate_does() {
    let line = |stale, age: Option<i64>| {
        let policy = Policy { holds: vec![hold(HoldScope::Person, stale)], ..Policy::default() };
        let needed = freshness::needed(&policy, MailKind::Campaign).next().unwrap();
        let proved = Proved { at: age.map(|minutes| NOW.minus(Span::minutes(minutes))), filtered_at: None };
        stale_line(&needed, proved, || Some("503".into()), NOW)
    };
    let known_last = Stale::LastKnown(Span::days(1));
    assert_eq!((line(Stale::Hold, Some(15)), line(known_last, Some(15))), (None, None));
    for (stale, age, says) in [
        (Stale::Hold, Some(16), "was proved 960 s ago, its limit is 15m: the gate holds, nothing is released"),
        (Stale::Hold, None, "was never read to its end: the gate holds, nothing is released"),
        (
            known_last,
            Some(16),
            "was proved 960 s ago, its limit is 15m: nothing is released; the gate goes by what was known last, up to 1d",
        ),
        (known_last, Some(1441), "was proved 86460 s ago, its limit is 1d: the gate holds, nothing is released"),
        (known_last, None, "was never read to its end: the gate holds, nothing is released"),
    ] {
        assert_eq!(line(stale, age), Some(format!("crm.deals {says} (503)")));
    }
}

#[test]
fn a_record_counts_once_in_the_queue_and_not_for_what_was_given_up() {
    let counts = |protective, release, update, dead: &[Op]| {
        let mut queue = Queue::default();
        let letters = queue.add(Lanes { protective, release, update, ..Lanes::default() }, |op| dead.contains(&op));
        (queue.hold, queue.release, queue.update, letters)
    };
    assert_eq!(counts(true, true, true, &[]), (1, 1, 0, 0), "fields go with the other two");
    assert_eq!(counts(false, false, true, &[]), (0, 0, 1, 0));
    assert_eq!(counts(false, false, true, &[Op::Update]), (0, 0, 0, 1));
    assert_eq!(counts(false, true, true, &[Op::Release]), (0, 0, 0, 1));
    assert_eq!(counts(true, false, false, &[Op::Hold]), (1, 0, 0, 0), "a block is never given up");
    assert_eq!(counts(false, false, false, &[Op::Release, Op::Update]), (0, 0, 0, 2));
}

#[test]
fn an_account_is_told_of_that_has_an_open_deal_and_more_people_than_any_hold_reaches() {
    let crowded = |deal: Option<DealState>, scopes: &[HoldScope]| {
        let mut world = World::default();
        for n in 1..=3 {
            let mut person = Record::new(format!("crm:person:{n}").parse().unwrap());
            person.account = Some("7".into());
            world.put("people".into(), &person);
        }
        if deal.is_some() {
            let mut record = Record::new("crm:deal:1".parse().unwrap());
            (record.account, record.deal) = (Some("7".into()), deal);
            world.put("deals".into(), &record);
        }
        let holds = scopes.iter().map(|scope| hold(*scope, Stale::Hold)).collect();
        crowded_accounts(&world, &Policy { holds, ..Policy::default() })
    };
    let cap = |cap| HoldScope::Account { cap };
    let told = |cap| vec![("crm:account:7".parse().unwrap(), 3, cap)];
    for deal in [DealState::Open, DealState::Unknown] {
        assert_eq!(crowded(Some(deal), &[cap(2)]), told(2), "{deal:?}");
    }
    assert_eq!(crowded(Some(DealState::Open), &[cap(9), cap(1), HoldScope::Person]), told(1));
    for (deal, scopes) in [
        (Some(DealState::Open), &[cap(3)][..]),
        (Some(DealState::Open), &[HoldScope::Person]),
        (Some(DealState::Won), &[cap(2)]),
        (None, &[cap(2)]),
    ] {
        assert_eq!(crowded(deal, scopes), [], "{deal:?}");
    }
}
