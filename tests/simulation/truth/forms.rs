//! What the marketing system makes of titles.

use unicode_normalization::UnicodeNormalization;

/// So much of a title is kept where it is cut: within an escape, too.
const TITLE_KEPT: usize = 9;

/// What the marketing system makes of a title: in capitals, of the usual width, as HTML, or cut short; by its last letter.
pub fn in_own_form(title: &str) -> String {
    let title = title.trim();
    match title.bytes().last().unwrap_or_default() % 4 {
        0 => title.to_uppercase(),
        1 => title.nfkc().collect(),
        2 => title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        _ => title.chars().take(TITLE_KEPT).collect::<String>().trim_end().to_string(),
    }
}
