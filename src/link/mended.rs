//! A slip in a name that was mended. Who is who goes by the names of now, with one exception: a record that bore another's name, and the same
//! address, until just a slip of the pen in it was mended.

use super::names::PersonName;

/// Shorter words are other names with one letter more or less.
const LETTERS_MIN: usize = 4;

/// What became of a name of one record, whose address stayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameChange {
    /// None that counts.
    Same,
    /// A slip was mended: two neighbouring letters of one word changed places, or a letter within it came or went; all other words stayed,
    /// and there is one. In Latin letters alone: elsewhere one character is another name (健一, 健二), and so may be another letter (Yuko,
    /// Yuki) or one at the end (Mari, Mario).
    Mended,
    Other,
}

impl NameChange {
    pub fn of(before: &str, now: &str) -> NameChange {
        let (before, now) = (PersonName::read(before), PersonName::read(now));
        match before == now {
            true => NameChange::Same,
            false if before.slip_in(&now).is_some_and(|(before, now)| is_slip(before, now)) => NameChange::Mended,
            false => NameChange::Other,
        }
    }
}

/// Whether two words differ as by a slip of the pen.
fn is_slip(a: &str, b: &str) -> bool {
    let is_latin = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase());
    if a.len().min(b.len()) < LETTERS_MIN || !is_latin(a) || !is_latin(b) {
        return false;
    }
    let (a, b) = if a.len() <= b.len() { (a.as_bytes(), b.as_bytes()) } else { (b.as_bytes(), a.as_bytes()) };
    let before = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let behind = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    match b.len() - a.len() {
        // Of two that changed places nothing else differs.
        0 => before + 2 + behind == a.len() && a[before] == b[before + 1] && a[before + 1] == b[before],
        1 => before + behind >= a.len() && before > 0 && behind > 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_that_is_mended_is_told_from_another_name() {
        for (before, now, change) in [
            ("Sato Taor", "Sato Taro", NameChange::Mended),
            ("Taor Sato", "SATO Taro", NameChange::Mended),
            ("Sato Takehsi", "Sato Takeshi", NameChange::Mended),
            ("Jonathan Smith", "Jonathn Smith", NameChange::Mended),
            ("Jonathan Smih", "Jonathan Smith", NameChange::Mended),
            ("Sato Taro", "ＳＡＴＯ　Ｔａｒｏ", NameChange::Same),
            // Another letter, or one more at the end or in front, may be another person.
            ("Abe Yuko", "Abe Yuki", NameChange::Other),
            ("Rossi Mari", "Rossi Mario", NameChange::Other),
            ("Abe Anna", "Abe Hanna", NameChange::Other),
            ("Abe Jiro", "Abe Taro", NameChange::Other),
            ("Abe Lee", "Abe Ele", NameChange::Other),
            // Nobody else's word stayed.
            ("Taor", "Taro", NameChange::Other),
            ("Sato Taor", "Mori Taro", NameChange::Other),
            ("山田健一", "山田健二", NameChange::Other),
            ("佐藤 太郎", "佐藤 郎太", NameChange::Other),
        ] {
            assert_eq!((NameChange::of(before, now), NameChange::of(now, before)), (change, change), "{before} {now}");
        }
    }

    proptest! {
        #[test]
        fn two_neighbours_that_changed_places_are_a_slip(word in "[a-z]{4,9}", at in 0usize..8) {
            let mut other = word.clone().into_bytes();
            let at = at % (other.len() - 1);
            other.swap(at, at + 1);
            let other = String::from_utf8(other).unwrap();
            prop_assert!(word == other || is_slip(&word, &other), "{} {}", word, other);
        }

        #[test]
        fn what_is_a_slip_is_one_both_ways_and_no_word_is_one_of_itself(a in "[a-c]{3,6}", b in "[a-c]{3,6}") {
            prop_assert_eq!(is_slip(&a, &b), is_slip(&b, &a));
            prop_assert!(!is_slip(&a, &a));
        }
    }
}
