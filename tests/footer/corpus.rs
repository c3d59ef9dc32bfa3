//! Each mail of `tests/footer_mails` becomes what is written beside it.

use crate::mails::{TEXT, corpus, corpus_mail, edited, english, folder, japanese, outcome, put, with_emoji};
use crate::same::assert_same_but_for_footer;
use nayose::footer::{Placed, WhyUntouched};
use std::collections::BTreeSet;

#[test]
fn each_mail_becomes_what_is_written_beside_it() {
    let mut wrong = Vec::new();
    for mail in corpus() {
        let placed = put(&mail.bytes, &japanese());
        if outcome(&placed) != mail.cause.becomes {
            wrong.push(format!("{} ({}): {}, not {}", mail.name, mail.cause.cause, outcome(&placed), mail.cause.becomes));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn each_edited_mail_is_the_same_but_for_its_footer() {
    let mut count = 0;
    for mail in corpus() {
        for footer in [japanese(), with_emoji(), english()] {
            if let Placed::Edited(out) = put(&mail.bytes, &footer) {
                assert_same_but_for_footer(&format!("{} with {}", mail.name, footer.id()), &mail.bytes, &out, &footer);
                count += 1;
            } else {
                assert_ne!(mail.cause.becomes, "edited", "{} with {}", mail.name, footer.id());
            }
        }
    }
    assert!(count > 150, "{count}");
}

#[test]
fn every_mail_has_its_cause() {
    let names: BTreeSet<String> = corpus().into_iter().map(|mail| mail.name).collect();
    let files = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mails: BTreeSet<String> = files.filter_map(|name| name.strip_suffix(".eml").map(str::to_string)).collect();
    assert_eq!(names, mails);
}

/// A reason that no mail of the corpus gives is one of those that `limits` makes, or `which_slot` of the room itself.
#[test]
fn each_reason_is_met() {
    let made = ["too_large", "header_too_large", "too_deep", "too_many_parts", "html_too_long", "readers_disagree", "several_slots"];
    let met: BTreeSet<String> = corpus().into_iter().map(|mail| mail.cause.becomes).collect();
    let missing: Vec<&str> =
        WhyUntouched::ALL.iter().map(|why| why.name()).filter(|name| !met.contains(*name) && !made.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Golden scenario 9.
#[test]
fn iso_2022_jp_stays_and_its_octets_stay() {
    for (name, octets) in [
        ("plain_jis_7bit", &b"\x1b$B$3$s$K$A$O!#\x1b(B"[..]),
        ("plain_jis_vendor_rows", b"\x1b$B-!-j|b\x1b(B"),
        ("plain_jis_half_width_kana", b"\x1b(I6E6E\x1b(B abc"),
        ("plain_jis_roman", b"\x1b(JPrice \\100\x1b(B"),
    ] {
        let mail = corpus_mail(name);
        let out = edited(&mail, &japanese()).bytes;
        assert!(out.windows(octets.len()).any(|seen| seen == octets), "{name}");
        let text = String::from_utf8_lossy(&out).into_owned();
        assert!(text.contains("charset=ISO-2022-JP") && out.is_ascii(), "{name}: {text}");
        let body = &out[out.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4..];
        let decoded = encoding_rs::ISO_2022_JP.decode_without_bom_handling_and_without_replacement(body).expect("strict");
        assert!(decoded.ends_with(&format!("\r\n\r\n-- \r\n{}\r\n", TEXT.replace('\n', "\r\n"))), "{name}: {decoded}");
    }
}

#[test]
fn a_footer_beyond_jis_makes_the_text_utf_8_and_leaves_html_alone() {
    let mail = corpus_mail("plain_jis_half_width_kana");
    let out = String::from_utf8(edited(&mail, &with_emoji()).bytes).unwrap();
    assert!(out.contains("Content-Type: text/plain; charset=utf-8\r\n"), "{out}");
    let mail = corpus_mail("html_jis");
    let out = edited(&mail, &with_emoji()).bytes;
    assert!(out.is_ascii());
    let out = String::from_utf8(out).unwrap();
    assert!(out.contains("charset=ISO-2022-JP") && out.contains("&#127800; &#9312;&#12849;&#39641;"), "{out}");
}

#[test]
fn an_open_end_is_brought_back_to_ascii() {
    let out = edited(&corpus_mail("plain_jis_open_end"), &japanese()).bytes;
    let expected = b"\x1b$BL>4s$;\x1b(B\r\n\r\n-- \r\n\x1b$B";
    assert!(out.windows(expected.len()).any(|seen| seen == expected), "{}", String::from_utf8_lossy(&out));
}
