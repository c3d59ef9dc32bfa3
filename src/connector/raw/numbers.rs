//! Numbers as people and programs write them into texts: with groups of digits, currencies, full-width digits, and Japan's own units.
//!
//! What can be meant in two ways is no number: whoever asks for it is told that it cannot be read.

use crate::model::invisible::{is_invisible, is_space};
use crate::model::trimmed;
use unicode_normalization::UnicodeNormalization;

/// A finite number in a text.
pub fn written_number(text: &str) -> Option<f64> {
    let text = trimmed(text);
    if text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+' | b'e' | b'E')) {
        // As programs write it: a single point parts the whole from its fraction.
        if let Some(plain) = text.parse().ok().filter(|n: &f64| n.is_finite()) {
            return Some(plain);
        }
    }
    let plain: String = text.chars().filter(|c| !is_invisible(*c)).nfkc().collect();
    let (negative, amount) = signed(without_currency(trimmed(&plain)))?;
    let amount = without_currency(amount);
    let value = in_units(amount)?;
    Some(if negative { -value } else { value }).filter(|v| v.is_finite())
}

/// Takes a sign off: `-`, a minus, Japan's triangles, or a bookkeeper's brackets. `None`: two of them.
fn signed(text: &str) -> Option<(bool, &str)> {
    const MINUS: [char; 5] = ['-', '\u{2212}', '\u{2010}', '▲', '△'];
    let (negative, rest) = if let Some(inside) = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        (true, inside)
    } else if let Some(rest) = text.strip_prefix(MINUS) {
        (true, rest)
    } else {
        (false, text.strip_prefix('+').unwrap_or(text))
    };
    let rest = trimmed(rest);
    let again = rest.starts_with(MINUS) || rest.starts_with(['+', '(']);
    (!again && !rest.is_empty()).then_some((negative, rest))
}

/// Takes a currency off one end: a sign with up to three letters before it, a code of three capitals, or a word for it. Also the stroke
/// that stands for "no cents".
fn without_currency(text: &str) -> &str {
    const WORDS: [&str; 16] = ["円", "元", "圓", "圆", "원", "kr.", "kr", "zł", "Kč", "Ft", "Rs.", "Rs", "лв", "руб.", "руб", "yen"];
    let sign = |c: char| matches!(c, '$' | '¥' | '\u{A2}'..='\u{A5}' | '\u{20A0}'..='\u{20CF}' | '\u{E3F}');
    let code = |word: &str| word.len() == 3 && word.bytes().all(|b| b.is_ascii_uppercase());
    let begins = text.find(|c: char| c.is_ascii_digit() || matches!(c, '(' | '-' | '\u{2212}' | '▲' | '△' | '+'));
    let (before, rest) = text.split_at(begins.unwrap_or(0));
    let word = trimmed(before);
    let letters = word.trim_end_matches(sign);
    let by_sign = letters.len() < word.len() && letters.len() <= 3 && letters.bytes().all(|b| b.is_ascii_alphabetic());
    let text = if by_sign || code(word) || WORDS.contains(&word) { rest } else { text };
    let ends = text.rfind(|c: char| c.is_ascii_digit() || matches!(c, ')' | '万' | '億' | '兆' | '千' | '萬')).and_then(|at| {
        let last = text[at..].chars().next()?;
        Some(at + last.len_utf8())
    });
    let (rest, after) = text.split_at(ends.unwrap_or(text.len()));
    let word = trimmed(after);
    let known = word.is_empty() || !word.is_empty() && word.chars().all(sign) || code(word) || WORDS.contains(&word);
    if known || matches!(word, ",-" | ".-" | ",--" | ".--" | ",\u{2013}" | ",\u{2014}" | ".\u{2013}" | ".\u{2014}") { rest } else { text }
}

/// `180万`, `1億8000万`, `3千`; or a number without a unit.
fn in_units(text: &str) -> Option<f64> {
    const UNITS: [(&[char], f64); 4] = [(&['兆'], 1e12), (&['億'], 1e8), (&['万', '萬'], 1e4), (&['千'], 1e3)];
    let mut rest = text;
    let (mut sum, mut any) = (0.0, false);
    for (signs, times) in UNITS {
        if let Some((count, after)) = rest.split_once(signs) {
            sum += grouped(trimmed(count))? * times;
            (rest, any) = (trimmed(after), true);
        }
    }
    if any && rest.is_empty() { Some(sum) } else { Some(sum + grouped(rest)?) }
}

/// Digits in groups, with a fraction.
fn grouped(text: &str) -> Option<f64> {
    let mark = |c: char| matches!(c, '.' | ',' | '\'' | '\u{2019}' | '_') || is_space(c);
    if !text.chars().all(|c| c.is_ascii_digit() || mark(c)) || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = parted(text)?;
    let mut marks = whole.chars().filter(|c| mark(*c));
    let first = marks.next();
    // One and the same mark between all groups.
    if marks.any(|c| Some(c) != first && !(is_space(c) && first.is_some_and(is_space))) {
        return None;
    }
    let groups: Vec<&str> = whole.split(mark).collect();
    if let [head, between @ .., tail] = &groups[..] {
        // Thousands, or as in India hundreds above them.
        let even = |n: usize| between.iter().all(|g| g.len() == n);
        let good = (1..=3).contains(&head.len()) && tail.len() == 3 && (even(3) || even(2) && head.len() <= 2);
        if !good {
            return None;
        }
    }
    let digits = groups.concat();
    let digits = if digits.is_empty() { "0".to_string() } else { digits };
    format!("{digits}.{}", if fraction.is_empty() { "0" } else { fraction }).parse().ok()
}

/// The whole and its fraction. A comma with three digits behind it parts thousands, unless a zero stands before it alone.
fn parted(text: &str) -> Option<(&str, &str)> {
    let Some(at) = text.rfind(['.', ',']) else { return Some((text, "")) };
    let (before, after) = (&text[..at], &text[at + 1..]);
    let mark = &text[at..=at];
    let parts = if before.contains(mark) {
        // Twice the same: groups.
        false
    } else if before.contains(['.', ',', '\'', '\u{2019}', '_']) || before.contains(is_space) || mark == "." {
        // The last of several kinds; or a point alone, as programs write it.
        true
    } else {
        after.len() != 3 || before == "0" || before.is_empty()
    };
    match parts {
        true => after.bytes().all(|b| b.is_ascii_digit()).then_some((before, after)),
        false => Some((text, "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_usual_written_forms_are_read() {
        for (raw, want) in [
            ("1800000", 1_800_000.0),
            (" 1800000 ", 1_800_000.0),
            ("\u{FEFF}1800000", 1_800_000.0),
            ("1,800,000", 1_800_000.0),
            ("1,800,000.00", 1_800_000.0),
            ("1.800.000,00", 1_800_000.0),
            ("1.800.000", 1_800_000.0),
            ("1 800 000", 1_800_000.0),
            ("1\u{A0}800\u{202F}000", 1_800_000.0),
            ("1 800 000,50", 1_800_000.5),
            ("1'800'000.50", 1_800_000.5),
            ("1’800’000", 1_800_000.0),
            ("1_800_000", 1_800_000.0),
            ("18,00,000", 1_800_000.0),
            ("1.8e6", 1_800_000.0),
            ("１８０００００", 1_800_000.0),
            ("１，８００，０００", 1_800_000.0),
            ("¥1,800,000", 1_800_000.0),
            ("￥１，８００，０００", 1_800_000.0),
            ("¥ 1,800,000", 1_800_000.0),
            ("1,800,000円", 1_800_000.0),
            ("1800000 JPY", 1_800_000.0),
            ("JPY 1,800,000", 1_800_000.0),
            ("USD1,800,000.00", 1_800_000.0),
            ("US$1,800,000", 1_800_000.0),
            ("NT$ 1,800,000", 1_800_000.0),
            ("1.800.000,00 €", 1_800_000.0),
            ("€1.800.000,-", 1_800_000.0),
            ("1 800 000 kr", 1_800_000.0),
            ("Rs. 18,00,000", 1_800_000.0),
            ("180万円", 1_800_000.0),
            ("180万", 1_800_000.0),
            ("1億8,000万円", 180_000_000.0),
            ("1.8億", 180_000_000.0),
            ("1万5000", 15_000.0),
            ("3千円", 3_000.0),
            ("1,800", 1_800.0),
            ("1,8", 1.8),
            ("0,125", 0.125),
            ("1800,50", 1_800.5),
            ("1.800", 1.8),
            (".5", 0.5),
            ("12.", 12.0),
            ("-1,800", -1_800.0),
            ("−1,800", -1_800.0),
            ("▲1,800", -1_800.0),
            ("△１，８００", -1_800.0),
            ("(1,800)", -1_800.0),
            ("-¥1,800", -1_800.0),
            ("¥-1,800", -1_800.0),
            ("+5", 5.0),
        ] {
            assert_eq!(written_number(raw), Some(want), "{raw:?}");
        }
    }

    #[test]
    fn what_can_be_meant_in_two_ways_is_no_number() {
        for raw in [
            "",
            " ",
            "-",
            "¥",
            "円",
            "n/a",
            "about 5",
            "5 or 6",
            "1,80,00",
            "1,8,0",
            "1800-",
            "¥1,800,000-",
            "15%",
            "1.8M",
            "2k",
            "1,800,000 (税別)",
            "1.2.3",
            "1,,800",
            "--5",
            "-(5)",
            "0x10",
            "NaN",
            "inf",
            "1e999",
            "12:30",
            "2026-11-28",
            "1.800,000.00",
            "万",
            "5万3億",
        ] {
            assert_eq!(written_number(raw), None, "{raw:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_program_writes_is_read_as_it_is(number in -1e15..1e15f64, whole in any::<i32>()) {
            prop_assert_eq!(written_number(&number.to_string()), Some(number));
            prop_assert_eq!(written_number(&whole.to_string()), Some(f64::from(whole)));
        }

        #[test]
        fn no_text_stops_it(text in any::<String>(), odd in "[0-9.,'’ ¥$円万億千()▲+\u{2212}\u{A0}eE-]{0,16}") {
            prop_assert!([text, odd].iter().filter_map(|t| written_number(t)).all(f64::is_finite));
        }
    }
}
