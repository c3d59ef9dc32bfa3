//! Listens to what is asked and answered, and keeps it in memory until it is made harmless.

use crate::connector::manifest::Manifest;
use crate::connector::rest::http::compressed::unpacked;
use crate::connector::rest::http::transport::{Incoming, Lost, Outgoing, Transport};
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::header::CONTENT_ENCODING;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Headers of an answer that decide something. None of a request is kept: they hold the credential.
const HEADERS: [&str; 4] = ["content-type", "retry-after", "link", "location"];

/// What is listened to of one request and its answer, as it was: it holds people, and has no `Debug`.
#[derive(Clone)]
pub struct Taken {
    /// What was asked for, in the words of messages: `deals sweep`.
    pub what: String,
    pub method: String,
    /// Behind the base URL.
    pub path: String,
    pub query: Vec<(String, String)>,
    pub request: Option<Vec<u8>>,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Taken {
    /// The request as examples name it: `people.sweep`. `None`: one that examples do not have.
    pub fn name(&self, manifest: &Manifest) -> Option<String> {
        const KINDS: [(&str, &str); 10] = [
            ("sweep", "sweep"),
            ("changes", "changes"),
            ("changes of one time", "changes"),
            ("open deals", "open"),
            ("by id", "by_id"),
            ("feed", "feed"),
            ("records by id", "read"),
            ("deleted", "deleted"),
            ("associations", "for_each"),
            ("field history", "field_history"),
        ];
        let read_back = manifest.writes.as_ref().filter(|_| self.what == "read back").map(|w| format!("{}.read", w.stream));
        let of_stream = || {
            let (stream, kind) = self.what.split_once(' ')?;
            let (_, name) = KINDS.iter().find(|(said, _)| *said == kind)?;
            manifest.streams.contains_key(stream).then(|| format!("{stream}.{name}"))
        };
        read_back.or_else(of_stream)
    }
}

/// Passes requests on, and keeps them with what was answered.
pub struct ListeningWay {
    way: Arc<dyn Transport>,
    /// An answer is unpacked up to this.
    bytes_max: usize,
    taken: Mutex<Vec<Taken>>,
}

impl ListeningWay {
    pub fn new(way: Arc<dyn Transport>, bytes_max: usize) -> ListeningWay {
        ListeningWay { way, bytes_max, taken: Mutex::default() }
    }

    /// All that was taken of the system at an address, with its paths behind that.
    pub fn taken(&self, address: &str) -> Vec<Taken> {
        let before = address.find('/').map_or("", |at| &address[at..]);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for one in &mut taken {
            one.path = one.path.strip_prefix(before).unwrap_or(&one.path).to_string();
        }
        taken
    }

    fn take(&self, request: &Outgoing, answer: &Incoming) {
        let header = |name: &str| answer.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_string);
        let packed_as = answer.headers.get(CONTENT_ENCODING).and_then(|v| v.to_str().ok());
        let body = unpacked(&answer.body, packed_as, self.bytes_max).map(|body| body.into_owned()).unwrap_or_default();
        let taken = Taken {
            what: request.what.clone(),
            method: request.method.to_string(),
            path: request.url.path().to_string(),
            query: request.url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect(),
            request: request.body.clone(),
            status: answer.status.as_u16(),
            headers: HEADERS.iter().filter_map(|name| Some((name.to_string(), header(name)?))).collect(),
            body,
        };
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).push(taken);
    }
}

impl Transport for ListeningWay {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Lost>> {
        async move {
            // A sign-in is nothing but a credential.
            let asked = (!request.what.is_empty()).then(|| request.clone());
            let answer = self.way.send(request).await?;
            if let Some(asked) = asked {
                self.take(&asked, &answer);
            }
            Ok(answer)
        }
        .boxed()
    }
}

impl fmt::Debug for ListeningWay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListeningWay").finish_non_exhaustive()
    }
}
