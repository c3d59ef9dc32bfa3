//! The sandbox answers as the vendors do: shapes, cursors, caps, batches.

use nayose::model::{Span, Time};
use nayose::sandbox::{Options, Sandbox};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// 2026-11-21T00:00:00Z
const START_MS: i64 = 1_795_219_200_000;

struct Bench {
    sandbox: Sandbox,
    client: Client,
    clock: Arc<AtomicI64>,
}

impl Bench {
    async fn of(people: usize, change: impl FnOnce(&mut Options)) -> Bench {
        let clock = Arc::new(AtomicI64::new(START_MS));
        let reads = clock.clone();
        let mut options = Options::new(Arc::new(move || Time(reads.load(Ordering::SeqCst)))).people(people);
        change(&mut options);
        Bench { sandbox: Sandbox::start(options).await.unwrap(), client: Client::new(), clock }
    }

    fn pass_time(&self, ms: i64) {
        self.clock.fetch_add(ms, Ordering::SeqCst);
    }

    async fn crm(&self, path: &str) -> Response {
        self.client.get(format!("{}{path}", self.sandbox.crm_url)).bearer_auth("sandbox-crm-token").send().await.unwrap()
    }

    async fn crm_post(&self, path: &str, body: Value) -> Response {
        let request = self.client.post(format!("{}{path}", self.sandbox.crm_url)).bearer_auth("sandbox-crm-token");
        request.json(&body).send().await.unwrap()
    }

    async fn support(&self, path: &str, query: &[(&str, &str)]) -> Response {
        let request = self.client.get(format!("{}{path}", self.sandbox.support_url)).query(query);
        request.basic_auth("sync@sandbox.example/token", Some("sandbox-support-token")).send().await.unwrap()
    }

    async fn ma_token(&self) -> String {
        let query = [("grant_type", "client_credentials"), ("client_id", "sandbox-ma-client"), ("client_secret", "sandbox-ma-secret")];
        let answer = self.client.get(format!("{}/identity/oauth/token", self.sandbox.ma_url)).query(&query).send().await.unwrap();
        json_of(answer).await["access_token"].as_str().unwrap().to_string()
    }

    async fn ma(&self, token: &str, path: &str, query: &[(&str, &str)]) -> Value {
        let request = self.client.get(format!("{}{path}", self.sandbox.ma_url)).bearer_auth(token).query(query);
        json_of(request.send().await.unwrap()).await
    }

    async fn ma_sync(&self, token: &str, body: Value) -> Value {
        let request = self.client.post(format!("{}/rest/v1/leads.json", self.sandbox.ma_url)).bearer_auth(token).json(&body);
        json_of(request.send().await.unwrap()).await
    }
}

async fn json_of(response: Response) -> Value {
    response.json().await.unwrap()
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|r| r["id"].to_string().trim_matches('"').to_string()).collect()
}

#[tokio::test]
async fn crm_lists_page_to_the_end_with_associations() {
    let b = Bench::of(200, |_| {}).await;
    let (mut after, mut seen, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let mut path = "/crm/v3/objects/deals?limit=25&properties=dealname,hs_is_closed&associations=contacts,companies".to_string();
        if !after.is_empty() {
            path += &format!("&after={}", after.replace('=', "%3D").replace('+', "%2B").replace('/', "%2F"));
        }
        let page = json_of(b.crm(&path).await).await;
        seen.extend(page["results"].as_array().unwrap().clone());
        pages += 1;
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = next.to_string(),
            None => break,
        }
    }
    assert_eq!((seen.len(), pages), (60, 3));
    let open = seen.iter().filter(|d| d["properties"]["hs_is_closed"] == "false").count();
    assert!((30..60).contains(&open), "{open} open deals");
    let with_people = seen.iter().find(|d| !d["associations"]["contacts"].is_null()).unwrap();
    assert!(with_people["associations"]["contacts"]["results"][0]["id"].is_string());
    assert!(seen.iter().any(|d| d["associations"].is_null()), "a deal with nothing on it has no key");
    assert!(seen.iter().any(|d| d["associations"]["contacts"].is_null() && !d["associations"]["companies"].is_null()));
    assert_eq!(b.crm("/crm/v3/objects/deals?limit=101").await.status(), 400);
    assert_eq!(b.sandbox.handle.requests()["crm GET /crm/v3/objects/deals"], 4);
}

#[tokio::test]
async fn crm_wants_its_token() {
    let b = Bench::of(0, |_| {}).await;
    let answer = b.client.get(format!("{}/crm/v3/objects/deals", b.sandbox.crm_url)).send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(json_of(answer).await["category"], "INVALID_AUTHENTICATION");
}

#[tokio::test]
async fn crm_search_filters_sorts_and_trails() {
    let b = Bench::of(200, |o| o.search_lag = Span::seconds(10)).await;
    let since = |ms: i64| {
        json!({"filterGroups": [{"filters": [{"propertyName": "hs_lastmodifieddate", "operator": "GTE", "value": ms.to_string()}]}],
               "sorts": [{"propertyName": "hs_lastmodifieddate", "direction": "ASCENDING"}], "limit": 200})
    };
    let total = async |body: Value| json_of(b.crm_post("/crm/v3/objects/deals/search", body).await).await;
    assert_eq!(total(since(0)).await["total"], 60);
    assert_eq!(total(since(START_MS + 1)).await["total"], 0);
    let deal = b.sandbox.handle.deals()[3].id;
    b.pass_time(60_000);
    b.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    assert_eq!(total(since(START_MS + 1)).await["total"], 0, "not in the index yet");
    b.pass_time(10_000);
    let found = total(since(START_MS + 1)).await;
    assert_eq!(ids(&found["results"]), [deal.to_string()]);
    // Who is on a deal moves no timestamp.
    let contact = b.sandbox.handle.contacts()[0].id;
    b.sandbox.handle.attach(deal, contact).unwrap();
    b.pass_time(60_000);
    assert_eq!(total(since(START_MS + 60_001)).await["total"], 0);

    let open = json!({"filterGroups": [{"filters": [{"propertyName": "hs_is_closed", "operator": "EQ", "value": "false"}]}], "limit": 20});
    let first = total(open.clone()).await;
    let expected = b.sandbox.handle.with(|w| b.sandbox_deals_open(w));
    assert_eq!(first["total"], expected);
    let mut next = open.clone();
    next["after"] = first["paging"]["next"]["after"].clone();
    let second = total(next).await;
    assert!(ids(&first["results"]).iter().all(|id| !ids(&second["results"]).contains(id)));

    let mut far = open;
    far["after"] = json!("9990");
    assert_eq!(b.crm_post("/crm/v3/objects/deals/search", far).await.status(), 400, "10,000 results at most");
}

impl Bench {
    fn sandbox_deals_open(&self, world: &nayose::sandbox::SandboxWorld) -> usize {
        let deals: Vec<_> = world.crm.all(nayose::sandbox::CrmKind::Deal).map(|d| d.id).collect();
        deals.into_iter().filter(|d| world.crm.is_open(*d)).count()
    }
}

#[tokio::test]
async fn crm_batches_tell_each_failure() {
    let b = Bench::of(50, |_| {}).await;
    let id = b.sandbox.handle.contacts()[0].id.to_string();
    let row = |id: &str| json!({"id": id, "properties": {"nayose_status": "opportunity"}});
    let path = "/crm/v3/objects/contacts/batch/update";
    let good = b.crm_post(path, json!({"inputs": [row(&id)]})).await;
    assert_eq!(good.status(), 200);
    let good = json_of(good).await;
    assert_eq!((&good["status"], &good["results"][0]["properties"]["nayose_status"]), (&json!("COMPLETE"), &json!("opportunity")));

    let half = b.crm_post(path, json!({"inputs": [row(&id), row("999999")]})).await;
    assert_eq!(half.status(), 207);
    let half = json_of(half).await;
    assert_eq!((ids(&half["results"]), &half["errors"][0]["context"]["ids"]), (vec![id.clone()], &json!(["999999"])));

    let many: Vec<_> = (0..101).map(|_| row(&id)).collect();
    assert_eq!(b.crm_post(path, json!({"inputs": many})).await.status(), 400);
    let unknown = json!({"inputs": [{"id": id, "properties": {"shoe_size": "43"}}]});
    assert_eq!(b.crm_post(path, unknown).await.status(), 400);

    let committed: Vec<_> = b.sandbox.handle.writes().iter().map(|w| w.committed).collect();
    assert_eq!(committed, [true, true, false]);
}

#[tokio::test]
async fn crm_associations_are_read_by_deal() {
    let b = Bench::of(0, |_| {}).await;
    let h = &b.sandbox.handle;
    let (one, two) = (h.create_contact(&[("email", "a@b.example")], None), h.create_contact(&[], None));
    let (deal, alone) = (h.open_deal(&[one, two], None).unwrap(), h.open_deal(&[], None).unwrap());
    let read = json!({"inputs": [{"id": deal.to_string()}, {"id": alone.to_string()}]});
    let answer = b.crm_post("/crm/v4/associations/deals/contacts/batch/read", read.clone()).await;
    assert_eq!(answer.status(), 207);
    let answer = json_of(answer).await;
    assert_eq!(answer["results"][0]["from"]["id"], deal.to_string());
    let to: Vec<_> = answer["results"][0]["to"].as_array().unwrap().iter().map(|t| t["toObjectId"].as_u64().unwrap()).collect();
    assert_eq!(to, [one, two]);
    assert_eq!(answer["errors"][0]["context"]["fromObjectId"], json!([alone.to_string()]));
    h.detach(deal, one).unwrap();
    let answer = json_of(b.crm_post("/crm/v4/associations/deals/contacts/batch/read", read).await).await;
    assert_eq!(answer["results"][0]["to"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn crm_computes_what_the_vendor_computes() {
    let b = Bench::of(0, |_| {}).await;
    let h = &b.sandbox.handle;
    let company = h.create_company("青空商事", "aozora.example");
    let contact = h.create_contact(&[("email", "a@b.example")], Some(company));
    let deal = h.open_deal(&[contact], Some(company)).unwrap();
    let names = "hs_is_closed,hs_is_closed_won,closedate,hs_primary_associated_company";
    let shown = async || json_of(b.crm(&format!("/crm/v3/objects/deals/{deal}?properties={names}")).await).await["properties"].clone();
    let open = shown().await;
    assert_eq!((&open["hs_is_closed"], &open["closedate"]), (&json!("false"), &json!(null)));
    assert_eq!(open["hs_primary_associated_company"], company.to_string());
    b.pass_time(1000);
    h.set_deal_stage(deal, "lost").unwrap();
    let lost = shown().await;
    assert_eq!((&lost["hs_is_closed"], &lost["hs_is_closed_won"]), (&json!("true"), &json!("false")));
    assert_eq!(lost["closedate"], "2026-11-21T00:00:01.000Z");
    h.set_deal_stage(deal, "unknown").unwrap();
    assert_eq!(shown().await["hs_is_closed"], "false");

    let row = json!({"id": contact.to_string(), "properties": {"nayose_ok_until": "1795219200000"}});
    let wrote = json_of(b.crm_post("/crm/v3/objects/contacts/batch/update", json!({ "inputs": [row] })).await).await;
    assert_eq!(wrote["results"][0]["properties"]["nayose_ok_until"], "2026-11-21T00:00:00.000Z", "a time is stored in the vendor's form");
    let read = json!({"inputs": [{"id": contact.to_string()}, {"id": "9"}], "properties": ["associatedcompanyid", "hs_email_optout"]});
    let read = b.crm_post("/crm/v3/objects/contacts/batch/read", read).await;
    assert_eq!(read.status(), 207);
    let read = json_of(read).await;
    assert_eq!(read["results"][0]["properties"]["associatedcompanyid"], company.to_string());
}

#[tokio::test]
async fn archived_objects_vanish() {
    let b = Bench::of(0, |_| {}).await;
    let h = &b.sandbox.handle;
    let deal = h.open_deal(&[], None).unwrap();
    h.delete_deal(deal).unwrap();
    assert_eq!(json_of(b.crm("/crm/v3/objects/deals").await).await["results"], json!([]));
    assert_eq!(b.crm(&format!("/crm/v3/objects/deals/{deal}")).await.status(), 404);
    assert_eq!(h.set_deal_stage(deal, "won").unwrap_err().to_string(), format!("there is no deal {deal}"));
}

#[tokio::test]
async fn support_exports_from_a_time_then_from_a_cursor() {
    let b = Bench::of(200, |_| {}).await;
    let path = "/api/v2/incremental/tickets/cursor.json";
    let (mut cursor, mut seen) = (None, BTreeSet::new());
    loop {
        let query = match &cursor {
            None => vec![("start_time", "0"), ("per_page", "30")],
            Some(c) => vec![("cursor", String::as_str(c)), ("per_page", "30")],
        };
        let page = json_of(b.support(path, &query).await).await;
        seen.extend(ids(&page["tickets"]));
        cursor = Some(page["after_cursor"].as_str().unwrap().to_string());
        if page["end_of_stream"] == true {
            break;
        }
    }
    assert_eq!(seen.len(), 80);
    let cursor = cursor.unwrap();
    let again = json_of(b.support(path, &[("cursor", &cursor)]).await).await;
    assert_eq!((&again["tickets"], &again["end_of_stream"]), (&json!([]), &json!(true)));
    let ticket = b.sandbox.handle.tickets()[5].id;
    b.sandbox.handle.set_ticket_priority(ticket, Some("urgent")).unwrap();
    let news = json_of(b.support(path, &[("cursor", &cursor)]).await).await;
    assert_eq!((ids(&news["tickets"]), &news["tickets"][0]["priority"]), (vec![ticket.to_string()], &json!("urgent")));

    assert_eq!(b.support(path, &[]).await.status(), 422);
    b.sandbox.handle.forget_cursors(nayose::sandbox::SandboxSystem::Support);
    assert_eq!(b.support(path, &[("cursor", &cursor)]).await.status(), 400);
    let users = json_of(b.support("/api/v2/incremental/users/cursor", &[("start_time", "0")]).await).await;
    assert!(users["users"].as_array().unwrap().iter().any(|u| u["email"].is_null()));
}

#[tokio::test]
async fn support_leaves_out_the_last_minute_if_told_so() {
    let b = Bench::of(0, |o| o.export_lag = Span::seconds(60)).await;
    let user = b.sandbox.handle.create_user("山田 太郎", Some("taro@b.example"));
    b.sandbox.handle.create_ticket(user, "open", None).unwrap();
    let path = "/api/v2/incremental/tickets/cursor";
    let start = (START_MS / 1000 - 100).to_string();
    assert_eq!(json_of(b.support(path, &[("start_time", &start)]).await).await["tickets"], json!([]));
    b.pass_time(60_000);
    assert_eq!(json_of(b.support(path, &[("start_time", &start)]).await).await["tickets"].as_array().unwrap().len(), 1);
    assert_eq!(b.support(path, &[("start_time", "4000000000")]).await.status(), 422);
}

#[tokio::test]
async fn ma_tokens_run_out() {
    let b = Bench::of(0, |_| {}).await;
    let leads = "/rest/v1/lists/1001/leads.json";
    assert_eq!(b.ma("", leads, &[]).await["errors"][0]["code"], "600");
    assert_eq!(b.ma("wrong", leads, &[]).await["errors"][0]["code"], "601");
    let token = b.ma_token().await;
    assert_eq!(b.ma_token().await, token, "the same until it has run out");
    assert_eq!(b.ma(&token, leads, &[]).await["success"], true);
    b.pass_time(3_600_000);
    assert_eq!(b.ma(&token, leads, &[]).await["errors"][0]["code"], "602");
    assert_ne!(b.ma_token().await, token);
}

#[tokio::test]
async fn ma_tells_changes_by_a_feed_and_writes_by_rows() {
    let b = Bench::of(200, |_| {}).await;
    let h = &b.sandbox.handle;
    let token = b.ma_token().await;
    let start = b.ma(&token, "/rest/v1/activities/pagingtoken.json", &[("sinceDatetime", "2026-11-21T00:00:00Z")]).await;
    let feed = async |from: &Value| {
        let query =
            [("nextPageToken", from["nextPageToken"].as_str().unwrap()), ("fields", "email,unsubscribed,marketingSuspended,leadStatus")];
        b.ma(&token, "/rest/v1/activities/leadchanges.json", &query).await
    };
    let quiet = feed(&start).await;
    assert!(quiet["result"].is_null() && quiet["moreResult"] == false && quiet["nextPageToken"].is_string(), "{quiet}");

    let leads = h.leads();
    let (one, two, three) = (leads[0].id, leads[1].id, leads[2].id);
    h.unsubscribe_bulk(&[two]).unwrap();
    assert!(feed(&quiet).await["result"].is_null(), "a mass change leaves no trace");
    assert!(h.lead(two).unwrap().flag("unsubscribed"));
    h.unsubscribe(one).unwrap();
    h.delete_lead(three).unwrap();
    let body = json!({"action": "updateOnly", "lookupField": "id", "input": [
        {"id": one, "leadStatus": "opportunity", "email": " New@B.Example "}, {"id": three, "leadStatus": "x"}, {"id": two, "shoeSize": 43}]});
    let wrote = b.ma_sync(&token, body.clone()).await;
    assert_eq!(wrote["result"][0], json!({"id": one, "status": "updated"}));
    assert_eq!(wrote["result"][1], json!({"status": "skipped", "reasons": [{"code": "1004", "message": "Lead not found"}]}));
    assert_eq!(wrote["result"][2]["reasons"][0]["code"], "1006");
    assert_eq!(h.lead(one).unwrap().text("email"), Some("new@b.example"));
    let news = feed(&quiet).await;
    let seen: Vec<_> = news["result"].as_array().unwrap().iter().map(|a| a["leadId"].as_u64().unwrap()).collect();
    assert_eq!(seen, [one, one]);
    b.ma_sync(&token, body).await;
    assert!(feed(&news).await["result"].is_null(), "what changes nothing is no activity");

    let query = [("nextPageToken", quiet["nextPageToken"].as_str().unwrap())];
    let deleted = b.ma(&token, "/rest/v1/activities/deletedleads.json", &query).await;
    assert_eq!(deleted["result"][0]["leadId"], three);
    let values = format!("{one},{two},{three}");
    let read = [("filterType", "id"), ("filterValues", values.as_str()), ("fields", "id,email,unsubscribed,nayose_ok_until")];
    let read = b.ma(&token, "/rest/v1/leads.json", &read).await;
    assert_eq!(ids(&read["result"]), [one.to_string(), two.to_string()]);
    assert_eq!((&read["result"][0]["unsubscribed"], &read["result"][0]["nayose_ok_until"]), (&json!(true), &json!(null)));

    h.forget_cursors(nayose::sandbox::SandboxSystem::Ma);
    assert_eq!(feed(&news).await["success"], false);
}

#[tokio::test]
async fn ma_twins_make_an_address_ambiguous() {
    let b = Bench::of(0, |_| {}).await;
    let token = b.ma_token().await;
    let create = json!({"input": [{"email": "A@b.example", "lastName": "山田"}]});
    let made = b.ma_sync(&token, create.clone()).await;
    assert_eq!(made["result"][0]["status"], "created");
    assert_eq!(b.ma_sync(&token, create.clone()).await["result"][0]["status"], "updated");
    b.sandbox.handle.twin_lead(made["result"][0]["id"].as_u64().unwrap()).unwrap();
    assert_eq!(b.ma_sync(&token, create).await["result"][0]["reasons"][0]["code"], "1007");
    let many: Vec<_> = (0..301).map(|i| json!({"email": format!("{i}@b.example")})).collect();
    assert_eq!(b.ma_sync(&token, json!({ "input": many })).await["success"], false);
}

#[tokio::test]
async fn ma_lists_page_to_the_end() {
    let b = Bench::of(500, |_| {}).await;
    let token = b.ma_token().await;
    let path = "/rest/v1/lists/1001/leads.json";
    let first = b.ma(&token, path, &[("fields", "id,email,updatedAt")]).await;
    assert_eq!(first["result"].as_array().unwrap().len(), 300);
    let second = b.ma(&token, path, &[("nextPageToken", first["nextPageToken"].as_str().unwrap())]).await;
    let all: BTreeSet<_> = ids(&first["result"]).into_iter().chain(ids(&second["result"])).collect();
    assert_eq!((all.len(), &second["nextPageToken"]), (b.sandbox.handle.leads().len(), &json!(null)));
    assert_eq!(b.ma(&token, "/rest/v1/lists/7/leads.json", &[]).await["success"], false);
}

#[tokio::test]
async fn newsletters_go_to_whom_the_ma_may_mail() {
    let b = Bench::of(200, |_| {}).await;
    let h = &b.sandbox.handle;
    let lead = |l: &nayose::sandbox::SentMail| l.lead;
    let leads = h.leads();
    let all: BTreeSet<_> = h.send_newsletter(false).iter().map(lead).collect();
    let kept = leads.iter().filter(|l| l.flag("unsubscribed") || l.flag("marketingSuspended")).count();
    assert!(kept >= 10 && all.len() + kept == leads.len(), "{kept} kept of {}", leads.len());
    assert!(h.send_newsletter(true).is_empty(), "nobody has a permit yet");
    let one = *all.first().unwrap();
    let until = json!({"nayose_ok_until": "2026-11-21T00:10:00Z"});
    h.edit_lead(one, until.as_object().unwrap()).unwrap();
    assert_eq!(h.send_newsletter(true).iter().map(lead).collect::<Vec<_>>(), [one]);
    b.pass_time(600_000);
    assert!(h.send_newsletter(true).is_empty(), "the permit has run out");
    assert!(!h.leads_on_open_deals(false).is_empty());
    assert!(h.leads_on_open_deals(true).is_superset(&h.leads_on_open_deals(false)));
}

#[tokio::test]
async fn the_same_seed_is_the_same_world() {
    let (a, b) = (Bench::of(120, |_| {}).await, Bench::of(120, |_| {}).await);
    assert_eq!(a.sandbox.handle.state_hash(&[]), b.sandbox.handle.state_hash(&[]));
    let lead = a.sandbox.handle.leads()[0].id;
    a.sandbox.handle.edit_lead(lead, json!({"leadStatus": "x"}).as_object().unwrap()).unwrap();
    assert_ne!(a.sandbox.handle.state_hash(&[]), b.sandbox.handle.state_hash(&[]));
    assert_eq!(a.sandbox.handle.state_hash(&["leadStatus"]), b.sandbox.handle.state_hash(&["leadStatus"]));
}
