//! A CRM and a marketing system as one small server that speaks JSON, asked in process by requests as they would leave.

use futures::FutureExt;
use futures::future::BoxFuture;
use nayose::connector::transport::{Incoming, Lost, Outgoing, Timer, Transport};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

/// What the CRM lists.
pub const CRM: &str = r#"
[streams.contacts]
entity = "person"
sweep = { path = "/contacts", records = "rows", total = "total" }
record = { id = "id", fields = { email = "email" } }

[streams.deals]
entity = "deal"
sweep = { path = "/deals", records = "rows", total = "total", carries_people = true }

[streams.deals.record]
id = "id"
people = "people"
state = [{ is = "open", when = { path = "stage", equals = "open" } }, { is = "lost", when = { path = "stage", equals = "lost" } }]
"#;

/// What the marketing system lists and takes.
pub const MA: &str = r#"
[streams.people]
entity = "person"
sweep = { path = "/leads", records = "rows", total = "total" }

[streams.people.record]
id = "id"
fields = { email = "email" }
refusals = [{ scope = "all", when = { path = "unsubscribed", equals = true } }]
marks = { block = { path = "suspended" } }

[writes]
stream = "people"
block = { kind = "field", field = "suspended" }
read = { path = "/leads", query = { ids = "{ids}" }, records = "rows" }
read_chunk = 100

[writes.update]
batch = 100
id_key = "id"
request = { method = "POST", path = "/leads/update", body = { rows = "{rows}" } }
results = { path = "rows", id = "id", applied = { path = "done", equals = true }, reason = "why" }
"#;

/// What was asked in a minute.
#[derive(Debug, Clone, Copy, Default)]
pub struct Minute {
    pub lists: usize,
    pub writes: usize,
    pub read_backs: usize,
}

#[derive(Debug)]
pub struct Office {
    began: Instant,
    pub people: usize,
    /// Contacts on an open deal.
    pub open: BTreeSet<usize>,
    pub suspended: BTreeSet<usize>,
    pub unsubscribed: BTreeSet<usize>,
    /// Leads that cannot be edited.
    pub fixed: BTreeSet<usize>,
    pub broken: bool,
    /// So many of the next writes, and read-backs, hang for long.
    pub writes_hang: usize,
    pub read_backs_hang: usize,
    pub minutes: BTreeMap<u64, Minute>,
}

pub type Shared = Arc<Mutex<Office>>;

impl Office {
    pub fn new(people: usize) -> Office {
        Office {
            began: Instant::now(),
            people,
            open: BTreeSet::new(),
            suspended: BTreeSet::new(),
            unsubscribed: BTreeSet::new(),
            fixed: BTreeSet::new(),
            broken: false,
            writes_hang: 0,
            read_backs_hang: 0,
            minutes: BTreeMap::new(),
        }
    }

    pub fn minute(&self) -> u64 {
        self.began.elapsed().as_secs() / 60
    }

    /// How long a request takes.
    fn takes(&mut self, request: &Outgoing) -> Duration {
        let hanging = if request.method == Method::POST {
            &mut self.writes_hang
        } else if request.url.query().is_some_and(|query| query.contains("ids=")) {
            &mut self.read_backs_hang
        } else {
            return QUICK;
        };
        if *hanging == 0 {
            return QUICK;
        }
        *hanging -= 1;
        HANGS
    }

    fn answer(&mut self, request: &Outgoing) -> (StatusCode, Value) {
        let minute = self.minute();
        let counts = self.minutes.entry(minute).or_default();
        let ids = request.url.query_pairs().find(|(name, _)| name == "ids").map(|(_, ids)| ids.into_owned());
        match (&request.method, ids.is_some()) {
            (&Method::POST, _) => counts.writes += 1,
            (_, true) => counts.read_backs += 1,
            _ => counts.lists += 1,
        }
        if request.method == Method::POST {
            if self.broken {
                return (StatusCode::INTERNAL_SERVER_ERROR, json!({"message": "out of order"}));
            }
            return (StatusCode::OK, self.update(request.body.as_deref().unwrap_or_default()));
        }
        let lead = |i: usize| {
            let (suspended, unsubscribed) = (self.suspended.contains(&i), self.unsubscribed.contains(&i));
            json!({"id": i, "email": email(i), "suspended": suspended, "unsubscribed": unsubscribed})
        };
        let rows: Vec<Value> = match (request.url.path(), ids) {
            ("/contacts", _) => (0..self.people).map(|i| json!({"id": i, "email": email(i)})).collect(),
            ("/deals", _) => (0..self.people)
                .map(|i| json!({"id": i, "people": [i], "stage": if self.open.contains(&i) { "open" } else { "lost" }}))
                .collect(),
            (_, Some(ids)) => ids.split(',').filter_map(|id| id.parse().ok()).map(lead).collect(),
            _ => (0..self.people).map(lead).collect(),
        };
        (StatusCode::OK, json!({"total": rows.len(), "rows": rows}))
    }

    fn update(&mut self, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap();
        let mut told = Vec::new();
        for row in body["rows"].as_array().unwrap() {
            let id: usize = row["id"].as_str().unwrap().parse().unwrap();
            let done = !self.fixed.contains(&id);
            if done && row["suspended"].as_bool().unwrap() {
                self.suspended.insert(id);
            } else if done {
                self.suspended.remove(&id);
            }
            told.push(json!({"id": id, "done": done, "why": "this contact cannot be edited"}));
        }
        json!({ "rows": told })
    }
}

fn email(i: usize) -> String {
    format!("person{i}@example.jp")
}

const QUICK: Duration = Duration::from_millis(50);
const HANGS: Duration = Duration::from_secs(25);

/// Answers in process, a while later.
#[derive(Debug)]
pub struct InProcess(pub Shared);

impl Transport for InProcess {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Lost>> {
        async move {
            let takes = self.0.lock().unwrap().takes(&request);
            tokio::time::sleep(takes).await;
            let (status, body) = self.0.lock().unwrap().answer(&request);
            Ok(Incoming { status, headers: Default::default(), body: body.to_string().into_bytes() })
        }
        .boxed()
    }
}

#[derive(Debug)]
pub struct TestTimer(pub Instant);

impl Timer for TestTimer {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(wait).boxed()
    }

    fn spread(&self) -> f64 {
        0.0
    }
}
