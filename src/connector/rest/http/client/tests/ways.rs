//! Proxies and certificates.

use super::*;
use crate::connector::network::{Authorities, Proxy, authorities};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

const PASSWORD: &str = "geheim-4711";
/// `svc:geheim-4711`
const LOGIN: &str = "c3ZjOmdlaGVpbS00NzEx";

fn through(proxy: &str) -> Network {
    trusting(proxy, Authorities::default())
}

fn trusting(proxy: &str, authorities: Authorities) -> Network {
    let login = Some(("svc".to_string(), PASSWORD.into()));
    let proxy = Proxy { url: Url::parse(proxy).unwrap(), login, except: vec!["desk.example".into()] };
    Network::new(Some(proxy), authorities)
}

#[tokio::test]
async fn plain_requests_are_handed_to_the_proxy() {
    let proxy = Raw::says(answer("200 OK", "", "{\"r\":[{\"id\":1}]}")).await;
    let network = through(&proxy.url);
    assert!(once(&http("http://crm.example", &network, BEARER)).await.is_ok());
    let asked = proxy.asked().remove(0);
    assert!(asked.starts_with("GET http://crm.example/s HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains(&format!("Basic {LOGIN}")), "{asked}");
    // This machine itself and what is excepted are reached straight.
    let server = Raw::says(answer("200 OK", "", "{\"r\":[]}")).await;
    assert!(once(&http(&server.url, &network, BEARER)).await.is_ok());
    assert!(!server.asked()[0].to_lowercase().contains("proxy-authorization"));
    assert!(once(&http("http://desk.example", &network, BEARER)).await.is_err());
    assert_eq!(proxy.asked().len(), 1);
}

#[tokio::test]
async fn a_proxy_that_fails_is_named() {
    let wants = Raw::says(answer("407 Proxy Authentication Required", "proxy-authenticate: Basic\r\n", "")).await;
    let refuses = Raw::says(answer("403 Forbidden", "", "not you")).await;
    let gone = format!("http://{}", TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap());
    for (proxy, base, why) in [
        (&wants.url, "http://crm.example", "407"),
        (&wants.url, "https://crm.example", "authorization required"),
        (&refuses.url, "https://crm.example", "unsuccessful"),
        (&gone, "http://crm.example", "Connection refused"),
        (&gone, "https://crm.example", "Connection refused"),
    ] {
        for manifest in [BEARER, CLIENT] {
            let failure = once(&http(base, &through(proxy), manifest)).await.err().unwrap();
            let text = failure.error.to_string();
            assert!(matches!(&failure.error, Error::Proxy { proxy: named, .. } if named == proxy), "{base}: {failure:?}");
            assert!(text.contains(why) && text.contains("[network]") && !text.contains(PASSWORD) && !text.contains(LOGIN), "{text}");
            assert_eq!(failure.kind, if why == "407" { FailureKind::Credential } else { FailureKind::NotConnected });
            assert!(matches!(failure.outcome(), crate::connector::Outcome::NotSent(_)));
        }
    }
    // What comes from behind the proxy is not its fault.
    let failure = once(&http("http://crm.example", &through(&refuses.url), BEARER)).await.err().unwrap();
    assert!(matches!(&failure.error, Error::Refused { said, .. } if said.starts_with("403")), "{failure:?}");
}

/// A private authority, and servers' certificates, made by the openssl command.
struct Authority(TempDir);

impl Authority {
    fn new() -> Option<Authority> {
        let authority = Authority(TempDir::new().unwrap());
        let made = authority.openssl("req -x509 -newkey rsa:2048 -nodes -days 3 -keyout ca.key -out ca.pem -subj /CN=Acme-Test-CA");
        if made.is_none() {
            eprintln!("skipped: there is no openssl command");
        }
        made.map(|()| authority)
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn openssl(&self, args: &str) -> Option<()> {
        let mut command = Command::new("openssl");
        command.args(args.split(' ')).current_dir(self.folder()).stdout(Stdio::null()).stderr(Stdio::piped());
        let out = command.output().ok()?;
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        Some(())
    }

    /// A server whose certificate is for `host`; signed by itself, or by the authority.
    fn server(&self, host: &str, own: bool) -> Tls {
        std::fs::write(self.folder().join("names"), format!("subjectAltName={host}\n")).unwrap();
        if own {
            self.openssl(&format!(
                "req -x509 -newkey rsa:2048 -nodes -days 3 -keyout s.key -out s.pem -subj /CN=s -addext subjectAltName={host}"
            ));
        } else {
            self.openssl("req -newkey rsa:2048 -nodes -keyout s.key -out s.csr -subj /CN=s");
            self.openssl("x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile names -out s.pem");
        }
        // The file is the whole answer, as -HTTP sends it.
        std::fs::write(self.folder().join("s"), answer("200 OK", "", "{\"r\":[{\"id\":1}]}")).unwrap();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-accept", "127.0.0.1:0", "-cert", "s.pem", "-key", "s.key", "-HTTP"]).current_dir(self.folder());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
        let port = lines.map_while(Result::ok).find_map(|l| Some(l.strip_prefix("ACCEPT ")?.rsplit(':').next()?.parse().unwrap()));
        Tls { child, port: port.expect("it listens nowhere") }
    }
}

struct Tls {
    child: Child,
    port: u16,
}

impl Drop for Tls {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn only_authorities_that_are_trusted_count() {
    let Some(authority) = Authority::new() else { return };
    let pem = std::fs::read(authority.folder().join("ca.pem")).unwrap();
    let trusting = Network::new(None, authorities(&pem).unwrap());
    let distrusting = Network::default();
    for (name, host, own, network, want) in [
        ("signed by itself", "IP:127.0.0.1", true, &distrusting, false),
        ("signed by itself, beside an authority of one's own", "IP:127.0.0.1", true, &trusting, false),
        ("an authority that nobody named", "IP:127.0.0.1", false, &distrusting, false),
        ("an authority of one's own", "IP:127.0.0.1", false, &trusting, true),
        ("of another host", "DNS:other.example", false, &trusting, false),
    ] {
        let server = authority.server(host, own);
        let answer = once(&http(&format!("https://127.0.0.1:{}", server.port), network, BEARER)).await;
        match answer {
            Ok(answer) => assert!(want && text(answer.json.root()) == r#"{"r":[{"id":1}]}"#, "{name}"),
            Err(failure) => {
                assert!(!want && failure.kind == FailureKind::NotConnected, "{name}: {failure:?}");
                assert!(failure.error.to_string().contains("certificate"), "{name}: {failure:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_tunnel_hides_nothing_of_the_certificate() {
    let Some(authority) = Authority::new() else { return };
    let pem = std::fs::read(authority.folder().join("ca.pem")).unwrap();
    let server = authority.server("DNS:crm.example", false);
    let port = server.port;
    let proxy = Raw::start(move |_, mut stream| async move {
        let mut behind = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
    })
    .await;
    let network = through(&proxy.url);
    let failure = once(&http("https://crm.example", &network, BEARER)).await.err().unwrap();
    assert!(matches!(&failure.error, Error::Unreachable { why, .. } if why.contains("certificate")), "not the proxy's fault: {failure:?}");
    let network = trusting(&proxy.url, authorities(&pem).unwrap());
    assert!(once(&http("https://crm.example", &network, BEARER)).await.is_ok());
    let asked = proxy.asked();
    assert!(asked[0].starts_with("CONNECT crm.example:443 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains(LOGIN) && !asked[0].contains("3f9a"), "{}", asked[0]);
}
