//! Zendesk's incremental export of the support system's users and tickets.

pub mod records;

use crate::model::Time;
use crate::sandbox::support::records::{Ticket, User};
use crate::sandbox::wire::{Params, answer, cursor, cursor_parts, iso_seconds};
use crate::sandbox::world::{SandboxWorld, Shared, lock};
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Entries on a page at most, and unless asked for.
const PAGE_MAX: i64 = 1000;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v2/incremental/users/cursor", get(export_users))
        .route("/api/v2/incremental/users/cursor.json", get(export_users))
        .route("/api/v2/incremental/tickets/cursor", get(export_tickets))
        .route("/api/v2/incremental/tickets/cursor.json", get(export_tickets))
        .route("/api/v2/users/{id}", get(read_user))
        .route("/api/v2/tickets/{id}", get(read_ticket))
        .fallback(|| async { error(404, "InvalidEndpoint", "Not found") })
}

async fn export_users(State(shared): State<Shared>, params: Params) -> Response {
    let world = lock(&shared);
    let SandboxWorld { support, support_url, .. } = &*world;
    export(&world, "users", &params, &support.user_order, |id| support.users.get(&id).map(|u| (u.updated, user_json(u, support_url))))
}

async fn export_tickets(State(shared): State<Shared>, params: Params) -> Response {
    let world = lock(&shared);
    let SandboxWorld { support, support_url, .. } = &*world;
    let entry = |id| support.tickets.get(&id).map(|t: &Ticket| (t.updated, ticket_json(t, support_url)));
    export(&world, "tickets", &params, &support.ticket_order, entry)
}

/// An error in the vendor's form.
pub(super) fn error(status: u16, title: &str, message: &str) -> Response {
    answer(status, json!({"error": title, "description": message}))
}

/// One page of an export, from `start_time` (unix seconds) or on from a cursor. A change younger than the export's lag is not shown yet.
fn export(
    world: &SandboxWorld,
    key: &str,
    params: &Params,
    order: &BTreeMap<i64, u64>,
    entry: impl Fn(u64) -> Option<(Time, Value)>,
) -> Response {
    let size = match params.number("per_page") {
        Ok(size) => size.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX) as usize,
        Err(text) => return error(400, "InvalidValue", &format!("per_page: {text}")),
    };
    let given = params.get("cursor").filter(|c| !c.is_empty());
    let (after, since) = match (given, params.number("start_time")) {
        (Some(text), _) => match cursor_parts(world.support.epoch, text).as_deref() {
            Some([seq]) => (*seq, None),
            _ => return error(400, "InvalidCursor", "The cursor is not valid or has expired"),
        },
        (None, Ok(Some(seconds))) if world.export_lag_ms > 0 && seconds * 1000 > world.now().0 - world.export_lag_ms => {
            return error(422, "InvalidValue", "Too recent start_time. Use a start_time older than 60 seconds");
        }
        (None, Ok(Some(seconds))) => (0, Some(Time(seconds.saturating_mul(1000)))),
        _ => return error(422, "InvalidValue", "start_time is required and is in unix seconds"),
    };
    let ripe = world.now().0 - world.export_lag_ms;
    let base = world.support_url.as_str();
    let all = order.range(after + 1..).filter_map(|(seq, id)| entry(*id).map(|(at, json)| (*seq, at, json)));
    let mut entries = all.filter(|e| since.is_none_or(|s| e.1 >= s)).take_while(|e| e.1.0 <= ripe).peekable();
    let (mut records, mut last) = (Vec::new(), given.map(|_| after));
    while records.len() < size {
        let Some((seq, _, json)) = entries.next() else { break };
        records.push(json);
        last = Some(seq);
    }
    let end = entries.peek().is_none();
    let after_cursor = last.map(|seq| cursor(world.support.epoch, &[seq]));
    let url = after_cursor.as_ref().map(|c| format!("{base}/api/v2/incremental/{key}/cursor.json?cursor={}", c.replace('=', "%3D")));
    let mut body = json!({
        "after_cursor": after_cursor, "after_url": url, "before_cursor": null, "before_url": null, "end_of_stream": end,
    });
    body[key] = Value::from(records);
    answer(200, body)
}

async fn read_user(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let world = lock(&shared);
    if id.trim_end_matches(".json") == "me" {
        let me = json!({"user": {"id": 1, "name": "Sync", "email": world.keys.support_email, "role": "admin", "active": true}});
        return answer(200, me);
    }
    match id.trim_end_matches(".json").parse().ok().and_then(|id: u64| world.support.users.get(&id)) {
        Some(user) => answer(200, json!({"user": user_json(user, &world.support_url)})),
        None => error(404, "RecordNotFound", "Not found"),
    }
}

async fn read_ticket(State(shared): State<Shared>, Path(id): Path<String>) -> Response {
    let world = lock(&shared);
    match id.trim_end_matches(".json").parse().ok().and_then(|id: u64| world.support.tickets.get(&id)) {
        Some(ticket) => answer(200, json!({"ticket": ticket_json(ticket, &world.support_url)})),
        None => error(404, "RecordNotFound", "Not found"),
    }
}

fn user_json(user: &User, base: &str) -> Value {
    json!({
        "id": user.id, "url": format!("{base}/api/v2/users/{}.json", user.id), "name": user.name, "email": user.email,
        "phone": user.phone, "role": "end-user", "active": user.active, "suspended": false, "verified": true,
        "organization_id": null, "locale": "ja", "time_zone": "Tokyo", "tags": [], "notes": null, "details": null,
        "user_fields": {}, "created_at": iso_seconds(user.created), "updated_at": iso_seconds(user.updated),
    })
}

fn ticket_json(ticket: &Ticket, base: &str) -> Value {
    json!({
        "id": ticket.id, "url": format!("{base}/api/v2/tickets/{}.json", ticket.id), "subject": ticket.subject,
        "description": ticket.subject, "type": "incident", "status": ticket.status, "priority": ticket.priority,
        "requester_id": ticket.requester, "submitter_id": ticket.requester, "assignee_id": null, "organization_id": null,
        "group_id": null, "tags": [], "custom_fields": [], "via": {"channel": "web"},
        "generated_timestamp": ticket.updated.0 / 1000,
        "created_at": iso_seconds(ticket.created), "updated_at": iso_seconds(ticket.updated),
    })
}
