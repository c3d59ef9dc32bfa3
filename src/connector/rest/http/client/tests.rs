//! One request each against servers that answer by hand: limits, redirects, what is told of secrets.

use super::*;
use crate::connector::manifest::Limits;
use crate::connector::manifest::load;
use crate::connector::port::{SettingValue, SystemSettings};
use crate::model::Time;
use std::collections::BTreeMap;
use std::future::Future;
use std::io::Write;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

mod tokens;
mod ways;

/// Long enough to be looked for, and with characters that JSON and URLs write otherwise.
const TOKEN: &str = "tok/3f9a+77c1";

/// A server that hands each request's head and its connection to a closure.
struct Raw {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Raw {
    async fn start<F, Done>(answer: F) -> Raw
    where
        F: Fn(String, TcpStream) -> Done + Send + Sync + 'static,
        Done: Future<Output = ()> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answer) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answer));
        let log: Arc<Mutex<Vec<String>>> = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (log, answer) = (log.clone(), answer.clone());
                tokio::spawn(async move {
                    let head = head(&mut stream).await;
                    log.lock().unwrap().push(head.clone());
                    answer(head, stream).await;
                });
            }
        });
        Raw { url, asked }
    }

    /// Answers each request with these bytes.
    async fn says(bytes: impl Into<Vec<u8>>) -> Raw {
        let bytes: Arc<Vec<u8>> = Arc::new(bytes.into());
        Raw::start(move |_, mut stream| {
            let bytes = bytes.clone();
            async move {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
            }
        })
        .await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.is_ok_and(|n| n > 0) {
        head.extend(byte);
    }
    String::from_utf8(head).unwrap()
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

const BEARER: &str = "auth = { kind = 'bearer', token = '{settings.token}' }\n";

/// `more` stands behind the manifest's head.
fn http(base: &str, network: &Network, more: &str) -> HttpClient {
    let text = format!(
        "name = 't'\ntitle = 'T'\nrole = 'ma'\napi_version = '1'\nbase_url = '{base}'\n{more}
        [settings.token]\ntitle = 'Token'\nwhere = 'there'\nsecret = true
        [streams.s]\nentity = 'person'\n[streams.s.sweep]\npath = '/s'\nrecords = 'r'\n[streams.s.record]\nid = 'id'\n"
    );
    let manifest = load::parse("t", "t.toml", &text).unwrap_or_else(|e| panic!("{e:#?}"));
    let settings = BTreeMap::from([("token".to_string(), SettingValue::Secret(TOKEN.into()))]);
    let given = SystemSettings {
        name: "ma".into(),
        settings,
        permit: None,
        permits: Default::default(),
        why: None,
        time_zone: None,
        refusal_words: Default::default(),
        status_words: Default::default(),
        lacks: Vec::new(),
        edits: Default::default(),
        lists: None,
    };
    let settings = Settings::resolve(&manifest, &given).unwrap();
    HttpClient::new(&manifest, &settings, network, Wire::of(network).unwrap(), &given.name, Arc::new(|| Time(1_795_251_600_000))).unwrap()
}

fn request(method: Method) -> ReadyRequest {
    let (path, query) = ("/s".to_string(), Vec::new());
    ReadyRequest { what: "s sweep".into(), method, path, query, body: None, from_cursor: false }
}

async fn once(http: &HttpClient) -> Result<HttpAnswer, RequestFailure> {
    http.once(&request(Method::Get)).await.0
}

/// It was asked again for the next record at the same moment, whatever the server had asked for.
#[tokio::test]
async fn what_the_server_wants_much_later_is_not_asked_again_meanwhile() {
    let server = Raw::says(answer("429 Too Many Requests", "retry-after: 35\r\n", "{}")).await;
    let http = http(&server.url, &Network::default(), BEARER);
    for _ in 0..3 {
        let error = http.read(&request(Method::Get), Lane::Read).await.err().unwrap();
        assert!(matches!(error, Error::Later { wait, .. } if (30_000..=35_000).contains(&wait.0)), "{error}");
    }
    assert_eq!(server.asked().len(), 1);
    for (what, path) in [("t sweep", "/s"), ("s sweep", "/t"), ("t sweep", "/t")] {
        let other = ReadyRequest { what: what.into(), path: path.into(), ..request(Method::Get) };
        assert!(http.read(&other, Lane::Read).await.is_err());
    }
    assert_eq!(server.asked().len(), 2, "only other things elsewhere may be asked");
    assert!(http.read(&request(Method::Get), Lane::Protective).await.is_err());
    assert_eq!(server.asked().len(), 3, "what protects goes by what it was told itself");
}

/// One record that somebody has locked kept all others of its batch from being written, stop marks too.
#[tokio::test]
async fn a_record_that_is_locked_keeps_away_no_other() {
    let server = Raw::says(answer("423 Locked", "retry-after: 60\r\n", "{}")).await;
    let http = http(&server.url, &Network::default(), BEARER);
    for path in ["/1", "/2", "/1", "/2"] {
        let request = ReadyRequest { path: path.into(), ..request(Method::Get) };
        assert!(matches!(http.write(&request, Lane::Protective).await, Err(failure) if matches!(failure.error, Error::Later { .. })));
    }
    assert_eq!(server.asked().len(), 2, "each is asked for once");
}

async fn failure(base: &str, more: &str) -> RequestFailure {
    once(&http(base, &Network::default(), more)).await.err().expect("no failure")
}

#[tokio::test]
async fn answers_are_bounded_in_size_and_in_time() {
    const LIMITS: &str = "auth = { kind = 'none' }\n[limits]\nanswer_bytes_max = 200000\ntimeout = '400ms'\n";
    let bomb = {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gz.write_all(&vec![b' '; 20 << 20]).unwrap();
        gz.finish().unwrap()
    };
    assert!(bomb.len() < 50_000, "the bomb is below the limit as it comes");
    let mut packed = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len()).into_bytes();
    packed.extend(bomb);
    let wide = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "a".repeat(1 << 20));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: a\r\n".repeat(5_000));
    let deep = answer("200 OK", "", &"[".repeat(100_000));
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_string();
    let torn = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"r\":".to_string();
    type Is = fn(&RequestFailure) -> bool;
    let cases: Vec<(&str, Vec<u8>, Is)> = vec![
        ("gzip bomb", packed, |f| matches!(f.error, Error::TooLarge { limit: 200_000, .. })),
        ("announced", announced.into(), |f| matches!(f.error, Error::TooLarge { .. })),
        ("one wide header", wide.into(), |f| matches!(f.error, Error::Unreachable { .. })),
        ("many headers", many.into(), |f| matches!(f.error, Error::Unreachable { .. })),
        ("deep", deep.into(), |f| matches!(&f.error, Error::NotUnderstood { why, .. } if why.contains("recursion limit"))),
        ("torn", torn.into(), |f| f.kind == FailureKind::Broken(None)),
    ];
    for (name, bytes, is) in cases {
        let server = Raw::says(bytes).await;
        let failure = failure(&server.url, LIMITS).await;
        assert!(is(&failure), "{name}: {failure:?}");
    }
    // Without end, and a drop at a time: in the head and in the body.
    let endless = Raw::start(|_, mut stream| async move {
        let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
        let mut alive = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await.is_ok();
        while alive {
            alive = stream.write_all(chunk.as_bytes()).await.is_ok();
        }
    })
    .await;
    assert!(matches!(failure(&endless.url, LIMITS).await.error, Error::TooLarge { .. }));
    for start in ["HTTP/1.1 200 OK\r\nx: ", "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"] {
        let dripping = Raw::start(move |_, mut stream| async move {
            let mut alive = stream.write_all(start.as_bytes()).await.is_ok();
            while alive {
                tokio::time::sleep(std::time::Duration::from_millis(40)).await;
                alive = stream.write_all(b" ").await.is_ok();
            }
        })
        .await;
        let failure = failure(&dripping.url, LIMITS).await;
        assert!(matches!(&failure.error, Error::Unreachable { why, .. } if why == "it took too long"), "{failure:?}");
    }
    assert_eq!(Limits::default().timeout, Span::seconds(30), "what a manifest does not say is bounded too");
}

#[tokio::test]
async fn an_answer_of_millions_of_values_is_not_read_into_memory() {
    let body = format!("{{\"r\":[{}[]]}}", "[],".repeat(VALUES_MAX / 2 + 1));
    let server = Raw::says(answer("200 OK", "", &body)).await;
    let failure = failure(&server.url, BEARER).await;
    assert!(matches!(failure.error, Error::TooMany { limit: VALUES_MAX, of: "values", .. }), "{failure:?}");
    assert_eq!(failure.kind, FailureKind::TooLarge);
}

#[test]
fn values_are_counted_across_parts() {
    for (body, want) in [("", 0), ("{\"a\":[1,2]}", 3), (&",".repeat(191), 191), (&"[x".repeat(500), 500), (&"{".repeat(100_003), 100_003)]
    {
        assert_eq!(values(body.as_bytes()), want, "{} bytes", body.len());
    }
}

#[tokio::test]
async fn what_is_no_json_is_told_with_its_place_and_beginning() {
    let cases: [(&[u8], &str, &str); 4] = [
        (b"{\"r\": <html>", "expected value at line 1 column 7", "{\"r\": <html>"),
        (b"{\"r\":\n[\xff]}", "expected value at line 2 column 2", "{\"r\": [\u{fffd}]}"),
        (&[b'['; 100_000], "recursion limit exceeded at line 1 column 128", &"[".repeat(BEGINS_CHARS)),
        (b" ", "EOF while parsing a value at line 1 column 1", ""),
    ];
    for (body, want_why, want_begins) in cases {
        let server = Raw::says([answer("200 OK", "", "").replace("content-length: 0\r\n", "").into_bytes(), body.to_vec()].concat()).await;
        let failure = failure(&server.url, BEARER).await;
        assert_eq!(failure.kind, FailureKind::NotUnderstood);
        let Error::NotUnderstood { why, begins, .. } = failure.error else { panic!("{failure:?}") };
        assert_eq!((&*why, &*begins), (&*format!("200: {want_why}"), want_begins));
    }
}

#[test]
fn redirects_stay_with_the_server() {
    for (from, to, want) in [
        ("https://a.example/x", "https://a.example/y", true),
        ("https://a.example/x", "https://a.example:443/y", true),
        ("http://a.example/x", "https://a.example/x", true),
        ("http://a.example:8080/x", "https://a.example:8080/x", true),
        ("http://a.example:8080/x", "https://a.example/x", true),
        ("http://a.example:8080/x", "https://a.example:9999/x", false),
        ("https://a.example/x", "http://a.example/x", false),
        ("https://a.example/x", "http://a.example:443/x", false),
        ("https://a.example/x", "https://a.example:8443/x", false),
        ("https://a.example/x", "https://b.a.example/x", false),
        ("https://a.example/x", "https://a.example.evil.example/x", false),
        ("https://a.example/x", "https://me:pw@a.example/x", false),
        ("https://a.example/x", "https://me@a.example/x", false),
        ("https://a.example/x", "file:///etc/passwd", false),
    ] {
        assert_eq!(same_server(&Url::parse(from).unwrap(), &Url::parse(to).unwrap()), want, "{from} -> {to}");
    }
}

#[tokio::test]
async fn redirects_are_bounded_and_carry_nothing_elsewhere() {
    let elsewhere = Raw::says(answer("200 OK", "", "{\"r\":[]}")).await;
    let round = Raw::says(answer("302 Found", "location: /s\r\n", "")).await;
    let failed = failure(&round.url, BEARER).await;
    assert!(matches!(&failed.error, Error::Refused { said, .. } if said.contains("without end")), "{failed:?}");
    assert_eq!(round.asked().len(), REDIRECTS_MAX + 1);

    let by_name = elsewhere.url.replace("127.0.0.1", "localhost");
    for to in [elsewhere.url.as_str(), by_name.as_str(), &format!("http://{}.example/", TOKEN.replace(['/', '+'], "-"))] {
        let server = Raw::says(answer("307 Temporary Redirect", &format!("location: {to}\r\n"), "")).await;
        let failed = failure(&server.url, BEARER).await;
        // With the port: the host alone may be the one that was asked.
        let told = if to.contains(".example") { "redirects to http://" } else { to };
        let named = matches!(&failed.error, Error::Refused { said, .. } if said.contains("not followed") && said.contains(told));
        assert!(named, "{failed:?}");
    }
    assert!(elsewhere.asked().is_empty());

    let server = Raw::says(answer("307 Temporary Redirect", "location: /t\r\n", "")).await;
    let written = http(&server.url, &Network::default(), BEARER).once(&request(Method::Post)).await.0;
    assert!(written.is_err_and(|f| f.kind == FailureKind::Refused));
    assert_eq!(server.asked().len(), 1, "what writes is sent to no second place");
}

#[tokio::test]
async fn what_a_server_repeats_of_a_secret_is_told_nowhere() {
    let quoted = serde_json::json!({ "message": format!("bad token {TOKEN}"), "token": TOKEN }).to_string();
    let slashed = quoted.replace('/', "\\/");
    let encoded = "<p>/s?key=tok%2F3f9a%2B77c1</p>".to_string();
    let rules = format!("{BEARER}[errors]\nmessage = 'message'\n");
    let long = |before: usize| format!("{}{TOKEN}", "x".repeat(before));
    let mut told = Vec::new();
    for status in ["200 OK", "400 Bad Request", "401 Unauthorized", "404 Not Found", "500 Oops"] {
        for body in [&quoted, &slashed, &encoded, &format!("Authorization: Bearer {TOKEN}")] {
            for rules in [BEARER, &rules] {
                let server = Raw::says(answer(status, &format!("x-echo: Bearer {TOKEN}\r\n"), body)).await;
                told.extend(once(&http(&server.url, &Network::default(), rules)).await.err());
            }
        }
    }
    // A secret at the place where a message is cut short: half of it is a secret too.
    for before in (BEGINS_CHARS - TOKEN.len()..BEGINS_CHARS).chain(MESSAGE_CHARS - TOKEN.len()..MESSAGE_CHARS) {
        for body in
            [long(before), serde_json::json!({ "message": long(before) }).to_string(), serde_json::json!([long(before)]).to_string()]
        {
            let server = Raw::says(answer("400 Bad Request", "", &body)).await;
            told.push(failure(&server.url, &rules).await);
        }
    }
    assert!(told.len() > 100);
    for failure in told {
        for text in [failure.error.to_string(), format!("{failure:?}"), format!("{:?}", failure.outcome())] {
            for part in [TOKEN, "tok/3", "tok\\/3", "tok%2F3", "3f9a"] {
                assert!(!text.contains(part), "{part} is told: {text}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_in_the_address_is_not_told_when_nobody_answers() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let http = http(&format!("http://{gone}"), &Network::default(), BEARER);
    let request = ReadyRequest { query: vec![("key".into(), TOKEN.into())], ..request(Method::Get) };
    let told = http.once(&request).await.0.err().unwrap().error.to_string();
    assert!(told.contains("Connection refused") && !told.contains("3f9a") && !told.contains("key="), "{told}");
}

#[tokio::test]
async fn a_cursor_too_long_for_any_request_is_refused_at_once() {
    let server = Raw::says(answer("200 OK", "", "{\"r\":[]}")).await;
    let http = http(&server.url, &Network::default(), BEARER);
    let long = ReadyRequest { query: vec![("cursor".into(), "c".repeat(70_000))], ..request(Method::Get) };
    let failure = http.send(&long, Lane::Read, false).await.err().unwrap();
    assert!(matches!(&failure.error, Error::Refused { said, .. } if said.contains("too long")), "{failure:?}");
    assert!(server.asked().is_empty());
}

/// In the first seconds of an outage, `status` gave no cause.
#[tokio::test]
async fn what_is_tried_again_is_told_before_the_tries_are_used_up() {
    let server = Raw::says(answer("503 Unavailable", "", "{}")).await;
    let http = http(&server.url, &Network::default(), BEARER);
    let asked = request(Method::Get);
    let told = async {
        while http.again.told().is_none() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        biased;
        () = told => {}
        answer = http.send(&asked, Lane::Read, false) => panic!("it was not tried again: {:?}", answer.err()),
    }
    assert_eq!(http.again.told(), None, "it is told only as long as it is tried");
    let failed = http.send(&asked, Lane::Protective, true).await.err().unwrap();
    assert!(http.again.told().is_none() && failed.kind == FailureKind::Broken(None), "a write is not tried again: {failed:?}");
}

/// "Field not found" came without a word of what to do.
#[tokio::test]
async fn the_manifest_says_what_to_do_about_an_error() {
    let said = "{\"success\": false, \"errors\": [{\"code\": \"1006\", \"message\": \"Field 'x' not found\"}]}";
    let server = Raw::says(answer("200 OK", "", said)).await;
    let rules = format!(
        "{BEARER}[errors]\nsuccess = {{ path = 'success', equals = true }}\ncode = 'errors[].code'\nmessage = 'errors[].message'\nhelp = {{ 1006 = 'create it' }}\n"
    );
    let failed = failure(&server.url, &rules).await;
    assert!(matches!(&failed.error, Error::Refused { said, .. } if said == "200: 1006 Field 'x' not found; create it"), "{failed:?}");
}

const CLIENT: &str =
    "auth = { kind = 'client_credentials', method = 'GET', path = '/token', client_id = 'me', client_secret = '{settings.token}' }
    [errors]\nsuccess = { path = 'success', equals = true }\ncode = 'errors[].code'\nmessage = 'errors[].message'
    auth_codes = ['601']\nretry_codes = ['606']\nbudget_codes = ['607']\n";

#[test]
fn nothing_that_holds_secrets_shows_them() {
    let http = http("http://h.example", &Network::default(), BEARER);
    assert!(!format!("{http:?}{:?}{:?}", http.auth, http.secrets).contains("3f9a"));
    let settings = SettingValue::Secret(TOKEN.into());
    assert!(!format!("{settings:?}").contains("3f9a"));
    // Nor does a panic that has them at hand.
    let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| panic!("{http:?} {settings:?}"))).unwrap_err();
    assert!(!shown.downcast_ref::<String>().unwrap().contains("3f9a"));
}
