//! The form in which values are compared: two that have the same say the same to whoever reads them, so that to write one over the other
//! would change nothing that counts. One rule for all who compare: rivals and agreement of a merge, entries of lists, and what is written.
//!
//! What a field is meant to hold is told by the value itself, as fields are declared by the type of their values alone: a text may be a phone
//! number, an e-mail address or an address of the web, and company words stand in any. The form of a value never hangs on the other one, so
//! that equality is one of equals in mathematics' sense: of three, if two pairs say the same, the third does. Case and punctuation of other
//! texts count, as people do mend them. Who somebody *is* goes by other rules (`link`).

pub mod company;
pub mod html;
pub mod kanji;
pub mod phone;

use super::{Address, Date, Time, Value, invisible, trimmed};
use std::borrow::Cow;
use std::collections::BTreeSet;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// What is resolved makes new forms only so often; a text that goes on is left as it is then.
const ROUNDS_MAX: usize = 8;

/// A value as it compares.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NormalForm<'v> {
    Empty,
    Bool(bool),
    /// A number without a part, whichever kind it came as.
    Whole(i64),
    /// The bits of any other.
    Number(u64),
    /// To the second: many systems keep no parts of it.
    Second(i64),
    Day(Date),
    Text(Cow<'v, str>),
    /// In no order, each once.
    Entries(BTreeSet<String>),
    Unreadable,
}

impl Value {
    /// The form in which it compares.
    pub fn normal(&self) -> NormalForm<'_> {
        match self {
            Value::Empty => NormalForm::Empty,
            Value::Bool(bool) => NormalForm::Bool(*bool),
            Value::Int(int) => NormalForm::Whole(*int),
            Value::Number(number) => number_form(*number),
            Value::Time(Time(millis)) => NormalForm::Second(millis.div_euclid(1000)),
            Value::Date(date) => NormalForm::Day(*date),
            Value::Text(text) => NormalForm::Text(text_form(text)),
            Value::List(entries) => NormalForm::Entries(entries.iter().map(|entry| entry_key(entry)).collect()),
            Value::Unreadable => NormalForm::Unreadable,
        }
    }

    /// Whether two values say the same.
    pub fn says_the_same(&self, other: &Value) -> bool {
        self == other || self.normal() == other.normal()
    }
}

fn number_form(number: f64) -> NormalForm<'static> {
    // The bounds are exact in f64.
    let is_whole = number.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&number);
    match (is_whole, number.is_nan()) {
        (true, _) => NormalForm::Whole(number as i64),
        (false, true) => NormalForm::Number(f64::NAN.to_bits()),
        (false, false) => NormalForm::Number(number.to_bits()),
    }
}

/// An entry of a list as it compares: systems spell tags in their own case too.
pub fn entry_key(entry: &str) -> String {
    let lower = |text: &str| text_form(&text.to_lowercase()).into_owned();
    until_it_stays(lower(entry), lower)
}

/// A text as it compares: width, blanks around, HTML, company words, phone numbers, addresses of mail and of the web.
pub fn text_form(text: &str) -> Cow<'_, str> {
    let plain = plain_form(text);
    match phone::of_plain(&plain).or_else(|| mail(&plain)).or_else(|| web(&plain)) {
        Some(known) => Cow::Owned(known),
        None => plain,
    }
}

/// A text in its width, without HTML and what nobody sees, with company words in full.
fn plain_form(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(trimmed(text));
    }
    Cow::Owned(rewritten(text))
}

fn rewritten(text: &str) -> String {
    until_it_stays(text.to_string(), |text| {
        let text: String = text.nfkc().filter(|c| !invisible::is_invisible(*c)).collect();
        company::in_long_form(trimmed(&html::unescape(&text)))
    })
}

/// Whether nothing but blanks around can be wrong with a text. Most are so: to find that out costs far less than to rewrite them.
fn is_plain(text: &str) -> bool {
    let is_of_one_form = || is_nfkc_quick(text.chars()) == IsNormalized::Yes && !text.chars().any(invisible::is_invisible);
    !text.contains('&') && (text.is_ascii() || !company::has_word(text) && is_of_one_form())
}

fn until_it_stays(mut text: String, change: impl Fn(&str) -> String) -> String {
    for _ in 0..ROUNDS_MAX {
        let next = change(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

/// An e-mail address; nothing else stands in the text.
fn mail(text: &str) -> Option<String> {
    let is_one = text.contains('@') && !text.contains(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | ':' | '/'));
    let address = is_one.then(|| Address::parse(text)).flatten()?;
    (!address.as_str().contains(|c: char| !c.is_ascii())).then(|| address.as_str().to_string())
}

/// An address of the web: case counts in its path alone, and a path of nothing but a stroke is none.
fn web(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") || rest.contains(char::is_whitespace) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    Some(format!("{scheme}://{}{}", host.to_ascii_lowercase(), if path == "/" { "" } else { path }))
}

#[cfg(test)]
mod tests;
