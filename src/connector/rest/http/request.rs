//! A manifest's request bound to a system's settings, and filled in for one sending.

use crate::connector::manifest::own_fields::is_end_of_own_fields;
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{Method, Page, Paths, Request};
use crate::connector::map::Carries;
use crate::connector::raw::from_toml::to_json;
use crate::connector::raw::paths::Path;
use crate::connector::raw::templates::Template;
use crate::connector::rest::writing::cells::Fields;
use crate::model::ShortText;
use serde::{Serialize, Serializer};
use serde_json::Value as Json;
use std::borrow::Cow;

/// A request whose settings are filled in. Its texts may hold secrets: it has no `Debug`.
pub struct Call {
    /// For messages: `deals sweep`.
    pub what: String,
    pub method: Method,
    path: Template,
    query: Vec<(String, Template)>,
    body: Option<Body>,
    pub records: Vec<Path>,
    pub page: Page,
    pub total: Vec<Path>,
    pub carries: Carries,
    /// An absent list is an empty one.
    pub leaves_out_empty: bool,
    /// It asks for the ids above one that the last window ended with.
    by_id: bool,
    names_id_rows: bool,
}

enum Body {
    Text(Template),
    Plain(Json),
    List(Vec<Body>),
    Map(Vec<(String, Body)>),
}

/// What is known only when a request is made.
#[derive(Default, Clone, Copy)]
pub struct Fill<'v> {
    pub since: Option<&'v str>,
    pub after_id: Option<&'v str>,
    pub ids: &'v [ShortText],
    /// The system's own names of the fields that are asked for.
    pub fields: &'v [ShortText],
    /// Behind what each id's list goes on, and the key of an id's row that says so.
    pub after: Option<(&'v str, &'v [String])>,
    pub token: Option<&'v str>,
    pub label: Option<&'v str>,
    pub label_id: Option<&'v str>,
    pub rows: Option<&'v [&'v Fields<'v>]>,
}

/// A body as it is sent. A batch's rows are only borrowed.
enum Filled<'v> {
    Text(String),
    Plain(&'v Json),
    List(Vec<Filled<'v>>),
    Map(Vec<(&'v str, Filled<'v>)>),
    Texts(&'v [ShortText]),
    /// `[{"id": ...}, ...]`
    IdRows(&'v [ShortText]),
    /// `[{"id": ..., KEY: ...}, ...]`
    IdRowsAfter(&'v [ShortText], &'v str, &'v [String]),
    Row(&'v Fields<'v>),
    Rows(&'v [&'v Fields<'v>]),
}

/// What a page asks for beside the request itself.
#[derive(Default)]
pub struct Ask {
    pub params: Vec<(String, Json)>,
    pub in_body: bool,
    /// Parameters that must not be sent.
    pub drops: Vec<String>,
    /// It goes on from a cursor, which the server may have forgotten.
    pub from_cursor: bool,
}

/// Ready to be sent, any number of times.
pub struct ReadyRequest {
    pub what: String,
    pub method: Method,
    /// Behind the base URL, encoded.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
    pub from_cursor: bool,
}

impl Call {
    /// `Ok(None)`: it names an optional setting that is not given, and is off.
    pub fn new(what: String, request: &Request, settings: &Settings) -> Result<Option<Call>, String> {
        let path = |p: &String| Path::parse(p).map_err(|e| e.to_string());
        let Some(url) = settings.bind(&request.path)? else { return Ok(None) };
        let mut query = Vec::new();
        for (name, text) in &request.query {
            query.extend(settings.bind(text)?.map(|t| (name.clone(), t)));
        }
        let body = request.body.as_ref().map(|b| bind_body(b, settings)).transpose()?;
        if matches!(body, Some(None)) {
            return Ok(None);
        }
        Ok(Some(Call {
            what,
            method: request.method,
            path: url,
            query,
            body: body.flatten(),
            records: request.records.as_slice().iter().map(path).collect::<Result<_, _>>()?,
            page: request.page.clone(),
            total: request.total.iter().flat_map(Paths::as_slice).map(path).collect::<Result<_, _>>()?,
            carries: Carries::of(request),
            leaves_out_empty: request.leaves_out_empty,
            by_id: request.uses("after_id"),
            names_id_rows: request.uses("id_rows"),
        }))
    }

    /// Whether it is read in windows, each behind the last id of the one before.
    pub fn by_id(&self) -> bool {
        self.by_id
    }

    pub fn names_id_rows(&self) -> bool {
        self.names_id_rows
    }

    pub fn has_body(&self) -> bool {
        self.body.is_some()
    }

    /// The server gives at most so many rows a query.
    pub fn rows_max(&self) -> Option<usize> {
        match &self.page {
            Page::Cursor { rows_max, .. } | Page::Offset { rows_max, .. } => *rows_max,
            Page::None | Page::Number { .. } => None,
        }
    }

    /// Fills everything in.
    pub fn prepare(&self, fill: &Fill<'_>, ask: &Ask) -> ReadyRequest {
        let value = |name: &str| fill.text(name);
        let path = self.path.fill(&|name| fill.text(name).map(|t| Cow::Owned(encode(&t))));
        let mut query: Vec<(String, String)> =
            self.query.iter().filter(|(name, _)| !ask.drops.contains(name)).map(|(name, t)| (name.clone(), t.fill(&value))).collect();
        let asked = |name: &str| ask.params.iter().any(|(n, _)| n == name);
        let mut body = self.body.as_ref().map(|b| b.fill(fill));
        if let (true, Some(Filled::Map(map))) = (ask.in_body, &mut body) {
            map.retain(|(name, _)| !asked(name) && ask.drops.iter().all(|d| d != name));
            map.extend(ask.params.iter().map(|(name, value)| (name.as_str(), Filled::Plain(value))));
        } else {
            query.retain(|(name, _)| !asked(name));
            query.extend(ask.params.iter().map(|(n, v)| (n.clone(), v.as_str().map_or_else(|| v.to_string(), str::to_string))));
        }
        let body = body.map(|b| match serde_json::to_vec(&b) {
            Ok(bytes) => bytes,
            Err(error) => unreachable!("texts, lists and maps always encode: {error}"),
        });
        ReadyRequest { what: self.what.clone(), method: self.method, path, query, body, from_cursor: ask.from_cursor }
    }
}

impl<'v> Fill<'v> {
    pub fn ids(ids: &'v [ShortText]) -> Fill<'v> {
        Fill { ids, ..Fill::default() }
    }

    fn text(&self, name: &str) -> Option<Cow<'v, str>> {
        match name {
            "since" => self.since.map(Cow::Borrowed),
            "after_id" => self.after_id.map(Cow::Borrowed),
            "token" => self.token.map(Cow::Borrowed),
            "label" => self.label.map(Cow::Borrowed),
            "label_id" => self.label_id.map(Cow::Borrowed),
            "id" => self.ids.first().map(|id| Cow::Borrowed(&**id)),
            "ids" => Some(Cow::Owned(self.ids.join(","))),
            "fields" => Some(Cow::Owned(self.fields.join(","))),
            "field" => self.fields.first().map(|field| Cow::Borrowed(&**field)),
            "ids_quoted" => Some(Cow::Owned(self.ids.iter().map(|id| quoted(id)).collect::<Vec<_>>().join(","))),
            _ => None,
        }
    }

    fn value(&self, name: &str) -> Option<Filled<'v>> {
        match name {
            "ids" => Some(Filled::Texts(self.ids)),
            "fields" => Some(Filled::Texts(self.fields)),
            "id_rows" => Some(match self.after {
                Some((key, after)) => Filled::IdRowsAfter(self.ids, key, after),
                None => Filled::IdRows(self.ids),
            }),
            "rows" => self.rows.map(Filled::Rows),
            "row" => self.rows.and_then(|rows| rows.first()).map(|row| Filled::Row(row)),
            _ => None,
        }
    }
}

/// An id within a filter's text: `'17'`.
fn quoted(id: &str) -> String {
    format!("'{}'", id.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// `Ok(None)`: a text of it names an unset setting.
fn bind_body(body: &toml::Value, settings: &Settings) -> Result<Option<Body>, String> {
    Ok(Some(match body {
        toml::Value::String(text) => match settings.bind(text)? {
            Some(template) => Body::Text(template),
            None => return Ok(None),
        },
        toml::Value::Array(items) => {
            let mut list = Vec::new();
            for item in items {
                match bind_body(item, settings)? {
                    Some(item) => list.push(item),
                    None if is_end_of_own_fields(item) => {}
                    None => return Ok(None),
                }
            }
            Body::List(list)
        }
        toml::Value::Table(table) => {
            let mut map = Vec::new();
            for (key, value) in table {
                match bind_body(value, settings)? {
                    Some(value) => map.push((key.clone(), value)),
                    None => return Ok(None),
                }
            }
            Body::Map(map)
        }
        other => Body::Plain(to_json(other)),
    }))
}

impl Body {
    fn fill<'v>(&'v self, fill: &Fill<'v>) -> Filled<'v> {
        match self {
            Body::Plain(value) => Filled::Plain(value),
            Body::Text(template) => match template.sole_name().and_then(|name| fill.value(name)) {
                Some(value) => value,
                None => Filled::Text(template.fill(&|name| fill.text(name))),
            },
            Body::List(items) => Filled::List(items.iter().map(|i| i.fill(fill)).collect()),
            Body::Map(map) => Filled::Map(map.iter().map(|(k, v)| (k.as_str(), v.fill(fill))).collect()),
        }
    }
}

impl Serialize for Filled<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Filled::Text(text) => text.serialize(to),
            Filled::Plain(value) => value.serialize(to),
            Filled::List(items) => items.serialize(to),
            Filled::Map(map) => to.collect_map(map.iter().map(|(key, value)| (key, value))),
            Filled::Texts(texts) => texts.serialize(to),
            Filled::IdRows(ids) => to.collect_seq(ids.iter().map(|id| std::collections::BTreeMap::from([("id", id)]))),
            Filled::IdRowsAfter(ids, key, after) => {
                let row = |(id, after)| std::collections::BTreeMap::from([("id", id), (*key, after)]);
                to.collect_seq(ids.iter().map(|id| &**id).zip(after.iter().map(String::as_str)).map(row))
            }
            Filled::Row(row) => row.serialize(to),
            Filled::Rows(rows) => rows.serialize(to),
        }
    }
}

/// A value made safe for a path: only unreserved characters and commas stay as they are.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b',' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
