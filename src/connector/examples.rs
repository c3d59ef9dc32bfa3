//! A connector proves itself: recorded answers lie beside its manifest with the records they must become.
//!
//! `examples/STREAM.REQUEST.answer.json` goes with `examples/STREAM.REQUEST.records.json`; REQUEST is `sweep`, `changes`, `open`, `read`
//! (by id), `feed`, `deleted`, `for_each` or `field_history`. The second holds `{"records": [..], "quarantined": [..]}`, or just the list of records.
//! The system bears the manifest's name; settings have their examples' or defaults' values.

use crate::connector::manifest::load::LoadedManifest;
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{Manifest, MarkWrite, Request, Stream};
use crate::connector::map::feed_changes::{EntryReader, LastChanges};
use crate::connector::map::history::HistoryReader;
use crate::connector::map::{Carries, Mapper};
use crate::connector::port::{Observed, PageRead, SettingValue, SystemSettings};
use crate::connector::raw::json::{self, Document};
use crate::connector::raw::paths::Path;
use crate::connector::raw::scalars::id_of;
use crate::connector::rest::reading::streams::writes_to;
use crate::model::{Editor, Entity, Name, Record, RecordId, RefusalScope, Time, Value};
use serde_json::{Map, Value as Json, json};
use std::collections::BTreeMap;

/// When the answers of examples were read: 2026-11-21T09:00:00Z.
const READ_AT: Time = Time(1_795_251_600_000);

/// What running a connector's examples showed.
#[derive(Debug, Clone)]
pub struct Report {
    pub connector: String,
    pub examples: Vec<Example>,
    /// Streams without a single example.
    pub untested: Vec<String>,
}

/// One pair of files.
#[derive(Debug, Clone)]
pub struct Example {
    /// `STREAM.REQUEST`
    pub name: String,
    /// What is not as expected, in words; empty when all is well.
    pub problems: Vec<String>,
    /// What the answer became.
    pub became: Json,
}

impl Report {
    pub fn passed(&self) -> bool {
        !self.examples.is_empty() && self.examples.iter().all(|e| e.problems.is_empty())
    }
}

/// The settings that examples run with.
pub fn example_settings(manifest: &Manifest) -> SystemSettings {
    let value = |s: &crate::connector::manifest::Setting| SettingValue::Plain(s.example.clone().unwrap_or_else(|| "example".to_string()));
    let needed = |s: &crate::connector::manifest::Setting| s.example.is_some() || s.default.is_none() && !s.optional;
    let settings = manifest.settings.iter().filter(|(_, s)| needed(s)).map(|(name, s)| (name.clone(), value(s))).collect();
    let writes = manifest.writes.as_ref();
    let named = |mark: Option<&MarkWrite>, name: &str| mark.map(|_| name.to_string());
    SystemSettings {
        name: manifest.name.as_str().into(),
        settings,
        permits: BTreeMap::new(),
        permit: named(writes.and_then(|w| w.permit.as_ref()), "nayose_ok_until"),
        why: named(writes.and_then(|w| w.why.as_ref()), "nayose_why"),
        time_zone: None,
        refusal_words: BTreeMap::new(),
        status_words: BTreeMap::new(),
        lacks: Vec::new(),
        edits: Default::default(),
        lists: None,
    }
}

/// Runs every example of a connector.
pub fn run(loaded: &LoadedManifest) -> Report {
    let manifest = &loaded.manifest;
    let mut examples = Vec::new();
    for (file, answer) in &loaded.examples {
        let Some(name) = file.strip_suffix(".answer.json") else { continue };
        let expected = loaded.examples.get(&format!("{name}.records.json"));
        let (became, mut problems) = match became_with(manifest, &example_settings(manifest), name, answer) {
            Ok(became) => (became, Vec::new()),
            Err(why) => (Json::Null, vec![why]),
        };
        match expected.map(|e| serde_json::from_slice::<Json>(e)) {
            None => problems.push(format!("{name}.records.json is missing")),
            Some(Err(e)) => problems.push(format!("{name}.records.json: {e}")),
            Some(Ok(expected)) if problems.is_empty() => compare(&expected, &became, &mut problems),
            Some(Ok(_)) => {}
        }
        examples.push(Example { name: name.to_string(), problems, became });
    }
    for file in loaded.examples.keys() {
        if let Some(name) = file.strip_suffix(".records.json").filter(|n| !loaded.examples.contains_key(&format!("{n}.answer.json"))) {
            let problems = vec![format!("{name}.answer.json is missing")];
            examples.push(Example { name: name.to_string(), problems, became: Json::Null });
        }
    }
    let tested = |stream: &str| examples.iter().any(|e| e.name.split('.').next() == Some(stream));
    let read = manifest.streams.iter().filter(|(name, s)| s.carried_by.is_none() && !tested(name));
    Report { connector: manifest.name.clone(), untested: read.map(|(name, _)| name.clone()).collect(), examples }
}

/// What an answer becomes, in the form of `records.json`, in a system that is set up so.
pub fn became_with(manifest: &Manifest, given: &SystemSettings, name: &str, answer: &[u8]) -> Result<Json, String> {
    let (stream_name, request_name) = name.split_once('.').ok_or("an example is named STREAM.REQUEST.answer.json")?;
    let stream = manifest.streams.get(stream_name).ok_or_else(|| format!("there is no stream {stream_name:?}"))?;
    let request =
        request(manifest, stream_name, stream, request_name).ok_or_else(|| format!("{stream_name} has no request {request_name:?}"))?;
    let answer = Document::parse(answer).map_err(|e| format!("the answer is no JSON: {e}"))?;
    let mut rows = Vec::new();
    for path in request.records.as_slice() {
        let path = Path::parse(path).map_err(|e| e.to_string())?;
        match path.records(answer.root()) {
            Some(list) => rows.extend(list),
            None if request.leaves_out_empty && path.is_absent(answer.root()) => {}
            None => return Err(format!("there is no list at {path}")),
        }
    }
    for path in request.total.iter().flat_map(crate::connector::manifest::Paths::as_slice) {
        // A null is told to whoever may not see all.
        let total = Path::parse(path).map_err(|e| e.to_string())?.first(answer.root());
        if !total.is_some_and(|t| t.is_null() || crate::connector::raw::scalars::int_of(t).is_some()) {
            return Err(format!("`total` names {path:?}, where this answer has no number"));
        }
    }
    let system: Name = manifest.name.as_str().into();
    if let (Some(each), "for_each") = (&stream.for_each, request_name) {
        let (deal, people) = (Path::parse(&each.deal).map_err(|e| e.to_string())?, Path::parse(&each.people).map_err(|e| e.to_string())?);
        return Ok(json!(rows.iter().map(|row| deal_people(&system, row, &deal, &people)).collect::<Vec<_>>()));
    }
    let feed = stream.feed.as_ref().filter(|_| matches!(request_name, "feed" | "deleted"));
    let told = feed.and_then(|feed| feed.tells.as_ref()).filter(|_| request_name == "feed");
    if let (Some(feed), None) = (feed, told) {
        let id = Path::parse(&feed.id).map_err(|e| e.to_string())?;
        return Ok(json!(rows.iter().map(|row| id.first(row).and_then(id_of)).collect::<Vec<_>>()));
    }
    let map = stream.record.as_ref().ok_or("the stream has no record")?;
    let mut given = given.clone();
    // Of a record a listing shows who edited it; of fields only their history does.
    given.edits.editors = true;
    given.edits.history = manifest.fields_with_history().chain(manifest.fields_told_by_feed()).cloned().collect();
    let settings = Settings::resolve(manifest, &given).map_err(|p| p.join("; "))?;
    let mapper = Mapper::new(&system, stream.entity, map, writes_to(manifest, stream_name), &settings)?;
    if let (Some(history), "field_history") = (&stream.field_history, request_name) {
        let reader = HistoryReader::new(history, &mapper, settings.edits(), &settings.zone)?.map(|(reader, _)| reader);
        return Ok(json!(rows.iter().map(|row| reader.as_ref().map(|reader| history_json(&system, reader, row))).collect::<Vec<_>>()));
    }
    if let (Some(feed), Some(tells)) = (feed, told) {
        let id = Path::parse(&feed.id).map_err(|e| e.to_string())?;
        let reader = EntryReader::new(tells, &mapper, settings.edits(), &settings.zone)?;
        return Ok(json!(rows.iter().map(|row| entry_json(&system, &id, reader.as_ref(), row)).collect::<Vec<_>>()));
    }
    let mut page = PageRead::default();
    for row in &rows {
        mapper.map(row, READ_AT, Carries::of(request), &mut page);
    }
    Ok(page_json(&page))
}

fn request<'m>(manifest: &'m Manifest, stream_name: &str, stream: &'m Stream, name: &str) -> Option<&'m Request> {
    match name {
        "sweep" => stream.sweep.as_ref(),
        "changes" => stream.changes.as_ref().map(|c| &c.request),
        "open" => stream.open.as_ref(),
        "by_id" => stream.by_id.as_ref().map(|b| &b.request),
        "field_history" => stream.field_history.as_ref().map(|h| &h.request),
        "for_each" => stream.for_each.as_ref().map(|e| &e.request),
        "feed" => stream.feed.as_ref().map(|f| &f.request),
        "deleted" => stream.feed.as_ref().and_then(|f| f.deleted.as_ref()),
        "read" => {
            let back = manifest.writes.as_ref().filter(|w| w.stream == stream_name).map(|w| &w.read);
            stream.feed.as_ref().map(|f| &f.read).or(back)
        }
        _ => None,
    }
}

fn deal_people(system: &Name, row: &json::Json<'_>, deal: &Path, people: &Path) -> Json {
    let mut ids: Vec<String> = Vec::new();
    people.entries(row, &mut |v| ids.extend(id_of(v).map(|id| id.into_owned())));
    ids.sort();
    ids.dedup();
    let deal = deal.first(row).and_then(id_of).map(|id| RecordId::new(system.clone(), Entity::Deal, &*id).to_string());
    json!({"record": deal, "people": ids})
}

/// A page as `records.json` shows it.
pub fn page_json(page: &PageRead) -> Json {
    let records: Vec<Json> = page.observed.iter().map(observed_json).collect();
    let quarantined: Vec<Json> = page
        .quarantined
        .iter()
        .map(|q| json!({"record": q.record.as_ref().map(RecordId::to_string), "field": q.field, "why": q.why}))
        .collect();
    if quarantined.is_empty() { json!(records) } else { json!({"records": records, "quarantined": quarantined}) }
}

fn observed_json(observed: &Observed) -> Json {
    match observed {
        Observed::Record { record, .. } => record_json(record),
        Observed::Deleted(id) => json!({"record": id.to_string(), "deleted": true}),
        Observed::NotFound(id) => json!({"record": id.to_string(), "found": false}),
        Observed::Merged { from, into } => json!({"record": from.to_string(), "merged": into}),
        Observed::DealPeople { deal, people } => json!({"record": deal.to_string(), "people": people}),
    }
}

/// A record as plain JSON; what is empty is left out.
pub fn record_json(record: &Record) -> Json {
    let mut out = Map::new();
    out.insert("record".into(), json!(record.id.to_string()));
    let fields: Map<String, Json> = record.fields.iter().map(|f| (f.name.to_string(), f.value.to_json())).collect();
    let marks: Map<String, Json> = record.marks.iter().map(|(m, v)| (m.name().to_string(), v.to_json())).collect();
    let refusals: Vec<String> = record
        .refusals
        .iter()
        .map(|r| match r {
            RefusalScope::All => "all".to_string(),
            RefusalScope::Topic(topic) => format!("topic:{topic}"),
        })
        .collect();
    let same_as: Vec<String> = record.same_as.iter().map(RecordId::to_string).collect();
    let addresses: Vec<&str> = record.addresses.iter().map(|a| a.as_str()).collect();
    let parts = [
        ("fields", Json::Object(fields)),
        ("marks", Json::Object(marks)),
        ("refusals", json!(refusals)),
        ("unread_refusals", json!(record.unread_refusals)),
        ("same_as", json!(same_as)),
        ("account", json!(record.account)),
        ("more_accounts", json!(record.more_accounts)),
        ("people", json!(record.people)),
        ("addresses", json!(addresses)),
        ("has_unread_address", record.has_unread_address.then_some(json!(true)).unwrap_or_default()),
        ("deal", json!(record.deal.map(|d| d.name()))),
        ("ticket", json!(record.ticket.map(|t| t.name()))),
        ("edited_by", record.edited_by.as_ref().map(editor_json).unwrap_or_default()),
        ("changed_at", json!(record.changed_at.map(Time::rfc3339))),
        ("ended_at", json!(record.memory.ended_at.map(Time::rfc3339))),
    ];
    for (key, value) in parts {
        let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(Map::is_empty);
        if !empty {
            out.insert(key.into(), value);
        }
    }
    Json::Object(out)
}

/// The last change of each field in a row.
fn history_json(system: &Name, reader: &HistoryReader, row: &json::Json<'_>) -> Json {
    let record = reader.id(row).map(|id| RecordId::new(system.clone(), Entity::Person, &*id).to_string());
    let change = |(name, value, at, by): (Name, Option<Value>, Time, Option<Editor>)| {
        let (value, by) = (value.map(|value| value.to_json()), by.as_ref().map(editor_json));
        (name.to_string(), json!({"value": value, "at": at.rfc3339(), "by": by}))
    };
    json!({"record": record, "changes": reader.last_changes(row).into_iter().map(change).collect::<Map<_, _>>()})
}

/// What one entry of a feed tells.
fn entry_json(system: &Name, id: &Path, reader: Option<&EntryReader>, entry: &json::Json<'_>) -> Json {
    let mut told = LastChanges::default();
    let id = id.first(entry).and_then(id_of);
    let id = id.as_deref().unwrap_or_default();
    if let Some(reader) = reader {
        reader.note(id, entry, &mut told);
    }
    let change = |(name, value, at, by): (&Name, Option<&Value>, Option<Time>, Option<&Editor>)| {
        let (value, at) = (value.map(Value::to_json), at.map(Time::rfc3339));
        (name.to_string(), json!({"value": value, "at": at, "by": by.map(editor_json)}))
    };
    let changes: Map<String, Json> = told.of(id).map(change).collect();
    json!({"record": RecordId::new(system.clone(), Entity::Person, id).to_string(), "changes": changes})
}

/// Who made a change: "person", the relay, or the file that it stands in.
pub fn editor_json(editor: &Editor) -> Json {
    match editor {
        Editor::Person => json!("person"),
        Editor::Relay(name) => json!({ "relay": name }),
        Editor::InFile(file) => json!({ "file": file }),
    }
}

/// Says where two forms of `records.json` differ. Of what is quarantined, only record and field are compared: words may change.
fn compare(expected: &Json, became: &Json, problems: &mut Vec<String>) {
    let parts = |v: &Json| match v {
        Json::Object(map) if map.contains_key("records") => (map["records"].clone(), map.get("quarantined").cloned().unwrap_or(json!([]))),
        list => (list.clone(), json!([])),
    };
    let ((expected, expected_out), (became, became_out)) = (parts(expected), parts(became));
    list_compare("records", &expected, &became, problems);
    let place = |v: &Json| json!(v.as_array().into_iter().flatten().map(|q| json!([q["record"], q["field"]])).collect::<Vec<_>>());
    list_compare("quarantined", &place(&expected_out), &place(&became_out), problems);
}

/// Of what came beyond what is expected so many are shown.
const SHOWN_MAX: usize = 20;

fn list_compare(what: &str, expected: &Json, became: &Json, problems: &mut Vec<String>) {
    let (Some(want), Some(got)) = (expected.as_array(), became.as_array()) else {
        return problems.push(format!("{what} is not a list"));
    };
    if want.len() != got.len() {
        problems.push(format!("{what}: {} expected, {} came", want.len(), got.len()));
    }
    for (i, (want, got)) in want.iter().zip(got).enumerate() {
        difference(&format!("{what}[{i}]"), want, got, problems);
    }
    for (i, got) in got.iter().enumerate().skip(want.len()).take(SHOWN_MAX) {
        problems.push(format!("{what}[{i}] is not expected: {got}"));
    }
}

fn difference(at: &str, want: &Json, got: &Json, problems: &mut Vec<String>) {
    match (want, got) {
        (Json::Object(w), Json::Object(g)) => {
            for key in w.keys().chain(g.keys().filter(|k| !w.contains_key(*k))) {
                difference(&format!("{at}.{key}"), w.get(key).unwrap_or(&Json::Null), g.get(key).unwrap_or(&Json::Null), problems);
            }
        }
        _ if want != got => problems.push(format!("{at}: {want} expected, {got} came")),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::manifest::load;

    /// The problems of a listing whose answers should say how many records there are.
    fn problems(total: &str, answer: &Json) -> Vec<String> {
        let text = format!(
            "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = {{ kind = 'none' }}
            [streams.s]\nentity = 'person'\nsweep = {{ path = '/', records = 'r', total = {total} }}\nrecord = {{ id = 'id' }}\n"
        );
        let manifest = load::parse("t", "t.toml", &text).unwrap();
        let files = [("s.sweep.answer.json", answer.to_string()), ("s.sweep.records.json", json!([{"record": "t:person:1"}]).to_string())];
        let examples = files.into_iter().map(|(file, text)| (file.to_string(), text.into_bytes())).collect();
        let mut report = run(&LoadedManifest { manifest, hash: String::new(), examples });
        assert_eq!(report.passed(), report.examples[0].problems.is_empty());
        report.examples.remove(0).problems
    }

    /// A path that is not there took the check of completeness away, and nobody was told.
    #[test]
    fn a_total_that_an_answer_does_not_have_is_a_problem() {
        let answer = |more: Json| {
            let mut answer = json!({"r": [{"id": 1}]});
            answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            answer
        };
        for fine in [json!({"count": 1}), json!({"count": "1"}), json!({"count": null})] {
            assert_eq!(problems("'count'", &answer(fine.clone())), [""; 0], "{fine}");
        }
        for wrong in [json!({}), json!({"total": 1}), json!({"count": "many"}), json!({"count": {}})] {
            let told = problems("'count'", &answer(wrong.clone()));
            assert_eq!(told, ["`total` names \"count\", where this answer has no number"], "{wrong}");
        }
        let two = answer(json!({"open": {"n": 1}}));
        assert_eq!(problems("['open.n', 'shut.n']", &two), ["`total` names \"shut.n\", where this answer has no number"]);
    }
}
