//! What people read when a system answers badly or a manifest is mistaken: whole sentences, as snapshots.

use crate::server::*;
use nayose::connector::Pass;
use nayose::connector::manifest::load;
use serde_json::json;

const STREAM: &str = "[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/s'\nrecords = 'r'\n
    [streams.s.record]\nid = 'id'\nchanged_at = 'at'\nfields = { email = 'email' }\n";
const ERRORS: &str = "[errors]\nmessage = 'message'\n[limits]\nanswer_bytes_max = 2000\n";

#[tokio::test]
async fn an_error_says_where_it_came_from_and_the_status() {
    let page = "<!DOCTYPE html><html><head><title>Login - ACME</title></head><body onload=\"x()\">";
    let away = vec![("location", "http://login.example/start".to_string())];
    let cases = [
        ("redirected", Reply(302, away, String::new())),
        ("a page in place of JSON", status(200, page)),
        ("no JSON", status(200, "OK")),
        ("another JSON", json(json!({"results": []}))),
        ("a page with a status", status(403, page)),
        ("not found", status(404, "{}")),
        ("a wrong key", status(401, "{\"message\": \"no such key\"}")),
        ("to wait", Reply(429, vec![("retry-after", "600".into())], "{\"message\": \"slow down\"}".into())),
        ("to wait for ages", Reply(429, vec![("retry-after", "99999999999999999999".into())], "{\"message\": \"slow down\"}".into())),
        ("large", status(200, &" ".repeat(3000))),
    ];
    let mut told = String::new();
    for (name, Reply(code, headers, body)) in cases {
        let server = Server::start(move |_, _| Reply(code, headers.clone(), body.clone())).await;
        let connector = server.connector(&format!("{ERRORS}{STREAM}"));
        let error = read(&connector, "s", Pass::Sweep).await.end.expect_err(name);
        let (whole, of_stream) = (error.to_string(), error.of_stream("s"));
        assert_eq!(whole, format!("ma: s {of_stream}"), "{name}: the names stand in front, and once");
        told += &format!("{name}\n    {}\n", of_stream.replace(&server.url, "http://SERVER"));
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_mistake_in_a_manifest_says_what_is_wrong_and_what_was_expected() {
    let head = "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = 'https://t.example'\nauth = { kind = 'none' }\n";
    let good = format!("{head}{STREAM}");
    load::parse("t", "t.toml", &good).unwrap_or_else(|e| panic!("{e:#?}"));
    let mut told = String::new();
    for (from, to) in [
        ("changed_at = 'at'", "changed_at = { path = 'at', format = 'iso' }"),
        ("changed_at = 'at'", "changed_at = { pth = 'at', format = 'unix_s' }"),
        ("changed_at = 'at'", "changed_at = { path = 'at' }"),
        ("changed_at = 'at'", "changed_at = 5"),
        ("email = 'email'", "email = 'email', score = 5"),
        ("email = 'email'", "email = 'email', score = { path = 'score', type = 'integer' }"),
        ("email = 'email'", "email = 'email', score = { pth = 'score' }"),
        ("email = 'email'", "email = 'email', score = ['score']"),
        ("records = 'r'", "records = 5"),
        ("records = 'r'", "records = ['r', 5]"),
        ("role = 'ma'", "role = 'mail'"),
        ("entity = 'person'", "entity = 'person'\nevry = '5m'"),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{from}");
        let mistakes = load::parse("t", "t.toml", &text).unwrap_err();
        told += &format!("{to}\n");
        mistakes.iter().for_each(|mistake| told += &format!("    {mistake}\n"));
    }
    assert!(!told.contains("untagged"), "{told}");
    insta::assert_snapshot!(told);
}
