//! Every charset in every transfer encoding, in every form of a mail, with each footer.

use crate::mails::{HEAD, english, japanese, outcome, put, with_emoji};
use crate::same::assert_same_but_for_footer;
use base64::Engine;
use encoding_rs::Encoding;
use nayose::footer::Placed;

pub const CHARSETS: [(&str, &str); 7] = [
    ("us-ascii", "Hello = world"),
    ("utf-8", "こんにちは🌸 = ①"),
    ("ISO-2022-JP", "名寄せ表示ソ能 ABC =<> 終"),
    ("Shift_JIS", "表示ソ能 ｶﾅ ①㈱ =<>"),
    ("EUC-JP", "名寄せ ｶﾅ =<>"),
    ("windows-1252", "Grüße = 5 €"),
    ("iso-8859-15", "Grüße ="),
];

pub const ENCODINGS: [&str; 5] = ["7bit", "8bit", "quoted-printable", "base64", ""];

fn octets(charset: &str, text: &str) -> Vec<u8> {
    Encoding::for_label(charset.as_bytes()).unwrap().encode(text).0.into_owned()
}

fn transferred(bytes: &[u8], encoding: &str) -> Vec<u8> {
    match encoding {
        "base64" => base64::engine::general_purpose::STANDARD.encode(bytes).into_bytes().chunks(76).collect::<Vec<_>>().join(&b"\r\n"[..]),
        "quoted-printable" => {
            let ends = |b: u8| b == b'\r' || b == b'\n';
            let unit = |b: &u8| if ends(*b) || (*b > 32 && *b < 127 && *b != b'=') { vec![*b] } else { format!("={b:02X}").into_bytes() };
            bytes.iter().flat_map(unit).collect()
        }
        _ => bytes.to_vec(),
    }
}

pub fn leaf(kind: &str, charset: &str, encoding: &str, text: &str) -> Vec<u8> {
    let text = if kind == "text/html" {
        format!("<html><head><title>{text}</title></head>\r\n<body><p>{text}</p>\r\n</body></html>\r\n")
    } else {
        format!("{text}\r\n\r\n{text}\r\n")
    };
    let said = if encoding.is_empty() { String::new() } else { format!("Content-Transfer-Encoding: {encoding}\r\n") };
    let head = format!("Content-Type: {kind}; charset={charset}\r\n{said}\r\n");
    [head.into_bytes(), transferred(&octets(charset, &text), encoding)].concat()
}

/// The form's name, and the mail around these two leaves.
pub fn forms(text: &[u8], html: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let multi = |kind: &str, boundary: &str, parts: &[&[u8]]| {
        let mut out = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n").into_bytes();
        for part in parts {
            out.extend([format!("--{boundary}\r\n").as_bytes(), part, b"\r\n"].concat());
        }
        out.extend(format!("--{boundary}--\r\n").bytes());
        out
    };
    let image: &[u8] = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <i>\r\n\r\niVBORw0KGgo=\r\n";
    let file: &[u8] = b"Content-Type: text/plain; charset=utf-8; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nfile\r\n";
    let alternative = multi("alternative", "a", &[text, html]);
    let related = multi("related", "r", &[html, image]);
    let both = multi("alternative", "a=_2", &[text, &related]);
    vec![
        ("text", text.to_vec()),
        ("html", html.to_vec()),
        ("mixed", multi("mixed", "m", &[&alternative, file])),
        ("deep", multi("mixed", "a=", &[&both, file, image])),
        ("alternative", alternative),
        ("related", related),
    ]
}

#[test]
fn every_charset_and_encoding_in_every_form() {
    let (mut edited, mut untouched) = (0, 0);
    for (charset, text) in CHARSETS {
        for encoding in ENCODINGS {
            let (plain, html) = (leaf("text/plain", charset, encoding, text), leaf("text/html", charset, encoding, text));
            for (form, rest) in forms(&plain, &html) {
                for lf in [false, true] {
                    let mut mail = [HEAD.as_bytes(), &rest].concat();
                    if lf {
                        mail.retain(|b| *b != b'\r');
                    }
                    for footer in [japanese(), with_emoji(), english()] {
                        let name = format!("{form} {charset} {encoding:?} lf={lf} {}", footer.id());
                        let placed = put(&mail, &footer);
                        let seven_bits = ["7bit", ""].contains(&encoding);
                        if seven_bits && !plain.is_ascii() {
                            assert_eq!(outcome(&placed), "eight_bit", "{name}");
                            untouched += 1;
                            continue;
                        }
                        let Placed::Edited(out) = placed else { panic!("{name}: {}", outcome(&placed)) };
                        assert_same_but_for_footer(&name, &mail, &out, &footer);
                        assert!(encoding != "7bit" || out.bytes.is_ascii(), "{name}: 7bit stays 7bit");
                        edited += 1;
                    }
                }
            }
        }
    }
    println!("{edited} edited, {untouched} untouched");
    assert_eq!((edited, untouched), (900, 360));
}
