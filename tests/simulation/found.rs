//! What long runs of the simulation found, each by itself.

use super::driver::Daemon;
use super::setup::orders::Order;
use super::setup::{Rules, Setups, Shape};
use super::store::Disk;
use nayose::connector::{Change, Observed, PageRead, Pass, PassEnd, WriteOp};
use nayose::decide::ratchet::{Held, Reach};
use nayose::engine::assess::assessment::Merge;
use nayose::engine::history::written::WrittenRecord;
use nayose::engine::target::Target;
use nayose::model::{DealState, Mail, MailKind, Mark, Name, Record, RefusalScope, TicketState, Time, Value};
use std::sync::Arc;

const NOW: Time = Time(1_767_232_800_000);

fn daemon() -> Daemon {
    started(&Disk::new(), NOW, 0)
}

/// A process whose clock differs from the true time by so much.
fn started(disk: &Arc<Disk>, true_now: Time, skew_ms: i64) -> Daemon {
    Daemon::start(Setups::default().of(Shape::default(), Rules::Base, Order::Shipped), 0, disk.clone(), true_now, skew_ms, 1)
        .expect("the state opens")
}

/// A complete pass whose one page has these records.
fn pass(daemon: &mut Daemon, system: &str, stream: &str, pass: Pass, records: Vec<Record>, now: Time) {
    let observed = records.into_iter().map(|r| Observed::Record { record: Box::new(r), people_told: true, accounts_told: true }).collect();
    whole(daemon, system, stream, pass, PageRead { observed, ..PageRead::default() }, now);
}

fn whole(daemon: &mut Daemon, system: &str, stream: &str, pass: Pass, page: PageRead, now: Time) {
    let engine = &mut daemon.engine;
    let mut run = engine.begin(&system.into(), &stream.into(), pass, now);
    engine.observe(&mut run, page, now).expect("the state is in memory");
    engine.end(&run, &PassEnd { complete: true, ..PassEnd::default() }, now).expect("the state is in memory");
}

/// Every stream is read, one person of the marketing system among them; the systems say how our clock stands.
fn read_all(daemon: &mut Daemon, now: Time, clock_skew_ms: i64) {
    let streams: Vec<(Name, Name)> =
        daemon.engine.systems().iter().flat_map(|(s, state)| state.streams.infos().map(|t| (s.clone(), t.name.clone()))).collect();
    for (system, stream) in streams.iter().filter(|(_, t)| **t != *"deal_people").chain([&("crm".into(), "deal_people".into())]) {
        let how = if **stream == *"deal_people" { Pass::ForEach(Vec::new()) } else { Pass::Sweep };
        let mut person = Record::new("ma:person:1".parse().expect("an id"));
        person.set(&"email".into(), Value::text("taro@acme.example"), NOW);
        let is_ma = (&**system, &**stream) == ("ma", "people");
        let observed =
            is_ma.then(|| Observed::Record { record: Box::new(person), people_told: true, accounts_told: true }).into_iter().collect();
        whole(daemon, system, stream, how, PageRead { observed, clock_skew_ms: Some(clock_skew_ms), ..PageRead::default() }, now);
    }
}

fn stale(daemon: &Daemon, now: Time) -> bool {
    let answers = daemon.gate.decide(&["taro@acme.example".to_string()], &Mail::of(MailKind::Campaign), now);
    answers[0].reasons.iter().any(|r| r.starts_with("stale_"))
}

#[test]
fn a_proof_counts_once_what_was_read_before_it_is_decided_on() {
    let mut daemon = daemon();
    read_all(&mut daemon, NOW, 0);
    assert!(!daemon.engine.probe().dirty.is_empty() && daemon.engine.unproved(NOW).is_empty(), "all is proved, one is not decided on");
    daemon.gate.publish(&daemon.engine);
    assert!(stale(&daemon, NOW));
    assert!(!daemon.engine.may_release(NOW));
    daemon.engine.reconcile(NOW);
    daemon.gate.publish(&daemon.engine);
    assert!(!stale(&daemon, NOW));
    assert!(daemon.engine.may_release(NOW));
}

/// A proof of 600 or 1,200 s ago, of which 900 s count, told by a clock and looked at by another one after a restart.
#[test]
fn a_former_processs_proof_is_as_old_as_it_is_in_truth() {
    for (then_ms, now_ms, age_ms, expected) in [
        (0, 0, 600_000, false),
        (0, 0, 1_200_000, true),
        (0, -600_000, 1_200_000, true),
        (600_000, 0, 1_200_000, true),
        (-600_000, -600_000, 1_200_000, true),
        (600_000, 600_000, 1_200_000, true),
    ] {
        let disk = Disk::new();
        let mut former = started(&disk, NOW, then_ms);
        read_all(&mut former, Time(NOW.0 + then_ms), -then_ms);
        former.engine.reconcile(Time(NOW.0 + then_ms));
        former.engine.commit().expect("a store in memory does not fail");
        drop(former);
        let true_now = Time(NOW.0 + age_ms);
        let mut daemon = started(&disk, true_now, now_ms);
        let now = Time(true_now.0 + now_ms);
        // A system that proves nothing of deals tells the time.
        whole(&mut daemon, "support", "people", Pass::Sweep, PageRead { clock_skew_ms: Some(-now_ms), ..PageRead::default() }, now);
        daemon.engine.reconcile(now);
        daemon.gate.publish(&daemon.engine);
        assert_eq!(stale(&daemon, now), expected, "clocks off by {then_ms} and {now_ms} ms, {age_ms} ms ago");
    }
}

#[test]
fn an_empty_list_of_open_deals_proves_nothing_after_a_silent_listing_of_changes() {
    let deal = || {
        let mut deal = Record::new("crm:deal:1".parse().expect("an id"));
        (deal.deal, deal.changed_at) = (Some(DealState::Lost), Some(NOW));
        deal
    };
    for (given, proves) in [(vec![deal()], true), (Vec::new(), false)] {
        let mut daemon = daemon();
        pass(&mut daemon, "crm", "deals", Pass::Sweep, vec![deal()], NOW);
        let later = Time(NOW.0 + 600_000);
        pass(&mut daemon, "crm", "deals", Pass::Changes(NOW), given, later);
        pass(&mut daemon, "crm", "deals", Pass::Open, Vec::new(), later);
        let state = daemon.engine.stream(&"crm".into(), &"deals".into()).unwrap();
        assert_eq!(state.proved_at > Some(NOW), proves);
        assert_eq!(state.swept_at.is_none(), !proves, "a sweep tells");
    }
}

/// Who said no takes an address that others bear: whoever of them is decided on first in the same round, all are refused.
#[test]
fn a_refusal_comes_to_all_who_bear_the_new_address_in_the_same_round() {
    let person = |id: &str, address: &str| {
        let mut person = Record::new(id.parse().expect("an id"));
        person.set(&"email".into(), Value::text(address), NOW);
        person
    };
    let mut daemon = daemon();
    let mut refused = person("news:person:2", "old@acme.example");
    refused.refusals.push(RefusalScope::All);
    pass(&mut daemon, "ma", "people", Pass::Sweep, vec![person("ma:person:1", "info@acme.example")], NOW);
    pass(&mut daemon, "news", "people", Pass::Sweep, vec![refused.clone()], NOW);
    daemon.engine.reconcile(NOW);
    let later = Time(NOW.0 + 60_000);
    let mut moved = person("ma:person:1", "info@acme.example");
    moved.set(&"name".into(), Value::text("Noah Weiss"), later);
    pass(&mut daemon, "ma", "people", Pass::Sweep, vec![moved], later);
    refused.set(&"email".into(), Value::text("info@acme.example"), later);
    pass(&mut daemon, "news", "people", Pass::Sweep, vec![refused], later);
    daemon.engine.reconcile(later);
    let idx = daemon.engine.probe().world.find(&"ma:person:1".parse().expect("an id")).expect("it was read");
    let due = daemon.engine.due(idx, &daemon.engine.probe().world.record(idx), later);
    assert_eq!(due.protective.and_then(|c| c.block), Some(true));
}

/// The store is lost, and a deal does not name its person any more: the journal keeps the hold, and nothing but the clock ends it.
#[test]
fn a_cool_down_that_lost_its_link_ends_by_the_clock() {
    let mut daemon = daemon();
    let mut person = Record::new("ma:person:1".parse().expect("an id"));
    person.set(&"email".into(), Value::text("taro@acme.example"), NOW);
    let mut deal = Record::new("crm:deal:1".parse().expect("an id"));
    (deal.deal, deal.changed_at, deal.memory.ended_at) = (Some(DealState::Lost), Some(NOW), Some(NOW));
    pass(&mut daemon, "ma", "people", Pass::Sweep, vec![person], NOW);
    pass(&mut daemon, "crm", "deals", Pass::Sweep, vec![deal], NOW);
    let idx = daemon.engine.probe().world.find(&"ma:person:1".parse().expect("an id")).expect("it was read");
    let cause = "crm:deal:1".parse().expect("an id");
    daemon.engine.keep_held(idx, vec![Held { hold: "open_deal".into(), cause, reach: Reach::Person, since: NOW, stops: 0 }]);
    daemon.engine.reconcile(NOW);
    let holds = |daemon: &Daemon| daemon.engine.probe().people[daemon.engine.probe().world.slot(idx).person as usize].holds.clone();
    let [cooling] = holds(&daemon).try_into().expect("one hold");
    let after = Time(cooling.until.expect("it cools down").0 + 1);
    // By our own clock alone nothing ends.
    daemon.engine.arrange().clocks.hear(after);
    assert!(daemon.engine.time_is_due(after));
    daemon.engine.reconcile(after);
    assert!(holds(&daemon).iter().all(|h| h.until.is_none()), "{:?}", holds(&daemon));
}

/// The desk's clock is a month ahead, and when its closed ticket was read only one other system had told its time.
#[test]
fn an_end_that_a_clock_far_ahead_dated_is_over_once_it_is_known_which_clock_is_wrong() {
    const MONTH_MS: i64 = 31 * 86_400_000;
    let mut daemon = daemon();
    let mut asker = Record::new("support:person:1".parse().expect("an id"));
    asker.set(&"email".into(), Value::text("taro@acme.example"), NOW);
    let mut ticket = Record::new("support:ticket:1".parse().expect("an id"));
    ticket.set(&"priority".into(), Value::text("urgent"), NOW);
    (ticket.ticket, ticket.people) = (Some(TicketState::Closed), vec!["1".into()]);
    ticket.changed_at = Some(Time(NOW.0 + MONTH_MS - 60_000));
    let told = |daemon: &mut Daemon, system: &str, stream: &str, record: Option<&Record>, skew_ms: i64| {
        let row = |r: &Record| Observed::Record { record: Box::new(r.clone()), people_told: true, accounts_told: true };
        let observed = record.map(row).into_iter().collect();
        whole(daemon, system, stream, Pass::Sweep, PageRead { observed, clock_skew_ms: Some(skew_ms), ..PageRead::default() }, NOW);
        daemon.engine.reconcile(NOW);
    };
    told(&mut daemon, "crm", "companies", None, 0);
    told(&mut daemon, "support", "people", Some(&asker), MONTH_MS);
    told(&mut daemon, "support", "tickets", Some(&ticket), MONTH_MS);
    let holds = |daemon: &Daemon| daemon.engine.probe().people.iter().map(|p| p.holds.len()).sum::<usize>();
    assert_eq!(holds(&daemon), 1, "of two clocks nobody can say which is wrong");
    let mut deal = Record::new("crm:deal:1".parse().expect("an id"));
    (deal.deal, deal.memory.ended_at) = (Some(DealState::Lost), Some(Time(NOW.0 - 60_000)));
    told(&mut daemon, "crm", "deals", Some(&deal), 0);
    told(&mut daemon, "news", "people", None, 0);
    assert_eq!(holds(&daemon), 0, "it closed, and needs no time to cool down");
    let idx = daemon.engine.probe().world.find(&deal.id).expect("it was read");
    assert_eq!(daemon.engine.probe().world.record(idx).memory.ended_at, deal.memory.ended_at, "a true end stays as it is");
}

/// A write of fields was under way when our block was taken away, so that its absence said nothing; a marketer set one later.
#[test]
fn a_block_that_was_taken_away_while_another_write_was_under_way_is_not_ours_any_more() {
    let mut daemon = daemon();
    let shown = |blocked: bool| {
        let mut person = Record::new("ma:person:1".parse().expect("an id"));
        person.set(&"email".into(), Value::text("taro@acme.example"), NOW);
        person.set_mark(Mark::Block, Value::Bool(blocked));
        vec![person]
    };
    pass(&mut daemon, "ma", "people", Pass::Sweep, shown(true), NOW);
    let idx = daemon.engine.probe().world.find(&"ma:person:1".parse().expect("an id")).expect("just read");
    let ours = Target { block_ours: true, ..Target::default() };
    let target = daemon.engine.arrange().targets.begin(idx);
    *target = ours;
    target.send(&Change::default(), NOW);
    pass(&mut daemon, "ma", "people", Pass::Sweep, shown(false), Time(NOW.0 + 1_000));
    daemon.engine.reconcile(Time(NOW.0 + 1_000));
    let target = |daemon: &Daemon| daemon.engine.probe().targets.of(idx).cloned().expect("it was made above");
    assert!(target(&daemon).block_ours, "a page may be older than a block that is under way");
    daemon.engine.arrange().targets.of_mut(idx).expect("it was made above").sent = None;
    daemon.engine.arrange().dirty.insert(idx);
    daemon.engine.reconcile(Time(NOW.0 + 2_000));
    assert!(!target(&daemon).block_ours);
}

/// Old and new values of a large batch once were one item, which the store refused; then nothing went on.
#[test]
fn a_batch_of_long_texts_is_kept() {
    let mut daemon = daemon();
    let long = |of: char| Value::text(&of.to_string().repeat(3_000));
    let written = (0..300).map(|n| {
        let mut shown = Record::new(format!("ma:person:{n}").parse().expect("an id"));
        shown.set(&"notes".into(), long('a'), NOW);
        let change = Change { fields: vec![("notes".into(), long('b'))], ..Change::default() };
        WrittenRecord::of(&WriteOp { record: shown.id.clone(), change, again: false }, &shown, &Merge::default(), |_| "".into())
    });
    daemon.engine.keep_written(written.collect(), NOW);
    daemon.engine.commit().expect("the store takes it");
    let run = daemon.engine.run().to_string();
    assert_eq!(daemon.engine.written_by(&run, None).expect("it is read from there").len(), 300);
}
