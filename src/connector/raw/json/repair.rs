//! Answers that are JSON but for a few odd characters or values, made readable.
//!
//! One person's name with half an emoji, a byte that is no UTF-8, or a number that no computer holds must not stop a whole system. Such a
//! text or number becomes [`UNREADABLE`], which every reader of values takes for "there, and not to be read"; all else stays as it is.
//! Only answers that serde_json refuses come here.

/// What stands in the place of a value that cannot be read, as JSON writes it: a text that nobody can have meant.
const UNREADABLE: &[u8] = b"\"\\u0000\"";

/// What some programs put before their texts (RFC 8259, 8.1 lets readers pass over it).
pub(super) const BYTE_ORDER_MARK: &[u8] = "\u{FEFF}".as_bytes();

/// How bytes that are no UTF-8 are walked. In the double-byte sets of East Asia a second byte may look like a backslash, which would
/// hide the end of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Foreign {
    Single,
    Double,
}

/// The answer with what is odd in it taken out. `None`: it ends within a text, so that nothing of it is sure.
pub(super) fn repaired(bytes: &[u8], foreign: Foreign) -> Option<String> {
    let mut from = Walk { bytes, at: 0, out: Vec::with_capacity(bytes.len() + 16), foreign };
    while let Some(byte) = from.peek(0) {
        match byte {
            b'"' => from.text()?,
            b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => from.word(),
            // Padding between values, and marks at the joints of files that were put together.
            0 => from.at += 1,
            0xEF if from.bytes[from.at..].starts_with(BYTE_ORDER_MARK) => from.at += BYTE_ORDER_MARK.len(),
            _ => from.keep(1),
        }
    }
    // Bytes outside of texts that are no UTF-8 are no JSON either.
    String::from_utf8(from.out).ok()
}

struct Walk<'b> {
    bytes: &'b [u8],
    at: usize,
    out: Vec<u8>,
    foreign: Foreign,
}

impl Walk<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    fn keep(&mut self, count: usize) {
        self.out.extend_from_slice(&self.bytes[self.at..self.at + count]);
        self.at += count;
    }

    /// A number or a name. One that names no value that we can hold is there and cannot be read.
    fn word(&mut self) {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|b| !matches!(b, b'-' | b'+' | b'.') && !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let word = &rest[..length];
        let unheld = matches!(word, b"NaN" | b"Infinity" | b"-Infinity") || is_number(word) && serde_json::from_slice::<f64>(word).is_err();
        if unheld {
            self.out.extend_from_slice(UNREADABLE);
            self.at += length;
        } else {
            self.keep(length);
        }
    }

    /// A text from its opening quote to its closing one.
    fn text(&mut self) -> Option<()> {
        let begin = self.out.len();
        let mut odd = false;
        self.keep(1);
        loop {
            match self.peek(0)? {
                b'"' => {
                    self.keep(1);
                    break;
                }
                b'\\' => odd |= !self.escape()?,
                // A raw tab or line break is against the rules and leaves no doubt of what is meant.
                control @ 0..0x20 => {
                    self.out.extend_from_slice(format!("\\u{control:04x}").as_bytes());
                    self.at += 1;
                }
                0x20..0x80 => self.keep(1),
                _ => odd |= !self.beyond_ascii(),
            }
        }
        if odd && !self.is_name() {
            self.out.truncate(begin);
            self.out.extend_from_slice(UNREADABLE);
        }
        Some(())
    }

    /// An escape, or two that belong together. Whether it names a character; if not, the replacement character is written for it.
    fn escape(&mut self) -> Option<bool> {
        let (length, good) = match self.peek(1)? {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => (2, true),
            b'u' => match self.unit(0) {
                None => (2, false),
                Some(0xD800..0xDC00) => match self.unit(6) {
                    Some(0xDC00..0xE000) => (12, true),
                    _ => (6, false),
                },
                Some(0xDC00..0xE000) => (6, false),
                Some(_) => (6, true),
            },
            0x20..0x7F => (2, false),
            // The backslash stands alone; what follows is looked at by itself.
            _ => (1, false),
        };
        if good {
            self.keep(length)
        } else {
            self.replace(length)
        }
        Some(good)
    }

    /// The code unit of `\uXXXX` that begins so far ahead.
    fn unit(&self, ahead: usize) -> Option<u16> {
        let escape = self.bytes.get(self.at + ahead..self.at + ahead + 6)?;
        let digits = escape.strip_prefix(b"\\u").filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    }

    /// A character beyond ASCII. Whether it is UTF-8.
    fn beyond_ascii(&mut self) -> bool {
        let ahead = &self.bytes[self.at..self.bytes.len().min(self.at + 4)];
        let whole = (2..=ahead.len()).find(|n| std::str::from_utf8(&ahead[..*n]).is_ok_and(|t| t.chars().count() == 1));
        match whole {
            Some(length) => self.keep(length),
            None => {
                let second = matches!(ahead, [0x81..=0x9F | 0xE0..=0xFC, 0x40..=0x7E | 0x80..=0xFC, ..]);
                self.replace(if self.foreign == Foreign::Double && second { 2 } else { 1 });
            }
        }
        whole.is_some()
    }

    fn replace(&mut self, length: usize) {
        self.out.extend_from_slice("\u{FFFD}".as_bytes());
        self.at += length;
    }

    /// Whether the text that just ended names a member.
    fn is_name(&self) -> bool {
        self.bytes[self.at..].iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':')
    }
}

/// Whether it is written as JSON writes numbers, of whatever size.
fn is_number(word: &[u8]) -> bool {
    let digits = |part: &[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let word = word.strip_prefix(b"-").unwrap_or(word);
    let (value, power) = match word.iter().position(|b| matches!(b, b'e' | b'E')) {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    let (whole, fraction) = match value.iter().position(|b| *b == b'.') {
        Some(at) => (&value[..at], Some(&value[at + 1..])),
        None => (value, None),
    };
    let unsigned = |p: &'_ [u8]| p.strip_prefix(b"+").or(p.strip_prefix(b"-")).map_or(digits(p), digits);
    digits(whole) && (whole.len() == 1 || whole[0] != b'0') && fraction.is_none_or(digits) && power.is_none_or(unsigned)
}
