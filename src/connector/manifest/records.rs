//! What a raw record becomes: fields, states, refusals, marks, and the tests of single values.

use super::streams::Paths;
use crate::model::{Mark, Name, RefusalScope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a raw record becomes. Paths are dotted; `name[]` goes through a list, `name[key=text]` picks from it the entries whose key is
/// that text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMap {
    pub id: String,
    /// Stands before each id, where another stream of the system has ids of its own for the same kind of record. What names a record by its
    /// id, a deal its people, means one of a stream without it.
    #[serde(default)]
    pub id_prefix: Option<String>,
    #[serde(default)]
    pub changed_at: Option<TimePath>,
    /// Persons: when the record was made. No value in it is older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<TimePath>,
    /// Persons: the person who made the record's last change, by all that `relays` may call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_by: Option<Paths>,
    /// Persons: the program that made the record's last change, by all that `relays` may call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edited_via: Option<Paths>,
    #[serde(default)]
    pub fields: BTreeMap<Name, FieldMap>,
    /// Persons and deals: the account's id, then the ids of further ones. What a row does not show of these further ones stays as it was
    /// known, unless its request says `carries_accounts`.
    #[serde(default)]
    pub account: Option<Paths>,
    /// Deals: persons' ids. Tickets: requesters' ids.
    #[serde(default)]
    pub people: Option<String>,
    /// Where a record says that its list of people goes on elsewhere (a cursor, or true). A deal's people are then asked for by `for_each`;
    /// where there is none, and for tickets, the pass is not complete.
    #[serde(default)]
    pub people_more: Option<String>,
    /// Where a record says that its list of further accounts goes on elsewhere. They are then asked for by the stream's `all_accounts`; where
    /// there is none, the pass is not complete.
    #[serde(default)]
    pub accounts_more: Option<String>,
    /// Where a record says that another list of its own goes on elsewhere: the pass is then not complete.
    #[serde(default)]
    pub more: Vec<String>,
    /// Tickets: requesters' addresses. Persons: further addresses beside the field `email`. A text may hold several.
    #[serde(default)]
    pub addresses: Option<Paths>,
    /// Deals and tickets: first rule that fits; none fits = unknown, which holds.
    #[serde(default)]
    pub state: Vec<StateRule>,
    /// Deals and tickets: when it ended.
    #[serde(default)]
    pub ended_at: Option<TimePath>,
    /// Ids of the same person elsewhere.
    #[serde(default)]
    pub same_as: Vec<SameAs>,
    /// What shows that the person refused.
    #[serde(default)]
    pub refusals: Vec<RefusalRule>,
    /// What shows our own writes.
    #[serde(default)]
    pub marks: BTreeMap<Mark, MarkMap>,
    /// The record is reported deleted where this holds.
    #[serde(default)]
    pub deleted: Option<Test>,
    /// Paths (templates over settings, `hold.permit`, `hold.why`) that each row of this system shows, if only as null. A pass whose rows
    /// show none of a path that a refusal, a hold or a mark of `hold` rests on proves nothing.
    #[serde(default)]
    pub always: Vec<String>,
    /// The system leaves out of a row what holds nothing: a field that is not there is empty, but for those of `always`. Without this word
    /// what a row leaves out says nothing, and what was known of a person's field stays as it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub leaves_out_empty: bool,
    /// Where a record shows the fields that systems.toml adds, for a system that is asked for each by its name: the path before that name
    /// (empty text: none), which `{own.fields}` in the stream's requests stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_at: Option<String>,
    /// Beside those of `refusals`, paths where a person says yes or no to being contacted, or the system notes it for them: systems.toml may
    /// not add them as fields. `*` at the end of one stands for any rest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consent: Vec<String>,
}

/// A field: just a path (text), or a path with a type and a map.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldMap {
    Path(String),
    Full(FieldSpec),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    pub path: String,
    #[serde(rename = "type", default)]
    pub kind: FieldKind,
    /// Vendor's value to ours, for a text or a list of texts the vendor's codes to our labels. Of a person's such field, a code that is not in
    /// the map cannot be read; elsewhere what is not in the map is kept as it is. Templates over settings.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// `type = "time"` or `"date"`: the form.
    #[serde(default)]
    pub format: Option<TimeFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Text,
    Int,
    Number,
    Bool,
    /// An instant; a text without a time is a day all the same.
    Time,
    /// A day; of a time, the day that it is then in the system's `time_zone`.
    Date,
    List,
}

impl FieldKind {
    /// Its name in manifests.
    pub fn word(self) -> &'static str {
        match self {
            FieldKind::Text => "text",
            FieldKind::Int => "int",
            FieldKind::Number => "number",
            FieldKind::Bool => "bool",
            FieldKind::Time => "time",
            FieldKind::Date => "date",
            FieldKind::List => "list",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[schemars(untagged, deny_unknown_fields)]
pub enum TimePath {
    /// RFC 3339.
    Path(String),
    Full {
        path: String,
        format: TimeFormat,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    #[default]
    Rfc3339,
    UnixS,
    UnixMs,
    /// `YYYY-MM-DD HH:MM:SS` in the system's `time_zone`.
    DateTime,
    /// `YYYY-MM-DD`; of a time, the day in the system's `time_zone`.
    Date,
}

/// A test of one value in a raw record or answer. Exactly one of the comparisons.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// This and the texts in `equals` and `in` are templates over settings, `hold.permit`, `hold.why`.
    pub path: String,
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub equals: Option<toml::Value>,
    #[serde(default, rename = "in")]
    #[schemars(with = "Option<Vec<serde_json::Value>>")]
    pub one_of: Option<Vec<toml::Value>>,
    /// True: absent, null, "" or an empty list.
    #[serde(default)]
    pub empty: Option<bool>,
    /// Some entry of the list equals this text (template over settings and `hold.permit`).
    #[serde(default)]
    pub contains: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateRule {
    /// A deal's `open`, `won`, `lost`; a ticket's `open`, `closed`.
    pub is: String,
    pub when: Test,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SameAs {
    /// Template: the other system's name in systems.toml, usually an optional setting.
    pub system: String,
    pub path: String,
    /// The text before the id within the value (`crm-id:` in a note). Template over settings.
    #[serde(default)]
    pub prefix: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalRule {
    pub scope: RefusalScopeName,
    #[serde(default)]
    pub topic: Option<String>,
    pub when: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalScopeName {
    All,
    Topic,
}

impl RefusalRule {
    pub fn scope(&self) -> RefusalScope {
        match (self.scope, &self.topic) {
            (RefusalScopeName::Topic, Some(topic)) => RefusalScope::Topic(topic.as_str().into()),
            _ => RefusalScope::All,
        }
    }
}

/// How a mark is read: a field's value, or a label's presence in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkMap {
    /// Template over settings, `hold.permit`, `hold.why`.
    pub path: String,
    #[serde(rename = "type", default)]
    pub kind: FieldKind,
    /// The list at `path` holds this text (template); the mark is then a `Bool`.
    #[serde(default)]
    pub contains: Option<String>,
    /// The mark is the entry at `path` that begins with this text (template), whole (several: one a line). For a status told by label.
    #[serde(default)]
    pub prefix: Option<String>,
    #[serde(default)]
    pub format: Option<TimeFormat>,
}

impl TimePath {
    /// The path, and how the time there is written.
    pub fn parts(&self) -> (&str, TimeFormat) {
        match self {
            TimePath::Path(path) => (path, TimeFormat::Rfc3339),
            TimePath::Full { path, format } => (path, *format),
        }
    }
}

impl TimeFormat {
    /// Whether a time that is written so is understood by who reads that form.
    pub fn is_read_as(self, read: TimeFormat) -> bool {
        let as_text = |format| matches!(format, TimeFormat::Rfc3339 | TimeFormat::DateTime);
        self == read || as_text(self) && as_text(read)
    }
}

impl FieldMap {
    pub fn kind(&self) -> FieldKind {
        match self {
            FieldMap::Path(_) => FieldKind::Text,
            FieldMap::Full(spec) => spec.kind,
        }
    }

    pub fn path(&self) -> &str {
        match self {
            FieldMap::Path(path) => path,
            FieldMap::Full(spec) => &spec.path,
        }
    }

    /// What it says beyond its path.
    pub fn spec(&self) -> Option<&FieldSpec> {
        match self {
            FieldMap::Path(_) => None,
            FieldMap::Full(spec) => Some(spec),
        }
    }
}

impl RecordMap {
    /// The paths of all that is read, as they stand: templates.
    pub fn places(&self) -> impl Iterator<Item = &str> {
        let times = [&self.changed_at, &self.created_at, &self.ended_at].into_iter().flatten().map(|time| time.parts().0);
        let editors = [&self.edited_by, &self.edited_via].into_iter().flatten().flat_map(Paths::as_slice);
        let more = [&self.people_more, &self.accounts_more].into_iter().flatten().chain(&self.more).chain(&self.consent);
        let tests = self.state.iter().map(|rule| &rule.when).chain(self.refusals.iter().map(|rule| &rule.when)).chain(&self.deleted);
        let others = self.same_as.iter().map(|other| &other.path).chain(self.marks.values().map(|mark| &mark.path)).chain(&self.always);
        let texts = editors.chain(more).chain(self.links()).chain(tests.map(|test| &test.path)).chain(others).map(String::as_str);
        std::iter::once(&*self.id).chain(times).chain(self.fields.values().map(FieldMap::path)).chain(texts)
    }

    /// The paths of accounts, people and addresses.
    pub fn links(&self) -> impl Iterator<Item = &String> {
        let several = self.account.iter().chain(&self.addresses).flat_map(Paths::as_slice);
        several.chain(&self.people)
    }
}
