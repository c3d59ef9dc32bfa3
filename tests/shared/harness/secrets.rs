//! What nothing may hold that the binary writes, and the look through it.

/// The token of the HTTP interface where one is configured.
pub const HTTP_TOKEN: &str = "only-for-the-tests-http-token";

/// The password for a proxy, where a test puts one between.
pub const PROXY_PASSWORD: &str = "only-for-the-tests-proxy-password";
/// The same as a proxy is told it: `svc:` and the password.
const PROXY_LOGIN: &str = "c3ZjOm9ubHktZm9yLXRoZS10ZXN0cy1wcm94eS1wYXNzd29yZA";

/// What nothing may hold that the binary writes. The access tokens of the marketing system are made from this beginning.
pub const SECRETS: [&str; 8] = [
    "sandbox-crm-token",
    "sandbox-support-token",
    "sandbox-ma-client",
    "sandbox-ma-secret",
    "sandbox-ma-token",
    HTTP_TOKEN,
    PROXY_PASSWORD,
    PROXY_LOGIN,
];

/// Looks through what the binary wrote.
#[track_caller]
pub fn no_secret(bytes: &[u8], what: &str) {
    let text = String::from_utf8_lossy(bytes);
    for secret in SECRETS {
        if let Some(at) = text.find(secret).filter(|_| !std::thread::panicking()) {
            let around: String = text[..at].chars().rev().take(200).collect::<Vec<_>>().into_iter().rev().collect();
            panic!("a secret lies in {what}, behind: {around}");
        }
    }
}

/// Logs and messages name records, not people. An address that was asked about may come back.
#[track_caller]
pub fn no_address(stderr: &str, args: &str) {
    let address = regex::Regex::new(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+").unwrap();
    let found = address.find_iter(stderr).find(|a| !args.contains(a.as_str()));
    assert!(found.is_none() || std::thread::panicking(), "someone's address is on stderr: {found:?}\n{stderr}");
}
