//! The marketing system, as Marketo answers: 200 for everything, errors within.

use super::fields;
use super::site::{Ask, Reply, Site};
use super::switches::Switch;
use crate::kinds;
use crate::precedence::hands::set;
use crate::truth::{BlockBy, Event, Table, Way, text};
use nayose::model::{Mark, Name, Record, Time, Value};
use serde_json::{Value as Json, json};

const TABLE: Table = Table::MaPeople;

pub fn answer(site: &mut Site<'_>, ask: &Ask) -> Reply {
    match (ask.method.as_str(), ask.path.as_str()) {
        (_, "/identity/oauth/token") => Reply::json(&json!({"access_token": "t", "token_type": "bearer", "expires_in": 3600})),
        _ if site.trouble.no_scope.contains(&TABLE) => failed("603", "Access denied"),
        ("GET", "/rest/v1/lists/1/leads.json") => list(site, ask),
        ("GET", "/rest/v1/activities/pagingtoken.json") => {
            let since = ask.param("sinceDatetime").and_then(time).unwrap_or(Time(0));
            let feed = &site.truth.feed;
            let known = feed.partition_point(|e| e.visible <= site.truth.now);
            let from = feed[..known].iter().position(|e| e.at >= since).unwrap_or(known);
            Reply::json(&json!({"success": true, "nextPageToken": site.token(from)}))
        }
        ("GET", "/rest/v1/activities/leadchanges.json") => feed(site, ask, false),
        ("GET", "/rest/v1/activities/deletedleads.json") => feed(site, ask, true),
        ("GET", "/rest/v1/leads.json") => by_ids(site, ask),
        ("POST", "/rest/v1/leads.json") => update(site, ask),
        _ => Reply::no_such_path(),
    }
}

fn failed(code: &str, message: &str) -> Reply {
    Reply::json(&json!({"success": false, "errors": [{"code": code, "message": message}]}))
}

fn time(text: &str) -> Option<Time> {
    text.parse::<jiff::Timestamp>().ok().map(|at| Time(at.as_millisecond()))
}

impl Site<'_> {
    fn token(&self, at: usize) -> String {
        format!("i{at}e{}", self.truth.epoch)
    }
}

fn list(site: &mut Site<'_>, ask: &Ask) -> Reply {
    if site.hides(TABLE) {
        return Reply::json(&json!({"success": true, "result": []}));
    }
    let after: u32 = ask.param("nextPageToken").and_then(|t| t.strip_prefix('l')?.parse().ok()).unwrap_or(0);
    let all: Vec<u32> = site.truth.living(TABLE).into_iter().filter(|id| *id > after).collect();
    let size = site.page_size();
    let here: Vec<u32> = all.iter().copied().take(size).collect();
    if after > 0 && site.meets(Switch::ListMissing, 2) {
        return Reply::json(&json!({"success": true, "leads": []}));
    }
    let rows: Vec<Json> = here.iter().filter_map(|id| lead(site, *id)).collect();
    let mut page = json!({"success": true, "result": rows});
    if all.len() > here.len() {
        page["nextPageToken"] = json!(format!("l{}", here.last().copied().unwrap_or(0)));
    }
    Reply::json(&page)
}

/// Ids of what changed, or was deleted, in the order in which it showed.
fn feed(site: &mut Site<'_>, ask: &Ask, deleted: bool) -> Reply {
    let token = ask.param("nextPageToken").and_then(|t| t.strip_prefix('i')?.split_once('e'));
    let token = token.and_then(|(at, epoch)| Some((at.parse::<usize>().ok()?, epoch.parse::<u32>().ok()?)));
    let Some((from, epoch)) = token else { return failed("1003", "Invalid paging token") };
    if epoch != site.truth.epoch {
        return Reply::of(400, &json!({"success": false, "errors": [{"code": "1099", "message": "the token is too old"}]}));
    }
    let known = site.truth.feed.partition_point(|e| e.visible <= site.truth.now);
    let upto = (from + site.page_size()).min(known).max(from.min(known));
    let entries: Vec<Event> = site.truth.feed[from.min(upto)..upto].iter().filter(|e| e.deleted == deleted).copied().collect();
    let watched: Vec<&str> = ask.param("fields").unwrap_or_default().split(',').collect();
    let rows: Vec<Json> = entries.iter().map(|e| entry(site, e, &watched)).collect();
    let mut page = json!({"success": true, "nextPageToken": site.token(upto), "moreResult": upto < known});
    // Where nothing is to be told there is no list, as with the vendor.
    if !rows.is_empty() {
        page["result"] = Json::Array(rows);
    }
    Reply::json(&page)
}

/// What changed, from what to what, as far as it is kept.
fn entry(site: &mut Site<'_>, event: &Event, watched: &[&str]) -> Json {
    let versions = site.truth.item(TABLE, event.id).map_or(&[][..], |item| &item.versions);
    let at = versions.iter().rposition(|v| v.stamped == event.at && v.visible == event.visible).filter(|at| *at > 0 && !event.deleted);
    let rows = at.map(|at| [at - 1, at].map(|at| plain(event.id, &versions[at].record)));
    let changed = |[old, new]: &[Json; 2], name: &&str| (old[name] != new[name]).then(|| (as_text(&old[name]), as_text(&new[name])));
    let change = |(name, (old, new))| json!({"id": 1, "name": name, "oldValue": old, "newValue": new});
    let fields = rows.iter().flat_map(|rows| watched.iter().filter_map(|name| Some(change((*name, changed(rows, name)?)))));
    let fields: Vec<Json> = fields.collect();
    let date = Time(event.at.0 + site.ahead(TABLE, event.id)).rfc3339();
    json!({"id": event.id, "leadId": TABLE.shown(event.id), "activityDate": date, "fields": fields})
}

fn as_text(value: &Json) -> Json {
    match value {
        Json::Null | Json::String(_) => value.clone(),
        other => json!(other.to_string()),
    }
}

fn by_ids(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let ids: Vec<u32> = ask.param("filterValues").unwrap_or_default().split(',').filter_map(|t| TABLE.number(t)).collect();
    let rows: Vec<Json> = ids.into_iter().filter_map(|id| lead(site, id)).collect();
    Reply::json(&json!({"success": true, "result": rows}))
}

fn lead(site: &mut Site<'_>, id: u32) -> Option<Json> {
    let item = site.truth.item(TABLE, id).filter(|i| !i.deleted())?;
    let (record, stamped) = (item.record().clone(), item.now().stamped);
    let refuses = !record.refusals.is_empty();
    let mut row = plain(id, &record);
    row["updatedAt"] = json!(Time(stamped.0 + site.ahead(TABLE, id)).rfc3339());
    if refuses && site.hits(Switch::OptOutWords, TABLE, id, 1) {
        row["unsubscribed"] = json!(if id.is_multiple_of(2) { "希望しない" } else { "stop it" });
    }
    if site.switches.is_on(Switch::OptOutMissing)
        && let Some(row) = row.as_object_mut()
    {
        site.switches.meet(Switch::OptOutMissing);
        row.remove("unsubscribed");
    }
    site.odd(TABLE, id, &mut row, "/title");
    Some(row)
}

/// A lead as it is, but for when it changed.
fn plain(id: u32, record: &Record) -> Json {
    let permit = match record.mark(Mark::Permit) {
        Some(Value::Time(at)) => Some(at.rfc3339()),
        Some(Value::Text(words)) => Some(words.to_string()),
        _ => None,
    };
    let score = record.field("score").and_then(|f| if let Value::Int(n) = f.value { Some(n) } else { None });
    let mut row = json!({
        "id": TABLE.shown(id),
        "email": record.text("email"),
        "firstName": record.text("first_name"),
        "lastName": record.text("last_name"),
        "phone": record.text("phone"),
        "title": record.text("title"),
        "leadScore": score,
        "leadStatus": record.mark(Mark::Status).and_then(Value::as_text),
        "marketingSuspended": record.is_blocked(),
        "unsubscribed": !record.refusals.is_empty(),
        "ok_until": permit,
        "nayose_why": record.mark(Mark::Why).and_then(Value::as_text),
    });
    kinds::show(record, &mut row);
    for (name, value) in fields::told(TABLE, record) {
        row[name] = value;
    }
    row
}

fn update(site: &mut Site<'_>, ask: &Ask) -> Reply {
    if site.writes_broken() {
        return Reply::of(500, &json!({"success": false}));
    }
    let inputs = ask.body["input"].as_array().cloned().unwrap_or_default();
    let number = |input: &Json| TABLE.number(&input["id"].to_string()).unwrap_or(0);
    // A dead record may well be listed.
    let dead = |site: &Site<'_>, id: u32| site.switches.concerns(Switch::BatchNotFound, TABLE, id, 6);
    let gone = |site: &Site<'_>, id: u32| site.truth.item(TABLE, id).is_none_or(|i| i.deleted()) || dead(site, id);
    if site.switches.is_on(Switch::BatchNotFound) && inputs.iter().any(|i| gone(site, number(i))) {
        site.switches.meet(Switch::BatchNotFound);
        site.switches.refused = true;
        return Reply::of(404, &json!({"success": false, "errors": [{"code": "404", "message": "not found"}]}));
    }
    let mut result = Vec::new();
    for input in &inputs {
        let id = number(input);
        let skipped = |why: &str| json!({"id": TABLE.shown(id), "status": "skipped", "reasons": [{"code": "1004", "message": why}]});
        let names: Vec<&str> = input.as_object().map(|o| o.keys().map(String::as_str).collect()).unwrap_or_default();
        result.push(if gone(site, id) {
            site.switches.refused = true;
            skipped("Lead not found")
        } else if site.refuses_row() {
            skipped("the row is locked")
        } else if names.contains(&"phone") && site.hits(Switch::FieldRefused, TABLE, id, 2) {
            site.switches.refused = true;
            skipped("phone: the value is not allowed")
        } else if names.contains(&"leadStatus") && site.hits(Switch::StatusRefused, TABLE, id, 2) {
            site.switches.refused = true;
            skipped("leadStatus: the value is not allowed")
        } else if site.locked(TABLE, id) {
            site.switches.refused = true;
            skipped("the lead is unsubscribed and cannot be edited")
        } else {
            write(site, id, input);
            json!({"id": TABLE.shown(id), "status": "updated"})
        });
    }
    Reply::json(&json!({"success": true, "result": result}))
}

fn write(site: &mut Site<'_>, id: u32, input: &Json) {
    let (now, own_form) = (site.now(), site.truth.own_form);
    let taken = site.hits(Switch::BlockTakenAway, TABLE, id, 1);
    let cut = site.hits(Switch::StatusKept, TABLE, id, 1);
    for field in ["title", "phone", "birthDate", "income", "sector", "tags", "leadStatus"] {
        if !input[field].is_null() {
            site.switches.written(id, field, now);
        }
    }
    let taken_fields: Vec<_> = input.as_object().into_iter().flatten().filter_map(|(n, v)| site.taken(TABLE, n, v)).collect();
    let grows = !input["title"].is_null() && site.meets(Switch::TitlesGrow, 1);
    let mut block = None;
    let put = |record: &mut Record| {
        fields::put(record, taken_fields, now);
        for (name, value) in input.as_object().into_iter().flatten() {
            let said = value.as_str().unwrap_or_default();
            match name.as_str() {
                "phone" | "title" if own_form.is_some() => {
                    let said = Value::text(said);
                    set(record, name, own_form.map_or(said.clone(), |form| fields::in_own_form(form, name, &said)), now);
                }
                "phone" => text(record, "phone", said, now),
                "title" if grows => text(record, "title", &format!("{said}!"), now),
                "title" => text(record, "title", said, now),
                "firstName" => text(record, "first_name", said, now),
                "lastName" => text(record, "last_name", said, now),
                "leadScore" => record.set(&Name::from("score"), value.as_i64().map_or(Value::Empty, Value::Int), now),
                "leadStatus" if cut => record.set_mark(Mark::Status, Value::text(&said.chars().take(3).collect::<String>())),
                "leadStatus" => record.set_mark(Mark::Status, Value::text(said)),
                "marketingSuspended" => {
                    block = value.as_bool();
                    record.set_mark(Mark::Block, Value::Bool(block == Some(true)));
                }
                "ok_until" => record.set_mark(Mark::Permit, time(said).map_or(Value::Empty, Value::Time)),
                "nayose_why" => record.set_mark(Mark::Why, Value::text(said)),
                other => drop(kinds::take(record, other, time(said))),
            }
        }
    };
    site.truth.change(TABLE, id, Way::Usual, true, site.dice, put);
    let taken = taken && block == Some(true);
    if taken {
        // Somebody else's doing, of now.
        site.truth.change(TABLE, id, Way::Usual, false, site.dice, |record| record.set_mark(Mark::Block, Value::Bool(false)));
        site.switches.take(id, now);
    }
    if let Some(on) = block
        && let Some(item) = site.truth.item_mut(TABLE, id)
    {
        item.block_by = if on && !taken { BlockBy::Us } else { BlockBy::Nobody };
    }
}
