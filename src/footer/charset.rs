//! What the octets of a leaf mean, and a footer in the same charset.
//!
//! encoding_rs knows the charsets of the web. Mail readers are stricter: a footer uses only what every one of them knows.

use super::why::WhyUntouched;
use encoding_rs::{DecoderResult, EUC_JP, EUC_KR, Encoding, GBK, ISO_2022_JP, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// The charset of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TextCharset {
    encoding: &'static Encoding,
    rule: CharsetRule,
}

/// Which octets of an encoding a footer may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CharsetRule {
    Any,
    Ascii,
    /// ISO 8859: the web takes the controls for the letters of a Windows code page.
    NoControls,
    /// JIS X 0208 without the rows of vendors (①, ㈱, 髙), and JIS X 0201.
    Jis,
    /// Of two octets each, both above 0xA0.
    HighPairs,
}

const ASCII: [&[u8]; 4] = [b"us-ascii", b"ascii", b"ansi_x3.4-1968", b"iso646-us"];
/// ISO-2022-JP under names that the web does not know.
const ISO_2022_JP_TOO: [&[u8]; 3] = [b"iso-2022-jp-ms", b"cp50220", b"cp50221"];

const ESCAPE: u8 = 0x1b;
/// Back to ASCII in ISO-2022-JP.
const TO_ASCII: &[u8] = b"\x1b(B";

impl TextCharset {
    /// By its name in a Content-Type. Without one it is ASCII.
    pub(super) fn named(label: Option<&[u8]>) -> Result<TextCharset, WhyUntouched> {
        let label = label.unwrap_or(b"us-ascii").trim_ascii().to_ascii_lowercase();
        if ASCII.contains(&label.as_slice()) {
            return Ok(TextCharset { encoding: WINDOWS_1252, rule: CharsetRule::Ascii });
        }
        let too = ISO_2022_JP_TOO.contains(&label.as_slice()).then_some(ISO_2022_JP);
        let encoding = too.or_else(|| Encoding::for_label_no_replacement(&label)).ok_or(WhyUntouched::CharsetUnknown)?;
        if encoding == UTF_16BE || encoding == UTF_16LE {
            return Err(WhyUntouched::CharsetUnknown);
        }
        let rule = if encoding == ISO_2022_JP || encoding == SHIFT_JIS || encoding == EUC_JP {
            CharsetRule::Jis
        } else if encoding == GBK || encoding == EUC_KR {
            CharsetRule::HighPairs
        } else if encoding.is_single_byte() && (label.starts_with(b"iso") || label.starts_with(b"l")) {
            CharsetRule::NoControls
        } else {
            CharsetRule::Any
        };
        Ok(TextCharset { encoding, rule })
    }

    pub(super) fn ascii() -> TextCharset {
        TextCharset { encoding: WINDOWS_1252, rule: CharsetRule::Ascii }
    }

    pub(super) fn is_utf_8(&self) -> bool {
        self.encoding == UTF_8
    }

    pub(super) fn is_iso_2022_jp(&self) -> bool {
        self.encoding == ISO_2022_JP
    }

    /// The text, if each octet of it has a meaning.
    pub(super) fn decode(&self, bytes: &[u8]) -> Result<String, WhyUntouched> {
        if self.rule == CharsetRule::Ascii && bytes.iter().any(|b| !b.is_ascii() || [ESCAPE, 0x0e, 0x0f].contains(b)) {
            return Err(WhyUntouched::CharsetBroken);
        }
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).ok_or(WhyUntouched::TooLarge)?;
        let mut text = String::with_capacity(room);
        let (end, read) = decoder.decode_to_string_without_replacement(bytes, &mut text, true);
        if end != DecoderResult::InputEmpty || read != bytes.len() {
            return Err(WhyUntouched::CharsetBroken);
        }
        if !self.is_utf_8() && !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok() {
            return Err(WhyUntouched::CharsetDoubtful);
        }
        Ok(text)
    }

    /// The text's octets, if nothing of it is lost for any reader.
    pub(super) fn encode(&self, text: &str) -> Option<Vec<u8>> {
        let (bytes, _, lost) = self.encoding.encode(text);
        if lost || !self.holds(&bytes) {
            return None;
        }
        let back = self.encoding.decode_without_bom_handling_and_without_replacement(&bytes)?;
        (back == text).then(|| bytes.into_owned())
    }

    /// The same for HTML: what the charset lacks becomes a character reference, which a browser shows in the same way.
    pub(super) fn encode_html(&self, html: &str) -> Option<Vec<u8>> {
        if let Some(bytes) = self.encode(html) {
            return Some(bytes);
        }
        let mut referring = String::with_capacity(html.len() * 2);
        for c in html.chars() {
            if c.is_ascii() || self.encode(c.encode_utf8(&mut [0; 4])).is_some() {
                referring.push(c);
            } else {
                referring.push_str(&format!("&#{};", u32::from(c)));
            }
        }
        self.encode(&referring)
    }

    fn holds(&self, bytes: &[u8]) -> bool {
        match self.rule {
            CharsetRule::Any => true,
            CharsetRule::Ascii => bytes.is_ascii(),
            CharsetRule::NoControls => !bytes.iter().any(|b| (0x80..0xa0).contains(b)),
            CharsetRule::HighPairs => bytes.iter().scan(false, high_pair).all(|fits| fits),
            CharsetRule::Jis if self.is_iso_2022_jp() => is_plain_jis(bytes),
            CharsetRule::Jis => is_plain_japanese(bytes, self.encoding == SHIFT_JIS),
        }
    }

    /// The octets with the double ones of ISO-2022-JP masked, so that only a tag looks like one.
    pub(super) fn masked(&self, bytes: &[u8]) -> Vec<u8> {
        if !self.is_iso_2022_jp() {
            return bytes.to_vec();
        }
        let mut masked = Vec::with_capacity(bytes.len());
        for (set, octets) in jis_runs(bytes) {
            match set {
                JisSet::Ascii | JisSet::Roman => masked.extend_from_slice(octets),
                JisSet::Escape | JisSet::Double | JisSet::Kana => masked.extend(octets.iter().map(|_| b'x')),
            }
        }
        masked
    }

    /// What brings the leaf back to ASCII at its end.
    pub(super) fn closing(&self, bytes: &[u8]) -> &'static [u8] {
        if self.is_iso_2022_jp() && last_set(bytes).is_some_and(|set| set != JisSet::Ascii) { TO_ASCII } else { b"" }
    }
}

fn high_pair(in_pair: &mut bool, byte: &u8) -> Option<bool> {
    let high = *byte > 0xa0;
    let fits = if *in_pair { high } else { high || byte.is_ascii() };
    *in_pair = high && !*in_pair;
    Some(fits)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JisSet {
    Ascii,
    Roman,
    Kana,
    Double,
    Escape,
}

fn set_of(escape: &[u8]) -> Option<JisSet> {
    match escape.get(..3)? {
        b"\x1b(B" => Some(JisSet::Ascii),
        b"\x1b(J" => Some(JisSet::Roman),
        b"\x1b(I" => Some(JisSet::Kana),
        b"\x1b$@" | b"\x1b$B" => Some(JisSet::Double),
        _ => None,
    }
}

/// Octets of ISO-2022-JP by the set that they belong to, escapes apart.
fn jis_runs(bytes: &[u8]) -> Vec<(JisSet, &[u8])> {
    let mut runs = Vec::new();
    let (mut set, mut at) = (JisSet::Ascii, 0);
    while at < bytes.len() {
        if let Some(next) = set_of(&bytes[at..]) {
            runs.push((JisSet::Escape, &bytes[at..at + 3]));
            (set, at) = (next, at + 3);
            continue;
        }
        // An escape that is not known stays within the run: the decoder refuses it.
        let length = 1 + bytes[at + 1..].iter().position(|b| *b == ESCAPE).unwrap_or(bytes.len() - at - 1);
        runs.push((set, &bytes[at..at + length]));
        at += length;
    }
    runs
}

/// The set after the last escape; `None` without one.
fn last_set(bytes: &[u8]) -> Option<JisSet> {
    (0..bytes.len()).rev().filter(|at| bytes[*at] == ESCAPE).find_map(|at| set_of(&bytes[at..]))
}

/// Rows 1 to 8 and 16 to 84 are JIS X 0208; the others are vendors'.
fn is_standard_row(row: u8) -> bool {
    (1..=8).contains(&row) || (16..=84).contains(&row)
}

fn is_plain_jis(bytes: &[u8]) -> bool {
    jis_runs(bytes).iter().all(|(set, octets)| match set {
        JisSet::Double => octets.chunks(2).all(|pair| is_standard_row(pair[0].wrapping_sub(0x20))),
        JisSet::Kana => false,
        JisSet::Ascii | JisSet::Roman | JisSet::Escape => true,
    })
}

fn is_plain_japanese(bytes: &[u8], shift: bool) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let lead = bytes[at];
        let single = lead.is_ascii() || (shift && (0xa1..=0xdf).contains(&lead));
        if single {
            at += 1;
            continue;
        }
        let row = match (shift, lead) {
            (true, 0x81..=0x9f) => (lead - 0x81) * 2 + 1 + u8::from(bytes.get(at + 1).is_some_and(|trail| *trail >= 0x9f)),
            (true, 0xe0..=0xef) => (lead - 0xc1) * 2 + 1 + u8::from(bytes.get(at + 1).is_some_and(|trail| *trail >= 0x9f)),
            // Half-width kana of EUC-JP.
            (false, 0x8e) => 1,
            (false, 0xa1..=0xfe) => lead - 0xa0,
            _ => 0,
        };
        if !is_standard_row(row) {
            return false;
        }
        at += 2;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charset(label: &str) -> TextCharset {
        TextCharset::named(Some(label.as_bytes())).unwrap()
    }

    #[test]
    fn a_footer_uses_only_what_every_reader_of_the_charset_knows() {
        let table = [
            ("iso-2022-jp", "名寄せ ABC\n〒100", true),
            ("iso-2022-jp", "①", false),
            ("iso-2022-jp", "㈱", false),
            ("iso-2022-jp", "髙", false),
            // The web's encoder makes them full-width.
            ("iso-2022-jp", "ｶﾅ", false),
            ("iso-2022-jp", "🌸", false),
            ("shift_jis", "名寄せ ｶﾅ", true),
            ("shift_jis", "①", false),
            ("Shift_JIS", "髙", false),
            ("shift_jis", "熙", true),
            ("euc-jp", "名寄せ ｶﾅ", true),
            ("euc-jp", "㈱", false),
            ("iso-8859-1", "Grüße", true),
            ("iso-8859-1", "5 €", false),
            ("windows-1252", "5 €", true),
            ("us-ascii", "a", true),
            ("us-ascii", "é", false),
            ("gb2312", "你好", true),
            ("gb2312", "镕", false),
            ("euc-kr", "안녕", true),
            ("utf-8", "🌸①ｶﾅ", true),
        ];
        for (label, text, fits) in table {
            assert_eq!(charset(label).encode(text).is_some(), fits, "{text} in {label}");
        }
    }

    #[test]
    fn html_refers_to_what_the_charset_lacks() {
        let bytes = charset("iso-2022-jp").encode_html("名🌸①").unwrap();
        assert_eq!(bytes, b"\x1b$BL>\x1b(B&#127800;&#9312;");
        assert_eq!(TextCharset::ascii().encode_html("é<br>").unwrap(), b"&#233;<br>");
    }

    #[test]
    fn what_lies_is_found() {
        let decode = |label: &str, bytes: &[u8]| charset(label).decode(bytes).map_err(WhyUntouched::name);
        assert_eq!(decode("iso-2022-jp", "名寄せ".as_bytes()), Err("charset_broken"));
        assert_eq!(decode("utf-8", b"\x96\xbc"), Err("charset_broken"));
        assert_eq!(decode("us-ascii", b"\x1b$BL>\x1b(B"), Err("charset_broken"));
        assert_eq!(decode("iso-8859-1", "é".as_bytes()), Err("charset_doubtful"));
        assert_eq!(decode("shift_jis", b"\x96\xbc").as_deref(), Ok("名"));
        assert_eq!(decode("iso-2022-jp", b"\x1b$B-!-j|b\x1b(I6E\x1b(B").as_deref().ok().map(|t| t.chars().count()), Some(5));
        for label in ["utf-16", "utf-7", "x-unknown", "hz-gb-2312", "iso-2022-kr"] {
            assert_eq!(TextCharset::named(Some(label.as_bytes())), Err(WhyUntouched::CharsetUnknown), "{label}");
        }
    }

    #[test]
    fn iso_2022_jp_is_brought_back_to_ascii() {
        let jis = charset("iso-2022-jp");
        assert_eq!(jis.closing(b"\x1b$BL>"), TO_ASCII);
        assert_eq!(jis.closing(b"\x1b$BL>\x1b(B"), b"");
        assert_eq!(jis.closing(b"plain"), b"");
        // `</` within double octets is no tag.
        assert_eq!(jis.masked(b"\x1b$B</\x1b(B</p>"), b"xxxxxxxx</p>");
    }
}
