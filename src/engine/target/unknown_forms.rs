//! Values that a system may have made of ours in a way that nobody knows: with signs for letters that it lacks, in another writing, with something put before or behind.

use super::value_forms::is_form_of;
use crate::model::Value;
use crate::model::normal::kanji::modern;
use unicode_normalization::UnicodeNormalization;

/// What systems put where they lack a letter.
const LACKING: [char; 6] = ['?', '\u{ff1f}', '\u{fffd}', '□', '〓', '_'];

/// Shorter texts stand in others by chance.
const WHOLE_MIN: usize = 2;

/// Whether a text may be what became of another: letters are lacking, it is the same in another writing, or something stands before or behind.
pub(super) fn may_be_made_of(ours: &str, shown: &str) -> bool {
    let lacking = |text: &str| text.matches(LACKING).count();
    let [whole, folded] = [ours, shown].map(folded);
    lacking(shown) > lacking(ours) || whole == folded || (whole.chars().count() >= WHOLE_MIN && folded.contains(&whole))
}

/// Whether `shown` may be what a target made of our value, known or not: of a write whose answer is not there.
pub fn may_be_form_of(ours: &Value, shown: &Value) -> bool {
    is_form_of(ours, shown) || ours.as_text().zip(shown.as_text()).is_some_and(|(ours, shown)| may_be_made_of(ours, shown))
}

/// Its letters and digits, whatever their case, width, kana or form of kanji.
fn folded(text: &str) -> String {
    text.nfkd().flat_map(char::to_lowercase).map(as_katakana).map(modern).filter(|c| c.is_alphanumeric()).collect()
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
    fn what_lacks_letters_or_holds_all_of_ours_may_be_made_of_it() {
        for (ours, shown, may) in [
            ("髙橋商店", "?橋商店", true),
            ("髙﨑", "??", true),
            ("髙橋", "高橋", true),
            ("営業部長", "営業部長様", true),
            ("Sato", "Mr. Sato", true),
            ("さとう", "サトウ", true),
            ("さとう", "ｻﾄｳ", true),
            ("03-1234-5678", "03-1234-5678 (work)", true),
            ("Director", "Director of Sales and Marketing for Asia", true),
            ("03-1234-5678", "03-1234-0000", false),
            ("3", "13", false),
            // Somebody is another thing now.
            ("課長", "部長", false),
            ("CRM title", "MA title", false),
            ("Sales", "Marketing", false),
            ("営業部長", "総務課", false),
            ("what?", "Chief?", false),
            ("山田", "", false),
        ] {
            assert_eq!(may_be_made_of(ours, shown), may, "{ours} {shown}");
        }
    }
}
