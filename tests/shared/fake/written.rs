//! What the played system does with writes: a field goes to where the manifest reads it from.

use super::answers::{ids, in_form};
use super::pattern::{Filled, filled};
use super::place::{all, put, shown};
use super::rows::text;
use super::{Fake, PlayedRequest, Reply, Sabotage, State, json, status};
use nayose::connector::manifest::{MarkWrite, Update, Writes};
use nayose::model::Mark;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

fn writes(fake: &Fake) -> &Writes {
    fake.manifest.writes.as_ref().unwrap()
}

/// The system's names of what is written, and where each is read.
pub fn places(fake: &Fake) -> BTreeMap<String, String> {
    let (writes, known) = (writes(fake), &fake.known);
    let record = fake.molds[&writes.stream].record();
    let fields = writes.fields.iter().map(|(ours, theirs)| (theirs.field(), record.fields[ours].path()));
    let status = writes.status.as_ref().and_then(|s| s.field.as_deref()).map(|field| (field, &*record.marks[&Mark::Status].path));
    let marks = [(&writes.block, Mark::Block), (&writes.permit, Mark::Permit), (&writes.why, Mark::Why)];
    let marks = marks.into_iter().filter_map(|(write, mark)| match write {
        Some(MarkWrite::Field { field, .. }) => Some((field.as_str(), record.marks[&mark].path.as_str())),
        _ => None,
    });
    fields.chain(status).chain(marks).map(|(name, path)| (filled(name, known), filled(path, known))).collect()
}

pub fn update(fake: &Fake, asked_for: &PlayedRequest, given: &Filled, state: &mut State) -> Reply {
    let plan = writes(fake).update.as_ref().unwrap();
    let rows = match given.get("rows") {
        Some(rows) => rows.as_array().cloned().unwrap_or_default(),
        None => vec![given["row"].clone()],
    };
    let places = places(fake);
    let mut outcomes = Vec::new();
    let spoilt = fake.does(Sabotage::AllOrNothing) && !state.refused.is_empty();
    for row in &rows {
        let id = plan.id_key.as_ref().map_or_else(|| text(&given["id"]), |key| text(&row[key]));
        let fields = plan.fields_at.as_ref().map_or(row, |at| &row[at]);
        let there = state.row_mut(&asked_for.stream, &id).is_some();
        let goes = there && !spoilt && !state.refused.contains(&id);
        if goes && !fake.does(Sabotage::DropsWrites) {
            set(fake, asked_for, &id, fields, plan, &places, state);
        }
        outcomes.push((id, goes));
    }
    let goes = outcomes.iter().all(|(_, goes)| *goes);
    match &plan.results {
        // What is not to be trusted says yes to everything.
        None if plan.confirm => json(json!([])),
        // One record a request is refused by the status.
        _ if plan.batch == 1 && !goes => status(400, "{\"message\": \"refused\"}"),
        Some(_) => json(in_form(fake, told(plan, &outcomes))),
        None if goes => json(in_form(fake, json!({}))),
        None => status(400, "{\"message\": \"refused\"}"),
    }
}

fn set(
    fake: &Fake,
    asked_for: &PlayedRequest,
    id: &str,
    fields: &Json,
    plan: &Update,
    places: &BTreeMap<String, String>,
    state: &mut State,
) {
    for (name, value) in fields.as_object().into_iter().flatten().filter(|(name, _)| Some(*name) != plan.id_key.as_ref()) {
        let Some(path) = places.get(name) else {
            state.problems.push(format!("wrote {name}, which is read nowhere"));
            continue;
        };
        let now = state.now;
        if let Some(row) = state.row_mut(&asked_for.stream, id) {
            // It says yes to an earlier word, and keeps the later one.
            let shown = shown(&row.raw, path);
            if plan.back_by_clearing.get(name).is_some_and(|order| goes_back(order, &shown, &text(value))) {
                continue;
            }
            put(&mut row.raw, path, value.clone());
            fake.molds[&asked_for.stream].touch(row, now);
        }
    }
}

/// Whether a word would take the place of a later one. Those that the manifest does not know come last here.
fn goes_back(order: &[String], shown: &str, to: &str) -> bool {
    let place = |word: &str| order.iter().position(|known| known == word).unwrap_or(order.len());
    !shown.is_empty() && !to.is_empty() && place(to) < place(shown)
}

/// A batch's answer.
fn told(plan: &Update, outcomes: &[(String, bool)]) -> Json {
    let results = plan.results.as_ref().unwrap();
    let id_json = |id: &String| if plan.id_number { json!(id.parse::<i64>().unwrap()) } else { json!(id) };
    let (mut rows, mut errors) = (Vec::new(), Vec::new());
    for (id, goes) in outcomes {
        let mut row = json!({});
        if let Some(path) = &results.id {
            put(&mut row, path, id_json(id));
        }
        if let (true, Some(test)) = (*goes, &results.applied) {
            put(&mut row, &test.path, serde_json::to_value(test.equals.as_ref().unwrap()).unwrap());
        }
        if let (false, Some(path)) = (*goes, &results.reason) {
            put(&mut row, path, json!(["refused"]));
        }
        if let (false, Some(path)) = (*goes, &results.error_ids) {
            let mut error = json!({});
            put(&mut error, path, json!([id_json(id)]));
            results.error_reason.iter().for_each(|at| put(&mut error, at, json!("refused")));
            errors.push(error);
            continue;
        }
        rows.push(row);
    }
    let mut answer = json!({});
    put(&mut answer, &results.path, Json::Array(rows));
    if let (Some(path), false) = (&results.errors, errors.is_empty()) {
        put(&mut answer, path, Json::Array(errors));
    }
    answer
}

pub fn create_label(fake: &Fake, given: &Filled, state: &mut State) -> Reply {
    let labels = writes(fake).labels.as_ref().unwrap();
    let id = format!("label{}", state.labels.len() + 1);
    state.labels.push((id.clone(), text(&given["label"])));
    let mut answer = json!({});
    put(&mut answer, &labels.created_id, json!([id]));
    json(in_form(fake, answer))
}

/// Adds a label to records, or takes it from them.
pub fn label(fake: &Fake, adds: bool, given: &Filled, state: &mut State) -> Reply {
    let (labels, stream) = (writes(fake).labels.as_ref().unwrap(), &writes(fake).stream);
    let by_id = given.get("label_id").map(text).and_then(|id| state.labels.iter().find(|(known, _)| *known == id).cloned());
    let Some(name) = by_id.map(|(_, name)| name).or_else(|| given.get("label").map(text)) else {
        return status(404, "{\"message\": \"no such label\"}");
    };
    let ids = ids(given);
    if ids.iter().any(|id| state.refused.contains(id)) {
        return status(400, "{\"message\": \"refused\"}");
    }
    let path = filled(&fake.molds[stream].record().marks[&Mark::Block].path, &fake.known);
    let mut changed = 0;
    for id in &ids {
        let Some(row) = state.row_mut(stream, id) else { continue };
        let before = all(&row.raw, &path);
        let mut names: Vec<Json> = before.iter().filter(|label| **label != *name).cloned().collect();
        if adds {
            names.push(json!(name));
        }
        changed += usize::from(names.len() != before.len());
        if fake.does(Sabotage::DropsWrites) {
            continue;
        }
        put(&mut row.raw, &path, Json::Array(names));
    }
    let mut answer = json!({});
    labels.succeeded.iter().for_each(|at| put(&mut answer, at, json!(changed)));
    json(in_form(fake, answer))
}
