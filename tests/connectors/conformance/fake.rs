//! A system that a manifest describes: rows, pages, filters and writes as it says, made of the connector's own examples, and played over HTTP.

use super::pattern::{Filled, Known, Pattern, filled};
use super::rows::{Molds, Row};
use super::{answers, written};
use crate::server::{Asked, NOW, Reply, Server, clock, json, status};
use nayose::connector::examples::example_settings;
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::manifest::{Auth, Manifest, Page, Request};
use nayose::connector::{EditsAsked, RestConnector, SettingValue, SystemSettings};
use nayose::model::{Span, Time};
use serde_json::json;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};

/// Every secret; its form is good for each kind of credential.
const SECRET: &str = "6b02:00ff10";
/// Rows of a page, whatever is asked for: servers may give fewer.
pub const PAGE_MAX: usize = 4;
/// Where a manifest says that the server gives at most so many rows a query, this is how many it gives here. No multiple of the page.
pub const ROWS_MAX: usize = 6;

/// What a request of a manifest asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    Sweep,
    Changes,
    SameTime,
    Open,
    FeedStart,
    Feed,
    Deleted,
    /// Records by their ids.
    ByIds,
    People,
    Accounts,
    Instance,
    Update,
    FindLabels,
    CreateLabel,
    AddLabel,
    RemoveLabel,
}

/// One request of a manifest.
pub struct PlayedRequest {
    /// `people.sweep`, `writes.update` ..
    pub name: String,
    pub stream: String,
    pub wanted: Wanted,
    pub request: Request,
    /// It asks for one record, and gets that.
    pub single: bool,
    pub pattern: Pattern,
}

/// What the system answers for a while in the place of an answer.
pub struct Trouble {
    /// The first request that it meets, counted from now, and how many.
    pub from: usize,
    pub times: usize,
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: serde_json::Value,
}

/// What a system does wrong, so that the clauses are seen to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    SkipsRow,
    IgnoresFilter,
    ForgetsMerges,
    /// One row that is refused takes its batch with it.
    AllOrNothing,
    /// There is no trouble.
    SaysYes,
    DropsWrites,
}

thread_local! {
    static SABOTAGE: Cell<Option<Sabotage>> = const { Cell::new(None) };
}

/// What systems that are made on this thread from now on do wrong.
pub fn sabotaged(by: Option<Sabotage>) {
    SABOTAGE.set(by);
}

type Drift = Box<dyn FnMut(usize, &mut State) + Send>;

/// What the system holds, and what it was asked.
#[derive(Default)]
pub struct State {
    pub rows: Vec<Row>,
    /// Streams and ids of deleted rows, for feeds that tell them.
    pub deleted: Vec<(String, String, Time)>,
    /// Ids and names.
    pub labels: Vec<(String, String)>,
    /// Ids that no write goes to.
    pub refused: BTreeSet<String>,
    /// Losers of a merge, and who is shown in their place.
    pub merged: BTreeMap<String, String>,
    pub trouble: Option<Trouble>,
    /// What happens between two requests.
    pub drift: Option<Drift>,
    /// Requests that are none of the manifest, and writes to nothing that is read.
    pub problems: Vec<String>,
    /// The requests that were met, by name, with what was asked.
    pub met: Vec<(String, Asked)>,
    requests: usize,
    next_seq: usize,
}

impl State {
    pub fn row_mut(&mut self, stream: &str, id: &str) -> Option<&mut Row> {
        self.rows.iter_mut().find(|row| row.stream == stream && row.id == id)
    }
}

pub struct Fake {
    pub manifest: Manifest,
    pub loaded: LoadedManifest,
    pub requests: Vec<PlayedRequest>,
    pub molds: BTreeMap<String, Molds>,
    pub known: Known,
    sabotage: Option<Sabotage>,
    settings: SystemSettings,
    state: Mutex<State>,
}

/// The system and the server that plays it.
pub struct Played {
    pub fake: Arc<Fake>,
    pub url: String,
    _server: Server,
}

impl Played {
    pub async fn start(loaded: &LoadedManifest) -> Played {
        let fake = Arc::new(Fake::new(loaded));
        let answering = fake.clone();
        let server = Server::start(move |asked, _| answering.answer(asked)).await;
        Played { fake, url: server.url.clone(), _server: server }
    }

    pub fn connector(&self) -> RestConnector {
        self.connector_that_asks(EditsAsked::default())
    }

    /// A connector that is asked about edits too.
    pub fn connector_that_asks(&self, edits: EditsAsked) -> RestConnector {
        let fake = &self.fake;
        let base_url = format!("{}{}", self.url, base_path(&fake.manifest, &fake.known));
        let mut manifest = Manifest { base_url, ..fake.manifest.clone() };
        // What is held here is the order of requests, not their pace.
        (manifest.limits.windows, manifest.limits.per_day) = (Vec::new(), None);
        RestConnector::new(&manifest, &SystemSettings { edits, ..fake.settings.clone() }, clock()).unwrap()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.fake.state.lock().unwrap()
    }

    /// Makes rows of a stream, an hour apart from each other, the last of them a day ago.
    pub fn make(&self, stream: &str, count: usize) -> Vec<String> {
        (0..count).map(|i| self.make_at(stream, NOW.minus(Span::days(1)).minus(Span::minutes(60 * (count - i) as i64)))).collect()
    }

    pub fn make_at(&self, stream: &str, at: Time) -> String {
        self.keep(|molds, seq| molds.row(seq, at), stream)
    }

    /// `None`: the examples have none that is open.
    pub fn make_open(&self, stream: &str, at: Time) -> Option<String> {
        self.fake.molds[stream].open_row(0, at)?;
        Some(self.keep(|molds, seq| molds.open_row(seq, at).unwrap(), stream))
    }

    fn keep(&self, make: impl Fn(&Molds, usize) -> Row, stream: &str) -> String {
        let mut state = self.state();
        state.next_seq += 1;
        let row = make(&self.fake.molds[stream], state.next_seq);
        let id = row.id.clone();
        state.rows.push(row);
        id
    }

    /// From the next request on.
    pub fn trouble(&self, trouble: Option<Trouble>) {
        let mut state = self.state();
        (state.requests, state.trouble) = (0, trouble);
    }

    pub fn drift(&self, drift: impl FnMut(usize, &mut State) + Send + 'static) {
        let mut state = self.state();
        state.requests = 0;
        state.drift = Some(Box::new(drift));
    }
}

impl Fake {
    fn new(loaded: &LoadedManifest) -> Fake {
        let mut manifest = loaded.manifest.clone();
        for request in manifest.streams.values_mut().flat_map(|s| s.requests_mut()) {
            if let Page::Cursor { rows_max: Some(max), .. } | Page::Offset { rows_max: Some(max), .. } = &mut request.page {
                *max = ROWS_MAX;
            }
        }
        let mut settings = example_settings(&manifest);
        let secrets = manifest.settings.iter().filter(|(_, s)| s.secret);
        settings.settings.extend(secrets.map(|(name, _)| (name.clone(), SettingValue::Plain(SECRET.to_string()))));
        let known = known(&manifest, &settings);
        let before = base_path(&manifest, &known);
        let molds = |(at, (name, stream))| Some((String::clone(name), Molds::of(loaded, at, name, stream, &known)?));
        let molds = manifest.streams.iter().enumerate().filter_map(molds).collect();
        let requests = requests(&manifest).into_iter().filter_map(|(name, stream, wanted, request, single)| {
            let pattern = Pattern::new(&request, &before, &known)?;
            Some(PlayedRequest { name, stream, wanted, request, single, pattern })
        });
        Fake {
            requests: requests.collect(),
            loaded: loaded.clone(),
            molds,
            known: known.clone(),
            sabotage: SABOTAGE.get(),
            settings,
            state: Mutex::default(),
            manifest,
        }
    }

    pub fn does(&self, wrong: Sabotage) -> bool {
        self.sabotage == Some(wrong)
    }

    fn answer(&self, asked: &Asked) -> Reply {
        if let Auth::ClientCredentials { path, .. } = &self.manifest.auth
            && asked.path == *path
        {
            return json(json!({"access_token": "access", "token_type": "bearer", "expires_in": 3600}));
        }
        let mut state = self.state.lock().unwrap();
        let fits = |r: &&PlayedRequest| r.pattern.meets(asked).map(|(same, _)| same);
        let Some(most) = self.requests.iter().filter_map(|r| fits(&r)).max() else {
            state.problems.push(format!("asked what the manifest does not say: {asked:?}"));
            return status(418, "{}");
        };
        let meant: Vec<&PlayedRequest> = self.requests.iter().filter(|r| fits(r) == Some(most)).collect();
        for request in &meant {
            state.met.push((request.name.clone(), asked.clone()));
        }
        let n = state.requests;
        state.requests += 1;
        if let Some(mut drift) = state.drift.take() {
            drift(n, &mut state);
            state.drift.get_or_insert(drift);
        }
        let is_sound = !self.does(Sabotage::SaysYes);
        if let Some(trouble) = state.trouble.as_ref().filter(|_| is_sound).filter(|t| (t.from..t.from + t.times).contains(&n)) {
            return Reply(trouble.status, trouble.headers.clone(), trouble.body.to_string());
        }
        let Some((_, filled)) = meant[0].pattern.meets(asked) else { unreachable!("it was met before") };
        self.answer_of(meant[0], asked, &filled, &mut state)
    }

    fn answer_of(&self, request: &PlayedRequest, asked: &Asked, filled: &Filled, state: &mut State) -> Reply {
        match request.wanted {
            Wanted::Update => written::update(self, request, filled, state),
            Wanted::FindLabels => answers::labels(self, request, asked, state),
            Wanted::CreateLabel => written::create_label(self, filled, state),
            Wanted::AddLabel => written::label(self, true, filled, state),
            Wanted::RemoveLabel => written::label(self, false, filled, state),
            _ => answers::read(self, request, asked, filled, state),
        }
    }
}

/// Where the API lies below its address.
fn base_path(manifest: &Manifest, known: &Known) -> String {
    let base = filled(&manifest.base_url, known);
    base.split_once("://").and_then(|(_, rest)| rest.split_once('/')).map_or_else(String::new, |(_, path)| format!("/{path}"))
}

fn known(manifest: &Manifest, settings: &SystemSettings) -> Known {
    let mut known = Known::new();
    for (name, value) in &settings.settings {
        if let SettingValue::Plain(value) = value {
            known.insert(format!("settings.{name}"), value.clone());
        }
    }
    for (name, value) in [("hold.permit", &settings.permit), ("hold.why", &settings.why)] {
        known.extend(value.clone().map(|value| (name.to_string(), value)));
    }
    for (name, setting) in &manifest.settings {
        if let (Some(default), false) = (&setting.default, settings.settings.contains_key(name)) {
            known.insert(format!("settings.{name}"), filled(default, &known));
        }
    }
    known
}

type NamedRequest = (String, String, Wanted, Request, bool);

fn requests(manifest: &Manifest) -> Vec<NamedRequest> {
    let mut out: Vec<NamedRequest> = Vec::new();
    for (stream, s) in &manifest.streams {
        let mut add = |name: &str, wanted: Wanted, request: Option<&Request>, single: bool| {
            out.extend(request.map(|r| (format!("{stream}.{name}"), stream.clone(), wanted, r.clone(), single)));
        };
        add("sweep", Wanted::Sweep, s.sweep.as_ref(), false);
        add("changes", Wanted::Changes, s.changes.as_ref().map(|c| &c.request), false);
        add("same_time", Wanted::SameTime, s.changes.as_ref().and_then(|c| c.same_time.as_ref()), false);
        add("open", Wanted::Open, s.open.as_ref(), false);
        add("feed_start", Wanted::FeedStart, s.feed.as_ref().map(|f| &f.start), false);
        add("feed", Wanted::Feed, s.feed.as_ref().map(|f| &f.request), false);
        add("deleted", Wanted::Deleted, s.feed.as_ref().and_then(|f| f.deleted.as_ref()), false);
        add("read", Wanted::ByIds, s.feed.as_ref().map(|f| &f.read), false);
        add("by_id", Wanted::ByIds, s.by_id.as_ref().map(|b| &b.request), s.by_id.as_ref().is_some_and(|b| b.chunk == 1));
        add("field_history", Wanted::ByIds, s.field_history.as_ref().map(|h| &h.request), false);
        add("all_accounts", Wanted::Accounts, s.all_accounts.as_ref().map(|a| &a.request), false);
        add("for_each", Wanted::People, s.for_each.as_ref().map(|e| &e.request), false);
    }
    let mut add = |name: &str, stream: &str, wanted: Wanted, request: Option<&Request>, single: bool| {
        out.extend(request.map(|r| (name.to_string(), stream.to_string(), wanted, r.clone(), single)));
    };
    add("instance", "", Wanted::Instance, manifest.instance.as_ref().map(|i| &i.request), false);
    if let Some(writes) = &manifest.writes {
        add("writes.update", &writes.stream, Wanted::Update, writes.update.as_ref().map(|u| &u.request), false);
        add("writes.read", &writes.stream, Wanted::ByIds, Some(&writes.read), writes.read_chunk == 1);
        let labels = writes.labels.as_ref();
        add("labels.find", &writes.stream, Wanted::FindLabels, labels.map(|l| &l.find), false);
        add("labels.create", &writes.stream, Wanted::CreateLabel, labels.map(|l| &l.create), false);
        add("labels.add", &writes.stream, Wanted::AddLabel, labels.map(|l| &l.add), false);
        add("labels.remove", &writes.stream, Wanted::RemoveLabel, labels.map(|l| &l.remove), false);
    }
    out
}
