//! What stands for a word, a number, an address: the same for the same in a whole recording, of its kind and length, and drawn by turn, so that
//! nothing leads back. None is like anything that was there.

use super::dates;
use std::collections::{BTreeMap, BTreeSet};

/// What a run of characters is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RunKind {
    Latin,
    Digits,
    /// Letters and digits mixed, as in tokens; of hexadecimal ones the letters stay within a to f.
    Mixed,
    Hex,
    Han,
    Hiragana,
    Katakana,
    HalfKatakana,
    Hangul,
}

/// Pairs that can be spoken, and begin no word that means something.
const CONSONANTS: &[char] = &['b', 'd', 'f', 'g', 'k', 'l', 'm', 'n', 'p', 'r', 't', 'v', 'z'];
const VOWELS: &[char] = &['a', 'e', 'i', 'o', 'u'];
/// Signs that no name is made of.
const HAN: &[char] =
    &['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸', '子', '丑', '寅', '卯', '辰', '巳', '午', '未', '申', '酉', '戌', '亥'];
const HIRAGANA: &[char] = &['あ', 'い', 'う', 'え', 'お', 'か', 'き', 'く', 'け', 'こ', 'さ', 'し', 'す', 'せ', 'そ'];
const KATAKANA: &[char] = &['ア', 'イ', 'ウ', 'エ', 'オ', 'カ', 'キ', 'ク', 'ケ', 'コ', 'サ', 'シ', 'ス', 'セ', 'ソ'];
const HALF_KATAKANA: &[char] = &['ｱ', 'ｲ', 'ｳ', 'ｴ', 'ｵ', 'ｶ', 'ｷ', 'ｸ', 'ｹ', 'ｺ', 'ｻ', 'ｼ', 'ｽ', 'ｾ', 'ｿ'];
const HANGUL: &[char] = &['가', '나', '다', '라', '마', '바', '사', '아', '자', '차', '카', '타', '파', '하'];
const HEX: &[char] = &['a', 'b', 'c', 'd', 'e', 'f'];
const DIGITS: &[char] = &['1', '2', '3', '4', '5', '6', '7', '8', '9', '0'];

/// A stand-in that is so long is looked at for what was there inside of it.
pub const TELLING_MIN: usize = 4;

/// So many draws find one that is free, unless all of that length are given.
const DRAWS_MAX: usize = 5_000;

/// Stand-ins of one recording.
pub struct StandIns {
    given: BTreeMap<(RunKind, String), String>,
    /// Domains by their text in small letters.
    domains: BTreeMap<String, String>,
    used: BTreeSet<String>,
    /// All that was there, in small letters.
    there: BTreeSet<String>,
    next: BTreeMap<(RunKind, usize), usize>,
    /// Where drawing begins: another, where by chance something would be as it was.
    salt: usize,
    /// Dates are so many days earlier.
    pub days: i64,
}

impl StandIns {
    /// `there`: everything that must not be met again.
    pub fn new(there: BTreeSet<String>, salt: usize) -> StandIns {
        let days = dates::days_apart(there.iter().map(String::as_str), 11 + (salt as i64 * 37) % 350);
        let empty = BTreeMap::new();
        StandIns { given: BTreeMap::new(), domains: BTreeMap::new(), used: BTreeSet::new(), there, next: empty, salt, days }
    }

    /// What stands for a run of one kind. Latin words are one word whatever their case, and the stand-in takes theirs.
    pub fn run(&mut self, kind: RunKind, text: &str) -> String {
        let key = (kind, text.to_lowercase());
        let found = match self.given.get(&key) {
            Some(found) => found.clone(),
            None => {
                let drawn = self.draw(kind, &key.1);
                self.used.insert(drawn.clone());
                self.given.insert(key, drawn.clone());
                drawn
            }
        };
        in_case_of(text, &found)
    }

    /// What stands for the host of an address or of a link: a name under example.com.
    pub fn domain(&mut self, text: &str) -> String {
        let key = text.to_lowercase();
        if let Some(found) = self.domains.get(&key) {
            return found.clone();
        }
        let name = self.draw(RunKind::Latin, "domains");
        self.used.insert(name.clone());
        let domain = format!("{name}.example.com");
        self.domains.insert(key, domain.clone());
        domain
    }

    fn draw(&mut self, kind: RunKind, like: &str) -> String {
        let mut length = like.chars().count();
        loop {
            for _ in 0..DRAWS_MAX {
                let next = self.next.entry((kind, length)).or_insert(0);
                *next += 1;
                let drawn = spelled(kind, like, length, self.salt * 7_919 + *next);
                if drawn != like && self.is_free(&drawn, length) {
                    return drawn;
                }
            }
            // There are not so many of that length.
            length += 1;
        }
    }

    fn is_free(&self, drawn: &str, length: usize) -> bool {
        let telling = || self.there.iter().any(|was| was.chars().count() >= TELLING_MIN && drawn.contains(was.as_str()));
        !self.used.contains(drawn) && !self.there.contains(drawn) && (length < TELLING_MIN || !telling())
    }
}

/// The n-th text of a kind. Kinds whose places differ (letters and digits) take the places of the text that it stands for.
fn spelled(kind: RunKind, like: &str, length: usize, n: usize) -> String {
    let like: Vec<char> = like.chars().collect();
    let set_at = |place: usize| -> &'static [char] {
        let is_digit = like.get(place).is_some_and(char::is_ascii_digit);
        match kind {
            RunKind::Latin if place % 2 == 1 => VOWELS,
            RunKind::Latin => CONSONANTS,
            // No number begins with a zero, and one that does is none.
            RunKind::Digits if place == 0 && like.first() == Some(&'0') => &['0'],
            RunKind::Digits if place == 0 => &DIGITS[..9],
            RunKind::Digits => DIGITS,
            RunKind::Mixed | RunKind::Hex if is_digit => DIGITS,
            RunKind::Mixed => CONSONANTS,
            RunKind::Hex => HEX,
            RunKind::Han => HAN,
            RunKind::Hiragana => HIRAGANA,
            RunKind::Katakana => KATAKANA,
            RunKind::HalfKatakana => HALF_KATAKANA,
            RunKind::Hangul => HANGUL,
        }
    };
    let mut left = n;
    let mut out: Vec<char> = Vec::with_capacity(length);
    for place in (0..length).rev() {
        let set = set_at(place);
        // Beyond what the number tells, places differ by it all the same.
        out.push(set[left % set.len()]);
        left = left / set.len() + if left < set.len() { n % 7 } else { 0 };
    }
    out.reverse();
    out.into_iter().collect()
}

/// A text in the case of another: all large, the first large, or letter by letter.
fn in_case_of(like: &str, text: &str) -> String {
    if !like.chars().any(char::is_uppercase) {
        return text.to_string();
    }
    let large: Vec<bool> = like.chars().map(char::is_uppercase).collect();
    let all = large.iter().all(|l| *l);
    let cased = text
        .chars()
        .enumerate()
        .flat_map(|(i, c)| if all || large.get(i).copied().unwrap_or(false) { c.to_uppercase().collect::<Vec<_>>() } else { vec![c] });
    cased.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_stands_for_the_same_in_its_kind_and_length() {
        let mut stand_ins = StandIns::new(["baba".to_string(), "甲乙".to_string()].into(), 0);
        let mut seen = BTreeSet::new();
        for (kind, text) in [
            (RunKind::Latin, "hanako"),
            (RunKind::Latin, "taro"),
            (RunKind::Digits, "1001"),
            (RunKind::Digits, "0909"),
            (RunKind::Han, "花子"),
            (RunKind::Han, "佐藤"),
            (RunKind::Hex, "6b020ec4"),
            (RunKind::Katakana, "ハナコ"),
        ] {
            let stand_in = stand_ins.run(kind, text);
            assert_eq!(stand_in.chars().count(), text.chars().count(), "{text} became {stand_in}");
            assert_eq!(stand_ins.run(kind, text), stand_in, "the same for the same");
            assert!(stand_in != text && stand_in != "baba" && stand_in != "甲乙");
            assert!(seen.insert(stand_in), "another for another");
        }
        let small = stand_ins.run(RunKind::Latin, "hanako");
        assert_eq!(stand_ins.run(RunKind::Latin, "HANAKO"), small.to_uppercase());
        assert!(stand_ins.run(RunKind::Digits, "0909").starts_with('0'));
        let domain = stand_ins.domain("acme.example");
        assert!(domain.ends_with(".example.com") && stand_ins.domain("ACME.example") == domain);
    }

    #[test]
    fn more_than_there_are_of_a_length_are_longer() {
        let mut stand_ins = StandIns::new(BTreeSet::new(), 3);
        let all: BTreeSet<String> = ('a'..='z').map(|c| stand_ins.run(RunKind::Latin, &c.to_string())).collect();
        assert_eq!(all.len(), 26);
    }
}
