//! What an answer can lack, and what can stand in it that should not.

use super::switches::{Switch, lists, must_list};
use super::traffic::{Chance, Marred};
use crate::fake::pattern::filled;
use crate::fake::place::{all, put, take};
use crate::fake::rows::text;
use crate::fake::{Fake, PlayedRequest, Reply, Wanted};
use nayose::connector::manifest::Page;
use nayose::model::Entity;
use serde_json::{Value as Json, json};

/// How an answer is told that lacks its list.
pub const NO_LIST: &str = "without a list";

/// Spoils a success in what is switched on and shows this time; says how.
pub fn spoil(fake: &Fake, meant: &PlayedRequest, goes_on: bool, reply: &mut Reply, chance: &mut Chance<'_>) -> Vec<&'static str> {
    let mut said = Vec::new();
    let Ok(mut answer) = serde_json::from_str::<Json>(&reply.2) else { return said };
    let names_records = lists(meant) || meant.wanted == Wanted::ByIds;
    let Some(id_path) = id_path(fake, meant).filter(|_| names_records) else { return said };
    if matches!(meant.request.page, Page::Cursor { .. }) && matches!(meant.wanted, Wanted::Sweep | Wanted::Changes) {
        said.extend(repeat_a_row(meant, goes_on, &mut answer, chance));
    }
    said.extend(mar_rows(fake, meant, &id_path, &mut answer, chance));
    if let Some(total) = &meant.request.total
        && chance.meets(Switch::TotalMissing, 6)
    {
        total.as_slice().iter().for_each(|path| take(&mut answer, path));
        said.push("without a total");
    }
    if must_list(meant) && chance.meets(Switch::ListMissing, 12) {
        meant.request.records.as_slice().iter().for_each(|path| take(&mut answer, path));
        said.push(NO_LIST);
    }
    reply.2 = answer.to_string();
    said
}

/// The last row of the page before stands on this one, too.
fn repeat_a_row(meant: &PlayedRequest, goes_on: bool, answer: &mut Json, chance: &mut Chance<'_>) -> Option<&'static str> {
    let last = lists_in(answer, meant).last().and_then(|rows| rows.last().cloned());
    let before = chance.traffic.last_rows.get(&meant.name).cloned().filter(|_| goes_on);
    chance.traffic.last_rows.extend(last.map(|last| (meant.name.clone(), last)));
    let (before, rows) = (before?, lists_in(answer, meant).into_iter().next()?);
    if !chance.meets(Switch::RowTwice, 4) {
        return None;
    }
    rows.insert(0, before);
    Some("with a row twice")
}

/// A row begins to be marred, and each that is marred shows it.
fn mar_rows(fake: &Fake, meant: &PlayedRequest, id_path: &str, answer: &mut Json, chance: &mut Chance<'_>) -> Option<&'static str> {
    let places = places(fake, meant);
    let rows: Vec<&mut Json> = lists_in(answer, meant).into_iter().flatten().collect();
    let now = chance.now;
    chance.traffic.marred.retain(|_, marred| marred.until >= now);
    let chosen = rows.get(chance.dice.below(rows.len())).map(|row| row_key(meant, row, id_path));
    if let Some(key) = chosen {
        let (path, value) = if chance.meets(Switch::RowWithoutId, 10) {
            (Some(id_path.to_string()), Json::Null)
        } else if !places.is_empty() && chance.meets(Switch::OddType, 10) {
            (chance.dice.pick(&places).cloned(), json!({"is": "odd"}))
        } else {
            (None, Json::Null)
        };
        let until = chance.a_while();
        if path.as_ref().is_some_and(|path| hides(fake, meant, path, id_path)) {
            chance.faults.hidden.insert(key.1.clone(), until);
        }
        chance.traffic.marred.extend(path.map(|path| (key, Marred { path, value, until })));
    }
    let mut said = None;
    for row in rows {
        if let Some(marred) = chance.traffic.marred.get(&row_key(meant, row, id_path)) {
            put(row, &marred.path, marred.value.clone());
            if must_be_told(fake, meant, &marred.path, id_path, row) {
                chance.traffic.heard.marred(&marred.path);
            }
            said = Some("with a marred row");
        }
    }
    said
}

/// Whether a row without this value is no record, or one of nobody knows whom: that is told. Of a mark or a time the record is taken as if it
/// might be either way.
fn must_be_told(fake: &Fake, meant: &PlayedRequest, path: &str, id_path: &str, row: &Json) -> bool {
    let Some(molds) = fake.molds.get(&meant.stream) else { return false };
    let record = molds.record();
    let is_email = record.fields.get("email").is_some_and(|email| filled(email.path(), &fake.known) == path);
    path == id_path || !molds.is_deleted(row) && (is_email || record.people.as_deref() == Some(path))
}

/// Whether nobody can read without this value who a record is, or whom it names.
fn hides(fake: &Fake, meant: &PlayedRequest, path: &str, id_path: &str) -> bool {
    let Some(record) = fake.molds.get(&meant.stream).map(|molds| molds.record()) else { return false };
    let is_email = record.fields.get("email").is_some_and(|email| filled(email.path(), &fake.known) == path);
    let is_person = fake.manifest.streams[&meant.stream].entity == Entity::Person;
    is_person && (is_email || path == id_path) || record.people.as_deref() == Some(path)
}

/// What a row is known by: entries of feeds are not the records that they name.
fn row_key(meant: &PlayedRequest, row: &Json, id_path: &str) -> (String, String) {
    let kind = if matches!(meant.wanted, Wanted::Feed | Wanted::Deleted) { "feed of " } else { "" };
    (format!("{kind}{}", meant.stream), all(row, id_path).first().map(text).unwrap_or_default())
}

/// Where rows of a request have their id.
fn id_path(fake: &Fake, meant: &PlayedRequest) -> Option<String> {
    match meant.wanted {
        Wanted::Feed | Wanted::Deleted => Some(fake.manifest.streams.get(&meant.stream)?.feed.as_ref()?.id.clone()),
        _ => Some(fake.molds.get(&meant.stream)?.record().id.clone()),
    }
}

/// Places whose values decide something.
fn places(fake: &Fake, meant: &PlayedRequest) -> Vec<String> {
    if matches!(meant.wanted, Wanted::Feed | Wanted::Deleted) {
        return Vec::new();
    }
    let Some(record) = fake.molds.get(&meant.stream).map(|molds| molds.record()) else { return Vec::new() };
    let tests = record.state.iter().map(|rule| &rule.when.path).chain(record.refusals.iter().map(|rule| &rule.when.path));
    let fields = ["email", "priority"].iter().filter_map(|name| record.fields.get(*name)).map(|field| field.path().to_string());
    let times = record.changed_at.iter().map(|at| at.parts().0.to_string());
    let marks = record.marks.values().map(|mark| mark.path.clone());
    let all = tests.cloned().chain(fields).chain(times).chain(marks).chain(record.people.clone());
    all.map(|path| filled(&path, &fake.known)).filter(|path| !path.is_empty() && !path.contains('[')).collect()
}

/// The lists of rows in an answer.
fn lists_in<'a>(answer: &'a mut Json, meant: &PlayedRequest) -> Vec<&'a mut Vec<Json>> {
    let paths: Vec<&str> = meant.request.records.as_slice().iter().map(String::as_str).collect();
    lists_at(answer, &paths)
}

fn lists_at<'a>(answer: &'a mut Json, paths: &[&str]) -> Vec<&'a mut Vec<Json>> {
    match answer {
        Json::Array(rows) if paths.contains(&"") => vec![rows],
        Json::Object(map) => {
            let mut found = Vec::new();
            for (key, value) in map.iter_mut() {
                let rest: Vec<&str> = paths.iter().filter_map(|path| below(path, key)).collect();
                if !rest.is_empty() {
                    found.extend(lists_at(value, &rest));
                }
            }
            found
        }
        _ => Vec::new(),
    }
}

/// A path as it goes on below a key.
fn below<'p>(path: &'p str, key: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(key)?;
    rest.strip_prefix('.').or(rest.is_empty().then_some(""))
}

/// Ids of the rows that a list shows.
pub fn ids_in(fake: &Fake, meant: &PlayedRequest, body: &str) -> Vec<String> {
    let Some(path) = id_path(fake, meant).filter(|_| !matches!(meant.wanted, Wanted::Feed | Wanted::Deleted)) else { return Vec::new() };
    let Ok(mut answer) = serde_json::from_str::<Json>(body) else { return Vec::new() };
    let rows = lists_in(&mut answer, meant).into_iter().flatten();
    rows.flat_map(|row| all(row, &path)).filter(|id| !id.is_null()).map(|id| text(&id)).collect()
}

/// What a system says of a cursor that it does not know any more.
pub fn cursor_lost(fake: &Fake) -> Reply {
    error(fake, &fake.manifest.errors.cursor_lost_codes).unwrap_or(Reply(400, Vec::new(), "{}".to_string()))
}

/// An error that the body tells, by the first of these codes. `None`: there is none, or bodies tell none.
pub fn error(fake: &Fake, codes: &[String]) -> Option<Reply> {
    let errors = &fake.manifest.errors;
    let (code, at, success) = (codes.first()?, errors.code.as_ref()?, errors.success.as_ref()?);
    let mut body = json!({});
    put(&mut body, &success.path, json!(false));
    put(&mut body, at, if at.contains("[]") { json!([code]) } else { json!(code) });
    Some(Reply(200, Vec::new(), body.to_string()))
}
