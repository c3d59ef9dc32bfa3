//! Which instance of a system answers: what it says of itself.

use crate::server::*;
use nayose::connector::{Connector, Error};
use serde_json::json;

const STREAM: &str = "[streams.s]\nentity = 'person'\nsweep = { path = '/s', records = 'r' }\n[streams.s.record]\nid = 'id'\n";
const INSTANCE: &str = "[instance]\nid = 'organisation.id'\nrequest = { path = '/account', query = { of = '{settings.token}' } }\n";

#[tokio::test]
async fn a_system_says_in_one_request_which_instance_it_is() {
    let server = Server::start(|asked, n| {
        assert_eq!((&*asked.method, &*asked.path), ("GET", "/account"));
        assert_eq!((&*asked.query["of"], &*asked.authorization), (TOKEN, &*format!("Bearer {TOKEN}")));
        match n {
            0 => json(json!({"organisation": {"id": 4711, "name": "Acme"}})),
            1 => json(json!({"organisation": {"id": "acme-1"}})),
            2 => json(json!({"organisation": {"id": 4711.0}})),
            3 => json(json!({"organisation": {"name": "Acme"}})),
            4 => json(json!({"organisation": {"id": null}})),
            _ => json(json!({"organisation": {"id": {"of": 4711}}})),
        }
    })
    .await;
    let connector = server.connector(&format!("{INSTANCE}{STREAM}"));
    assert!(connector.tells_instance());
    for want in [Some("4711"), Some("acme-1"), Some("4711"), None, None, None] {
        assert_eq!(connector.instance().await.unwrap().as_deref(), want);
    }
    assert_eq!(server.asked().len(), 6);
}

/// Nothing may be read or written before it is known who answers, so that a failure must not look like a system that says nothing.
#[tokio::test]
async fn a_failure_is_told_and_asked_for_once() {
    for code in [401, 403, 404, 500] {
        let server = Server::start(move |_, _| status(code, "{\"message\":\"no\"}")).await;
        let answer = server.connector(&format!("[errors]\nauth_statuses = [403]\n{INSTANCE}{STREAM}")).instance().await;
        let right = match (&answer, code) {
            (Err(Error::Credential { what, .. }), 401 | 403) => what.starts_with("instance at http://127.0.0.1:"),
            (Err(Error::NotFound { what, .. }), 404) => what.starts_with("instance at http://127.0.0.1:"),
            (Err(Error::Unreachable { what, .. }), 500) => what.starts_with("instance at http://127.0.0.1:"),
            _ => false,
        };
        assert!(right, "{code}: {answer:?}");
        assert_eq!(server.asked().len(), 1, "{code}");
    }
    let server = Server::start(|_, _| status(200, "<html>")).await;
    let answer = server.connector(&format!("{INSTANCE}{STREAM}")).instance().await;
    assert!(matches!(answer, Err(Error::NotUnderstood { .. })), "{answer:?}");
}

#[tokio::test]
async fn a_system_whose_manifest_has_no_such_request_says_nothing() {
    let server = Server::start(|_, _| panic!("asked")).await;
    let connector = server.connector(STREAM);
    assert!(!connector.tells_instance());
    assert_eq!(connector.instance().await, Ok(None));
    assert_eq!(format!("http://{}", connector.address()), server.url);
}
