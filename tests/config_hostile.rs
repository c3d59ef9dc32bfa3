//! Config folders that would open doors.

mod config;

use config::{FILES, SECRET, Shipped, env, good, load_with};
use nayose::config::{Config, Mistakes, load};

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
