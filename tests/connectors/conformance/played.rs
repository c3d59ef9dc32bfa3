//! The system of a manifest behind a server on loopback, and what the clauses do to it.

use crate::fake::rows::{Molds, Row};
use crate::fake::{Fake, State, Trouble};
use crate::server::{NOW, Server, clock};
use nayose::connector::manifest::Manifest;
use nayose::connector::manifest::load::LoadedManifest;
use nayose::connector::{EditsAsked, RestConnector, SystemSettings};
use nayose::model::{Span, Time};
use std::sync::{Arc, MutexGuard};

/// The system and the server that plays it.
pub struct Played {
    pub fake: Arc<Fake>,
    pub url: String,
    _server: Server,
}

impl Played {
    pub async fn start(loaded: &LoadedManifest) -> Played {
        let fake = Arc::new(Fake::new(loaded));
        fake.state().now = NOW;
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
        let base_url = format!("{}{}", self.url, fake.base_path());
        let mut manifest = Manifest { base_url, ..fake.manifest.clone() };
        // What is held here is the order of requests, not their pace.
        (manifest.limits.windows, manifest.limits.per_day) = (Vec::new(), None);
        RestConnector::new(&manifest, &SystemSettings { edits, ..fake.settings.clone() }, clock()).unwrap()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.fake.state()
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
