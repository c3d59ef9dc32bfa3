//! The forms in which systems keep a text of ours: width, case, blanks, HTML, punctuation, company words, phone numbers, and cut short. A closed set, so that nobody's own value is ever taken for a form of ours by a guess.

use crate::model::normal::company::{in_long_form, in_short_form};
use crate::model::normal::html::{escaped, is_escapable, unescaped};
use crate::model::normal::phone::{national, phone};
use crate::model::{invisible, trimmed};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether `shown` is a form of `ours`, or the beginning of one, cut anywhere.
pub fn is_form_of(ours: &str, shown: &str) -> bool {
    if let (Some(number), Some(other), None) = (decimal(ours), decimal(shown), phone(ours)) {
        // A point and a sign are more than punctuation here.
        return number == other || bare(ours).starts_with(&*bare(shown));
    }
    let (candidates, shown) = (forms(ours), unescaped(shown));
    shown.iter().any(|shown| begins_one_of(&candidates, shown)) || (phone(ours).is_some() && phone(ours) == phone(&shown[0]))
}

/// All that a text may be kept as, up to what [`keys`] make equal.
fn forms(ours: &str) -> Vec<String> {
    let mut forms = unescaped(ours);
    if is_escapable(ours) {
        let plain = forms.clone();
        forms.extend(plain.iter().flat_map(|text| escaped(text)));
    }
    let number = phone(ours);
    let national = number.as_deref().and_then(national);
    forms.extend(national.iter().flat_map(|number| ["0", "+81", "+810", "0081"].map(|prefix| [prefix, number].concat())));
    forms
}

/// Whether a text is one of these, or the beginning of one.
fn begins_one_of(forms: &[String], shown: &str) -> bool {
    let begins = keys(shown);
    if begins[0].is_empty() {
        // Punctuation alone.
        let signs = |text: &str| -> String { text.nfkc().filter(|c| !c.is_whitespace() && !invisible::is_invisible(*c)).collect() };
        let shown = signs(shown);
        return !shown.is_empty() && forms.iter().any(|form| signs(form).starts_with(&*shown));
    }
    forms.iter().any(|form| keys(form).iter().zip(&begins).any(|(form, shown)| form.starts_with(&**shown)))
}

/// The letters and digits of a text, with company words as they are, in their long form and in their short one. Taken apart, so that a text
/// that is cut within a letter begins it.
fn keys(text: &str) -> [String; 3] {
    let plain = letters(text);
    let long = letters(&in_long_form(&nfkc(text)));
    let short = in_short_form(&plain);
    [plain, long, short]
}

fn letters(text: &str) -> String {
    let folded = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    folded.filter(|c| (c.is_alphanumeric() || is_combining_mark(*c)) && !invisible::is_invisible(*c)).collect()
}

pub(super) fn nfkc(text: &str) -> String {
    text.nfkc().collect()
}

/// A text taken apart, to tell what became of it.
pub(super) struct TextParts {
    /// Its letters and digits, whatever their case.
    pub(super) folded: String,
    pub(super) letters: String,
    /// What stands between them, many blanks as one.
    pub(super) signs: String,
}

impl TextParts {
    pub(super) fn read(text: &str) -> TextParts {
        TextParts { folded: letters(text), letters: cased_letters(text), signs: signs(&in_long_form(&nfkc(text))) }
    }
}

/// A text of ours in all ways in which it may be kept.
pub(super) fn written_ways(ours: &str) -> Vec<TextParts> {
    let ways = |form: String| {
        let (plain, long) = (TextParts::read(&form), in_long_form(&nfkc(&form)));
        let short = |text: &str| in_short_form(text);
        let short = TextParts { folded: short(&plain.folded), letters: short(&plain.letters), signs: plain.signs.clone() };
        [plain, TextParts::read(&long), short]
    };
    forms(ours).into_iter().flat_map(ways).collect()
}

fn cased_letters(text: &str) -> String {
    text.nfkd().filter(|c| (c.is_alphanumeric() || is_combining_mark(*c)) && !invisible::is_invisible(*c)).collect()
}

fn signs(text: &str) -> String {
    let mut signs = String::new();
    for sign in trimmed(text).chars().filter(|c| !c.is_alphanumeric() && !is_combining_mark(*c) && !invisible::is_invisible(*c)) {
        match sign.is_whitespace() {
            true if signs.ends_with(' ') => {}
            true => signs.push(' '),
            false => signs.push(sign),
        }
    }
    signs
}

/// A decimal number without what does not count: commas between its digits, zeros in front and behind the point.
fn decimal(text: &str) -> Option<String> {
    let bare = bare(text);
    let (sign, digits) = bare.strip_prefix('-').map_or(("", &*bare), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(part) {
        return None;
    }
    let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
    Some(format!("{sign}{}.{part}", if whole.is_empty() { "0" } else { whole }))
}

fn bare(text: &str) -> String {
    nfkc(trimmed(text)).replace(',', "")
}

#[cfg(test)]
mod tests;
