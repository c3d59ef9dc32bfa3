//! A connector's manifest: what a folder under `connectors/` says of a system, as typed data.
//!
//! Here: the head, settings, credentials, limits and errors; `streams`: requests, pages and filters; `records`: what a raw record becomes;
//! `edits`: who edits, and when fields changed; `writes`; `names`: what may stand in their texts; `consent_fields`: what may not be written; `own_fields`: what systems.toml adds; `own_permits`: permits for one kind or topic of mail; `forms`: how values that have two forms are read; `instance`: where a system says
//! which one it is. `settings`: what an admin fills in; `load`, `check`: files, and every mistake in them.
//!
//! The vocabulary grows only with a connector that needs it. `docs/connectors.md` explains each key for who writes one.
//!
//! Texts with `{name}` are templates; each says which names it may use. `{settings.NAME}` is allowed wherever a template is, `{hold.permit}`
//! and `{hold.why}` (what these are called in the target) in every request, `{own.fields}` (the names of fields that systems.toml adds) in its
//! query and body. `{,name}` is the value with a comma before it, or nothing.

pub mod check;
mod consent_fields;
mod edits;
mod forms;
mod instance;
pub mod load;
mod names;
pub mod own_fields;
mod own_permits;
mod records;
pub mod settings;
mod streams;
mod writes;

pub(in crate::connector) use consent_fields::consent_field;
pub use edits::*;
pub use instance::*;
pub(in crate::connector) use names::{HOLD, IDS, OWN};
pub use records::*;
pub use streams::*;
pub use writes::*;

use crate::model::{Entity, Name, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Everything a manifest says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The folder's name.
    pub name: String,
    pub title: String,
    pub role: Role,
    /// The vendor's API version that the manifest was written for.
    pub api_version: String,
    /// The day (YYYY-MM-DD) on which the vendor ends that version, or "none announced".
    #[serde(default)]
    pub sunset: Option<String>,
    /// The address where the vendor says so, or would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sunset_source: Option<String>,
    /// What the connector was proved on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<ProvedOn>,
    /// The folder of the vendor's own description of its API, among those that tests read beside the source tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
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
    /// How the system says which instance of it this is; without it, its address tells.
    #[serde(default)]
    pub instance: Option<InstanceRequest>,
    pub streams: BTreeMap<String, Stream>,
    #[serde(default)]
    pub writes: Option<Writes>,
    /// What cannot be undone through this connector, in plain words.
    #[serde(default)]
    pub irreversible: Vec<String>,
}

/// What `sunset` says where the vendor has named no day.
pub const NO_SUNSET: &str = "none announced";

/// What a connector was proved on, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProvedOn {
    /// It ran against the real system.
    Live,
    /// Its requests are valid by the vendor's own description of the API, and a stand-in made from it was read and written.
    Mock,
    /// Its requests are as the vendor's documentation says, each with its address.
    Facts,
}

/// What a system is for the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Crm,
    Support,
    Ma,
}

/// One setting, described for the person who fills it in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// OAuth2 client credentials (RFC 6749 4.4), by GET with a query or POST with a form.
    ClientCredentials {
        method: Method,
        path: String,
        client_id: String,
        client_secret: String,
        #[serde(default)]
        base_url: Option<String>,
    },
    /// A JWT signed per request with HS256; `key` is `ID:HEXSECRET`.
    Jwt {
        key: String,
        audience: String,
        scheme: String,
        #[serde(with = "span")]
        #[schemars(with = "Duration")]
        lifetime: Span,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Post,
    Put,
    Patch,
}

/// What the vendor allows, and what we allow it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Requests within a window; several may hold at once.
    pub windows: Vec<Window>,
    /// Requests a day, of which at least a fifth is kept for protective writes.
    pub per_day: Option<u64>,
    /// Where its days begin at midnight (IANA); by default UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day_zone: Option<String>,
    /// Requests at the same time.
    pub concurrency: usize,
    #[serde(with = "span")]
    #[schemars(with = "Duration")]
    pub timeout: Span,
    pub answer_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            windows: Vec::new(),
            per_day: None,
            day_zone: None,
            concurrency: 4,
            timeout: Span::seconds(30),
            answer_bytes_max: 64 << 20,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub requests: u32,
    #[serde(with = "span")]
    #[schemars(with = "Duration")]
    pub per: Span,
}

/// How the system tells failure beyond the HTTP status.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorRules {
    /// The answer is a success only if this holds (`success` equals true).
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
    /// By code: what a reader of the message is to check or to create in the system.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub help: BTreeMap<String, String>,
}

impl Manifest {
    /// The fields that the streams of an entity give, with their types.
    pub fn fields_of(&self, entity: Entity) -> BTreeMap<Name, FieldKind> {
        let maps = self.streams.values().filter(|s| s.entity == entity).filter_map(|s| s.record.as_ref());
        maps.flat_map(|m| m.fields.iter().map(|(name, map)| (name.clone(), map.kind()))).collect()
    }
}

/// A duration as the schema tells it.
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Duration(
    #[schemars(regex(pattern = "^[0-9]+(ms|s|m|h|d)$"))]
    #[allow(dead_code, reason = "only its schema is asked for")]
    String,
);

/// Durations as text, "15m".
mod span {
    use crate::model::Span;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Span, D::Error> {
        String::deserialize(d)?.parse().map_err(D::Error::custom)
    }

    pub fn serialize<S: Serializer>(span: &Span, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(span)
    }
}

/// Optional durations as text.
mod span_option {
    use crate::model::Span;
    use serde::{Deserializer, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Span>, D::Error> {
        crate::connector::manifest::span::deserialize(d).map(Some)
    }

    pub fn serialize<S: Serializer>(span: &Option<Span>, s: S) -> Result<S::Ok, S::Error> {
        match span {
            Some(span) => s.collect_str(span),
            None => s.serialize_none(),
        }
    }
}
