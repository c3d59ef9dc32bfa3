//! Mails that nobody would write: the corpus, changed as the fuzzer's bytes say, and bytes alone. CONTRIBUTING.md says how to run it longer.

#[allow(dead_code, reason = "shared with the other fuzz targets, which change JSON too")]
#[path = "../robustness/fuzz/change.rs"]
mod change;

use crate::mails::{HEAD, corpus, japanese, put, with_emoji};
use crate::same::assert_same_but_for_footer;
use change::Tape;
use mail_parser::MessageParser;
use nayose::footer::Placed;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

/// So long each target runs within the tests.
const TIME: Duration = Duration::from_secs(2);
const TAPE_BYTES_MAX: usize = 200;

/// Untouched, or the mail with its footer and not much more.
fn untouched_or_right(name: &str, mail: &[u8]) -> bool {
    let mut edited = false;
    for footer in [japanese(), with_emoji()] {
        if let Placed::Edited(out) = put(mail, &footer) {
            assert!(out.bytes.len() <= 4 * mail.len() + 20_000, "{name}: {} octets of {}", out.bytes.len(), mail.len());
            // With assertions on, mail-parser panics at some messages within messages; the room hides those from it.
            if std::panic::catch_unwind(|| MessageParser::default().parse(mail).is_some()).is_ok() {
                assert_same_but_for_footer(name, mail, &out, &footer);
            }
            edited = true;
        }
    }
    edited
}

#[test]
fn changed_mails_stay_or_get_their_footer() {
    let mails = AssertUnwindSafe(corpus());
    bolero::check!().with_max_len(TAPE_BYTES_MAX).with_test_time(TIME).for_each(move |bytes: &[u8]| {
        let (mails, mut tape) = (&mails, Tape::new(bytes));
        let mail = tape.pick(&mails.0);
        let changed = change::bytes(&mail.bytes, &mut tape);
        untouched_or_right(&mail.name, &changed);
    });
}

/// Two mails cut and joined: boundaries of one in the other.
#[test]
fn joined_mails_stay_or_get_their_footer() {
    let mails = AssertUnwindSafe(corpus());
    bolero::check!().with_max_len(TAPE_BYTES_MAX).with_test_time(TIME).for_each(move |bytes: &[u8]| {
        let (mails, mut tape) = (&mails, Tape::new(bytes));
        let (one, other) = (tape.pick(&mails.0), tape.pick(&mails.0));
        let (to, from) = (tape.below(one.bytes.len()), tape.below(other.bytes.len()));
        let end = (from + tape.below(600)).min(other.bytes.len());
        let joined = [&one.bytes[..to], &other.bytes[from..end], &one.bytes[to..]].concat();
        untouched_or_right(&one.name, &change::bytes(&joined, &mut tape));
    });
}

#[test]
fn any_bytes_stay_or_get_their_footer() {
    bolero::check!().with_max_len(2000).with_test_time(TIME).for_each(|bytes: &[u8]| {
        untouched_or_right("bytes", bytes);
        untouched_or_right("bytes behind a header", &[HEAD.as_bytes(), bytes].concat());
    });
}

/// Of the changed mails enough are edited for the targets above to mean something.
#[test]
fn changed_mails_are_often_edited() {
    let mut edited = 0;
    for (number, mail) in corpus().iter().filter(|mail| mail.cause.becomes == "edited").enumerate() {
        let tape: Vec<u8> = (0..60).map(|i| (number * 31 + i * 17 + (number * i) % 7) as u8).collect();
        edited += usize::from(untouched_or_right(&mail.name, &change::bytes(&mail.bytes, &mut Tape::new(&tape))));
    }
    assert!(edited >= 10, "{edited}");
}
