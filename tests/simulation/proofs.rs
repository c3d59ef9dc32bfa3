//! What long runs of the simulation found about proofs, each by itself.

use super::driver::Daemon;
use super::setup::{Rules, Setups};
use super::store::Disk;
use nayose::connector::{Observed, PageRead, Pass, PassEnd};
use nayose::model::{DealState, Mail, MailKind, Name, Record, Time, Value};

const NOW: Time = Time(1_767_232_800_000);

fn daemon() -> Daemon {
    Daemon::start(Setups::read().of(false, Rules::Base), Disk::new(), NOW, 0, 1).expect("an empty state opens")
}

/// A complete pass whose one page has these records.
fn pass(daemon: &mut Daemon, system: &str, stream: &str, pass: Pass, records: Vec<Record>, now: Time) {
    let engine = &mut daemon.engine;
    let mut run = engine.begin(&system.into(), &stream.into(), pass, now);
    let observed = records.into_iter().map(|r| Observed::Record { record: Box::new(r), people_told: true }).collect();
    engine.observe(&mut run, PageRead { observed, ..PageRead::default() }, now).expect("the state is in memory");
    engine.end(&run, &PassEnd { complete: true, ..PassEnd::default() }, now).expect("the state is in memory");
}

fn stale(daemon: &Daemon) -> bool {
    let answers = daemon.gate.decide(&["taro@acme.example".to_string()], &Mail::of(MailKind::Campaign), NOW);
    answers[0].reasons.iter().any(|r| r.starts_with("stale_"))
}

#[test]
fn a_proof_counts_once_what_was_read_before_it_is_decided_on() {
    let mut daemon = daemon();
    let streams: Vec<(Name, Name)> =
        daemon.engine.systems.iter().flat_map(|(s, state)| state.infos.keys().map(|t| (s.clone(), t.clone()))).collect();
    for (system, stream) in streams.iter().filter(|(_, t)| **t != *"deal_people").chain([&("crm".into(), "deal_people".into())]) {
        let how = if **stream == *"deal_people" { Pass::ForEach(Vec::new()) } else { Pass::Sweep };
        let mut person = Record::new("ma:person:1".parse().expect("an id"));
        person.set(&"email".into(), Value::text("taro@acme.example"), NOW);
        let shown = if (&**system, &**stream) == ("ma", "people") { vec![person] } else { Vec::new() };
        pass(&mut daemon, system, stream, how, shown, NOW);
    }
    assert!(!daemon.engine.dirty.is_empty() && daemon.engine.unproved(NOW).is_empty(), "all is proved, one is not decided on");
    daemon.gate.publish(&daemon.engine);
    assert!(stale(&daemon));
    assert!(!daemon.engine.may_release(NOW));
    daemon.engine.reconcile(NOW);
    daemon.gate.publish(&daemon.engine);
    assert!(!stale(&daemon));
    assert!(daemon.engine.may_release(NOW));
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
        let state = &daemon.engine.systems["crm"].streams["deals"];
        assert_eq!(state.proved_at > Some(NOW), proves);
        assert_eq!(state.swept_at.is_none(), !proves, "a sweep tells");
    }
}
