//! What a record offers.

use super::rules::Blank;
use crate::model::normal::html::unescape;
use crate::model::{Age, Entries, FirstValue, LastEdit, RecordId, Span, Time, Value};
use std::borrow::Cow;

/// A record's value of the field. A record that does not carry the field is none: absence says nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate<'a> {
    pub from: &'a RecordId,
    pub value: &'a Value,
    pub age: Age,
    /// It is what that record made of our last write, and no other value was seen there since: no news.
    pub echo: bool,
    /// Of an echo: what we wrote.
    pub ours: Option<&'a Value>,
    /// Of a list: what is remembered of its entries.
    pub entries: Option<&'a Entries>,
    /// It is empty, and was seen to be emptied.
    pub cleared: bool,
    pub habits: SystemHabits,
    /// What its system tells of the change that set it.
    pub last_edit: Option<&'a LastEdit>,
    /// What is remembered of the record's first value, where rules keep it.
    pub first: Option<&'a FirstValue>,
    /// The last moment at which nobody who looked saw the value there; `None`: nobody knows.
    pub unseen: Option<Time>,
}

/// How what a record shows stands to what is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SystemHabits {
    /// Of an echo: nobody can tell yet whether its system made it of our write, or somebody typed it.
    pub is_doubtful: bool,
    /// Its system shows signs as HTML's entities: the value that is meant has the signs.
    pub escapes: bool,
}

impl<'a> Candidate<'a> {
    /// A value of which no more is known than where it stands and since when.
    pub fn new(from: &'a RecordId, value: &'a Value, age: Age) -> Candidate<'a> {
        let habits = SystemHabits::default();
        let (ours, entries, last_edit, first, unseen) = Default::default();
        Candidate { from, value, age, echo: false, ours, entries, cleared: false, habits, last_edit, first, unseen }
    }

    /// The value as it goes elsewhere.
    pub(super) fn meant(&self) -> Cow<'a, Value> {
        match self.value {
            Value::Text(text) if self.habits.escapes => Cow::Owned(Value::text(&unescape(text))),
            value => Cow::Borrowed(value),
        }
    }

    /// Whether a relay brought it: a copy of another system's value, and no news.
    pub fn is_copy(&self) -> bool {
        self.last_edit.is_some_and(|edit| edit.relay().is_some())
    }

    /// Whether it is known that a person typed it there.
    pub(super) fn is_typed(&self) -> bool {
        self.last_edit.is_some_and(LastEdit::is_typed)
    }

    /// Whether it was set longer ago than a limit, if there is one.
    pub(super) fn is_older_than(&self, limit: Option<Span>, now: Time) -> bool {
        limit.is_some_and(|limit| now.since(self.age.by) > limit)
    }

    /// Whether it is empty in a way that a rule passes over.
    pub(super) fn is_passed_over(&self, blank: Blank) -> bool {
        self.value.is_empty()
            && match blank {
                Blank::Skipped => true,
                Blank::Wins => !self.cleared,
                Blank::Clears => false,
            }
    }
}

/// What candidates, each by its place, say: one value, or several fields'.
pub(super) trait SaidAtPlaces {
    /// Why it counts for nothing, whatever its rank.
    fn nothing(&self, place: usize) -> Option<&'static str>;
    fn say_the_same(&self, one: usize, other: usize) -> bool;
    /// Since when it would be there if what nobody can tell was typed by somebody. `None`: there is no such doubt.
    fn age_if_typed(&self, place: usize) -> Option<Age>;
}
