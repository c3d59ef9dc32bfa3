//! Sign-ins, and tokens that are refused.

use super::*;
use crate::connector::port::Outcome;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

#[tokio::test]
async fn a_sign_in_is_refused_only_where_the_system_says_so() {
    let coded = |code: &str| format!("{{\"success\":false,\"errors\":[{{\"code\":\"{code}\",\"message\":\"about {TOKEN}\"}}]}}");
    let oauth = format!("{{\"error\":\"invalid_client\",\"error_description\":\"no client {TOKEN}\"}}");
    for (status, headers, body, kind, told) in [
        ("200 OK", "", coded("606"), FailureKind::Later(None), "asks to wait 60s"),
        ("200 OK", "retry-after: 7\r\n", coded("606"), FailureKind::Later(Some(Span::seconds(7))), "asks to wait 7s"),
        ("429 Slow", "retry-after: 9\r\n", String::new(), FailureKind::Later(Some(Span::seconds(9))), "asks to wait 9s"),
        ("200 OK", "", coded("607"), FailureKind::Budget, "budget"),
        ("200 OK", "", coded("601"), FailureKind::Credential, "601 about ***"),
        ("200 OK", "", coded("702"), FailureKind::Credential, "702 about ***"),
        ("200 OK", "", "{}".to_string(), FailureKind::Credential, "200 no access_token"),
        ("200 OK", "", "<html>".to_string(), FailureKind::Credential, "200 no access_token"),
        ("401 Unauthorized", "", oauth, FailureKind::Credential, "no client ***"),
        ("503 Oops", "", "<html>".to_string(), FailureKind::NotConnected, "signing in: 503"),
        ("302 Found", "location: /s\r\n", String::new(), FailureKind::Credential, "302 no access_token"),
        ("200 OK", "", " ".repeat(100_000), FailureKind::Credential, "is no token"),
    ] {
        let server = Raw::says(answer(status, headers, &body)).await;
        let failure = failure(&server.url, CLIENT).await;
        let text = failure.error.to_string();
        assert_eq!(failure.kind, kind, "{status} {body}: {text}");
        assert!(text.contains(told) && !text.contains("3f9a"), "{told:?}: {text}");
        assert_eq!(server.asked().len(), 1);
        let not_sent = matches!(failure.outcome(), Outcome::NotSent(_) | Outcome::Later { .. });
        assert!(not_sent, "nothing but the sign-in was sent");
    }
}

/// The same write, refused for want of a right, came twice with each try: once more with a new token, as if the old one had ended.
#[tokio::test]
async fn a_refused_request_is_repeated_at_once_only_where_a_new_token_may_help() {
    let (fetched, least) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let server = {
        let (fetched, least) = (fetched.clone(), least.clone());
        Raw::start(move |head, mut stream| {
            let token = head.split("Bearer t-").nth(1).and_then(|t| t.split('\r').next()?.parse::<i64>().ok());
            let body = match token {
                None => format!("{{\"access_token\":\"t-{}\",\"expires_in\":3600}}", fetched.fetch_add(1, Relaxed)),
                Some(number) if number >= least.load(Relaxed) => "{\"success\":true,\"r\":[]}".to_string(),
                Some(_) => "{\"success\":false,\"errors\":[{\"code\":\"601\"}]}".to_string(),
            };
            async move { drop(stream.write_all(answer("200 OK", "", &body).as_bytes()).await) }
        })
        .await
    };
    let now = Arc::new(AtomicI64::new(1_795_251_600_000));
    let clock = now.clone();
    let http = HttpClient { clock: Arc::new(move || Time(clock.load(Relaxed))), ..http(&server.url, &Network::default(), CLIENT) };
    let write = request(Method::Post);
    let asked = || server.asked().iter().filter(|head| head.starts_with("POST /s")).count();
    assert!(http.write(&write, Lane::Fields).await.is_ok());
    // The token has run out: all that were on their way with it go once more, with one new one.
    least.store(1, Relaxed);
    let all = futures::future::join_all([(); 3].map(|()| http.write(&write, Lane::Fields))).await;
    assert!(all.iter().all(Result::is_ok));
    assert_eq!((fetched.load(Relaxed), asked()), (2, 1 + 2 * 3));
    // A right is gone: each try is one request, with a new token lest it is wanted for that.
    least.store(i64::MAX, Relaxed);
    for (minutes, requests) in [(0, 1), (1, 1), (2, 1), (10, 2), (11, 1)] {
        now.store(1_795_251_600_000 + minutes * 60_000, Relaxed);
        let before = asked();
        assert!(http.write(&write, Lane::Fields).await.is_err_and(|f| f.kind == FailureKind::Credential));
        assert_eq!(asked() - before, requests, "after {minutes} min");
    }
    least.store(fetched.load(Relaxed), Relaxed);
    assert!(http.write(&write, Lane::Fields).await.is_ok(), "it is there again, for a new token");
}

#[tokio::test]
async fn a_refused_sign_in_is_not_repeated_at_once() {
    let server = Raw::says(answer("401 Unauthorized", "", "{}")).await;
    let http = http(&server.url, &Network::default(), CLIENT);
    assert!(http.write(&request(Method::Post), Lane::Fields).await.is_err_and(|f| f.kind == FailureKind::Credential));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_token_that_was_fetched_is_a_secret_too() {
    let server = Raw::start(|head, mut stream| async move {
        let body = if head.starts_with("GET /token") {
            "{\"access_token\":\"fetched-4711\",\"expires_in\":3600}".to_string()
        } else {
            "{\"success\":false,\"errors\":[{\"code\":\"610\",\"message\":\"not with fetched-4711\"}]}".to_string()
        };
        let _ = stream.write_all(answer("200 OK", "", &body).as_bytes()).await;
    })
    .await;
    let http = http(&server.url, &Network::default(), CLIENT);
    let failure = once(&http).await.err().unwrap();
    assert_eq!(failure.error.to_string(), format!("ma: s sweep at {}: 200: 610 not with ***", server.url));
    assert_eq!(http.told("later: fetched-4711"), "later: ***", "where a row repeats it as well");
}
