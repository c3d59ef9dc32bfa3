//! Who edits, and when fields changed, where a system tells it.

use super::streams::{Paths, Request, Stream};
use super::{Manifest, TimePath};
use crate::model::{Entity, Name};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The history of persons' fields, read by the ids of records: asked only for records that are new or changed, and only for fields whose rule
/// goes by age or by who edited.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldHistory {
    /// Names the records by `{ids}` or `{id_rows}`. `{fields}` becomes the fields asked for, by the system's own names.
    pub request: Request,
    pub chunk: usize,
    /// In each row: the record's id.
    pub record: String,
    /// The fields that have a history, and what the system calls them there.
    pub fields: BTreeMap<Name, String>,
    /// Where a row has the changes of one field, in any order. Template over `field`, the system's own name of it.
    pub changes: String,
    /// In each change: the value that it set, in the form in which the record shows it.
    pub value: String,
    /// In each change: when.
    pub at: TimePath,
    /// In each change: the person who made it, by all that `relays` may call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<Paths>,
    /// In each change: the program that made it, by all that `relays` may call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_via: Option<Paths>,
}

/// What the entries of a feed tell of persons' fields beside whose they are. They are read in any case: it costs no request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedTells {
    /// The fields that it tells of, and what the system calls them there.
    pub fields: BTreeMap<Name, String>,
    /// In each entry: the changes that it tells of, a list or a single one.
    pub changes: String,
    /// In each change: which field it is, by the system's own name.
    pub field: String,
    /// In each change: the value that it set, in a form that the record's field can be read from.
    pub value: String,
    /// In each entry: when.
    pub at: TimePath,
    /// In each entry: the person who made the change, by all that `relays` may call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<Paths>,
    /// In each entry: the program that made it, by all that `relays` may call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_via: Option<Paths>,
}

impl Manifest {
    /// Whether persons' records, or their fields, tell who edited them.
    pub fn tells_editors(&self) -> bool {
        self.who_edits().any(|(by, via)| by || via)
    }

    /// Whether they tell where that was a person.
    pub fn tells_typists(&self) -> bool {
        self.who_edits().any(|(by, _)| by)
    }

    /// Wherever it can be told who edits: whether persons are, and programs.
    fn who_edits(&self) -> impl Iterator<Item = (bool, bool)> {
        let people = self.streams.values().filter(|stream| stream.entity == Entity::Person);
        people.flat_map(|stream| {
            let record = stream.record.as_ref().map(|map| (&map.edited_by, &map.edited_via));
            let history = stream.field_history.as_ref().map(|history| (&history.edited_by, &history.edited_via));
            let feed = stream.feed_tells().map(|tells| (&tells.edited_by, &tells.edited_via));
            [record, history, feed].into_iter().flatten().map(|(by, via)| (by.is_some(), via.is_some()))
        })
    }

    /// The persons' fields that have a history.
    pub fn fields_with_history(&self) -> impl Iterator<Item = &Name> {
        self.streams.values().filter_map(|stream| stream.field_history.as_ref()).flat_map(|history| history.fields.keys())
    }

    /// The persons' fields whose changes a feed tells.
    pub fn fields_told_by_feed(&self) -> impl Iterator<Item = &Name> {
        self.streams.values().filter_map(Stream::feed_tells).flat_map(|tells| tells.fields.keys())
    }
}

impl Stream {
    fn feed_tells(&self) -> Option<&FeedTells> {
        self.feed.as_ref().and_then(|feed| feed.tells.as_ref())
    }
}
