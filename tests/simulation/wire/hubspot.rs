//! The CRM, as HubSpot answers.

use super::site::{Ask, Reply, Site};
use super::switches::{NO_ID_CRM, Switch};
use super::{fields, history};
use crate::setup::ROWS_MAX;
use crate::truth::{Table, Way, text};
use nayose::model::{DealState, Name, Record, Time, Value};
use serde_json::{Map, Value as Json, json};

/// People of a deal that one page shows while `PeopleOverPage` is on.
const PEOPLE_PAGE: usize = 1;

pub fn answer(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let parts: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
    let table = parts.iter().find_map(|part| match *part {
        "deals" => Some(Table::CrmDeals),
        "contacts" => Some(Table::CrmPeople),
        "companies" => Some(Table::CrmCompanies),
        _ => None,
    });
    let Some(table) = table else { return Reply::no_such_path() };
    let closed = site.trouble.no_scope.contains(&table) || table == Table::CrmPeople && site.contacts_closed();
    if closed {
        return Reply::of(403, &json!({"status": "error", "category": "MISSING_SCOPES", "message": "this token lacks scopes"}));
    }
    match (ask.method.as_str(), parts.as_slice()) {
        ("GET", ["crm", "v3", "objects", _]) => list(site, ask, table),
        ("POST", ["crm", "v3", "objects", _, "search"]) => search(site, ask, table),
        ("POST", ["crm", "v3", "objects", _, "batch", "read"]) => by_ids(site, ask, table),
        ("POST", ["crm", "v3", "objects", _, "batch", "update"]) => update(site, ask, table),
        ("POST", ["crm", "v4", "associations", "deals", "contacts", "batch", "read"]) => people(site, ask),
        ("GET", ["crm", _, "objects", "deals", id, "associations", "contacts"]) => rest_of_people(site, ask, id),
        ("GET", ["crm", "v3", "objects", _, id]) => one(site, table, id),
        _ => Reply::no_such_path(),
    }
}

/// The whole list, in order of id, as it is now.
fn list(site: &mut Site<'_>, ask: &Ask, table: Table) -> Reply {
    if site.hides(table) {
        return Reply::json(&json!({"results": []}));
    }
    let after: u32 = ask.param("after").and_then(|a| a.parse().ok()).unwrap_or(0);
    let all: Vec<u32> = site.truth.living(table).into_iter().filter(|id| *id > after).collect();
    let size = site.page_size();
    let here: Vec<u32> = all.iter().copied().take(size).collect();
    let mut page = json!({"results": rows(site, table, &here, true)});
    if all.len() > here.len() {
        page["paging"] = json!({"next": {"after": here.last().map(u32::to_string)}});
    }
    Reply::json(&page)
}

/// A search over what the index shows, by place in results that move.
fn search(site: &mut Site<'_>, ask: &Ask, table: Table) -> Reply {
    let filters = ask.body["filterGroups"][0]["filters"].as_array().cloned().unwrap_or_default();
    let value = |property: &str, operator: &str| {
        let found = filters.iter().find(|f| f["propertyName"] == property && f["operator"] == operator);
        found.and_then(|f| f["value"].as_str()).and_then(|t| t.parse::<i64>().ok())
    };
    let mut all = site.searchable(table);
    let beyond = value("hs_object_id", "GT").unwrap_or(0);
    match filters.first().and_then(|f| f["propertyName"].as_str()) {
        Some("hs_is_closed") => {
            let now = site.now();
            let open = |r: &Record| r.deal.is_some_and(DealState::is_open);
            all.retain(|(_, id)| site.truth.item(table, *id).and_then(|i| i.visible(now)).is_some_and(|v| open(&v.record)));
            all.retain(|(_, id)| i64::from(*id) > beyond);
            all.sort_unstable_by_key(|(_, id)| *id);
        }
        _ => {
            if table == Table::CrmDeals && site.switches.is_on(Switch::ChangesRefused) {
                site.switches.meet(Switch::ChangesRefused);
                return Reply::of(400, &json!({"status": "error", "message": "the search cannot be carried out"}));
            }
            let stamp = if table == Table::CrmPeople { "lastmodifieddate" } else { "hs_lastmodifieddate" };
            let (since, equal) = (value(stamp, "GTE").unwrap_or(0), value(stamp, "EQ"));
            for (at, id) in &mut all {
                at.0 += site.ahead(table, *id);
            }
            all.retain(|(at, id)| match equal {
                Some(equal) => at.0 == equal && i64::from(*id) > beyond,
                None => at.0 >= since || site.trouble.no_filter,
            });
            all.sort_unstable();
        }
    }
    if site.hides(table) {
        all.clear();
    }
    let from: usize = ask.body["after"].as_str().and_then(|t| t.parse().ok()).unwrap_or(0);
    // A search gives as many as it is asked for, but never one alone: those pages cannot overlap.
    let mut size = site.page_size().max(2).min(ask.body["limit"].as_u64().map_or(usize::MAX, |limit| limit as usize));
    if site.switches.is_on(Switch::ResultsCapped) {
        if from >= ROWS_MAX {
            return Reply::of(400, &json!({"status": "error", "message": "paging beyond the results that a search shows"}));
        }
        size = size.min(ROWS_MAX - from);
        if all.len() > ROWS_MAX {
            site.switches.meet(Switch::ResultsCapped);
        }
    }
    let here: Vec<u32> = all.iter().map(|(_, id)| *id).skip(from).take(size).collect();
    let mut page = json!({"total": all.len(), "results": rows(site, table, &here, false)});
    if from + here.len() < all.len() && !here.is_empty() {
        page["paging"] = json!({"next": {"after": (from + here.len()).to_string()}});
    }
    Reply::json(&page)
}

/// `now`: as they are; else as a search shows them, without associations.
fn rows(site: &mut Site<'_>, table: Table, ids: &[u32], now: bool) -> Vec<Json> {
    let at = site.now();
    let mut rows = Vec::with_capacity(ids.len());
    for id in ids {
        let Some(item) = site.truth.item(table, *id) else { continue };
        let Some(version) = (if now { Some(item.now()) } else { item.visible(at) }) else { continue };
        let (record, stamped) = (version.record.clone(), version.stamped);
        if table == Table::CrmPeople {
            site.truth.past.show(*id, &record);
        }
        rows.push(row(site, table, *id, &record, stamped, now));
    }
    rows
}

fn row(site: &mut Site<'_>, table: Table, id: u32, record: &Record, stamped: Time, associations: bool) -> Json {
    let stamped = Time(stamped.0 + site.ahead(table, id)).rfc3339();
    let mut row = json!({"id": id.to_string(), "archived": false});
    row["properties"] = Json::Object(match table {
        Table::CrmDeals => deal(site, record, &stamped),
        Table::CrmPeople => contact(record, &stamped),
        _ => company(record, &stamped),
    });
    if associations && table == Table::CrmDeals && !record.people.is_empty() {
        let page = site.people_page();
        let shown: Vec<Json> = record.people.iter().take(page).map(|p| json!({"id": &**p, "type": "deal_to_contact"})).collect();
        let mut contacts = json!({"results": shown});
        if record.people.len() > page {
            let after = page.to_string();
            let link = format!("https://api.hubapi.com/crm/v3/objects/deals/{id}/associations/contacts?after={after}");
            contacts["paging"] = json!({"next": {"after": after, "link": link}});
        }
        row["associations"] = json!({"contacts": contacts});
    }
    if associations && table == Table::CrmPeople {
        let more = site.truth.more_accounts.get(&id).cloned().unwrap_or_default();
        let all: Vec<String> = record.account.iter().map(|a| a.to_string()).chain(more.iter().map(u32::to_string)).collect();
        if !all.is_empty() {
            let shown: Vec<Json> = all.iter().map(|a| json!({"id": a, "type": "contact_to_company"})).collect();
            row["associations"] = json!({"companies": {"results": shown}});
        }
    }
    if site.hits(Switch::RowWithoutId, table, id, NO_ID_CRM)
        && let Some(row) = row.as_object_mut()
    {
        row.remove("id");
    }
    site.odd(table, id, &mut row, "/properties/jobtitle");
    row
}

fn properties(pairs: &[(&str, Json)]) -> Map<String, Json> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.clone())).collect()
}

pub(super) fn contact(record: &Record, stamped: &str) -> Map<String, Json> {
    let mut told = fields::told(Table::CrmPeople, record);
    let more: Vec<String> = record.addresses.iter().map(ToString::to_string).collect();
    let score = record.field("score").and_then(|f| if let Value::Int(n) = f.value { Some(n.to_string()) } else { None });
    told.extend(properties(&[
        ("email", json!(record.text("email"))),
        ("firstname", json!(record.text("first_name"))),
        ("lastname", json!(record.text("last_name"))),
        ("jobtitle", json!(record.text("title"))),
        ("phone", json!(record.text("phone"))),
        ("hs_additional_emails", json!((!more.is_empty()).then(|| more.join(";")))),
        ("nayose_score", json!(score)),
        ("hs_email_optout", json!((!record.refusals.is_empty()).then_some("true"))),
        ("associatedcompanyid", json!(record.account.as_deref())),
        ("lastmodifieddate", json!(stamped)),
    ]));
    told
}

fn company(record: &Record, stamped: &str) -> Map<String, Json> {
    let text = |field: &str| json!(record.text(field));
    properties(&[("name", text("name")), ("industry", text("industry")), ("hs_lastmodifieddate", json!(stamped))])
}

fn deal(site: &mut Site<'_>, record: &Record, stamped: &str) -> Map<String, Json> {
    let amount = record.field("amount").and_then(|f| if let Value::Number(n) = f.value { Some(n) } else { None });
    let number = record.id.id.parse().unwrap_or(0);
    let amount = amount.map(|n| if site.hits(Switch::AmountWritten, Table::CrmDeals, number, 2) { written(n) } else { n.to_string() });
    let (closed, won) = match record.deal {
        Some(DealState::Won) => (Some("true"), Some("true")),
        Some(DealState::Lost) => (Some("true"), Some("false")),
        Some(DealState::Open) => (Some("false"), Some("false")),
        _ => (None, None),
    };
    properties(&[
        ("dealstage", json!(record.text("stage"))),
        ("pipeline", json!(record.text("pipeline"))),
        ("amount", json!(amount)),
        ("hs_is_closed", json!(closed)),
        ("hs_is_closed_won", json!(won)),
        ("closedate", json!(record.memory.ended_at.map(Time::rfc3339))),
        ("hs_primary_associated_company", json!(record.account.as_deref())),
        ("hs_lastmodifieddate", json!(stamped)),
    ])
}

/// As people write an amount: no digit of it is lost, and no machine reads it.
fn written(amount: f64) -> String {
    format!("約{amount}万円")
}

fn asked_ids(ask: &Ask) -> Vec<u32> {
    let inputs = ask.body["inputs"].as_array().map_or(&[][..], Vec::as_slice);
    inputs.iter().filter_map(|i| i["id"].as_str()?.parse().ok()).collect()
}

fn by_ids(site: &mut Site<'_>, ask: &Ask, table: Table) -> Reply {
    let mut found = Vec::new();
    for id in asked_ids(ask) {
        // A merged record answers with the one that it was merged into.
        let id = site.truth.merged.get(&id).copied().filter(|_| table == Table::CrmPeople).unwrap_or(id);
        if site.truth.item(table, id).is_some_and(|i| !i.deleted()) {
            found.push(id);
        }
    }
    if table == Table::CrmPeople && ask.body["propertiesWithHistory"].is_array() {
        return history::answer(site, ask, &found);
    }
    let mut rows = rows(site, table, &found, true);
    for row in &mut rows {
        if let Some(row) = row.as_object_mut() {
            row.remove("associations");
        }
    }
    Reply::json(&json!({"status": "COMPLETE", "results": rows}))
}

fn one(site: &mut Site<'_>, table: Table, id: &str) -> Reply {
    let Ok(id) = id.parse::<u32>() else { return Reply::no_such_path() };
    let id = site.truth.merged.get(&id).copied().filter(|_| table == Table::CrmPeople).unwrap_or(id);
    if site.truth.item(table, id).is_none_or(|i| i.deleted()) {
        return Reply::of(404, &json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "resource not found"}));
    }
    Reply::json(&rows(site, table, &[id], true).pop().unwrap_or(Json::Null))
}

fn update(site: &mut Site<'_>, ask: &Ask, table: Table) -> Reply {
    if site.writes_broken() {
        return Reply::of(500, &json!({"status": "error", "message": "internal error"}));
    }
    let inputs = ask.body["inputs"].as_array().cloned().unwrap_or_default();
    let gone = |site: &Site<'_>, id: Option<u32>| id.and_then(|id| site.truth.item(table, id)).is_none_or(|i| i.deleted());
    let number = |input: &Json| input["id"].as_str().and_then(|t| t.parse::<u32>().ok());
    if site.switches.is_on(Switch::BatchNotFound) && inputs.iter().any(|i| gone(site, number(i))) {
        site.switches.meet(Switch::BatchNotFound);
        site.switches.refused = true;
        return Reply::of(404, &json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "resource not found"}));
    }
    let (mut results, mut errors) = (Vec::new(), Vec::new());
    for input in &inputs {
        let said = input["id"].as_str().unwrap_or_default().to_string();
        if gone(site, number(input)) || site.refuses_row() {
            site.switches.refused = true;
            errors.push(json!({"message": "the row is locked", "context": {"ids": [said]}}));
            continue;
        }
        let now = site.now();
        let fields = input["properties"].as_object().cloned().unwrap_or_default();
        let grows = fields.contains_key("jobtitle") && site.meets(Switch::TitlesGrow, 1);
        let taken: Vec<_> = fields.iter().filter_map(|(name, value)| site.taken(table, name, value)).collect();
        let put = |record: &mut Record| {
            fields::put(record, taken, now);
            for (name, value) in &fields {
                let said = value.as_str().map(str::to_string).unwrap_or_else(|| value.to_string());
                match name.as_str() {
                    "nayose_score" => record.set(&Name::from("score"), said.parse().map_or(Value::Empty, Value::Int), now),
                    "phone" => text(record, "phone", &said, now),
                    "jobtitle" if grows => text(record, "title", &format!("{said}."), now),
                    "jobtitle" => text(record, "title", &said, now),
                    _ => {}
                }
            }
        };
        let id = number(input).unwrap_or(0);
        site.truth.change(table, id, Way::Usual, true, site.dice, put);
        results.push(json!({"id": said}));
    }
    Reply::of(if errors.is_empty() { 200 } else { 207 }, &json!({"results": results, "errors": errors}))
}

/// The people of given deals. One that is gone is missing.
fn people(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let mut results = Vec::new();
    if site.people_closed() {
        return Reply::of(500, &json!({"status": "error", "message": "internal error"}));
    }
    // Of a few deals it can be the truth that none names anybody.
    let naming = |id: &u32| site.truth.item(Table::CrmDeals, *id).is_some_and(|i| !i.deleted() && !i.record().people.is_empty());
    if asked_ids(ask).iter().filter(|id| naming(id)).count() >= 5 && site.hides(Table::CrmDeals) {
        return Reply::json(&json!({"results": []}));
    }
    let inputs = ask.body["inputs"].as_array().cloned().unwrap_or_default();
    for (id, input) in asked_ids(ask).into_iter().zip(inputs) {
        let Some(item) = site.truth.item(Table::CrmDeals, id).filter(|i| !i.deleted()) else { continue };
        let people = item.record().people.clone();
        if people.is_empty() {
            continue;
        }
        let page = site.people_page();
        let after = input["after"].as_str().and_then(|t| t.parse::<usize>().ok()).unwrap_or(0);
        let to: Vec<Json> = people.iter().skip(after).take(page).map(|p| json!({"toObjectId": p.parse::<u32>().unwrap_or(0)})).collect();
        let mut row = json!({"from": {"id": id.to_string()}, "to": to});
        if people.len() > after + page {
            row["paging"] = json!({"next": {"after": (after + page).to_string()}});
        }
        results.push(row);
    }
    Reply::json(&json!({"results": results}))
}

fn rest_of_people(site: &mut Site<'_>, ask: &Ask, id: &str) -> Reply {
    if site.people_closed() {
        return Reply::of(500, &json!({"status": "error", "message": "internal error"}));
    }
    let found = id.parse().ok().and_then(|id| site.truth.item(Table::CrmDeals, id)).filter(|i| !i.deleted());
    let Some(people) = found.map(|i| i.record().people.clone()) else { return Reply::no_such_path() };
    let after = ask.number("after").unwrap_or(0);
    let shown = people.iter().skip(after).take(PEOPLE_PAGE);
    let v4 = ask.path.starts_with("/crm/v4");
    let entry =
        |p: &str| if v4 { json!({"toObjectId": p.parse::<u32>().unwrap_or(0)}) } else { json!({"id": p, "type": "deal_to_contact"}) };
    let results: Vec<Json> = shown.map(|p| entry(p)).collect();
    let mut page = json!({"results": results});
    if people.len() > after + PEOPLE_PAGE {
        page["paging"] = json!({"next": {"after": (after + PEOPLE_PAGE).to_string()}});
    }
    Reply::json(&page)
}

impl Site<'_> {
    /// The right to read contacts is lost, and that to read deals is not.
    fn contacts_closed(&mut self) -> bool {
        // For hours at a time, at an hour that differs from history to history.
        let hour = self.truth.now.0.div_euclid(3 * 3_600_000);
        self.switches.is_on(Switch::ContactsUnreadable) && hour % 2 == 0 && self.switches.meet(Switch::ContactsUnreadable)
    }

    /// What deals are associated with cannot be asked for; what a listing of deals carries of it is shown.
    fn people_closed(&mut self) -> bool {
        let hour = self.truth.now.0.div_euclid(2 * 3_600_000);
        self.switches.is_on(Switch::PeopleUnreadable) && hour % 2 == 1 && self.switches.meet(Switch::PeopleUnreadable)
    }

    fn people_page(&mut self) -> usize {
        if self.switches.is_on(Switch::PeopleOverPage) {
            self.switches.meet(Switch::PeopleOverPage);
            return PEOPLE_PAGE;
        }
        100
    }
}
