//! The text of a file in one of the encodings that lists come in.

use encoding_rs::{Encoding, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE};

/// How JIS begins characters of two bytes.
const JIS: &[u8] = b"\x1B$";

/// Decodes a text: a byte order mark says which encoding it is; without one it is UTF-8, and if it is not, CP932. `Err` says on which line the
/// first byte stands that is neither.
pub fn text(bytes: &[u8]) -> Result<String, String> {
    told_apart(bytes).map(with_line_feeds)
}

/// The text as it stands there.
fn told_apart(bytes: &[u8]) -> Result<String, String> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return decoded(encoding, &bytes[mark..]).ok_or_else(|| {
            let named = if encoding == UTF_8 { "UTF-8" } else { "UTF-16" };
            format!("line {} holds what is no {named}, though the file begins with its mark", first_bad_line(encoding, &bytes[mark..]))
        });
    }
    // Both are UTF-8 as they stand, and would give names of nonsense: JIS is of ASCII and its escapes, UTF-16 of Latin letters has a NUL beside each.
    if let Some(at) = bytes.windows(JIS.len()).position(|part| part == JIS) {
        let line = 1 + bytes[..at].iter().filter(|b| **b == b'\n').count();
        return Err(format!("it is in JIS (ISO-2022-JP), as line {line} shows; save it as UTF-8"));
    }
    if matches!(bytes, [0, _, ..] | [_, 0, ..]) {
        return Err("it is in UTF-16 without a byte order mark; save it as UTF-8".to_string());
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_string()),
        Err(wrong) => {
            let text = decoded(SHIFT_JIS, bytes).ok_or_else(|| {
                // Whichever it is meant to be, it is right for longer than by the other.
                let as_utf8 = 1 + bytes[..wrong.valid_up_to()].iter().filter(|b| **b == b'\n').count();
                let line = as_utf8.max(first_bad_line(SHIFT_JIS, bytes));
                format!("line {line} holds a byte that is neither UTF-8 nor CP932 (it may be in Windows-1252 or Latin-1); save it as UTF-8")
            })?;
            match western_line(&text) {
                Some(line) => Err(format!(
                    "line {line} looks as if it were in Windows-1252 or Latin-1 (é, ü, ’ ..), and would become other letters as CP932; save it as UTF-8"
                )),
                None => Ok(text),
            }
        }
    }
}

/// The first line that shows that a text is of a Western encoding and could be read as CP932 by chance: é and the letter behind it make one kanji.
/// There a sign that is no Latin letter stands alone within a word of them (`R馬e` for Réne). Japanese lists have such, too (`A社`), and
/// many more in a row.
fn western_line(text: &str) -> Option<usize> {
    let (mut first, mut within, mut others) = (None, 0_usize, 0_usize);
    for (line, row) in text.lines().enumerate() {
        let (mut before, mut rest) = (None::<char>, row);
        while let Some(at) = rest.find(|c: char| !c.is_ascii()) {
            before = rest[..at].chars().next_back().or(before.filter(|_| at == 0));
            let run = &rest[at..];
            let end = run.find(|c: char| c.is_ascii()).unwrap_or(run.len());
            let touches = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
            if run[..end].chars().nth(1).is_none() && (touches(before) || touches(run[end..].chars().next())) {
                within += 1;
                first = first.or(Some(line + 1));
            } else {
                others += 1;
            }
            (before, rest) = (None, &run[end..]);
        }
    }
    first.filter(|_| within > others)
}

/// Each line ended by a line feed. Excel on the Mac ends lines by a carriage return alone: the reader of cells takes that for an end, and who
/// counts lines does not see it, so that all rows would lie on the header's line and be passed over.
fn with_line_feeds(text: String) -> String {
    let bytes = text.as_bytes();
    let is_alone = |at: usize| !matches!(bytes.get(at + 1), Some(b'\r' | b'\n'));
    if !text.match_indices('\r').any(|(at, _)| is_alone(at)) {
        return text;
    }
    text.char_indices().map(|(at, c)| if c == '\r' && is_alone(at) { '\n' } else { c }).collect()
}

/// The encoding of a text that can be decoded, and its mark.
pub fn encoding(bytes: &[u8]) -> (&'static Encoding, &'static [u8]) {
    match Encoding::for_bom(bytes) {
        Some((encoding, _)) if encoding == UTF_16LE => (encoding, b"\xFF\xFE"),
        Some((encoding, _)) if encoding == UTF_16BE => (encoding, b"\xFE\xFF"),
        Some((encoding, _)) => (encoding, b"\xEF\xBB\xBF"),
        None if std::str::from_utf8(bytes).is_ok() => (UTF_8, b""),
        None => (SHIFT_JIS, b""),
    }
}

fn decoded(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
}

fn first_bad_line(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    if encoding == UTF_16LE || encoding == UTF_16BE {
        let (text, _) = encoding.decode_without_bom_handling(bytes);
        return 1 + text.lines().position(|line| line.contains('\u{FFFD}')).unwrap_or(0);
    }
    // No character of these encodings has a line feed as one of its bytes.
    1 + bytes.split(|b| *b == b'\n').position(|line| decoded(encoding, line).is_none()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "氏名,メール\n髙橋 一郎①,taro@example.jp\n";

    fn cp932(text: &str) -> Vec<u8> {
        let (bytes, _, lost) = SHIFT_JIS.encode(text);
        assert!(!lost);
        bytes.into_owned()
    }

    fn utf16(text: &str, mark: [u8; 2], bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        mark.into_iter().chain(text.encode_utf16().flat_map(bytes)).collect()
    }

    #[test]
    fn each_encoding_becomes_the_same_text() {
        let with_mark = [b"\xEF\xBB\xBF".as_slice(), TEXT.as_bytes()].concat();
        for bytes in [
            TEXT.as_bytes().to_vec(),
            with_mark,
            cp932(TEXT),
            utf16(TEXT, [0xFF, 0xFE], u16::to_le_bytes),
            utf16(TEXT, [0xFE, 0xFF], u16::to_be_bytes),
        ] {
            assert_eq!(text(&bytes).as_deref(), Ok(TEXT));
        }
        assert_eq!(text(b"").as_deref(), Ok(""));
    }

    #[test]
    fn a_byte_that_is_in_no_encoding_is_told_by_its_line() {
        let torn = [cp932("氏名\n"), vec![b'a', 0x81, b'\n'], cp932("山田\n")].concat();
        assert_eq!(
            text(&torn).unwrap_err(),
            "line 2 holds a byte that is neither UTF-8 nor CP932 (it may be in Windows-1252 or Latin-1); save it as UTF-8"
        );
        let torn = [TEXT.as_bytes(), &[0x81, b'\n']].concat();
        assert_eq!(
            text(&torn).unwrap_err(),
            "line 3 holds a byte that is neither UTF-8 nor CP932 (it may be in Windows-1252 or Latin-1); save it as UTF-8"
        );
        let marked = b"\xEF\xBB\xBFa\nb\xFF\n";
        assert_eq!(text(marked).unwrap_err(), "line 2 holds what is no UTF-8, though the file begins with its mark");
        let half = [utf16("a\nb", [0xFF, 0xFE], u16::to_le_bytes), vec![0x00, 0xD8]].concat();
        assert_eq!(text(&half).unwrap_err(), "line 2 holds what is no UTF-16, though the file begins with its mark");
    }

    #[test]
    fn lines_end_by_a_line_feed_whatever_ended_them() {
        for (of, want) in [("a\rb\r", "a\nb\n"), ("a\rb\r\nc\n", "a\nb\r\nc\n"), ("a\r\nb\n", "a\r\nb\n"), ("a\r\r\nb", "a\r\r\nb")] {
            assert_eq!(text(of.as_bytes()).as_deref(), Ok(want), "{of:?}");
        }
    }

    #[test]
    fn jis_and_unmarked_utf16_are_told_and_never_read_as_latin_letters() {
        let jis = b"Name,E-mail\n\x1B$B;3ED\x1B(B,a@b.example\n";
        assert_eq!(text(jis).unwrap_err(), "it is in JIS (ISO-2022-JP), as line 2 shows; save it as UTF-8");
        let wide: Vec<u8> = "Name,E-mail\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(text(&wide).unwrap_err(), "it is in UTF-16 without a byte order mark; save it as UTF-8");
    }

    #[test]
    fn a_western_encoding_is_told_and_never_read_as_kanji() {
        for text_of in
            ["Name,E-mail\nRéne Müller,r@b.example\n", "Name,E-mail\nJo\nO’Brien,o@b.example\n", "Name,City\nAna Conceição,São Paulo\n"]
        {
            let (bytes, _, lost) = encoding_rs::WINDOWS_1252.encode(text_of);
            let told = text(&bytes).unwrap_err();
            assert!(!lost && told.contains("Windows-1252") && told.ends_with("save it as UTF-8"), "{told}");
        }
        let (bytes, ..) = encoding_rs::WINDOWS_1252.encode("Name,E-mail\nRéne,r@b.example\nO’Brien,o@b.example\n");
        assert!(decoded(SHIFT_JIS, &bytes).is_some(), "it could be read");
        assert!(text(&bytes).unwrap_err().starts_with("line 2 looks as if it were in Windows-1252"));
        for japanese in ["氏名,会社\n森,A社\n", "Name,Company\n森,B\n", "Name,Company\n山田,A社\n", "ﾔﾏﾀﾞ,ACME\n", "Name\n髙橋PC用\n"]
        {
            assert_eq!(text(&cp932(japanese)).as_deref(), Ok(japanese));
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_text_or_told(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = text(&bytes);
        }
    }
}
