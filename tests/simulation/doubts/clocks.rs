//! Cool-downs and clocks.

use super::place::{NOW, Place, Running, deal};
use nayose::model::{DealState, Record, Span, Time};

const PEOPLE: [(&str, Option<&str>); 2] = [("1", None), ("2", None)];

fn lost(ended: Time) -> Record {
    let mut deal = deal("8", DealState::Lost, &["1"], None);
    deal.memory.ended_at = Some(ended);
    deal
}

/// Someone on a deal that was seen open and lost a minute later.
fn cooling(place: &Place) -> Running {
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    assert_eq!(running.gate("1"), "hold open_deal_person");
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![lost(running.now)], vec![]);
    assert_eq!(running.gate("1"), "hold cooldown");
    running
}

fn read_all(running: &mut Running) {
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![lost(NOW.plus(Span::minutes(1)))], vec![]);
}

#[test]
fn a_close_date_in_the_past_does_not_skip_the_cool_down() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![lost(NOW.minus(Span::days(60)))], vec![]);
    assert_eq!(running.gate("1"), "hold cooldown");
    running.later(Span::days(30));
    read_all(&mut running);
    assert_eq!(running.gate("1"), "allow", "thirty days later it is over");
}

#[test]
fn a_deal_that_was_lost_long_ago_while_we_were_away_is_over() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    drop(running);
    let mut running = place.start(NOW.plus(Span::days(40)));
    running.sweep("crm.deals", vec![lost(NOW.plus(Span::days(2)))], vec![]);
    running.read_all(&PEOPLE);
    assert_eq!(running.gate("1"), "allow", "it was seen open forty days ago, and lost two days after that");
}

#[test]
fn no_cool_down_ends_by_a_clock_that_is_ahead() {
    let place = Place::new();
    let mut running = cooling(&place);
    let right = running.now;
    running.now = right.plus(Span::days(31));
    // Before any system told its time.
    running.decide();
    assert!(running.gate("1").starts_with("hold cooldown"), "{}", running.gate("1"));
    running.skew_ms = Some(-Span::days(31).0);
    read_all(&mut running);
    assert!(running.gate("1").starts_with("hold cooldown"), "{}", running.gate("1"));
    assert!(running.gate("2").starts_with("hold"), "nothing can be told to be young: {}", running.gate("2"));
    assert!(!running.engine.may_release(running.now));
    let status = running.engine.status(&Default::default(), running.now);
    assert!(status.because.iter().any(|b| b.contains("this machine's clock is 2678400 s ahead")), "{:?}", status.because);
    (running.now, running.skew_ms) = (right.plus(Span::minutes(1)), Some(0));
    read_all(&mut running);
    assert_eq!((running.gate("1"), running.gate("2")), ("hold cooldown".into(), "allow".into()));
}

#[test]
fn no_cool_down_ends_by_a_process_that_was_started_with_a_clock_ahead() {
    let place = Place::new();
    drop(cooling(&place));
    let mut running = place.start(NOW.plus(Span::days(31)));
    running.skew_ms = Some(-Span::days(31).0);
    assert!(running.gate("1").starts_with("hold cooldown"), "{}", running.gate("1"));
    read_all(&mut running);
    assert!(running.gate("1").starts_with("hold cooldown"), "{}", running.gate("1"));
    drop(running);
    let mut running = place.start(NOW.plus(Span::minutes(5)));
    read_all(&mut running);
    assert_eq!(running.gate("1"), "hold cooldown");
    drop(running);
    let mut running = place.start(NOW.plus(Span::days(31)));
    read_all(&mut running);
    assert_eq!(running.gate("1"), "allow", "thirty-one days later by all clocks");
}

#[test]
fn the_one_system_whose_clock_is_off_is_told_and_stops_nothing() {
    let place = Place::new();
    for off in [Span::days(365), Span(-Span::minutes(5).0)] {
        let mut running = place.start(NOW);
        running.skew_of.insert("ma", off.0);
        running.read_all(&PEOPLE);
        running.read_all(&PEOPLE);
        let line = format!(
            "ma: its clock differs by {} s from ours and from the other systems'; its times are taken with that difference, and nothing waits for it",
            off.as_seconds()
        );
        assert!(running.because().contains(&line), "{}", running.because());
        assert!(!running.because().contains("this machine's clock"), "{}", running.because());
        assert_eq!((running.gate("1"), running.engine.may_release(running.now)), ("allow".into(), true));
        // Set right there, nothing is told.
        running.skew_of.clear();
        running.read_all(&PEOPLE);
        assert!(!running.because().contains("clock"), "{}", running.because());
        assert_eq!(running.gate("1"), "allow");
    }
}

/// The rules were edited half an hour before they are taken back: that is no edit of a moment ago, whatever our clock said then or says now.
#[test]
fn by_a_wrong_clock_no_edit_was_made_a_moment_ago() {
    for (then, now, back_after, waits) in [(0, 0, 5, 0), (0, 0, 33, 1), (30, 0, 33, 1), (0, -30, 33, 1)] {
        let place = Place::new();
        let mut running = place.start(NOW);
        read_all(&mut running);
        drop(running);
        place.edit("policy.toml", "lost = \"30d\"", "lost = \"60d\"");
        let mut running = place.start(NOW.plus(Span::minutes(1 + then)));
        running.skew_ms = Some(-Span::minutes(then).0);
        read_all(&mut running);
        running.later(Span::minutes(back_after - 2));
        read_all(&mut running);
        drop(running);
        place.edit("policy.toml", "lost = \"60d\"", "lost = \"30d\"");
        let running = place.start(NOW.plus(Span::minutes(back_after + now)));
        let waiting = running.engine.waiting();
        assert_eq!(waiting.len(), waits, "by {then} minutes, then by {now}, after {back_after}: {waiting:?}");
    }
}
