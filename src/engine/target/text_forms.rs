//! The forms in which systems keep one and the same text: width, case, blanks, HTML, punctuation, company words, phone numbers, and cut
//! short. A closed set, so that nobody's own value is ever taken for a form of ours by a guess.

use crate::model::{invisible, trimmed};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Some systems escape what is escaped already.
const ESCAPED_AT_MOST: usize = 2;

/// The longest entity: `&thetasym;` and numbers of any character.
const ENTITY_BYTES_MAX: usize = 10;

const ENTITIES: [(&str, char); 5] = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];

/// The names of U+00A0 to U+00FF, in order.
const LATIN_ENTITIES: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute \
    micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute \
    Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig \
    agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc \
    otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// How a double and a single quote are escaped, by the libraries that do.
const QUOTES: [[&str; 2]; 6] =
    [["\"", "'"], ["&quot;", "&#39;"], ["&quot;", "&#x27;"], ["&quot;", "&#039;"], ["&#34;", "&#39;"], ["&quot;", "&apos;"]];

/// Company words and their short forms, which stand in brackets or as one character.
const COMPANIES: [(&str, &str); 3] = [("株式会社", "株"), ("有限会社", "有"), ("合同会社", "同")];

/// The digits of a phone number of Japan, after its 0 or +81.
const JAPANESE_DIGITS: std::ops::RangeInclusive<usize> = 9..=10;
/// Fewer digits are no phone number of any country.
const PHONE_DIGITS_MIN: usize = 7;

/// Whether `shown` is a form of `ours`, or the beginning of one, cut anywhere.
pub fn is_form_of(ours: &str, shown: &str) -> bool {
    if let (Some(number), Some(other), None) = (decimal(ours), decimal(shown), phone(ours)) {
        // A point and a sign are more than punctuation here.
        return number == other || bare(ours).starts_with(&*bare(shown));
    }
    let (candidates, shown) = (forms(ours), unescaped(shown));
    shown.iter().any(|shown| begins_one_of(&candidates, shown)) || (phone(ours).is_some() && phone(ours) == phone(&shown[0]))
}

/// Whether two texts say the same to whoever reads them, letter by letter: width, blanks around, HTML, company words, phone numbers. Case and
/// punctuation count, as people do mend them.
pub fn says_the_same(a: &str, b: &str) -> bool {
    let is_plain = |text: &str| text.is_ascii() && !text.contains('&') && !text.trim_start().starts_with(['0', '+']);
    match is_plain(a) && is_plain(b) {
        true => trimmed(a) == trimmed(b),
        false => normal(a) == normal(b),
    }
}

fn normal(text: &str) -> String {
    let text = unescaped(text).pop().unwrap_or_default();
    let text: String = text.nfkc().filter(|c| !invisible::is_invisible(*c)).collect();
    phone(&text).unwrap_or_else(|| with_companies(trimmed(&text)))
}

/// All that a text may be kept as, up to what [`keys`] make equal.
fn forms(ours: &str) -> Vec<String> {
    let mut forms = unescaped(ours);
    if ours.contains(['&', '<', '>', '"', '\'']) {
        let plain = forms.clone();
        for quotes in QUOTES {
            let mut escaped = plain.clone();
            for _ in 0..ESCAPED_AT_MOST {
                escaped.iter_mut().for_each(|text| *text = escape(text, quotes));
                forms.extend(escaped.iter().cloned());
            }
        }
    }
    let national = phone(ours).and_then(|number| Some(number.strip_prefix("+81")?.to_string()));
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
    let long = letters(&with_companies(&nfkc(text)));
    let short = COMPANIES.iter().fold(plain.clone(), |text, (long, short)| text.replace(long, short));
    [plain, long, short]
}

fn letters(text: &str) -> String {
    let folded = text.nfkd().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkd();
    folded.filter(|c| (c.is_alphanumeric() || is_combining_mark(*c)) && !invisible::is_invisible(*c)).collect()
}

pub(super) fn nfkc(text: &str) -> String {
    text.nfkc().collect()
}

/// A text in NFKC with company words in their long form, without blanks around them.
fn with_companies(text: &str) -> String {
    COMPANIES.iter().fold(text.to_string(), |text, (long, short)| {
        let text = text.replace(&format!("({short})"), long);
        match text.contains(long) {
            true => text.split(long).map(trimmed).collect::<Vec<_>>().join(long),
            false => text,
        }
    })
}

/// A text, and what it is after its entities were resolved, once and again. The last has none left, or is resolved often enough.
fn unescaped(text: &str) -> Vec<String> {
    let mut all = vec![text.to_string()];
    for at in 0..ESCAPED_AT_MOST {
        match unescape(&all[at]) {
            Cow::Owned(next) if next != all[at] => all.push(next),
            _ => break,
        }
    }
    all
}

fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let entity = after.split_once(';').filter(|(name, _)| name.len() <= ENTITY_BYTES_MAX);
        match entity.and_then(|(name, after)| Some((character(name)?, after))) {
            Some((character, after)) => {
                plain.push(character);
                rest = after;
            }
            None => {
                plain.push('&');
                rest = after;
            }
        }
    }
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// The character that an entity stands for, by its name or number.
fn character(entity: &str) -> Option<char> {
    if let Some(number) = entity.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        return hex.map_or_else(|| number.parse(), |hex| u32::from_str_radix(hex, 16)).ok().and_then(char::from_u32);
    }
    let latin = || LATIN_ENTITIES.split_ascii_whitespace().position(|name| name == entity).and_then(|at| char::from_u32(0xa0 + at as u32));
    ENTITIES.iter().find(|(name, _)| *name == entity).map(|(_, character)| *character).or_else(latin)
}

fn escape(text: &str, [double, single]: [&str; 2]) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', double).replace('\'', single)
}

/// A phone number with its country, or with digits alone where that is not known; `None`: it is none.
fn phone(text: &str) -> Option<String> {
    let text: String = text.nfkc().filter(|c| !invisible::is_invisible(*c)).collect();
    let text = trimmed(&text);
    let international = text.starts_with('+');
    let rest = text.strip_prefix('+').unwrap_or(text);
    let mark = |c: char| c.is_whitespace() || matches!(c, '-' | '(' | ')' | '.' | '/' | '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー');
    if !rest.chars().all(|c| c.is_ascii_digit() || mark(c)) || rest.chars().all(|c| c == '.' || c.is_whitespace()) {
        return None;
    }
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let japanese = match (international, digits.strip_prefix("81")) {
        // The national 0 is often left in: +81 (0)3-1234-5678.
        (true, national) => national.map(|national| national.strip_prefix('0').unwrap_or(national)),
        (false, _) => digits.strip_prefix("0081").or_else(|| digits.strip_prefix('0')).filter(|national| !national.starts_with('0')),
    };
    match japanese.filter(|national| JAPANESE_DIGITS.contains(&national.len())) {
        Some(national) => Some(format!("+81{national}")),
        None if international && digits.len() >= PHONE_DIGITS_MIN => Some(format!("+{digits}")),
        None => None,
    }
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
