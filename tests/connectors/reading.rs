//! Every kind of paging, filter and feed.

use crate::server::*;
use nayose::connector::{Connector, Error, Observed, Pass};
use nayose::model::Time;
use serde_json::json;

const RECORD: &str = "[streams.s.record]\nid = 'id'\nchanged_at = { path = 'at', format = 'unix_s' }\nfields = { email = 'email' }\n";

fn rows(range: std::ops::Range<usize>) -> serde_json::Value {
    range.map(|i| json!({"id": i, "at": 1_700_000_000 + i, "email": format!("p{i}@b.example")})).collect()
}

fn numbers(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|i| i.to_string()).collect()
}

#[tokio::test]
async fn each_kind_of_paging_reads_all_and_ends() {
    // Seven records; the server gives three a page, whatever is asked for.
    let server = Server::start(|asked, _| {
        let page = |from: usize| rows(from.min(7)..(from + 3).min(7));
        match &*asked.path {
            "/offset" => json(json!({"r": page(asked.number("skip")), "offset": 1})),
            "/total" => json(json!({"r": page(asked.number("skip")), "n": 7})),
            "/number" => json(json!({"r": page((asked.number("page") - 1) * 3)})),
            "/cursor" => {
                assert_eq!(asked.query.contains_key("first"), !asked.query.contains_key("after"), "`first` goes only without a cursor");
                let from = asked.number("after");
                json(json!({"r": page(from), "next": if from + 3 < 7 { json!(from + 3) } else { json!(null) }}))
            }
            "/body" => {
                assert_eq!(asked.body["limit"], 50);
                let from = asked.body["after"].as_str().map_or(0, |a| a.parse().unwrap());
                json(json!({"r": page(from), "next": (from + 3).to_string(), "done": from + 3 >= 7}))
            }
            other => panic!("{other}"),
        }
    })
    .await;
    for (request, requests) in [
        // Each page begins with the last row of the one before; without a total only an empty one ends it.
        ("path = '/offset'\npage = { kind = 'offset', param = 'skip', size_param = 'take', size = 50 }", 5),
        ("path = '/total'\ntotal = 'n'\npage = { kind = 'offset', param = 'skip', size_param = 'take', size = 50 }", 3),
        ("path = '/number'\npage = { kind = 'number', param = 'page', first = 1, size_param = 'take', size = 3 }", 6),
        ("path = '/cursor'\nquery = { first = '1' }\npage = { kind = 'cursor', param = 'after', next = 'next', drops = ['first'] }", 3),
        (
            "path = '/body'\nmethod = 'POST'\nbody = { a = 1 }\npage = { kind = 'cursor', param = 'after', next = 'next', done = 'done', in_body = true, size_param = 'limit', size = 50 }",
            3,
        ),
    ] {
        let manifest = format!("[streams.s]\nentity = 'person'\n[streams.s.sweep]\nrecords = 'r'\n{request}\n{RECORD}");
        let read = read(&server.connector(&manifest), "s", Pass::Sweep).await;
        let mut ids = read.ids();
        ids.sort();
        ids.dedup();
        assert_eq!(ids, numbers(0..7), "{request}");
        assert!(read.complete(), "{request}: {:?}", read.end);
        assert_eq!(read.end.unwrap().requests, requests, "{request}");
    }
}

#[tokio::test]
async fn two_lists_share_one_offset() {
    let server = Server::start(|asked, _| {
        let from = asked.number("offset");
        json(json!({"open": {"l": rows(from.min(5)..(from + 2).min(5)), "n": 5}, "shut": {"l": rows((100 + from).min(101)..(102 + from).min(101)), "n": 1}}))
    })
    .await;
    let page = "page = { kind = 'offset', param = 'offset', size_param = 'limit', size = 2 }";
    let manifest = format!(
        "[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/'\nrecords = ['open.l', 'shut.l']\ntotal = ['open.n', 'shut.n']\n{page}\n{RECORD}"
    );
    let read = read(&server.connector(&manifest), "s", Pass::Sweep).await;
    let ids: std::collections::BTreeSet<String> = read.ids().into_iter().collect();
    assert_eq!(ids.into_iter().collect::<Vec<_>>(), ["0", "1", "100", "2", "3", "4"]);
    assert!(read.complete(), "{:?}", read.end);
}

#[tokio::test]
async fn fewer_records_than_announced_is_not_complete() {
    let server = Server::start(|_, n| json(json!({"r": if n == 0 { rows(0..2) } else { json!([]) }, "n": 3}))).await;
    let page = "page = { kind = 'offset', param = 'o', size_param = 'l', size = 2 }";
    let manifest = format!("[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/'\nrecords = 'r'\ntotal = 'n'\n{page}\n{RECORD}");
    let end = read(&server.connector(&manifest), "s", Pass::Sweep).await.end.unwrap();
    assert!(!end.complete && end.incomplete_because.as_deref() == Some("2 records came, 3 were announced"), "{end:?}");
}

#[tokio::test]
async fn pages_that_never_end_are_found_out() {
    let server = Server::start(|asked, n| match &*asked.path {
        "/same_cursor" => json(json!({"r": rows(n..n + 1), "next": "again"})),
        _ => json(json!({"r": rows(0..2), "next": n.to_string()})),
    })
    .await;
    for path in ["/same_cursor", "/same_page"] {
        let manifest = format!(
            "[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '{path}'\nrecords = 'r'\npage = {{ kind = 'cursor', param = 'c', next = 'next' }}\n{RECORD}"
        );
        let end = read(&server.connector(&manifest), "s", Pass::Sweep).await.end;
        assert!(matches!(end, Err(Error::Loop { .. })), "{path}: {end:?}");
    }
    assert!(server.asked().len() < 8);
}

/// A search that gives four rows a query at most, two a page, and fails beyond.
fn search(asked: &Asked, times: impl Fn(usize) -> usize) -> Reply {
    let since: usize = asked.body["since"].as_str().unwrap().parse().unwrap();
    let from: usize = asked.body["after"].as_str().map_or(0, |a| a.parse().unwrap());
    if from + 2 > 4 {
        return status(400, "{\"message\":\"beyond\"}");
    }
    let found: Vec<_> = (0..9).filter(|i| times(*i) >= since).collect();
    let page: Vec<_> = found.iter().skip(from).take(2).map(|i| json!({"id": i, "at": times(*i)})).collect();
    let next = if from + 2 < found.len() { json!((from + 2).to_string()) } else { json!(null) };
    json(json!({"r": page, "next": next}))
}

const SEARCH: &str = "[streams.s]\nentity = 'person'\nsweep = { path = '/x' }\n[streams.s.changes]\nsince = 'unix_s'\noverlap = '10s'\n
    [streams.s.changes.request]\nmethod = 'POST'\npath = '/search'\nbody = { since = '{since}' }\nrecords = 'r'\n
    page = { kind = 'cursor', param = 'after', next = 'next', in_body = true, size_param = 'limit', size = 2, rows_max = 4 }\n";

#[tokio::test]
async fn a_capped_query_is_asked_again_from_its_last_row() {
    let server = Server::start(|asked, _| search(asked, |i| 1_700_000_000 + i)).await;
    let read = read(&server.connector(&format!("{SEARCH}{RECORD}")), "s", Pass::Changes(Time(1_700_000_010_000))).await;
    let mut ids = read.ids();
    ids.dedup();
    assert_eq!(ids, numbers(0..9));
    assert!(read.complete(), "{:?}", read.end);
    assert_eq!(server.asked()[0].body["since"], "1700000000", "the overlap is taken off");
}

#[tokio::test]
async fn a_whole_window_with_one_time_is_told() {
    let server = Server::start(|asked, _| search(asked, |_| 1_700_000_000)).await;
    let end = read(&server.connector(&format!("{SEARCH}{RECORD}")), "s", Pass::Changes(Time(1_700_000_010_000))).await.end;
    assert!(matches!(end, Err(Error::Loop { .. })), "{end:?}");
}

#[tokio::test]
async fn the_filter_test_asks_one_page() {
    let server = Server::start(|asked, _| search(asked, |i| 1_700_000_000 + i)).await;
    let connector = server.connector(&format!("{SEARCH}{RECORD}"));
    assert!(read(&connector, "s", Pass::FilterTest(Time(1_900_000_000_000))).await.ids().is_empty());
    assert_eq!(read(&connector, "s", Pass::FilterTest(Time(0))).await.ids(), ["0", "1"]);
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_cursor_goes_on_where_the_last_pass_ended_and_may_be_lost() {
    let server = Server::start(|asked, _| match asked.query.get("cursor").map(|c| &**c) {
        None => {
            assert_eq!(asked.query["start"], "1700000000");
            json(json!({"r": rows(0..2), "after": "a", "end": false}))
        }
        Some("a") => json(json!({"r": rows(2..3), "after": "b", "end": true})),
        Some("b") => json(json!({"r": [], "after": "b", "end": true})),
        Some(_) => status(400, "{}"),
    })
    .await;
    let connector = server.connector(&format!(
        "[errors]\ncursor_lost_statuses = [400]\n[streams.s]\nentity = 'person'\nsweep = {{ path = '/x' }}\n[streams.s.changes]\nsince = 'unix_s'\noverlap = '0s'
        [streams.s.changes.request]\npath = '/'\nquery = {{ start = '{{since}}' }}\nrecords = 'r'
        page = {{ kind = 'cursor', param = 'cursor', next = 'after', done = 'end', drops = ['start'], resumes = true }}\n{RECORD}"
    ));
    let resume = |cursor: Option<&str>| Pass::Resume { cursor: cursor.map(Box::from), since: Time(1_700_000_000_000) };
    let first = read(&connector, "s", resume(None)).await;
    assert_eq!(first.ids(), numbers(0..3));
    assert_eq!(first.pages.iter().map(|p| p.cursor.as_deref().unwrap()).collect::<Vec<_>>(), ["a", "b"]);
    let idle = read(&connector, "s", resume(Some("b"))).await;
    assert!(idle.complete() && idle.ids().is_empty() && idle.end.unwrap().requests == 1);
    assert!(matches!(read(&connector, "s", resume(Some("old"))).await.end, Err(Error::CursorLost { .. })));
}

#[tokio::test]
async fn a_feed_gives_each_changed_record_once_and_deletes_only_what_is_told() {
    let server = Server::start(|asked, _| {
        let ok = |more: serde_json::Value| json(more);
        match (&*asked.path, asked.query.get("t").map(|t| &**t)) {
            ("/start", _) => ok(json!({"success": true, "t": "t0"})),
            ("/feed", Some("t0")) => ok(json!({"success": true, "r": [{"lead": 1}, {"lead": 2}, {"lead": 1}], "t": "t1", "more": true})),
            // An empty page has no list at all.
            ("/feed", Some("t1")) => ok(json!({"success": true, "t": "t2", "more": true})),
            ("/feed", Some("t2")) => ok(json!({"success": true, "r": [{"lead": 2}, {"lead": 9}], "t": "t3", "more": false})),
            ("/feed", Some("t3")) => ok(json!({"success": true, "t": "t3", "more": false})),
            ("/deleted", Some(_)) => ok(json!({"success": true, "r": [{"lead": 5}], "t": "d1", "more": false})),
            // Nine is not found: that alone deletes nothing.
            ("/leads", _) => ok(json!({"success": true, "r": [{"id": 1, "email": "a@b.example"}, {"id": 2, "email": null}]})),
            other => panic!("{other:?}"),
        }
    })
    .await;
    let page = "records = 'r'\nleaves_out_empty = true\npage = { kind = 'cursor', param = 't', next = 't', more = 'more' }";
    let connector = server.connector(&format!(
        "[errors]\nsuccess = {{ path = 'success', equals = true }}\n[streams.s]\nentity = 'person'\nsweep = {{ path = '/x' }}
        [streams.s.feed]\nsince = 'rfc3339'\ntoken = 't'\nid = 'lead'\nchunk = 300\nstart = {{ path = '/start' }}
        [streams.s.feed.request]\npath = '/feed'\nquery = {{ t = '{{token}}' }}\n{page}
        [streams.s.feed.deleted]\npath = '/deleted'\nquery = {{ t = '{{token}}' }}\n{page}
        [streams.s.feed.read]\npath = '/leads'\nquery = {{ ids = '{{ids}}' }}\nrecords = 'r'\n{RECORD}"
    ));
    let first = read(&connector, "s", Pass::Resume { cursor: None, since: Time(0) }).await;
    assert!(first.complete(), "{:?}", first.end);
    assert_eq!(first.ids(), ["1", "2"]);
    let deleted: Vec<_> = first.pages.iter().flat_map(|p| &p.observed).filter(|o| matches!(o, Observed::Deleted(_))).collect();
    assert_eq!(deleted.len(), 1);
    assert_eq!(server.asked().iter().filter(|a| a.path == "/leads").map(|a| &*a.query["ids"]).collect::<Vec<_>>(), ["1,2,9"]);
    let cursor = first.pages.last().unwrap().cursor.clone();
    let before = server.asked().len();
    let idle = read(&connector, "s", Pass::Resume { cursor, since: Time(0) }).await;
    assert!(idle.complete() && idle.ids().is_empty());
    assert_eq!(server.asked()[before..].iter().map(|a| &*a.path).collect::<Vec<_>>(), ["/feed", "/deleted"]);
}

#[tokio::test]
async fn a_deal_that_is_missing_from_the_answer_has_no_people_and_a_cut_list_is_not_told() {
    let server = Server::start(|asked, _| {
        assert!(asked.body["inputs"].as_array().unwrap().len() <= 2);
        let all =
            json!([{"from": {"id": "1"}, "to": [{"p": 12}, {"p": 11}]}, {"from": {"id": "3"}, "to": [{"p": 13}], "paging": {"next": "x"}}]);
        let asked_for = |r: &&serde_json::Value| asked.body["inputs"].as_array().unwrap().contains(&json!({"id": r["from"]["id"]}));
        json(json!({"results": all.as_array().unwrap().iter().filter(asked_for).collect::<Vec<_>>()}))
    })
    .await;
    let connector = server.connector(
        "[streams.d]\nentity = 'deal'\nsweep = { path = '/d' }\n[streams.d.record]\nid = 'id'\nstate = [{ is = 'open', when = { path = 'x', empty = true } }]
        [streams.dp]\nentity = 'deal_person'\n[streams.dp.for_each]\nstream = 'd'\nchunk = 2\ndeal = 'from.id'\npeople = 'to[].p'\nmore = 'paging.next'
        [streams.dp.for_each.request]\nmethod = 'POST'\npath = '/a'\nbody = { inputs = '{id_rows}' }\nrecords = 'results'\n",
    );
    let read = read(&connector, "dp", Pass::ForEach(["1", "2", "3"].map(Into::into).to_vec())).await;
    let told: Vec<_> = read
        .pages
        .iter()
        .flat_map(|p| &p.observed)
        .map(|o| match o {
            Observed::DealPeople { deal, people } => (deal.to_string(), people.join(" ")),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [("ma:deal:1".to_string(), "11 12".to_string()), ("ma:deal:2".to_string(), String::new())]);
    assert!(!read.complete());
    assert_eq!(connector.streams().iter().find(|s| &*s.name == "dp").unwrap().for_each.as_deref(), Some("d"));
}

/// What is newer than its lag may not be in a list yet, and some systems take no younger start time for a cursor.
#[tokio::test]
async fn filters_cursors_and_feeds_begin_before_the_overlap_and_the_lag() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/token" => json(json!({"token": "t1"})),
        _ => json(json!({"r": [], "next": "c1", "done": true})),
    })
    .await;
    let stream = "[streams.s]\nentity = 'person'\nlag = '60s'\nsweep = { path = '/x' }\n";
    let page = "page = { kind = 'cursor', param = 'cursor', next = 'next', done = 'done', drops = ['start']";
    let changes = |overlap: &str, resumes: &str| {
        format!(
            "{stream}[streams.s.changes]\nsince = 'unix_s'\noverlap = '{overlap}'\n[streams.s.changes.request]\npath = '/list'
            query = {{ start = '{{since}}' }}\nrecords = 'r'\n{page}{resumes} }}\n{RECORD}"
        )
    };
    let filter = server.connector(&changes("10s", ""));
    let cursor = server.connector(&changes("0s", ", resumes = true"));
    let feed = server.connector(&format!(
        "{stream}[streams.s.feed]\nsince = 'unix_s'\ntoken = 'token'\nid = 'id'\nchunk = 9
        start = {{ path = '/token', query = {{ start = '{{since}}' }} }}\nrequest = {{ path = '/feed', records = 'r', {page} }} }}
        read = {{ path = '/read', query = {{ ids = '{{ids}}' }}, records = 'r' }}\n{RECORD}"
    ));
    let at = |seconds: i64| Time(seconds * 1000);
    let first = |seconds: i64| Pass::Resume { cursor: None, since: at(seconds) };
    for (connector, pass, path, start) in [
        (&filter, Pass::Changes(at(1_700_000_100)), "/list", "1700000030"),
        (&cursor, first(1_700_000_100), "/list", "1700000040"),
        (&feed, first(1_700_000_100), "/token", "1700000040"),
        // No time is before all times.
        (&filter, Pass::Changes(at(65)), "/list", "0"),
        (&cursor, first(59), "/list", "0"),
        (&feed, first(59), "/token", "0"),
    ] {
        let before = server.asked().len();
        let read = read(connector, "s", pass.clone()).await;
        assert!(read.complete(), "{pass:?}: {:?}", read.end);
        let asked = &server.asked()[before];
        assert_eq!((&*asked.path, asked.query.get("start").map(|s| &**s)), (path, Some(start)), "{pass:?}");
    }
    // A cursor that is known says by itself where to begin.
    let before = server.asked().len();
    let kept = read(&cursor, "s", Pass::Resume { cursor: Some("c0".into()), since: at(1_700_000_100) }).await;
    assert_eq!(kept.pages[0].cursor.as_deref(), Some("c1"));
    let query = server.asked()[before].query.clone();
    assert_eq!(query, [("cursor".to_string(), "c0".to_string())].into());
}
