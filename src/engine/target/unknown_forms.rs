//! Values that a system may have made of ours in a way that nobody knows: with signs for letters that it lacks, in another writing, with something put before or behind.

use super::value_forms::is_form_of;
use crate::model::Value;
use std::collections::BTreeMap;
use unicode_normalization::UnicodeNormalization;

/// What systems put where they lack a letter.
const LACKING: [char; 6] = ['?', '\u{ff1f}', '\u{fffd}', '□', '〓', '_'];

/// Shorter numbers stand in others by chance.
const WHOLE_MIN: usize = 4;

/// Whether a text may be what became of another: letters are lacking, or one holds at least half of the letters of the other.
pub(super) fn may_be_made_of(ours: &str, shown: &str) -> bool {
    let lacking = |text: &str| text.matches(LACKING).count();
    if lacking(shown) > lacking(ours) {
        return true;
    }
    // Two that share some digits are two numbers; one with something more to it may be the same.
    if !ours.contains(char::is_alphabetic) {
        return ours.len() >= WHOLE_MIN && shown.contains(ours);
    }
    let (ours, shown) = (letters(ours), letters(shown));
    let so_many = |letters: &BTreeMap<char, usize>| letters.values().sum::<usize>();
    let common: usize = ours.iter().map(|(letter, times)| shown.get(letter).map_or(0, |there| *times.min(there))).sum();
    let (shorter, longer) = (so_many(&ours).min(so_many(&shown)), so_many(&ours).max(so_many(&shown)));
    common > 0 && (common == shorter || common * 2 >= longer)
}

/// Whether `shown` may be what a target made of our value, known or not: of a write whose answer is not there.
pub fn may_be_form_of(ours: &Value, shown: &Value) -> bool {
    is_form_of(ours, shown) || ours.as_text().zip(shown.as_text()).is_some_and(|(ours, shown)| may_be_made_of(ours, shown))
}

/// How often each letter stands there, whatever its case, width or kana.
fn letters(text: &str) -> BTreeMap<char, usize> {
    let mut letters = BTreeMap::new();
    for letter in text.nfkd().flat_map(char::to_lowercase).map(as_katakana).filter(|c| c.is_alphanumeric()) {
        *letters.entry(letter).or_default() += 1;
    }
    letters
}

/// The blocks of the two kanas stand side by side (Unicode, U+3041..U+3096 and U+30A1..U+30F6).
fn as_katakana(letter: char) -> char {
    match letter {
        '\u{3041}'..='\u{3096}' => char::from_u32(u32::from(letter) + 0x60).unwrap_or(letter),
        _ => letter,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shares_half_of_its_letters_or_lacks_some_may_be_made_of_ours() {
        for (ours, shown, may) in [
            ("髙橋商店", "?橋商店", true),
            ("髙﨑", "??", true),
            ("髙橋", "高橋", true),
            ("営業部長", "営業部長様", true),
            ("Sato", "Mr. Sato", true),
            ("さとう", "サトウ", true),
            ("さとう", "ｻﾄｳ", true),
            ("Vice President", "tnediserP eciV", true),
            ("03-1234-5678", "03-1234-0000", false),
            ("03-1234-5678", "03-1234-5678 (work)", true),
            ("3", "13", false),
            ("Director", "Director of Sales and Marketing for Asia", true),
            ("Sales", "Marketing", false),
            ("Chief", "Boss", false),
            ("営業部長", "総務課", false),
            ("what?", "Chief?", false),
            ("山田", "", false),
        ] {
            assert_eq!(may_be_made_of(ours, shown), may, "{ours} {shown}");
        }
    }
}
