//! Mails that are too much.

use crate::mails::{HEAD, japanese, mail, outcome, put, slot};
use nayose::footer::{FooterText, MailLimits, Placed, WhyUntouched, place};

fn with(mail: &[u8], limits: MailLimits) -> &'static str {
    outcome(&place(mail, &japanese(), &slot(), &limits))
}

fn nested(depth: usize) -> Vec<u8> {
    let mut out = HEAD.to_string();
    for level in 0..depth {
        out.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
    }
    out.push_str("Content-Type: text/plain\r\n\r\nHello\r\n");
    for level in (0..depth).rev() {
        out.push_str(&format!("--b{level}--\r\n"));
    }
    out.into_bytes()
}

#[test]
fn a_large_mail_stays_as_it_is() {
    let small = mail("\nHello\n");
    let limits = MailLimits { bytes: small.len(), ..MailLimits::default() };
    assert_eq!(with(&small, limits), "edited");
    assert_eq!(with(&small, MailLimits { bytes: small.len() - 1, ..limits }), "too_large");
}

#[test]
fn a_huge_header_stays_as_it_is() {
    let huge = mail(&format!("X-Long: {}\n\nHello\n", "x\n y".repeat(40_000)));
    assert_eq!(with(&huge, MailLimits::default()), "header_too_large");
    assert_eq!(with(&huge, MailLimits { header_bytes: 400_000, ..MailLimits::default() }), "edited");
}

#[test]
fn deep_nesting_ends_at_its_limit() {
    assert_eq!(with(&nested(16), MailLimits::default()), "edited");
    assert_eq!(with(&nested(17), MailLimits::default()), "too_deep");
    // Far beyond it: no stack overflows.
    assert_ne!(with(&nested(100_000), MailLimits::default()), "edited");
}

/// Found by fuzzing: mail-parser loses its way, and in a build with assertions panics, where an attached message holds a message itself. An
/// attached message is one part here, however deep it is.
#[test]
fn messages_within_messages() {
    for depth in [2, 3, 100_000] {
        let inner = "Content-Type: message/rfc822\n\n".repeat(depth);
        let mail = mail(&format!("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b\n{inner}Subject: x\n\nx\n--b--\n"));
        let Placed::Edited(out) = place(&mail, &japanese(), &slot(), &MailLimits::default()) else { panic!("{depth}") };
        let attached = &mail[mail.windows(8).position(|w| w == b"message/").unwrap()..];
        assert!(out.bytes.ends_with(attached), "{depth}");
    }
}

#[test]
fn many_parts_end_at_a_limit() {
    let parts = |count: usize| {
        mail(&format!(
            "Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
            "--b\nContent-Disposition: attachment\n\nx\n".repeat(count)
        ))
    };
    assert_eq!(with(&parts(150), MailLimits::default()), "no_body");
    assert_eq!(with(&parts(201), MailLimits::default()), "too_many_parts");
}

/// Gmail hides what comes after some 102 kB, and with it the way to refuse.
#[test]
fn html_that_readers_cut_off_gets_no_footer() {
    let page = |lines: usize| {
        mail(&format!("Content-Type: text/html; charset=utf-8\n\n<body>\n{}</body>\n", format!("{}\n", "x".repeat(98)).repeat(lines)))
    };
    assert_eq!(with(&page(900), MailLimits::default()), "edited");
    assert_eq!(with(&page(1000), MailLimits::default()), "html_too_long");
}

/// The strict reader takes `--bc` for a line; RFC 2046 lets a reader take it for the boundary `b`. mail-parser does neither here, and a mail
/// that it saw otherwise would stay.
#[test]
fn boundaries_that_begin_with_each_other() {
    let mixed = mail(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; boundary=bc\n\n--bc\n\nHello\n--bc\nContent-Type: text/html\n\n<p>Hello</p>\n--bc--\n--b\nContent-Type: image/png\n\nx\n--b--\n",
    );
    let Placed::Edited(out) = put(&mixed, &japanese()) else { panic!("{:?}", put(&mixed, &japanese())) };
    crate::same::assert_same_but_for_footer("prefix", &mixed, &out, &japanese());
}

#[test]
fn a_footer_that_holds_the_mails_boundary_is_not_put_in() {
    let footer = FooterText::new("f", "<p>f</p>", "a\n--b\nb").unwrap();
    let mixed = mail("Content-Type: multipart/mixed; boundary=b\n\n--b\n\nHello\n--b--\n");
    assert_eq!(place(&mixed, &footer, &slot(), &MailLimits::default()), Placed::Untouched(WhyUntouched::ReadersDisagree));
}

/// Found by fuzzing: mail-parser begins a part at a boundary within a line, and shows a text that the strict reader takes for the preamble.
#[test]
fn a_boundary_within_a_line_of_the_preamble() {
    let mail = mail(
        "Content-Type: multipart/alternative; boundary=b\n\nA preamble.\n!--b\nContent-Type: text/plain\n\nHello\n--b\nContent-Type: text/html\n\n<p>Hello</p>\n--b--\n",
    );
    assert_eq!(outcome(&put(&mail, &japanese())), "readers_disagree");
}

/// Found by fuzzing: mail-parser takes the field after a broken date for the date's, and this HTML for a text.
#[test]
fn a_field_that_one_reader_does_not_see() {
    let mail = mail("Date: Mon, 30 Nov 2026 10:00:00 +0--a\nContent-Type: text/html; charset=utf-8\n\n<p>Hello</p>\n");
    assert_eq!(outcome(&put(&mail, &japanese())), "readers_disagree");
}
