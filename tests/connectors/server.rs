//! A server that answers by a closure and remembers what it was asked, and connectors that speak to it.

pub use crate::fake::asked::{Asked, Reply, json, status};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use futures::FutureExt;
use nayose::connector::manifest::load;
use nayose::connector::{
    Clock, Connector, EditsAsked, Error, Observed, PageRead, PageSink, Pass, PassEnd, RestConnector, SettingValue, SystemSettings,
};
use nayose::model::Time;
use serde_json::Value as Json;
use std::sync::{Arc, Mutex};

/// 2026-11-21T09:00:00Z, the only time there is.
pub const NOW: Time = Time(1_795_251_600_000);
pub const TOKEN: &str = "tok-3f9a77c1";

pub struct Server {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// The closure gets the request and how many came before it.
    pub async fn start(answer: impl Fn(&Asked, usize) -> Reply + Send + Sync + 'static) -> Server {
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (log, answer) = (asked.clone(), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request<Body>| {
            let (log, answer) = (log.clone(), answer.clone());
            async move {
                let (parts, body) = request.into_parts();
                let body = to_bytes(body, 1 << 20).await.unwrap();
                let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).unwrap().0;
                let one = Asked {
                    method: parts.method.to_string(),
                    path: parts.uri.path().to_string(),
                    query: query.into_iter().collect(),
                    authorization: parts.headers.get("authorization").map_or(String::new(), |v| v.to_str().unwrap().to_string()),
                    body: serde_json::from_slice(&body).unwrap_or(Json::Null),
                };
                let before = {
                    let mut log = log.lock().unwrap();
                    log.push(one.clone());
                    log.len() - 1
                };
                let Reply(status, headers, body) = answer(&one, before);
                let mut response = Response::builder().status(status);
                for (name, value) in headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(body)).unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Server { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// A connector whose manifest is this beside name, settings and a bearer token.
    pub fn connector(&self, manifest: &str) -> RestConnector {
        self.connector_by(clock(), manifest)
    }

    /// The same, by a clock that the test turns.
    pub fn connector_by(&self, clock: Clock, manifest: &str) -> RestConnector {
        self.connector_with(self.settings(), clock, manifest)
    }

    /// The same, of a system of which this is asked about edits.
    pub fn connector_that_asks(&self, edits: EditsAsked, manifest: &str) -> RestConnector {
        self.connector_with(SystemSettings { edits, ..self.settings() }, clock(), manifest)
    }

    fn connector_with(&self, settings: SystemSettings, clock: Clock, manifest: &str) -> RestConnector {
        let auth = if manifest.contains("[auth]") { "" } else { "auth = { kind = 'bearer', token = '{settings.token}' }" };
        let text = format!(
            "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = '{{settings.base_url}}'\n{auth}
            [settings.base_url]\ntitle = 'Address'\nwhere = 'there'\n[settings.token]\ntitle = 'Token'\nwhere = 'there'\nsecret = true\n{manifest}"
        );
        let manifest = load::parse("t", "t.toml", &text).unwrap_or_else(|e| panic!("{e:#?}"));
        RestConnector::new(&manifest, &settings, clock).unwrap()
    }

    pub fn settings(&self) -> SystemSettings {
        let settings =
            [("base_url".to_string(), SettingValue::Plain(self.url.clone())), ("token".to_string(), SettingValue::Secret(TOKEN.into()))];
        SystemSettings {
            name: "ma".into(),
            settings: settings.into(),
            permit: Some("ok".into()),
            permits: Default::default(),
            why: Some("why".into()),
            time_zone: None,
            refusal_words: Default::default(),
            status_words: Default::default(),
            lacks: Vec::new(),
            edits: Default::default(),
            lists: None,
        }
    }
}

pub fn clock() -> Clock {
    Arc::new(|| NOW)
}

/// A pass with everything it gave.
pub struct Read {
    pub end: Result<PassEnd, Error>,
    pub pages: Vec<PageRead>,
}

impl Read {
    /// Ids of the records, in order.
    pub fn ids(&self) -> Vec<String> {
        let observed = self.pages.iter().flat_map(|p| &p.observed);
        observed
            .filter_map(|o| match o {
                Observed::Record { record, .. } => Some(record.id.id.to_string()),
                _ => None,
            })
            .collect()
    }

    pub fn complete(&self) -> bool {
        self.end.as_ref().is_ok_and(|e| e.complete)
    }
}

pub async fn read(connector: &RestConnector, stream: &str, pass: Pass) -> Read {
    let pages = Arc::new(Mutex::new(Vec::new()));
    let kept = pages.clone();
    let sink: PageSink<'_> = Box::new(move |page| {
        kept.lock().unwrap().push(page);
        async { Ok(()) }.boxed()
    });
    let end = connector.pass(stream, pass, sink).await;
    let pages = std::mem::take(&mut *pages.lock().unwrap());
    Read { end, pages }
}

/// The ids that were read, each once, in order.
pub fn sorted(read: &Read) -> Vec<String> {
    let mut ids: Vec<String> = read.ids();
    ids.sort_by_key(|id| id.parse::<usize>().unwrap());
    ids.dedup();
    ids
}
