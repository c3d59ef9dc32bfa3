//! An answer as a message may show it: the names in it, not the values, which are people's.

use std::borrow::Cow;

/// In place of a value.
const VALUE: char = '…';

/// Longer numbers may be a telephone's.
const DIGITS_MAX: usize = 4;

/// JSON without its texts and long numbers; it may be broken off or broken. What is no JSON is given as it stands: a page of a proxy says what
/// is the matter.
pub(super) fn without_values(text: &str) -> Cow<'_, str> {
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return text.into();
    }
    let mut shape = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '"' => quoted(rest, &mut shape),
            '0'..='9' => number(rest, &mut shape),
            other => {
                shape.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    shape.into()
}

/// A text in quotes, which is a name where a colon follows. How many bytes it took.
fn quoted(rest: &str, shape: &mut String) -> usize {
    let mut is_escaped = false;
    let end = rest[1..].find(|c: char| {
        let ends = c == '"' && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        ends
    });
    let Some(end) = end.map(|end| end + 2) else {
        shape.extend(['"', VALUE]);
        return rest.len();
    };
    if end == 2 || rest[end..].trim_start().starts_with(':') {
        shape.push_str(&rest[..end]);
    } else {
        shape.extend(['"', VALUE, '"']);
    }
    end
}

/// Digits. How many bytes they took.
fn number(rest: &str, shape: &mut String) -> usize {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    if end > DIGITS_MAX {
        shape.push(VALUE)
    } else {
        shape.push_str(&rest[..end])
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_told_and_values_are_not() {
        for (text, shape) in [
            (r#"{"results":[]}"#, r#"{"results":[]}"#),
            (r#"[{"phone":"0312345678","last_name":"佐藤"}]"#, r#"[{"phone":"…","last_name":"…"}]"#),
            (r#"{"id":17,"phone": 312345678, "score":-1.5}"#, r#"{"id":17,"phone": …, "score":-1.5}"#),
            (r#"{"a" : "say \"hi\"", "b":"","c":null}"#, r#"{"a" : "…", "b":"","c":null}"#),
            (r#"{"tags":["vip","a\\"],"x":true}"#, r#"{"tags":["…","…"],"x":true}"#),
            // Broken off, within a value or a name.
            (r#"{"first_name":"Ta"#, r#"{"first_name":"…"#),
            (r#""0312345678""#, r#""…""#),
            ("OK", "OK"),
            ("<html><title>Login</title>", "<html><title>Login</title>"),
        ] {
            assert_eq!(without_values(text), shape);
        }
    }

    proptest! {
        /// Whatever an answer holds, no text of it is told that no colon follows.
        #[test]
        fn no_value_is_told(value in "[a-z\\\\\"]{0,3}SECRET[a-z\\\\\"]{0,3}", name in "[a-z]{1,5}") {
            let json = serde_json::json!([{ &name: value }]).to_string();
            for end in (0..=json.len()).filter(|end| json.is_char_boundary(*end)) {
                prop_assert!(!without_values(&json[..end]).contains("SECRET"), "{}", &json[..end]);
            }
        }
    }
}
