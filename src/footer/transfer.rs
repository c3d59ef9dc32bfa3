//! Quoted-printable and base64: undone strictly, and put on again so that no reader has a question.

use super::line_end::LineEnd;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Characters of a line in both encodings (RFC 2045).
const LINE_CHARS_MAX: usize = 76;
/// Octets of a line that SMTP carries, without its end (RFC 5321).
const SMTP_LINE_BYTES_MAX: usize = 998;

/// Whether a line is longer than SMTP carries.
pub(super) fn has_long_line(bytes: &[u8]) -> bool {
    bytes.split(|b| *b == b'\n').any(|line| line.strip_suffix(b"\r").unwrap_or(line).len() > SMTP_LINE_BYTES_MAX)
}

/// A unit of quoted-printable.
enum QpUnit {
    /// An octet, whichever way it is written.
    Octet(u8),
    /// `=` at the end of a line.
    SoftBreak,
    HardBreak,
}

/// The unit at `at` and where the next one begins; `None` where it is no quoted-printable.
fn qp_unit(raw: &[u8], at: usize, ends: LineEnd) -> Option<(QpUnit, usize)> {
    let rest = &raw[at..];
    if rest.starts_with(ends.bytes()) {
        return Some((QpUnit::HardBreak, at + ends.bytes().len()));
    }
    if rest[0] != b'=' {
        let fits = rest[0] == b'\t' || (0x20..0x7f).contains(&rest[0]);
        return fits.then_some((QpUnit::Octet(rest[0]), at + 1));
    }
    let hex = |b: &u8| char::from(*b).to_digit(16).map(|digit| digit as u8);
    if let Some((high, low)) = rest.get(1).and_then(hex).zip(rest.get(2).and_then(hex)) {
        return Some((QpUnit::Octet(high << 4 | low), at + 3));
    }
    let blanks = rest[1..].iter().take_while(|b| b" \t".contains(b)).count();
    let after = &rest[1 + blanks..];
    if after.starts_with(ends.bytes()) {
        return Some((QpUnit::SoftBreak, at + 1 + blanks + ends.bytes().len()));
    }
    after.is_empty().then_some((QpUnit::SoftBreak, raw.len()))
}

/// Undone; `None` where it is no quoted-printable.
pub(super) fn qp_decoded(raw: &[u8], ends: LineEnd) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let (unit, next) = qp_unit(raw, at, ends)?;
        match unit {
            QpUnit::Octet(byte) => out.push(byte),
            QpUnit::HardBreak => out.extend_from_slice(ends.bytes()),
            QpUnit::SoftBreak => {}
        }
        at = next;
    }
    Some(out)
}

/// `block`, which ends with `\n`, put in before the decoded octet at `place`. What was there keeps its form.
pub(super) fn qp_with(raw: &[u8], place: usize, block: &[u8], ends: LineEnd) -> Option<Vec<u8>> {
    let (mut at, mut decoded, mut line) = (0, 0, 0);
    while at < raw.len() {
        let (unit, next) = qp_unit(raw, at, ends)?;
        let whole_soft_break = matches!(unit, QpUnit::SoftBreak) && raw[..next].ends_with(ends.bytes());
        if decoded >= place && !whole_soft_break {
            break;
        }
        match unit {
            QpUnit::Octet(_) => decoded += 1,
            QpUnit::HardBreak => decoded += ends.bytes().len(),
            QpUnit::SoftBreak => {}
        }
        if !matches!(unit, QpUnit::Octet(_)) {
            line = next;
        }
        at = next;
    }
    if decoded != place {
        return None;
    }
    let mut out = raw[..at].to_vec();
    // A blank before a line's end is lost.
    if let Some(blank @ (b' ' | b'\t')) = raw[line..at].last().copied() {
        out.pop();
        if at - line + 2 > LINE_CHARS_MAX {
            out.push(b'=');
            out.extend_from_slice(ends.bytes());
        }
        out.extend(format!("={blank:02X}").bytes());
    }
    // What is no line's end needs room on the line: an escape of ISO-2022-JP does.
    if block.first() != Some(&b'\n') && at > line {
        out.push(b'=');
        out.extend_from_slice(ends.bytes());
    }
    qp_encode_into(&mut out, block, ends);
    out.extend_from_slice(&raw[at..]);
    Some(out)
}

/// Octets with `\n` for the ends of lines, as quoted-printable.
pub(super) fn qp_encoded(bytes: &[u8], ends: LineEnd) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    qp_encode_into(&mut out, bytes, ends);
    out
}

fn qp_encode_into(out: &mut Vec<u8>, bytes: &[u8], ends: LineEnd) {
    for (number, line) in bytes.split(|b| *b == b'\n').enumerate() {
        if number > 0 {
            out.extend_from_slice(ends.bytes());
        }
        let mut column = 0;
        let mut at = 0;
        while at < line.len() {
            let character = character(&line[at..]);
            let mut unit = Vec::new();
            for (place, byte) in line.iter().enumerate().skip(at).take(character) {
                let last = place + 1 == line.len();
                let plain = (0x21..0x7f).contains(byte) && *byte != b'=' || (b" \t".contains(byte) && !last);
                // A dot or `From ` at a line's start is changed on the way by some.
                let risky = place == 0 && (*byte == b'.' || line.starts_with(b"From "));
                if plain && !risky {
                    unit.push(*byte);
                } else {
                    unit.extend(format!("={byte:02X}").bytes());
                }
            }
            // The `=` of a soft break needs a place too.
            if column + unit.len() > LINE_CHARS_MAX - 1 {
                out.push(b'=');
                out.extend_from_slice(ends.bytes());
                column = 0;
            }
            column += unit.len();
            out.extend(unit);
            at += character;
        }
    }
}

/// Octets that stay on one line: some readers decode line by line, and show halves of a character of UTF-8.
fn character(bytes: &[u8]) -> usize {
    let length = match bytes[0] {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => 1,
    };
    let whole = bytes.len() >= length && bytes[1..length].iter().all(|b| (0x80..0xc0).contains(b));
    if whole { length } else { 1 }
}

/// Undone; `None` where it is no base64.
pub(super) fn base64_decoded(raw: &[u8]) -> Option<Vec<u8>> {
    let dense: Vec<u8> = raw.iter().copied().filter(|b| !b" \t\r\n".contains(b)).collect();
    STANDARD.decode(dense).ok()
}

/// In lines of 76, with line ends between them.
pub(super) fn base64_encoded(bytes: &[u8], ends: LineEnd) -> Vec<u8> {
    let dense = STANDARD.encode(bytes);
    let lines: Vec<&[u8]> = dense.as_bytes().chunks(LINE_CHARS_MAX).collect();
    lines.join(ends.bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ENDS: LineEnd = LineEnd::Crlf;

    #[test]
    fn quoted_printable_is_read_strictly() {
        let read = |raw: &str| qp_decoded(raw.as_bytes(), ENDS).map(|b| String::from_utf8_lossy(&b).into_owned());
        assert_eq!(read("a=3D=\r\nb =20\r\n=e3=81=82").as_deref(), Some("a=b  \r\nあ"));
        assert_eq!(read("a= \t\r\nb=").as_deref(), Some("ab"));
        for bad in ["a=3", "a=G0", "a=\rb", "あ", "a=b"] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a_block_leaves_the_other_lines_as_they_were() {
        let with = |raw: &str, place| String::from_utf8(qp_with(raw.as_bytes(), place, b"\nF\n", ENDS).unwrap()).unwrap();
        assert_eq!(with("a=3Db", 3), "a=3Db\r\nF\r\n");
        assert_eq!(with("a=3Db</body>", 3), "a=3Db\r\nF\r\n</body>");
        assert_eq!(with("a =\r\nb", 2), "a =\r\n\r\nF\r\nb");
        assert_eq!(with("a=\r\n", 1), "a=\r\n\r\nF\r\n");
        assert_eq!(with("a=", 1), "a\r\nF\r\n=");
        assert_eq!(with("a b", 2), "a=20\r\nF\r\nb");
        let long = format!("{} b", "x".repeat(74));
        assert_eq!(with(&long, 75), format!("{}=\r\n=20\r\nF\r\nb", "x".repeat(74)));
    }

    #[test]
    fn no_line_is_split_within_an_octet_or_a_character() {
        for pad in 0..80 {
            let text = format!("{}{}", "x".repeat(pad), "к".repeat(60));
            let encoded = String::from_utf8(qp_encoded(text.as_bytes(), ENDS)).unwrap();
            for line in encoded.split("\r\n") {
                assert!(line.len() <= LINE_CHARS_MAX, "{line}");
                let line = line.strip_suffix('=').unwrap_or(line);
                let decoded = qp_decoded(line.as_bytes(), ENDS).expect("whole octets");
                assert!(std::str::from_utf8(&decoded).is_ok(), "whole characters: {line}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_put_on_can_be_undone(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let lines = |bytes: &[u8]| ENDS.put_into(bytes);
            let qp = qp_encoded(&bytes, ENDS);
            prop_assert!(qp.split(|b| *b == b'\n').all(|line| line.len() <= LINE_CHARS_MAX + 1));
            prop_assert_eq!(qp_decoded(&qp, ENDS), Some(lines(&bytes)));
            prop_assert_eq!(base64_decoded(&base64_encoded(&bytes, ENDS)), Some(bytes));
        }

        #[test]
        fn a_block_can_be_put_anywhere(text in "[ -~\n\t=あк]{0,200}", place in 0usize..400) {
            let raw = qp_encoded(text.as_bytes(), ENDS);
            let decoded = ENDS.put_into(text.as_bytes());
            // Between the two octets of a line's end is no place.
            let place = place.min(decoded.len());
            if let Some(with) = qp_with(&raw, place, b"\nFooter=\n", ENDS) {
                let expected = [&decoded[..place], b"\r\nFooter=\r\n", &decoded[place..]].concat();
                prop_assert_eq!(qp_decoded(&with, ENDS), Some(expected));
                prop_assert!(with.split(|b| *b == b'\n').all(|line| line.len() <= LINE_CHARS_MAX + 1));
            } else {
                prop_assert!(place > 0 && decoded[place - 1] == b'\r');
            }
        }
    }
}
