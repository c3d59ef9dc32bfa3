//! Lists that are longer than they look: short pages, totals, lists inside a row, caps of a query.

use crate::server::*;
use nayose::connector::{Error, Observed, Pass};
use nayose::model::Time;
use serde_json::{Value, json};

const RECORD: &str = "[streams.s.record]\nid = 'id'\nchanged_at = { path = 'at', format = 'unix_s' }\nfields = { email = 'email' }\n";

fn rows(ids: impl IntoIterator<Item = usize>) -> Value {
    ids.into_iter().map(|i| json!({"id": i, "at": 1_700_000_000 + i, "email": format!("p{i}@b.example")})).collect()
}

fn sorted(read: &Read) -> Vec<String> {
    let mut ids: Vec<String> = read.ids();
    ids.sort_by_key(|id| id.parse::<usize>().unwrap());
    ids.dedup();
    ids
}

fn sweep(request: &str) -> String {
    format!("[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/'\nrecords = 'r'\n{request}\n{RECORD}")
}

/// A row that may not be seen is taken out of a page after the page was cut.
#[tokio::test]
async fn a_short_page_without_a_total_is_not_the_last() {
    let server = Server::start(|asked, _| {
        let page = asked.number("page") - 1;
        let cut = (0..9).skip(page * 3).take(3).filter(|id| *id != 4);
        json(json!({"r": rows(cut), "total": null}))
    })
    .await;
    let page = "page = { kind = 'number', param = 'page', first = 1, size_param = 'n', size = 3 }";
    for total in ["", "total = 'total'\n"] {
        let read = read(&server.connector(&sweep(&format!("{total}{page}"))), "s", Pass::Sweep).await;
        assert_eq!(sorted(&read), ["0", "1", "2", "3", "5", "6", "7", "8"], "{total}");
        assert!(read.complete(), "{:?}", read.end);
    }
}

#[tokio::test]
async fn a_total_that_is_not_where_the_manifest_says_is_told() {
    let server = Server::start(|_, _| json(json!({"r": rows(0..2), "count": 2}))).await;
    let end = read(&server.connector(&sweep("total = 'meta.total'")), "s", Pass::Sweep).await.end.unwrap();
    assert!(
        !end.complete && end.incomplete_because.as_ref().is_some_and(|w| w.contains("meta.total, which is not in the answer")),
        "{end:?}"
    );
    assert!(read(&server.connector(&sweep("total = 'count'")), "s", Pass::Sweep).await.complete());
}

#[tokio::test]
async fn a_list_that_is_not_there_is_empty_only_where_the_manifest_says_so() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/none" => status(204, ""),
        _ => json(json!({"success": true})),
    })
    .await;
    let errors = "[errors]\nsuccess = { path = 'success', equals = true }\n";
    let end = read(&server.connector(&format!("{errors}{}", sweep(""))), "s", Pass::Sweep).await.end;
    assert!(matches!(&end, Err(Error::NotUnderstood { why, .. }) if why.contains("no list at r")), "{end:?}");
    assert!(read(&server.connector(&format!("{errors}{}", sweep("leaves_out_empty = true"))), "s", Pass::Sweep).await.complete());
    // A list that is there and is none is not an absent one.
    let wrong = Server::start(|_, _| json(json!({"r": "oops"}))).await;
    assert!(read(&wrong.connector(&sweep("leaves_out_empty = true")), "s", Pass::Sweep).await.end.is_err());
    let none = format!("[streams.s]\nentity = 'person'\nsweep = {{ path = '/none', records = 'r' }}\n{RECORD}");
    assert!(read(&server.connector(&none), "s", Pass::Sweep).await.complete());
}

const PEOPLE: &str = "[streams.d]\nentity = 'deal'\nsweep = { path = '/d', records = 'r', carries_people = true }
    [streams.d.record]\nid = 'id'\npeople = 'people[]'\npeople_more = 'next'\nmore = ['other.next']\nstate = [{ is = 'open', when = { path = 'x', empty = true } }]
    [streams.dp]\nentity = 'deal_person'\ncarried_by = 'd'\n";

const BY_ROWS: &str = "[streams.dp.for_each]\nstream = 'd'\nchunk = 2\ndeal = 'deal'\npeople = 'to[]'\nmore = 'next'\nmore_param = 'after'
    request = { method = 'POST', path = '/p', body = { inputs = '{id_rows}' }, records = 'r' }\n";

const ONE_BY_ONE: &str = "[streams.dp.for_each]\nstream = 'd'\nchunk = 1\ndeal = ''\npeople = 'to[]'\nmore = 'next'\nmore_param = 'after'
    request = { path = '/p/{id}' }\n";

/// Deal 1 has five people, three of which are shown at a time; deal 2 has one.
fn people(deal: &str, after: Option<&str>) -> Value {
    let all: &[u32] = if deal == "1" { &[11, 12, 13, 14, 15] } else { &[21] };
    let from: usize = after.map_or(0, |a| a.parse().unwrap());
    let to = (from + 3).min(all.len());
    json!({"deal": deal, "to": all[from..to], "next": if to < all.len() { json!(to.to_string()) } else { json!(null) }})
}

#[tokio::test]
async fn people_beyond_the_first_page_of_an_association_are_followed_to_the_end() {
    let server = Server::start(|asked, _| match asked.path.strip_prefix("/p/") {
        Some(deal) => json(people(deal, asked.query.get("after").map(|a| &**a))),
        None => {
            let inputs = asked.body["inputs"].as_array().unwrap();
            json(json!({"r": inputs.iter().map(|i| people(i["id"].as_str().unwrap(), i["after"].as_str())).collect::<Vec<_>>()}))
        }
    })
    .await;
    for (each, requests) in [(BY_ROWS, 2), (ONE_BY_ONE, 3)] {
        let read = read(&server.connector(&format!("{PEOPLE}{each}")), "dp", Pass::ForEach(vec!["1".into(), "2".into()])).await;
        let told: Vec<String> = read
            .pages
            .iter()
            .flat_map(|p| &p.observed)
            .map(|o| match o {
                Observed::DealPeople { deal, people } => format!("{} {}", deal.id, people.join(",")),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["1 11,12,13,14,15", "2 21"], "{each}");
        assert!(read.complete());
        assert_eq!(read.end.unwrap().requests, requests);
    }
}

#[tokio::test]
async fn a_list_inside_a_row_that_is_cut_short_is_asked_for_or_leaves_the_pass_unproved() {
    let server = Server::start(|asked, n| {
        let other = if asked.query.contains_key("x") || n >= 2 { json!({"next": "abc"}) } else { json!(null) };
        json(json!({"r": [{"id": 1, "people": [11, 12], "next": "k"}, {"id": 2, "people": [21], "next": null, "other": other}]}))
    })
    .await;
    let told = |read: &Read| -> Vec<bool> {
        let observed = read.pages.iter().flat_map(|p| &p.observed);
        observed.map(|o| matches!(o, Observed::Record { people_told: true, .. })).collect()
    };
    // Another stream tells the rest.
    let followed = read(&server.connector(&format!("{PEOPLE}{BY_ROWS}")), "d", Pass::Sweep).await;
    assert_eq!(told(&followed), [false, true]);
    assert!(followed.complete());
    // Nothing does.
    let alone = read(&server.connector(PEOPLE), "d", Pass::Sweep).await;
    assert_eq!(told(&alone), [false, true]);
    let end = alone.end.unwrap();
    assert!(!end.complete && end.incomplete_because.as_ref().is_some_and(|w| w.contains("1 shows a part of a list only")), "{end:?}");
    // A list that no request follows.
    let end = read(&server.connector(&format!("{PEOPLE}{BY_ROWS}")), "d", Pass::Sweep).await.end.unwrap();
    assert!(!end.complete && end.incomplete_because.as_ref().is_some_and(|w| w.contains("other.next")), "{end:?}");
}

/// A search that gives four rows a query at most, two a page.
fn capped(asked: &Asked, found: Vec<usize>, at: impl Fn(usize) -> usize) -> Reply {
    let from: usize = asked.body["after"].as_str().map_or(0, |a| a.parse().unwrap());
    if from + 2 > 4 {
        return status(400, "{\"message\":\"beyond\"}");
    }
    let page: Vec<_> = found.iter().skip(from).take(2).map(|i| json!({"id": i, "at": at(*i)})).collect();
    let next = if from + 2 < found.len() { json!((from + 2).to_string()) } else { json!(null) };
    json(json!({"r": page, "next": next, "total": found.len()}))
}

const CAPPED: &str =
    "page = { kind = 'cursor', param = 'after', next = 'next', in_body = true, size_param = 'limit', size = 2, rows_max = 4 }";

#[tokio::test]
async fn more_rows_of_one_time_than_a_query_gives_are_split_by_id() {
    // Rows 1 to 11 bear one time, 12 to 14 later ones.
    let at = |i: usize| 1_700_000_000 + if i < 12 { 50 } else { i };
    let server = Server::start(move |asked, _| {
        let number = |key: &str| asked.body[key].as_str().unwrap().parse::<usize>().unwrap();
        let found = match &*asked.path {
            "/same" => (1..15).filter(|i| at(*i) == number("since") && *i > number("above")).collect(),
            _ => {
                let mut found: Vec<usize> = (1..15).filter(|i| at(*i) >= number("since")).collect();
                found.sort_by_key(|i| (at(*i), *i));
                found
            }
        };
        capped(asked, found, at)
    })
    .await;
    let manifest = format!(
        "[streams.s]\nentity = 'person'\nsweep = {{ path = '/x' }}\n[streams.s.changes]\nsince = 'unix_s'\noverlap = '0s'
        [streams.s.changes.request]\nmethod = 'POST'\npath = '/search'\nbody = {{ since = '{{since}}' }}\nrecords = 'r'\n{CAPPED}
        [streams.s.changes.same_time]\nmethod = 'POST'\npath = '/same'\nbody = {{ since = '{{since}}', above = '{{after_id}}' }}\nrecords = 'r'\n{CAPPED}\n{RECORD}"
    );
    let at_first = |id: &str| id.parse::<usize>().unwrap();
    let read = read(&server.connector(&manifest), "s", Pass::Changes(Time(1_700_000_000_000))).await;
    assert!(read.complete(), "{:?}", read.end);
    assert_eq!(sorted(&read).iter().map(|id| at_first(id)).collect::<Vec<_>>(), (1..15).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_capped_query_that_goes_round_in_circles_is_found_out() {
    let server = Server::start(|asked, n| {
        let from: usize = asked.body["after"].as_str().map_or(0, |a| a.parse().unwrap());
        let id = |i: usize| n % 40 * 10 + from + i;
        let page: Vec<_> = (0..2).map(|i| json!({"id": id(i), "at": 1_600_000_000 + id(i)})).collect();
        json(json!({"r": page, "next": (from + 2).to_string()}))
    })
    .await;
    let manifest = format!(
        "[streams.s]\nentity = 'person'\nsweep = {{ path = '/x' }}\n[streams.s.changes]\nsince = 'unix_s'\noverlap = '0s'
        [streams.s.changes.request]\nmethod = 'POST'\npath = '/search'\nbody = {{ since = '{{since}}' }}\nrecords = 'r'\n{CAPPED}\n{RECORD}"
    );
    let end = read(&server.connector(&manifest), "s", Pass::Changes(Time(1_700_000_000_000))).await.end;
    assert!(matches!(end, Err(Error::Loop { .. })), "{end:?}");
}

#[tokio::test]
async fn more_open_deals_than_a_query_gives_are_read_in_windows() {
    let server = Server::start(|asked, _| {
        let above: usize = asked.body["above"].as_str().unwrap().parse().unwrap();
        capped(asked, (1..12).filter(|i| *i > above).collect(), |i| i)
    })
    .await;
    let manifest = format!(
        "[streams.s]\nentity = 'deal'\nsweep = {{ path = '/x' }}\n[streams.s.open]\nmethod = 'POST'\npath = '/open'\nbody = {{ above = '{{after_id}}' }}
        records = 'r'\ntotal = 'total'\n{CAPPED}\n[streams.s.record]\nid = 'id'\nstate = [{{ is = 'open', when = {{ path = 'x', empty = true }} }}]\n"
    );
    let read = read(&server.connector(&manifest), "s", Pass::Open).await;
    assert!(read.complete(), "{:?}", read.end);
    assert_eq!(sorted(&read).len(), 11);
}

#[tokio::test]
async fn a_sweep_goes_on_from_the_place_that_a_page_told() {
    let server = Server::start(|asked, _| {
        let from = asked.number("o");
        json(json!({"r": rows((0..7).skip(from).take(3)), "n": 7}))
    })
    .await;
    let page = "total = 'n'\npage = { kind = 'offset', param = 'o', size_param = 'l', size = 3 }";
    let connector = server.connector(&sweep(page));
    let first = read(&connector, "s", Pass::Sweep).await;
    assert!(first.complete());
    let place = first.pages[0].cursor.clone().unwrap();
    let rest = read(&connector, "s", Pass::SweepFrom(place)).await;
    assert!(rest.complete(), "as many as were announced came, with those before: {:?}", rest.end);
    assert_eq!(sorted(&rest), ["2", "3", "4", "5", "6"]);
    assert!(matches!(read(&connector, "s", Pass::SweepFrom("rubbish".into())).await.end, Err(Error::CursorLost { .. })));
}

#[tokio::test]
async fn a_kept_cursor_that_gets_a_plain_no_is_lost_and_a_wait_is_told() {
    let server = Server::start(|asked, _| match asked.query.get("cursor").map(|c| &**c) {
        Some("old") => status(422, "{\"error\":\"InvalidPaginationParameter\"}"),
        Some("gone") => status(404, "{}"),
        Some(_) => Reply(429, vec![("retry-after", "55".to_string())], "{}".to_string()),
        None => json(json!({"r": rows(0..2), "next": "a"})),
    })
    .await;
    let connector = server.connector(&format!(
        "[streams.s]\nentity = 'person'\nsweep = {{ path = '/x' }}\n[streams.s.changes]\nsince = 'unix_s'\noverlap = '0s'
        [streams.s.changes.request]\npath = '/'\nquery = {{ start = '{{since}}' }}\nrecords = 'r'
        page = {{ kind = 'cursor', param = 'cursor', next = 'next', drops = ['start'], resumes = true }}\n{RECORD}"
    ));
    for cursor in ["old", "gone"] {
        let end = read(&connector, "s", Pass::Resume { cursor: Some(cursor.into()), since: Time(0) }).await.end;
        assert!(matches!(end, Err(Error::CursorLost { .. })), "{cursor}: {end:?}");
    }
    let end = read(&connector, "s", Pass::Resume { cursor: None, since: Time(0) }).await.end;
    assert!(matches!(&end, Err(Error::Later { wait, .. }) if wait.as_seconds() == 55), "{end:?}");
}
