//! `nayose connector try`: a system's answers as they are, before anything is approved.

use super::args::Common;
use super::pick_lists::{PickListsTold, pick_lists};
use super::record::{BY_ID, Recorder};
use super::unmapped::unmapped;
use super::{Exit, open, output};
use crate::config::{SecretsWanted, System};
use crate::connector::examples;
use crate::connector::{Connector, Lane, PageRead, StreamInfo, UnknownCode};
use crate::engine::answers::marks_in_words::{MarksInWords, in_words};
use crate::engine::target::Allowed;
use crate::model::{Entity, Name, Record, RecordId, ShortText, counted};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::path::Path;

/// Records of each stream that are shown.
const SHOWN: usize = 3;

/// What was found in one stream.
struct StreamTried {
    json: Json,
    failed: bool,
    /// The first records: one of them could be read back.
    first: Vec<RecordId>,
}

/// `record`: the folder in which the answers are kept.
pub async fn try_system(common: &Common, system: &str, record: Option<&Path>) -> Exit {
    let config = match open::config_with(SecretsWanted::Of(system), common) {
        Ok(config) => config,
        Err(error) => return open::refused(common, &error),
    };
    let Some(table) = config.rules.system(system) else {
        let known: Vec<&str> = config.rules.systems.iter().map(|s| &**s.name()).collect();
        return common.end(Exit::Refused, &format!("systems.toml has no system {system:?}; it has {}", known.join(", ")));
    };
    let recorder = match record.map(|folder| Recorder::new(folder, table, &config.network)).transpose() {
        Ok(recorder) => recorder,
        Err(why) => return common.end(Exit::Refused, &why),
    };
    let connectors = match open::connectors(&config, std::slice::from_ref(table), &open::clock()) {
        Ok(connectors) => connectors,
        Err(error) => return open::refused(common, &error),
    };
    let Some(plain) = connectors.get(table.name()) else { return Exit::Refused };
    let lists = pick_lists(plain.as_ref(), table, &config.rules);
    let connector = recorder.as_ref().map_or(plain.as_ref(), |recorder| &recorder.connector);
    tell(common, table, connector, recorder.as_ref(), lists).await
}

/// Reads the first pages and shows them, and what the system's own lists say; what a recorder is to keep is asked for and written at the end.
async fn tell(
    common: &Common,
    table: &System,
    connector: &dyn Connector,
    recorder: Option<&Recorder>,
    lists: impl Future<Output = PickListsTold>,
) -> Exit {
    let mut exit = Exit::Done;
    let mut streams = Vec::new();
    let mut first = None;
    let mut seen = BTreeMap::new();
    for info in connector.streams() {
        if info.carried_by.is_some() || info.for_each.is_some() {
            continue;
        }
        let tried = try_stream(common, connector, table, info).await;
        if tried.failed {
            exit = Exit::Failures;
        }
        if connector.abilities().stream.as_ref() == Some(&info.name) {
            first = tried.first.first().cloned();
        }
        seen.insert(info.name.clone(), tried.first.into_iter().map(|record| record.id).collect());
        streams.push(tried.json);
    }
    // What a person carries over is looked at in the next export, and never by its id.
    let back = match first.as_ref().filter(|_| connector.abilities().by_hand.is_none()) {
        Some(record) => read_back_told(common, connector, table, record).await,
        None => Json::Null,
    };
    if back["unsure"] == true || back["error"].is_string() {
        exit = Exit::Failures;
    }
    let lists = lists.await;
    if lists.failed {
        exit = Exit::Failures;
    }
    let edits = edits(table);
    let notes = connector.notes();
    let recorded = match recorder {
        Some(recorder) => recorder.keep(&seen).await,
        None => Ok(Json::Null),
    };
    let recorded = recorded.unwrap_or_else(|why| {
        exit = Exit::Failures;
        output::problem_line(&why);
        json!({ "error": why })
    });
    if common.json {
        output::json(
            &json!({ "system": table.name(), "streams": streams, "read_back": back, "pick_lists": lists.json, "edits": edits.json, "notes": notes, "recorded": recorded }),
        );
    } else {
        lists.lines.iter().for_each(|line| output::problem_line(line));
        notes.iter().for_each(|note| output::line(note));
        edits.lines.iter().for_each(|line| output::line(line));
        if let (Some(folder), Some(files)) = (recorded["folder"].as_str(), recorded["exchanges"].as_u64()) {
            output::line(&format!(
                "{} kept in {folder}; look at it before you hand it on, and play it by `nayose connector test --replay {folder}`",
                counted(files as usize, "answer is", "answers are")
            ));
        }
    }
    exit
}

/// What a system tells of edits.
struct EditsTold {
    lines: Vec<String>,
    json: Json,
}

fn edits(system: &System) -> EditsTold {
    let history: Vec<&str> = system.manifest.fields_with_history().map(|field| &**field).collect();
    let feed: Vec<&str> = system.manifest.fields_told_by_feed().map(|field| &**field).collect();
    let asked: Vec<&str> = system.settings.edits.history.iter().map(|field| &**field).collect();
    let tells_editors = system.manifest.tells_editors();
    let name = system.name();
    let mut lines = Vec::new();
    if !history.is_empty() {
        let of = goes_by(&asked, &history, "asked for", "nothing of it is asked for");
        lines.push(format!("{name} tells when these fields of a person changed: {} ({of})", history.join(", ")));
    }
    if !feed.is_empty() {
        let of = goes_by(&asked, &feed, "it counts for", "it counts for none");
        let fields = feed.join(", ");
        lines.push(format!("{name} tells by its feed when these fields of a person change, from the first reading on: {fields} ({of})"));
    }
    if tells_editors {
        lines.push(format!("{name} tells who edits its records: `relays` names users whose edits are copies"));
    }
    EditsTold { lines, json: json!({ "history": history, "feed": feed, "asked": asked, "tells_editors": tells_editors }) }
}

/// For which fields of those that are told some rule goes by it.
fn goes_by(asked: &[&str], told: &[&str], so: &str, none: &str) -> String {
    let asked: Vec<&str> = told.iter().copied().filter(|field| asked.contains(field)).collect();
    if asked.is_empty() {
        return format!("no rule goes by it, and {none}");
    }
    format!("{so} {}, as their rules go by age or by who edits", asked.join(", "))
}

/// The first page of a stream, and what of it an admin should know.
async fn try_stream(common: &Common, connector: &dyn Connector, table: &System, info: &StreamInfo) -> StreamTried {
    let (system, stream) = (connector.system(), &info.name);
    let page = match connector.first_page(stream).await {
        Ok(page) => page,
        Err(error) => {
            let error = error.of_stream(stream);
            output::problem_line(&format!("{system}.{stream}: {error}"));
            let json = json!({ "stream": &**stream, "records": [], "missing": [], "error": error });
            return StreamTried { json, failed: true, first: Vec::new() };
        }
    };
    let became = examples::page_json(&page);
    for row in &page.unread {
        let who = row.id.as_ref().map_or_else(|| row.row.to_string(), ToString::to_string);
        output::problem_line(&format!("{system}.{stream}: a row cannot be read as a record: {who}: {}", row.why));
    }
    let missing: Vec<(&str, bool)> = page.shown.missing(&info.watched).filter(|f| !f.lacked).map(|f| (f.name(), f.always)).collect();
    let refusals: Vec<&str> = page.shown.missing(&info.watched).filter(|f| !f.lacked && f.shows_refusals()).map(|f| f.name()).collect();
    if !common.json {
        tell_page(connector, info, &page, &became);
        for (field, always) in &missing {
            let said = if *always { ", which the system always shows; has the token lost a scope?" } else { "" };
            let no = if refusals.contains(field) { " Nobody's refusal there can be seen." } else { "" };
            let rows = page.shown.rows;
            output::line(&format!(
                "  not shown: none of {rows} records has {field}{said}{no} If this account has none: lacks = [{field:?}] in [systems.{system}]"
            ));
        }
        for field in info.watched.iter().filter(|f| f.lacked) {
            output::line(&format!("  systems.toml says that this account has no {}", field.name()));
        }
    }
    let records = records(&page);
    let unread = unread_words(&records);
    if let (Some(told), false) = (&unread, common.json) {
        output::line(&format!(
            "  opt-out fields show what is neither yes nor no: {told}; say what it means by refusal_words in [systems.{system}]"
        ));
    }
    let left_out = left_out(&records);
    for (field, shown) in left_out.iter().filter(|_| !common.json) {
        output::line(&format!(
            "  {field} is in {shown} of {} records; if the system leaves out what is empty, say leaves_out_empty = true in the record of this stream, in the connector's manifest: else a value that somebody clears there counts on",
            records.len()
        ));
    }
    let codes = unknown_codes(&page.unknown_codes);
    for (field, told) in codes.iter().filter(|_| !common.json) {
        output::line(&format!("  {field} holds codes that its map does not know: {told}; add them to the map in the connector's manifest"));
    }
    let unmapped = unmapped(table, stream, &page.unmapped);
    unmapped.lines.iter().filter(|_| !common.json).for_each(|line| output::line(line));
    let names: Vec<&str> = missing.iter().map(|(field, _)| *field).collect();
    let json = json!({ "stream": &**stream, "records": became, "missing": names, "left_out": left_out, "unread_words": unread, "unknown_codes": codes, "unmapped": unmapped.json, "error": null });
    let first = records.iter().take(BY_ID).map(|r| r.id.clone()).collect();
    StreamTried { json, failed: missing.iter().any(|(_, always)| *always) || !page.unread.is_empty(), first }
}

fn tell_page(connector: &dyn Connector, info: &StreamInfo, page: &PageRead, became: &Json) {
    let records = match became {
        Json::Object(parts) => parts.get("records").unwrap_or(&Json::Null),
        list => list,
    };
    output::line(&format!("{}.{}: {} on the first page", connector.system(), info.name, counted(page.observed.len(), "record", "records")));
    for record in records.as_array().into_iter().flatten().take(SHOWN) {
        output::line(&format!("  {record}"));
    }
    for q in &page.quarantined {
        output::line(&format!("  {}", q.told(connector.system(), &info.name)));
    }
}

fn records(page: &PageRead) -> Vec<&Record> {
    use crate::connector::Observed;
    let records = page.observed.iter().filter_map(|o| match o {
        Observed::Record { record, .. } => Some(&**record),
        _ => None,
    });
    records.collect()
}

/// The words in opt-out fields that mean nothing to us, and how often each stands there.
fn unread_words(records: &[&Record]) -> Option<String> {
    let mut words: BTreeMap<&ShortText, usize> = BTreeMap::new();
    for word in records.iter().flat_map(|r| &r.unread_refusals) {
        *words.entry(word).or_default() += 1;
    }
    (!words.is_empty()).then(|| told(&words))
}

/// The fields of persons that some records show and others do not, and how many do.
fn left_out(records: &[&Record]) -> BTreeMap<String, usize> {
    let mut shown: BTreeMap<String, usize> = BTreeMap::new();
    let people: Vec<&&Record> = records.iter().filter(|record| record.id.entity == Entity::Person).collect();
    for field in people.iter().flat_map(|record| &record.fields) {
        *shown.entry(field.name.to_string()).or_default() += 1;
    }
    shown.retain(|_, count| *count < people.len());
    shown
}

/// By field, the codes that no map knows, and how often each stands there.
fn unknown_codes(codes: &[UnknownCode]) -> BTreeMap<String, String> {
    let mut fields: BTreeMap<&Name, BTreeMap<&ShortText, usize>> = BTreeMap::new();
    for UnknownCode { field, code, .. } in codes {
        *fields.entry(field).or_default().entry(code).or_default() += 1;
    }
    fields.into_iter().map(|(field, counts)| (field.to_string(), told(&counts))).collect()
}

/// Texts and how often each stands there.
fn told(counts: &BTreeMap<&ShortText, usize>) -> String {
    counts.iter().map(|(text, count)| format!("{text:?} ({count})")).collect::<Vec<_>>().join(", ")
}

/// Reads one record as it is read after a write, and shows its marks.
async fn read_back_told(common: &Common, connector: &dyn Connector, system: &System, record: &RecordId) -> Json {
    match read_back(connector, system, record).await {
        Ok(marks) => {
            if !common.json {
                output::line(&format!("{record}, read by its id, as nayose looks at a record that it has written: {}", marks.text));
            }
            json!({ "record": record.to_string(), "shows": marks.text, "unsure": marks.unsure })
        }
        Err(why) => {
            output::problem_line(&why);
            json!({ "record": record.to_string(), "error": why })
        }
    }
}

async fn read_back(connector: &dyn Connector, system: &System, record: &RecordId) -> Result<MarksInWords, String> {
    let shown = connector.read_back(std::slice::from_ref(&record.id), Lane::Read).await.map_err(|e| e.to_string())?;
    let allowed = Allowed::by(system, connector.abilities());
    match shown.first() {
        Some(shown) => Ok(in_words(shown, &allowed, connector.abilities())),
        None => Err(format!("{record}: the listing shows it, and reading it back by its id shows nothing: no write could be looked at")),
    }
}
