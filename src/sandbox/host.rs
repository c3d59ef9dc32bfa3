//! The control port is for this machine alone: a web page may reach it too, by a name that it gave this machine's address or by a form,
//! and only `Host` and `Origin` tell it apart from a shell.

use crate::sandbox::wire::answer;
use axum::extract::Request;
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Lets in who asks for this machine by a name of its own, and from no page of elsewhere.
pub(super) async fn ours(request: Request, next: Next) -> Response {
    match refusal(request.headers()) {
        None => next.run(request).await,
        Some(why) => answer(403, json!({"error": format!("{why}; ask for 127.0.0.1 or localhost, and from no web page")})),
    }
}

fn refusal(headers: &HeaderMap) -> Option<String> {
    let mut hosts = headers.get_all(HOST).iter();
    let host = hosts.next().and_then(|h| h.to_str().ok()).unwrap_or_default();
    if hosts.next().is_some() || !is_loopback(host) {
        return Some(format!("the sandbox is served to this machine alone, and the request asks for {host:?}"));
    }
    let from = |name: HeaderName| headers.get_all(name).into_iter().map(|v| v.to_str().unwrap_or_default());
    let stranger = from(ORIGIN).find(|origin| !origin.strip_prefix("http://").is_some_and(is_loopback))?;
    Some(format!("the sandbox is served to this machine alone, and the request comes from a page of {stranger:?}"))
}

/// Whether `NAME` or `NAME:PORT` cannot be a stranger's.
fn is_loopback(text: &str) -> bool {
    let Some(named) = text.parse::<Authority>().ok().filter(|_| !text.contains('@')) else { return false };
    let host = named.host();
    let ipv6 = || host.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
        || ipv6().is_some_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_page_from_elsewhere_moves_nothing_in_the_sandbox() {
        let served = |host: &str, origin: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(HOST, HeaderValue::from_str(host).unwrap());
            headers.extend(origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin))));
            refusal(&headers).is_none()
        };
        for host in ["127.0.0.1:5", "localhost", "LocalHost:80", "[::1]:5"] {
            assert!(served(host, None) && served(host, Some("http://127.0.0.1:9")), "{host}");
            for origin in ["http://evil.example", "https://127.0.0.1.evil.example", "null", ""] {
                assert!(!served(host, Some(origin)), "{host} {origin}");
            }
        }
        for host in ["", "evil.example:5", "127.0.0.1.evil.example", "localhost@evil.example", "127.0.0.1@evil.example:5", "0.0.0.0", "::1"]
        {
            assert!(!served(host, None), "{host}");
        }
        assert!(refusal(&HeaderMap::new()).is_some(), "no Host at all");
    }
}
