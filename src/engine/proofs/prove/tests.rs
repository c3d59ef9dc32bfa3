//! What the end of a pass proves, and what is not believed.

use super::*;
use crate::connector::{PassKind, Reads};
use crate::engine::proofs::reading::SweepUnderWay;
use crate::engine::proofs::schedule;

const NOW: Time = Time(1_000_000_000);

fn run(pass: Pass) -> PassRun {
    PassRun { read: 1, ..PassRun::new(&"crm".into(), &"deals".into(), pass, Time(900)) }
}

fn proving() -> Proving {
    let every = Span::seconds(60);
    Proving {
        at: Time(800),
        sound: true,
        overlaps: false,
        left_the_list: false,
        is_another: false,
        persons_swept_within: None,
        deals_proved: None,
        every,
    }
}

/// Swept and with a filter that works, but nothing proved by this process.
fn swept() -> StreamState {
    StreamState { swept_at: Some(Time(500)), filter_tested_at: Some(Time(500)), since: Some(Time(400)), ..StreamState::default() }
}

fn after(mut state: StreamState, pass: Pass, proving: Proving) -> StreamState {
    state.ended(&run(pass), None, &proving, NOW);
    state
}

fn changes() -> Pass {
    Pass::Changes(Time(400))
}

fn resume() -> Pass {
    feed(400)
}

fn feed(since: i64) -> Pass {
    Pass::Resume { cursor: None, since: Time(since) }
}

#[test]
fn a_pass_proves_only_what_nothing_can_be_hidden_from() {
    let (unsound, left) = (Proving { sound: false, ..proving() }, Proving { left_the_list: true, ..proving() });
    let deals = |at: i64| Proving { deals_proved: Some(Time(at)), ..proving() };
    let unswept = || StreamState { swept_at: None, ..swept() };
    let untested = StreamState { filter_tested_at: None, ..swept() };
    let broken = StreamState { filter_broken: true, ..swept() };
    let overlapping = Proving { overlaps: true, ..proving() };
    let asked = || Pass::ForEach(vec!["7".into()]);
    for (state, pass, proving, want) in [
        (StreamState::default(), Pass::Sweep, unsound, Some(800)),
        (swept(), changes(), proving(), Some(800)),
        (swept(), changes(), unsound, None),
        (unswept(), changes(), proving(), None),
        (untested, changes(), proving(), None),
        (broken, changes(), proving(), None),
        // It did not even show the newest known record.
        (swept(), changes(), overlapping, None),
        (swept(), resume(), proving(), Some(800)),
        (swept(), resume(), unsound, None),
        (unswept(), resume(), proving(), None),
        (swept(), resume(), Proving { is_another: true, ..proving() }, None),
        (swept(), feed(900), proving(), Some(800)),
        // It was begun later than it was there.
        (swept(), feed(901), proving(), None),
        (swept(), Pass::Open, unsound, Some(800)),
        (unswept(), Pass::Open, proving(), None),
        (swept(), Pass::Open, left, None),
        (swept(), asked(), proving(), None),
        (swept(), asked(), deals(700), Some(700)),
        (swept(), asked(), deals(950), Some(800)),
        (swept(), Pass::ById(vec!["7".into()]), proving(), None),
        (swept(), Pass::FilterTest(Time(9_000)), proving(), None),
    ] {
        let told = format!("{state:?} {pass:?} {proving:?}");
        assert_eq!(after(state, pass, proving).proved_at, want.map(Time), "{told}");
    }
}

#[test]
fn filtered_people_count_while_a_young_sweep_stands_behind_them() {
    let within = |span| Proving { sound: false, persons_swept_within: Some(span), ..proving() };
    let (young, old) = (within(NOW.since(Time(500))), within(NOW.since(Time(501))));
    for pass in [changes(), resume()] {
        assert_eq!(after(swept(), pass.clone(), young).filtered_at, Some(Time(800)));
        assert_eq!(after(swept(), pass.clone(), old).filtered_at, None);
        assert_eq!(after(swept(), pass, proving()).filtered_at, None);
    }
    assert_eq!(after(swept(), feed(901), young).filtered_at, None, "it was begun later than it was there");
    let broken = StreamState { filter_broken: true, ..swept() };
    assert_eq!(after(broken, changes(), young).filtered_at, None);
}

#[test]
fn a_list_that_is_another_is_read_whole_next() {
    let read = || StreamState { cursor: Some("content".into()), ..swept() };
    let state = after(read(), resume(), Proving { is_another: true, ..proving() });
    assert_eq!((state.cursor, state.swept_at, state.since), (None, None, None));
    let state = after(read(), resume(), proving());
    assert_eq!((state.cursor.as_deref(), state.swept_at), (Some("content"), Some(Time(500))));
}

#[test]
fn a_sweep_sets_where_the_filter_goes_on_and_is_over() {
    for (newest, want) in [(None, 900), (Some(300), 300), (Some(5_000), 900)] {
        let mut state = StreamState { silent_passes: 2, sweep: Some(under_way("p2")), since: Some(Time(899)), ..StreamState::default() };
        let sweep = PassRun { newest: newest.map(Time), ..run(Pass::Sweep) };
        state.ended(&sweep, None, &proving(), NOW);
        assert_eq!((state.since, state.swept_at, state.silent_passes), (Some(Time(want)), Some(Time(900)), 0));
        assert!(state.swept_here && state.sweep.is_none());
    }
}

#[test]
fn a_filter_that_stays_silent_makes_everything_be_read_again() {
    let (mut state, overlapping) = (swept(), Proving { overlaps: true, ..proving() });
    for silent in 1..=SILENT_PASSES_MAX {
        state.ended(&run(changes()), None, &overlapping, NOW);
        assert_eq!((state.silent_passes, state.swept_at.is_some()), (silent, true));
    }
    state.ended(&run(changes()), None, &overlapping, NOW);
    assert_eq!((state.silent_passes, state.swept_at), (0, None));
    let mut state = StreamState { silent_passes: SILENT_PASSES_MAX, ..swept() };
    state.ended(&PassRun { newest: Some(Time(400)), ..run(changes()) }, None, &overlapping, NOW);
    assert_eq!((state.silent_passes, state.swept_at.is_some()), (0, true), "the newest known record came back");
}

#[test]
fn a_filter_that_gives_what_is_still_to_come_is_broken() {
    let test = || Pass::FilterTest(Time(9_000));
    let broken = after(swept(), test(), proving());
    assert!(
        broken.filter_broken && broken.filter_tested_at == Some(NOW) && broken.error().is_some_and(|e| e.contains("ignores the filter"))
    );
    let mut works = broken;
    works.ended(&PassRun { read: 0, ..run(test()) }, None, &proving(), NOW);
    assert!(!works.filter_broken && works.error().is_none());
}

#[test]
fn a_pass_that_is_not_whole_fails_and_the_next_whole_one_reads_again() {
    let mut state = StreamState { sweep: Some(under_way("p2")), ..swept() };
    assert!(!state.ended(&run(Pass::Sweep), Some("cut".into()), &proving(), NOW));
    assert_eq!((state.proved_at, state.swept_at, state.sweep.is_none()), (None, Some(Time(500)), true));
    assert_eq!(state.error().as_deref(), Some("cut"));
    assert!(!state.ended(&run(changes()), None, &proving(), NOW), "another pass says nothing of it");
    state.reads_otherwise = true;
    assert!(state.ended(&run(Pass::Sweep), None, &proving(), NOW) && state.error().is_none());
    assert!(!state.reads_otherwise, "all of it was seen as it is read now");
    assert!(!state.ended(&run(Pass::Sweep), None, &proving(), NOW));
}

fn under_way(place: &str) -> SweepUnderWay {
    let place = Some(place).filter(|p| !p.is_empty()).map(Into::into);
    SweepUnderWay { began: Time(1), began_there: Time(1), epoch: 1, place, read: 9, newest: None, shown: Default::default() }
}

fn system_error(of: fn(crate::model::Name, String) -> SystemError) -> SystemError {
    of("crm".into(), "deals at https://crm.example".into())
}

#[test]
fn a_sweep_goes_on_from_its_place_only_where_it_may_end_otherwise() {
    let passes = system_error(|system, what| SystemError::Unreachable { system, what, why: "late".into() });
    let stays = system_error(|system, what| SystemError::NotFound { system, what });
    for (place, error, want) in [("p2", &passes, true), ("", &passes, false), ("p2", &stays, false)] {
        let mut state = StreamState { sweep: Some(under_way(place)), ..swept() };
        state.broke_off(&run(Pass::Sweep), error, Span::seconds(60), NOW);
        assert_eq!(state.sweep.is_some(), want, "{place} {error}");
        let mut state = StreamState { sweep: Some(under_way("p2")), ..swept() };
        state.broke_off(&run(changes()), error, Span::seconds(60), NOW);
        assert!(state.sweep.is_some(), "it was another pass that failed");
    }
}

#[test]
fn a_lost_cursor_is_begun_anew_at_once_and_a_second_time_it_waits() {
    let lost = system_error(|system, what| SystemError::CursorLost { system, what });
    for since in [None, Some(Time(400))] {
        let mut state = StreamState { cursor: Some("c7".into()), since, ..swept() };
        state.broke_off(&run(resume()), &lost, Span::seconds(60), NOW);
        assert_eq!((state.cursor.as_deref(), state.swept_at.is_some()), (None, since.is_some()));
        assert_eq!(state.failures[&PassKind::Resume].retry_at, NOW);
        state.broke_off(&run(resume()), &lost, Span::seconds(60), NOW);
        assert!(state.failures[&PassKind::Resume].retry_at > NOW);
    }
}

#[test]
fn what_a_system_says_is_kept_of_a_failure() {
    let refused = system_error(|system, what| SystemError::Refused { system, what, said: "400".into() });
    let credential = system_error(|system, what| SystemError::Credential { system, what, said: "401".into() });
    let later = system_error(|system, what| SystemError::Later { system, what, wait: Span::seconds(40) });
    for (pass, error, broken, asked) in [
        (Pass::FilterTest(Time(9_000)), &refused, true, false),
        (changes(), &refused, false, false),
        (Pass::FilterTest(Time(9_000)), &credential, false, false),
        (Pass::Sweep, &later, false, true),
    ] {
        let (mut state, kind) = (swept(), pass.kind());
        state.broke_off(&run(pass), error, Span::seconds(60), NOW);
        assert_eq!((state.filter_broken, state.failures[&kind].asked_to_wait), (broken, asked), "{error}");
        assert_eq!(state.credential_refused(), error == &credential);
        assert!(state.failures[&kind].why.starts_with("at https://crm.example"), "{:?}", state.failures[&kind].why);
    }
    let mut state = swept();
    state.broke_off(&run(Pass::Sweep), &later, Span::seconds(60), NOW);
    assert_eq!(state.failures[&PassKind::Sweep].retry_at, NOW.plus(Span::seconds(40)));
}

#[test]
fn a_pass_that_shows_too_little_is_not_believed() {
    let (whole, cut) = (PassEnd { complete: true, ..PassEnd::default() }, PassEnd::default());
    let fewer = PassEnd { incomplete_because: Some("9 of 10".into()), ..whole.clone() };
    let empty = |pass| PassRun { read: 0, ..run(pass) };
    let asked = || Pass::ForEach(vec!["7".into()]);
    let people = |carries_people| PassRun { carries_people, deals_without_people: vec!["7".into()], ..run(Pass::Sweep) };
    let emptied = |emptied, naming| PassRun { emptied, naming, ..run(asked()) };
    for (run, end, elsewhere, known, want) in [
        (run(Pass::Sweep), &whole, false, 9, None),
        (run(Pass::Sweep), &cut, false, 9, Some("it was not read to its end")),
        (run(Pass::Sweep), &fewer, false, 9, Some("not complete: 9 of 10")),
        (run(Pass::FilterTest(Time(1))), &cut, false, 9, None),
        (people(true), &whole, false, 9, Some("the people of 1 deal are not shown whole, the first is crm:deal:7")),
        (people(true), &whole, true, 9, None),
        (people(false), &whole, false, 9, None),
        (empty(Pass::Sweep), &whole, false, 5, Some("lists none of the 5 records that are known")),
        (empty(Pass::Sweep), &whole, false, 4, None),
        (PassRun { read_before: 1, ..empty(Pass::SweepFrom("p2".into())) }, &whole, false, 5, None),
        (empty(changes()), &whole, false, 5, None),
        (empty(asked()), &whole, false, 0, Some("the people of none of 1 deals were told")),
        (empty(Pass::ForEach(Vec::new())), &whole, false, 0, None),
        (emptied(5, 0), &whole, false, 0, Some("the people of none of 1 deals were told")),
        (emptied(5, 1), &whole, false, 0, None),
        (emptied(4, 0), &whole, false, 0, None),
    ] {
        let why = why_incomplete(&run, end, elsewhere, || known);
        assert_eq!(why.is_some(), want.is_some(), "{run:?}: {why:?}");
        assert!(want.is_none_or(|want| why.as_ref().unwrap().contains(want)), "{why:?}");
    }
}

#[test]
fn the_people_are_proved_only_by_a_pass_that_carries_them_all() {
    let none = schedule::tests::info(Entity::Deal, Reads::ModifiedSince);
    let sweep = StreamInfo { sweep_carries_people: true, ..none.clone() };
    let open = StreamInfo { open_carries_people: true, ..none.clone() };
    let unsound = StreamInfo { changes_carry_people: true, ..none.clone() };
    let sound = StreamInfo { sound: true, ..unsound.clone() };
    let (asked, by_id) = (Pass::ForEach(vec!["7".into()]), Pass::ById(vec!["7".into()]));
    let all = [Pass::Sweep, Pass::SweepFrom("p".into()), Pass::Open, changes(), resume(), asked, by_id, Pass::FilterTest(NOW)];
    for (info, filter_works, want) in [
        (&none, true, vec![]),
        (&sweep, false, vec![0, 1]),
        (&open, false, vec![2]),
        (&unsound, true, vec![]),
        (&sound, true, vec![3, 4]),
        (&sound, false, vec![4]),
    ] {
        let proves: Vec<usize> = (0..all.len()).filter(|i| proves_people(&all[*i], info, filter_works)).collect();
        assert_eq!(proves, want, "{info:?} {filter_works}");
    }
}

#[test]
fn a_sweep_of_people_is_young_for_two_rounds_of_it() {
    let people = schedule::tests::info(Entity::Person, Reads::ModifiedSince);
    assert_eq!(persons_swept_within(&people, None), Some(Span::days(2)));
    let said = StreamInfo { sweep_every: Some(Span::minutes(30)), ..people };
    assert_eq!(persons_swept_within(&said, None), Some(Span::minutes(60)));
    assert_eq!(persons_swept_within(&said, Some(Span::minutes(5))), Some(Span::minutes(10)));
    assert_eq!(persons_swept_within(&schedule::tests::info(Entity::Deal, Reads::ModifiedSince), None), None);
}
