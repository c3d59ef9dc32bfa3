//! Words as people mean them: compared without case, width or blanks around them, and yes and no in the usual forms.

use super::json::{Json, digits};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// What stands for yes. In the plain form.
const YES: [&str; 10] = ["true", "t", "1", "1.0", "yes", "y", "on", "checked", "はい", "ja"];
/// What stands for no.
const NO: [&str; 10] = ["false", "f", "0", "0.0", "no", "n", "off", "unchecked", "いいえ", "nein"];

/// The words for yes and no that are known whatever a manifest says.
pub fn known_words() -> impl Iterator<Item = &'static str> {
    YES.into_iter().chain(NO)
}

/// A text in small letters, of the usual width, without what nobody sees around it. Two names with one plain form are one name to whoever
/// reads them, and to many systems.
pub fn plain(text: &str) -> Cow<'_, str> {
    let trimmed = trimmed(text);
    match trimmed.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        true => Cow::Borrowed(trimmed),
        false => Cow::Owned(trimmed_owned(trimmed.nfkc().flat_map(char::to_lowercase).collect())),
    }
}

/// A text without blanks and invisible marks at its ends.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_unseen)
}

fn trimmed_owned(text: String) -> String {
    match trimmed(&text) {
        same if same.len() == text.len() => text,
        shorter => shorter.to_string(),
    }
}

fn is_unseen(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}')
}

/// Whether two texts are one name.
pub fn same_name(a: &str, b: &str) -> bool {
    a == b || plain(a) == plain(b)
}

/// Whether a label is ours that begins with `prefix`.
pub fn begins_with(label: &str, prefix: &str) -> bool {
    label.starts_with(prefix) || plain(label).starts_with(&*plain(prefix))
}

/// Yes or no, as a value says it. `None`: neither, or nothing at all.
pub fn said(value: &Json<'_>) -> Option<bool> {
    match value {
        Json::Bool(b) => Some(*b),
        Json::Str(text) => said_by(text),
        Json::Number(number) => said_by(&digits(*number)),
        _ => None,
    }
}

/// The same of a text.
pub fn said_by(text: &str) -> Option<bool> {
    let text = plain(text);
    match (YES.contains(&&*text), NO.contains(&&*text)) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn yes_and_no_in_the_usual_words() {
        for (text, want) in [
            ("true", Some(true)),
            ("True ", Some(true)),
            ("TRUE", Some(true)),
            ("1", Some(true)),
            ("１", Some(true)),
            ("Yes", Some(true)),
            ("ＹＥＳ", Some(true)),
            ("\u{feff}Y", Some(true)),
            ("on", Some(true)),
            ("はい", Some(true)),
            ("　はい　", Some(true)),
            ("No", Some(false)),
            ("Ｎ", Some(false)),
            ("0", Some(false)),
            ("off", Some(false)),
            ("いいえ", Some(false)),
            ("", None),
            ("希望する", None),
            ("2", None),
            ("maybe", None),
        ] {
            assert_eq!(said_by(text), want, "{text:?}");
        }
        assert_eq!(said(&Json::Bool(false)), Some(false));
        assert_eq!(said(&Json::from(1u64)), Some(true));
        assert_eq!(said(&Json::Null), None);
    }

    proptest! {
        #[test]
        fn case_and_blanks_make_no_other_name(name in "[a-zA-Z0-9_ -]{0,12}", before in "[ \t\u{feff}\u{200b}]{0,3}", after in "[ \u{3000}]{0,3}") {
            let (shouted, longer) = ([&*before, &name.to_uppercase(), &after].concat(), [&name.to_uppercase(), "tail"].concat());
            prop_assert!(same_name(&name, &shouted));
            prop_assert!(begins_with(&longer, name.trim_end()));
        }
    }
}
