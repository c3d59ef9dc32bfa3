//! A connector's manifest: what a folder under `connectors/` says of a system, as typed data.
//!
//! The vocabulary grows only with a connector that needs it. `docs/connectors.md` explains each key for who writes one.
//!
//! Texts with `{name}` are templates; each says which names it may use. `{settings.NAME}` is allowed wherever a template is, `{hold.permit}`
//! and `{hold.why}` (what these are called in the target) in every request. `{,name}` is the value with a comma before it, or nothing.

use crate::model::{Entity, Mark, Name, RefusalScope, Span};
use serde::Deserialize;
use std::collections::BTreeMap;

/// Everything a manifest says.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The folder's name.
    pub name: String,
    pub title: String,
    pub role: Role,
    /// The vendor's API version that the manifest was written for.
    pub api_version: String,
    /// The day (YYYY-MM-DD) on which the vendor ends that version.
    #[serde(default)]
    pub sunset: Option<String>,
    /// Template over settings.
    pub base_url: String,
    /// Headers of every request; templates over settings.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What an admin fills in, in systems.toml.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    pub auth: Auth,
    #[serde(default)]
    pub limits: Limits,
    #[serde(default)]
    pub errors: ErrorRules,
    pub streams: BTreeMap<String, Stream>,
    #[serde(default)]
    pub writes: Option<Writes>,
    /// What cannot be undone through this connector, in plain words.
    #[serde(default)]
    pub irreversible: Vec<String>,
}

/// What a system is for the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Crm,
    Support,
    Ma,
}

/// One setting, described for the person who fills it in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    pub title: String,
    /// One sentence: where to find the value.
    #[serde(rename = "where")]
    pub find: String,
    #[serde(default)]
    pub example: Option<String>,
    /// Must be given by `{ env = ".." }` or `{ file = ".." }`.
    #[serde(default)]
    pub secret: bool,
    #[serde(default)]
    pub default: Option<String>,
    /// May be left out; streams and writes that name it are then off.
    #[serde(default)]
    pub optional: bool,
}

/// How requests prove who they are. Texts are templates over settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Auth {
    None {},
    /// `Authorization: Bearer TOKEN`
    Bearer {
        token: String,
    },
    /// Any header, any form: `header = "Authorization", value = "token {settings.token}"`
    Header {
        header: String,
        value: String,
    },
    Basic {
        user: String,
        password: String,
    },
    /// OAuth2 client credentials (RFC 6749 4.4), by GET with a query (Marketo) or POST with a form.
    ClientCredentials {
        method: Method,
        path: String,
        client_id: String,
        client_secret: String,
        #[serde(default)]
        base_url: Option<String>,
    },
    /// A JWT signed per request with HS256; `key` is `ID:HEXSECRET` (Ghost).
    Jwt {
        key: String,
        audience: String,
        scheme: String,
        #[serde(with = "span")]
        lifetime: Span,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Post,
    Put,
    Patch,
}

/// What the vendor allows, and what we allow it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests within a window; several may hold at once.
    pub windows: Vec<Window>,
    /// Requests a day, of which at least a fifth is kept for protective writes.
    pub per_day: Option<u64>,
    /// Requests at the same time.
    pub concurrency: usize,
    #[serde(with = "span")]
    pub timeout: Span,
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { windows: Vec::new(), per_day: None, concurrency: 4, timeout: Span::seconds(30), answer_bytes_max: 64 << 20 }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub requests: u32,
    #[serde(with = "span")]
    pub per: Span,
}

/// How the system tells failure beyond the HTTP status.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorRules {
    /// The answer is a success only if this holds (Marketo: `success` equals true).
    pub success: Option<Test>,
    /// Where the answer says what went wrong.
    pub message: Option<String>,
    /// Where the answer holds its error code.
    pub code: Option<String>,
    /// HTTP statuses, beside 401, that mean "your credential is not accepted".
    pub auth_statuses: Vec<u16>,
    /// Codes that mean the same.
    pub auth_codes: Vec<String>,
    /// Codes that mean "later": rate or concurrency limit.
    pub retry_codes: Vec<String>,
    /// Codes that mean "the cursor is not known any more": begin again with a sweep.
    pub cursor_lost_codes: Vec<String>,
    /// The same by status, of a request that carried a cursor.
    pub cursor_lost_statuses: Vec<u16>,
    /// Codes that mean "today's requests are used up".
    pub budget_codes: Vec<String>,
}

/// A stream: how one kind of record is read and what becomes of its parts.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub entity: Entity,
    /// How often it is read unless the config says otherwise.
    #[serde(default, with = "span_option")]
    pub every: Option<Span>,
    /// How often the sweep runs behind a filter unless the config says otherwise. Without `changes` and `feed` every pass is a sweep.
    #[serde(default, with = "span_option")]
    pub sweep_every: Option<Span>,
    /// How far the system's own lists trail its records.
    #[serde(default, with = "span_option")]
    pub lag: Option<Span>,
    /// The whole listing.
    #[serde(default)]
    pub sweep: Option<Request>,
    /// What changed since a time.
    #[serde(default)]
    pub changes: Option<Changes>,
    /// A feed of ids with a cursor that goes on for ever.
    #[serde(default)]
    pub feed: Option<Feed>,
    /// Deals: the list of open ones, small enough to be read whole each time. It proves the stream.
    #[serde(default)]
    pub open: Option<Request>,
    /// deal_person only: the associations come with that stream's records (`record.people`).
    #[serde(default)]
    pub carried_by: Option<String>,
    /// deal_person only: read for the ids of that stream's open deals, and for each deal that changed.
    #[serde(default)]
    pub for_each: Option<ForEach>,
    /// What a raw record becomes. Not for deal_person.
    #[serde(default)]
    pub record: Option<RecordMap>,
}

/// One request, repeated over its pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default)]
    pub method: Method,
    /// Template over settings, `since` (changes), `ids` (comma-joined; reads by id), `ids_quoted` (the same, each in single quotes),
    /// `id` (single writes), `token` (feeds), `label_id`.
    pub path: String,
    /// The same templates; beside a body, `page` parameters go there with `in_body`. An entry whose template names an unset optional setting is left out.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body; texts in it are templates. A text that is just `{ids}` or `{rows}` becomes that array, `{id_rows}` becomes `[{"id": ".."}, ..]`,
    /// `{row}` that object.
    #[serde(default)]
    pub body: Option<toml::Value>,
    /// Where the records are; several lists in one answer are read together. Empty text: the answer itself. One object counts as a list of
    /// one; `name[]` takes the values of an object that is keyed by id.
    #[serde(default)]
    pub records: Paths,
    #[serde(default)]
    pub page: Page,
    /// Where the answer says how many records there are in all (several are added up); a pass that saw fewer is not complete.
    #[serde(default)]
    pub total: Option<Paths>,
    /// Does each record here carry its people (deals)? An absent list then means "nobody".
    #[serde(default)]
    pub carries_people: bool,
}

/// One path or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Paths {
    One(String),
    Several(Vec<String>),
}

impl Paths {
    pub fn as_slice(&self) -> &[String] {
        match self {
            Paths::One(path) => std::slice::from_ref(path),
            Paths::Several(paths) => paths,
        }
    }
}

impl Default for Paths {
    fn default() -> Paths {
        Paths::One(String::new())
    }
}

/// How the next page is asked for. `param` is a query name, or, with `in_body`, a key of the body.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Page {
    #[default]
    None,
    /// Our own count of records seen; the server's next offset is never believed. Ends on a short or empty page.
    Offset { param: String, size_param: String, size: usize },
    /// A page number. Ends on a short or empty page.
    Number { param: String, first: usize, size_param: String, size: usize },
    /// An opaque cursor from the answer. Ends where `next` is absent, or `more` is false, or `done` is true.
    Cursor {
        param: String,
        next: String,
        #[serde(default)]
        more: Option<String>,
        #[serde(default)]
        done: Option<String>,
        #[serde(default)]
        in_body: bool,
        /// Names of other parameters that must not be sent beside a cursor.
        #[serde(default)]
        drops: Vec<String>,
        /// The cursor stays good after the end: the next pass goes on from it instead of from a time.
        #[serde(default)]
        resumes: bool,
        /// The server gives at most this many rows a query; then ask again from the last row's time.
        #[serde(default)]
        rows_max: Option<usize>,
        #[serde(default)]
        size_param: Option<String>,
        #[serde(default)]
        size: Option<usize>,
    },
}

/// A filtered listing. Its template name is `since`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    pub request: Request,
    pub since: TimeFormat,
    /// How far before the newest known change each pass begins.
    #[serde(with = "span")]
    pub overlap: Span,
    /// Whether a pass through this filter counts as proof. Only where every change that matters moves the timestamp.
    #[serde(default)]
    pub sound: bool,
}

/// A feed of ids (Marketo's lead changes): token, then pages, then the records themselves by id.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Gives the first cursor for a time (template name `since`).
    pub start: Request,
    pub since: TimeFormat,
    /// Where `start` answers the token.
    pub token: String,
    /// The pages; its cursor begins at the token.
    pub request: Request,
    /// Where each entry holds the record's id.
    pub id: String,
    /// A second feed, from the same token, of deleted records' ids.
    #[serde(default)]
    pub deleted: Option<Request>,
    /// Reads records by `{ids}`.
    pub read: Request,
    pub chunk: usize,
    #[serde(default)]
    pub sound: bool,
}

/// Associations read by deal ids.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    pub stream: String,
    /// Template name `ids`; in a body, `{id_rows}` becomes `[{"id": ".."}, ..]`.
    pub request: Request,
    pub chunk: usize,
    /// In each record: the deal's id, and the persons' ids.
    pub deal: String,
    pub people: String,
    /// Where a record says that its list goes on elsewhere: that deal's people are then not told, and the pass is not complete.
    #[serde(default)]
    pub more: Option<String>,
}

/// What a raw record becomes. Paths are dotted; `name[]` goes through a list, `name[key=text]` picks from it the entries whose key is that text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordMap {
    pub id: String,
    #[serde(default)]
    pub changed_at: Option<TimePath>,
    #[serde(default)]
    pub fields: BTreeMap<Name, FieldMap>,
    /// Persons and deals: the account's id.
    #[serde(default)]
    pub account: Option<String>,
    /// Deals: persons' ids. Tickets: requesters' ids.
    #[serde(default)]
    pub people: Option<String>,
    /// Tickets: requesters' addresses.
    #[serde(default)]
    pub addresses: Option<String>,
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
}

/// A field: just a path (text), or a path with a type and a map.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum FieldMap {
    Path(String),
    Full(FieldSpec),
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldSpec {
    pub path: String,
    #[serde(rename = "type", default)]
    pub kind: FieldKind,
    /// Vendor's value to ours; a value that is not in the map is kept as it is.
    #[serde(default)]
    pub map: BTreeMap<String, String>,
    /// `kind = "time"`: the form.
    #[serde(default)]
    pub format: Option<TimeFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    #[default]
    Text,
    Int,
    Number,
    Bool,
    Time,
    List,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum TimePath {
    /// RFC 3339.
    Path(String),
    Full {
        path: String,
        format: TimeFormat,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    #[default]
    Rfc3339,
    UnixS,
    UnixMs,
    /// `YYYY-MM-DD HH:MM:SS` in the system's `time_zone`.
    DateTime,
}

/// A test of one value in a raw record or answer. Exactly one of the comparisons.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    pub path: String,
    #[serde(default)]
    pub equals: Option<toml::Value>,
    #[serde(default, rename = "in")]
    pub one_of: Option<Vec<toml::Value>>,
    /// True: absent, null, "" or an empty list.
    #[serde(default)]
    pub empty: Option<bool>,
    /// Some entry of the list equals this text (template over settings and `hold.permit`).
    #[serde(default)]
    pub contains: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateRule {
    /// A deal's `open`, `won`, `lost`; a ticket's `open`, `closed`.
    pub is: String,
    pub when: Test,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SameAs {
    /// Template: the other system's name in systems.toml, usually an optional setting.
    pub system: String,
    pub path: String,
    /// The text before the id within the value (Ghost: `crm-id:` in the note).
    #[serde(default)]
    pub prefix: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefusalRule {
    pub scope: RefusalScopeName,
    #[serde(default)]
    pub topic: Option<String>,
    pub when: Test,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarkMap {
    /// Template over settings, `hold.permit`, `hold.why`.
    pub path: String,
    #[serde(rename = "type", default)]
    pub kind: FieldKind,
    /// The list at `path` holds this text (template); the mark is then a `Bool`.
    #[serde(default)]
    pub contains: Option<String>,
    /// The mark is the entry at `path` that begins with this text, whole (several: one a line). For a status told by label.
    #[serde(default)]
    pub prefix: Option<String>,
    #[serde(default)]
    pub format: Option<TimeFormat>,
}

/// What can be written, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Writes {
    /// The stream whose records are written to.
    pub stream: String,
    /// Our field names to the system's.
    #[serde(default)]
    pub fields: BTreeMap<Name, String>,
    /// The lead status: the system's field, and our words to its words (a word not in the map goes as it is).
    #[serde(default)]
    pub status: Option<StatusWrite>,
    #[serde(default)]
    pub block: Option<MarkWrite>,
    #[serde(default)]
    pub permit: Option<MarkWrite>,
    #[serde(default)]
    pub why: Option<MarkWrite>,
    /// Writes fields of records by id.
    #[serde(default)]
    pub update: Option<Update>,
    /// Adds and removes labels by record ids.
    #[serde(default)]
    pub labels: Option<Labels>,
    /// Reads records back by `{ids}`.
    pub read: Request,
    pub read_chunk: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusWrite {
    /// Of kind "field": the field's name.
    #[serde(default)]
    pub field: Option<String>,
    /// Of kind "label": the text before the status in the label's name.
    #[serde(default)]
    pub label_prefix: Option<String>,
    #[serde(default)]
    pub map: BTreeMap<String, String>,
}

/// How a block, permit or reason is set.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum MarkWrite {
    /// A field of the update; block: `on` and `off`; permit: a time; why: text. Name is a template.
    Field {
        field: String,
        #[serde(default)]
        on: Option<toml::Value>,
        #[serde(default)]
        off: Option<toml::Value>,
        #[serde(default)]
        format: Option<TimeFormat>,
    },
    /// A label's presence. Name is a template.
    Label { label: String },
}

/// Writing fields: a batch in one request, or one record a request (`batch = 1`).
#[derive(Debug, Clone, Deserialize)]
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
    pub empty: Option<toml::Value>,
    #[serde(default)]
    pub results: Option<Results>,
    /// The answer is not to be trusted (it says 200 to a refusal): read back and compare.
    #[serde(default)]
    pub confirm: bool,
}

/// Where a batch's answer tells the outcome of each row.
#[derive(Debug, Clone, Deserialize)]
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
    /// A second list, of failures (HubSpot's 207: `errors`), each naming ids.
    #[serde(default)]
    pub errors: Option<String>,
    #[serde(default)]
    pub error_ids: Option<String>,
    #[serde(default)]
    pub error_reason: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
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
    pub batch: usize,
}

impl Manifest {
    /// The fields that the streams of an entity give, with their types.
    pub fn fields_of(&self, entity: Entity) -> BTreeMap<Name, FieldKind> {
        let maps = self.streams.values().filter(|s| s.entity == entity).filter_map(|s| s.record.as_ref());
        maps.flat_map(|m| m.fields.iter().map(|(name, map)| (name.clone(), map.kind()))).collect()
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
}

/// Durations as text, "15m".
mod span {
    use crate::model::Span;
    use serde::{Deserialize, Deserializer, de::Error};

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }
}

/// Optional durations as text.
mod span_option {
    use crate::model::Span;
    use serde::Deserializer;

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Span>, D::Error> {
        super::span::deserialize(d).map(Some)
    }
}
