//! What can be written, and how it is told what became of it.

use super::{Request, Test, TimeFormat};
use crate::connector::raw::plain::{begins_with, same_name};
use crate::model::{Name, OwnPermit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What can be written, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Writes {
    /// The stream whose records are written to.
    pub stream: String,
    /// Our field names to the system's, each with the form in which it is written.
    #[serde(default)]
    pub fields: BTreeMap<Name, FieldWrite>,
    /// The lead status: the system's field, and our words to its words (a word not in the map goes as it is).
    #[serde(default)]
    pub status: Option<StatusWrite>,
    #[serde(default)]
    pub block: Option<MarkWrite>,
    #[serde(default)]
    pub permit: Option<MarkWrite>,
    /// Permits for one kind or topic of mail, written as `permit` is: systems.toml says which there are.
    #[serde(skip)]
    pub permits: BTreeMap<OwnPermit, MarkWrite>,
    #[serde(default)]
    pub why: Option<MarkWrite>,
    /// Who sees to it that no mail goes out against a block or permit, in plain words: the system by itself, or whoever sets up its sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obeyed_by: Option<String>,
    /// Writes fields of records by id.
    #[serde(default)]
    pub update: Option<Update>,
    /// Adds and removes labels by record ids.
    #[serde(default)]
    pub labels: Option<Labels>,
    /// Reads records back by `{ids}`.
    pub read: Request,
    pub read_chunk: usize,
    /// How the system tells its own list of the words that a field takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pick_lists: Option<PickLists>,
    /// Records are read so once more before fields are written to them. Unless given, where one request reads several.
    #[serde(default)]
    pub look_first: Option<bool>,
}

impl Writes {
    /// One request reads several records by their ids.
    pub fn reads_together(&self) -> bool {
        self.read_chunk > 1 && self.read.names_many_ids()
    }

    /// Whether records are read once more before fields are written to them.
    pub fn looks_first(&self) -> bool {
        self.look_first.unwrap_or_else(|| self.reads_together())
    }
}

/// One request tells the words of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PickLists {
    /// Names the field by `{field}`, as the system calls it.
    pub request: Request,
    /// Where the answer holds the words. A field that takes any text has none.
    pub words: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusWrite {
    /// Of kind "field": the field's name. Template over settings.
    #[serde(default)]
    pub field: Option<String>,
    /// Of kind "label": the text before the status in the label's name. Template over settings, as are the words of `map`.
    #[serde(default)]
    pub label_prefix: Option<String>,
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}

/// A field that is written: just the system's name of it (text), or its name with the form of its values.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum FieldWrite {
    Name(String),
    Full(FieldWriteSpec),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldWriteSpec {
    /// The system's name of it.
    pub field: String,
    /// Of a time or date: the form that is written; unless given, the one that the stream's field says.
    #[serde(default)]
    pub format: Option<TimeFormat>,
    /// Our label to the system's code (a text, a number, true or false), where the map of the stream's field has several codes for one label
    /// or the code is no text. All other codes are those of that map. Templates over settings.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub map: BTreeMap<String, toml::Value>,
}

impl FieldWrite {
    /// The system's name of the field.
    pub fn field(&self) -> &str {
        match self {
            FieldWrite::Name(field) => field,
            FieldWrite::Full(spec) => &spec.field,
        }
    }

    /// What it says beyond the name.
    pub fn spec(&self) -> Option<&FieldWriteSpec> {
        match self {
            FieldWrite::Name(_) => None,
            FieldWrite::Full(spec) => Some(spec),
        }
    }
}

/// How a block, permit or reason is set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MarkWrite {
    /// A field of the update; block: `on` and `off` (true and false unless given); permit: a time; why: text. Name, `on` and `off` are templates.
    Field {
        field: String,
        #[serde(default)]
        #[schemars(with = "Option<serde_json::Value>")]
        on: Option<toml::Value>,
        #[serde(default)]
        #[schemars(with = "Option<serde_json::Value>")]
        off: Option<toml::Value>,
        #[serde(default)]
        format: Option<TimeFormat>,
    },
    /// A label's presence. Name is a template.
    Label { label: String },
}

/// Writing fields: a batch in one request, or one record a request (`batch = 1`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Update {
    /// Template names: `rows` (batch), or `id` and `row` (single).
    pub request: Request,
    /// Each row: `{id_key: ID, ..fields}`, or with `fields_at` the fields below that key.
    #[serde(default)]
    pub id_key: Option<String>,
    /// Ids are numbers in JSON.
    #[serde(default)]
    pub id_number: bool,
    #[serde(default)]
    pub fields_at: Option<String>,
    pub batch: usize,
    #[serde(default)]
    pub bytes_max: Option<usize>,
    /// What empties a field; null unless given.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
    pub empty: Option<toml::Value>,
    #[serde(default)]
    pub results: Option<Results>,
    /// The answer is not to be trusted (it says 200 to a refusal): read back and compare.
    #[serde(default)]
    pub confirm: bool,
    /// Fields, by the system's names, that take an earlier word only once they are empty, and say nothing where they ignore one: with their
    /// words in order, the first one first. A word that is not among them may stand anywhere.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub back_by_clearing: BTreeMap<String, Vec<String>>,
}

/// Where a batch's answer tells the outcome of each row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Results {
    /// The list of per-row results.
    pub path: String,
    /// The row's id in a result; without it results stand in the rows' order.
    #[serde(default)]
    pub id: Option<String>,
    /// A row is applied where this holds; without it a row that is listed is applied.
    #[serde(default)]
    pub applied: Option<Test>,
    /// Why a row was not applied.
    #[serde(default)]
    pub reason: Option<String>,
    /// A second list, of failures (beside a 207), each naming ids.
    #[serde(default)]
    pub errors: Option<String>,
    #[serde(default)]
    pub error_ids: Option<String>,
    #[serde(default)]
    pub error_reason: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// Lists the labels there are; `records` names the list.
    pub find: Request,
    pub find_name: String,
    pub find_id: String,
    /// Makes a missing label; template name `label`.
    pub create: Request,
    /// Where `create` answers the new label's id.
    pub created_id: String,
    /// Template names `ids`, `label`, `label_id`.
    pub add: Request,
    pub remove: Request,
    /// Where the answer says how many records were changed; fewer than asked means: read back.
    #[serde(default)]
    pub succeeded: Option<String>,
    /// The system takes two labels that differ only in case, or in blanks around them, for one.
    #[serde(default)]
    pub any_case: bool,
    pub batch: usize,
}

impl Labels {
    /// How labels are told apart.
    pub fn names(&self) -> LabelNames {
        if self.any_case { LabelNames::AnyCase } else { LabelNames::AsWritten }
    }
}

/// When two labels are one to the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LabelNames {
    AsWritten,
    AnyCase,
}

impl LabelNames {
    pub fn same(self, a: &str, b: &str) -> bool {
        match self {
            LabelNames::AsWritten => a == b,
            LabelNames::AnyCase => same_name(a, b),
        }
    }

    pub fn begins(self, label: &str, prefix: &str) -> bool {
        match self {
            LabelNames::AsWritten => label.starts_with(prefix),
            LabelNames::AnyCase => begins_with(label, prefix),
        }
    }
}
