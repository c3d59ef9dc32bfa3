//! A mailer made for the simulation: an inverted flag is its block, and its pages by offset tell no total.

use super::site::{Ask, Reply, Site};
use super::switches::Switch;
use crate::truth::{BlockBy, Table, Way, text};
use nayose::model::{Mark, Record, Value};
use serde_json::{Value as Json, json};

const TABLE: Table = Table::NewsPeople;

pub fn answer(site: &mut Site<'_>, ask: &Ask) -> Reply {
    site.switches.meet(Switch::InvertedBlock);
    if site.trouble.no_scope.contains(&TABLE) {
        return Reply::of(403, &json!({"message": "not allowed"}));
    }
    if ask.writes() && site.writes_broken() {
        return Reply::of(500, &json!({"message": "internal error"}));
    }
    let parts: Vec<&str> = ask.path.trim_matches('/').split('/').collect();
    match (ask.method.as_str(), parts.as_slice()) {
        ("GET", ["people"]) => people(site, ask),
        ("GET", ["people", id]) => one(site, id),
        ("GET", ["staff"]) => staff(site, ask),
        ("PATCH", ["people", id]) => edit(site, ask, id),
        _ => Reply::no_such_path(),
    }
}

fn people(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let all = site.truth.living(TABLE);
    if site.hides(TABLE) {
        return Reply::json(&json!({"people": []}));
    }
    let from = ask.number("offset").unwrap_or(0);
    let all = if from > 0 { after_one_leaves(site, all) } else { all };
    // Rows that may not be seen are taken out after the page was cut.
    let mut places = Vec::with_capacity(all.len());
    for id in all {
        places.push(Some(id));
        if site.hits(Switch::ShortPages, TABLE, id, 3) {
            places.push(None);
        }
    }
    let limit = ask.number("limit").unwrap_or(3).min(3);
    let rows: Vec<Json> = places.iter().skip(from).take(limit).flatten().filter_map(|id| person(site, *id)).collect();
    Reply::json(&json!({"people": rows}))
}

/// One member, who was asked for by id.
fn one(site: &mut Site<'_>, id: &str) -> Reply {
    let Some(mut row) = id.parse().ok().and_then(|id| person(site, id)) else {
        return Reply::of(404, &json!({"message": "nobody"}));
    };
    if site.switches.is_on(Switch::ReadBackWithoutId)
        && let Some(row) = row.as_object_mut()
    {
        site.switches.meet(Switch::ReadBackWithoutId);
        row.remove("id");
    }
    Reply::json(&row)
}

/// The first member is deleted while the list is read, and another comes at its end.
fn after_one_leaves(site: &mut Site<'_>, all: Vec<u32>) -> Vec<u32> {
    let Some(first) = all.first().copied().filter(|_| all.len() > 4) else { return all };
    if !site.meets(Switch::RowsLeave, 3) {
        return all;
    }
    site.truth.delete(TABLE, first, site.dice);
    let human = site.dice.below(crate::world::HUMANS.len()) as u32;
    crate::world::person(site.truth, TABLE, human, site.dice);
    site.truth.living(TABLE)
}

/// Others, whose ids are those of members.
fn staff(site: &mut Site<'_>, ask: &Ask) -> Reply {
    let overlaps = site.switches.is_on(Switch::IdsOverlap);
    let members =
        site.truth.living(TABLE).into_iter().filter(|id| overlaps && id.is_multiple_of(3) && site.switches.members_known.contains(id));
    let from = ask.number("offset").unwrap_or(0);
    let here: Vec<u32> = members.skip(from).take(ask.number("limit").unwrap_or(3).min(3)).collect();
    if !here.is_empty() {
        site.switches.meet(Switch::IdsOverlap);
    }
    let rows: Vec<Json> =
        here.iter().map(|id| json!({"id": id, "mail": format!("staff.{id}@news.example"), "name": format!("Staff {id}")})).collect();
    Reply::json(&json!({"staff": rows}))
}

impl Site<'_> {
    /// Others hold this record, and say so by a value of their own.
    fn third(&mut self, id: u32) -> bool {
        let theirs = self.truth.item(TABLE, id).is_some_and(|i| i.block_by == BlockBy::Marketer);
        theirs && self.switches.is_on(Switch::ThirdValue) && self.switches.meet(Switch::ThirdValue)
    }
}

fn person(site: &mut Site<'_>, id: u32) -> Option<Json> {
    let record = site.truth.item(TABLE, id).filter(|i| !i.deleted())?.record().clone();
    let accepts = if record.is_blocked() && site.third(id) { json!("legal") } else { json!(!record.is_blocked()) };
    Some(json!({
        "id": id,
        "mail": record.text("email"),
        "name": record.text("name"),
        "accepts_marketing": accepts,
        "no_mail": !record.refusals.is_empty(),
        "stage": record.mark(Mark::Status).and_then(Value::as_text),
    }))
}

fn edit(site: &mut Site<'_>, ask: &Ask, id: &str) -> Reply {
    let Some(id) = id.parse().ok().filter(|id| site.truth.item(TABLE, *id).is_some_and(|i| !i.deleted())) else {
        site.switches.refused = true;
        return Reply::of(404, &json!({"message": "nobody"}));
    };
    if site.refuses_row() || site.locked(TABLE, id) {
        site.switches.refused = true;
        return Reply::of(409, &json!({"message": "the record is locked"}));
    }
    let now = site.now();
    let accepts = ask.body["accepts_marketing"].as_bool();
    if accepts == Some(true) && site.third(id) {
        site.switches.repeated.get_or_insert(format!("news:person:{id}: a block that others wrote by a third value is lifted"));
    }
    let put = |record: &mut Record| {
        if let Some(accepts) = accepts {
            record.set_mark(Mark::Block, Value::Bool(!accepts));
        }
        if let Some(stage) = ask.body["stage"].as_str() {
            record.set_mark(Mark::Status, Value::text(stage));
        }
        if let Some(name) = ask.body["name"].as_str() {
            text(record, "name", name, now);
        }
    };
    site.truth.change(TABLE, id, Way::Usual, true, site.dice, put);
    let theirs = site.third(id);
    if let (Some(accepts), Some(item)) = (accepts, site.truth.item_mut(TABLE, id))
        && !theirs
    {
        item.block_by = if accepts { BlockBy::Nobody } else { BlockBy::Us };
    }
    Reply::json(&json!({"id": id}))
}
