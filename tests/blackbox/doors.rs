//! Who may come in, and the way out: the socket, the gate over HTTP, the proxy.

use super::harness::{HTTP_TOKEN, PROXY_PASSWORD, Setup, World, person};
use serde_json::json;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};

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

#[test]
fn a_body_is_bounded() {
    let world = World::new(Setup::default());
    let daemon = world.daemon();
    let wide = json!({"subjects": [{"email": "a".repeat(5 << 20)}], "mail": {"kind": "campaign"}}).to_string();
    // It may be closed before the client is done sending, which is then all that the client sees.
    let answer = world.http("POST", "/v1/decisions", Some(wide), None);
    assert!(answer.as_ref().is_none_or(|(status, _)| *status == 413), "{answer:?}");
    let deep = format!("{{\"subjects\": {}", "[".repeat(1 << 20));
    let (status, text) = world.http("POST", "/v1/decisions", Some(deep), None).unwrap();
    assert!((400..500).contains(&status) && text.len() < 1000, "{status} {text}");
    assert_eq!(world.http("GET", "/healthz", None, None).unwrap().0, 200);
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
        std::fs::write(path, text.replace(&world.sandbox.crm_url, crm)).unwrap();
    };
    let login = "proxy_user = \"svc\"\nproxy_password = { env = \"TEST_PROXY\" }\n";
    write(&format!("[network]\nproxy = {:?}\n{login}", proxy.url), "http://crm.example");
    let ran = world.run_text("connector try crm").exits(0);
    assert!(ran.out.contains("crm.people: 1 record"), "{ran}");
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
