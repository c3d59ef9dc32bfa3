//! A system that a manifest describes: rows, pages, filters and writes as it says, made of the connector's own examples. It knows no
//! network and no clock: whoever plays it hands it requests and says what time it is.
//!
//! - `requests`, `pattern`: which request it was asked; `asked`: requests and answers; `place`: where values lie
//! - `rows`: records as the examples show them, `lives`: what becomes of them; `answers`: what is read; `written`: what is written

pub mod answers;
pub mod asked;
pub mod lives;
pub mod pattern;
pub mod place;
pub mod requests;
pub mod rows;
pub mod written;

pub use asked::{Asked, Reply, json, status};
pub use requests::{PlayedRequest, Wanted};

use nayose::connector::examples::example_settings;
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::manifest::{Auth, Manifest, Page};
use nayose::connector::{SettingValue, SystemSettings};
use nayose::model::Time;
use pattern::{Filled, Known, Pattern, filled};
use requests::requests;
use rows::{Molds, Row};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Every secret; its form is good for each kind of credential.
const SECRET: &str = "6b02:00ff10";
/// Rows of a page, whatever is asked for: servers may give fewer.
pub const PAGE_MAX: usize = 4;
/// Where a manifest says that the server gives at most so many rows a query, this is how many it gives here. No multiple of the page.
pub const ROWS_MAX: usize = 6;

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
    /// When it is.
    pub now: Time,
    /// Pages have so few rows, where the server may decide.
    pub short: Option<usize>,
    /// Whoever asks for what changed gets everything.
    pub ignores_filter: bool,
    pub requests: usize,
    pub next_seq: usize,
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
    pub settings: SystemSettings,
    sabotage: Option<Sabotage>,
    state: Mutex<State>,
}

impl Fake {
    /// With the settings that the manifest gives as examples.
    pub fn new(loaded: &LoadedManifest) -> Fake {
        let mut settings = example_settings(&loaded.manifest);
        let secrets = loaded.manifest.settings.iter().filter(|(_, s)| s.secret);
        settings.settings.extend(secrets.map(|(name, _)| (name.clone(), SettingValue::Plain(SECRET.to_string()))));
        Fake::of(loaded, settings)
    }

    /// As it is met by a connector with these settings.
    pub fn of(loaded: &LoadedManifest, settings: SystemSettings) -> Fake {
        let mut manifest = loaded.manifest.clone();
        for request in manifest.streams.values_mut().flat_map(|s| s.requests_mut()) {
            if let Page::Cursor { rows_max: Some(max), .. } | Page::Offset { rows_max: Some(max), .. } = &mut request.page {
                *max = ROWS_MAX;
            }
        }
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

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where the API lies below its address.
    pub fn base_path(&self) -> String {
        base_path(&self.manifest, &self.known)
    }

    /// Whether it is asked for a credential, not for data.
    pub fn is_sign_in(&self, asked: &Asked) -> bool {
        matches!(&self.manifest.auth, Auth::ClientCredentials { path, .. } if asked.path == *path)
    }

    /// The requests of the manifest that this can be: those that are literally most like it.
    pub fn meant(&self, asked: &Asked) -> Vec<&PlayedRequest> {
        let same = |r: &PlayedRequest| r.pattern.meets(asked).map(|(same, _)| same);
        let most = self.requests.iter().filter_map(same).max();
        self.requests.iter().filter(|r| most.is_some() && same(r) == most).collect()
    }

    pub fn answer(&self, asked: &Asked) -> Reply {
        if self.is_sign_in(asked) {
            return json(serde_json::json!({"access_token": "access", "token_type": "bearer", "expires_in": 3600}));
        }
        let mut state = self.state();
        let meant = self.meant(asked);
        let Some(first) = meant.first() else {
            state.problems.push(format!("asked what the manifest does not say: {asked:?}"));
            return status(418, "{}");
        };
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
        let Some((_, filled)) = first.pattern.meets(asked) else { unreachable!("it was met before") };
        self.answer_of(first, asked, &filled, &mut state)
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
