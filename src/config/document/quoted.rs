//! Places inside a quoted TOML text: an expression's error is at a place of the text's value, the caret belongs into the file.

use std::ops::Range;

/// Where the part `at` of a text's value stands within `raw`, the text as it is written in the file, quotes included.
pub fn within(raw: &str, at: Range<usize>) -> Range<usize> {
    let start = place(raw, at.start, true);
    start..place(raw, at.end, false).max(start)
}

/// Where the value's byte `offset` is written; the closing quotes for an offset at or beyond the value's end.
/// Between the two sides of an escape that stands for nothing (a broken line), `after` takes the far one.
fn place(raw: &str, offset: usize, after: bool) -> usize {
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|q| raw.starts_with(q) && raw.len() >= 2 * q.len());
    let Some(quotes) = quotes else { return offset.min(raw.len()) };
    // A text that was never closed, as in a file that is not TOML, goes on to its end.
    let end = if raw.ends_with(quotes) { raw.len() - quotes.len() } else { raw.len() };
    let mut at = quotes.len();
    if quotes.len() == 3 {
        // A line break right after the opening quotes is no part of the value.
        let body = &raw[at..];
        at += if body.starts_with("\r\n") { 2 } else { usize::from(body.starts_with('\n')) };
    }
    let escapes = quotes.starts_with('"');
    let mut value = 0;
    while at < end {
        let (written, read) = if escapes { step(&raw[at..end]) } else { plain(&raw[at..end]) };
        if value >= offset && !(after && read == 0) {
            break;
        }
        at += written.max(1);
        value += read;
    }
    at.min(end)
}

fn plain(rest: &str) -> (usize, usize) {
    let bytes = rest.chars().next().map_or(1, char::len_utf8);
    (bytes, bytes)
}

/// One character or escape: its bytes in the file, and in the value.
fn step(rest: &str) -> (usize, usize) {
    let mut letters = rest.chars();
    if letters.next() != Some('\\') {
        return plain(rest);
    }
    let digits = match letters.next() {
        Some('x') => 2,
        Some('u') => 4,
        Some('U') => 8,
        Some(c) if c.is_whitespace() => {
            // A backslash at a line's end takes away all blanks up to the next letter.
            let blank: usize = rest[1..].chars().take_while(|c| c.is_whitespace()).map(char::len_utf8).sum();
            return (1 + blank, 0);
        }
        other => return (1 + other.map_or(0, char::len_utf8), 1),
    };
    let code = rest.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
    code.map_or((2, 1), |c| (2 + digits, c.len_utf8()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_in_every_kind_of_quotes() {
        for raw in [
            r#""a == \"x\" && bad""#,
            r"'a == 1 && bad'",
            "'''\na == 1 &&\n bad'''",
            "\"\"\"\r\na == 1 && \\\n   bad\"\"\"",
            r#""\u65e5\u672c \U0001F600 bad""#,
            "\"日本 bad\"",
        ] {
            let document = format!("v = {raw}");
            let table: toml::Table = document.parse().unwrap();
            let value = table["v"].as_str().unwrap();
            let start = value.find("bad").unwrap();
            assert_eq!(&raw[within(raw, start..start + 3)], "bad", "{raw}");
        }
    }

    #[test]
    fn a_text_never_closed() {
        assert_eq!(within("'日", 0..9), 1..4);
    }

    proptest::proptest! {
        #[test]
        fn never_outside(raw in "[\"'\\\\\nauU0xé]{0,12}", start in 0usize..20, length in 0usize..20) {
            let at = within(&raw, start..start + length);
            proptest::prop_assert!(at.start <= at.end && at.end <= raw.len());
        }
    }
}
