//! Relays that copy between the systems, beside people who type: what they bring moves nothing that stands, and writing stops.

use super::play::{Play, SYSTEMS};
use super::settling::{names, rule, rules, text, values};
use super::*;
use crate::merge::rules::Strategy;
use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest};

/// All are written, and one value stands everywhere.
fn agreed_on(value: &str, typed_at: usize) -> Play {
    let mut play =
        Play::new(rule(Strategy::Newest(names(&SYSTEMS))), vec![(Value::Empty, 9, true), (Value::Empty, 9, true), (Value::Empty, 9, true)]);
    play.settle();
    play.types(typed_at, Value::text(value));
    play.settle();
    play.a_day_passes();
    assert_eq!(play.shown(), [&Value::text(value); 3]);
    play
}

/// A native sync of the two copied the CRM's value of a round ago, and both changed places for ever.
#[test]
fn a_relay_that_copies_what_stood_a_round_ago_neither_goes_round_nor_takes_back_what_was_typed() {
    let mut play = agreed_on("A", 0);
    play.types(1, Value::text("B"));
    let mut before = Value::text("A");
    let mut written = Vec::new();
    for _ in 0..8 {
        written.push(play.round(&[0, 1, 2]));
        let now = play.places[0].shows.clone();
        if play.places[1].shows != before && now != before {
            play.copies(1, before.clone());
        }
        before = now;
    }
    assert_eq!((&play.places[0].shows, &written[2..]), (&Value::text("B"), &[0; 6][..]), "{written:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn under_any_rule_writing_stops_after_two_rounds_beside_relays(
        rule in rules(),
        values in values(text()),
        edits in proptest::collection::vec((0..3_usize, text(), proptest::bool::ANY, proptest::bool::ANY), 0..8),
    ) {
        let mut play = Play::new(rule, values);
        for (at, value, is_seen, is_copy) in edits {
            if is_copy { play.copies(at, value) } else { play.types(at, value) }
            if is_seen {
                play.round(&[0, 1, 2]);
            }
        }
        prop_assert!(play.settle() <= 2, "{:?}", play.shown());
    }

    #[test]
    fn a_copy_moves_nothing_elsewhere_and_what_is_typed_then_stands_everywhere(typed in 0..3_usize, copied in 0..3_usize, then in 0..3_usize) {
        let mut play = agreed_on("x", typed);
        play.copies(copied, Value::text("y"));
        play.settle();
        let others = play.places.iter().enumerate().filter(|(at, _)| *at != copied);
        prop_assert!(others.into_iter().all(|(_, place)| place.shows == Value::text("x")), "{:?}", play.shown());
        play.a_day_passes();
        play.types(then, Value::text("z"));
        play.settle();
        let everywhere = Value::text("z");
        prop_assert_eq!(play.shown(), [&everywhere; 3]);
    }
}
