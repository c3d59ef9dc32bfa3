//! Turns over streams of a small engine, with answers put in by hand.

use super::*;
use crate::config::{self, Connectors};
use crate::connector::{Clock, Connector, Observed, PageRead, RestConnector};
use crate::engine::open;
use crate::engine::system::Opened;
use crate::model::{DealState, Entity, Record, RecordId};
use crate::store::State;
use std::sync::Arc;

const NOW: Time = Time(1_795_251_600_000);

const MANIFEST: &str =
    "name = 'box'\ntitle = 'Box'\nrole = 'crm'\napi_version = '1'\nbase_url = 'https://box.example'\nauth = { kind = 'none' }
    [streams.deals]\nentity = 'deal'\nlag = '60s'\nsweep = { path = '/d', carries_people = true }\nopen = { path = '/o' }
    changes = { since = 'unix_ms', overlap = '5m', sound = true, request = { path = '/d', query = { since = '{since}' } } }
    [streams.deals.record]\nid = 'id'\npeople = 'people[]'\nstate = [{ is = 'open', when = { path = 'open', equals = true } }]
    [streams.deal_people]\nentity = 'deal_person'\ncarried_by = 'deals'
    for_each = { stream = 'deals', request = { path = '/p', query = { ids = '{ids}' } }, chunk = 9, deal = 'deal', people = 'people[]' }
    [streams.tickets]\nentity = 'ticket'\nlag = '60s'\nsweep = { path = '/t' }
    [streams.tickets.changes]\nsince = 'unix_s'\noverlap = '0s'\nsound = true
    request = { path = '/t', query = { since = '{since}' }, page = { kind = 'cursor', param = 'c', next = 'next', resumes = true } }
    [streams.tickets.record]\nid = 'id'\nstate = [{ is = 'open', when = { path = 'open', equals = true } }]\n";

fn engine() -> Engine {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    file("mine/box/manifest.toml", MANIFEST);
    file("systems.toml", "connectors = 'mine'\n[state]\nurl = 'sled:data'\n[systems.crm]\nconnector = 'box'\n");
    file("precedence.toml", "default = ['crm']\n[person]\n");
    file("policy.toml", "[status]\nlead = 'true'\n");
    file("consent.toml", "[sources.crm]\nbasis = 'explicit_consent'\n");
    let config = config::load(folder.path(), &|_| None, &Connectors).unwrap_or_else(|m| panic!("{}", m.drawn()));
    let clock: Clock = Arc::new(|| NOW);
    let system = config.rules.systems[0].clone();
    let connector = RestConnector::new(&system.manifest, &system.settings, clock).unwrap();
    let opened = Opened {
        abilities: connector.abilities().clone(),
        streams: connector.streams().to_vec(),
        words: Default::default(),
        config: Arc::new(system),
        address: "t.example".into(),
        tells_instance: false,
    };
    let state = State::in_memory(open::info(&config.rules));
    open::open_on(config.rules, vec![opened], NOW, "r_1".into(), state).unwrap().engine
}

fn turn(engine: &Engine, stream: &str, patience: Patience, now: Time) -> Turn {
    Turn::new(engine, &"crm".into(), &stream.into(), Haste::AsDue, patience, now)
}

/// The pass that a turn begins next.
fn pass(turn: &mut Turn, engine: &mut Engine, now: Time) -> PassRun {
    match turn.next(engine, now) {
        Step::Read(run) => *run,
        other => panic!("{other:?}"),
    }
}

fn whole() -> Result<PassEnd, connector::Error> {
    Ok(PassEnd { complete: true, requests: 1, ..PassEnd::default() })
}

fn refused() -> Result<PassEnd, connector::Error> {
    Err(connector::Error::Refused { system: "crm".into(), what: "changes".into(), said: "400: beyond 10000".into() })
}

fn later(seconds: i64) -> Result<PassEnd, connector::Error> {
    Err(connector::Error::Later { system: "crm".into(), what: "sweep".into(), wait: Span::seconds(seconds) })
}

fn deal(id: &str, people: &[&str], changed_at: Time, people_told: bool) -> Observed {
    let mut record = Record::new(RecordId::new("crm", Entity::Deal, id));
    record.deal = Some(DealState::Open);
    record.people = people.iter().map(|p| ShortText::from(*p)).collect();
    record.changed_at = Some(changed_at);
    Observed::Record { record: Box::new(record), people_told, accounts_told: true }
}

fn ticket(id: &str, changed_at: Time) -> Observed {
    let mut record = Record::new(RecordId::new("crm", Entity::Ticket, id));
    record.changed_at = Some(changed_at);
    Observed::Record { record: Box::new(record), people_told: true, accounts_told: true }
}

fn page(observed: Vec<Observed>) -> PageRead {
    PageRead { observed, clock_skew_ms: Some(0), ..PageRead::default() }
}

/// Reads everything that a turn asks for as whole and empty; answers its passes.
fn empty_turn(engine: &mut Engine, stream: &str, now: Time) -> Vec<Pass> {
    let mut turn = turn(engine, stream, Patience::Leaves, now);
    let mut passes = Vec::new();
    while let Step::Read(run) = turn.next(engine, now) {
        passes.push(run.pass.clone());
        turn.ended(engine, *run, whole(), Usage::default(), now).unwrap();
    }
    assert_eq!(turn.report().error, None);
    passes
}

fn state<'e>(engine: &'e Engine, stream: &str) -> &'e crate::engine::proofs::reading::StreamState {
    engine.stream(&"crm".into(), &stream.into()).unwrap()
}

fn at(seconds: i64) -> Time {
    NOW.plus(Span::seconds(seconds))
}

#[test]
fn a_filter_at_the_vendors_cap_does_not_stop_the_list_of_open_deals() {
    let mut engine = engine();
    empty_turn(&mut engine, "deals", NOW);
    let mut turn = turn(&engine, "deals", Patience::Leaves, at(60));
    let changes = pass(&mut turn, &mut engine, at(60));
    assert!(matches!(changes.pass, Pass::Changes(_)));
    turn.ended(&mut engine, changes, refused(), Usage::default(), at(60)).unwrap();
    let open = pass(&mut turn, &mut engine, at(61));
    assert_eq!(open.pass, Pass::Open);
    turn.ended(&mut engine, open, whole(), Usage::default(), at(61)).unwrap();
    assert!(matches!(turn.next(&mut engine, at(61)), Step::Over));
    assert!(turn.report().error.is_some_and(|e| e.contains("beyond 10000")));
    // The open list's success does not wipe the filter's failure, and proves the stream.
    assert!(state(&engine, "deals").error().is_some_and(|e| e.contains("beyond 10000")));
    assert_eq!(state(&engine, "deals").proved_at, Some(at(61).minus(Span::seconds(60))));
    // What failed waits, and then comes last; what did not keeps its rhythm.
    assert_eq!(engine.passes_due(&"crm".into(), &"deals".into(), Haste::AsDue, at(120)), [Pass::Open]);
    let due = engine.passes_due(&"crm".into(), &"deals".into(), Haste::AsDue, at(181));
    assert_eq!(due.iter().map(Pass::kind).collect::<Vec<_>>(), [PassKind::Open, PassKind::Changes]);
}

#[test]
fn a_kept_cursor_that_is_refused_begins_anew_in_the_same_turn() {
    let mut engine = engine();
    let mut first = turn(&engine, "tickets", Patience::Leaves, NOW);
    for cursor in [None, Some("k1")] {
        let mut run = pass(&mut first, &mut engine, NOW);
        engine.take_in(&mut run, PageRead { cursor: cursor.map(Box::from), ..page(Vec::new()) }, NOW);
        first.ended(&mut engine, run, whole(), Usage::default(), NOW).unwrap();
    }
    let mut turn = turn(&engine, "tickets", Patience::Leaves, at(60));
    let run = pass(&mut turn, &mut engine, at(60));
    assert!(matches!(&run.pass, Pass::Resume { cursor: Some(c), .. } if **c == *"k1"));
    let lost = connector::Error::CursorLost { system: "crm".into(), what: "changes".into() };
    turn.ended(&mut engine, run, Err(lost), Usage::default(), at(60)).unwrap();
    // From where it is sure to lose nothing.
    let run = pass(&mut turn, &mut engine, at(60));
    assert_eq!(run.pass, Pass::Resume { cursor: None, since: NOW });
    turn.ended(&mut engine, run, whole(), Usage::default(), at(60)).unwrap();
    assert!(matches!(turn.next(&mut engine, at(60)), Step::Over));
    assert_eq!(turn.report().error, None);
}

#[test]
fn a_sweep_that_was_told_to_wait_goes_on_from_where_it_was() {
    let mut engine = engine();
    let mut turn = turn(&engine, "tickets", Patience::Waits(Span::minutes(10)), NOW);
    let mut run = pass(&mut turn, &mut engine, NOW);
    assert_eq!(run.pass, Pass::Sweep);
    engine.take_in(&mut run, PageRead { cursor: Some("page 10".into()), ..page(Vec::new()) }, NOW);
    turn.ended(&mut engine, run, later(40), Usage::default(), at(5)).unwrap();
    // The cursor's own pass is not delayed by that.
    let run = pass(&mut turn, &mut engine, at(5));
    assert_eq!(run.pass.kind(), PassKind::Resume);
    turn.ended(&mut engine, run, whole(), Usage::default(), at(6)).unwrap();
    assert_eq!(state(&engine, "tickets").proved_at, None, "what was there before the cursor is not known yet");
    assert!(matches!(turn.next(&mut engine, at(6)), Step::Wait(until) if until == at(45)));
    let run = pass(&mut turn, &mut engine, at(45));
    assert_eq!((&run.pass, run.began), (&Pass::SweepFrom("page 10".into()), NOW));
    turn.ended(&mut engine, run, whole(), Usage::default(), at(46)).unwrap();
    assert!(matches!(turn.next(&mut engine, at(46)), Step::Over));
    assert_eq!(turn.report().error, None);
    assert_eq!(state(&engine, "tickets").proved_at, Some(NOW.minus(Span::seconds(60))), "as of its first page");
    assert_eq!(state(&engine, "tickets").sweep, None);
}

#[test]
fn a_system_that_always_asks_to_wait_for_no_time_is_not_asked_for_ever() {
    let mut engine = engine();
    let mut turn = turn(&engine, "tickets", Patience::Waits(Span::minutes(10)), NOW);
    let mut asked = 0;
    while let Step::Read(run) = turn.next(&mut engine, NOW) {
        asked += 1;
        turn.ended(&mut engine, *run, later(0), Usage::default(), NOW).unwrap();
    }
    assert!(asked <= 42, "{asked}");
    assert!(turn.report().error.is_some());
}

#[test]
fn a_daemons_turn_does_not_wait_and_asks_nothing_before_the_time() {
    let mut engine = engine();
    let mut first = turn(&engine, "deals", Patience::Leaves, NOW);
    let run = pass(&mut first, &mut engine, NOW);
    first.ended(&mut engine, run, later(40), Usage::default(), NOW).unwrap();
    let kinds = |engine: &Engine, haste, now| {
        engine.passes_due(&"crm".into(), &"deals".into(), haste, now).iter().map(Pass::kind).collect::<Vec<_>>()
    };
    assert!(!kinds(&engine, Haste::AtOnce, at(39)).contains(&PassKind::Sweep));
    assert_eq!(engine.next_retry(&"crm".into(), &"deals".into(), NOW), Some(at(40)));
    assert!(kinds(&engine, Haste::AsDue, at(40)).contains(&PassKind::Sweep));
}

#[test]
fn a_time_in_the_future_and_a_long_first_listing_hide_nothing() {
    let mut engine = engine();
    let mut first = turn(&engine, "deals", Patience::Leaves, NOW);
    let mut run = pass(&mut first, &mut engine, NOW);
    // One record is dated three hours ahead, and the listing takes ten minutes.
    engine.take_in(&mut run, page(vec![deal("1", &["7"], at(3 * 3600), true)]), at(600));
    first.ended(&mut engine, run, whole(), Usage::default(), at(600)).unwrap();
    assert_eq!(state(&engine, "deals").since, Some(NOW), "from where the listing began");
    let due = engine.passes_due(&"crm".into(), &"deals".into(), Haste::AsDue, at(660));
    assert!(due.contains(&Pass::Changes(NOW)), "{due:?}");
    // The filter's next begin goes with the passes, not with the record.
    let mut next = turn(&engine, "deals", Patience::Leaves, at(660));
    let mut run = std::iter::from_fn(|| Some(pass(&mut next, &mut engine, at(660)))).find(|r| r.pass.kind() == PassKind::Changes).unwrap();
    engine.take_in(&mut run, page(vec![deal("1", &["7"], at(3 * 3600), true)]), at(661));
    engine.end(&run, &whole().unwrap(), at(661)).unwrap();
    assert_eq!(state(&engine, "deals").since, Some(at(660)));
}

#[test]
fn the_next_filter_begins_by_the_systems_clock() {
    let mut engine = engine();
    let mut first = turn(&engine, "deals", Patience::Leaves, NOW);
    let mut run = pass(&mut first, &mut engine, NOW);
    // Their clock is an hour behind ours: by ours the filter would begin after what changes now.
    engine.take_in(&mut run, PageRead { clock_skew_ms: Some(-3_600_000), ..page(Vec::new()) }, at(1));
    first.ended(&mut engine, run, whole(), Usage::default(), at(1)).unwrap();
    assert_eq!(state(&engine, "deals").since, Some(at(-3600)));
}

/// A page of a feed, after which it could be gone on with.
fn fed(skew_ms: i64) -> PageRead {
    PageRead { clock_skew_ms: Some(skew_ms), cursor: Some("k1".into()), ..page(Vec::new()) }
}

#[test]
fn a_feed_begins_where_the_sweep_before_it_began_by_the_systems_clock() {
    let mut engine = engine();
    let mut turn = turn(&engine, "tickets", Patience::Leaves, NOW);
    let mut sweep = pass(&mut turn, &mut engine, NOW);
    // Our clock is ahead by so little that it agrees: a ticket of a minute ago is not listed yet, and by our clock the feed began behind it.
    let skew_ms = -90_000;
    engine.take_in(&mut sweep, PageRead { clock_skew_ms: Some(skew_ms), ..page(vec![ticket("1", at(-9_000))]) }, at(1));
    turn.ended(&mut engine, sweep, whole(), Usage::default(), at(200)).unwrap();
    let mut feed = pass(&mut turn, &mut engine, at(200));
    assert_eq!(feed.pass, Pass::Resume { cursor: None, since: at(-90) });
    engine.take_in(&mut feed, fed(skew_ms), at(201));
    turn.ended(&mut engine, feed, whole(), Usage::default(), at(201)).unwrap();
    assert_eq!(state(&engine, "tickets").cursor.as_deref(), Some("k1"));
}

#[test]
fn a_feed_that_was_begun_ahead_of_the_systems_clock_is_begun_anew() {
    let (hour, agreeing) = (-3_600_000, -1_000);
    for (skew_ms, kept) in [(hour, None), (agreeing, Some("k1"))] {
        let mut engine = engine();
        let mut first = turn(&engine, "tickets", Patience::Leaves, NOW);
        let sweep = pass(&mut first, &mut engine, NOW);
        // It says nothing of its clock either.
        first.ended(&mut engine, sweep, refused(), Usage::default(), NOW).unwrap();
        let mut feed = pass(&mut first, &mut engine, NOW);
        let Pass::Resume { cursor: None, since } = feed.pass else { panic!("{:?}", feed.pass) };
        assert!(since <= NOW.minus(Span::minutes(2)), "as much earlier as clocks may differ by");
        engine.take_in(&mut feed, fed(skew_ms), at(1));
        first.ended(&mut engine, feed, whole(), Usage::default(), at(1)).unwrap();
        assert_eq!((state(&engine, "tickets").cursor.as_deref(), state(&engine, "tickets").proved_at), (kept, None));
        let due = engine.passes_due(&"crm".into(), &"tickets".into(), Haste::AsDue, at(60));
        let Some(Pass::Resume { cursor, since }) = due.first() else { panic!("{due:?}") };
        assert!(cursor.as_deref() == kept && *since <= at(60).plus(Span(skew_ms)), "{due:?}");
    }
}

#[test]
fn the_people_of_a_deal_that_shows_a_part_of_them_are_read_before_they_are_proved() {
    let mut engine = engine();
    let mut turn = turn(&engine, "deals", Patience::Leaves, NOW);
    let mut run = pass(&mut turn, &mut engine, NOW);
    engine.take_in(&mut run, page(vec![deal("1", &["7", "8"], NOW, false)]), NOW);
    turn.ended(&mut engine, run, whole(), Usage::default(), at(1)).unwrap();
    let shown = |engine: &Engine| {
        let idx = engine.world.find(&"crm:deal:1".parse().unwrap()).unwrap();
        engine.world.record(idx).people.iter().map(|p| p.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(shown(&engine), ["7", "8"], "the part that is shown counts at once");
    let proved = |engine: &Engine| engine.proved(&"crm".into(), &"deal_people".into()).at;
    assert_eq!(proved(&engine), None);
    let mut run = pass(&mut turn, &mut engine, at(1));
    assert_eq!((&*run.stream, &run.pass), ("deal_people", &Pass::ForEach(vec!["1".into()])));
    let people = Observed::DealPeople { deal: "crm:deal:1".parse().unwrap(), people: vec!["7".into(), "8".into(), "9".into()] };
    engine.take_in(&mut run, page(vec![people]), at(2));
    turn.ended(&mut engine, run, whole(), Usage::default(), at(2)).unwrap();
    assert_eq!(shown(&engine), ["7", "8", "9"]);
    assert_eq!(proved(&engine), Some(NOW.minus(Span::seconds(60))), "with the pass that showed the deals");
}

#[test]
fn people_that_cannot_be_read_to_their_end_are_not_proved() {
    let mut engine = engine();
    let mut turn = turn(&engine, "deals", Patience::Leaves, NOW);
    let mut run = pass(&mut turn, &mut engine, NOW);
    engine.take_in(&mut run, page(vec![deal("1", &["7"], NOW, false)]), NOW);
    turn.ended(&mut engine, run, whole(), Usage::default(), NOW).unwrap();
    let run = pass(&mut turn, &mut engine, at(1));
    assert_eq!(&*run.stream, "deal_people");
    let cut = PassEnd { incomplete_because: Some("the people of deal 1 are not told whole".into()), ..PassEnd::default() };
    turn.ended(&mut engine, run, Ok(cut), Usage::default(), at(1)).unwrap();
    assert_eq!(engine.proved(&"crm".into(), &"deal_people".into()).at, None);
    assert!(engine.proved(&"crm".into(), &"deals".into()).at.is_some());
    assert!(state(&engine, "deal_people").error().is_some_and(|e| e.contains("deal 1")));
}

/// A token that was wrong a moment ago and is right now is not told as wrong.
#[test]
fn what_a_whole_pass_failed_to_read_is_not_told_of_one_that_read_some_of_it() {
    for (ended, told) in [(whole(), None), (refused(), Some("400: beyond 10000"))] {
        let mut engine = engine();
        let run = engine.begin(&"crm".into(), &"deal_people".into(), Pass::ForEach(vec!["1".into()]), NOW);
        engine.fail(&run, &refused().unwrap_err(), NOW).unwrap();
        let mut turn = turn(&engine, "deals", Patience::Leaves, at(1));
        let mut run = pass(&mut turn, &mut engine, at(1));
        engine.take_in(&mut run, page(vec![deal("1", &["7"], NOW, false)]), at(1));
        turn.ended(&mut engine, run, whole(), Usage::default(), at(1)).unwrap();
        let run = pass(&mut turn, &mut engine, at(1));
        assert_eq!(&*run.stream, "deal_people");
        turn.ended(&mut engine, run, ended, Usage::default(), at(1)).unwrap();
        assert_eq!(turn.report().error.is_some_and(|error| error.contains(told.unwrap_or(""))), told.is_some());
    }
}

#[test]
fn a_list_that_is_another_is_read_whole_in_the_same_turn_and_then_has_a_cursor() {
    let mut engine = engine();
    let mut first = turn(&engine, "tickets", Patience::Leaves, NOW);
    let mut passes = Vec::new();
    while let Step::Read(run) = first.next(&mut engine, NOW) {
        passes.push(run.pass.kind());
        let is_another = matches!(run.pass, Pass::Resume { .. }) && passes.len() == 2;
        first.ended(&mut engine, *run, Ok(PassEnd { is_another, ..whole().unwrap() }), Usage::default(), NOW).unwrap();
    }
    use PassKind::{Resume, Sweep};
    assert_eq!(passes, [Sweep, Resume, Sweep, Resume]);
    assert_eq!(first.report().error, None);
}
