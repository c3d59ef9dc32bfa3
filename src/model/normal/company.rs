//! Words for a company's form, long and short.

use crate::model::trimmed;

/// Company words and their short forms, which stand in brackets or as one character.
const COMPANIES: [(&str, &str); 3] = [("株式会社", "株"), ("有限会社", "有"), ("合同会社", "同")];

/// Whether a text may hold one of these words, long or short.
pub(super) fn has_word(text: &str) -> bool {
    COMPANIES.iter().any(|(long, short)| text.contains(long) || text.contains('(') && text.contains(short))
}

/// A text in NFKC with company words in their long form, without blanks around them.
pub fn in_long_form(text: &str) -> String {
    COMPANIES.iter().fold(text.to_string(), |text, (long, short)| {
        let text = text.replace(&format!("({short})"), long);
        match text.contains(long) {
            true => text.split(long).map(trimmed).collect::<Vec<_>>().join(long),
            false => text,
        }
    })
}

/// A text with company words in their short form, without brackets.
pub fn in_short_form(text: &str) -> String {
    COMPANIES.iter().fold(text.to_string(), |text, (long, short)| text.replace(long, short))
}
