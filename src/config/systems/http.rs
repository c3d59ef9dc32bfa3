//! `[http]` of systems.toml: where questions come in, and who may ask.

use super::settings::Outside;
use crate::config::HttpSettings;
use crate::config::document::keys;
use crate::config::document::{Section, TomlEntry};
use secrecy::{ExposeSecret, SecretString};
use std::net::SocketAddr;

/// A token that other machines can try may not be found by trying.
const TOKEN_CHARACTERS_MIN: usize = 16;

/// `None`: something in it is wrong, which is told.
pub fn read(top: &mut Section, outside: &Outside) -> Option<HttpSettings> {
    let loopback = SocketAddr::from(([127, 0, 0, 1], 8642));
    let Some(entry) = top.get("http") else { return Some(HttpSettings { listen: loopback, token: None, hosts: Vec::new() }) };
    let mut section = entry.table("[http]", &keys::HTTP)?;
    let (listen, token, hosts) = (section.get("listen"), section.get("token"), section.get("hosts"));
    section.finish();
    let address = match &listen {
        None => Some(loopback),
        Some(entry) => address(entry),
    };
    let beyond = address.is_some_and(|a| !a.ip().is_loopback());
    if let (Some(listen), true, None) = (&listen, beyond, &token) {
        let hint = "add token = { env = \"NAME\" } or { file = \"path\" } to [http], or listen on 127.0.0.1";
        listen.report("other machines could ask about people here without a token", hint);
        return None;
    }
    let hosts_read = match &hosts {
        None => Some(Vec::new()),
        Some(entry) => names(entry),
    };
    if let (Some(hosts), Some(_)) = (&hosts, &token) {
        hosts.sheet.note(&hosts.at, "[http] hosts has no effect beside a token: with it any name is served, without it none");
    }
    let token = match token {
        None => None,
        Some(entry) => Some(secret(&entry, beyond, outside)?),
    };
    Some(HttpSettings { listen: address?, token, hosts: hosts_read? })
}

fn address(entry: &TomlEntry) -> Option<SocketAddr> {
    let text = entry.filled_text()?;
    let parsed = text.parse::<SocketAddr>().ok();
    if parsed.is_none() {
        entry.report(format!("{text:?} is no address to listen on"), "expected IP:PORT, as \"127.0.0.1:8642\" or \"[::1]:8642\"");
    }
    parsed
}

fn secret(entry: &TomlEntry, beyond: bool, outside: &Outside) -> Option<SecretString> {
    let token = outside.secret(entry, "the token of the HTTP interface")?;
    if outside.looks_up && beyond && token.expose_secret().chars().count() < TOKEN_CHARACTERS_MIN {
        entry.report(
            format!("the token has fewer than {TOKEN_CHARACTERS_MIN} characters, and other machines can try them out"),
            "expected a long random one, as `openssl rand -hex 24` makes it; or listen on 127.0.0.1",
        );
        return None;
    }
    Some(token)
}

/// Names that `Host` may say, beside those of this machine.
fn names(entry: &TomlEntry) -> Option<Vec<String>> {
    let mut right = true;
    let mut names = Vec::new();
    for (entry, text) in entry.texts() {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let ipv6 = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).is_some_and(|t| t.parse::<std::net::Ipv6Addr>().is_ok());
        if !(ipv6 || text.chars().all(good)) {
            entry.report(
                format!("{text:?} is no name that a request can ask for"),
                "expected a host without scheme and port: \"gate.acme.example\", \"gate\", \"[fd00::7]\"",
            );
            right = false;
        }
        names.push(text.to_ascii_lowercase());
    }
    right.then_some(names)
}
