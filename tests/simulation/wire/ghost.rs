//! The newsletter, as Ghost answers: numbered pages, and labels by their ids.

use super::site::{Ask, Reply, Site};
use super::switches::Switch;
use crate::truth::{Table, Way};
use nayose::model::{Record, Time};
use serde_json::{Value as Json, json};

const TABLE: Table = Table::NewsPeople;
/// The server gives so many rows a page at most, whatever it is asked for.
const PAGE_MAX: usize = 4;

pub fn answer(site: &mut Site<'_>, ask: &Ask) -> Reply {
    if site.trouble.no_scope.contains(&TABLE) {
        return Reply::of(403, &json!({"errors": [{"context": "You do not have permission"}]}));
    }
    let parts: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
    if ask.writes() && site.writes_broken() {
        return Reply::of(500, &json!({"errors": [{"context": "internal error"}]}));
    }
    match (ask.method.as_str(), parts.as_slice()) {
        ("GET", ["members"]) => members(site, ask),
        ("PUT", ["members", "bulk"]) => bulk(site, ask),
        ("PUT", ["members", id]) => edit(site, ask, id),
        ("GET", ["labels"]) => labels(site, ask),
        ("POST", ["labels"]) => new_label(site, ask),
        _ => Reply::no_such_path(),
    }
}

fn members(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let filter = ask.param("filter").unwrap_or_default();
    let by_id = filter.starts_with("id:");
    let mut all = site.truth.living(TABLE);
    if by_id {
        let ids = ids_of(filter);
        all.retain(|id| ids.contains(id));
    } else if let Some(since) = filter.strip_prefix("updated_at:>'").and_then(|t| t.strip_suffix('\'')) {
        let now = site.now();
        let stamped = |site: &Site<'_>, id: u32| site.truth.item(TABLE, id).and_then(|i| i.visible(now)).map(|v| v.stamped);
        if !site.trouble.no_filter {
            let text = |at: Time| at.rfc3339().replace('T', " ").chars().take(19).collect::<String>();
            all.retain(|id| stamped(site, *id).is_some_and(|at| text(at).as_str() > since));
        }
    }
    if !by_id && site.hides(TABLE) {
        all.clear();
    }
    let limit = ask.number("limit").unwrap_or(15).min(if by_id { 100 } else { PAGE_MAX });
    let from = (ask.number("page").unwrap_or(1).max(1) - 1) * limit;
    let here: Vec<u32> = all.iter().copied().skip(from).take(limit).collect();
    let rows: Vec<Json> = here.iter().filter_map(|id| member(site, *id)).collect();
    let mut page = json!({"members": rows, "meta": {"pagination": {"total": all.len()}}});
    if site.switches.is_on(Switch::TotalMissing) {
        site.switches.meet(Switch::TotalMissing);
        page["meta"] = json!({});
    }
    Reply::json(&page)
}

fn ids_of(filter: &str) -> Vec<u32> {
    let list = filter.split('[').nth(1).and_then(|t| t.split(']').next()).unwrap_or_default();
    list.split(',').filter_map(|t| t.trim_matches('\'').parse().ok()).collect()
}

fn member(site: &Site<'_>, id: u32) -> Option<Json> {
    let item = site.truth.item(TABLE, id)?;
    let (record, stamped) = (item.record().clone(), item.now().stamped);
    let labels = site.truth.labels_of(id).into_iter().map(|(label, name)| json!({"id": format!("L{label}"), "name": name}));
    let labels: Vec<Json> = labels.collect();
    Some(json!({
        "id": id.to_string(),
        "email": record.text("email"),
        "name": record.text("name"),
        "subscribed": record.refusals.is_empty(),
        "updated_at": stamped.rfc3339(),
        "labels": labels,
        "email_suppression": {"suppressed": false, "info": null},
    }))
}

/// A label put on members, or taken off, by its id: whether there is such a label nobody asks.
fn bulk(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let filter = ask.param("filter").unwrap_or_default().to_string();
    let action = &ask.body["bulk"];
    let label = action["meta"]["label"]["id"].as_str().and_then(|t| t.strip_prefix('L')?.parse::<u32>().ok());
    let (Some(label), adds) = (label, action["action"] == "addLabel") else {
        return Reply::of(422, &json!({"errors": [{"context": "no such label"}]}));
    };
    let not_yet = filter.contains("labels.id:-");
    let mut done = 0;
    for id in ids_of(&filter) {
        if site.truth.item(TABLE, id).is_none_or(|i| i.deleted()) || site.locked(TABLE, id) {
            site.switches.refused = true;
            continue;
        }
        // A label that is no more is seen on nobody.
        if not_yet && site.truth.labels.contains_key(&label) && site.truth.wears(id, label) {
            continue;
        }
        done += 1;
        site.truth.wear(id, label, adds, site.dice);
    }
    Reply::json(&json!({"bulk": {"meta": {"stats": {"successful": done, "unsuccessful": 0}}}}))
}

fn edit(site: &mut Site<'_>, ask: &Ask, id: &str) -> Reply {
    let Some(id) = id.parse().ok().filter(|id| site.truth.item(TABLE, *id).is_some_and(|i| !i.deleted())) else {
        site.switches.refused = true;
        return Reply::of(404, &json!({"errors": [{"context": "Member not found."}]}));
    };
    let now = site.now();
    let name = ask.body["members"][0]["name"].as_str().map(str::to_string);
    let put = |record: &mut Record| {
        if let Some(name) = &name {
            crate::truth::text(record, "name", name, now);
        }
    };
    site.truth.change(TABLE, id, Way::Usual, true, site.dice, put);
    Reply::json(&json!({"members": [{"id": id.to_string()}]}))
}

fn labels(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let all: Vec<Json> = site.truth.labels.iter().map(|(id, name)| json!({"id": format!("L{id}"), "name": name})).collect();
    let limit = ask.number("limit").unwrap_or(15).min(PAGE_MAX);
    let from = (ask.number("page").unwrap_or(1).max(1) - 1) * limit;
    let here: Vec<Json> = all.iter().skip(from).take(limit).cloned().collect();
    Reply::json(&json!({"labels": here, "meta": {"pagination": {"total": all.len()}}}))
}

fn new_label(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let name = ask.body["labels"][0]["name"].as_str().unwrap_or_default().to_string();
    if site.truth.labels.values().any(|n| *n == name) {
        return Reply::of(422, &json!({"errors": [{"context": "Label already exists"}]}));
    }
    let id = site.truth.new_label(&name);
    Reply::json(&json!({"labels": [{"id": format!("L{id}"), "name": name}]}))
}
