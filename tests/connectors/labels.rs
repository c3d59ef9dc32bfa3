//! Labels as Ghost keeps them, seen on the lab's: names differ by case, a deleted label's id is taken with a 200 that changed nothing,
//! and ids in a filter are quoted. A small stand-in, so that it is tested where there is no lab.

use axum::extract::{Query, State};
use axum::routing::{get, put};
use axum::{Json, Router};
use nayose::connector::manifest::load;
use nayose::connector::{Change, Connector, Lane, Outcome, PermitChange, RestConnector, SettingValue, SystemSettings, WriteOp};
use nayose::model::{MailKind, OwnPermit, PermitFor, RecordId, Time};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

const MEMBER: &str = "123456789012345678901234";

/// One member, and the labels there are.
#[derive(Default)]
struct Site {
    /// Id to name.
    labels: BTreeMap<String, String>,
    made: usize,
    /// Ids of the member's labels.
    worn: BTreeSet<String>,
    filters: Vec<String>,
}

type Shared = Arc<Mutex<Site>>;

impl Site {
    fn make(&mut self, name: &str) -> String {
        self.made += 1;
        let id = format!("label{}", self.made);
        self.labels.insert(id.clone(), name.to_string());
        id
    }

    fn worn_names(&self) -> Vec<&str> {
        self.worn.iter().filter_map(|id| self.labels.get(id)).map(String::as_str).collect()
    }
}

async fn labels(State(site): State<Shared>) -> Json<Value> {
    let site = site.lock().unwrap();
    let labels: Vec<Value> = site.labels.iter().map(|(id, name)| json!({"id": id, "name": name})).collect();
    Json(json!({"meta": {"pagination": {"total": labels.len()}}, "labels": labels}))
}

async fn create(State(site): State<Shared>, Json(body): Json<Value>) -> Json<Value> {
    let name = body["labels"][0]["name"].as_str().unwrap().to_string();
    let id = site.lock().unwrap().make(&name);
    Json(json!({"labels": [{"id": id, "name": name}]}))
}

async fn members(State(site): State<Shared>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let mut site = site.lock().unwrap();
    site.filters.push(query["filter"].clone());
    let worn: Vec<Value> = site.worn_names().iter().map(|name| json!({"name": name})).collect();
    Json(json!({"members": [{"id": MEMBER, "email": "taro@example.jp", "name": null, "note": null, "subscribed": true,
        "updated_at": "2026-11-21T09:00:00.000Z", "labels": worn, "email_suppression": {"info": null}}]}))
}

async fn bulk(State(site): State<Shared>, Query(query): Query<BTreeMap<String, String>>, Json(body): Json<Value>) -> Json<Value> {
    let mut site = site.lock().unwrap();
    let label = body["bulk"]["meta"]["label"]["id"].as_str().unwrap().to_string();
    site.filters.push(query["filter"].clone());
    let changed = match body["bulk"]["action"].as_str() {
        Some("addLabel") => site.labels.contains_key(&label) && site.worn.insert(label),
        _ => site.worn.remove(&label),
    };
    Json(json!({"bulk": {"meta": {"stats": {"successful": usize::from(changed), "unsuccessful": 0}}}}))
}

async fn site() -> (Shared, RestConnector) {
    site_with(|_| {}).await
}

/// The same with a manifest that says something else.
async fn site_with(change: impl FnOnce(&mut nayose::connector::Manifest)) -> (Shared, RestConnector) {
    site_of(BTreeMap::new(), change).await
}

/// And with permits for one kind of mail.
async fn site_of(permits: BTreeMap<OwnPermit, String>, change: impl FnOnce(&mut nayose::connector::Manifest)) -> (Shared, RestConnector) {
    let site = Shared::default();
    let app = Router::new()
        .route("/labels/", get(labels).post(create))
        .route("/members/", get(members))
        .route("/members/bulk/", put(bulk))
        .with_state(site.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let settings = BTreeMap::from([
        ("base_url".to_string(), SettingValue::Plain(base_url)),
        ("key".to_string(), SettingValue::Secret("id:00ff".to_string().into())),
    ]);
    let system = SystemSettings {
        name: "ma".into(),
        settings,
        permit: None,
        permits,
        why: None,
        time_zone: None,
        refusal_words: Default::default(),
        status_words: Default::default(),
        lacks: Vec::new(),
        edits: Default::default(),
        lists: None,
    };
    let mut manifest = load::load("ghost", None).unwrap().manifest;
    change(&mut manifest);
    (site, RestConnector::new(&manifest, &system, Arc::new(|| Time(1_795_251_600_000))).unwrap())
}

async fn block(ma: &RestConnector, on: bool) -> Outcome {
    write(ma, on, false).await
}

async fn write(ma: &RestConnector, on: bool, again: bool) -> Outcome {
    let record: RecordId = format!("ma:person:{MEMBER}").parse().unwrap();
    let change = Change { block: Some(on), ..Change::default() };
    ma.write(&[WriteOp { record, change, again }], Lane::Protective).await.remove(0)
}

#[tokio::test]
async fn a_label_that_differs_in_case_is_another_one() {
    let (site, ma) = site().await;
    site.lock().unwrap().make("Nayose-Hold");
    assert_eq!(block(&ma, true).await, Outcome::Applied);
    assert_eq!(site.lock().unwrap().worn_names(), ["nayose-hold"]);
}

/// In a system where case makes no other label, a second one cannot be made, and the mark is read whatever its case.
#[tokio::test]
async fn where_case_makes_no_other_label_the_one_that_is_there_is_ours() {
    let (site, ma) = site_with(|m| m.writes.as_mut().unwrap().labels.as_mut().unwrap().any_case = true).await;
    site.lock().unwrap().make("Nayose-Hold");
    assert_eq!(block(&ma, true).await, Outcome::Applied);
    assert_eq!(site.lock().unwrap().worn_names(), ["Nayose-Hold"]);
    let shown = ma.read_back(&[MEMBER.into()], Lane::Protective).await.unwrap();
    assert!(shown[0].is_blocked(), "{:?}", shown[0].marks);
    assert_eq!(block(&ma, false).await, Outcome::Applied);
    assert!(site.lock().unwrap().worn_names().is_empty());
}

#[tokio::test]
async fn a_permit_for_one_kind_of_mail_is_a_label_of_its_own() {
    let [newsletter, campaign] = [MailKind::Newsletter, MailKind::Campaign].map(OwnPermit::Kind);
    let permits = BTreeMap::from([(newsletter.clone(), "ok-news".to_string()), (campaign.clone(), "ok-campaign".to_string())]);
    let (site, ma) = site_of(permits, |_| {}).await;
    let [newsletter, campaign] = [newsletter, campaign].map(PermitFor::Own);
    assert_eq!(ma.abilities().permits, [newsletter.clone(), campaign.clone()], "and none for all marketing mail");
    let until = PermitChange::Until(Time(1_895_251_600_000));
    for (change, worn) in [
        ([(newsletter.clone(), until), (campaign.clone(), until)], &["ok-campaign", "ok-news"][..]),
        ([(newsletter.clone(), PermitChange::Withdrawn), (campaign.clone(), until)], &["ok-campaign"]),
    ] {
        let op = WriteOp {
            record: format!("ma:person:{MEMBER}").parse().unwrap(),
            change: Change { permits: change.into_iter().collect(), ..Change::default() },
            again: true,
        };
        assert_eq!(ma.write(&[op], Lane::Protective).await.remove(0), Outcome::Applied);
        let mut names: Vec<String> = site.lock().unwrap().worn_names().into_iter().map(String::from).collect();
        names.sort_unstable();
        assert_eq!(names, worn);
        let shown = ma.read_back(&[MEMBER.into()], Lane::Protective).await.unwrap().remove(0);
        for (permit, name) in [(&newsletter, "ok-news"), (&campaign, "ok-campaign")] {
            assert_eq!(shown.mark(permit.mark()), Some(&nayose::model::Value::Bool(worn.contains(&name))), "{name}");
        }
    }
}

#[tokio::test]
async fn a_label_deleted_by_hand_is_made_anew_and_the_hold_put_back() {
    let (site, ma) = site().await;
    assert_eq!(block(&ma, true).await, Outcome::Applied);
    {
        let mut site = site.lock().unwrap();
        site.labels.clear();
        site.worn.clear();
    }
    assert_eq!(block(&ma, true).await, Outcome::Applied);
    assert_eq!(site.lock().unwrap().worn_names(), ["nayose-hold"]);
    assert_eq!(block(&ma, true).await, Outcome::Applied, "it is there already: nothing changed, and that is well");
    assert_eq!(block(&ma, false).await, Outcome::Applied);
    assert_eq!(block(&ma, false).await, Outcome::Applied);
    let site = site.lock().unwrap();
    assert!(site.worn.is_empty());
    assert!(site.filters.iter().all(|f| f.starts_with(&format!("id:['{MEMBER}']"))), "{:?}", site.filters);
}

/// The id that we knew went on being taken, and each look found the block gone: thirteen copies of a wrong label on each member.
#[tokio::test]
async fn a_label_renamed_by_hand_is_looked_up_before_it_is_set_again() {
    let (site, ma) = site().await;
    assert_eq!(block(&ma, true).await, Outcome::Applied);
    site.lock().unwrap().labels.values_mut().for_each(|name| *name = "VIP".into());
    assert_eq!(write(&ma, true, true).await, Outcome::Applied);
    assert_eq!(site.lock().unwrap().worn_names(), ["VIP", "nayose-hold"]);
}
