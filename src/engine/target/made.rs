//! What a system did to a value of ours, by a closed set. What is not in it is no form of ours but somebody's own value.

use super::text_forms::{TextParts, written_ways};
use super::value_forms::{decimals, is_form_of, number};
use crate::model::Value;
use crate::model::normal::html::unescaped;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// One thing that systems do to values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Transform {
    LowerCase,
    UpperCase,
    TitleCase,
    /// The first letter large, all others small.
    SentenceCase,
    /// Signs between letters are left out.
    DropsSigns,
    /// Signs, or blanks between words, are others.
    OtherSigns,
    /// Cut short.
    Cuts,
    /// A number with so many decimals.
    Decimals(u8),
    /// A list in one text.
    Joins,
    /// A word for nothing.
    WordForNothing,
}

/// Where a text was cut: its length in characters, in UTF-16's units and in bytes. Between two words each is at least what is shown, and less
/// than with the next word.
pub(super) type CutAt = [RangeInclusive<usize>; 3];

/// What was done to one value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Transformed {
    pub(super) by: BTreeSet<Transform>,
    pub(super) cut_at: Option<CutAt>,
}

impl Transformed {
    /// What became of `ours`. Nothing was done to it where both say the same, or are one moment or number in two types. `None`: no system
    /// makes `shown` of it.
    pub fn of(ours: &Value, shown: &Value) -> Option<Transformed> {
        if ours.says_the_same(shown) || ours.may_show_as(shown) {
            return Some(Transformed::default());
        }
        if let (Value::Text(ours), Value::Text(shown)) = (ours, shown)
            && let Some(made) = of_plain_text(ours, shown)
        {
            return Some(made);
        }
        if !is_form_of(ours, shown) {
            return None;
        }
        let just = |transform| Some(Transformed { by: BTreeSet::from([transform]), cut_at: None });
        match (ours, shown) {
            // A point and zeros behind it are no letters.
            (Value::Text(text), Value::Text(other)) if number(ours) == number(shown) && number(ours).is_some() => {
                of_text(text, other).or(Some(Transformed::default()))
            }
            (Value::Text(ours), Value::Text(shown)) => of_text(ours, shown),
            (Value::List(ours), Value::List(shown)) if ours.len() == shown.len() => just(Transform::OtherSigns),
            (Value::List(_), _) => just(Transform::Joins),
            (Value::Empty, _) => just(Transform::WordForNothing),
            _ => match number(ours) == number(shown) {
                true => Some(Transformed::default()),
                false => just(Transform::Decimals(decimals(number(shown)?))),
            },
        }
    }
}

/// The same where neither has more to it than letters: most texts, and this is asked often.
fn of_plain_text(ours: &str, shown: &str) -> Option<Transformed> {
    let has_letters = |text: &str| text.contains(char::is_alphabetic) && !text.contains('&');
    (has_letters(ours) && has_letters(shown)).then(|| of_one_text(ours, &[TextParts::read(ours)], shown)).flatten()
}

fn of_text(ours: &str, shown: &str) -> Option<Transformed> {
    let ways = written_ways(ours);
    unescaped(shown).iter().rev().find_map(|shown| of_one_text(ours, &ways, shown))
}

fn of_one_text(ours: &str, ways: &[TextParts], shown: &str) -> Option<Transformed> {
    let is = TextParts::read(shown);
    // The one of which least was taken away; it may be the whole.
    let begins = |way: &&TextParts| way.folded.starts_with(&is.folded);
    let was = ways.iter().filter(begins).min_by_key(|way| (way.folded.len(), !way.letters.starts_with(&is.letters)))?;
    let mut made = Transformed::default();
    if was.folded.len() > is.folded.len() {
        made.by.insert(Transform::Cuts);
        made.cut_at = Some(cut_at(ours, shown));
    }
    if !was.letters.starts_with(&is.letters) {
        made.by.insert(case_of(shown)?);
    }
    if !was.signs.starts_with(&is.signs) {
        let mut signs = was.signs.chars();
        let drops = is.signs.chars().all(|sign| signs.any(|was| was == sign));
        made.by.insert(if drops { Transform::DropsSigns } else { Transform::OtherSigns });
    }
    if made.by.is_empty() {
        made.by.insert(Transform::OtherSigns);
    }
    Some(made)
}

/// In which case a text is as a whole; `None`: in none that a machine would make.
fn case_of(text: &str) -> Option<Transform> {
    [Transform::LowerCase, Transform::UpperCase, Transform::SentenceCase, Transform::TitleCase].into_iter().find(|case| is_in(*case, text))
}

/// Whether a text is in this case.
pub(super) fn is_in(case: Transform, text: &str) -> bool {
    let cased = |c: &char| c.is_uppercase() || c.is_lowercase();
    let begins_large = |mut letters: Box<dyn Iterator<Item = char> + '_>| {
        letters.next().is_none_or(char::is_uppercase) && !letters.any(char::is_uppercase)
    };
    match case {
        Transform::LowerCase => !text.contains(char::is_uppercase),
        Transform::UpperCase => !text.contains(char::is_lowercase),
        Transform::SentenceCase => begins_large(Box::new(text.chars().filter(cased))),
        Transform::TitleCase => text.split(|c: char| !c.is_alphanumeric()).all(|word| begins_large(Box::new(word.chars().filter(cased)))),
        _ => false,
    }
}

/// A text's length in each measure.
pub(super) fn lengths(text: &str) -> [usize; 3] {
    [text.chars().count(), text.encode_utf16().count(), text.len()]
}

fn cut_at(ours: &str, shown: &str) -> CutAt {
    // Systems that cut also trim what is left, or cut between words: the next one did not go in whole.
    let rest = ours.strip_prefix(shown).unwrap_or_default();
    let blanks = rest.len() - rest.trim_start().len();
    let next = rest[blanks..].find(char::is_whitespace).map_or(rest.len(), |end| blanks + end);
    let more = if blanks == 0 { [0; 3] } else { lengths(&rest[..next]).map(|length| length.saturating_sub(1)) };
    let shortest = lengths(shown);
    [0, 1, 2].map(|measure| shortest[measure]..=shortest[measure] + more[measure])
}

#[cfg(test)]
mod tests {
    use super::Transform::*;
    use super::*;
    use crate::model::{Date, Time};

    #[test]
    fn what_was_done_to_a_value_is_told_apart() {
        let text = |t: &str| Value::text(t);
        let list = |entries: &[&str]| Value::list(entries.iter().copied());
        for (ours, shown, by) in [
            (text("Sales"), text("Sales"), Some(&[][..])),
            (text("R&D"), text("R&amp;D"), Some(&[])),
            (text("株式会社 田中"), text("㈱田中"), Some(&[])),
            (text("Vice President"), text("vice president"), Some(&[LowerCase])),
            (text("Vice President"), text("VICE PRESIDENT"), Some(&[UpperCase])),
            (text("vice president"), text("Vice President"), Some(&[TitleCase])),
            (text("vice president"), text("Vice president"), Some(&[SentenceCase])),
            // No machine makes this of it.
            (text("mcdonald"), text("McDonald"), None),
            (text("Vice President of Sales"), text("Vice President"), Some(&[Cuts])),
            (text("Vice President of Sales"), text("VICE PRES"), Some(&[UpperCase, Cuts])),
            (text("株式会社田中商事"), text("㈱田中"), Some(&[Cuts])),
            (text("Acme, Inc."), text("Acme Inc"), Some(&[DropsSigns])),
            (text("Acme"), text("Acme,"), Some(&[OtherSigns])),
            (text("Vice  President"), text("Vice President"), Some(&[OtherSigns])),
            (text("ext. 12-34"), text("ext 12/34"), Some(&[OtherSigns])),
            (text("Sales"), text("Marketing"), None),
            (Value::Number(25.875), Value::Number(25.88), Some(&[Decimals(2)])),
            (Value::Number(25.875), Value::Int(26), Some(&[Decimals(0)])),
            (Value::Int(7), text("7"), Some(&[])),
            (text("1000"), text("1000.0"), Some(&[])),
            (Value::Int(7), Value::Int(8), None),
            (Value::Date(Date(0)), Value::Time(Time(-9 * 3_600_000)), Some(&[])),
            (list(&["a", "b"]), text("a,b"), Some(&[Joins])),
            (list(&["a", "b"]), list(&["B", "a"]), Some(&[])),
            (list(&["a.", "b"]), list(&["a", "b"]), Some(&[OtherSigns])),
            (Value::Empty, text("Unknown"), Some(&[WordForNothing])),
            (Value::Empty, text("New Co"), None),
        ] {
            let made = Transformed::of(&ours, &shown).map(|made| made.by.into_iter().collect::<Vec<_>>());
            assert_eq!(made.as_deref(), by, "{ours} {shown}");
        }
    }

    #[test]
    fn a_cut_is_where_the_text_ends_or_within_the_word_that_did_not_go_in() {
        let cut = |ours: &str, shown: &str| Transformed::of(&Value::text(ours), &Value::text(shown)).and_then(|made| made.cut_at);
        assert_eq!(cut("Vice President of Sales", "Vice"), Some([4..=13, 4..=13, 4..=13]));
        assert_eq!(cut("営業 本部長", "営業"), Some([2..=5, 2..=5, 6..=15]));
        assert_eq!(cut("Vice President", "Vice P"), Some([6..=6, 6..=6, 6..=6]));
        assert_eq!(cut("営業本部長", "営業"), Some([2..=2, 2..=2, 6..=6]));
        assert_eq!(cut("Vice President", "VICE"), Some([4..=4, 4..=4, 4..=4]), "another letter stands there: where it was cut is not told");
    }
}
