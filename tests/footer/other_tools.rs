//! What other footer tools did to mails, played with this one. `tests/footer_mails/README.md` says who reported it.

use crate::mails::{HTML, corpus_mail, edited, english, japanese, mail, outcome, put, with_emoji};
use crate::same::{assert_same_but_for_footer, text_of, unreferred};
use mail_parser::{MessageParser, MimeHeaders};
use nayose::footer::{FooterText, Placed};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The edited mail, after all that holds for every one.
fn out_of(name: &str, mail: &[u8], footer: &FooterText) -> String {
    let out = edited(mail, footer);
    assert_same_but_for_footer(name, mail, &out, footer);
    text(&out.bytes)
}

fn corpus_out(name: &str) -> String {
    out_of(name, &corpus_mail(name), &japanese())
}

/// Names of the attachments that a reader finds.
fn attachments(mail: &str) -> Vec<String> {
    let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
    parsed.attachments().map(|part| part.attachment_name().unwrap_or("-").to_string()).collect()
}

#[test]
fn altermime_12_a_character_of_utf_8_is_split_at_a_soft_break() {
    let footer = FooterText::new("uk", &format!("<p>{}</p>", "Повідомлення ".repeat(20)), &"Повідомлення ".repeat(20)).unwrap();
    for pad in 0..12 {
        let body = format!("{}Привіт", "x".repeat(pad));
        let encoded: String = body.bytes().map(|b| if b < 127 { char::from(b).to_string() } else { format!("={b:02X}") }).collect();
        let mail = mail(&format!("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n{encoded}\n"));
        let out = out_of("altermime", &mail, &footer);
        for line in out.split("\r\n").filter(|line| line.ends_with('=')) {
            let octets: Vec<u8> = line.split('=').skip(1).filter_map(|hex| u8::from_str_radix(hex.get(..2)?, 16).ok()).collect();
            assert!(std::str::from_utf8(&octets).is_ok(), "{line}");
        }
    }
}

#[test]
fn mailcow_5546_parts_get_a_stray_prefix_and_the_footer_stands_behind_the_page() {
    let out = corpus_out("boundary_of_dashes");
    assert!(!out.contains("\r\n--\r\n"), "{out}");
    let page = out.split("after=\r\n inline image</p>").nth(1).unwrap();
    let (footer, end) = (page.find("<!-- nayose-footer spring -->").unwrap(), page.find("</body></html>").unwrap());
    assert!(footer < end, "{page}");
    assert_eq!(attachments(&out), ["logo.png", "資料.pdf"]);
}

#[test]
fn rspamd_5334_the_boundary_of_related_is_closed_in_the_wrong_place() {
    for name in ["boundary_of_dashes", "mixed_alternative_related", "related_under_mixed"] {
        let before = text(&corpus_mail(name));
        let delimiters = |mail: &str| {
            mail.lines().filter(|line| line.starts_with("--") && !["-- ", "--=20"].contains(line)).map(str::to_string).collect::<Vec<_>>()
        };
        assert_eq!(delimiters(&before), delimiters(&corpus_out(name)), "{name}");
    }
}

#[test]
fn mailcow_5892_the_closing_boundary_stands_below_the_attachment() {
    let out = corpus_out("mixed_alternative_related");
    let place = |what: &str| out.find(what).unwrap_or_else(|| panic!("{what}"));
    assert!(
        place("--mra--") < place("image/png")
            && place("--mr--") < place("application/pdf")
            && place("application/pdf") < place("--m--\r\n")
    );
    // A mail that such a tool broke before is not made worse.
    assert_eq!(outcome(&put(&corpus_mail("closed_too_early"), &japanese())), "malformed");
}

#[test]
fn mailcow_7399_of_18_attached_messages_5_arrive() {
    let inner = |i: usize| {
        format!(
            "--outer_==\nContent-Type: message/rfc822\nContent-Disposition: attachment; filename=\"{i}.eml\"\n\nFrom: sender{i}@example.org\nSubject: Nested {i}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_inner_{i}_==\"\n\n--=_inner_{i}_==\nContent-Type: text/html\n\n<body>inner {i}</body>\n--=_inner_{i}_==\nContent-Type: application/pdf; name={i}.pdf\n\nx\n--=_inner_{i}_==--\n"
        )
    };
    let messages: String = (0..18).map(inner).collect();
    let related = "--outer_==\nContent-Type: multipart/related; boundary=rel\n\n--rel\nContent-Type: text/html; charset=utf-8\n\n<body>Hello</body>\n--rel\nContent-Type: image/png\n\nx\n--rel--\n";
    let mail = mail(&format!("Content-Type: multipart/mixed; boundary=\"outer_==\"\n\n{related}{messages}--outer_==--\n"));
    let out = out_of("18 messages", &mail, &japanese());
    let names: Vec<String> = attachments(&out).into_iter().filter(|name| name.ends_with(".eml")).collect();
    assert_eq!(names.len(), 18);
    assert_eq!(out.matches("nayose-footer").count(), 1);
}

#[test]
fn mailcow_7398_multiparts_get_no_footer_and_7bit_is_called_quoted_printable() {
    let image = format!("<img src=\"data:image/png;base64,{}\">", "A".repeat(900));
    let mail = mail(&format!(
        "Content-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\n<body>\n{image}\n</body>\n--r--\n"
    ));
    let out = out_of("7bit", &mail, &japanese());
    assert!(out.contains("Content-Transfer-Encoding: 7bit") && !out.contains("quoted-printable") && out.contains(&image), "{out}");
    assert!(unreferred(&out).contains(&HTML.replace('\n', "\r\n")));
}

#[test]
fn mailcow_7480_equal_signs_stay_raw_under_quoted_printable() {
    let mail = mail(
        "Content-Type: text/html; charset=UTF-8\nContent-Transfer-Encoding: quoted-printable\n\n<meta charset=3D\"UTF-8\"><body>a</body>\n",
    );
    let out = out_of("equal signs", &mail, &english());
    assert!(out.contains("<p>Spring =3D sale. <a href=3D'https://example.jp/stop'>Stop</a></p>"), "{out}");
    // A mail that such a tool broke before.
    assert_eq!(outcome(&put(&corpus_mail("qp_raw_equals"), &japanese())), "encoding_broken");
}

#[test]
fn mailcow_6934_attachments_vanish_and_umlauts_break() {
    let mail = mail(
        "Content-Type: multipart/mixed; boundary=m\n\n--m\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe\n--m\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\nAAAA\n--m--\n",
    );
    let out = out_of("umlauts", &mail, &japanese());
    // Japanese does not fit: the text is UTF-8 now, its letters the same.
    let parsed = MessageParser::default().parse(out.as_bytes()).unwrap();
    assert!(parsed.body_text(0).unwrap().starts_with("Grüße"), "{out}");
    assert_eq!(attachments(&out), ["a.png"]);
}

#[test]
fn mailcow_6588_the_footer_stands_behind_every_attachment_too() {
    let html = "Content-Type: text/html; charset=utf-8\n\n<body>A</body>\n";
    let pdf = "Content-Type: application/pdf; name=a.pdf\n\nx\n";
    let page = "Content-Type: text/html; charset=utf-8; name=b.html\nContent-Disposition: attachment\n\n<body>B</body>\n";
    let mail = mail(&format!("Content-Type: multipart/mixed; boundary=m\n\n--m\n{html}--m\n{pdf}--m\n{page}--m--\n"));
    assert_eq!(out_of("once", &mail, &japanese()).matches("nayose-footer").count(), 1);
}

#[test]
fn mailscanner_638_a_boundary_with_colons_is_garbled() {
    assert!(corpus_out("boundary_with_colons").contains("\r\n--Mon_Jan_9_15:10:21_2023_L1_14--\r\n"));
    assert_eq!(outcome(&put(&corpus_mail("boundary_unfolded"), &japanese())), "malformed");
}

#[test]
fn mailscanner_632_an_empty_body_makes_the_mail_garbage() {
    let out = corpus_out("plain_empty");
    assert_eq!(MessageParser::default().parse(out.as_bytes()).unwrap().parts.len(), 1);
    let empty = mail("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\n");
    out_of("empty HTML", &empty, &japanese());
}

#[test]
fn mailscanner_610_the_footer_stands_outside_the_page_of_amp() {
    assert_eq!(outcome(&put(&corpus_mail("amp"), &japanese())), "other_form");
}

#[test]
fn mailscanner_611_html_as_the_third_part_is_not_found() {
    let alternative = "Content-Type: multipart/alternative; boundary=a\n\n--a\nContent-Type: text/plain\n\nA\n--a\nContent-Type: text/html\n\n<p>A</p>\n--a--\n";
    let image = "Content-Type: image/png; name=a.png\n\nx\n";
    let mail = mail(&format!("Content-Type: multipart/mixed; boundary=m\n\n--m\n{image}--m\n{image}--m\n{alternative}--m--\n"));
    assert!(out_of("third", &mail, &english()).contains("nayose-footer"));
}

#[test]
fn mailscanner_644_invitations_are_signed() {
    for name in ["calendar_invite", "calendar_in_mixed", "calendar_class"] {
        assert_eq!(outcome(&put(&corpus_mail(name), &japanese())), "calendar", "{name}");
    }
}

#[test]
fn zimbra_1639_text_is_added_behind_base64() {
    let out = corpus_out("plain_encoding_first");
    let body = out.split("\r\n\r\n").nth(1).unwrap();
    assert!(body.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=\r\n".contains(&b)), "{body}");
    assert_eq!(outcome(&put(&corpus_mail("base64_with_text"), &japanese())), "encoding_broken");
}

#[test]
fn kumomta_243_html_in_base64_breaks() {
    let out = corpus_out("html_base64_one_line");
    let parsed = MessageParser::default().parse(out.as_bytes()).unwrap();
    let html = text_of(&parsed.parts[0]).unwrap();
    assert_eq!(html, format!("<html><body>Hi\n<!-- nayose-footer spring -->\n{HTML}\n</body></html>"));
}

#[test]
fn sympa_1113_umlauts_of_the_body_are_encoded_twice() {
    for (charset, letters) in [("utf-8", "test öäüÖÄÜß"), ("iso-8859-1", "test öäüÖÄÜß")] {
        let octets = encoding_rs::Encoding::for_label(charset.as_bytes()).unwrap().encode(letters).0.into_owned();
        let head = mail(&format!("Content-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n\n"));
        let out = edited(&[head, octets.clone()].concat(), &english()).bytes;
        assert!(out.windows(octets.len()).any(|seen| seen == octets), "{charset}");
        assert!(text(&out).contains(&format!("charset={charset}")));
    }
}

#[test]
fn sympa_976_a_signed_mail_gets_no_footer() {
    for name in ["signed_pgp", "signed_smime_within_mixed"] {
        assert_eq!(outcome(&put(&corpus_mail(name), &japanese())), "signed", "{name}");
    }
}

#[test]
fn rspamd_2957_line_ends_are_escaped() {
    let mail = mail("Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nfdaf=C3=A4\n");
    let out = out_of("line ends", &mail, &japanese());
    assert!(!out.contains("=0D") && !out.contains("=0A"), "{out}");
    assert!(corpus_out("plain_qp_escaped_ends").contains("Hello=0D=0Aworld=0D=0A=\r\n"));
}

#[test]
fn owncloud_41364_the_separator_lacks_its_blank() {
    assert!(corpus_out("plain_utf8_8bit").contains("\r\n-- \r\n"));
    assert!(corpus_out("plain_utf8_qp").contains("\r\n--=20\r\n"));
}

#[test]
fn enmime_303_an_attached_message_is_put_into_base64() {
    let out = corpus_out("attached_message_stays");
    assert!(out.contains("\r\n--inner\r\nContent-Type: text/plain\r\n\r\ninner text\r\n") && !out.contains("base64"), "{out}");
}

#[test]
fn nethserver_5514_a_footer_after_signing_breaks_the_signature() {
    assert_eq!(outcome(&put(&corpus_mail("dkim_signed"), &japanese())), "dkim_signed");
}

#[test]
fn mail_1423_zammad_6144_fixmystreet_159_the_label_lies_or_is_missing() {
    for (name, why) in [
        ("jis_label_utf8_body", "charset_broken"),
        ("jis_label_utf8_body_7bit", "eight_bit"),
        ("no_label_jis_body", "charset_broken"),
        ("latin1_label_utf8_body", "charset_doubtful"),
    ] {
        assert_eq!(outcome(&put(&corpus_mail(name), &english())), why, "{name}");
    }
}

#[test]
fn zammad_4680_jis_in_quoted_printable() {
    let out = corpus_out("plain_jis_qp");
    assert!(out.contains("=1B$B") && out.contains("charset=ISO-2022-JP"), "{out}");
}

#[test]
fn pear_18_letters_of_vendors_in_the_footer_are_lost_in_jis() {
    let mail = corpus_mail("plain_jis_7bit");
    let out = out_of("vendors", &mail, &FooterText::new("v", "<p>v</p>", "①㈱髙ｶﾅ").unwrap());
    let parsed = MessageParser::default().parse(out.as_bytes()).unwrap();
    assert!(out.contains("charset=utf-8") && parsed.body_text(0).unwrap().contains("①㈱髙ｶﾅ"), "{out}");
}

#[test]
fn cisco_118501_a_footer_in_another_charset_becomes_an_attachment() {
    for name in ["plain_ascii_7bit", "plain_latin1_8bit", "plain_1252_qp", "plain_sjis_base64"] {
        for footer in [japanese(), with_emoji()] {
            let out = out_of(name, &corpus_mail(name), &footer);
            assert!(attachments(&out).is_empty() && !out.contains("multipart"), "{name}");
        }
    }
}

#[test]
fn mailman_4_39_html_is_wrapped_and_the_footer_shows_as_an_attachment() {
    let out = corpus_out("html_only");
    assert!(attachments(&out).is_empty() && !out.contains("multipart"), "{out}");
}

#[test]
fn mimedefang_2016_04_a_text_before_an_alternative_hides_one_of_them() {
    assert_eq!(outcome(&put(&corpus_mail("forward_inline"), &japanese())), "several_bodies");
}

#[test]
fn swiftmail_176_an_invitation_keeps_its_form() {
    let mail = corpus_mail("calendar_invite");
    assert!(matches!(put(&mail, &japanese()), Placed::Untouched(_)));
}

#[test]
fn dada_mail_289_a_page_whose_body_is_not_closed_gets_nothing() {
    for page in ["<html>\n<head></head>\n<body>\n<h1>HTML!</h1>\n", "<h1>HTML!</h1>\n", "<html><body><h1>HTML!</h1></html>\n"] {
        let out =
            out_of(page, &mail(&format!("Content-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{page}")), &japanese());
        let after = out.split("nayose-footer").nth(1).unwrap();
        assert!(!after.contains("<h1>") && !out.contains("</html>\r\n<!--"), "{out}");
    }
}

#[test]
fn denomailer_60_a_blank_after_base64_hides_the_encoding() {
    assert!(!corpus_out("plain_blank_after_encoding").contains("-- "));
}

#[test]
fn jabali_233_a_content_type_with_a_charset_is_no_text() {
    for kind in ["text/plain; charset=utf-8", "TEXT/PLAIN; CHARSET=UTF-8", "text/plain;charset=\"utf-8\"", "text/plain"] {
        out_of(kind, &mail(&format!("Content-Type: {kind}\n\nHello\n")), &english());
    }
}

/// A tool replaced an `@` within double octets. Here they spell a tag.
#[test]
fn hypermail_36_double_octets_are_taken_for_ascii() {
    let kanji = &b"\x1b$B</body>x\x1b(B"[..];
    for (before, end) in [(&b"<html><body>"[..], &b"</body></html>\r\n"[..]), (b"<p>", b"")] {
        let head = mail("Content-Type: text/html; charset=iso-2022-jp\nContent-Transfer-Encoding: 7bit\n\n");
        let out = edited(&[&head[..], before, kanji, end].concat(), &japanese()).bytes;
        let whole = [before, kanji, b"\r\n<!-- nayose-footer spring -->"].concat();
        assert!(out.windows(whole.len()).any(|seen| seen == whole), "{}", text(&out));
        assert!(out.ends_with(end));
    }
}
