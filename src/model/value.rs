//! Field values. A field that a record does not carry is *absent* (it is not in the record's list); `Empty` and set values are values.
//! `Unreadable` is neither: something is there, and what it is cannot be known.

use super::{Age, Name, Time, is_blank};
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
}

impl Field {
    /// Of a value that nobody saw change.
    pub fn new(name: Name, value: Value, at: Time) -> Field {
        Field { name, value, at, after: None }
    }

    pub fn age(&self) -> Age {
        Age { after: self.after, by: self.at }
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
        }
    }
}
