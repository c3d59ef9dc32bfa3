//! What other systems say may name people. In the log it stands without their addresses, which the log is no place for.

use std::borrow::Cow;

/// In place of an address.
const ADDRESS: &str = "(address)";

/// As in an address, in one of full width, and in one within a URL.
fn is_address(word: &str) -> bool {
    ["@", "\u{ff20}", "%40"].iter().any(|at| word.contains(at))
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || "<>()[]{}\"'`,;:=/?&|".contains(c)
}

/// A text of others, without the addresses in it.
pub(super) fn masked(text: &str) -> Cow<'_, str> {
    if !is_address(text) {
        return text.into();
    }
    let mut told = String::with_capacity(text.len());
    for piece in text.split_inclusive(ends_word) {
        let word = piece.strip_suffix(ends_word).unwrap_or(piece);
        told.push_str(if is_address(word) { ADDRESS } else { word });
        told.push_str(&piece[word.len()..]);
    }
    told.into()
}

/// In place of a value that is known to be a person's.
const VALUE: &str = "(value)";

/// Shorter texts are found in any words.
const CHARS_MIN: usize = 2;

/// A text of others about one record, without the values of that record either.
pub(super) fn masked_of(text: &str, values: &[&str]) -> String {
    let mut values: Vec<&str> = values.iter().copied().filter(|value| value.chars().nth(CHARS_MIN - 1).is_some()).collect();
    // A whole name before its parts.
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    values.iter().fold(masked(text).into_owned(), |told, value| told.replace(value, VALUE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_s_values_are_left_out_too() {
        let values = ["佐藤", "佐藤 花子", "03-1234-5678", "", "x", "a@acme.example"];
        for (text, told) in [
            ("phone 03-1234-5678 of 佐藤 花子 is not allowed", "phone (value) of (value) is not allowed"),
            ("佐藤様 <a@acme.example>: x is too long", "(value)様 <(address)>: x is too long"),
        ] {
            assert_eq!(masked_of(text, &values), told);
        }
    }

    #[test]
    fn addresses_are_left_out_and_all_else_is_told() {
        for (text, told) in [
            ("500: it is down, try again", "500: it is down, try again"),
            ("no such lead: taro@example.jp", "no such lead: (address)"),
            ("{\"email\":\"taro@example.jp\",\"code\":1003}", "{\"email\":\"(address)\",\"code\":1003}"),
            ("Taro <taro+x@example.jp>, Hana <h.m@example.jp>!", "Taro <(address)>, Hana <(address)>!"),
            ("/leads?filterValues=taro%40example.jp&fields=id", "/leads?filterValues=(address)&fields=id"),
            ("taro\u{ff20}example.jp は存在しません", "(address) は存在しません"),
            ("mailto:taro@example.jp", "mailto:(address)"),
        ] {
            assert_eq!(masked(text), told);
        }
    }
}
