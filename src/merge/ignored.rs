//! Values that a rule takes for nothing: "不明", "N/A", "-".

use crate::model::normal::entry_key;
use crate::model::{Date, ShortText, Value};
use std::collections::BTreeSet;

/// What a rule's `ignore` names, in whatever case, width and spacing it stands in a record.
#[derive(Debug, Clone, Default)]
pub struct Ignored {
    words: Vec<ShortText>,
    keys: BTreeSet<String>,
}

impl Ignored {
    pub fn of(words: Vec<ShortText>) -> Ignored {
        Ignored { keys: words.iter().map(|word| entry_key(word)).collect(), words }
    }

    /// As they were written.
    pub fn words(&self) -> &[ShortText] {
        &self.words
    }

    /// Whether a value is one of them. Of a list none is.
    pub fn covers(&self, value: &Value) -> bool {
        match value {
            _ if self.keys.is_empty() => false,
            Value::Empty | Value::List(_) | Value::Unreadable => false,
            Value::Text(text) => self.keys.contains(&entry_key(text)),
            // Nothing is less than nothing.
            Value::Number(number) if *number == 0.0 => self.keys.contains("0") || self.keys.contains("0.0"),
            Value::Time(_) => self.keys.contains(&entry_key(&value.to_string())) || self.has_day_of(value),
            // A number or day that stands for none: 0, 1900-01-01.
            other => self.keys.contains(&entry_key(&other.to_string())),
        }
    }

    /// Whether it is the midnight at which a day begins that is named.
    fn has_day_of(&self, time: &Value) -> bool {
        self.words.iter().filter_map(|word| Date::parse(word)).any(|day| Value::Date(day).is_day_begun_at(time))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Time;

    #[test]
    fn a_word_is_ignored_however_it_is_written() {
        let ignored = Ignored::of(["不明", "N/A", "-", "0", "1900-01-01"].map(ShortText::from).to_vec());
        let day = |text: &str| Value::Date(Date::parse(text).unwrap());
        let day_ms = i64::from(Date::parse("1900-01-01").unwrap().0) * 86_400_000;
        for (value, is_covered) in [
            (Value::text("不明"), true),
            (Value::text(" 不明　"), true),
            (Value::text("n/a"), true),
            (Value::text("Ｎ／Ａ"), true),
            (Value::text("-"), true),
            (Value::Int(0), true),
            (Value::Number(0.0), true),
            (Value::Number(-0.0), true),
            (Value::Number(0.5), false),
            (Value::Time(Time(day_ms)), true),
            // Its midnight in Tokyo.
            (Value::Time(Time(day_ms - 9 * 3_600_000)), true),
            (Value::Time(Time(day_ms + 60_000)), false),
            (day("1900-01-01"), true),
            (Value::text("不明な点あり"), false),
            (Value::Int(10), false),
            (day("1980-01-01"), false),
            (Value::Empty, false),
            (Value::Unreadable, false),
            (Value::list(["-"]), false),
        ] {
            assert_eq!(ignored.covers(&value), is_covered, "{value:?}");
            assert!(!Ignored::default().covers(&value), "{value:?}");
        }
    }
}
