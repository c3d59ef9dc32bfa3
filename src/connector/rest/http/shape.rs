//! An answer as a message may show it: the names in it, not the values, which are people's.

use std::borrow::Cow;

/// In place of a value.
const VALUE: char = '…';

/// Longer numbers may be a telephone's.
const DIGITS_MAX: usize = 4;

/// What systems call the words in which they say what is wrong. Where they stand beside records they are told.
const SAYS_WHAT_IS_WRONG: [&str; 8] = ["message", "error", "errors", "error_description", "code", "status", "category", "detail"];

/// JSON without its texts and long numbers, or as much of it as comes to `bytes`; it may be broken off or broken. What is no JSON is given as it
/// stands: a page of a proxy says what is the matter.
pub(super) fn without_values(text: &str, bytes: usize) -> Cow<'_, str> {
    if !text.trim_start().starts_with(['{', '[', '"']) {
        return text.into();
    }
    let mut shape = Shape::default();
    let mut rest = text;
    while let Some(first) = rest.chars().next().filter(|_| shape.told.len() < bytes) {
        let taken = match first {
            '"' => shape.quoted(rest),
            '0'..='9' => shape.number(rest),
            other => shape.sign(other),
        };
        rest = &rest[taken..];
    }
    shape.told.into()
}

/// What is told so far.
#[derive(Debug, Default)]
struct Shape<'t> {
    told: String,
    /// The last name.
    name: &'t str,
    /// Of each list and object that is open: whether it may hold records.
    open: Vec<bool>,
}

impl<'t> Shape<'t> {
    /// How many bytes it took, as of the others.
    fn sign(&mut self, sign: char) -> usize {
        let holds_records = self.open.last().copied().unwrap_or_default();
        match sign {
            '[' => self.open.push(holds_records || !self.says_what_is_wrong()),
            '{' => self.open.push(holds_records),
            ']' | '}' => drop(self.open.pop()),
            _ => {}
        }
        self.told.push(sign);
        sign.len_utf8()
    }

    fn says_what_is_wrong(&self) -> bool {
        SAYS_WHAT_IS_WRONG.iter().any(|name| name.eq_ignore_ascii_case(self.name))
    }

    /// A text in quotes, which is a name where a colon follows.
    fn quoted(&mut self, rest: &'t str) -> usize {
        let mut is_escaped = false;
        let end = rest[1..].find(|c: char| {
            let ends = c == '"' && !is_escaped;
            is_escaped = c == '\\' && !is_escaped;
            ends
        });
        let (end, is_whole) = end.map_or((rest.len(), false), |end| (end + 2, true));
        let is_name = is_whole && rest[end..].trim_start().starts_with(':');
        if is_name {
            self.name = &rest[1..end - 1];
        }
        let is_beside_records = !self.open.is_empty() && self.open.last() == Some(&false);
        match is_whole {
            _ if is_beside_records && self.says_what_is_wrong() => self.told.push_str(&rest[..end]),
            true if is_name || end == 2 => self.told.push_str(&rest[..end]),
            true => self.told.extend(['"', VALUE, '"']),
            false => self.told.extend(['"', VALUE]),
        }
        end
    }

    /// Digits.
    fn number(&mut self, rest: &str) -> usize {
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        if end > DIGITS_MAX {
            self.told.push(VALUE)
        } else {
            self.told.push_str(&rest[..end])
        }
        end
    }
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
            // What is wrong, in the systems' own words; not so beside the fields of a record.
            (r#"{"status":"error","message":"token revoked","x":"y"}"#, r#"{"status":"error","message":"token revoked","x":"…"}"#),
            (
                r#"{"success":false,"errors":[{"code":"601","message":"Access token invalid"}]}"#,
                r#"{"success":false,"errors":[{"code":"601","message":"Access token invalid"}]}"#,
            ),
            (r#"{"result":[{"message":"佐藤","errors":["佐藤"]}]}"#, r#"{"result":[{"message":"…","errors":["…"]}]}"#),
            ("OK", "OK"),
            ("<html><title>Login</title>", "<html><title>Login</title>"),
        ] {
            assert_eq!(without_values(text, usize::MAX), shape);
        }
        assert_eq!(without_values(&"[1,".repeat(1_000_000), 7), "[1,[1,[");
    }

    proptest! {
        /// Whatever an answer holds, no text of it is told that no colon follows.
        #[test]
        fn no_value_is_told(value in "[a-z\\\\\"]{0,3}SECRET[a-z\\\\\"]{0,3}", name in "[a-z]{1,5}") {
            let json = serde_json::json!([{ &name: value }]).to_string();
            for end in (0..=json.len()).filter(|end| json.is_char_boundary(*end)) {
                prop_assert!(!without_values(&json[..end], usize::MAX).contains("SECRET"), "{}", &json[..end]);
            }
        }
    }
}
