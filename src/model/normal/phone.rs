//! Phone numbers, as people and systems write them.

use crate::model::{invisible, trimmed};
use unicode_normalization::UnicodeNormalization;

/// The digits of a phone number of Japan, after its 0 or +81.
const JAPANESE_DIGITS: std::ops::RangeInclusive<usize> = 9..=10;
/// Fewer digits are no phone number of any country.
const PHONE_DIGITS_MIN: usize = 7;

/// A phone number with its country, or with digits alone where that is not known; `None`: it is none.
pub fn phone(text: &str) -> Option<String> {
    let text: String = text.nfkc().filter(|c| !invisible::is_invisible(*c)).collect();
    of_plain(trimmed(&text))
}

/// The same of a text in NFKC, without blanks around it and what nobody sees.
pub(super) fn of_plain(text: &str) -> Option<String> {
    let international = text.starts_with('+');
    let rest = text.strip_prefix('+').unwrap_or(text);
    let mark = |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー');
    if !rest.chars().all(|c| c.is_ascii_digit() || mark(c)) || rest.chars().all(|c| c == '.' || c.is_whitespace()) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let japanese = match (international, digits.strip_prefix("81")) {
        // The national 0 is often left in: +81 (0)3-1234-5678.
        (true, national) => national.map(|national| national.strip_prefix('0').unwrap_or(national)),
        (false, _) => digits.strip_prefix("0081").or_else(|| digits.strip_prefix('0')).filter(|national| !national.starts_with('0')),
    };
    match japanese.filter(|national| JAPANESE_DIGITS.contains(&national.len())) {
        Some(national) => Some(format!("+81{national}")),
        None if international && digits.len() >= PHONE_DIGITS_MIN => Some(format!("+{digits}")),
        None => None,
    }
}

/// The part of a number of Japan after its +81.
pub fn national(number: &str) -> Option<&str> {
    number.strip_prefix("+81")
}
