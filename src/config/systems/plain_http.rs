//! Credentials over plain `http://`: fine on this machine, else only where the config says so. Whoever is on the way can read them.

use crate::config::document::TomlEntry;
use reqwest::Url;
use std::net::IpAddr;

/// The key that says so.
pub const KEY: &str = "insecure_http";

/// Whether requests to this address go over plain HTTP to another machine.
pub fn leaves_in_the_open(url: &Url) -> bool {
    url.scheme() == "http" && !url.host_str().is_some_and(is_here)
}

/// Whether a host, as URLs write it, is this machine.
pub fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// What `insecure_http` says.
pub fn allowed(entry: Option<TomlEntry>) -> bool {
    entry.and_then(|e| e.bool()).unwrap_or(false)
}

/// What is wrong, and what to do; `what` is sent, `table` is where the key would stand.
pub fn told(what: &str, table: &str) -> (String, String) {
    (
        format!("{what} would go over plain http:// to another machine, and whoever is on the way could read it"),
        format!("expected https://HOST; if the way is yours alone, say so by {KEY} = true in {table}"),
    )
}
