//! Credentials that must be made or fetched.

use crate::server::*;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use nayose::connector::Pass;
use serde_json::json;

const STREAM: &str = "[streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/s'\nrecords = 'r'\n[streams.s.record]\nid = 'id'\n";

#[tokio::test]
async fn a_token_is_fetched_once_for_all_and_anew_when_it_is_refused() {
    let server = Server::start(|asked, n| match &*asked.path {
        "/token" => {
            assert_eq!((&*asked.query["grant_type"], &*asked.query["client_secret"]), ("client_credentials", TOKEN));
            json(json!({"access_token": format!("access-{n}"), "expires_in": 3600}))
        }
        _ if asked.authorization == "Bearer access-0" && n > 3 => json(json!({"ok": false, "code": "602"})),
        _ => json(json!({"ok": true, "r": [{"id": 1}]})),
    })
    .await;
    let connector = server.connector(&format!(
        "[errors]\nsuccess = {{ path = 'ok', equals = true }}\ncode = 'code'\nauth_codes = ['602']
        [auth]\nkind = 'client_credentials'\nmethod = 'GET'\npath = '/token'\nclient_id = 'me'\nclient_secret = '{{settings.token}}'\n{STREAM}"
    ));
    let passes = (0..3).map(|_| read(&connector, "s", Pass::Sweep));
    assert!(futures::future::join_all(passes).await.iter().all(Read::complete));
    let count = |path: &str| server.asked().iter().filter(|a| a.path == path).count();
    assert_eq!((count("/token"), count("/s")), (1, 3));
    assert!(read(&connector, "s", Pass::Sweep).await.complete());
    assert_eq!((count("/token"), count("/s")), (2, 5));
}

#[tokio::test]
async fn a_jwt_is_signed_with_the_keys_second_half() {
    let server = Server::start(|_, _| json(json!({"r": []}))).await;
    let mut text = String::from("[auth]\nkind = 'jwt'\nkey = '6b02:00ff10'\naudience = '/admin/'\nscheme = 'Ghost'\nlifetime = '4m'\n");
    text.push_str(STREAM);
    assert!(read(&server.connector(&text), "s", Pass::Sweep).await.complete());
    let asked = server.asked().remove(0);
    let token = asked.authorization.strip_prefix("Ghost ").unwrap();
    assert_eq!(jsonwebtoken::decode_header(token).unwrap().kid.as_deref(), Some("6b02"));
    let mut rules = Validation::new(Algorithm::HS256);
    rules.set_audience(&["/admin/"]);
    rules.validate_exp = false;
    let claims = jsonwebtoken::decode::<serde_json::Value>(token, &DecodingKey::from_secret(&[0, 255, 16]), &rules).unwrap().claims;
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(NOW.0 / 1000), Some(NOW.0 / 1000 + 240)));
}

/// A Ghost whose clock was six minutes ahead refused each token as expired, and the key was blamed.
#[tokio::test]
async fn what_is_signed_bears_the_time_of_the_systems_own_clock() {
    const AHEAD_S: i64 = 360;
    let date = jiff::Timestamp::from_millisecond(NOW.0 + AHEAD_S * 1000).unwrap().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let server = Server::start(move |asked, _| {
        let token = asked.authorization.strip_prefix("Ghost ").unwrap();
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&["/admin/"]);
        rules.validate_exp = false;
        let claims = jsonwebtoken::decode::<serde_json::Value>(token, &DecodingKey::from_secret(&[0, 255, 16]), &rules).unwrap().claims;
        let expired = claims["exp"].as_i64().unwrap() < NOW.0 / 1000 + AHEAD_S;
        let body = if expired { json!({"message": "jwt expired"}) } else { json!({"r": []}) };
        Reply(if expired { 401 } else { 200 }, vec![("date", date.clone())], body.to_string())
    })
    .await;
    let mut text = String::from("[auth]\nkind = 'jwt'\nkey = '6b02:00ff10'\naudience = '/admin/'\nscheme = 'Ghost'\nlifetime = '4m'\n");
    text.push_str(STREAM);
    let connector = server.connector(&text);
    let told = read(&connector, "s", Pass::Sweep).await.end.unwrap_err().to_string();
    assert!(told.contains("its clock and ours differ by 360 s"), "{told}");
    assert!(read(&connector, "s", Pass::Sweep).await.complete());
}
