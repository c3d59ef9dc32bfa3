//! What the marketing system makes of values.

use unicode_normalization::UnicodeNormalization;

/// So much of a title is kept where it is cut: within an escape, too.
const TITLE_KEPT: usize = 9;

/// How a marketing system keeps titles: it does the same to each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnForm {
    Capitals,
    UsualWidth,
    Html,
    Cut,
}

impl OwnForm {
    /// That of a history.
    pub fn of(seed: u64) -> OwnForm {
        match seed % 4 {
            0 => OwnForm::Capitals,
            1 => OwnForm::UsualWidth,
            2 => OwnForm::Html,
            _ => OwnForm::Cut,
        }
    }

    pub fn title(self, title: &str) -> String {
        let title = title.trim();
        match self {
            OwnForm::Capitals => title.to_uppercase(),
            OwnForm::UsualWidth => title.nfkc().collect(),
            OwnForm::Html => title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            OwnForm::Cut => title.chars().take(TITLE_KEPT).collect::<String>().trim_end().to_string(),
        }
    }
}
