//! What outer systems answer, as a tree that borrows its texts from the answer.
//!
//! serde_json's own tree copies each text and hashes each key, which was the largest single cost of a first sync. The crate beneath is
//! named here and nowhere else. Its `Value::get` is not for us: of two members with one name it finds the first, see [`member`].

use indexmap::IndexMap;
use serde_json_borrow::{Number, OwnedValue};

/// One value of an answer.
pub use serde_json_borrow::Value as Json;

/// An answer and its tree. The default is null.
///
/// The crate's own type lets its parts be taken out as if they lived for ever, and its clones point into what they were cloned from.
/// So it is neither handed out nor cloned: what is borrowed from here lives no longer than this.
#[derive(Default)]
pub struct Document(Option<OwnedValue>);

impl Document {
    /// `Err` says why it is no JSON, and where, as serde_json says it.
    ///
    /// The bytes are copied, which costs little beside reading them: who asks needs them still where they are no JSON, to show how they
    /// begin.
    pub fn parse(bytes: &[u8]) -> Result<Document, String> {
        let tree = match std::str::from_utf8(bytes) {
            Ok(text) => OwnedValue::from_str(text).map_err(|e| e.to_string()),
            // serde_json reads texts as it goes, and says at which place one is none.
            Err(_) => match serde_json::from_slice::<serde_json::Value>(bytes) {
                Ok(read) => OwnedValue::from_string(read.to_string()).map_err(|e| e.to_string()),
                Err(e) => Err(e.to_string()),
            },
        };
        tree.map(|tree| Document(Some(tree)))
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

/// A number as it is written, each digit of whole ones kept. The crate itself writes 1e20 and 12.0 otherwise.
pub fn digits(number: Number) -> String {
    serde_json::Number::from(number).to_string()
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
            "\u{feff}{}",
            "{\"a\":\"山田\"}",
            "\"\\u5c71\\n\\\"\\/\\ud83d\\ude00\"",
            "\"\\ud800\"",
            "\"\\udc00\\ud800\"",
            "\"\\x\"",
            "\"a\nb\"",
            "{\"a\\u0062\":1}",
            "{\"\\u0061\":1,\"a\":2}",
            "{\"a\":1,\"b\":2,\"a\":3}",
            "{\"a\":{\"x\":1},\"a\":{\"y\":2}}",
            "1e999",
            "-",
            "01",
            "1.",
            "NaN",
        ]
        .map(|t| t.as_bytes().to_vec())
        .to_vec();
        all.extend(
            [deep(127), deep(128), deep(100_000), objects(127), objects(128), objects(100_000), "[".repeat(100_000)]
                .map(String::into_bytes),
        );
        all.extend(
            [
                &b"{\"a\":\"x\xff\"}"[..],
                b"{\"a\xff\":1}",
                b"[\xff]",
                b"\"\xe5\xb1\"",
                b"[1, \n \"ok\", \"\xed\xa0\x80\"]",
                b"[1,,\"\xff\"]",
            ]
            .map(<[u8]>::to_vec),
        );
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
            let (ours, theirs) = both(&bytes);
            prop_assert_eq!(ours, theirs);
        }
    }
}
