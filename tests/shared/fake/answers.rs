//! What the played system answers to reads: the rows that a request means, cut into pages, in the form of the examples.

use super::pattern::Filled;
use super::place::{all, put, take};
use super::rows::{Row, text, time_json, time_of};
use super::{Asked, Fake, PAGE_MAX, PlayedRequest, ROWS_MAX, Reply, Sabotage, State, Wanted, json, status};
use nayose::connector::manifest::{Page, Request, Stream, TimeFormat};
use nayose::model::Time;
use serde_json::{Value as Json, json};

/// A row's place in a listing: its time, where the listing goes by time, and its number.
type Place = (i64, usize);

pub fn read(fake: &Fake, asked_for: &PlayedRequest, asked: &Asked, filled: &Filled, state: &State) -> Reply {
    let stream = fake.manifest.streams.get(&asked_for.stream);
    match asked_for.wanted {
        Wanted::Instance => {
            let mut answer = json!({});
            put(&mut answer, &fake.manifest.instance.as_ref().unwrap().id, json!("instance-1"));
            json(in_form(fake, answer))
        }
        Wanted::PickList => pick_list(fake, &text(&filled["field"])),
        Wanted::ByIds => by_ids(fake, asked_for, filled, state),
        Wanted::People | Wanted::Accounts => lists(fake, asked_for, stream.unwrap(), filled, state),
        Wanted::FeedStart => {
            let feed = stream.unwrap().feed.as_ref().unwrap();
            let since = time_of(&text(&filled["since"]), feed.since).expect("a time in the form that the manifest names");
            let mut answer = example(fake, &asked_for.stream, "feed_start").unwrap_or(json!({}));
            put(&mut answer, &feed.token, json!(token((since.0, 0))));
            json(in_form(fake, answer))
        }
        _ => listing(fake, asked_for, asked, filled, state),
    }
}

/// The words of a field, where the manifest knows some.
fn pick_list(fake: &Fake, field: &str) -> Reply {
    let writes = fake.manifest.writes.as_ref().unwrap();
    let words = writes.update.as_ref().and_then(|u| u.back_by_clearing.get(field)).cloned().unwrap_or_default();
    let mut answer = json!({"name": field});
    put(&mut answer, &writes.pick_lists.as_ref().unwrap().words, json!(words));
    json(in_form(fake, answer))
}

/// What the manifest says that a success shows.
pub fn in_form(fake: &Fake, mut answer: Json) -> Json {
    if let Some(test) = &fake.manifest.errors.success
        && let Some(value) = &test.equals
    {
        put(&mut answer, &test.path, serde_json::to_value(value).unwrap());
    }
    answer
}

fn example(fake: &Fake, stream: &str, request: &str) -> Option<Json> {
    fake.loaded.examples.get(&format!("{stream}.{request}.answer.json")).map(|text| serde_json::from_slice(text).unwrap())
}

fn by_ids(fake: &Fake, asked_for: &PlayedRequest, filled: &Filled, state: &State) -> Reply {
    let merged = |id: &str| state.merged.get(id).filter(|_| !fake.does(Sabotage::ForgetsMerges)).cloned();
    let ids = ids(filled).into_iter().map(|id| merged(&id).unwrap_or(id));
    let found = ids.filter_map(|id| state.rows.iter().find(|r| r.stream == asked_for.stream && r.id == id));
    let found: Vec<Json> = found.map(|row| row.raw.clone()).collect();
    let path = &asked_for.request.records.as_slice()[0];
    let mut answer = json!({});
    match (asked_for.single, found.first()) {
        (true, None) => return status(404, "{}"),
        (true, Some(row)) => put(&mut answer, path, row.clone()),
        (false, _) => put(&mut answer, path, Json::Array(found)),
    }
    json(in_form(fake, answer))
}

/// The ids that a request names, in whatever form.
pub fn ids(filled: &Filled) -> Vec<String> {
    let of_text =
        |name: &str| filled.get(name).and_then(Json::as_str).map(|t| t.split(',').map(|id| id.trim_matches('\'').to_string()).collect());
    let of_list = filled.get("ids").and_then(Json::as_array).map(|ids| ids.iter().map(text).collect());
    let of_rows = filled.get("id_rows").and_then(Json::as_array).map(|rows| rows.iter().map(|row| text(&row["id"])).collect());
    of_list.or(of_rows).or(of_text("ids")).or(of_text("ids_quoted")).or(of_text("id")).unwrap_or_default()
}

/// The people of deals, or all accounts of records.
fn lists(fake: &Fake, asked_for: &PlayedRequest, stream: &Stream, filled: &Filled, state: &State) -> Reply {
    let (of, owner, ids_at) = match asked_for.wanted {
        Wanted::People => {
            let each = stream.for_each.as_ref().unwrap();
            (each.stream.as_str(), &each.deal, &each.people)
        }
        _ => {
            let all = stream.all_accounts.as_ref().unwrap();
            (asked_for.stream.as_str(), &all.record, &all.accounts)
        }
    };
    let record = fake.molds[of].record();
    let from: Vec<&String> = match asked_for.wanted {
        Wanted::People => record.people.iter().collect(),
        _ => record.account.iter().flat_map(|paths| paths.as_slice()).collect(),
    };
    let row = |id: &String| {
        let raw = &state.rows.iter().find(|r| r.stream == of && r.id == *id)?.raw;
        let found: Vec<Json> = from.iter().flat_map(|path| all(raw, path)).filter(|id| !id.is_null()).map(|id| json!(text(&id))).collect();
        let mut row = json!({});
        if !owner.is_empty() {
            put(&mut row, owner, json!(id));
        }
        put(&mut row, ids_at, Json::Array(found));
        Some(row)
    };
    let mut answer = json!({});
    put(&mut answer, &asked_for.request.records.as_slice()[0], Json::Array(ids(filled).iter().filter_map(row).collect()));
    json(in_form(fake, answer))
}

fn listing(fake: &Fake, asked_for: &PlayedRequest, asked: &Asked, filled: &Filled, state: &State) -> Reply {
    let request = &asked_for.request;
    let mut rows = meant(fake, asked_for, filled, state);
    let by_time = goes_by_time(asked_for, request);
    let place = |row: &Row| -> Place { (if by_time { row.at.0 } else { 0 }, row.seq) };
    rows.sort_by_key(place);
    if fake.does(Sabotage::SkipsRow) && rows.len() > PAGE_MAX {
        rows.remove(PAGE_MAX);
    }
    let asked_page = |name: &str| asked.query.get(name).cloned().or_else(|| asked.body.get(name).map(text));
    let number = |name: &str| asked_page(name).and_then(|n| n.parse::<usize>().ok());
    let page_max = state.short.unwrap_or(PAGE_MAX);
    let (mut from, mut size, mut begin) = (0, usize::MAX, None);
    match &request.page {
        Page::None => {}
        Page::Offset { param, size_param, size: given, rows_max, .. } => {
            (from, size) = (number(param).unwrap_or(0), number(size_param).unwrap_or(*given).min(page_max));
            if rows_max.is_some() && from + size > ROWS_MAX && from >= ROWS_MAX {
                return status(400, "{\"message\": \"behind the last row that a query gives\"}");
            }
            if rows_max.is_some() {
                size = size.min(ROWS_MAX - from);
            }
        }
        Page::Number { param, first, size_param, size: given } => {
            size = number(size_param).unwrap_or(*given).min(PAGE_MAX);
            from = (number(param).unwrap_or(*first) - first) * size;
        }
        Page::Cursor { param, .. } => {
            size = page_max;
            begin = asked_page(param).map(|token| place_of(&token));
        }
    }
    let lists = request.records.as_slice().len();
    let in_list = |list: usize| rows.iter().filter(move |r| r.seq % lists == list && begin.is_none_or(|b| place(r) > b));
    let page: Vec<Vec<&Row>> = (0..lists).map(|list| in_list(list).skip(from).take(size).collect()).collect();
    let left = (0..lists).map(|list| in_list(list).count().saturating_sub(from + size)).sum::<usize>();
    let last = page.iter().flatten().map(|row| place(row)).max().or(begin);
    let mut answer = form_of(fake, asked_for);
    for (list, path) in request.records.as_slice().iter().enumerate() {
        let rows = page[list].iter().map(|row| shown(fake, asked_for, row)).collect();
        put(&mut answer, path, Json::Array(rows));
    }
    for (list, path) in request.total.iter().flat_map(|t| t.as_slice()).enumerate() {
        put(&mut answer, path, json!(rows.iter().filter(|r| r.seq % lists == list).count()));
    }
    if let Page::Cursor { next, more, done, resumes, .. } = &request.page {
        match last.filter(|_| left > 0 || *resumes || more.is_some() || done.is_some()) {
            Some(last) => put(&mut answer, next, json!(token(last))),
            None => take(&mut answer, next),
        }
        more.iter().for_each(|path| put(&mut answer, path, json!(left > 0)));
        done.iter().for_each(|path| put(&mut answer, path, json!(left == 0)));
    }
    json(in_form(fake, answer))
}

/// A listing whose cursor goes on for ever, or that is asked on from its last row's time, is in the order of changes.
fn goes_by_time(asked_for: &PlayedRequest, request: &Request) -> bool {
    let capped = matches!(request.page, Page::Offset { rows_max: Some(_), .. } | Page::Cursor { rows_max: Some(_), .. });
    let for_ever = matches!(&request.page, Page::Cursor { resumes, done, .. } if *resumes || done.is_some());
    for_ever || matches!(asked_for.wanted, Wanted::Feed | Wanted::Deleted) || asked_for.wanted == Wanted::Changes && capped
}

/// The rows that a listing means.
fn meant(fake: &Fake, asked_for: &PlayedRequest, filled: &Filled, state: &State) -> Vec<Row> {
    let stream = &fake.manifest.streams[&asked_for.stream];
    let format = stream.changes.as_ref().map_or(TimeFormat::Rfc3339, |c| c.since);
    let since = filled.get("since").map(text);
    let after_id: Option<u64> = filled.get("after_id").and_then(|id| text(id).parse().ok());
    if asked_for.wanted == Wanted::Deleted {
        let row = |(seq, (_, id, at)): (usize, &(String, String, Time))| Row {
            stream: String::new(),
            id: id.clone(),
            raw: Json::Null,
            at: *at,
            seq: seq + 1,
        };
        return state.deleted.iter().filter(|(of, ..)| *of == asked_for.stream).enumerate().map(|(i, d)| row((i, d))).collect();
    }
    let fits = |row: &&Row| match asked_for.wanted {
        Wanted::Changes if state.ignores_filter => true,
        _ if fake.does(Sabotage::IgnoresFilter) => true,
        Wanted::Changes => since.as_deref().and_then(|t| time_of(t, format)).is_none_or(|since| row.at >= since),
        Wanted::SameTime => since.as_deref() == Some(&*text(&time_json(row.at, format))),
        Wanted::Open => fake.molds[&asked_for.stream].state(&row.raw).as_deref() == Some("open"),
        _ => true,
    };
    let behind = |row: &&Row| after_id.is_none_or(|after| row.id.parse::<u64>().is_ok_and(|id| id > after));
    state.rows.iter().filter(|row| row.stream == asked_for.stream).filter(fits).filter(behind).cloned().collect()
}

/// A row as the listing shows it: of feeds, an entry that names it.
fn shown(fake: &Fake, asked_for: &PlayedRequest, row: &Row) -> Json {
    if !matches!(asked_for.wanted, Wanted::Feed | Wanted::Deleted) {
        return row.raw.clone();
    }
    let feed = fake.manifest.streams[&asked_for.stream].feed.as_ref().unwrap();
    let name = if asked_for.wanted == Wanted::Feed { "feed" } else { "deleted" };
    let records = &asked_for.request.records.as_slice()[0];
    let entry = example(fake, &asked_for.stream, name).and_then(|answer| all(&answer, records).first()?.get(0).cloned());
    let mut entry = entry.unwrap_or(json!({}));
    let id = if all(&entry, &feed.id).iter().any(Json::is_number) { json!(row.id.parse::<u64>().unwrap()) } else { json!(row.id) };
    put(&mut entry, &feed.id, id);
    entry
}

/// What stands around the rows.
fn form_of(fake: &Fake, asked_for: &PlayedRequest) -> Json {
    let name = asked_for.name.split_once('.').map_or("", |(_, name)| name);
    let of_sweep = || example(fake, &asked_for.stream, "sweep").filter(|_| asked_for.wanted != Wanted::Deleted);
    example(fake, &asked_for.stream, name).or_else(of_sweep).unwrap_or(json!({}))
}

/// The labels that there are.
pub fn labels(fake: &Fake, asked_for: &PlayedRequest, asked: &Asked, state: &State) -> Reply {
    let labels = fake.manifest.writes.as_ref().and_then(|w| w.labels.as_ref()).unwrap();
    let row = |(i, (id, name)): (usize, &(String, String))| {
        let mut raw = json!({});
        put(&mut raw, &labels.find_id, json!(id));
        put(&mut raw, &labels.find_name, json!(name));
        Row { stream: asked_for.stream.clone(), id: id.clone(), raw, at: Time(0), seq: i + 1 }
    };
    let rows = state.labels.iter().enumerate().map(row).collect();
    let of_labels = State { rows, ..State::default() };
    listing(fake, asked_for, asked, &Filled::new(), &of_labels)
}

fn token((at, seq): Place) -> String {
    format!("k{at}.{seq}")
}

fn place_of(token: &str) -> Place {
    let place = token.strip_prefix('k').and_then(|t| t.split_once('.')).and_then(|(at, seq)| Some((at.parse().ok()?, seq.parse().ok()?)));
    place.unwrap_or_else(|| panic!("{token:?} is no cursor that was given"))
}
