//! Who may come in, and the way out: the socket, the gate over HTTP, the proxy.

use super::harness::{HTTP_TOKEN, PROXY_PASSWORD, Setup, World, person};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[test]
fn the_socket_is_the_owners_alone() {
    let world = World::new(Setup::default());
    let daemon = world.daemon();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.state_folder().join("socket")), 0o600);
    assert_eq!(mode(&world.state_folder()), 0o700, "nor can others get at it before its mode is set");
    daemon.stop();
}

#[test]
fn a_token_counts_nowhere_but_in_its_header() {
    let world = World::new(Setup { http_token: true, ..Setup::default() });
    let daemon = world.daemon();
    let (shorter, longer) = (&HTTP_TOKEN[1..], format!("{HTTP_TOKEN}x"));
    let get = |path: &str, token: Option<&str>| world.http("GET", path, None, token).unwrap().0;
    for path in ["/readyz", "/metrics"] {
        for query in ["token", "access_token", "bearer", "authorization"] {
            // An answer must not repeat it either, which the harness looks for.
            assert_eq!(get(&format!("{path}?{query}={HTTP_TOKEN}"), None), 401);
        }
        assert_eq!(get(path, Some(shorter)), 401);
        assert_eq!(get(path, Some(&longer)), 401);
        assert_eq!(get(path, Some(HTTP_TOKEN)), 200);
    }
    assert_eq!(get(&format!("/v1/people/{HTTP_TOKEN}"), None), 401);
    daemon.stop();
}

/// What one request, byte for byte, is answered.
fn raw(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

/// A web page can give its own name this machine's address, and read what it is answered: only the name tells it from us.
#[test]
fn without_a_token_a_page_under_another_name_is_told_nothing() {
    let text = "hosts = [\"gate.acme.example\"]\n[systems.crm]";
    let world = World::new(Setup::default());
    let systems = world.folder().join("systems.toml");
    let good = std::fs::read_to_string(&systems).unwrap();
    std::fs::write(&systems, good.replacen("[systems.crm]", text, 1)).unwrap();
    person(&world.sandbox.handle, "Hanako", "Mori", None);
    let daemon = world.daemon();
    let get = |path: &str, head: &str| raw(world.port, &format!("GET {path} HTTP/1.1\r\n{head}connection: close\r\n\r\n"));
    let status = |answer: &str| answer.get(9..12).unwrap_or_default().to_string();
    let strangers = [
        "host: evil.example\r\n",
        "host: 127.0.0.1.evil.example\r\n",
        "host: \r\n",
        "",
        "host: [::1\r\n",
        "host: localhost\r\nhost: localhost\r\n",
    ];
    for path in ["/readyz", "/metrics", "/v1/decisions/d_none", "/v1/people/hanako.mori@acme.example"] {
        for head in strangers {
            let answer = get(path, head);
            assert!(["403", "400"].contains(&status(&answer).as_str()) && !answer.contains("Hanako"), "{path} {head:?}: {answer}");
        }
        assert_eq!(status(&get(&format!("http://evil.example{path}"), "host: localhost\r\n")), "403", "{path}");
    }
    let refused = get("/readyz", "host: evil.example\r\n");
    assert!(refused.contains("evil.example") && refused.contains("[http] hosts"), "it does not say what to do: {refused}");
    for head in [
        "host: localhost:1\r\n",
        "host: 127.0.0.9\r\norigin: http://evil.example\r\n",
        "host: [::1]:8642\r\n",
        "host: GATE.acme.example\r\n",
    ] {
        assert_eq!(status(&get("/metrics", head)), "200", "{head:?}");
        let people = get("/v1/people/hanako.mori@acme.example", head);
        assert!(status(&people) == "401" && people.contains("set [http] token"), "{people}");
    }
    assert_eq!(status(&get("/healthz", "host: evil.example\r\n")), "200");
    daemon.stop();
}

#[test]
fn with_the_token_any_name_is_served() {
    let world = World::new(Setup { http_token: true, ..Setup::default() });
    let daemon = world.daemon();
    let get = |host: &str, token: &str| {
        raw(world.port, &format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\nconnection: close\r\n\r\n"))
    };
    for host in ["gate.acme.example", "127.0.0.1", "10.0.0.7:8642"] {
        assert!(get(host, HTTP_TOKEN).starts_with("HTTP/1.1 200"), "{host}");
        assert!(get(host, "wrong").starts_with("HTTP/1.1 401"), "{host}");
    }
    daemon.stop();
}

#[test]
fn a_body_of_all_the_subjects_promised_is_taken_and_a_longer_one_is_bounded() {
    let world = World::new(Setup::default());
    let daemon = world.daemon();
    let ask = |subjects: Vec<Value>| {
        let body = json!({"subjects": subjects, "mail": {"kind": "campaign"}}).to_string();
        (body.len(), world.http("POST", "/v1/decisions", Some(body), None))
    };
    // The longest ids that a record may have.
    let (bytes, answer) = ask((0..5_000).map(|i| json!({"record": format!("crm:person:{i:0512}")})).collect());
    let (status, text) = answer.expect("an answer");
    assert_eq!(status, 200, "{bytes} bytes: {text:.300}");
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap()["decisions"].as_array().map(Vec::len), Some(5_000));
    let (bytes, answer) = ask(vec![json!({"email": "a".repeat((4 << 20) - 100)})]);
    assert_eq!(answer.map(|(status, _)| status), Some(200), "{bytes} bytes");
    // It is read on a while, so that the client gets to see why.
    for long in [4 << 20, 20 << 20] {
        let (status, text) = ask(vec![json!({"email": "a".repeat(long)})]).1.expect("an answer");
        assert!(status == 413 && text.contains("fewer subjects"), "{status} {text:.300}");
    }
    let endless = ask(vec![json!({"email": "a".repeat(60 << 20)})]).1;
    assert!(endless.as_ref().is_none_or(|(status, _)| *status == 413), "{endless:.300?}");
    let deep = format!("{{\"subjects\": {}", "[".repeat(1 << 20));
    let (status, text) = world.http("POST", "/v1/decisions", Some(deep), None).unwrap();
    assert!((400..500).contains(&status) && text.len() < 1000, "{status} {text}");
    assert_eq!(world.http("GET", "/healthz", None, None).unwrap().0, 200);
    daemon.stop();
}

/// From one peer, more than there are places: silent ones, heads that never end, bodies that do not come.
#[test]
fn the_gate_answers_while_hundreds_of_hostile_connections_are_there() {
    let world = World::new(Setup::default());
    let daemon = world.daemon();
    let question = json!({"subjects": [{"email": "a@acme.example"}], "mail": {"kind": "campaign"}}).to_string();
    let ends = format!(
        "host: localhost\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{question}",
        question.len()
    );
    for hostile in [
        "",
        "GET /metrics HTTP/1.1\r\nhost: localhost\r\nx: ",
        "POST /v1/decisions HTTP/1.1\r\nhost: localhost\r\ncontent-length: 900\r\n\r\n{",
    ] {
        let mut connections: Vec<TcpStream> = (0..600).map(|_| TcpStream::connect(("127.0.0.1", world.port)).unwrap()).collect();
        connections.iter_mut().for_each(|c| drop(c.write_all(hostile.as_bytes())));
        let mut slowest = Duration::ZERO;
        for _ in 0..20 {
            // And they go on, a byte each.
            connections.iter_mut().for_each(|c| drop(c.write_all(b"x")));
            let asked = Instant::now();
            let answer = raw(world.port, &format!("POST /v1/decisions HTTP/1.1\r\n{ends}"));
            slowest = slowest.max(asked.elapsed());
            assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("unknown_person"), "{hostile:?}: {answer}");
        }
        assert!(slowest < Duration::from_secs(3), "{hostile:?}: {slowest:?}");
        println!("600 connections that say {hostile:?}: the slowest of 20 answers took {slowest:?}");
    }
    daemon.stop();
}

/// A proxy for plain HTTP that takes every host for the CRM of the sandbox. Keeps the heads of what it was asked.
struct Proxy {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Without anything behind it, it lets nobody through.
    fn start(behind: Option<String>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = asked.clone();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let (log, behind) = (log.clone(), behind.clone());
                std::thread::spawn(move || {
                    let mut head = Vec::new();
                    let mut byte = [0];
                    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
                        head.extend(byte);
                    }
                    let head = String::from_utf8(head).unwrap();
                    log.lock().unwrap().push(head.clone());
                    let Some(behind) = behind else {
                        let _ = stream.write_all(b"HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                        return;
                    };
                    let direct = head.replacen("http://crm.example", "", 1).replacen("\r\n", "\r\nconnection: close\r\n", 1);
                    let mut server = TcpStream::connect(behind).unwrap();
                    server.write_all(direct.as_bytes()).unwrap();
                    let length = head.lines().find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
                    let mut body = vec![0; length.unwrap_or(0)];
                    stream.read_exact(&mut body).unwrap();
                    server.write_all(&body).unwrap();
                    let _ = std::io::copy(&mut server, &mut stream);
                });
            }
        });
        Proxy { url, asked }
    }
}

#[test]
fn systems_are_reached_through_the_proxy_of_the_config_and_no_other() {
    let world = World::new(Setup::default());
    person(&world.sandbox.handle, "Hanako", "Mori", None);
    let proxy = Proxy::start(Some(world.sandbox.crm_url.trim_start_matches("http://").to_string()));
    let write = |network: &str, crm: &str| {
        world.configure(&Setup { top: network.to_string(), ..Setup::default() });
        let path = world.folder().join("systems.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        // A name that is not this machine's, over plain HTTP: what is on the way could read the token.
        let address = |url: &str| format!("base_url = \"{url}\"\n");
        let crm = format!("{}insecure_http = true\n", address(crm));
        std::fs::write(path, text.replace(&address(&world.sandbox.crm_url), &crm)).unwrap();
    };
    let login = "proxy_user = \"svc\"\nproxy_password = { env = \"TEST_PROXY\" }\n";
    write(&format!("[network]\nproxy = {:?}\n{login}", proxy.url), "http://crm.example");
    let ran = world.run_text("connector try crm").exits(0);
    assert!(ran.out.contains("crm.people: 1 record "), "{ran}");
    let asked = proxy.asked.lock().unwrap().clone();
    let through = |a: &String| a.starts_with("GET http://crm.example/") || a.starts_with("POST http://crm.example/");
    assert!(asked.iter().all(|a| through(a) && a.contains("Basic ")), "{asked:?}");
    // The sandbox's other systems lie on this machine, and so are no affair of the proxy's.
    world.run_text("connector try ma").exits(0);
    assert_eq!(proxy.asked.lock().unwrap().len(), asked.len());

    // A proxy that refuses is named, and its password is not.
    let closed = Proxy::start(None).url;
    write(&format!("[network]\nproxy = {closed:?}\n{login}"), "http://crm.example");
    let ran = world.run_text("connector try crm").exits(1).says(&format!("the proxy {closed}"));
    assert!(!ran.err.contains(PROXY_PASSWORD));

    // What stands in the environment does not count.
    write("", &world.sandbox.crm_url);
    let mut command = world.command(&["connector", "try", "crm"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env(name, &closed);
    }
    world.run_command("connector try crm", command).exits(0);
    write("", &world.sandbox.crm_url.replace("127.0.0.1", "localhost"));
    let mut command = world.command(&["connector", "try", "crm"]);
    command.env("http_proxy", &proxy.url).env("ALL_PROXY", &proxy.url);
    world.run_command("connector try crm", command).exits(0);
    assert_eq!(proxy.asked.lock().unwrap().len(), asked.len());
}
