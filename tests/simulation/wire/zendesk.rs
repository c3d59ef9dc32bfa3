//! The desk, as Zendesk exports: by time of change, from a cursor on, without the last minute.

use super::site::{Ask, Reply, Site};
use super::switches::{NO_ID_SUPPORT, Switch};
use super::words;
use crate::truth::Table;
use nayose::model::{Record, TicketState, Time};
use serde_json::{Value as Json, json};

/// How far behind its present an export ends.
const EXPORT_TRAILS_MS: i64 = 60_000;

pub fn answer(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let parts: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
    let (table, list) = match parts.get(2).copied() {
        Some("incremental") if parts.get(3) == Some(&"tickets") => (Table::SupportTickets, "tickets"),
        Some("incremental") => (Table::SupportPeople, "users"),
        Some("users" | "tickets") if ask.method == "GET" => return one(site, &parts),
        _ => return Reply::no_such_path(),
    };
    if site.trouble.no_scope.contains(&table) {
        return Reply::of(403, &json!({"error": "Forbidden", "description": "You do not have access to this page"}));
    }
    let cursor = ask.param("cursor").map(place);
    if cursor.is_some_and(|place| place.is_none_or(|(_, _, epoch)| epoch != site.truth.epoch)) {
        let status = if site.truth.epoch.is_multiple_of(2) { 400 } else { 422 };
        return Reply::of(status, &json!({"error": "InvalidPaginationParameter", "description": "the cursor is too old"}));
    }
    let since = ask.param("start_time").and_then(|t| t.parse::<i64>().ok()).unwrap_or(0) * 1000 - site.switches.clock_of(site.system);
    let from = cursor.flatten().map_or((Time(since), 0), |(at, id, _)| (at, id));
    let until = Time(site.now().0 - EXPORT_TRAILS_MS);
    let mut all: Vec<(Time, u32)> = site.truth.table(table).iter().map(|(id, i)| (i.now().stamped, *id)).collect();
    all.retain(|at| *at > from && at.0 <= until);
    all.sort_unstable();
    let size = site.page_size();
    let here: Vec<(Time, u32)> = all.iter().copied().take(size).collect();
    let (at, id) = here.last().copied().unwrap_or(from);
    let rows: Vec<Json> = here.iter().filter_map(|(_, id)| row(site, table, *id)).collect();
    Reply::json(
        &json!({list: rows, "after_cursor": format!("{}.{id}.{}", at.0, site.truth.epoch), "end_of_stream": all.len() <= here.len()}),
    )
}

fn place(cursor: &str) -> Option<(Time, u32, u32)> {
    let mut parts = cursor.split('.');
    Some((Time(parts.next()?.parse().ok()?), parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn one(site: &mut Site<'_>, parts: &[&str]) -> Reply {
    let table = if parts[2] == "users" { Table::SupportPeople } else { Table::SupportTickets };
    let id = parts.get(3).and_then(|t| t.trim_end_matches(".json").parse().ok()).unwrap_or(0);
    let living = site.truth.item(table, id).is_some_and(|i| !i.deleted());
    match row(site, table, id).filter(|_| living && !site.trouble.no_scope.contains(&table)) {
        Some(row) => Reply::json(&json!({if table == Table::SupportPeople { "user" } else { "ticket" }: row})),
        None => Reply::of(404, &json!({"error": "RecordNotFound", "description": "Not found"})),
    }
}

fn row(site: &mut Site<'_>, table: Table, id: u32) -> Option<Json> {
    let item = site.truth.item(table, id)?;
    let (record, deleted, stamped) = (item.record().clone(), item.deleted(), item.now().stamped);
    // By its own clock, as it is now.
    let updated = Time(stamped.0 + site.ahead(table, id) + site.switches.clock_of(site.system)).rfc3339();
    let mut row = if table == Table::SupportTickets { ticket(&record, deleted) } else { user(&record, deleted) };
    row["id"] = json!(id);
    row["updated_at"] = json!(updated);
    if site.hits(Switch::RowWithoutId, table, id, NO_ID_SUPPORT)
        && let Some(row) = row.as_object_mut()
    {
        row.remove("id");
        if id.is_multiple_of(2) {
            // Nor who asked.
            row.remove("requester_id");
        }
    }
    site.odd(table, id, &mut row, "/phone");
    Some(row)
}

fn ticket(record: &Record, deleted: bool) -> Json {
    let status = match record.ticket {
        _ if deleted => "deleted",
        Some(TicketState::Closed) => "solved",
        _ => "open",
    };
    let requester = record.people.first().and_then(|p| p.parse::<u32>().ok());
    json!({"status": status, "priority": record.text("priority"), "requester_id": requester})
}

fn user(record: &Record, deleted: bool) -> Json {
    let birth = record.field("birth").map(|f| &f.value).filter(|v| !v.is_empty()).map(ToString::to_string);
    let mut row = json!({
        "email": record.text("email"),
        "name": record.text("name"),
        "phone": record.text("phone"),
        "birth": birth,
        "active": !deleted,
    });
    for (name, value) in words::told(Table::SupportPeople, record) {
        row[name] = value;
    }
    row
}
