//! Who edits, and when fields changed, where a system tells it.

use super::streams::{Paths, Request};
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

impl Manifest {
    /// Whether persons' records, or their fields, tell who edited them.
    pub fn tells_editors(&self) -> bool {
        let people = self.streams.values().filter(|stream| stream.entity == Entity::Person);
        people.into_iter().any(|stream| {
            let of_record = stream.record.as_ref().is_some_and(|map| map.edited_by.is_some() || map.edited_via.is_some());
            of_record || stream.field_history.as_ref().is_some_and(|history| history.edited_by.is_some() || history.edited_via.is_some())
        })
    }

    /// The persons' fields that have a history.
    pub fn fields_with_history(&self) -> impl Iterator<Item = &Name> {
        self.streams.values().filter_map(|stream| stream.field_history.as_ref()).flat_map(|history| history.fields.keys())
    }
}
