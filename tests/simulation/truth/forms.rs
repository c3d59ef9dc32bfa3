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
    /// Letters that it does not have. Nobody knows of such a form from the first.
    Lacking,
    /// Something of its own is put behind. The same.
    Honorific,
}

impl OwnForm {
    /// That of a history.
    pub fn of(seed: u64) -> OwnForm {
        match seed % 6 {
            0 => OwnForm::Capitals,
            1 => OwnForm::UsualWidth,
            2 => OwnForm::Html,
            3 => OwnForm::Cut,
            4 => OwnForm::Lacking,
            _ => OwnForm::Honorific,
        }
    }

    pub fn title(self, title: &str) -> String {
        let title = title.trim();
        match self {
            OwnForm::Capitals => title.to_uppercase(),
            OwnForm::UsualWidth => title.nfkc().collect(),
            OwnForm::Html => title.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
            OwnForm::Cut => title.chars().take(TITLE_KEPT).collect::<String>().trim_end().to_string(),
            OwnForm::Lacking => title.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect(),
            OwnForm::Honorific if title.is_empty() => String::new(),
            OwnForm::Honorific => format!("{title} 様"),
        }
    }

    /// Whether it is a matter of what the system can hold, and so done to what people type there, too.
    pub fn is_of_the_column(self) -> bool {
        matches!(self, OwnForm::Cut | OwnForm::Lacking)
    }
}
