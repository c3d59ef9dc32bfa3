//! Which redirects may be followed: credentials go nowhere but where the config says.

use reqwest::Url;

/// The same scheme, host and port; or from plain HTTP to HTTPS, at the same port or HTTPS' own. And no other login.
pub fn same_server(from: &Url, to: &Url) -> bool {
    let port = |url: &Url| url.port_or_known_default();
    let (same, secured) = (from.scheme() == to.scheme(), from.scheme() == "http" && to.scheme() == "https");
    from.host_str() == to.host_str()
        && to.username().is_empty()
        && to.password().is_none()
        && ((same || secured) && port(from) == port(to) || secured && port(to) == Some(443))
}
