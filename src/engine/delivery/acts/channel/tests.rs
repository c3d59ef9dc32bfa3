use super::*;

const APPLIED: [Outcome; 1] = [Outcome::Applied];

fn lost() -> [Outcome; 1] {
    [Outcome::Unknown("500: oops".into())]
}

fn answer(channel: &mut Channel, place: Idx, (lane, pick): (Lane, Pick), outcomes: &[Outcome], at: i64) -> bool {
    let places = [place];
    channel.leaves(&places, lane, pick);
    channel.answered(Answered { places: &places, lane, pick, sent_at: Time(at), has_fields: false, outcomes }, Time(at))
}

fn open() -> Channel {
    let mut channel = Channel::default();
    for place in 0..5 {
        assert!(!channel.is_open());
        answer(&mut channel, place, (Lane::Fields, Pick::All), &lost(), 0);
    }
    assert!(channel.is_open() && channel.trouble().is_some_and(|(why, _)| why == "500: oops"));
    channel
}

#[test]
fn places_are_kept_for_what_protects() {
    let mut channel = Channel::default();
    let lanes = |channel: &Channel| channel.turns(Time(1)).iter().map(|(lane, _)| *lane).collect::<Vec<_>>();
    assert_eq!(lanes(&channel), [Lane::Protective, Lane::Release, Lane::Fields]);
    for place in 0..5 {
        channel.leaves(&[place], Lane::Fields, Pick::All);
    }
    assert_eq!(lanes(&channel), [Lane::Protective, Lane::Release]);
    channel.leaves(&[5], Lane::Release, Pick::All);
    assert_eq!(lanes(&channel), [Lane::Protective], "however many hang");
    for place in 6..8 {
        channel.leaves(&[place], Lane::Protective, Pick::All);
    }
    assert_eq!(lanes(&channel), []);
}

#[test]
fn an_open_breaker_lets_single_writes_through_ever_more_slowly_and_what_protects_first() {
    let mut channel = open();
    let (mut now, mut probes) = (0, Vec::new());
    while now < 3_600_000 {
        now += 1_000;
        assert_eq!(channel.turns(Time(now))[0], (Lane::Protective, Pick::Fresh), "a new cause is always tried");
        if let Some(turn) = channel.turns(Time(now)).get(1).copied() {
            probes.push((now / 1_000, turn.0));
            answer(&mut channel, 9, turn, &lost(), now);
        }
    }
    let seconds: Vec<i64> = probes.iter().map(|(at, _)| *at).collect();
    assert_eq!(seconds[..8], [5, 15, 35, 75, 155, 315, 615, 915]);
    assert_eq!((probes[0].1, probes[1].1, probes[2].1), (Lane::Protective, Lane::Release, Lane::Protective), "the others have turns, too");
    assert!(answer(&mut channel, 9, (Lane::Protective, Pick::Probe), &APPLIED, now), "it works again");
    assert_eq!(channel.turns(Time(now))[0], (Lane::Protective, Pick::All));
}

#[test]
fn a_no_is_an_answer() {
    let mut channel = open();
    assert!(answer(&mut channel, 1, (Lane::Protective, Pick::Probe), &[Outcome::Rejected("bad".into())], 9_000));
    assert!(!channel.is_open());
}

#[test]
fn a_told_wait_is_waited_for_within_bounds_and_is_no_failure() {
    let later = |wait| [Outcome::Later { why: "moving".into(), wait }];
    let mut channel = Channel::default();
    answer(&mut channel, 1, (Lane::Fields, Pick::All), &later(Span::minutes(60)), 0);
    assert_eq!(channel.turns(Time(1)), [(Lane::Protective, Pick::All)], "what protects asks for itself");
    answer(&mut channel, 2, (Lane::Protective, Pick::All), &later(Span::days(1)), 0);
    assert_eq!(channel.turns(Time(299_000)), []);
    assert_eq!(channel.turns(Time(300_000)), [(Lane::Protective, Pick::All)]);
    answer(&mut channel, 2, (Lane::Protective, Pick::All), &APPLIED, 300_000);
    assert_eq!(channel.turns(Time(300_001)).len(), 3, "it takes writes again");
}

#[test]
fn looks_that_hang_or_fail_are_few_and_ever_slower() {
    let mut channel = Channel::default();
    for place in 0..9 {
        channel.lost_answer(place, "timed out".into());
    }
    let first = channel.to_look_at(4, Time(0));
    let second = channel.to_look_at(4, Time(0));
    assert_eq!((&first[..], &second[..]), (&[0, 1, 2, 3][..], &[4, 5, 6, 7][..]));
    assert!(channel.to_look_at(4, Time(0)).is_empty(), "two at a time");
    assert_eq!(channel.turns(Time(0)).len(), 3, "writes do not wait for them");
    channel.looked(&first, false, Time(0));
    assert!(channel.to_look_at(4, Time(1_999)).is_empty());
    assert_eq!(channel.to_look_at(4, Time(2_000)), [8, 0], "fewer at once, so that one hides no others");
    channel.looked(&[8, 0], true, Time(2_500));
    assert_eq!(channel.is_known(0).as_deref(), Some("timed out"));
    assert!(channel.is_busy(1) && !channel.is_busy(0));
}

#[test]
fn after_a_slow_field_none_rides_along_with_a_stop_mark() {
    let mut channel = Channel::default();
    assert!(channel.may_take_company(Time(0)));
    let places = [1];
    channel.leaves(&places, Lane::Fields, Pick::All);
    let slow = Answered { places: &places, lane: Lane::Fields, pick: Pick::All, sent_at: Time(0), has_fields: true, outcomes: &APPLIED };
    channel.answered(slow, Time(25_000));
    assert!(!channel.may_take_company(Time(26_000)));
}

/// One whose look always fails hid all behind it, for ever.
#[test]
fn who_was_not_looked_at_comes_before_who_failed() {
    let mut channel = Channel::default();
    (1..=4).for_each(|idx| channel.is_unlisted(idx));
    let mut looks = Vec::new();
    for day in 1..=6 {
        let now = Time(day * 86_400_000);
        let at = channel.to_look_at(2, now);
        let answered = !at.contains(&1);
        channel.looked(&at, answered, now);
        if answered {
            at.iter().for_each(|idx| drop(channel.is_known(*idx)));
        }
        looks.push(at);
    }
    assert_eq!(looks, [vec![1, 2], vec![3], vec![1, 2], vec![4], vec![1, 2], vec![1]]);
    let at = channel.to_look_at(2, Time(7 * 86_400_000));
    assert_eq!(at, [2], "the one behind it has its turn");
}
