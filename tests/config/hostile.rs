//! Config folders that somebody made to do harm, or that are another file by mistake; and what would go over the wire in the open.

#![allow(clippy::disallowed_methods, reason = "how long it takes is what is asked")]

use super::good::{FILES, SECRET, Shipped, env, good, load_with};
use nayose::config::load;
use nayose::config::{Config, Mistakes, WebhookKind};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

fn systems(change: impl Fn(&str) -> String) -> Result<Config, Mistakes> {
    load_with(&[("systems.toml", &change(good("systems.toml")))])
}

/// The only mistake of a folder.
#[track_caller]
fn one(loaded: Result<Config, Mistakes>) -> String {
    let mistakes = loaded.expect_err("it was taken");
    assert_eq!(mistakes.list().len(), 1, "{}", mistakes.drawn());
    let drawn = mistakes.drawn();
    assert!(!drawn.contains(SECRET), "{drawn}");
    let mistake = &mistakes.list()[0];
    format!("{mistake} | {}", mistake.expected)
}

#[test]
fn names_that_may_be_asked_for() {
    let with = |keys: &str| systems(|s| s.replace("listen = \"127.0.0.1:8642\"", &format!("listen = \"127.0.0.1:8642\"\n{keys}")));
    let config = with("hosts = [\"Gate.acme.example\", \"gate\", \"[fd00::7]\"]").unwrap_or_else(|m| panic!("{}", m.drawn()));
    assert_eq!(config.http.hosts, ["gate.acme.example", "gate", "[fd00::7]"]);
    assert!(config.notes.is_empty(), "{:?}", config.notes);
    for wrong in ["https://gate.acme.example", "gate:8642", "*.acme.example", "a/b", "fd00::7", "[x]", "me@gate"] {
        let said = one(with(&format!("hosts = [{wrong:?}]")));
        assert!(said.contains("is no name that a request can ask for"), "{said}");
    }
    let both = with("hosts = [\"gate\"]\ntoken = { env = \"HTTP_TOKEN\" }").unwrap_or_else(|m| panic!("{}", m.drawn()));
    assert!(both.notes.iter().any(|n| n.contains("hosts has no effect")), "{:?}", both.notes);
}

#[test]
fn a_token_that_other_machines_can_try_is_long() {
    let with = |listen: &str, token: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("zendesk.token"), SECRET).unwrap();
        std::fs::write(dir.path().join("http.token"), token).unwrap();
        for (file, good) in FILES {
            let http = format!("listen = {listen:?}\ntoken = {{ file = \"http.token\" }}");
            std::fs::write(dir.path().join(file), good.replace("listen = \"127.0.0.1:8642\"", &http)).unwrap();
        }
        load(dir.path(), &env, &Shipped)
    };
    for token in ["q7", "fifteen-letters", "日本語日本語日本語日本語日本語"] {
        let said = one(with("0.0.0.0:8642", token));
        assert!(said.contains("fewer than 16 characters") && said.contains("openssl rand") && !said.contains(token), "{said}");
        with("127.0.0.1:8642", token).unwrap_or_else(|m| panic!("{}", m.drawn()));
    }
    with("0.0.0.0:8642", "sixteen-letters-").unwrap_or_else(|m| panic!("{}", m.drawn()));
}

#[test]
fn no_credential_goes_over_plain_http_to_another_machine_unless_said_so() {
    let ma = "base_url = \"https://123-ABC-456.mktorest.example\"";
    let at = |url: &str, more: &str| systems(|s| s.replace(ma, &format!("base_url = {url:?}\n{more}")));
    for url in
        ["http://crm.acme.example", "http://10.0.0.7:8000", "HTTP://crm.acme.example", "http://127.0.0.1.evil.example", "http://[fd00::7]"]
    {
        let said = one(at(url, ""));
        assert!(
            said.contains("its credential would go over plain http://") && said.contains("insecure_http = true in [systems.ma]"),
            "{said}"
        );
        at(url, "insecure_http = true").unwrap_or_else(|m| panic!("{url}: {}", m.drawn()));
        assert!(at(url, "insecure_http = false").is_err());
    }
    for url in ["http://127.0.0.1:8000", "http://localhost", "http://[::1]:1", "https://crm.acme.example"] {
        at(url, "").unwrap_or_else(|m| panic!("{url}: {}", m.drawn()));
    }
    assert!(one(at("https://a.example", "insecure_http = \"yes\"")).contains("insecure_http"));

    let proxy = |keys: &str| systems(|s| format!("{s}\n[network]\nproxy = \"http://proxy.example:3128\"\n{keys}"));
    let login = "proxy_user = \"svc\"\nproxy_password = { env = \"HTTP_TOKEN\" }\n";
    assert!(one(proxy(login)).contains("the proxy's password would go"));
    proxy("").unwrap_or_else(|m| panic!("a proxy without a password: {}", m.drawn()));
    proxy(&format!("{login}insecure_http = true")).unwrap_or_else(|m| panic!("{}", m.drawn()));
    systems(|s| format!("{s}\n[network]\nproxy = \"http://127.0.0.1:3128\"\n{login}")).unwrap_or_else(|m| panic!("{}", m.drawn()));

    let webhook = |url: &'static str, more: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("zendesk.token"), SECRET).unwrap();
        let notify = format!("[notify]\nwebhook = {{ url = {{ env = \"HOOK\" }}{more} }}\n");
        for (file, good) in FILES {
            std::fs::write(dir.path().join(file), if file == "systems.toml" { format!("{good}\n{notify}") } else { good.to_string() })
                .unwrap();
        }
        load(dir.path(), &|name| if name == "HOOK" { Some(url.to_string()) } else { env(name) }, &Shipped)
    };
    assert!(one(webhook("http://chat.acme.example/x", "")).contains("[notify.webhook]"));
    for (url, more) in
        [("http://chat.acme.example/x", ", insecure_http = true"), ("http://127.0.0.1:1/x", ""), ("https://chat.acme.example/x", "")]
    {
        webhook(url, more).unwrap_or_else(|m| panic!("{url}: {}", m.drawn()));
    }
    // In which form it takes a notice.
    let url = "https://chat.acme.example/x";
    for (more, kind) in [
        ("", None),
        (", kind = \"slack\"", Some(WebhookKind::Slack)),
        (", kind = \"teams\"", Some(WebhookKind::Teams)),
        (", kind = \"plain\"", Some(WebhookKind::Plain)),
    ] {
        let read = webhook(url, more).unwrap_or_else(|m| panic!("{more}: {}", m.drawn()));
        assert_eq!(read.notify.and_then(|n| n.webhook).map(|w| w.kind), Some(kind), "{more}");
    }
    assert!(one(webhook(url, ", kind = \"discord\"")).contains("\"discord\" is no kind of webhook"));
}

/// Neither a pipe, which is waited for, nor a device, which never ends.
#[test]
fn files_that_are_read_are_regular_and_bounded() {
    let begun = Instant::now();
    let pipe = |path: &Path| assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    let zero = |path: &Path| std::os::unix::fs::symlink("/dev/zero", path).unwrap();
    let sparse = |path: &Path| std::fs::File::create(path).unwrap().set_len(3 << 30).unwrap();
    type Plant<'a> = (&'a dyn Fn(&Path), &'a str);
    let plants: [Plant; 3] = [(&pipe, "no regular file"), (&zero, "no regular file"), (&sparse, "larger than")];
    for (plant, why) in plants {
        for name in ["zendesk.token", "ca.pem", "systems.toml", "precedence.toml", "policy.toml", "consent.toml"] {
            let dir = tempfile::tempdir().unwrap();
            let ca = "[network]\nca = \"ca.pem\"\n[link]";
            for (file, good) in FILES {
                let text = if name == "ca.pem" { good.replace("[link]", ca) } else { good.to_string() };
                std::fs::write(dir.path().join(file), text).unwrap();
            }
            std::fs::write(dir.path().join("zendesk.token"), SECRET).unwrap();
            let _ = std::fs::remove_file(dir.path().join(name));
            plant(&dir.path().join(name));
            let said = one(load(dir.path(), &env, &Shipped));
            assert!(said.contains(why), "{name}: {said}");
        }
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

/// A file of the right size with tens of thousands of mistakes, or of right lines: it took minutes.
#[test]
fn tens_of_thousands_of_lines_are_read_at_once_and_their_mistakes_counted() {
    let lines = |n: usize, line: &dyn Fn(usize) -> String| (0..n).map(line).collect::<String>();
    let cases: [(&str, String, Option<usize>); 8] = [
        ("systems.toml", lines(60_000, &|i| format!("k{i:x} = 1\n")), None),
        ("precedence.toml", format!("[person]\n{}", lines(50_000, &|i| format!("f{i} = [\"ma\"]\n"))), Some(50_000)),
        ("precedence.toml", lines(100_000, &|_| "=\n".to_string()), None),
        ("precedence.toml", format!("default = {{ {} }}\n", lines(60_000, &|i| format!("k{i:x} = 1, "))), None),
        ("precedence.toml", format!("default = [{}]\n", lines(60_000, &|i| format!("\"s{i:x}\", "))), Some(60_000)),
        ("consent.toml", format!("[sources]\n{}", lines(40_000, &|i| format!("s{i:x}.basis = 1\n"))), None),
        (
            "systems.toml",
            format!("{}\n", good("systems.toml"))
                .replace("shared_mailboxes = [", &format!("shared_mailboxes = [{}", lines(30_000, &|i| format!("\"a{i}@*\", ")))),
            Some(0),
        ),
        (
            "systems.toml",
            format!("{}\n{}", good("systems.toml"), lines(12_000, &|i| format!("[systems.s{i}]\nconnector=\"none\"\n"))),
            None,
        ),
    ];
    for (file, text, count) in cases {
        assert!(text.len() < 1 << 20, "{} is another mistake", text.len());
        let begun = Instant::now();
        let loaded = load_with(&[(file, &text)]);
        let drawn = loaded.as_ref().err().map(|m| m.drawn()).unwrap_or_default();
        let took = begun.elapsed();
        let end = drawn.lines().last().unwrap_or_default();
        println!("{file}, {} bytes, {:.40}...: {took:?}; {end}", text.len(), text.lines().last().unwrap_or_default());
        assert!(took < Duration::from_secs(15), "{file}: {:.60}: {took:?}", text);
        match count {
            Some(0) => assert!(loaded.is_ok(), "{:.2000}", drawn),
            Some(count) => assert!(end.starts_with(&format!("{count} mistakes in {file}")), "{end}"),
            None => assert!(end.contains(" mistakes in ") && drawn.contains("\nand "), "{end}"),
        }
        if let Err(mistakes) = loaded {
            assert!(mistakes.list().len() <= 4_000 && mistakes.to_string().lines().count() <= 101, "{}", mistakes.list().len());
            assert!(mistakes.to_json()["more"].as_u64() > Some(0), "{end}");
        }
    }
}
