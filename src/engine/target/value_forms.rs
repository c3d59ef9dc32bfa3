//! Whether a target may have made a value of ours.

use super::text_forms;
use crate::model::normal::entry_key;
use crate::model::{ShortText, Value, joined_entries};
use std::collections::BTreeMap;

/// Whether `shown` is what a target may have made of our value: another form of the same text, cut anywhere; the same number told as a text;
/// the same entries in another order, or in one text; a word for nothing where we wrote nothing; a number with fewer decimals; a time without its parts of a second, or as a day.
pub fn is_form_of(ours: &Value, shown: &Value) -> bool {
    if ours.says_the_same(shown) || ours.may_show_as(shown) {
        return true;
    }
    match (ours, shown) {
        (Value::Text(ours), Value::Text(shown)) => text_forms::is_form_of(ours, shown),
        (Value::List(ours), Value::List(shown)) => match &shown[..] {
            [one] if ours.len() > 1 => is_joined_of(ours, one),
            _ => are_the_same(ours, shown),
        },
        (Value::List(ours), Value::Text(shown)) => is_joined_of(ours, shown),
        // What it shows where it holds nothing.
        (Value::Empty, Value::Text(shown)) => stands_for_nothing(shown),
        (Value::Int(_) | Value::Number(_), _) | (_, Value::Int(_) | Value::Number(_)) => {
            number(ours).zip(number(shown)).is_some_and(|(ours, shown)| ours == shown || has_fewer_decimals(ours, shown))
        }
        _ => false,
    }
}

/// Whether a text is what systems put where nothing is.
fn stands_for_nothing(text: &str) -> bool {
    const WORDS: [&str; 12] =
        ["unknown", "[not provided]", "not provided", "n/a", "na", "none", "null", "-", "--", "不明", "未設定", "なし"];
    WORDS.contains(&text_forms::nfkc(text.trim()).to_lowercase().as_str())
}

/// Whether a text is a list's entries in one.
fn is_joined_of(list: &[ShortText], text: &str) -> bool {
    let parts: Vec<ShortText> = joined_entries(text).into_iter().map(ShortText::from).collect();
    are_the_same(list, &parts)
}

/// Whether two entries are one, neither cut.
fn are_forms_of_one(a: &str, b: &str) -> bool {
    text_forms::is_form_of(a, b) && text_forms::is_form_of(b, a)
}

/// Each with each is compared of so few; a list may have tens of thousands of entries.
const APART_MAX: usize = 50;

/// Whether each entry of one list is one of the other's.
fn are_the_same(ours: &[ShortText], shown: &[ShortText]) -> bool {
    if ours.len() != shown.len() {
        return false;
    }
    let mut by_key: BTreeMap<String, Vec<&ShortText>> = BTreeMap::new();
    shown.iter().for_each(|entry| by_key.entry(entry_key(entry)).or_default().push(entry));
    let is_apart = |entry: &&ShortText| by_key.get_mut(&entry_key(entry)).and_then(Vec::pop).is_none();
    let apart: Vec<&ShortText> = ours.iter().filter(is_apart).collect();
    let mut left: Vec<&ShortText> = by_key.into_values().flatten().collect();
    let mut found = |entry: &ShortText| left.iter().position(|shown| are_forms_of_one(entry, shown)).map(|at| left.swap_remove(at));
    apart.len() <= APART_MAX && apart.into_iter().all(|entry| found(entry).is_some())
}

/// How many decimals a number has.
pub(super) fn decimals(number: f64) -> u8 {
    let decimals = number.to_string().split_once('.').map_or(0, |(_, decimals)| decimals.len());
    u8::try_from(decimals).unwrap_or(u8::MAX)
}

/// Whether `shown` is our number rounded, or cut, to the decimals that it shows.
fn has_fewer_decimals(ours: f64, shown: f64) -> bool {
    let (kept, had) = (i32::from(decimals(shown)), i32::from(decimals(ours)));
    let scale = 10_f64.powi(kept);
    kept < had && ((ours * scale).round() == (shown * scale).round() || (ours * scale).trunc() == (shown * scale).round())
}

/// A number, or what a text says that is one. A point and a sign count; commas between thousands do not.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(i) => Some(*i as f64),
        Value::Number(n) => Some(*n),
        Value::Text(text) => text_forms::nfkc(text.trim()).replace(',', "").parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Date, Time};

    #[test]
    fn a_form_is_the_same_value_as_another_kind_or_in_another_order() {
        let text = |t: &str| Value::text(t);
        let list = |entries: &[&str]| Value::List(entries.iter().map(|e| (*e).into()).collect());
        for (ours, shown, is) in [
            (text("Sato Trading Company"), text("Sato Tra"), true),
            (text("Sato Trading"), text("Sato Trading Company"), false),
            (Value::Int(7), text("7"), true),
            (Value::Number(2.0), text("2"), true),
            (text("7"), Value::Int(7), true),
            (Value::Number(2.5), text("2.5"), true),
            (Value::Number(2.5), text("25"), false),
            (Value::Number(2.5), text(" 2.50"), true),
            (Value::Number(2.0), Value::Int(2), true),
            (Value::Int(-5), text("-5"), true),
            (Value::Int(5), text("-5"), false),
            (Value::Int(1200), text("1,200"), true),
            (Value::Int(1200), text("１，２００"), true),
            (Value::Int(7), text("seven"), false),
            (Value::Bool(true), text("true"), false),
            (text(""), Value::Empty, true),
            (text("x"), Value::Empty, false),
            (Value::Time(Time(1_795_000_000_123)), Value::Time(Time(1_795_000_000_000)), true),
            (Value::Time(Time(1_795_000_000_123)), Value::Time(Time(1_795_000_002_000)), false),
            (Value::Date(Date(0)), Value::Time(Time(-9 * 3_600_000)), true),
            (Value::Date(Date(0)), text("1970-01-01"), true),
            (Value::Date(Date(0)), Value::Date(Date(1)), false),
            (Value::Number(25.875), Value::Number(25.88), true),
            (Value::Number(25.875), Value::Number(25.87), true),
            (Value::Number(25.875), Value::Int(26), true),
            (Value::Number(25.875), Value::Number(25.8), true),
            (Value::Number(25.875), Value::Number(25.7), false),
            (Value::Number(25.8), Value::Number(25.875), false),
            (Value::Time(Time(-1)), Value::Time(Time(1)), false),
            (list(&["A", "b"]), list(&["B", "a"]), true),
            (list(&["a", "b"]), list(&["a"]), false),
            (list(&["a", "b"]), list(&["a", "a"]), false),
            (list(&["ab", "a"]), list(&["A", "AB"]), true),
            (list(&["ab"]), list(&["a"]), false),
            (list(&["a", "b"]), list(&["B; a"]), true),
            (list(&["a", "b"]), list(&["a, c"]), false),
            (list(&["a", "b"]), text("a,b"), true),
            (Value::Empty, text("Unknown"), true),
            (Value::Empty, text("[Not provided]"), true),
            (Value::Empty, text("不明"), true),
            (Value::Empty, text("New Co"), false),
            (Value::Empty, Value::Unreadable, false),
            (list(&["R&D", "営業"]), list(&["R&amp;D", "営業"]), true),
        ] {
            assert_eq!(is_form_of(&ours, &shown), is, "{ours} {shown}");
        }
    }

    /// As many as a record may hold.
    #[test]
    fn tens_of_thousands_of_entries_are_compared_once_each() {
        let tags = |letter: char| Value::List((0..40_000).map(|n| format!("{letter}{n:05}").into()).collect());
        let (ours, other_case, others) = (tags('a'), tags('A'), tags('b'));
        assert!(is_form_of(&ours, &other_case) && ours.says_the_same(&other_case));
        assert!(!is_form_of(&ours, &others) && !ours.says_the_same(&others));
    }
}
