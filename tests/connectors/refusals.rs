//! Servers that answer badly, and manifests that are wrong.

use crate::server::*;
use nayose::connector::manifest::load;
use nayose::connector::{Connector, Error, Pass, RestConnector, SettingValue, SystemSettings};
use nayose::model::Span;
use serde_json::json;

const STREAM: &str = "[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/s'\nrecords = 'r'\n
    [streams.s.record]\nid = 'id'\nfields = { email = 'email', score = { path = 'score', type = 'int' } }\n
    refusals = [{ scope = 'all', when = { path = 'out', equals = true } }]\n";

#[tokio::test]
async fn each_bad_answer_is_named_for_what_it_is() {
    let elsewhere = Server::start(|_, _| panic!("a redirect to another host was followed")).await;
    let elsewhere = elsewhere.url.clone();
    let errors = "[errors]\nauth_statuses = [403]\ncode = 'code'\nmessage = 'message'\nauth_codes = ['601']\nretry_codes = ['606']\nsuccess = { path = 'ok', equals = true }\n[limits]\nanswer_bytes_max = 2000\n";
    type Is = fn(&Error) -> bool;
    let cases: Vec<(&str, Reply, Is)> = vec![
        ("401", status(401, "{\"message\":\"no\"}"), |e| matches!(e, Error::Credential { said, .. } if said == "401: no")),
        ("403", status(403, "<html>no</html>"), |e| matches!(e, Error::Credential { .. })),
        (
            "code",
            json(json!({"ok": false, "code": 601, "message": "token"})),
            |e| matches!(e, Error::Credential { said, .. } if said == "200: 601 token"),
        ),
        (
            "no",
            json(json!({"ok": false, "code": 1003, "message": "bad"})),
            |e| matches!(e, Error::Refused { said, .. } if said == "200: 1003 bad"),
        ),
        ("404", status(404, "{}"), |e| matches!(e, Error::NotFound { .. })),
        (
            "html",
            status(200, "<html>\n  <b>Sign in</b></html>"),
            |e| matches!(e, Error::NotUnderstood { begins, .. } if begins == "an HTML page"),
        ),
        (
            "echo",
            status(200, &format!("your token {TOKEN} is fine")),
            |e| matches!(e, Error::NotUnderstood { begins, .. } if begins == "your token *** is fine"),
        ),
        (
            "away",
            Reply(302, vec![("location", elsewhere)], String::new()),
            |e| matches!(e, Error::Refused { said, .. } if said.contains("redirects")),
        ),
        ("large", status(200, &" ".repeat(3000)), |e| matches!(e, Error::TooLarge { limit: 2000, .. })),
        (
            "wait",
            Reply(429, vec![("retry-after", "600".into())], "{}".into()),
            |e| matches!(e, Error::Later { wait, .. } if *wait == Span::minutes(10)),
        ),
    ];
    for (name, reply, is) in cases {
        let Reply(code, headers, body) = reply;
        let server = Server::start(move |_, _| Reply(code, headers.clone(), body.clone())).await;
        let connector = server.connector(&format!("{errors}{STREAM}"));
        let error = read(&connector, "s", Pass::Sweep).await.end.expect_err(name);
        assert!(is(&error), "{name}: {error:?}");
        assert!(!error.to_string().contains(TOKEN) && !format!("{connector:?}").contains(TOKEN), "{name}: {error}");
        assert_eq!(server.asked().len(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_list_that_is_not_there_is_no_empty_list() {
    let server = Server::start(|_, _| json(json!({"results": []}))).await;
    let error = read(&server.connector(STREAM), "s", Pass::Sweep).await.end.unwrap_err();
    assert!(matches!(&error, Error::NotUnderstood { why, .. } if why == "there is no list at r"), "{error:?}");
}

#[tokio::test]
async fn a_redirect_within_the_host_is_followed() {
    let server = Server::start(|asked, _| match &*asked.path {
        "/s" => Reply(301, vec![("location", "/s/".into())], String::new()),
        _ => json(json!({"r": [{"id": 1}]})),
    })
    .await;
    assert_eq!(read(&server.connector(STREAM), "s", Pass::Sweep).await.ids(), ["1"]);
}

#[tokio::test]
async fn reads_are_repeated_after_a_wait_and_after_a_break() {
    for first in [429, 500, 503] {
        let server = Server::start(move |_, n| match n {
            0 => Reply(first, vec![("retry-after", "0".into()), ("date", "Sat, 21 Nov 2026 09:00:00 GMT".into())], "{}".into()),
            _ => Reply(200, vec![("date", "Sat, 21 Nov 2026 09:00:05 GMT".into())], json!({"r": [{"id": 1}]}).to_string()),
        })
        .await;
        let read = read(&server.connector(STREAM), "s", Pass::Sweep).await;
        assert!(read.complete(), "{first}: {:?}", read.end);
        assert_eq!(read.end.unwrap().requests, 2);
        assert_eq!(read.pages[0].clock_skew_ms, Some(5000));
    }
}

#[tokio::test]
async fn a_field_of_another_type_is_kept_out_and_its_record_counts() {
    let server = Server::start(|_, _| {
        json(json!({"r": [{"id": 1, "email": ["a@b.example"], "score": "12"}, {"email": "a@b.example"}, {"id": 3, "out": {}}, {"id": 4, "out": "true"}]}))
    })
    .await;
    let read = read(&server.connector(STREAM), "s", Pass::Sweep).await;
    let told: Vec<_> = read.pages[0].quarantined.iter().map(|q| (q.record.as_ref().map(|r| r.to_string()), &*q.field)).collect();
    assert_eq!(told, [(Some("ma:person:1".into()), "email"), (None, "id")]);
    // A refusal that cannot be read holds by itself; its record is no reason to doubt the rest.
    assert_eq!(read.ids(), ["1", "3", "4"]);
}

#[test]
fn every_mistake_of_a_manifest_is_told_at_once_with_its_line() {
    let text = "name = 'other'
title = 'T'
role = 'ma'
api_version = '1'
base_url = '{settings.base}'
auth = { kind = 'none' }
[streams.people]
entity = 'person'
[streams.people.record]
id = 'a..b'
refusals = [{ scope = 'all', when = { path = 'unsubscribed', equals = true } }]
[streams.people.record.marks]
block = { path = 'blocked' }
[streams.deals]
entity = 'deal'
sweep = { path = '/d' }
[streams.deals.record]
id = 'id'
state = [
  { is = 'open', when = { path = 's', equals = 'o' } },
  { is = 'shut', when = { path = 's' } },
]
[streams.dp]
entity = 'deal_person'
[writes]
stream = 'people'
read = { path = '/p' }
read_chunk = 1
block = { kind = 'field', field = 'unsubscribed' }
";
    let errors = load::parse("t", "t.toml", text).unwrap_err();
    let told: Vec<(usize, &str)> = errors.iter().map(|e| (e.line, &*e.message)).collect();
    for (line, part) in [
        (1, "they must be the same"),
        (5, "{settings.base} means nothing here"),
        (7, "has no sweep"),
        (10, "\"a..b\" is no path"),
        (21, "\"shut\" is no state; there are: open, won, lost"),
        (21, "a test has exactly one of"),
        (23, "has no way to be read"),
        (27, "does not say {ids}"),
        (29, "the person's own refusal; nothing may ever write it"),
        (25, "there is no update that writes them"),
    ] {
        assert!(told.iter().any(|(l, m)| *l == line && m.contains(part)), "{line} {part}\n{told:#?}");
    }
    let errors = load::parse("t", "t.toml", "name = 't'\ntitle = 'T'\nroll = 'ma'\n").unwrap_err();
    assert!(errors[0].line == 3 && errors[0].message.contains("roll"), "{errors:?}");
}

#[test]
fn a_missing_setting_is_told_with_where_to_find_it() {
    let manifest = load::load("zendesk", None).unwrap().manifest;
    let mut given = SystemSettings {
        name: "support".into(),
        settings: Default::default(),
        permit: None,
        permits: Default::default(),
        why: None,
        time_zone: Some("Mars".into()),
        refusal_words: Default::default(),
        status_words: Default::default(),
        lacks: Vec::new(),
        edits: Default::default(),
        lists: None,
    };
    let problems = RestConnector::new(&manifest, &given, clock()).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    given.time_zone = None;
    given.settings = [("subdomain", "acme"), ("token", "x")].map(|(k, v)| (k.to_string(), SettingValue::Plain(v.to_string()))).into();
    let connector = RestConnector::new(&manifest, &given, clock()).unwrap();
    assert!(connector.streams().iter().all(|s| s.sound));
}

#[tokio::test]
async fn a_page_with_a_million_rows_is_refused() {
    let server = Server::start(|_, _| status(200, &format!("{{\"r\":[{}{{}}]}}", "{},".repeat(1_000_000)))).await;
    let read = read(&server.connector(STREAM), "s", Pass::Sweep).await;
    let error = read.end.unwrap_err();
    assert!(matches!(&error, Error::TooMany { of: "rows", .. }), "{error:?}");
    assert!(read.pages.is_empty());
}
