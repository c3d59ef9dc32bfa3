//! What outer systems answer, as a tree that borrows its texts from the answer.
//!
//! serde_json's own tree copies each text and hashes each key, which was the largest single cost of a first sync. The crate beneath is
//! named here and nowhere else. Its `Value::get` is not for us: of two members with one name it finds the first, see [`member`].

use indexmap::IndexMap;
use repair::{Foreign, repaired};
use serde_json_borrow::{Number, OwnedValue};
use std::borrow::Cow;

mod repair;

/// One value of an answer.
pub use serde_json_borrow::Value as Json;

/// Up to this whole numbers that are written as decimals are surely read as what they are: 2^49. serde_json reads the digits as one number,
/// which must be below 2^53 with at least one digit behind the point, and divides.
const EXACT_MAX: f64 = 562_949_953_421_312.0;

/// An answer and its tree. The default is null.
///
/// The crate's own type lets its parts be taken out as if they lived for ever, and its clones point into what they were cloned from.
/// So it is neither handed out nor cloned: what is borrowed from here lives no longer than this.
#[derive(Default)]
pub struct Document(Option<OwnedValue>);

impl Document {
    /// `Err` says why it is no JSON, and where, as serde_json says it. A text or number in it that cannot be read is no reason: see
    /// [`readable`].
    ///
    /// The bytes are copied, which costs little beside reading them: who asks needs them still where they are no JSON, to show how they
    /// begin.
    pub fn parse(bytes: &[u8]) -> Result<Document, String> {
        let bytes = bytes.strip_prefix(repair::BYTE_ORDER_MARK).unwrap_or(bytes);
        let refused = match std::str::from_utf8(bytes) {
            Ok(text) => match OwnedValue::from_str(text) {
                Ok(tree) => return Ok(Document(Some(tree))),
                Err(e) => e.to_string(),
            },
            // serde_json reads texts as it goes, and says at which place one is none.
            Err(e) => serde_json::from_slice::<serde_json::Value>(bytes).err().map_or_else(|| e.to_string(), |e| e.to_string()),
        };
        let again = [Foreign::Single, Foreign::Double].into_iter().filter_map(|foreign| repaired(bytes, foreign));
        let tree = again.filter_map(|text| OwnedValue::from_string(text).ok()).next();
        tree.map(|tree| Document(Some(tree))).ok_or(refused)
    }

    /// The whole of it.
    pub fn root(&self) -> &Json<'_> {
        static NULL: Json<'static> = Json::Null;
        self.0.as_ref().map_or(&NULL, OwnedValue::get_value)
    }
}

/// An object's member. Of several with one name the last counts, as most readers of JSON have it.
pub fn member<'v>(value: &'v Json<'v>, name: &str) -> Option<&'v Json<'v>> {
    value.as_object()?.as_vec().iter().rev().find(|(key, _)| is(key, name)).map(|(_, v)| v)
}

/// Many names are as long as another; their ends are compared before a call is made for the rest.
fn is(key: &str, name: &str) -> bool {
    let (key, name) = (key.as_bytes(), name.as_bytes());
    key.len() == name.len() && key.last() == name.last() && key.first() == name.first() && key == name
}

/// The values of an object's members, in order; of several with one name the last, at the place of the first. Nothing for what is no object.
pub fn members<'v>(value: &'v Json<'v>) -> impl Iterator<Item = &'v Json<'v>> {
    let mut by_name: IndexMap<&str, &Json<'v>> = IndexMap::new();
    if let Json::Object(object) = value {
        by_name.extend(object.iter());
    }
    by_name.into_values()
}

/// A text; `None` also for one that is there and cannot be read: NUL stands in it, as it does for what was no text in the answer.
pub fn readable<'v>(value: &'v Json<'_>) -> Option<&'v str> {
    match value {
        Json::Str(text) if !is_odd(text) => Some(text),
        _ => None,
    }
}

/// Whether a text is there that cannot be read.
pub fn is_unreadable(value: &Json<'_>) -> bool {
    matches!(value, Json::Str(text) if is_odd(text))
}

/// NUL can only come by an escape, and a text with escapes is no longer borrowed from the answer: the others need no look.
#[allow(clippy::ptr_arg, reason = "borrowed or owned is what is asked")]
fn is_odd(text: &Cow<'_, str>) -> bool {
    matches!(text, Cow::Owned(text) if text.contains('\0'))
}

/// A number as it is written, each digit of whole ones kept. The crate itself writes 1e20 and 12.0 otherwise.
pub fn digits(number: Number) -> String {
    serde_json::Number::from(number).to_string()
}

/// A number as an id, the same text however the number is written: `12` and `12.0` are one. `None` where it is so large that another
/// number could have become the same.
pub fn id_digits(number: Number) -> Option<String> {
    if number.as_i64().is_some() || number.as_u64().is_some() {
        return Some(digits(number));
    }
    let number = number.as_f64().filter(|n| n.abs() < EXACT_MAX)?;
    Some(if number.fract() == 0.0 { (number as i64).to_string() } else { number.to_string() })
}

/// As one text, in the order in which it came.
pub fn text(value: &Json<'_>) -> String {
    // Nothing of JSON cannot be written as JSON.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value as Owned;

    /// Both readers on one answer: what they read, or why they do not, with nothing of ours to tell them apart.
    fn both(bytes: &[u8]) -> (Result<Owned, String>, Result<Owned, String>) {
        let ours = Document::parse(bytes).map(|d| Owned::from(d.root()));
        (ours, serde_json::from_slice(bytes).map_err(|e| e.to_string()))
    }

    #[test]
    fn reads_and_refuses_what_serde_json_does() {
        let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        let objects = |n: usize| format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n));
        let mut all: Vec<Vec<u8>> = [
            "null",
            " {} ",
            "[1,2.5,-3,true,null,\"\"]",
            "",
            " ",
            "<html>",
            "{",
            "{\"a\":1,}",
            "[1] 2",
            "{\"a\":\"山田\"}",
            "\"\\u5c71\\n\\\"\\/\\ud83d\\ude00\"",
            "{\"a\\u0062\":1}",
            "{\"\\u0061\":1,\"a\":2}",
            "{\"a\":1,\"b\":2,\"a\":3}",
            "{\"a\":{\"x\":1},\"a\":{\"y\":2}}",
            "-",
            "01",
            "1.",
        ]
        .map(|t| t.as_bytes().to_vec())
        .to_vec();
        all.extend(
            [deep(127), deep(128), deep(100_000), objects(127), objects(128), objects(100_000), "[".repeat(100_000)]
                .map(String::into_bytes),
        );
        all.extend([&b"[\xff]"[..], b"[1,,\"\xff\"]", b"{\"a\":\"\xff", b"\xff", b"\"\\"].map(<[u8]>::to_vec));
        for bytes in all {
            let (ours, theirs) = both(&bytes);
            assert_eq!(ours, theirs, "{}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
        }
        assert!(Document::parse(deep(100_000).as_bytes()).err().unwrap().contains("recursion limit exceeded"));
    }

    #[test]
    fn numbers_keep_their_digits() {
        for (written, told) in [
            ("0", "0"),
            ("-0", "-0.0"),
            ("12", "12"),
            ("-12", "-12"),
            ("12.0", "12.0"),
            ("1e2", "100.0"),
            ("1e20", "1e+20"),
            ("1E-7", "1e-7"),
            ("9007199254740993", "9007199254740993"),
            ("9223372036854775807", "9223372036854775807"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "1.8446744073709552e+19"),
            ("0.1", "0.1"),
            ("123456789012345678901234567890", "1.2345678901234568e+29"),
            ("5e-324", "5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ] {
            let document = Document::parse(written.as_bytes()).unwrap();
            let Json::Number(number) = document.root() else { panic!("{written}") };
            let theirs: Owned = serde_json::from_str(written).unwrap();
            assert_eq!((digits(*number), text(document.root())), (theirs.to_string(), theirs.to_string()), "{written}");
            assert_eq!(digits(*number), told);
            assert_eq!(
                (number.as_i64(), number.as_u64(), number.as_f64()),
                (theirs.as_i64(), theirs.as_u64(), theirs.as_f64()),
                "{written}"
            );
        }
    }

    #[test]
    fn of_members_with_one_name_the_last_counts() {
        let document = Document::parse(b"{\"7\":\"old\",\"8\":1,\"\\u0037\":\"new\"}").unwrap();
        assert_eq!(member(document.root(), "7"), Some(&Json::from("new")));
        assert_eq!(member(document.root(), "9"), None);
        assert_eq!(members(document.root()).map(text).collect::<Vec<_>>(), ["\"new\"", "1"]);
        assert!(member(&Json::from("7"), "7").is_none() && members(&Json::Null).next().is_none());
    }

    /// One person's half emoji stopped all of a system.
    #[test]
    fn one_odd_text_or_number_is_unreadable_and_the_rest_is_read() {
        let latin = [&b"{\"a\":\"Andr"[..], b"\xe9\",\"b\":1}"].concat();
        let shift_jis = [&b"{\"a\":\""[..], b"\x8eR\x93c", b"\",\"b\":1}"].concat();
        let ends_like_an_escape = [&b"{\"a\":\""[..], b"\x95\\", b"\",\"b\":1}"].concat();
        for odd in [
            &br#"{"a":"\ud83d","b":1}"#[..],
            br#"{"a":"x\udc00\ud83d","b":1}"#,
            br#"{"a":"\ud83d\u0041","b":1}"#,
            br#"{"a":"\ud83d\"","b":1}"#,
            br#"{"a":"\x41","b":1}"#,
            br#"{"a":"\u00","b":1}"#,
            br#"{"a":"\u0000","b":1}"#,
            b"{\"a\":\"x\0\",\"b\":1}",
            br#"{"a":NaN,"b":1}"#,
            br#"{"a":-Infinity,"b":1}"#,
            br#"{"a":1e999,"b":1}"#,
            b"{\"a\":\"\xed\xa0\xbd\",\"b\":1}",
            &latin,
            &shift_jis,
            &ends_like_an_escape,
        ] {
            let document = Document::parse(odd).unwrap_or_else(|e| panic!("{}: {e}", String::from_utf8_lossy(odd)));
            let a = member(document.root(), "a").unwrap();
            assert!(is_unreadable(a) && readable(a).is_none(), "{}", String::from_utf8_lossy(odd));
            assert_eq!(member(document.root(), "b").map(text).as_deref(), Some("1"));
        }
    }

    #[test]
    fn what_leaves_no_doubt_is_read_though_it_is_against_the_rules() {
        for (odd, want) in [
            (&b"\xef\xbb\xbf{\"a\":1}"[..], r#"{"a":1}"#),
            (b"\xef\xbb\xbf [1]\xef\xbb\xbf\0\0", "[1]"),
            (b"\"a\nb\tc\"", r#""a\nb\tc""#),
            (b"[\"ok \\u5c71 \xe5\xb1\xb1 \\ud83d\\ude00\", \"\t\"]", "[\"ok 山 山 😀\",\"\\t\"]"),
            (b"{\"a\xff\":1,\"b\":2}", "{\"a\u{FFFD}\":1,\"b\":2}"),
        ] {
            assert_eq!(text(Document::parse(odd).unwrap().root()), want);
        }
    }

    #[test]
    fn ids_are_never_two_in_one_nor_one_in_two() {
        for (written, want) in [
            ("12", Some("12")),
            ("12.0", Some("12")),
            ("1.2e1", Some("12")),
            ("-0", Some("0")),
            ("9007199254740993", Some("9007199254740993")),
            ("9007199254740992.0", None),
            ("562949953421311.0", Some("562949953421311")),
            ("562949953421312.0", None),
            ("18446744073709551615", Some("18446744073709551615")),
            ("18446744073709551616", None),
            ("18446744073709551617", None),
            ("1e20", None),
            ("1.5", Some("1.5")),
        ] {
            let document = Document::parse(written.as_bytes()).unwrap();
            let Json::Number(number) = document.root() else { panic!("{written}") };
            assert_eq!(id_digits(*number).as_deref(), want, "{written}");
        }
    }

    #[test]
    fn nothing_is_null() {
        assert!(Document::default().root().is_null() && Document::parse(b"null").unwrap().root().is_null());
    }

    proptest! {
        #[test]
        fn reads_any_bytes_as_serde_json_does(text in "[\\[\\]{},:\"\\\\0-9.eE+a-f山u \u{0}-]{0,40}", damaged in proptest::option::of((0usize..40, any::<u8>()))) {
            let mut bytes = text.into_bytes();
            if let Some((at, byte)) = damaged.filter(|(at, _)| *at < bytes.len()) {
                bytes[at] = byte;
            }
            // What serde_json refuses may be read all the same, without its odd parts.
            match both(&bytes) {
                (Ok(_), Err(_)) => {}
                (ours, theirs) => prop_assert_eq!(ours, theirs),
            }
        }
    }
}
