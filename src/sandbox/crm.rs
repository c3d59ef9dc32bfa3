//! The CRM on the wire: HubSpot's object, search, batch and association endpoints.

mod answers;
pub mod history;
mod properties;
pub mod records;
mod search;

pub(super) use self::answers::error;
use self::answers::{batch_answer, body_of, id_of, inputs, invalid, kind_of, missing};
use self::search::Search;
use crate::sandbox::crm::records::{CrmKind, CrmObject, CrmRecords};
use crate::sandbox::faults::door::WriteMode;
use crate::sandbox::systems::SandboxSystem;
use crate::sandbox::wire::{Handled, Params, RefusedAnswer, answer, cursor, cursor_parts, iso_millis};
use crate::sandbox::world::{SandboxWorld, Shared, lock};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::{Map, Value, json};

/// Entries on a page of a list at most, and unless asked for.
const PAGE_MAX: i64 = 100;
const PAGE_DEFAULT: i64 = 10;
/// Rows in a batch of objects at most.
const BATCH_MAX: usize = 100;
/// The same, where the history of properties is asked for.
const WITH_HISTORY_MAX: usize = 50;
/// Rows in a batch of association reads at most.
const ASSOCIATIONS_MAX: usize = 1000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/account-info/v3/details", get(account))
        .route("/crm/v3/objects/{kind}", get(list).post(create))
        .route("/crm/v3/objects/{kind}/search", post(search))
        .route("/crm/v3/objects/{kind}/batch/read", post(batch_read))
        .route("/crm/v3/objects/{kind}/batch/update", post(batch_update))
        .route("/crm/v3/objects/{kind}/{id}", get(read).patch(update).delete(archive))
        .route("/crm/v3/properties/{kind}/{name}", get(properties::property))
        .route("/crm/v4/associations/{from}/{to}/batch/read", post(associations))
        .route("/crm/v4/objects/{from}/{id}/associations/{to}", get(associations_of))
        .fallback(|| async { error(404, "OBJECT_NOT_FOUND", "resource not found") })
}

/// Which portal this is.
async fn account(State(shared): State<Shared>) -> Response {
    let portal = lock(&shared).portal;
    answer(
        200,
        json!({"portalId": portal, "accountType": "STANDARD", "timeZone": "Asia/Tokyo", "companyCurrency": "JPY", "dataHostingLocation": "na1"}),
    )
}

/// An object as answers show it. Properties that were asked for and are not set are null.
fn shown(records: &CrmRecords, kind: CrmKind, object: &CrmObject, asked: &[String]) -> Value {
    let mut properties = Map::new();
    let always = ["createdate", "hs_object_id", kind.modified_property()].into_iter();
    let chosen: Vec<&str> = match asked {
        [] => kind.default_properties().to_vec(),
        asked => asked.iter().map(String::as_str).collect(),
    };
    let known = |name: &&str| kind.writable().contains(name) || kind.computed().contains(name);
    for name in always.chain(chosen.into_iter().filter(known)) {
        properties.insert(name.to_string(), records.property(kind, object, name).map_or(Value::Null, Value::from));
    }
    json!({
        "id": object.id.to_string(),
        "properties": properties,
        "createdAt": iso_millis(object.created),
        "updatedAt": iso_millis(object.modified),
        "archived": object.archived,
    })
}

/// Adds `associations` for the kinds asked for; a kind without any has no key. A company stands twice, as with the vendor: once for each
/// type of its association.
fn add_associations(
    records: &CrmRecords,
    kind: CrmKind,
    object: &CrmObject,
    asked: &[String],
    shown: &mut Value,
) -> Result<(), RefusedAnswer> {
    let mut all = Map::new();
    for name in asked {
        let to = kind_of(name)?;
        let label = format!("{}_to_{}", kind.singular(), to.singular());
        let mut results = Vec::new();
        for other in records.linked(kind, object.id, to) {
            results.push(json!({"id": other.to_string(), "type": label}));
            if to == CrmKind::Company {
                results.push(json!({"id": other.to_string(), "type": format!("{label}_unlabeled")}));
            }
        }
        if !results.is_empty() {
            all.insert(to.plural().to_string(), json!({ "results": results }));
        }
    }
    if !all.is_empty() {
        shown["associations"] = Value::Object(all);
    }
    Ok(())
}

async fn list(State(shared): State<Shared>, Path(kind): Path<String>, params: Params) -> Handled {
    let world = lock(&shared);
    let kind = kind_of(&kind)?;
    let limit = params.number("limit").map_err(|t| invalid(&format!("limit: {t} is not a number")))?.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(invalid(&format!("limit must be between 1 and {PAGE_MAX}")).into());
    }
    let after = match params.get("after").filter(|a| !a.is_empty()) {
        None => 0,
        Some(text) => match cursor_parts(world.crm.epoch, text).as_deref() {
            Some([id]) => *id as u64,
            _ => return Err(invalid("The 'after' paging cursor is invalid or has expired").into()),
        },
    };
    let archived = params.get("archived") == Some("true");
    let (properties, associations) = (params.list("properties"), params.list("associations"));
    let mut results = Vec::new();
    let mut last = None;
    let mut more = false;
    for object in world.crm.after(kind, after, archived) {
        if results.len() as i64 == limit {
            more = true;
            break;
        }
        let mut entry = shown(&world.crm, kind, object, &properties);
        add_associations(&world.crm, kind, object, &associations, &mut entry)?;
        results.push(entry);
        last = Some(object.id);
    }
    let mut body = json!({ "results": results });
    if let Some(last) = last.filter(|_| more) {
        let next = cursor(world.crm.epoch, &[last as i64]);
        let link = format!("{}/crm/v3/objects/{}?after={next}", world.crm_url, kind.plural());
        body["paging"] = json!({"next": {"after": next, "link": link}});
    }
    Ok(answer(200, body))
}

async fn search(State(shared): State<Shared>, Path(kind): Path<String>, body: Bytes) -> Handled {
    let kind = kind_of(&kind)?;
    let search: Search = serde_json::from_value(body_of(&body)?).map_err(|e| invalid(&format!("Invalid input JSON: {e}")))?;
    let world = lock(&shared);
    let found = search::run(&world.crm, kind, &search, world.now(), world.search_lag_ms).map_err(|m| invalid(&m))?;
    let results: Vec<_> = found.page.iter().map(|o| shown(&world.crm, kind, o, &search.properties)).collect();
    let mut body = json!({"total": found.total, "results": results});
    if let Some(next) = found.next {
        body["paging"] = json!({"next": {"after": next.to_string()}});
    }
    Ok(answer(200, body))
}

async fn read(State(shared): State<Shared>, Path((kind, id)): Path<(String, String)>, params: Params) -> Handled {
    let kind = kind_of(&kind)?;
    let world = lock(&shared);
    let object = id.parse().ok().and_then(|id| world.crm.get(kind, id)).ok_or_else(not_found)?;
    let mut entry = shown(&world.crm, kind, object, &params.list("properties"));
    add_associations(&world.crm, kind, object, &params.list("associations"), &mut entry)?;
    Ok(answer(200, entry))
}

fn not_found() -> Response {
    error(404, "OBJECT_NOT_FOUND", "resource not found")
}

/// The `properties` of a row as texts; `Err` is the message of a 400.
fn properties_of(kind: CrmKind, row: &Value) -> Result<Vec<(String, String)>, String> {
    let Some(properties) = row.get("properties").and_then(Value::as_object) else { return Err("properties is required".into()) };
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(t) => t.clone(),
        other => other.to_string(),
    };
    let mut all = Vec::new();
    for (name, value) in properties {
        if !kind.writable().contains(&name.as_str()) {
            return Err(format!(
                "Property values were not valid: [{{\"isValid\":false,\"message\":\"Property \\\"{name}\\\" does not exist\",\
                 \"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"{name}\"}}]"
            ));
        }
        // The vendor keeps e-mail addresses trimmed and in lower case.
        let value = text(value);
        if let Some(why) = properties::refused(kind, name, &value) {
            return Err(why);
        }
        all.push((name.clone(), if name == "email" { value.trim().to_lowercase() } else { value }));
    }
    Ok(all)
}

/// Takes one row's write; false if there is no such object. Everything received stands in the log of writes.
fn write_row(world: &mut SandboxWorld, kind: CrmKind, id: &str, properties: Vec<(String, String)>, mode: WriteMode) -> bool {
    let now = world.now();
    let fields: Vec<_> = properties.iter().map(|(n, v)| (n.clone(), Value::from(v.as_str()))).collect();
    let number = id.parse().ok().filter(|id| world.crm.get(kind, *id).is_some());
    let committed = match (mode, number) {
        (WriteMode::Pretend, _) | (_, None) => false,
        (_, Some(id)) => {
            let taken = world.crm.get(kind, id).map_or_else(Vec::new, |object| properties::taken(object, properties));
            world.crm.edit(kind, id, taken, now, history::API)
        }
    };
    world.log_write(SandboxSystem::Crm, kind.singular(), id, fields, committed);
    number.is_some()
}

async fn create(State(shared): State<Shared>, Path(kind): Path<String>, body: Bytes) -> Handled {
    let kind = kind_of(&kind)?;
    let properties = properties_of(kind, &body_of(&body)?).map_err(|m| invalid(&m))?;
    let mut world = lock(&shared);
    let now = world.now();
    let fields: Vec<_> = properties.iter().map(|(n, v)| (n.clone(), Value::from(v.as_str()))).collect();
    let id = world.crm.create(kind, properties, now);
    world.log_write(SandboxSystem::Crm, kind.singular(), &id.to_string(), fields, true);
    let object = world.crm.get(kind, id).ok_or_else(not_found)?;
    Ok(answer(201, shown(&world.crm, kind, object, &[])))
}

async fn update(
    State(shared): State<Shared>,
    Extension(mode): Extension<WriteMode>,
    Path((kind, id)): Path<(String, String)>,
    body: Bytes,
) -> Handled {
    let kind = kind_of(&kind)?;
    let properties = properties_of(kind, &body_of(&body)?).map_err(|m| invalid(&m))?;
    let names: Vec<String> = properties.iter().map(|(n, _)| n.clone()).collect();
    let mut world = lock(&shared);
    if !write_row(&mut world, kind, &id, properties, mode) {
        return Err(not_found().into());
    }
    let object = id.parse().ok().and_then(|id| world.crm.get(kind, id)).ok_or_else(not_found)?;
    Ok(answer(200, shown(&world.crm, kind, object, &names)))
}

async fn archive(State(shared): State<Shared>, Path((kind, id)): Path<(String, String)>) -> Handled {
    let kind = kind_of(&kind)?;
    let mut world = lock(&shared);
    let now = world.now();
    if let Ok(id) = id.parse() {
        world.crm.archive(kind, id, now);
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn batch_read(State(shared): State<Shared>, Path(kind): Path<String>, body: Bytes) -> Handled {
    let kind = kind_of(&kind)?;
    let body = body_of(&body)?;
    let names = |key: &str| -> Vec<String> {
        let listed = body.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        listed.iter().filter_map(|p| p.as_str().map(String::from)).collect()
    };
    let (asked, with_history) = (names("properties"), names("propertiesWithHistory"));
    let world = lock(&shared);
    let (mut results, mut lost) = (Vec::new(), Vec::new());
    for row in inputs(&body, if with_history.is_empty() { BATCH_MAX } else { WITH_HISTORY_MAX })? {
        let id = id_of(row)?;
        let Some(object) = id.parse().ok().and_then(|id| world.crm.get(kind, id)) else {
            lost.push(id);
            continue;
        };
        let mut entry = shown(&world.crm, kind, object, &asked);
        if !with_history.is_empty() {
            entry["propertiesWithHistory"] = history_shown(kind, object, &with_history);
        }
        results.push(entry);
    }
    Ok(batch_answer(world.now(), results, missing(kind, lost)))
}

/// The changes of properties, the last one first.
fn history_shown(kind: CrmKind, object: &CrmObject, asked: &[String]) -> Value {
    let known = asked.iter().filter(|name| kind.writable().contains(&name.as_str()));
    let changes = |name: &String| object.history.shown(name, object.properties.get(name), object.created);
    Value::Object(known.map(|name| (name.clone(), changes(name))).collect())
}

async fn batch_update(
    State(shared): State<Shared>,
    Extension(mode): Extension<WriteMode>,
    Path(kind): Path<String>,
    body: Bytes,
) -> Handled {
    let kind = kind_of(&kind)?;
    let body = body_of(&body)?;
    // A property that does not exist refuses the whole batch before anything is written.
    let mut rows = Vec::new();
    for row in inputs(&body, BATCH_MAX)? {
        rows.push((id_of(row)?, properties_of(kind, row).map_err(|m| invalid(&m))?));
    }
    let mut world = lock(&shared);
    let (mut results, mut lost, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (id, properties)) in rows.into_iter().enumerate() {
        if mode == WriteMode::HalfFail && i % 2 == 1 {
            let fields: Vec<_> = properties.into_iter().map(|(n, v)| (n, Value::from(v))).collect();
            world.log_write(SandboxSystem::Crm, kind.singular(), &id, fields, false);
            failed.push(id);
            continue;
        }
        let names: Vec<String> = properties.iter().map(|(n, _)| n.clone()).collect();
        if !write_row(&mut world, kind, &id, properties, mode) {
            lost.push(id);
        } else if let Some(object) = id.parse().ok().and_then(|id| world.crm.get(kind, id)) {
            results.push(shown(&world.crm, kind, object, &names));
        }
    }
    let mut errors = missing(kind, lost);
    errors.extend(failed.into_iter().map(|id| {
        json!({"status": "error", "category": "CONFLICT", "message": "The object is being changed by someone else", "context": {"ids": [id]}})
    }));
    Ok(batch_answer(world.now(), results, errors))
}

/// The vendor's numbers for a type of association.
fn type_ids(from: CrmKind, to: CrmKind) -> &'static [u32] {
    match (from, to) {
        (CrmKind::Deal, CrmKind::Contact) => &[3],
        (CrmKind::Contact, CrmKind::Deal) => &[4],
        (CrmKind::Deal, CrmKind::Company) => &[5, 341],
        (CrmKind::Company, CrmKind::Deal) => &[6, 342],
        (CrmKind::Contact, CrmKind::Company) => &[1, 279],
        (CrmKind::Company, CrmKind::Contact) => &[2, 280],
        _ => &[],
    }
}

fn to_entries(world: &SandboxWorld, from: CrmKind, id: u64, to: CrmKind) -> Vec<Value> {
    let types: Vec<_> = type_ids(from, to).iter().map(|t| json!({"category": "HUBSPOT_DEFINED", "typeId": t, "label": null})).collect();
    let others = if world.crm.get(from, id).is_some() { world.crm.linked(from, id, to) } else { Vec::new() };
    others.into_iter().map(|other| json!({"toObjectId": other, "associationTypes": types})).collect()
}

/// An object without associations is not among the results but among the errors, with status 207, as with the vendor.
async fn associations(State(shared): State<Shared>, Path((from, to)): Path<(String, String)>, body: Bytes) -> Handled {
    let (from, to) = (kind_of(&from)?, kind_of(&to)?);
    let body = body_of(&body)?;
    let world = lock(&shared);
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for row in inputs(&body, ASSOCIATIONS_MAX)? {
        let id = id_of(row)?;
        let entries = id.parse().map_or(Vec::new(), |number| to_entries(&world, from, number, to));
        if entries.is_empty() {
            errors.push(json!({
                "status": "error", "category": "OBJECT_NOT_FOUND", "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": format!("No {} is associated with {} {id}.", to.singular(), from.singular()),
                "context": {"fromObjectId": [id], "fromObjectType": [from.singular()], "toObjectType": [to.singular()]},
            }));
        } else {
            results.push(json!({"from": {"id": id}, "to": entries}));
        }
    }
    Ok(batch_answer(world.now(), results, errors))
}

async fn associations_of(State(shared): State<Shared>, Path((from, id, to)): Path<(String, String, String)>) -> Handled {
    let (from, to) = (kind_of(&from)?, kind_of(&to)?);
    let world = lock(&shared);
    let id = id.parse().ok().filter(|id| world.crm.get(from, *id).is_some()).ok_or_else(not_found)?;
    Ok(answer(200, json!({"results": to_entries(&world, from, id, to)})))
}
