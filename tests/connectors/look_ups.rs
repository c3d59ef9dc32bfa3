//! Records that are asked for by their ids.

use crate::server::*;
use nayose::connector::{Error, Observed, Pass};
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const STREAM: &str = "[streams.s]\nentity = 'person'\nsweep = { path = '/s' }\n[streams.s.by_id]\nchunk = 1\n
    [streams.s.by_id.request]\npath = '/s/{id}'\n[streams.s.record]\nid = 'id'\nfields = { email = 'email' }\n";

/// The same system, which takes two ids at once.
fn several() -> String {
    STREAM.replace("chunk = 1", "chunk = 2").replace("path = '/s/{id}'", "path = '/s'\nquery = { ids = '{ids}' }")
}

fn what(read: &Read) -> Vec<String> {
    let observed = read.pages.iter().flat_map(|p| &p.observed);
    let told = observed.map(|o| match o {
        Observed::Record { record, .. } => format!("{} is there", record.id.id),
        Observed::NotFound(id) => format!("{} is not", id.id),
        Observed::Merged { from, into } => format!("{} became {into}", from.id),
        other => panic!("{other:?}"),
    });
    told.collect()
}

#[tokio::test]
async fn who_is_gone_or_was_never_there_is_nobody_and_who_was_merged_is_the_winner() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/s/1" => json(json!({"id": 1, "email": "a@b.example"})),
        "/s/2" => status(404, "{\"message\":\"resource not found\"}"),
        "/s/3" => status(410, ""),
        "/s/4" => json(json!({"id": 9, "email": "i@b.example"})),
        other => panic!("{other}"),
    })
    .await;
    let ids = ["1", "2", "3", "4"].map(Into::into).to_vec();
    let read = read(&server.connector(STREAM), "s", Pass::ById(ids)).await;
    assert!(read.complete(), "{:?}", read.end);
    assert_eq!(what(&read), ["1 is there", "2 is not", "3 is not", "9 is there", "4 became 9"]);
}

#[tokio::test]
async fn an_answer_that_says_nothing_of_them_is_no_absence() {
    type Is = fn(&Error) -> bool;
    let cases: [(u16, Is); 3] = [
        (401, |e| matches!(e, Error::Credential { .. })),
        (400, |e| matches!(e, Error::Refused { .. })),
        (429, |e| matches!(e, Error::Later { .. })),
    ];
    for (code, is) in cases {
        let server = Server::start(move |asked, _| match &*asked.path {
            "/s/1" => json(json!({"id": 1, "email": "a@b.example"})),
            _ => Reply(code, if code == 429 { vec![("retry-after", "600".into())] } else { vec![] }, "{}".into()),
        })
        .await;
        let read = read(&server.connector(STREAM), "s", Pass::ById(vec!["1".into(), "2".into()])).await;
        assert_eq!(what(&read), ["1 is there"], "{code}");
        assert!(read.end.as_ref().is_err_and(is), "{code}: {:?}", read.end);
    }
}

/// Of several that were asked for one was gone, and all counted as gone: the lead of one on an open deal was not held.
#[tokio::test]
async fn not_found_of_several_may_mean_one_of_them() {
    let server = Server::start(|asked, _| match &*asked.query["ids"] {
        "1,2" | "2" => status(404, "{}"),
        "1" => json(json!([{"id": 1, "email": "a@b.example"}])),
        "3,4" => json(json!([{"id": 3, "email": "c@b.example"}])),
        other => panic!("{other}"),
    })
    .await;
    let ids = ["1", "2", "3", "4"].map(Into::into).to_vec();
    let read = read(&server.connector(&several()), "s", Pass::ById(ids)).await;
    assert!(read.complete(), "{:?}", read.end);
    assert_eq!(what(&read), ["1 is there", "2 is not", "3 is there", "4 is not"]);
}

/// One record whose look-up is always refused hid all behind it, and those who were asked for with it.
#[tokio::test]
async fn who_is_refused_hides_nobody() {
    let server = Server::start(|asked, _| match &*asked.query["ids"] {
        "1,2" | "1" => status(400, "{}"),
        ids => json(json!(ids.split(',').map(|id| json!({"id": id, "email": "b@b.example"})).collect::<Vec<_>>())),
    })
    .await;
    let ids = ["1", "2", "3"].map(Into::into).to_vec();
    let read = read(&server.connector(&several()), "s", Pass::ById(ids)).await;
    assert_eq!(what(&read), ["2 is there", "3 is there"]);
    assert!(matches!(read.end, Err(Error::Refused { .. })), "{:?}", read.end);
}

/// Then nothing comes of asking for thousands, one by one.
#[tokio::test]
async fn where_all_are_refused_few_are_asked_for() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Server::start(move |_, _| {
        count.fetch_add(1, Ordering::Relaxed);
        status(400, "{}")
    })
    .await;
    let ids = (0..1_000).map(|id: u32| id.to_string().into()).collect();
    let read = read(&server.connector(STREAM), "s", Pass::ById(ids)).await;
    assert!(matches!(read.end, Err(Error::Refused { .. })), "{:?}", read.end);
    assert_eq!(asked.load(Ordering::Relaxed), 10);
}
