//! When two written names can be one person. Names veto, they never join: a "yes" here only means "nothing speaks against it".

use crate::model::Address;
use crate::model::normal::kanji::modern;
use unicode_normalization::char::decompose_canonical;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Words beside a name that are none.
const HONORIFICS: [&str; 12] = ["mr", "mrs", "ms", "miss", "dr", "prof", "sir", "様", "さん", "殿", "先生", "御中"];

/// Honorifics written onto the name.
const SUFFIXES: [&str; 4] = ["御中", "先生", "さん", "様"];

/// The most words of a name whose order is tried out.
const PERMUTED_MAX: usize = 4;

/// The fewest letters of a name that count as standing in an address; shorter ones stand there by chance.
const IN_ADDRESS_MIN: usize = 3;

/// Whether two names can be one person's. An absent name can be anyone's.
///
/// They can be if, folded (width, case, accents, kana, old kanji; order and honorifics aside), they are equal, one has all
/// the words of the other, they are the same without blanks, or one abbreviates given names to initials. Names in Latin letters and in
/// another script can't be compared; they can be one person's if a Latin word stands in the local part of one of `addresses`. So
/// a family name alone goes with any given name, but two given names never go together.
pub fn names_compatible(a: Option<&str>, b: Option<&str>, addresses: &[&Address]) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a == b || PersonName::read(a).goes_with(&PersonName::read(b), addresses),
        _ => true,
    }
}

/// A name in the form in which it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PersonName {
    /// Folded words, sorted; none is an absent name.
    words: Vec<String>,
}

impl PersonName {
    pub(super) fn read(text: &str) -> PersonName {
        if text.is_ascii() {
            return PersonName::read_ascii(text);
        }
        PersonName::read_any(text)
    }

    /// The same for most names in Latin letters, where nothing folds but case.
    fn read_ascii(text: &str) -> PersonName {
        let lower = text.to_ascii_lowercase();
        let words = lower.split(|c: char| !(c.is_ascii_alphanumeric() || c == '\'')).filter(|w| !w.is_empty() && !HONORIFICS.contains(w));
        let mut words: Vec<String> = words.map(|w| w.replace('\'', "")).filter(|w| !w.is_empty()).collect();
        words.sort_unstable();
        PersonName { words }
    }

    fn read_any(text: &str) -> PersonName {
        let folded = match is_nfkc_quick(text.chars()) {
            IsNormalized::Yes => text.to_lowercase(),
            _ => text.nfkc().flat_map(char::to_lowercase).collect(),
        };
        // An apostrophe stands inside a word (O'Brien), all else that is no letter between two.
        let is_gap = |c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’' | '々' | 'ー' | '\u{3099}' | '\u{309a}'));
        let mut words: Vec<&str> = folded.split(is_gap).filter(|w| !w.is_empty() && !HONORIFICS.contains(w)).collect();
        if let Some(last) = words.last_mut()
            && let Some(bare) = SUFFIXES.iter().find_map(|s| last.strip_suffix(s))
            && !bare.is_empty()
        {
            *last = bare;
        }
        let mut words: Vec<String> = words.into_iter().map(|w| w.chars().filter_map(fold).collect()).collect();
        words.retain(|w| !w.is_empty());
        words.sort();
        PersonName { words }
    }

    /// The one word of each that the other has not, where all others are shared and there are some.
    pub(super) fn slip_in<'a>(&'a self, other: &'a PersonName) -> Option<(&'a str, &'a str)> {
        match &left_over(&self.words, &other.words) {
            (mine, theirs) if self.words.len() > 1 && other.words.len() == self.words.len() => match (&mine[..], &theirs[..]) {
                ([mine], [theirs]) => Some((mine, theirs)),
                _ => None,
            },
            _ => None,
        }
    }

    pub(super) fn goes_with(&self, other: &PersonName, addresses: &[&Address]) -> bool {
        if self.words.is_empty() || other.words.is_empty() || self.words == other.words {
            return true;
        }
        let (mine, theirs) = left_over(&self.words, &other.words);
        if mine.is_empty() || theirs.is_empty() || same_joined(&self.words, &other.words) || is_family_name_of(&self.words, &other.words) {
            return true;
        }
        let some_word_is_shared = mine.len() < self.words.len() && self.words.iter().any(|w| !is_initial(w) && !mine.contains(&w.as_str()));
        if some_word_is_shared && (initials_of(&mine, &theirs) || initials_of(&theirs, &mine)) {
            return true;
        }
        let (latin, non_latin) = match (all_latin(&mine), all_latin(&theirs)) {
            (true, false) => (self, &theirs),
            (false, true) => (other, &mine),
            _ => return false,
        };
        if non_latin.iter().any(|w| is_latin(w)) {
            return false;
        }
        let stands_in = |word: &str| addresses.iter().any(|a| a.local().contains(word));
        latin.words.iter().any(|w| is_latin(w) && w.len() >= IN_ADDRESS_MIN && stands_in(w))
    }
}

/// A folded letter; `None` for what is dropped.
fn fold(c: char) -> Option<char> {
    match c {
        'a'..='z' | '0'..='9' => Some(c),
        '\'' | '’' => None,
        'ø' => Some('o'),
        'ł' => Some('l'),
        'đ' | 'ð' => Some('d'),
        // Katakana to hiragana.
        'ァ'..='ヶ' => char::from_u32(c as u32 - 0x60),
        '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => {
            let mut base = c;
            let mut first = true;
            decompose_canonical(c, |part| {
                if std::mem::take(&mut first) {
                    base = part;
                }
            });
            Some(base)
        }
        // Combining accents that found no letter of their own.
        '\u{300}'..='\u{36f}' => None,
        _ if c.is_ascii() => Some(c),
        _ => Some(modern(c)),
    }
}

/// The words that only one of two sorted names has.
fn left_over<'a>(a: &'a [String], b: &'a [String]) -> (Vec<&'a str>, Vec<&'a str>) {
    let (mut only_a, mut only_b, mut i, mut j) = (Vec::new(), Vec::new(), 0, 0);
    while i < a.len() || j < b.len() {
        match (a.get(i), b.get(j)) {
            (Some(x), Some(y)) if x == y => (i, j) = (i + 1, j + 1),
            (Some(x), y) if y.is_none_or(|y| x < y) => {
                only_a.push(x.as_str());
                i += 1;
            }
            (_, Some(y)) => {
                only_b.push(y.as_str());
                j += 1;
            }
            _ => break,
        }
    }
    (only_a, only_b)
}

/// Whether the words run together are the same in some order of each: 山田太郎 and 太郎 山田.
fn same_joined(a: &[String], b: &[String]) -> bool {
    let bytes = |words: &[String]| words.iter().map(String::len).sum::<usize>();
    if bytes(a) != bytes(b) || a.len() > PERMUTED_MAX || b.len() > PERMUTED_MAX {
        return false;
    }
    let orders = orders(a);
    self::orders(b).iter().any(|joined| orders.contains(joined))
}

/// Every way to run some words together; at most 24.
fn orders(words: &[String]) -> Vec<String> {
    if words.is_empty() {
        return vec![String::new()];
    }
    let mut all = Vec::new();
    for i in 0..words.len() {
        let mut rest = words.to_vec();
        let first = rest.remove(i);
        all.extend(orders(&rest).into_iter().map(|tail| format!("{first}{tail}")));
    }
    all
}

/// 山田 beside an unsplit 山田太郎, either way round. One letter is too little: it begins too many names.
fn is_family_name_of(a: &[String], b: &[String]) -> bool {
    let begins = |family: &str, whole: &str| {
        !is_latin(family) && !is_latin(whole) && family.chars().count() >= 2 && whole.chars().count() > 2 && whole.starts_with(family)
    };
    match (a, b) {
        ([a], [b]) => begins(a, b) || begins(b, a),
        _ => false,
    }
}

/// Whether each of `short` is the initial of another word of `long`, or the other way round for single words.
fn initials_of(short: &[&str], long: &[&str]) -> bool {
    let mut free: Vec<&str> = long.to_vec();
    short.len() <= long.len()
        && short.iter().all(|s| {
            let stands_for =
                |l: &&str| is_latin(l) && (is_initial(s) && l.starts_with(*s) || is_initial(l) && is_latin(s) && s.starts_with(*l));
            match free.iter().position(stands_for) {
                Some(i) => {
                    free.remove(i);
                    true
                }
                None => false,
            }
        })
}

fn is_initial(word: &str) -> bool {
    word.len() == 1 && is_latin(word)
}

fn all_latin(words: &[&str]) -> bool {
    words.iter().all(|w| is_latin(w))
}

fn is_latin(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphanumeric() || ('\u{c0}'..='\u{24f}').contains(&c))
}

#[cfg(test)]
mod tests;
