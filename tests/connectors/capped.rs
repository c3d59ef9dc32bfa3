//! Queries that give a number of rows at most, over lists that stand still and lists that move.

use crate::server::*;
use nayose::connector::manifest::load;
use nayose::connector::{Error, Pass, PassEnd, RestConnector};
use nayose::model::Time;
use serde_json::{Value, json};
use std::sync::Mutex;

const RECORD: &str = "[streams.s.record]\nid = 'id'\nchanged_at = { path = 'at', format = 'unix_s' }\nfields = { email = 'email' }\n";

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

/// Both ways to read it: as a cursor, and by rows that we count.
const CAPPED: [&str; 2] = [
    "page = { kind = 'cursor', param = 'after', next = 'next', in_body = true, size_param = 'limit', size = 2, rows_max = 4 }",
    "page = { kind = 'offset', param = 'after', in_body = true, as_text = true, size_param = 'limit', size = 2, rows_max = 4 }",
];

/// What changed, and the rows of one time by their ids.
fn searches(capped: &str) -> String {
    format!(
        "{}[streams.s.changes.same_time]\nmethod = 'POST'\npath = '/same'\nbody = {{ since = '{{since}}', above = '{{after_id}}' }}\nrecords = 'r'\n{capped}\n{RECORD}",
        search(capped)
    )
}

fn search(capped: &str) -> String {
    format!(
        "[streams.s]\nentity = 'person'\nsweep = {{ path = '/x' }}\n[streams.s.changes]\nsince = 'unix_s'\noverlap = '0s'
        [streams.s.changes.request]\nmethod = 'POST'\npath = '/search'\nbody = {{ since = '{{since}}' }}\nrecords = 'r'\n{capped}\n"
    )
}

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
    for page in CAPPED {
        let read = read(&server.connector(&searches(page)), "s", Pass::Changes(Time(1_700_000_000_000))).await;
        assert!(read.complete(), "{page}: {:?}", read.end);
        assert_eq!(sorted(&read), (1..15).map(|id| id.to_string()).collect::<Vec<_>>(), "{page}");
    }
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
    for page in CAPPED {
        let end = read(&server.connector(&(search(page) + RECORD)), "s", Pass::Changes(Time(1_700_000_000_000))).await.end;
        // By rows nothing of it fits together.
        let found_out = matches!(&end, Err(Error::Loop { .. }) | Ok(PassEnd { complete: false, .. }));
        assert!(found_out, "{page}: {end:?}");
    }
}

/// Whatever time it is asked for, the server gives the same first rows.
#[tokio::test]
async fn a_capped_query_whose_filter_is_ignored_is_found_out_though_rows_of_one_time_can_be_split() {
    const ASKED_MAX: usize = 40;
    let at = |i: usize| 1_700_000_100 + i;
    let server = Server::start(move |asked, n| {
        let number = |key: &str| asked.body[key].as_str().unwrap().parse::<usize>().unwrap();
        match &*asked.path {
            _ if n > ASKED_MAX => status(418, "{\"message\":\"it goes on and on\"}"),
            "/same" => capped(asked, (1..10).filter(|i| at(*i) == number("since") && *i > number("above")).collect(), at),
            _ => capped(asked, (1..10).collect(), at),
        }
    })
    .await;
    for page in CAPPED {
        let end = read(&server.connector(&searches(page)), "s", Pass::Changes(Time(1_700_000_000_000))).await.end;
        assert!(matches!(end, Err(Error::Loop { .. })), "{page}: {end:?}");
    }
}

#[tokio::test]
async fn more_open_deals_than_a_query_gives_are_read_in_windows() {
    let server = Server::start(|asked, _| {
        let above: usize = asked.body["above"].as_str().unwrap().parse().unwrap();
        capped(asked, (1..12).filter(|i| *i > above).collect(), |i| i)
    })
    .await;
    for page in CAPPED {
        let manifest = format!(
            "[streams.s]\nentity = 'deal'\nsweep = {{ path = '/x' }}\n[streams.s.open]\nmethod = 'POST'\npath = '/open'\nbody = {{ above = '{{after_id}}' }}
            records = 'r'\ntotal = 'total'\n{page}\n[streams.s.record]\nid = 'id'\nstate = [{{ is = 'open', when = {{ path = 'x', empty = true }} }}]\n"
        );
        let read = read(&server.connector(&manifest), "s", Pass::Open).await;
        assert!(read.complete(), "{page}: {:?}", read.end);
        assert_eq!(sorted(&read).len(), 11, "{page}");
    }
}

/// What the shipped CRM shows of a list in the order of its times: at most so many rows, from a place.
fn found(list: &[(usize, i64)], asked: &Value, page_max: usize) -> Reply {
    let filters = asked["filterGroups"][0]["filters"].as_array().unwrap();
    let value = |i: usize| filters[i]["value"].as_str().unwrap().parse::<i64>().unwrap();
    let shown: Vec<_> = match filters.len() {
        1 => list.iter().filter(|(_, at)| *at >= value(0)).collect(),
        _ => list.iter().filter(|(id, at)| *at == value(0) && *id as i64 > value(1)).collect(),
    };
    let from: usize = asked["after"].as_str().map_or(0, |a| a.parse().unwrap());
    let size = page_max.min(asked["limit"].as_u64().unwrap() as usize);
    let row = |(id, at): &(usize, i64)| json!({"id": id.to_string(), "properties": {"lastmodifieddate": Time(*at).rfc3339(), "email": null, "hs_email_optout": null}});
    let page: Vec<_> = shown.iter().skip(from).take(size).map(|r| row(r)).collect();
    let mut body = json!({"total": shown.len(), "results": page});
    if from + size < shown.len() {
        body["paging"] = json!({"next": {"after": (from + size).to_string()}});
    }
    json(body)
}

/// What the vendor calls `after` is a row's place: a row that is deleted, or changed, between two pages moves all behind it up.
#[tokio::test]
async fn what_leaves_a_search_between_two_pages_hides_no_row_of_the_shipped_crm() {
    const T: i64 = 1_795_000_000_000;
    for (at_request, gone, changed) in [(1, Some(2), None), (2, Some(1), None), (1, None, Some(3)), (2, Some(5), Some(1)), (0, None, None)]
    {
        let list: Mutex<Vec<(usize, i64)>> = Mutex::new((1..=9).map(|id| (id, T + id as i64)).collect());
        let server = Server::start(move |asked, n| {
            let mut list = list.lock().unwrap();
            if n == at_request {
                list.retain(|(id, _)| Some(*id) != gone && Some(*id) != changed);
                list.extend(changed.map(|id| (id, T + 1_000)));
            }
            found(&list, &asked.body, 3)
        })
        .await;
        let connector = RestConnector::new(&load::load("hubspot", None).unwrap().manifest, &server.settings(), clock()).unwrap();
        let read = read(&connector, "people", Pass::Changes(Time(T))).await;
        let case = format!("at {at_request}, {gone:?} gone, {changed:?} changed");
        assert!(read.complete(), "{case}: {:?}", read.end);
        assert_eq!(sorted(&read), (1..=9).map(|id| id.to_string()).collect::<Vec<_>>(), "{case}");
    }
}
