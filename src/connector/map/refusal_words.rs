//! What the words of an opt-out field mean, and how one that means nothing to us is told.

use crate::connector::raw::json::Json;
use crate::connector::raw::plain::{plain, trimmed};
use crate::connector::raw::scalars::{kind_of, text_of};
use crate::model::{ShortText, is_blank};
use std::collections::BTreeMap;

/// So much of a value that means nothing to us is kept and shown. A word is short; what is longer may be a person's own sentence.
pub(super) const SHOWN_CHARS_MAX: usize = 40;
/// What is shown of a text in which there is nothing to see.
pub(super) const UNSEEN: &str = "(only characters that nobody sees)";

/// What a word in an opt-out field says of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalWord {
    /// The person wants no mail.
    No,
    /// Nothing against mail.
    Fine,
}

/// What the system's own words mean, as systems.toml says. By their plain form.
#[derive(Debug, Clone, Default)]
pub struct RefusalWords(BTreeMap<Box<str>, RefusalWord>);

impl RefusalWords {
    pub fn new(given: &BTreeMap<String, RefusalWord>) -> RefusalWords {
        RefusalWords(given.iter().map(|(text, word)| (plain(text).into(), *word)).collect())
    }

    /// By the whole value, or by what `status` shows of it.
    pub(super) fn of(&self, value: &Json<'_>) -> Option<RefusalWord> {
        if self.0.is_empty() { None } else { text_of(value).and_then(|t| self.of_text(&t)).or_else(|| self.of_text(&shown(value))) }
    }

    pub fn of_text(&self, text: &str) -> Option<RefusalWord> {
        self.0.get(&*plain(text)).copied()
    }
}

/// The value as it is told, cut; of what is no single value only what it is.
pub fn shown(value: &Json<'_>) -> ShortText {
    let whole = match text_of(value) {
        Some(text) => text.into_owned(),
        None => return format!("({})", kind_of(value)).into(),
    };
    if is_blank(trimmed(&whole)) {
        return UNSEEN.into();
    }
    let text = trimmed(&whole);
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", &text[..end]).into(),
        None => text.into(),
    }
}
