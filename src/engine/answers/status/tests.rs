use super::*;
use crate::decide::rules::{After, HoldRule, HoldScope, Policy, Proof, Stale};
use crate::model::MailKind;
use crate::model::expression::{Declared, Expression, Scope};
use crate::model::{Entity, Span};

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
    let told = |stale, age: Option<i64>, is_an_export: bool| {
        let policy = Policy { holds: vec![hold(HoldScope::Person, stale)], ..Policy::default() };
        let needed = freshness::needed(&policy, MailKind::Campaign).next().unwrap();
        let proved = Proved { at: age.map(|minutes| NOW.minus(Span::minutes(minutes))), filtered_at: None };
        stale_line(&needed, proved, is_an_export, || Some("503".into()), NOW)
    };
    let line = |stale, age| told(stale, age, false);
    for (age, says) in [(16, "16 minutes"), (60 * 25, "1 day"), (60 * 24 * 60, "60 days")] {
        let line =
            format!("the list crm.deals was saved {says} ago, its limit is 15m: the gate holds, nothing is released; export it anew (503)");
        assert_eq!(told(Stale::Hold, Some(age), true), Some(line));
    }
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
