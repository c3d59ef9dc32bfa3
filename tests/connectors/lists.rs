//! Lists that are longer than they look: short pages, totals, lists inside a row, caps of a query.

use crate::server::*;
use nayose::connector::manifest::load;
use nayose::connector::{Error, Observed, Pass, RestConnector};
use nayose::model::Time;
use serde_json::{Value, json};

const RECORD: &str = "[streams.s.record]\nid = 'id'\nchanged_at = { path = 'at', format = 'unix_s' }\nfields = { email = 'email' }\n";

fn rows(ids: impl IntoIterator<Item = usize>) -> Value {
    ids.into_iter().map(|i| json!({"id": i, "at": 1_700_000_000 + i, "email": format!("p{i}@b.example")})).collect()
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

/// Whoever waits for a pass is told how far it has come.
#[tokio::test]
async fn each_page_says_how_many_records_the_system_announced() {
    let server = Server::start(|asked, _| {
        let from = (asked.number("page") - 1) * 2;
        json(json!({"r": rows((from..5).take(2)), "total": 5}))
    })
    .await;
    let page = "page = { kind = 'number', param = 'page', first = 1, size_param = 'n', size = 2 }";
    for (total, announced) in [("total = 'total'\n", Some(5)), ("", None)] {
        let read = read(&server.connector(&sweep(&format!("{total}{page}"))), "s", Pass::Sweep).await;
        assert_eq!(sorted(&read), ["0", "1", "2", "3", "4"], "{total}");
        assert!(read.pages.iter().all(|page| page.announced == announced), "{total}");
    }
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

const ACCOUNTS: &str =
    "[streams.s]\nentity = 'person'\nsweep = { path = '/s', records = 'r', page = { kind = 'cursor', param = 'at', next = 'next' } }
    [streams.s.record]\nid = 'id'\naccount = ['main', 'all[].id']\naccounts_more = 'all_next'\n";

const ALL_BY_ROWS: &str = "[streams.s.all_accounts]\nchunk = 2\nrecord = 'of'\naccounts = 'to[]'\nmore = 'next'\nmore_param = 'after'
    request = { method = 'POST', path = '/a', body = { inputs = '{id_rows}' }, records = 'r' }\n";

const ALL_ONE_BY_ONE: &str = "[streams.s.all_accounts]\nchunk = 1\nrecord = ''\naccounts = 'to[]'\nmore = 'next'\nmore_param = 'after'
    request = { path = '/a/{id}' }\n";

/// Person 1 has six accounts and shows two of them, person 2 has one, person 3 has three and shows two; two pages of them.
fn accounts(asked: &Asked) -> Reply {
    let all = |person: &str, after: Option<&str>| {
        let all: &[u32] = if person == "1" { &[71, 72, 73, 74, 75, 76] } else { &[71, 92, 93] };
        let from: usize = after.map_or(0, |a| a.parse().unwrap());
        let to = (from + 3).min(all.len());
        json!({"of": person, "to": all[from..to], "next": if to < all.len() { json!(to.to_string()) } else { json!(null) }})
    };
    let shown = |id: usize, ids: [u32; 2]| json!({"id": id, "main": 71, "all": [{"id": ids[0]}, {"id": ids[1]}], "all_next": "k"});
    match asked.path.as_str() {
        "/s" if asked.query.contains_key("at") => json(json!({"r": [shown(3, [71, 92])]})),
        "/s" => json(json!({"r": [shown(1, [71, 72]), {"id": 2, "main": 81, "all": [{"id": 81}], "all_next": null}], "next": "p2"})),
        "/a" => {
            let inputs = asked.body["inputs"].as_array().unwrap();
            json(json!({"r": inputs.iter().map(|i| all(i["id"].as_str().unwrap(), i["after"].as_str())).collect::<Vec<_>>()}))
        }
        path => json(all(path.strip_prefix("/a/").unwrap(), asked.query.get("after").map(|a| &**a))),
    }
}

/// Each record with its accounts, and whether they were told whole.
fn accounts_read(read: &Read) -> Vec<String> {
    let records = read.pages.iter().flat_map(|p| &p.observed).map(|o| match o {
        Observed::Record { record, accounts_told, .. } => (record, accounts_told),
        other => panic!("{other:?}"),
    });
    records.map(|(r, told)| format!("{} {} {told}", r.id.id, r.accounts().map(|a| a.to_string()).collect::<Vec<_>>().join(","))).collect()
}

#[tokio::test]
async fn accounts_beyond_what_a_row_shows_are_read_before_its_page_counts() {
    let server = Server::start(|asked, _| accounts(asked)).await;
    for (all, requests) in [(ALL_BY_ROWS, 5), (ALL_ONE_BY_ONE, 5)] {
        let read = read(&server.connector(&format!("{ACCOUNTS}{all}")), "s", Pass::Sweep).await;
        assert_eq!(accounts_read(&read), ["1 71,72,73,74,75,76 true", "2 81 true", "3 71,92,93 true"], "{all}");
        assert!(read.complete(), "{:?}", read.end);
        assert!(read.pages[0].cursor.is_some(), "the sweep can be gone on with behind the page");
        assert_eq!(read.end.unwrap().requests, requests, "{all}");
    }
}

#[tokio::test]
async fn accounts_that_are_not_told_whole_leave_the_pass_unproved_and_what_is_shown_counts() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/none" => status(404, "{}"),
        "/nobody" => json(json!({"r": []})),
        _ => accounts(asked),
    })
    .await;
    let shown = ["1 71,72 false", "2 81 true", "3 71,92 false"];
    // No request asks on.
    let alone = read(&server.connector(ACCOUNTS), "s", Pass::Sweep).await;
    assert_eq!(accounts_read(&alone), shown);
    let why = |read: &Read| read.end.as_ref().unwrap().incomplete_because.clone().unwrap();
    assert_eq!(why(&alone), "1 shows a part of a list only (it goes on at all_next)");
    // One does, and cannot go on itself.
    let half = ALL_BY_ROWS.replace("more_param = 'after'", "");
    let half = read(&server.connector(&format!("{ACCOUNTS}{half}")), "s", Pass::Sweep).await;
    assert_eq!(accounts_read(&half), ["1 71,72,73 false", "2 81 true", "3 71,92,93 true"]);
    assert_eq!(why(&half), "the accounts of 1 are not told whole");
    // One does, and says nothing of them.
    let silent = read(&server.connector(&format!("{ACCOUNTS}{}", ALL_BY_ROWS.replace("'/a'", "'/nobody'"))), "s", Pass::Sweep).await;
    assert_eq!(accounts_read(&silent), shown);
    assert_eq!(why(&silent), "the accounts of 1 are not told whole");
    for read in [&alone, &half, &silent] {
        assert!(!read.complete());
        assert!(read.pages.iter().all(|p| p.cursor.is_none()), "a pass that goes on must not begin behind what is missing");
    }
    // One does, and is refused.
    let refused = ALL_BY_ROWS.replace("'/a'", "'/none'");
    let refused = read(&server.connector(&format!("{ACCOUNTS}{refused}")), "s", Pass::Sweep).await;
    assert!(matches!(&refused.end, Err(Error::NotFound { what, .. }) if what.starts_with("s all accounts at ")), "{:?}", refused.end);
    assert_eq!(accounts_read(&refused), shown[..2]);
    assert!(refused.pages[0].cursor.is_none());
}

#[test]
fn a_request_for_accounts_that_cannot_be_right_is_a_mistake() {
    let head = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }\n";
    for (accounts, all, said) in [
        (ACCOUNTS.to_string(), ALL_BY_ROWS.to_string(), ""),
        (ACCOUNTS.replace("accounts_more = 'all_next'", ""), ALL_BY_ROWS.into(), "streams.s.all_accounts: is never asked"),
        (ACCOUNTS.replace("['main', 'all[].id']", "'main'"), ALL_BY_ROWS.into(), "whose account has further paths"),
        (ACCOUNTS.into(), ALL_BY_ROWS.replace("record = 'of'", "record = ''"), "chunk must be 1"),
        (ACCOUNTS.into(), ALL_BY_ROWS.replace("{id_rows}", "all"), "the request does not say {ids} or {id_rows}"),
        (ACCOUNTS.into(), ALL_BY_ROWS.replace("\nmore = 'next'", ""), "more_param needs more"),
    ] {
        let told = load::parse("t", "t.toml", &format!("{head}{accounts}{all}")).err().unwrap_or_default();
        let told: Vec<String> = told.iter().map(|e| e.message.clone()).collect();
        assert_eq!(told.len(), usize::from(!said.is_empty()), "{said}: {told:?}");
        assert!(told.iter().all(|t| t.contains(said)), "{said}: {told:?}");
    }
}

/// As the vendor shows it: a hundred companies of a contact or deal, and where to go on.
#[tokio::test]
async fn the_shipped_crm_reads_all_companies_of_contacts_and_deals() {
    let server = Server::start(|asked, _| {
        let kind = asked.path.split('/').nth(4).unwrap();
        if asked.path.starts_with("/crm/v4/") {
            assert_eq!(asked.path, format!("/crm/v4/associations/{kind}/companies/batch/read"));
            let row = |input: &Value| match input["after"].as_str() {
                None => json!({"from": {"id": "1"}, "to": [{"toObjectId": 71}, {"toObjectId": 72}], "paging": {"next": {"after": "NzI="}}}),
                Some(after) => {
                    assert_eq!((after, &input["id"]), ("NzI=", &json!("1")));
                    json!({"from": {"id": "1"}, "to": [{"toObjectId": 73}]})
                }
            };
            return json(json!({"results": asked.body["inputs"].as_array().unwrap().iter().map(row).collect::<Vec<_>>()}));
        }
        let companies = |ids: &[&str], paging: Value| {
            json!({"companies": {"results": ids.iter().map(|id| json!({"id": id, "type": "t"})).collect::<Vec<_>>(), "paging": paging}})
        };
        let cut = companies(&["71", "72"], json!({"next": {"after": "NzI=", "link": "https://api.example"}}));
        let properties = json!({"associatedcompanyid": "71", "hs_primary_associated_company": "71"});
        let first = json!({"id": "1", "properties": properties, "associations": cut});
        match asked.path.split('/').nth(5) {
            Some(_) => json(first),
            None => json(json!({"results": [first, {"id": "2", "properties": {}, "associations": companies(&["80"], json!(null))}]})),
        }
    })
    .await;
    let manifest = load::load("hubspot", None).unwrap().manifest;
    let connector = RestConnector::new(&manifest, &server.settings(), clock()).unwrap();
    for stream in ["people", "deals"] {
        let swept = read(&connector, stream, Pass::Sweep).await;
        assert_eq!(accounts_read(&swept), ["1 71,72,73 true", "2 80 true"], "{stream}");
        assert!(swept.complete(), "{:?}", swept.end);
        let looked_up = read(&connector, stream, Pass::ById(vec!["1".into()])).await;
        assert_eq!(accounts_read(&looked_up), ["1 71,72,73 true"], "{stream}");
    }
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
