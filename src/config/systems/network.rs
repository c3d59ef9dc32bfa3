//! `[network]` of systems.toml: the way out to all systems.

use super::plain_http;
use super::settings::Outside;
use crate::config::document::keys;
use crate::config::document::{Section, TomlEntry};
use crate::connector::network::{Authorities, Network, Proxy, authorities};
use reqwest::Url;

/// Keys of `[network]` whose values are no secrets. The proxy's address and user may hold some by mistake.
pub const PLAIN_KEYS: [&str; 2] = ["no_proxy", "ca"];

/// All authorities that browsers know come to some 250 KB.
const CA_BYTES_MAX: usize = 4 << 20;

const PROXY_FORM: &str = "expected \"http://HOST:PORT\"";

/// `None`: something in it is wrong, which is told.
pub fn read(top: &mut Section, outside: &Outside) -> Option<Network> {
    let Some(entry) = top.get("network") else { return Some(Network::default()) };
    let mut section = entry.table("[network]", &keys::NETWORK)?;
    let (url, ca) = (section.get("proxy"), section.get("ca"));
    let (user, password, except) = (section.get("proxy_user"), section.get("proxy_password"), section.get("no_proxy"));
    let in_the_open = plain_http::allowed(section.get(plain_http::KEY));
    section.finish();
    if url.is_none() {
        for key in [&user, &password, &except].into_iter().flatten() {
            key.report(format!("{:?} is of no use without a proxy", key.key), "add proxy = \"http://HOST:PORT\", or take it out");
        }
    }
    let authorities = match ca {
        None => Some(Authorities::default()),
        Some(entry) => certificates(&entry, outside),
    };
    // All of them are read, so that each mistake is told.
    let login = login(user.as_ref(), password.as_ref(), outside);
    let except = except.map_or(Some(Vec::new()), |e| hosts(&e));
    let proxy = match url {
        None => None,
        Some(entry) => {
            let url = address(&entry);
            if url.as_ref().is_some_and(plain_http::leaves_in_the_open) && matches!(login, Some(Some(_))) && !in_the_open {
                let (said, hint) = plain_http::told("the proxy's password", "[network]");
                entry.report(said, hint);
                return None;
            }
            Some(Proxy { url: url?, login: login?, except: except? })
        }
    };
    Some(Network::new(proxy, authorities?))
}

fn address(entry: &TomlEntry) -> Option<Url> {
    let text = entry.filled_text()?.trim();
    // Without a scheme the host is taken for one.
    let url = Url::parse(text).ok().filter(|_| text.contains("://"));
    let why = match &url {
        None => "it is no URL",
        Some(url) if !matches!(url.scheme(), "http" | "https") => "only http:// and https:// proxies are known",
        Some(url) if !url.has_host() => "it names no host",
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            entry.report(
                "the proxy's address holds a user or a password",
                "take them out of it: proxy_user = \"NAME\", proxy_password = { env = \"NAME\" }",
            );
            return None;
        }
        Some(url) if url.path() != "/" || url.query().is_some() || url.fragment().is_some() => "it goes on behind the port",
        Some(_) => return url,
    };
    entry.report(format!("this is no address of a proxy: {why}"), PROXY_FORM);
    None
}

/// `Some(None)`: the proxy wants none.
fn login(user: Option<&TomlEntry>, password: Option<&TomlEntry>, outside: &Outside) -> Option<Option<(String, secrecy::SecretString)>> {
    match (user, password) {
        (None, None) => Some(None),
        (Some(user), Some(password)) => {
            let password = outside.secret(password, "the password for the proxy");
            let name = user.filled_text()?;
            if name.contains(':') {
                user.report(
                    "a user's name for a proxy cannot hold a colon",
                    "expected proxy_user = \"NAME\"; the password stands by itself",
                );
                return None;
            }
            Some(Some((name.to_string(), password?)))
        }
        (Some(user), None) => {
            user.report("\"proxy_user\" needs \"proxy_password\"", "expected proxy_password = { env = \"NAME\" } or { file = \"path\" }");
            None
        }
        (None, Some(password)) => {
            password.report("\"proxy_password\" needs \"proxy_user\"", "expected proxy_user = \"NAME\"");
            None
        }
    }
}

fn hosts(entry: &TomlEntry) -> Option<Vec<String>> {
    let mut right = true;
    let mut hosts = Vec::new();
    for (entry, text) in entry.texts() {
        // A host, a domain or an address; IPv6 has colons and no dot.
        let good = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
        let ipv6 = text.parse::<std::net::Ipv6Addr>().is_ok();
        if text.trim_matches('.').is_empty() || !(ipv6 || text.chars().all(good)) {
            entry.report(
                format!("{text:?} is no host"),
                "expected a host, an IP address, or a domain for all below it: \"crm.acme.example\", \"10.0.0.7\", \".acme.example\"",
            );
            right = false;
        }
        hosts.push(text.to_string());
    }
    right.then_some(hosts)
}

fn certificates(entry: &TomlEntry, outside: &Outside) -> Option<Authorities> {
    let pem = outside.bytes(entry, CA_BYTES_MAX)?;
    match authorities(&pem) {
        Ok(found) => Some(found),
        Err(why) => {
            entry.report(
                format!("the file cannot be used for certificate authorities: {why}"),
                "expected a PEM file: -----BEGIN CERTIFICATE----- and so on, one or several",
            );
            None
        }
    }
}
