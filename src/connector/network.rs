//! The way out, the same for all systems: a proxy, and certificate authorities of one's own.
//!
//! The environment's proxies are not used: a daemon that writes into other systems goes the way its config says.

use reqwest::{Certificate, Client, ClientBuilder, Url, redirect};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How other hosts are reached; the default is straight, trusting whom this machine trusts.
#[derive(Debug, Clone, Default)]
pub struct Network {
    proxy: Option<Proxy>,
    authorities: Authorities,
    /// The client of all systems, once one was asked for: reading this machine's certificates takes some milliseconds.
    made: Arc<OnceLock<Client>>,
}

impl PartialEq for Network {
    fn eq(&self, other: &Network) -> bool {
        self.proxy == other.proxy && self.authorities == other.authorities
    }
}

/// Certificate authorities of one's own; two are the same if their files are.
#[derive(Debug, Clone, Default)]
pub struct Authorities {
    certificates: Vec<Certificate>,
    digest: Option<blake3::Hash>,
}

impl Authorities {
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }
}

impl PartialEq for Authorities {
    fn eq(&self, other: &Authorities) -> bool {
        self.digest == other.digest
    }
}

/// A proxy that everything goes through but what lies on this machine and what is excepted.
#[derive(Clone)]
pub struct Proxy {
    pub url: Url,
    /// A user and the password.
    pub login: Option<(String, SecretString)>,
    /// Hosts, and domains with all that lies below them.
    pub except: Vec<String>,
}

impl Network {
    pub fn new(proxy: Option<Proxy>, authorities: Authorities) -> Network {
        Network { proxy, authorities, made: Arc::default() }
    }

    pub fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    pub fn authorities(&self) -> &Authorities {
        &self.authorities
    }

    /// The client that everything goes out by; redirects are the caller's affair. `Err`: HTTPS cannot be had on this machine.
    pub fn client(&self) -> Result<Client, reqwest::Error> {
        match self.made.get() {
            Some(made) => Ok(made.clone()),
            None => self.builder().build().map(|made| self.made.get_or_init(|| made).clone()),
        }
    }

    fn builder(&self) -> ClientBuilder {
        let builder = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("nayose/", env!("CARGO_PKG_VERSION")))
            .tls_certs_merge(self.authorities.certificates.iter().cloned());
        let Some(own) = self.proxy.clone() else { return builder };
        let login = own.login.clone();
        let proxy = reqwest::Proxy::custom(move |url| own.carries(url).then(|| own.url.clone()));
        builder.proxy(match login {
            Some((user, password)) => proxy.basic_auth(&user, password.expose_secret()),
            None => proxy,
        })
    }

    /// The proxy that requests to this address go through.
    pub fn proxy_for(&self, url: &Url) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|p| p.carries(url))
    }

    pub fn secrets(&self) -> impl Iterator<Item = &SecretString> {
        self.proxy.iter().filter_map(|p| p.login.as_ref()).map(|(_, password)| password)
    }
}

/// The certificates of a PEM file. `Err` says what is wrong with it.
pub fn authorities(pem: &[u8]) -> Result<Authorities, String> {
    let certificates = Certificate::from_pem_bundle(pem).map_err(|_| "it is not PEM")?;
    if certificates.is_empty() {
        return Err("it holds no certificate".to_string());
    }
    // Only a client that is made of them shows whether they are certificates.
    let network = Network::new(None, Authorities { certificates, digest: Some(blake3::hash(pem)) });
    match network.client() {
        Ok(_) => Ok(network.authorities),
        Err(_) => Err("it holds something that is no certificate".to_string()),
    }
}

impl Proxy {
    fn carries(&self, url: &Url) -> bool {
        let Some(host) = url.host_str() else { return false };
        let host = host.trim_matches(['[', ']']).trim_end_matches('.').to_ascii_lowercase();
        let below = |domain: &String| {
            let domain = domain.trim_start_matches('.').to_ascii_lowercase();
            host == domain || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.') && host.parse::<IpAddr>().is_err())
        };
        // A proxy has no business between us and our own machine.
        !(host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) || self.except.iter().any(below))
    }

    /// As it is named in messages.
    pub fn name(&self) -> String {
        format!("{}://{}", self.url.scheme(), self.url.authority())
    }

    /// Whether a connection that did not come about is this proxy's fault: behind a tunnel that stands, the host itself answers; without a
    /// tunnel there is no other connection than that to the proxy.
    pub fn failed(&self, url: &Url, causes: &str) -> bool {
        url.scheme() == "http" || causes.contains("tunnel error")
    }
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Proxy) -> bool {
        let login = |p: &Proxy| p.login.as_ref().map(|(user, password)| (user.clone(), password.expose_secret().to_string()));
        self.url == other.url && self.except == other.except && login(self) == login(other)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_through_the_proxy() {
        let except = ["crm.acme.example", ".lan.example", "10.0.0.7", "fd00::1"].map(String::from).to_vec();
        let proxy = Proxy { url: Url::parse("http://proxy.example:3128").unwrap(), login: None, except };
        for (url, want) in [
            ("https://api.vendor.example/v1", true),
            ("http://10.0.0.8/", true),
            ("https://acme.example", true),
            ("https://CRM.acme.example:8443", false),
            ("https://eu.crm.acme.example", false),
            ("https://notcrm.acme.example", true),
            ("https://ticket.lan.example", false),
            ("https://lan.example.", false),
            ("http://10.0.0.7:8080", false),
            ("http://[fd00::1]/", false),
            ("http://localhost:1", false),
            ("http://127.0.0.3:1", false),
            ("http://[::1]:1", false),
        ] {
            assert_eq!(proxy.carries(&Url::parse(url).unwrap()), want, "{url}");
        }
    }

    #[test]
    fn files_that_hold_no_authority() {
        let rubbish = "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
        let broken = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
        for (pem, want) in [("", "it holds no certificate"), ("hello\n", "it holds no certificate"), (broken, "it is not PEM")] {
            assert_eq!(authorities(pem.as_bytes()).unwrap_err(), want);
        }
        assert_eq!(authorities(rubbish.as_bytes()).unwrap_err(), "it holds something that is no certificate");
    }

    /// A running daemon asks for a restart when any of it was edited.
    #[test]
    fn each_part_makes_another_network() {
        let proxy = |url: &str, password: &str, except: &[&str]| {
            let login = Some(("svc".to_string(), SecretString::from(password)));
            Some(Proxy { url: Url::parse(url).unwrap(), login, except: except.iter().map(ToString::to_string).collect() })
        };
        let network = |proxy, pem: &[u8]| {
            let digest = (!pem.is_empty()).then(|| blake3::hash(pem));
            Network::new(proxy, Authorities { certificates: Vec::new(), digest })
        };
        let one = || network(proxy("http://a.example:1", "p", &["x.example"]), b"ca");
        assert_eq!(one(), one());
        for other in [
            network(None, b"ca"),
            network(proxy("http://b.example:1", "p", &["x.example"]), b"ca"),
            network(proxy("http://a.example:1", "q", &["x.example"]), b"ca"),
            network(proxy("http://a.example:1", "p", &[]), b"ca"),
            network(proxy("http://a.example:1", "p", &["x.example"]), b"another ca"),
            network(proxy("http://a.example:1", "p", &["x.example"]), b""),
        ] {
            assert_ne!(one(), other);
        }
    }

    #[test]
    fn the_password_does_not_show() {
        let login = Some(("svc".to_string(), SecretString::from("geheim-77")));
        let proxy = Proxy { url: Url::parse("http://proxy.example:3128").unwrap(), login, except: Vec::new() };
        let network = Network::new(Some(proxy), Authorities::default());
        assert!(!format!("{network:?}").contains("geheim"));
        assert_eq!(network.secrets().count(), 1);
    }
}
