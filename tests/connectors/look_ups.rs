//! Records that are asked for by their ids.

use crate::server::*;
use nayose::connector::{Error, Observed, Pass};
use serde_json::json;

const STREAM: &str = "[streams.s]\nentity = 'person'\nsweep = { path = '/s' }\n[streams.s.by_id]\nchunk = 1\n
    [streams.s.by_id.request]\npath = '/s/{id}'\n[streams.s.record]\nid = 'id'\nfields = { email = 'email' }\n";

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
    let several = STREAM.replace("chunk = 1", "chunk = 2").replace("path = '/s/{id}'", "path = '/s'\nquery = { ids = '{ids}' }");
    let ids = ["1", "2", "3", "4"].map(Into::into).to_vec();
    let read = read(&server.connector(&several), "s", Pass::ById(ids)).await;
    assert!(read.complete(), "{:?}", read.end);
    assert_eq!(what(&read), ["1 is there", "2 is not", "3 is there", "4 is not"]);
}

/// One record whose look-up is always refused hid all behind it.
#[tokio::test]
async fn who_is_refused_hides_nobody_behind() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/s/1" => status(400, "{}"),
        "/s/2" => json(json!({"id": 2, "email": "b@b.example"})),
        other => panic!("{other}"),
    })
    .await;
    let read = read(&server.connector(STREAM), "s", Pass::ById(vec!["1".into(), "2".into()])).await;
    assert_eq!(what(&read), ["2 is there"]);
    assert!(matches!(read.end, Err(Error::Refused { .. })), "{:?}", read.end);
}
