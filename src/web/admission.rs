//! Who is served: whoever carries the token; else, on loopback, who asks for this machine by a name of its own.
//!
//! The name is looked at because a web page can give its own name this machine's address, and then read the answers (DNS rebinding):
//! its requests come from loopback, and only `Host` tells them apart.

use crate::config::HttpSettings;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use secrecy::{ExposeSecret, SecretString};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The rules by which requests are let in.
#[derive(Debug, Clone)]
pub struct Admission {
    /// Where there is one, nothing but `/healthz` is answered without it.
    pub token: Option<Arc<SecretString>>,
    /// Whether only this machine can reach the server.
    pub loopback: bool,
    /// Names, in lower case, that a request without a token may ask for, beside this machine's own.
    pub hosts: Arc<[String]>,
}

/// Of a name in an answer.
const NAME_SHOWN_MAX: usize = 100;

impl Admission {
    pub fn of(http: &HttpSettings) -> Admission {
        let token = http.token.clone().map(Arc::new);
        Admission { token, loopback: http.listen.ip().is_loopback(), hosts: http.hosts.as_slice().into() }
    }

    /// Without a token, for this machine alone.
    pub fn on_loopback() -> Admission {
        Admission { token: None, loopback: true, hosts: Arc::new([]) }
    }

    /// Why a request is not served; `people`: it asks who somebody is.
    fn refusal(&self, uri: &Uri, headers: &HeaderMap, people: bool) -> Option<(StatusCode, String)> {
        let unauthorized = |why: &str| Some((StatusCode::UNAUTHORIZED, why.to_string()));
        if let Some(token) = &self.token {
            return match carries(headers, token) {
                true => None,
                false => unauthorized(
                    "a token is needed: send the header Authorization: Bearer TOKEN with the one of [http] token in systems.toml",
                ),
            };
        }
        if !self.loopback {
            return unauthorized("a token is needed beyond loopback: set [http] token in systems.toml, and restart nayose");
        }
        if let Err(why) = self.asked_for(uri, headers) {
            let help =
                "ask for 127.0.0.1 or localhost, or add the name to [http] hosts in systems.toml, or set [http] token there and send it";
            return Some((StatusCode::FORBIDDEN, format!("without a token, only this machine's own names are served, and {why}; {help}")));
        }
        let help = "people are shown to nobody without a token: set [http] token = { env = \"NAME\" } in systems.toml, restart nayose, \
                    and send the header Authorization: Bearer TOKEN; `nayose explain WHO` shows the same to whoever may read the state";
        if people { unauthorized(help) } else { None }
    }

    /// Whether the request asks for a name of this machine, wherever it says one; else why not.
    fn asked_for(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), String> {
        let mut said = headers.get_all(header::HOST).iter();
        let host = match (said.next(), said.next()) {
            (None, _) => return Err("the request has no Host".to_string()),
            (Some(_), Some(_)) => return Err("the request has several Hosts".to_string()),
            (Some(host), None) => host.to_str().map_err(|_| "the request's Host is no name".to_string())?,
        };
        // In its absolute form the request line says a name too, and a server may go by either.
        for name in uri.authority().map(|a| a.as_str()).into_iter().chain([host]) {
            if !self.is_ours(name) {
                return Err(format!("the request asks for {:?}", name.chars().take(NAME_SHOWN_MAX).collect::<String>()));
            }
        }
        Ok(())
    }

    /// Whether `NAME` or `NAME:PORT` is one that cannot be a stranger's.
    fn is_ours(&self, authority: &str) -> bool {
        let name = without_port(authority).unwrap_or_default().to_ascii_lowercase();
        let ipv6 = || name.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok();
        name == "localhost"
            || name.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback())
            || ipv6().is_some_and(|ip| ip.is_loopback())
            || (!name.is_empty() && self.hosts.contains(&name))
    }
}

/// The name in `NAME` or `NAME:PORT`; `None` if it is neither.
fn without_port(authority: &str) -> Option<&str> {
    let end = match authority.strip_prefix('[') {
        Some(rest) => rest.find(']')? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (name, port) = authority.split_at_checked(end)?;
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok();
    (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(name)
}

/// Hashes are compared, so that time tells nothing of how much was right.
fn carries(headers: &HeaderMap, token: &SecretString) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    given.is_some_and(|given| blake3::hash(given.trim().as_bytes()) == blake3::hash(token.expose_secret().as_bytes()))
}

/// Lets those in who may ask what anyone may.
pub async fn check(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let_in(&admission, false, request, next).await
}

/// Lets those in who may ask who somebody is.
pub async fn check_people(State(admission): State<Admission>, request: Request, next: Next) -> Response {
    let_in(&admission, true, request, next).await
}

async fn let_in(admission: &Admission, people: bool, request: Request, next: Next) -> Response {
    match admission.refusal(request.uri(), request.headers(), people) {
        None => next.run(request).await,
        Some((status, why)) => (status, axum::Json(serde_json::json!({ "error": why }))).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn refused(admission: &Admission, uri: &str, hosts: &[&str], token: Option<&str>, people: bool) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_bytes(host.as_bytes()).unwrap());
        }
        // A page's origin says nothing: the name that it asks for does.
        headers.insert(header::ORIGIN, HeaderValue::from_static("http://evil.example"));
        if let Some(token) = token {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(&format!("Bearer {token}")).unwrap());
        }
        admission.refusal(&uri.parse().unwrap(), &headers, people).map(|(status, why)| {
            assert!(why.contains("[http]"), "it does not say what to do: {why}");
            status.as_u16()
        })
    }

    #[test]
    fn without_a_token_only_names_of_this_machine_are_served() {
        let admission = Admission { hosts: Arc::new(["gate.acme.example".to_string()]), ..Admission::on_loopback() };
        let asked = |host: &str| refused(&admission, "/metrics", &[host], None, false);
        let ours = [
            "localhost",
            "LocalHost:8642",
            "127.0.0.1",
            "127.0.0.1:1",
            "127.8.9.10:8642",
            "[::1]",
            "[::1]:8642",
            "gate.acme.example",
            "Gate.Acme.example:80",
        ];
        ours.into_iter().for_each(|host| assert_eq!(asked(host), None, "{host:?}"));
        let strangers = [
            "",
            "evil.example",
            "evil.example:8642",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "evil.localhost",
            "0.0.0.0",
            "10.0.0.7",
            "[::]",
            "::1",
            "[::1",
            "::1]",
            "[::1]x",
            "[::1]:",
            "127.0.0.1:",
            "127.0.0.1:x",
            "127.0.0.1:99999",
            "127.0.0.1:+1",
            "127.0.0.1:80:80",
            "me@127.0.0.1",
            "127.0.0.1@evil.example",
            "localhost@evil.example:80",
            "127.1",
            "2130706433",
            "localhost/",
            "localhost,evil.example",
            " ",
            "gate.acme.example.",
            "日本",
        ];
        strangers.into_iter().for_each(|host| assert_eq!(asked(host), Some(403), "{host:?}"));
        assert_eq!(refused(&admission, "/metrics", &[], None, false), Some(403), "no Host at all");
        assert_eq!(refused(&admission, "/metrics", &["localhost", "localhost"], None, false), Some(403), "two Hosts");
    }

    #[test]
    fn a_request_line_in_absolute_form_must_name_this_machine_too() {
        let asked = |uri: &str, host: &str| refused(&Admission::on_loopback(), uri, &[host], None, false);
        assert_eq!(asked("http://localhost:8642/metrics", "127.0.0.1"), None);
        for (uri, host) in [
            ("http://evil.example/metrics", "localhost"),
            ("http://localhost/metrics", "evil.example"),
            ("http://localhost@evil.example/", "localhost"),
        ] {
            assert_eq!(asked(uri, host), Some(403), "{uri} {host}");
        }
    }

    #[test]
    fn people_need_the_token_everywhere_and_with_it_any_name_is_served() {
        let closed = Admission { token: Some(Arc::new("only-for-tests-0123".into())), ..Admission::on_loopback() };
        let beyond = Admission { loopback: false, ..closed.clone() };
        for admission in [&closed, &beyond] {
            for (people, host) in [(true, "evil.example"), (false, "evil.example"), (true, ""), (false, "127.0.0.1")] {
                assert_eq!(refused(admission, "/", &[host], Some("only-for-tests-0123"), people), None, "{host}");
                for wrong in [None, Some(""), Some("only-for-tests-012"), Some("only-for-tests-0123x")] {
                    assert_eq!(refused(admission, "/", &[host], wrong, people), Some(401), "{host} {wrong:?}");
                }
            }
        }
        let open = Admission::on_loopback();
        assert_eq!(refused(&open, "/", &["localhost"], None, true), Some(401), "people without a configured token");
        assert_eq!(refused(&open, "/", &["localhost"], Some("made-up-by-a-stranger"), true), Some(401), "nor with another");
        assert_eq!(refused(&open, "/", &["evil.example"], Some("made-up-by-a-stranger"), false), Some(403));
        assert_eq!(refused(&Admission { loopback: false, ..open }, "/", &["localhost"], None, false), Some(401), "beyond loopback");
    }
}
