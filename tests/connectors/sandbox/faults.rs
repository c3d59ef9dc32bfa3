//! Faults of the sandbox, through the handle and through the control port.

use nayose::model::Time;
use nayose::sandbox::{AnswerLost, Fault, FaultKind, Options, Sandbox, SandboxSystem};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use std::sync::Arc;

async fn sandbox(people: usize) -> Sandbox {
    Sandbox::start(Options::new(Arc::new(|| Time(1_795_219_200_000))).people(people)).await.unwrap()
}

async fn deals(s: &Sandbox) -> Result<Response, reqwest::Error> {
    Client::new().get(format!("{}/crm/v3/objects/deals?limit=10", s.crm_url)).bearer_auth(&s.keys.crm_token).send().await
}

async fn write_status(s: &Sandbox, ids: &[u64]) -> Result<Response, reqwest::Error> {
    let inputs: Vec<_> = ids.iter().map(|id| json!({"id": id.to_string(), "properties": {"nayose_status": "opportunity"}})).collect();
    let request = Client::new().post(format!("{}/crm/v3/objects/contacts/batch/update", s.crm_url));
    request.bearer_auth(&s.keys.crm_token).json(&json!({ "inputs": inputs })).send().await
}

async fn control(s: &Sandbox, action: &str, body: Value) -> Value {
    Client::new().post(format!("{}/_sandbox/{action}", s.control_url)).json(&body).send().await.unwrap().json().await.unwrap()
}

async fn shown(s: &Sandbox, what: &str) -> Value {
    Client::new().get(format!("{}/_sandbox/{what}", s.control_url)).send().await.unwrap().json().await.unwrap()
}

fn status_of(s: &Sandbox, contact: u64) -> Option<String> {
    s.handle.contacts().iter().find(|c| c.id == contact).and_then(|c| c.properties.get("nayose_status").cloned())
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_was_done() {
    let s = sandbox(20).await;
    let ids: Vec<_> = s.handle.contacts().iter().take(3).map(|c| c.id).collect();
    s.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::LostAnswer { how: AnswerLost::Reset }).times(1));
    assert!(write_status(&s, &ids[..1]).await.is_err(), "the connection breaks");
    assert_eq!(status_of(&s, ids[0]).as_deref(), Some("opportunity"));
    s.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::LostAnswer { how: AnswerLost::Status500 }).times(1));
    assert_eq!(write_status(&s, &ids[1..2]).await.unwrap().status(), 500);
    assert_eq!(status_of(&s, ids[1]).as_deref(), Some("opportunity"));
    assert_eq!(write_status(&s, &ids[2..]).await.unwrap().status(), 200, "both were once only");
}

#[tokio::test]
async fn a_write_can_be_refused_silently_or_by_halves() {
    let s = sandbox(20).await;
    let ids: Vec<_> = s.handle.contacts().iter().take(4).map(|c| c.id).collect();
    s.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::RefuseSilently).times(1));
    assert_eq!(write_status(&s, &ids).await.unwrap().status(), 200);
    assert!(ids.iter().all(|id| status_of(&s, *id).is_none()));
    s.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::HalfFail).times(1));
    let answer = write_status(&s, &ids).await.unwrap();
    assert_eq!(answer.status(), 207);
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((answer["results"].as_array().unwrap().len(), answer["errors"].as_array().unwrap().len()), (2, 2));
    let stand: Vec<_> = ids.iter().map(|id| status_of(&s, *id).is_some()).collect();
    assert_eq!(stand, [true, false, true, false]);
    assert_eq!(s.handle.writes().len(), 8);
}

#[tokio::test]
async fn reads_fail_in_every_way() {
    let s = sandbox(60).await;
    let h = &s.handle;
    let once = |kind: FaultKind| h.fault(SandboxSystem::Crm, Fault::of(kind).times(1));
    once(FaultKind::Down);
    assert!(deals(&s).await.is_err());
    once(FaultKind::Reset { rate: 1.0 });
    assert!(deals(&s).await.is_err());
    for (kind, status) in [
        (FaultKind::Errors { status: 500, rate: 1.0 }, 500),
        (FaultKind::Errors { status: 404, rate: 1.0 }, 404),
        (FaultKind::Revoked { status: 401 }, 401),
        (FaultKind::Revoked { status: 403 }, 403),
        (FaultKind::Revoked { status: 200 }, 200),
        (FaultKind::NoScope, 403),
    ] {
        once(kind.clone());
        let answer = deals(&s).await.unwrap();
        assert_eq!(answer.status(), status, "{kind:?}");
        assert_eq!(answer.json::<Value>().await.unwrap()["status"], "error", "{kind:?}");
    }
    once(FaultKind::Html);
    let page = deals(&s).await.unwrap();
    assert!(page.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    once(FaultKind::RateLimited { retry_after_s: 7 });
    let limited = deals(&s).await.unwrap();
    assert_eq!((limited.status().as_u16(), limited.headers()["retry-after"].to_str().unwrap()), (429, "7"));
    once(FaultKind::DateSkew { ms: 3_600_000 });
    assert_eq!(deals(&s).await.unwrap().headers()["date"], "Sat, 21 Nov 2026 01:00:00 GMT");
    assert_eq!(deals(&s).await.unwrap().headers()["date"], "Sat, 21 Nov 2026 00:00:00 GMT");
    h.fault(SandboxSystem::Crm, Fault::of(FaultKind::NoScope).on("/contacts"));
    assert_eq!(deals(&s).await.unwrap().status(), 200, "another path");
}

#[tokio::test]
async fn the_limit_of_requests_is_kept() {
    let s = sandbox(0).await;
    s.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::Limit { requests: 2, per_ms: 20_000 }));
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(deals(&s).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test]
async fn pages_lie() {
    let s = sandbox(60).await;
    let page = async || deals(&s).await.unwrap().json::<Value>().await.unwrap();
    let id = |page: &Value, i: usize| page["results"][i]["id"].clone();
    let good = page().await;
    let once = |kind: FaultKind| s.handle.fault(SandboxSystem::Crm, Fault::of(kind).times(1));
    once(FaultKind::DuplicateEntries);
    let twice = page().await;
    assert_eq!((twice["results"].as_array().unwrap().len(), id(&twice, 10)), (11, id(&good, 0)));
    once(FaultKind::MissingEntries);
    assert_eq!(page().await["results"].as_array().unwrap().len(), 9);
    once(FaultKind::FieldType { field: "dealname".into() });
    assert!(page().await["results"][0]["properties"]["dealname"].is_object());
    s.handle.fault(SandboxSystem::Crm, Fault::of(FaultKind::RepeatPage));
    let first = page().await;
    let after = first["paging"]["next"]["after"].as_str().unwrap().replace('=', "%3D");
    let next = Client::new().get(format!("{}/crm/v3/objects/deals?limit=10&after={after}", s.crm_url));
    let next: Value = next.bearer_auth(&s.keys.crm_token).send().await.unwrap().json().await.unwrap();
    assert_eq!(next, first);
    s.handle.clear_faults(SandboxSystem::Crm);
    assert_eq!(page().await, good);
}

/// Also a page that was the last says that more is to come, and its cursor leads back to it.
#[tokio::test]
async fn a_last_page_can_repeat_too() {
    let s = sandbox(5).await;
    let get = async |path: String| {
        let request = Client::new().get(format!("{}{path}", s.support_url)).bearer_auth(&s.keys.support_token);
        request.send().await.unwrap().json::<Value>().await.unwrap()
    };
    s.handle.fault(SandboxSystem::Support, Fault::of(FaultKind::RepeatPage));
    let first = get("/api/v2/incremental/users/cursor?start_time=1".into()).await;
    assert_eq!(first["end_of_stream"], false);
    assert_eq!(get("/api/v2/incremental/users/cursor?cursor=whatever".into()).await, first);
}

#[tokio::test]
async fn a_sandbox_can_be_served_by_itself() {
    let (told, hear) = tokio::sync::oneshot::channel();
    let options = Options::new(Arc::new(|| Time(1_795_219_200_000))).people(5);
    let server = tokio::spawn(nayose::sandbox::serve(options, move |systems| {
        told.send(systems.clone()).unwrap();
    }));
    let systems = hear.await.unwrap();
    let control = systems["control"]["url"].as_str().unwrap();
    let shown: Value = Client::new().get(format!("{control}/_sandbox/systems")).send().await.unwrap().json().await.unwrap();
    let stranger = Client::new().post(format!("{control}/_sandbox/reset_log")).header("host", "evil.example").send().await.unwrap();
    assert_eq!(stranger.status(), 403);
    assert_eq!(shown, systems);
    server.abort();
    assert!(server.await.unwrap_err().is_cancelled());
}

#[tokio::test]
async fn the_ma_tells_its_limits_under_200() {
    let s = sandbox(0).await;
    let get = async |path: &str| Client::new().get(format!("{}{path}", s.ma_url)).send().await.unwrap();
    s.handle.fault(SandboxSystem::Ma, Fault::of(FaultKind::RateLimited { retry_after_s: 1 }).times(1));
    let limited = get("/rest/v1/leads.json").await;
    assert_eq!(limited.status(), 200);
    assert_eq!(limited.json::<Value>().await.unwrap()["errors"][0]["code"], "606");
    s.handle.fault(SandboxSystem::Ma, Fault::of(FaultKind::Revoked { status: 200 }));
    assert_eq!(get("/identity/oauth/token?grant_type=client_credentials").await.status(), 401);
    let long = format!("/rest/v1/leads.json?filterValues={}", "1,".repeat(5000));
    s.handle.clear_faults(SandboxSystem::Ma);
    assert_eq!(get(&long).await.status(), 414);
}

#[tokio::test]
async fn the_control_port_does_what_the_handle_does() {
    let s = sandbox(40).await;
    let contact = s.handle.contacts()[0].id;
    let deal = control(&s, "open_deal", json!({"contacts": [contact]})).await["ok"].as_u64().unwrap();
    assert_eq!(s.handle.deal_people(deal), [contact]);
    assert_eq!(control(&s, "set_deal_stage", json!({"deal": deal, "stage": "won"})).await, json!({"ok": null}));
    assert_eq!(control(&s, "delete_deal", json!({"deal": 1})).await["error"], "there is no deal 1");
    assert!(control(&s, "fly", json!({})).await["error"].as_str().unwrap().contains("fly"));
    let made = control(&s, "create_contact", json!({"properties": {"email": "x@y.example"}})).await["ok"].as_u64().unwrap();
    control(&s, "edit_contact", json!({"contact": made, "properties": {"lastname": "林"}})).await;
    assert_eq!(shown(&s, "state").await["state"]["crm"]["contacts"][made.to_string()]["properties"]["lastname"], "林");
    control(&s, "fault", json!({"system": "crm", "fault": "errors", "status": 503, "rate": 1.0, "on": "deals", "times": 1})).await;
    assert_eq!(shown(&s, "faults").await["crm"][0]["fault"], "errors");
    assert_eq!(deals(&s).await.unwrap().status(), 503);
    assert_eq!(shown(&s, "requests").await["crm GET /crm/v3/objects/deals"], 1);
    let lead = control(&s, "add_lead", json!({"fields": {"email": "Z@y.example"}})).await["ok"].as_u64().unwrap();
    control(&s, "unsubscribe", json!({"lead": lead})).await;
    let sent = control(&s, "send_newsletter", json!({})).await;
    assert!(sent["ok"].as_array().unwrap().iter().all(|m| m["lead"] != lead));
    assert_eq!(shown(&s, "sent").await.as_array().unwrap().len(), sent["ok"].as_array().unwrap().len());
    assert_eq!(shown(&s, "systems").await["ma"]["url"], s.ma_url);
    control(&s, "reset_log", json!({})).await;
    assert_eq!(shown(&s, "sent").await, json!([]));
}
