//! The connectors against the real systems. They write to records of their own making only, and take them away again.

#![allow(clippy::disallowed_methods, reason = "real systems go by the wall clock")]

use super::turn;
use nayose::connector::manifest::load;
use nayose::connector::{
    Change, Connector, Error, Lane, Observed, Outcome, PageRead, Pass, PassEnd, PermitChange, RestConnector, SettingValue,
};
use nayose::connector::{StatusChange, SystemSettings, WriteOp};
use nayose::model::{Entity, Mark, Name, Record, RecordId, RefusalScope, TicketState, Time, Value};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::RwLockReadGuard;

/// A label of these tests' own: they delete it.
const PERMIT: &str = "lab-test-ok";

/// One system of the lab, spoken to by its connector and, to make and remove records, by hand.
struct Lab {
    name: &'static str,
    url: String,
    token: String,
    http: reqwest::Client,
    _turn: RwLockReadGuard<'static, ()>,
}

impl Lab {
    async fn of(name: &'static str) -> Option<Lab> {
        let variable = format!("NAYOSE_LAB_{}", name.to_uppercase());
        let told = std::env::var(&variable).ok();
        let Some((url, token)) = told.as_deref().and_then(|t| t.split_once(' ')) else {
            println!("skipped: no lab ({variable} is not set)");
            return None;
        };
        // A new connection for each request: the servers close idle ones after some seconds.
        let http = reqwest::Client::builder().pool_max_idle_per_host(0).build().unwrap();
        Some(Lab { name, url: url.to_string(), token: token.trim().to_string(), http, _turn: turn::beside_others().await })
    }

    fn connector(&self, token: &str) -> Arc<dyn Connector> {
        let key = if self.name == "ghost" { "key" } else { "token" };
        let mut settings = BTreeMap::from([
            ("base_url".to_string(), SettingValue::Plain(self.url.clone())),
            (key.to_string(), SettingValue::Secret(token.to_string().into())),
        ]);
        if self.name != "bottlecrm" {
            settings.insert("crm_system".to_string(), SettingValue::Plain("crm".to_string()));
        }
        let permit = (self.name == "ghost").then(|| PERMIT.to_string());
        let system = SystemSettings {
            name: self.name.into(),
            settings,
            permit,
            permits: BTreeMap::new(),
            why: None,
            time_zone: None,
            refusal_words: Default::default(),
            status_words: Default::default(),
            lacks: Vec::new(),
            edits: Default::default(),
            lists: None,
        };
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors").join(self.name);
        let loaded = load::load_folder(self.name, &folder).unwrap();
        Arc::new(RestConnector::new(&loaded.manifest, &system, Arc::new(now)).unwrap())
    }

    /// By hand: method, path and body; the answer must be a success.
    async fn call(&self, method: Method, path: &str, body: Option<Json>) -> Json {
        let authorization = match self.name {
            "bottlecrm" => format!("Bearer {}", self.token),
            "rt" => format!("token {}", self.token),
            _ => format!("Ghost {}", self.jwt()),
        };
        let mut request = self.http.request(method, format!("{}{path}", self.url)).header("Authorization", authorization);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Json::Null)
    }

    fn jwt(&self) -> String {
        use jsonwebtoken::{EncodingKey, Header, encode};
        let (id, secret) = self.token.split_once(':').unwrap();
        let secret: Vec<u8> = (0..secret.len()).step_by(2).map(|i| u8::from_str_radix(&secret[i..i + 2], 16).unwrap()).collect();
        let now = now().0 / 1000;
        let header = Header { kid: Some(id.to_string()), ..Header::default() };
        encode(&header, &json!({"iat": now, "exp": now + 200, "aud": "/admin/"}), &EncodingKey::from_secret(&secret)).unwrap()
    }
}

fn now() -> Time {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    Time(since.as_millis() as i64)
}

/// Everything one pass showed.
async fn read(connector: &Arc<dyn Connector>, stream: &str, pass: Pass) -> Result<(Vec<Observed>, PassEnd), Error> {
    let seen: Arc<Mutex<Vec<Observed>>> = Arc::default();
    let into = seen.clone();
    let sink = Box::new(move |page: PageRead| {
        // RT's own root user has the address root@localhost.
        assert!(page.quarantined.iter().all(|q| q.field == "email"), "{:?}", page.quarantined);
        into.lock().unwrap().extend(page.observed);
        Box::pin(async { Ok(()) }) as futures::future::BoxFuture<'_, _>
    });
    let end = connector.pass(stream, pass, sink).await?;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    Ok((seen, end))
}

/// The records of a whole listing, which must be complete.
async fn sweep(connector: &Arc<dyn Connector>, stream: &str) -> Vec<Record> {
    let (seen, end) = read(connector, stream, Pass::Sweep).await.unwrap_or_else(|e| panic!("{stream}: {e}"));
    assert!(end.complete, "{stream}: {:?}", end.incomplete_because);
    records(seen)
}

fn records(seen: Vec<Observed>) -> Vec<Record> {
    let record = |o| match o {
        Observed::Record { record, .. } => *record,
        other => panic!("{other:?}"),
    };
    seen.into_iter().map(record).collect()
}

fn by_email<'r>(records: &'r [Record], email: &str) -> &'r Record {
    records.iter().find(|r| r.text("email") == Some(email)).unwrap_or_else(|| panic!("{email} was not read"))
}

async fn write(connector: &Arc<dyn Connector>, record: &RecordId, change: Change) -> Outcome {
    connector.write(&[WriteOp { record: record.clone(), change, again: false }], Lane::Fields).await.remove(0)
}

async fn back(connector: &Arc<dyn Connector>, record: &RecordId) -> Record {
    connector.read_back(std::slice::from_ref(&record.id), Lane::Read).await.unwrap().remove(0)
}

fn status(to: &str, from: Option<&str>) -> Change {
    Change { status: Some(StatusChange { to: to.into(), from: from.map(Into::into) }), ..Change::default() }
}

async fn refuses_a_wrong_token(lab: &Lab, token: &str, stream: &str) {
    let answer = lab.connector(token).first_page(stream).await;
    assert!(matches!(answer, Err(Error::Credential { .. })), "{answer:?}");
}

fn id(system: &str, id: &str) -> RecordId {
    RecordId::new(system, Entity::Person, id)
}

#[tokio::test]
async fn bottlecrm() {
    let Some(lab) = Lab::of("bottlecrm").await else { return };
    let crm = lab.connector(&lab.token);
    refuses_a_wrong_token(&lab, "bcrm_pat_wrong", "contacts").await;

    let contacts = sweep(&crm, "contacts").await;
    assert!(contacts.len() >= 20);
    let leads = sweep(&crm, "leads").await;
    assert!(leads.len() >= 10, "open and closed leads: {}", leads.len());
    assert!(leads.iter().all(|l| l.text("company").is_some()));
    sweep(&crm, "accounts").await;

    let (seen, end) = read(&crm, "deals", Pass::Sweep).await.unwrap();
    assert!(end.complete);
    assert!(seen.iter().all(|o| matches!(o, Observed::Record { people_told: true, .. })));
    let deals = records(seen);
    assert!(deals.iter().any(|d| d.people.iter().any(|p| contacts.iter().any(|c| c.id.id == *p))));
    let open = records(read(&crm, "deals", Pass::Open).await.unwrap().0);
    let known_open = deals.iter().filter(|d| d.deal.is_some_and(|s| s.is_open())).count();
    assert!(open.len() >= known_open && open.len() < deals.len(), "{} of {}", open.len(), deals.len());

    let made = lab
        .call(Method::POST, "/contacts/", Some(json!({"first_name": "投げ", "last_name": "捨て", "email": "lab-test-crm@example.test"})))
        .await;
    let record = id("bottlecrm", made["id"].as_str().unwrap());
    let written = write(&crm, &record, status("opportunity", None)).await;
    let shown = back(&crm, &record).await;
    let stranger = id("bottlecrm", "00000000-0000-0000-0000-000000000000");
    let nobody = write(&crm, &stranger, status("lead", None)).await;
    let not_there = crm.read_back(std::slice::from_ref(&stranger.id), Lane::Read).await;
    lab.call(Method::DELETE, &format!("/contacts/{}/", record.id), None).await;

    assert_eq!(written, Outcome::Applied);
    assert_eq!(shown.mark(Mark::Status), Some(&Value::text("opportunity")));
    assert_eq!(shown.text("last_name"), Some("捨て"));
    assert!(matches!(nobody, Outcome::Rejected(_)), "{nobody:?}");
    assert_eq!(not_there.map(|r| r.len()), Ok(0));
}

#[tokio::test]
async fn request_tracker() {
    let Some(lab) = Lab::of("rt").await else { return };
    let rt = lab.connector(&lab.token);
    refuses_a_wrong_token(&lab, "1-14-wrong", "tickets").await;

    let people = sweep(&rt, "people").await;
    let person = by_email(&people, "person01@example.test");
    assert!(person.id.id.bytes().all(|b| b.is_ascii_digit()), "{}", person.id);
    assert_eq!(person.same_as, ["crm:person:1001".parse().unwrap()]);
    assert!(person.mark(Mark::Status).is_some());

    let tickets = sweep(&rt, "tickets").await;
    let theirs = tickets.iter().find(|t| t.addresses.iter().any(|a| a.as_str() == "person01@example.test")).unwrap();
    assert_eq!((theirs.ticket, &theirs.people[..]), (Some(TicketState::Open), &[person.id.id.clone()][..]));

    let ahead = Time(1_900_000_000_000);
    let (none, _) = read(&rt, "tickets", Pass::FilterTest(ahead)).await.unwrap();
    assert!(none.is_empty(), "{} tickets from the future", none.len());
    let newest = tickets.iter().filter_map(|t| t.changed_at).max().unwrap();
    let changed = records(read(&rt, "tickets", Pass::Changes(newest)).await.unwrap().0);
    assert!(!changed.is_empty() && changed.len() <= tickets.len());

    // Users cannot be deleted, only disabled: this one is made once and used again.
    let name = "lab-test-rt@example.test";
    let known = lab.call(Method::GET, "/users?find_disabled_rows=1&per_page=100&fields=EmailAddress", None).await;
    if !known["items"].as_array().unwrap().iter().any(|u| u["EmailAddress"] == name) {
        lab.call(Method::POST, "/user", Some(json!({"Name": name, "EmailAddress": name, "RealName": "Throw Away"}))).await;
    }
    let user = lab.call(Method::PUT, &format!("/user/{name}"), Some(json!({"Disabled": 0, "CustomFields": {"Lead Status": ""}}))).await;
    assert!(user.is_array());
    let number = lab.call(Method::GET, &format!("/user/{name}"), None).await["id"].to_string();
    let record = id("rt", &number);
    let first = write(&rt, &record, status("opportunity", None)).await;
    let again = write(&rt, &record, status("opportunity", None)).await;
    let shown = back(&rt, &record).await;
    let stranger = write(&rt, &id("rt", "99999999"), status("lead", None)).await;
    lab.call(Method::DELETE, &format!("/user/{number}"), None).await;

    assert_eq!((first, again), (Outcome::Applied, Outcome::Applied));
    assert_eq!(shown.mark(Mark::Status), Some(&Value::text("opportunity")));
    assert_eq!(shown.text("email"), Some(name));
    assert!(matches!(stranger, Outcome::Rejected(_)), "{stranger:?}");
}

#[tokio::test]
async fn ghost() {
    let Some(lab) = Lab::of("ghost").await else { return };
    let ma = lab.connector(&lab.token);
    let (key, _) = lab.token.split_once(':').unwrap();
    refuses_a_wrong_token(&lab, &format!("{key}:{}", "00".repeat(32)), "people").await;

    let people = sweep(&ma, "people").await;
    let person = by_email(&people, "person01@example.test");
    assert_eq!(person.same_as, ["crm:person:1001".parse().unwrap()]);
    assert!(person.mark(Mark::Block).is_some() && person.refusals.is_empty());
    let (none, _) = read(&ma, "people", Pass::FilterTest(Time(1_900_000_000_000))).await.unwrap();
    assert!(none.is_empty());

    let email = "lab-test-ma@example.test";
    let member = json!({"members": [{"email": email, "name": "投げ 捨て", "note": "crm-id:9001", "labels": [{"name": "Customer"}]}]});
    let made = lab.call(Method::POST, "/members/", Some(member)).await;
    let subscribed = made["members"][0]["newsletters"].as_array().unwrap().len();
    let record = id("ghost", made["members"][0]["id"].as_str().unwrap());
    let other_case = json!({"labels": [{"name": PERMIT.to_uppercase()}]});
    let other_case = lab.call(Method::POST, "/labels/", Some(other_case)).await["labels"][0]["id"].clone();
    let result = tokio::spawn(ghost_writes(ma.clone(), record.clone())).await;
    delete_label(&lab, PERMIT).await;
    // As the engine does where it finds the mark gone.
    let op = WriteOp { record: record.clone(), change: permit(true), again: true };
    let after_deletion = ma.write(&[op], Lane::Release).await.remove(0);
    let given_again = back(&ma, &record).await;
    let withdrawn = write(&ma, &record, permit(false)).await;
    delete_label(&lab, PERMIT).await;
    lab.call(Method::DELETE, &format!("/labels/{}/", other_case.as_str().unwrap()), None).await;
    let raw = lab.call(Method::GET, &format!("/members/{}/", record.id), None).await;
    let refused = json!({"members": [{"newsletters": []}]});
    lab.call(Method::PUT, &format!("/members/{}/", record.id), Some(refused)).await;
    let refusal = back(&ma, &record).await;
    lab.call(Method::DELETE, &format!("/members/{}/", record.id), None).await;
    delete_label(&lab, "nayose-status-商談中").await;
    let gone = ma.read_back(std::slice::from_ref(&record.id), Lane::Read).await;
    result.unwrap();

    assert_eq!((after_deletion, withdrawn), (Outcome::Applied, Outcome::Applied), "a label deleted by hand is made anew");
    assert_eq!(given_again.mark(Mark::Permit), Some(&Value::Bool(true)));
    let mut labels: Vec<&str> = raw["members"][0]["labels"].as_array().unwrap().iter().map(|l| l["name"].as_str().unwrap()).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["Customer", "nayose-status-商談中"], "the member's own label stays");
    assert_eq!(raw["members"][0]["newsletters"].as_array().unwrap().len(), subscribed, "newsletters are never touched");
    assert_eq!(refusal.refusals, [RefusalScope::All]);
    assert_eq!(gone.map(|r| r.len()), Ok(0));
}

fn permit(given: bool) -> Change {
    let permit = if given { PermitChange::Until(Time(1_900_000_000_000)) } else { PermitChange::Withdrawn };
    Change { permits: permit.into(), ..Change::default() }
}

async fn delete_label(lab: &Lab, name: &str) {
    let labels = lab.call(Method::GET, "/labels/?limit=100", None).await;
    for label in labels["labels"].as_array().unwrap().iter().filter(|l| l["name"] == name) {
        lab.call(Method::DELETE, &format!("/labels/{}/", label["id"].as_str().unwrap()), None).await;
    }
}

async fn ghost_writes(ma: Arc<dyn Connector>, record: RecordId) {
    let yes = Some(&Value::Bool(true));
    let no = Some(&Value::Bool(false));
    let hold = Change { block: Some(true), permits: PermitChange::Withdrawn.into(), ..Change::default() };
    assert_eq!(write(&ma, &record, hold.clone()).await, Outcome::Applied);
    assert_eq!(write(&ma, &record, hold).await, Outcome::Applied, "a hold that is already there");
    let shown = back(&ma, &record).await;
    assert_eq!((shown.mark(Mark::Block), shown.mark(Mark::Permit)), (yes, no));

    assert_eq!(write(&ma, &record, status("opportunity", None)).await, Outcome::Applied);
    let before = back(&ma, &record).await;
    let before = before.mark(Mark::Status).and_then(Value::as_text).unwrap();
    assert_eq!(before, "nayose-status-opportunity");
    assert_eq!(write(&ma, &record, status("商談中", Some(before))).await, Outcome::Applied);
    let shown = back(&ma, &record).await;
    assert_eq!(shown.mark(Mark::Status).and_then(Value::as_text), Some("nayose-status-商談中"));

    let until = Time(1_900_000_000_000);
    let release = Change { block: Some(false), permits: PermitChange::Until(until).into(), ..Change::default() };
    assert_eq!(write(&ma, &record, release).await, Outcome::Applied);
    let shown = back(&ma, &record).await;
    assert_eq!((shown.mark(Mark::Block), shown.mark(Mark::Permit)), (no, yes));

    let fields: Vec<(Name, Value)> = vec![("name".into(), Value::text("投捨 太郎")), ("note".into(), Value::Empty)];
    assert_eq!(write(&ma, &record, Change { fields, ..Change::default() }).await, Outcome::Applied);
    let shown = back(&ma, &record).await;
    assert_eq!((shown.text("name"), shown.field("note").map(|f| &f.value)), (Some("投捨 太郎"), Some(&Value::Empty)));

    let nobody = id("ghost", "000000000000000000000000");
    let fields: Vec<(Name, Value)> = vec![("name".into(), Value::text("x"))];
    let answer = write(&ma, &nobody, Change { fields, ..Change::default() }).await;
    assert!(matches!(answer, Outcome::Rejected(_)), "{answer:?}");

    assert_eq!(write(&ma, &record, permit(false)).await, Outcome::Applied);
    assert_eq!(back(&ma, &record).await.mark(Mark::Permit), no);
}
