//! Field values. A field that a record does not carry is *absent* (it is not in the record's list); `Empty` and set values are values.
//! `Unreadable` is neither: something is there, and what it is cannot be known.

use super::{Age, Date, Editor, LastEdit, Name, Span, Time, is_blank};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// A text that needs no memory of its own up to 24 bytes: most values and ids are so short, and millions are made in a sync.
pub type ShortText = compact_str::CompactString;

/// What a field of a record holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Value {
    /// The system says that there is nothing: null, "", blanks only, or an empty list.
    Empty,
    Text(ShortText),
    Int(i64),
    Number(f64),
    Bool(bool),
    Time(Time),
    /// Sorted, without duplicates.
    List(Vec<ShortText>),
    /// Something is there that could not be read as what the field holds. What asks for it is unknown; it is never written and never wins a
    /// merge. It says nothing of the text that was there, so that no personal data travels with it. Two of them are equal.
    Unreadable,
    /// A day without a time. Since format 6; it stands last, as the state tells values by their place.
    Date(Date),
}

/// How a value that could not be read is shown to people.
const UNREADABLE: &str = "(cannot be read)";

/// The exact order of an int and a number; `None` for NaN. (`as f64` would round ints beyond 2^53.)
pub(crate) fn compare_int(int: i64, number: f64) -> Option<Ordering> {
    if number.is_nan() {
        return None;
    }
    // Both bounds are exact in f64: 2^63 and -2^63.
    if number >= 9_223_372_036_854_775_808.0 {
        return Some(Ordering::Less);
    }
    if number < -9_223_372_036_854_775_808.0 {
        return Some(Ordering::Greater);
    }
    Some(int.cmp(&(number.trunc() as i64)).then(0.0.partial_cmp(&number.fract())?))
}

/// A field as last observed: its value, and when it was set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    pub name: Name,
    pub value: Value,
    /// Set by then: the record's last change where the system tells it, else when we first saw the value.
    pub at: Time,
    /// Until then it was another value. `None`: nobody saw it change, and it may be as old as the record.
    pub after: Option<Time>,
    /// What the system itself tells of that change, where it is asked.
    pub last_edit: Option<Box<LastEdit>>,
}

impl Field {
    /// Of a value that nobody saw change.
    pub fn new(name: Name, value: Value, at: Time) -> Field {
        Field { name, value, at, after: None, last_edit: None }
    }

    pub fn age(&self) -> Age {
        Age { after: self.after, by: self.at }
    }

    /// Whether the system told when it was set.
    pub fn is_dated(&self) -> bool {
        self.last_edit.as_ref().is_some_and(|edit| edit.dated)
    }

    /// Takes the time and the editor of its last change from the field's own history.
    pub fn tell(&mut self, at: Time, by: Option<Editor>) {
        (self.at, self.after) = (at, Some(at.minus(Span(1))));
        self.last_edit = Some(Box::new(LastEdit { dated: true, by }));
    }
}

impl Value {
    /// Bytes of its texts.
    pub fn text_bytes(&self) -> usize {
        match self {
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(|item| item.len()).sum(),
            _ => 0,
        }
    }

    /// A text value; blank text is `Empty`. Other text is kept as it is, blanks included.
    pub fn text(text: &str) -> Value {
        if is_blank(text) { Value::Empty } else { Value::Text(text.into()) }
    }

    /// A list value, sorted and without duplicates; no entries is `Empty`.
    pub fn list(items: impl IntoIterator<Item = impl Into<ShortText>>) -> Value {
        let mut items: Vec<ShortText> = items.into_iter().map(Into::into).collect();
        items.sort();
        items.dedup();
        if items.is_empty() { Value::Empty } else { Value::List(items) }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self, Value::Empty)
    }

    /// Whether something is there that could not be read.
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Value::Unreadable)
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(t) => Some(t),
            _ => None,
        }
    }

    /// Whether a system that was given this time or day, or a text that is one, may show it as `shown`: to the second, as a text, as the day alone, or a day as the
    /// midnight that it begins at, in UTC or in a zone of its own. False where neither is of such a type.
    pub fn may_show_as(&self, shown: &Value) -> bool {
        match (self, shown) {
            (Value::Date(day), Value::Date(shown)) => day == shown,
            (Value::Date(day), Value::Time(shown)) => day.begins_at(*shown),
            (Value::Time(time), Value::Date(shown)) => shown.holds(*time),
            (Value::Time(time), Value::Time(shown)) => {
                // What is less than a second may be cut off or rounded.
                time == shown || (shown.0 % 1000 == 0 && time.0.abs_diff(shown.0) < 1000)
            }
            (Value::Date(_) | Value::Time(_), Value::Text(text)) => {
                Value::moment(text.trim()).is_some_and(|shown| self.may_show_as(&shown))
            }
            (Value::Text(text), Value::Date(_) | Value::Time(_)) => {
                Value::moment(text.trim()).is_some_and(|given| given.may_show_as(shown))
            }
            _ => false,
        }
    }

    /// Whether this is the day that begins at the time `before`: up to format 5 a day was kept as its midnight.
    pub fn is_day_begun_at(&self, before: &Value) -> bool {
        matches!((self, before), (Value::Date(day), Value::Time(time)) if day.begins_at(*time))
    }

    /// A text that is a day, or an instant with its offset.
    fn moment(text: &str) -> Option<Value> {
        let instant = |t: jiff::Timestamp| Value::Time(Time(t.as_millisecond()));
        Date::parse(text).map(Value::Date).or_else(|| text.parse().ok().map(instant))
    }

    /// As JSON, to be shown; times are RFC 3339 text, `Empty` is null, and what could not be read is a text that says so.
    pub fn to_json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match self {
            Value::Empty => Json::Null,
            Value::Text(t) => Json::from(&**t),
            Value::Int(i) => Json::from(*i),
            Value::Number(n) => Json::from(*n),
            Value::Bool(b) => Json::from(*b),
            Value::Time(t) => Json::from(t.rfc3339()),
            Value::List(items) => Json::from(items.iter().map(|i| &**i).collect::<Vec<&str>>()),
            Value::Unreadable => Json::from(UNREADABLE),
            Value::Date(date) => Json::from(date.to_string()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Empty => f.write_str("(empty)"),
            Value::Text(t) => f.write_str(t),
            Value::Int(i) => write!(f, "{i}"),
            Value::Number(n) => write!(f, "{n}"),
            Value::Bool(b) => write!(f, "{b}"),
            Value::Time(t) => write!(f, "{t}"),
            Value::List(items) => f.write_str(&items.join(", ")),
            Value::Unreadable => f.write_str(UNREADABLE),
            Value::Date(date) => write!(f, "{date}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_told_as_it_is_written() {
        let day = Value::Date(Date::parse("1980-04-01").unwrap());
        assert_eq!((day.to_string(), day.to_json()), ("1980-04-01".to_string(), "1980-04-01".into()));
    }

    #[test]
    fn a_system_may_show_a_time_or_day_in_a_form_of_its_own() {
        let day = |text: &str| Value::Date(Date::parse(text).unwrap());
        let time = |text: &str| Value::Time(Time(text.parse::<jiff::Timestamp>().unwrap().as_millisecond()));
        let april = day("1980-04-01");
        for (given, shown, may) in [
            (april.clone(), april.clone(), true),
            (april.clone(), day("1980-03-31"), false),
            (april.clone(), time("1980-04-01T00:00:00Z"), true),
            (april.clone(), time("1980-03-31T15:00:00Z"), true),
            (april.clone(), time("1980-04-01T04:00:00Z"), true),
            (april.clone(), time("1980-04-01T09:30:01Z"), false),
            (april.clone(), time("1980-04-02T00:00:00Z"), false),
            (april.clone(), Value::text(" 1980-04-01 "), true),
            (april.clone(), Value::text("1980-04-01T00:00:00+09:00"), true),
            (april.clone(), Value::text("April 1"), false),
            (april, Value::Empty, false),
            (time("2026-11-21T09:00:00.750Z"), time("2026-11-21T09:00:00Z"), true),
            (time("2026-11-21T09:00:00.750Z"), time("2026-11-21T09:00:01Z"), true),
            (time("2026-11-21T09:00:00.750Z"), time("2026-11-21T09:00:02Z"), false),
            (time("2026-11-21T09:00:00.750Z"), time("2026-11-21T09:00:00.500Z"), false),
            (time("2026-11-21T09:00:00Z"), day("2026-11-21"), true),
            (time("2026-11-21T18:00:00Z"), day("2026-11-22"), true),
            (time("2026-11-21T09:00:00Z"), day("2026-11-22"), false),
            (time("2026-11-21T09:00:00Z"), Value::text("2026-11-21T18:00:00+09:00"), true),
            (Value::text("1980-04-01"), day("1980-04-01"), true),
            (Value::text("1980-04-01"), time("1980-03-31T15:00:00Z"), true),
            (Value::text("1980-04-01"), Value::text("1980-04-01 "), false),
            (Value::Int(1), Value::Int(1), false),
        ] {
            assert_eq!(given.may_show_as(&shown), may, "{given} {shown}");
        }
    }
}
