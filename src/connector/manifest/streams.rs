//! How streams are read: requests, pages, filters, feeds.

use super::{Duration, FeedTells, FieldHistory, Method, RecordMap, TimeFormat, span, span_option};
use crate::model::{Entity, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A stream: how one kind of record is read and what becomes of its parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stream {
    pub entity: Entity,
    /// How often it is read unless the config says otherwise.
    #[serde(default, with = "span_option")]
    #[schemars(with = "Option<Duration>")]
    pub every: Option<Span>,
    /// How often the sweep runs behind a filter unless the config says otherwise. Without `changes` and `feed` every pass is a sweep.
    #[serde(default, with = "span_option")]
    #[schemars(with = "Option<Duration>")]
    pub sweep_every: Option<Span>,
    /// How far the system's own lists trail its records.
    #[serde(default, with = "span_option")]
    #[schemars(with = "Option<Duration>")]
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
    /// Reads records by their ids: those that a deal or ticket names and no listing showed, and rows that could not be read.
    #[serde(default)]
    pub by_id: Option<ById>,
    /// Reads all accounts of records by their ids: asked for those whose row shows only a part of them (`record.accounts_more`).
    #[serde(default)]
    pub all_accounts: Option<AllAccounts>,
    /// Persons: when fields changed and who changed them, where the system tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field_history: Option<FieldHistory>,
    /// What a raw record becomes. Not for deal_person.
    #[serde(default)]
    pub record: Option<RecordMap>,
}

impl Stream {
    /// Every request that reads it.
    pub fn requests(&self) -> impl Iterator<Item = &Request> {
        let changes = self.changes.iter().flat_map(|c| [Some(&c.request), c.same_time.as_ref()]);
        let feed = self.feed.iter().flat_map(|f| [Some(&f.start), Some(&f.request), f.deleted.as_ref(), Some(&f.read)]);
        let of_lists = [self.for_each.as_ref().map(|e| &e.request), self.all_accounts.as_ref().map(|a| &a.request)];
        let of_ids = [self.by_id.as_ref().map(|b| &b.request), self.field_history.as_ref().map(|h| &h.request)];
        let listings = [self.sweep.as_ref(), self.open.as_ref()].into_iter();
        listings.chain(changes).chain(feed).chain(of_lists).chain(of_ids).flatten()
    }

    /// The same, to be changed.
    pub fn requests_mut(&mut self) -> impl Iterator<Item = &mut Request> {
        let changes = self.changes.iter_mut().flat_map(|c| [Some(&mut c.request), c.same_time.as_mut()]);
        let feed = self.feed.iter_mut().flat_map(|f| [Some(&mut f.start), Some(&mut f.request), f.deleted.as_mut(), Some(&mut f.read)]);
        let of_lists = [self.for_each.as_mut().map(|e| &mut e.request), self.all_accounts.as_mut().map(|a| &mut a.request)];
        let of_ids = [self.by_id.as_mut().map(|b| &mut b.request), self.field_history.as_mut().map(|h| &mut h.request)];
        let listings = [self.sweep.as_mut(), self.open.as_mut()].into_iter();
        listings.chain(changes).chain(feed).chain(of_lists).chain(of_ids).flatten()
    }
}

/// One request, repeated over its pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Request {
    #[serde(default)]
    pub method: Method,
    /// Template over settings, `since` (changes), `after_id` (lists longer than what the system gives a query), `ids` (comma-joined; reads by id) or `ids_quoted` (each in single
    /// quotes), `id` (single writes), `token` (feeds), `label_id`.
    pub path: String,
    /// The same templates. An entry whose template names an unset optional setting is left out. `page` puts its parameters here too, or
    /// with `in_body` into the body.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// JSON body; texts in it are templates. A text that is just `{ids}` or `{rows}` becomes that array, `{id_rows}` becomes
    /// `[{"id": ".."}, ..]`, `{row}` that object.
    #[serde(default)]
    #[schemars(with = "Option<serde_json::Value>")]
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
    /// The system leaves an empty list of records out of its answer. Without this word a list that is not where `records` says is a mistake.
    #[serde(default)]
    pub leaves_out_empty: bool,
    /// Does each record here carry its people (deals)? An absent list then means "nobody".
    #[serde(default)]
    pub carries_people: bool,
    /// Does each record here carry all its accounts? Absent lists then mean "none beside the first".
    #[serde(default)]
    pub carries_accounts: bool,
}

/// One path or several.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Page {
    #[default]
    None,
    /// Our own count of records seen; the server's next offset is never believed. Each page begins with the last row of the one before.
    /// Ends where as many came as `total` says, or with nothing new.
    Offset {
        param: String,
        size_param: String,
        size: usize,
        #[serde(default)]
        in_body: bool,
        /// A body holds the offset as a text.
        #[serde(default)]
        as_text: bool,
        /// As with a cursor; the server refuses pages that end behind it.
        #[serde(default)]
        rows_max: Option<usize>,
    },
    /// A page number. Ends where as many came as `total` says, or on an empty page. The page before is read again where the total is
    /// another, or not told.
    Number { param: String, first: usize, size_param: String, size: usize },
    /// An opaque cursor from the answer. One that is a row's place in a list that moves is none: a row that is deleted meanwhile would
    /// hide another. Ends where `next` is absent, or `more` is false, or `done` is true.
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
        /// The server gives at most this many rows a query; then ask again from the last row's time, or, where the request says
        /// `{after_id}`, from the last row's id (the first time it is 0; the rows must come in the order of their ids).
        #[serde(default)]
        rows_max: Option<usize>,
        #[serde(default)]
        size_param: Option<String>,
        #[serde(default)]
        size: Option<usize>,
    },
}

/// A filtered listing. Its template name is `since`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    pub request: Request,
    pub since: TimeFormat,
    /// Where more rows than `rows_max` bear one and the same time: the rows of exactly the time `{since}`, with an id above `{after_id}`, in
    /// the order of their ids.
    #[serde(default)]
    pub same_time: Option<Request>,
    /// How far before the newest known change each pass begins.
    #[serde(with = "span")]
    #[schemars(with = "Duration")]
    pub overlap: Span,
    /// Whether a pass through this filter counts as proof. Only where every change that matters moves the timestamp.
    #[serde(default)]
    pub sound: bool,
}

/// A feed of ids (lead changes): token, then pages, then the records themselves by id.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// Persons: what its entries tell of fields that changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tells: Option<FeedTells>,
}

/// Records read by `{ids}`, or one by `{id}`. Who is not there is left out of the answer, or told by 404 or 410; where one was merged into
/// another, a request for the one alone may show the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ById {
    pub request: Request,
    pub chunk: usize,
}

/// Associations read by deal ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    pub stream: String,
    /// Template name `ids`; in a body, `{id_rows}` becomes `[{"id": ".."}, ..]`.
    pub request: Request,
    pub chunk: usize,
    /// In each record: the deal's id, and the persons' ids.
    pub deal: String,
    pub people: String,
    /// Where a record says that its list goes on: the cursor behind which the rest is asked for with `more_param`. Without that word a deal
    /// with a longer list is not told, and the pass is not complete.
    #[serde(default)]
    pub more: Option<String>,
    /// The key of an id's row in `{id_rows}` that takes that cursor; of a request for a single deal, the parameter.
    #[serde(default)]
    pub more_param: Option<String>,
}

/// Accounts read by the ids of the stream's records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllAccounts {
    /// As of `for_each`.
    pub request: Request,
    pub chunk: usize,
    /// In each row: the record's id (empty text: the one that was asked for), and the accounts' ids.
    pub record: String,
    pub accounts: String,
    /// As of `for_each`: where a row says that its list goes on, and what to ask on with.
    #[serde(default)]
    pub more: Option<String>,
    #[serde(default)]
    pub more_param: Option<String>,
}
