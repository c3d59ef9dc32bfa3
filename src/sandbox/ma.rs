//! The marketing system on the wire: Marketo's identity, activity, lead and list endpoints. Errors come with status 200.

pub mod records;

use crate::model::Span;
use crate::sandbox::faults::door::WriteMode;
use crate::sandbox::ma::records::{
    API_USER, Activity, BadField, Lead, LeadEditor, MaRecords, NotedChange, SYSTEM_FIELDS, Trace, stored, type_of,
};
use crate::sandbox::systems::SandboxSystem;
use crate::sandbox::wire::{Handled, Params, RefusedAnswer, answer, body_json, cursor, cursor_parts, iso_seconds, parse_time};
use crate::sandbox::world::{SandboxWorld, Shared, lock};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::Uri;
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What comes by the API with the sandbox's key.
const BY_API: Trace = Trace::Usual(LeadEditor::ApiUser(API_USER));
/// Entries on a page, rows in a batch and values in a filter at most.
const ROWS_MAX: usize = 300;
/// Deleted leads are told of for so long.
const DELETED_KEPT: Span = Span::days(14);

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/identity/oauth/token", get(token).post(token))
        .route("/rest/v1/activities/pagingtoken.json", get(paging_token))
        .route("/rest/v1/activities/leadchanges.json", get(lead_changes))
        .route("/rest/v1/activities/deletedleads.json", get(deleted_leads))
        .route("/rest/v1/leads.json", get(leads).post(post_leads))
        .route("/rest/v1/lead/{id}", get(lead))
        .route("/rest/v1/lists/{list}/leads.json", get(list_leads))
        .route("/rest/v1/list/{list}/leads.json", get(list_leads))
        .fallback(|| async { failed("610", "Requested resource not found") })
}

/// An error in the vendor's form: HTTP status 200, `success` false.
pub(super) fn failed(code: &str, message: &str) -> Response {
    answer(200, json!({"requestId": "e42b#14272d07d78", "success": false, "errors": [{"code": code, "message": message}]}))
}

fn good(more: Value) -> Response {
    let mut body = json!({"requestId": "e42b#14272d07d78", "success": true});
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    answer(200, body)
}

async fn token(State(shared): State<Shared>, params: Params) -> Response {
    let mut world = lock(&shared);
    let keys = &world.keys;
    if params.get("grant_type") != Some("client_credentials") {
        return answer(401, json!({"error": "unsupported_grant_type", "error_description": "Unsupported grant type"}));
    }
    if params.get("client_id") != Some(&keys.ma_client_id) || params.get("client_secret") != Some(&keys.ma_client_secret) {
        return answer(401, json!({"error": "unauthorized", "error_description": "Bad client credentials"}));
    }
    let (token, seconds) = world.ma_token();
    answer(200, json!({"access_token": token, "token_type": "bearer", "expires_in": seconds, "scope": API_USER}))
}

async fn paging_token(State(shared): State<Shared>, params: Params) -> Handled {
    let world = lock(&shared);
    let text = params.get("sinceDatetime").ok_or_else(|| failed("1002", "Missing value for required parameter 'sinceDatetime'"))?;
    // Only dates: unix times are not taken here.
    let since = parse_time(text).filter(|_| text.contains('-')).ok_or_else(|| failed("704", "Invalid date format"))?;
    let place = world.ma.activities.partition_point(|a| a.at < since);
    Ok(good(json!({"nextPageToken": cursor(world.ma.epoch, &[place as i64, since.0])})))
}

fn page_size(params: &Params) -> Result<usize, RefusedAnswer> {
    match params.number("batchSize") {
        Ok(size) => Ok(size.map_or(ROWS_MAX, |s| s.clamp(1, ROWS_MAX as i64) as usize)),
        Err(text) => Err(failed("1003", &format!("Invalid value '{text}' for batchSize")).into()),
    }
}

fn bad_token() -> Response {
    failed("1003", "Invalid value for nextPageToken")
}

/// A page of activities: so many are looked at, and of these only the wanted are shown, so a page may be empty while more is to come.
fn activities(world: &SandboxWorld, params: &Params, mut entry: impl FnMut(usize, &Activity) -> Option<Value>) -> Handled {
    let size = page_size(params)?;
    let token = params.get("nextPageToken").ok_or_else(|| failed("1002", "Missing value for required parameter 'nextPageToken'"))?;
    let Some([place, since]) = cursor_parts(world.ma.epoch, token).and_then(|p| <[i64; 2]>::try_from(p).ok()) else {
        return Err(bad_token().into());
    };
    let place = (place.max(0) as usize).min(world.ma.activities.len());
    let seen: Vec<_> = world.ma.activities.iter().enumerate().skip(place).take(size).collect();
    let next = place + seen.len();
    let result: Vec<_> = seen.into_iter().filter(|(_, a)| a.at.0 >= since).filter_map(|(i, a)| entry(i, a)).collect();
    let more = next < world.ma.activities.len();
    let mut body = json!({"nextPageToken": cursor(world.ma.epoch, &[next as i64, since]), "moreResult": more});
    if !result.is_empty() {
        body["result"] = Value::from(result);
    }
    Ok(good(body))
}

/// Ids of activities begin here; they grow in order.
const ACTIVITY_ID_FIRST: usize = 500_001;

fn as_text(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Null => value.clone(),
        other => Value::from(other.to_string()),
    }
}

async fn lead_changes(State(shared): State<Shared>, params: Params) -> Handled {
    let world = lock(&shared);
    let fields = params.list("fields");
    if fields.is_empty() {
        return Err(failed("1002", "Missing value for required parameter 'fields'").into());
    }
    check_fields(&fields)?;
    activities(&world, &params, |i, activity| {
        let (kind, changes) = match &activity.noted {
            NotedChange::New => (12, Vec::new()),
            NotedChange::Changed(changes) => {
                let watched = changes.iter().filter(|(name, ..)| fields.contains(name)).enumerate();
                let shown = |(n, (name, old, new)): (usize, &(String, Value, Value))| json!({"id": n + 1, "name": name, "oldValue": as_text(old), "newValue": as_text(new)});
                (13, watched.map(shown).collect())
            }
            NotedChange::Deleted => return None,
        };
        (kind == 12 || !changes.is_empty()).then(|| {
            json!({
                "id": ACTIVITY_ID_FIRST + i, "marketoGUID": (ACTIVITY_ID_FIRST + i).to_string(), "leadId": activity.lead,
                "activityDate": iso_seconds(activity.at), "activityTypeId": kind, "fields": changes,
                "attributes": attributes(activity),
            })
        })
    })
}

/// What an activity tells of how it came about. What is not known is left out.
fn attributes(activity: &Activity) -> Vec<Value> {
    let told = match (&activity.noted, activity.by) {
        (NotedChange::New, _) => vec![("Source Type", "Web service API".to_string())],
        (_, LeadEditor::ApiUser(user)) => vec![
            ("Reason", "Web service API".to_string()),
            ("Source", "Web service API".to_string()),
            ("API Method Name", "syncLead".to_string()),
            ("Modifying User", user.to_string()),
        ],
        (_, LeadEditor::Campaign(id)) => {
            vec![("Reason", format!("Changed by smart campaign {id}")), ("Source", "Marketo Flow Action".to_string())]
        }
        (_, LeadEditor::Hand) => Vec::new(),
    };
    let attribute = |(name, value)| json!({"name": name, "value": value});
    told.into_iter().map(attribute).chain([json!({"name": "Lead ID", "value": activity.lead})]).collect()
}

async fn deleted_leads(State(shared): State<Shared>, params: Params) -> Handled {
    let world = lock(&shared);
    let oldest = world.now().minus(DELETED_KEPT);
    activities(&world, &params, |i, activity| {
        (activity.noted == NotedChange::Deleted && activity.at >= oldest).then(|| {
            json!({
                "id": ACTIVITY_ID_FIRST + i, "marketoGUID": (ACTIVITY_ID_FIRST + i).to_string(), "leadId": activity.lead,
                "activityDate": iso_seconds(activity.at), "activityTypeId": 37, "primaryAttributeValueId": activity.lead,
                "primaryAttributeValue": "", "attributes": [],
            })
        })
    })
}

fn check_fields(fields: &[String]) -> Result<(), RefusedAnswer> {
    match fields.iter().find(|f| type_of(f).is_none() && !SYSTEM_FIELDS.contains(&f.as_str())) {
        Some(unknown) => Err(failed("1006", &format!("Field '{unknown}' not found")).into()),
        None => Ok(()),
    }
}

/// A lead as answers show it: the id and the fields asked for, null where they are not set.
fn shown(lead: &Lead, fields: &[String]) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), Value::from(lead.id));
    let usual = ["updatedAt", "lastName", "email", "createdAt", "firstName"];
    let asked: Vec<&str> = if fields.is_empty() { usual.to_vec() } else { fields.iter().map(String::as_str).collect() };
    for name in asked {
        map.insert(name.to_string(), lead.field(name));
    }
    Value::Object(map)
}

async fn leads(State(shared): State<Shared>, params: Params) -> Handled {
    find_leads(&lock(&shared), &params)
}

fn find_leads(world: &SandboxWorld, params: &Params) -> Handled {
    let fields = params.list("fields");
    check_fields(&fields)?;
    let (kind, values) = (params.get("filterType").unwrap_or_default(), params.list("filterValues"));
    if values.is_empty() {
        return Err(failed("1002", "Missing value for required parameter 'filterValues'").into());
    }
    if values.len() > ROWS_MAX {
        return Err(failed("1003", &format!("filterValues: at most {ROWS_MAX} values")).into());
    }
    let mut ids: Vec<u64> = match kind.to_lowercase().as_str() {
        "id" => values.iter().filter_map(|v| v.parse().ok()).collect(),
        "email" => values.iter().flat_map(|v| world.ma.with_email(&v.to_lowercase()).to_vec()).collect(),
        _ => return Err(failed("1003", &format!("Invalid filterType '{kind}'")).into()),
    };
    ids.sort_unstable();
    ids.dedup();
    let after = after_of(world, params)?;
    paged(world, ids.into_iter().filter(|id| *id > after).filter_map(|id| world.ma.get(id)), page_size(params)?, &fields)
}

fn after_of(world: &SandboxWorld, params: &Params) -> Result<u64, RefusedAnswer> {
    match params.get("nextPageToken").filter(|t| !t.is_empty()) {
        None => Ok(0),
        Some(token) => match cursor_parts(world.ma.epoch, token).as_deref() {
            Some([id]) => Ok(*id as u64),
            _ => Err(bad_token().into()),
        },
    }
}

fn paged<'a>(world: &SandboxWorld, mut leads: impl Iterator<Item = &'a Lead>, size: usize, fields: &[String]) -> Handled {
    let page: Vec<&Lead> = leads.by_ref().take(size).collect();
    let mut body = json!({"result": page.iter().map(|l| shown(l, fields)).collect::<Vec<_>>()});
    if let (Some(last), true) = (page.last(), leads.next().is_some()) {
        body["nextPageToken"] = Value::from(cursor(world.ma.epoch, &[last.id as i64]));
    }
    Ok(good(body))
}

async fn lead(State(shared): State<Shared>, Path(id): Path<String>, params: Params) -> Handled {
    let world = lock(&shared);
    let fields = params.list("fields");
    check_fields(&fields)?;
    let found = id.trim_end_matches(".json").parse().ok().and_then(|id| world.ma.get(id));
    Ok(good(json!({"result": found.map(|l| shown(l, &fields)).into_iter().collect::<Vec<_>>()})))
}

/// The one static list that there is holds every lead.
async fn list_leads(State(shared): State<Shared>, Path(list): Path<String>, params: Params) -> Handled {
    let world = lock(&shared);
    if list != world.ma_list {
        return Err(failed("1013", "List not found").into());
    }
    let fields = params.list("fields");
    check_fields(&fields)?;
    let after = after_of(&world, &params)?;
    paged(&world, world.ma.after(after), page_size(&params)?, &fields)
}

/// Sync leads; or, with `_method=GET`, a search whose parameters stand in the body because they are too long for a URL.
async fn post_leads(State(shared): State<Shared>, Extension(mode): Extension<WriteMode>, params: Params, body: Bytes) -> Handled {
    let mut world = lock(&shared);
    if params.get("_method").is_some_and(|m| m.eq_ignore_ascii_case("GET")) {
        let form = format!("/?{}", String::from_utf8_lossy(&body));
        let uri: Uri = form.parse().map_err(|_| failed("1003", "Invalid form"))?;
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| failed("1003", "Invalid form"))?;
        return find_leads(&world, &Params(pairs));
    }
    let body = body_json(&body).map_err(|why| failed("609", &format!("Invalid JSON: {why}")))?;
    let rows = body.get("input").and_then(Value::as_array).ok_or_else(|| failed("1002", "Missing value for required parameter 'input'"))?;
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return Err(failed("1003", &format!("input: between 1 and {ROWS_MAX} records")).into());
    }
    let action = body.get("action").and_then(Value::as_str).unwrap_or("createOrUpdate");
    if !["createOnly", "updateOnly", "createOrUpdate", "createDuplicate"].contains(&action) {
        return Err(failed("1003", &format!("Invalid action '{action}'")).into());
    }
    let lookup = body.get("lookupField").and_then(Value::as_str).unwrap_or("email");
    let mut result = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        // A row that failed is told by its place alone: the vendor shows no id in it.
        result.push(match sync(&mut world, row, action, lookup, mode, i) {
            Ok((id, status)) => json!({"id": id, "status": status}),
            Err(bad) => json!({"status": "skipped", "reasons": [{"code": bad.code, "message": bad.message}]}),
        });
    }
    Ok(good(json!({"result": result})))
}

/// One row of a sync; the id and what was done.
fn sync(
    world: &mut SandboxWorld,
    row: &Value,
    action: &str,
    lookup: &str,
    mode: WriteMode,
    place: usize,
) -> Result<(u64, &'static str), BadField> {
    let now = world.now();
    let bad = |code, message: &str| BadField { code, message: message.to_string() };
    let given: BTreeMap<String, Value> = row.as_object().map(|o| o.clone().into_iter().collect()).unwrap_or_default();
    let id_text = given.get("id").map(as_text).and_then(|v| v.as_str().map(String::from)).unwrap_or_default();
    let email = given.get("email").and_then(Value::as_str).unwrap_or_default().trim().to_lowercase();
    let found: Vec<u64> = match lookup {
        "id" => id_text.parse().ok().filter(|id| world.ma.get(*id).is_some()).into_iter().collect(),
        "email" => world.ma.with_email(&email).to_vec(),
        _ => return Err(bad("1003", "Invalid lookupField")),
    };
    let fields: BTreeMap<String, Value> = given.into_iter().filter(|(n, _)| n != "id").collect();
    let name = found.first().map_or(if lookup == "id" { id_text } else { email }, u64::to_string);
    let checked: Result<BTreeMap<_, _>, _> = fields.iter().map(|(n, v)| Ok((n.clone(), stored(n, v)?))).collect();
    let done = match (action, found.as_slice(), checked) {
        (_, _, Err(why)) => Err(why),
        _ if mode == WriteMode::HalfFail && place % 2 == 1 => Err(bad("1029", "Too many jobs in queue")),
        ("createOnly", [_, ..], _) => Err(bad("1005", "Lead already exists")),
        ("updateOnly" | "createOrUpdate", [_, _, ..], _) => Err(bad("1007", "Multiple leads match the lookup criteria")),
        ("updateOnly", [], _) => Err(bad("1004", "Lead not found")),
        ("createOrUpdate", [], _) if lookup == "id" => Err(bad("1004", "Lead not found")),
        ("updateOnly" | "createOrUpdate", [id], _) if mode == WriteMode::Pretend => Ok((*id, "updated", false)),
        ("updateOnly" | "createOrUpdate", [id], Ok(fields)) => Ok((*id, "updated", world.ma.edit(*id, fields, BY_API, now))),
        (_, _, Ok(fields)) => Ok((world.ma.create(fields, now), "created", true)),
    };
    world.log_write(SandboxSystem::Ma, "person", &name, fields, done.as_ref().is_ok_and(|d| d.2));
    done.map(|(id, status, _)| (id, status))
}

/// Reads fields given by a script into their stored form.
pub(super) fn stored_fields(fields: &Map<String, Value>) -> Result<BTreeMap<String, Value>, String> {
    fields.iter().map(|(n, v)| stored(n, v).map(|v| (n.clone(), v)).map_err(|b| b.message)).collect()
}

impl MaRecords {
    /// A second lead with the same address and name, as form and import make them.
    pub fn twin(&mut self, id: u64, now: crate::model::Time) -> Option<u64> {
        let lead = self.get(id)?;
        let keep = ["email", "firstName", "lastName", "company"];
        let fields = lead.fields.iter().filter(|(n, _)| keep.contains(&n.as_str())).map(|(n, v)| (n.clone(), v.clone())).collect();
        Some(self.create(fields, now))
    }
}
