//! The target's own forms of what we wrote.

use super::again::Settled;
use crate::model::{Mark, Record, Value};

/// Whether a record shows these reason codes, or the target's form of `last`, what we wrote last. A label only tells that there are some.
pub fn shows_why(last: Option<&Settled>, record: &Record, wanted: &str) -> bool {
    match record.mark(Mark::Why) {
        Some(Value::Bool(there)) => *there != wanted.is_empty(),
        shown => {
            let shown = shown.unwrap_or(&Value::Empty);
            let written = last.is_some_and(|why| why.wrote_last(wanted));
            shown.as_text().unwrap_or_default() == wanted || (written && is_form_of(&Value::text(wanted), shown))
        }
    }
}

/// Whether `shown` is the target's own form of what we wrote: other case, trimmed, cut, or other punctuation.
pub fn is_form_of(ours: &Value, shown: &Value) -> bool {
    let (Some(ours), Some(shown)) = (plain(ours), plain(shown)) else { return false };
    ours == shown || (shown.len() >= 8 && ours.starts_with(&shown))
}

/// The same of reason codes of which nobody knows whether they were written. They are a list: some of ours, each whole, are the list of before
/// and not ours cut short.
pub fn is_form_of_why(ours: &str, shown: &Value) -> bool {
    let codes = |text: &str| text.split(',').filter_map(|code| plain(&Value::text(code))).filter(|c| !c.is_empty()).collect::<Vec<_>>();
    let fewer = shown.as_text().is_some_and(|shown| {
        let (ours, shown) = (codes(ours), codes(shown));
        shown.len() < ours.len() && shown.iter().all(|code| ours.contains(code))
    });
    !fewer && is_form_of(&Value::text(ours), shown)
}

pub(in crate::engine) fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(t) => Some(t.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()),
        Value::Int(i) => Some(i.to_string()),
        Value::Number(n) => Some(n.to_string()),
        _ => None,
    }
}
