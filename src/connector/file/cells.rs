//! One cell of a list, and what it says.

use super::dates::{self, ReadDate};
use crate::model::trimmed;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

/// What stands in one cell.
#[derive(Debug, Clone, PartialEq)]
pub enum ListCell {
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
    /// A number that the workbook shows as a day or time.
    At(ReadDate),
    /// `#N/A` and the like.
    Broken,
}

/// Whole numbers up to here are told exactly by the number that a workbook keeps.
const EXACT_MAX: f64 = 9e15;

impl ListCell {
    pub fn of_text(text: &str) -> ListCell {
        match trimmed(text) {
            "" => ListCell::Empty,
            text => ListCell::Text(text.to_string()),
        }
    }

    pub fn is_empty(&self) -> bool {
        *self == ListCell::Empty
    }

    /// As a text; `None` where there is none, or none that can be read.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match self {
            ListCell::Empty | ListCell::Broken => None,
            ListCell::Text(text) => Some(Cow::Borrowed(text)),
            ListCell::Number(number) => Some(Cow::Owned(number_text(*number))),
            ListCell::Bool(bool) => Some(Cow::Borrowed(if *bool { "TRUE" } else { "FALSE" })),
            ListCell::At(at) => Some(Cow::Owned(at.iso())),
        }
    }

    /// As a text of digits and signs, in their plain form.
    pub fn narrow(&self) -> Option<String> {
        self.text().map(|text| if text.is_ascii() { text.into_owned() } else { text.nfkc().collect() })
    }

    /// As a day; `None` where that is not what stands there.
    pub fn date(&self) -> Option<ReadDate> {
        match self {
            ListCell::At(at) => Some(*at),
            ListCell::Number(number) => dates::of_serial(*number),
            ListCell::Text(text) => dates::parse(text),
            ListCell::Empty | ListCell::Bool(_) | ListCell::Broken => None,
        }
    }

    /// As the digits of a number: `1,200名` is 1200.
    pub fn number(&self) -> Option<String> {
        const UNITS: [&str; 5] = ["名", "人", "円", "社", "件"];
        let text = self.narrow()?;
        let text = text.trim().trim_start_matches(['約', '¥', '\\']).trim();
        let text = UNITS.iter().find_map(|unit| text.strip_suffix(unit)).unwrap_or(text).trim();
        let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '-'));
        is_number.then(|| text.replace(',', ""))
    }

    /// As the entries of a list in one cell.
    pub fn entries(&self) -> Vec<String> {
        let text = self.text().unwrap_or_default();
        text.split(['、', ',', '，', ';', '；', '\n']).map(trimmed).filter(|entry| !entry.is_empty()).map(str::to_string).collect()
    }
}

fn number_text(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < EXACT_MAX { format!("{number:.0}") } else { number.to_string() }
}

/// A column as a workbook names it: A, B, .. Z, AA.
pub fn letters(place: usize) -> String {
    let mut letters = Vec::new();
    let mut left = place + 1;
    while left > 0 {
        left -= 1;
        letters.push(char::from(b'A' + (left % 26) as u8));
        left /= 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_as_texts_numbers_and_lists() {
        assert_eq!(ListCell::of_text(" \u{3000}"), ListCell::Empty);
        assert_eq!(ListCell::Number(312_345_678.0).text().as_deref(), Some("312345678"));
        assert_eq!(ListCell::Number(1.5).text().as_deref(), Some("1.5"));
        assert_eq!(ListCell::of_text("０３－１２３４").narrow().as_deref(), Some("03-1234"));
        for (text, want) in
            [("1,200名", Some("1200")), ("約１２００人", Some("1200")), ("¥5,000", Some("5000")), ("-3.5", Some("-3.5")), ("多数", None)]
        {
            assert_eq!(ListCell::of_text(text).number().as_deref(), want, "{text}");
        }
        assert_eq!(ListCell::of_text("基本プラン、 オプションA,保守").entries(), ["基本プラン", "オプションA", "保守"]);
        assert_eq!(ListCell::of_text("R8.11.30").date().map(ReadDate::iso).as_deref(), Some("2026-11-30"));
    }

    #[test]
    fn columns_have_the_letters_of_a_workbook() {
        assert_eq!([0, 3, 25, 26, 27, 701, 702].map(letters), ["A", "D", "Z", "AA", "AB", "ZZ", "AAA"].map(String::from));
    }
}
