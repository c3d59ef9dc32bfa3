//! How requests prove who they are.

use super::failure::{FailureKind, FailureRules};
use super::retry::RetryAfter;
use super::transport::{Lost, Outgoing, Transport};
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{Auth, Method};
use crate::connector::raw::json::{Document, member, readable};
use crate::connector::raw::scalars::int_of;
use crate::model::{Span, Time, trimmed};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::fmt;
use tokio::sync::Mutex;

/// A token is renewed so long before its end.
const RENEW_BEFORE: Span = Span::seconds(60);
/// How long a token is kept that does not say when it ends.
const LIFETIME_UNTOLD: Span = Span::minutes(10);
/// A token that is refused so soon after another was replaced has hardly ended: a right is missing, and a new one would be refused as well.
const REPLACED_AGAIN_AFTER: Span = Span::minutes(10);
/// An answer to a sign-in is a few hundred bytes.
const ANSWER_BYTES_MAX: usize = 64 << 10;

/// The credential of one system. It never shows itself.
pub enum Authenticator {
    None,
    Fixed(HeaderName, HeaderValue),
    Jwt { id: String, key: EncodingKey, audience: String, scheme: String, lifetime: Span },
    Client { get: bool, url: String, id: String, secret: SecretString, tokens: Mutex<Tokens> },
}

/// An access token and when it is to be renewed.
pub struct Token {
    header: HeaderValue,
    until: Time,
}

/// The token in use. Tokens are numbered as they are fetched: a server may give the same one again.
#[derive(Default)]
pub struct Tokens {
    now: Option<Token>,
    number: u64,
    /// The last one that was refused and replaced at once, and when.
    replaced: Option<(Time, u64)>,
}

/// What a request shows.
pub struct Credential {
    pub header: Option<(HeaderName, HeaderValue)>,
    /// Which token it is, if it is one that can be fetched anew.
    pub number: Option<u64>,
}

impl Credential {
    fn fixed(header: Option<(HeaderName, HeaderValue)>) -> Credential {
        Credential { header, number: None }
    }
}

/// Why there is no credential to send.
#[derive(Debug)]
pub enum SignIn {
    /// The server says no, or "later"; or what is configured cannot be used as it stands.
    Said(FailureKind, String),
    /// No answer from this address.
    Lost(Box<Url>, Lost),
    /// 407: it is not the system that answers.
    Proxy(Box<Url>),
}

impl SignIn {
    fn refused(said: impl Into<String>) -> SignIn {
        SignIn::Said(FailureKind::Credential, said.into())
    }
}

impl Authenticator {
    /// `Err` says what is wrong with the settings.
    pub fn new(auth: &Auth, base_url: &str, settings: &Settings) -> Result<Authenticator, String> {
        let text = |template: &str| settings.text(template)?.ok_or_else(|| "the credential names a setting that is not given".to_string());
        Ok(match auth {
            Auth::None {} => Authenticator::None,
            Auth::Bearer { token } => Authenticator::Fixed(AUTHORIZATION, sensitive(&format!("Bearer {}", text(token)?.trim()))?),
            Auth::Header { header, value } => {
                let name: HeaderName = header.parse().map_err(|_| format!("{header:?} is no header name"))?;
                Authenticator::Fixed(name, sensitive(text(value)?.trim())?)
            }
            Auth::Basic { user, password } => {
                let pair = format!("{}:{}", text(user)?, text(password)?);
                Authenticator::Fixed(AUTHORIZATION, sensitive(&format!("Basic {}", base64(pair.as_bytes())))?)
            }
            Auth::ClientCredentials { method, path, client_id, client_secret, base_url: own } => {
                let base = own.as_deref().map(text).transpose()?.unwrap_or_else(|| base_url.to_string());
                Authenticator::Client {
                    get: *method == Method::Get,
                    url: format!("{}{}", base.trim_end_matches('/'), text(path)?),
                    id: text(client_id)?,
                    secret: text(client_secret)?.into(),
                    tokens: Mutex::default(),
                }
            }
            Auth::Jwt { key, audience, scheme, lifetime } => {
                let key = text(key)?;
                let (id, secret) = key.trim().split_once(':').ok_or("the key is not of the form ID:HEXSECRET")?;
                let secret = hex(secret).ok_or("the part of the key behind the colon is not hexadecimal")?;
                let (audience, scheme) = (audience.clone(), scheme.clone());
                Authenticator::Jwt { id: id.to_string(), key: EncodingKey::from_secret(&secret), audience, scheme, lifetime: *lifetime }
            }
        })
    }

    /// What to send. Where a token must be fetched first, all who wait share one request.
    /// `rules` tell what a refusal means, as with any other answer of the system; `theirs` is the time by the system's own clock.
    pub async fn credential(
        &self,
        transport: &dyn Transport,
        rules: &FailureRules,
        (now, theirs): (Time, Time),
        timeout: Span,
    ) -> Result<Credential, SignIn> {
        match self {
            Authenticator::None => Ok(Credential::fixed(None)),
            Authenticator::Fixed(name, value) => Ok(Credential::fixed(Some((name.clone(), value.clone())))),
            Authenticator::Jwt { id, key, audience, scheme, lifetime } => {
                let header = Header { alg: Algorithm::HS256, kid: Some(id.clone()), ..Header::default() };
                let iat = theirs.0.div_euclid(1000);
                let claims = json!({"iat": iat, "exp": iat + lifetime.as_seconds(), "aud": audience});
                let token = jsonwebtoken::encode(&header, &claims, key).map_err(|e| SignIn::refused(e.to_string()))?;
                Ok(Credential::fixed(Some((AUTHORIZATION, sensitive(&format!("{scheme} {token}")).map_err(SignIn::refused)?))))
            }
            Authenticator::Client { get, url, id, secret, tokens } => {
                let mut tokens = tokens.lock().await;
                let good = tokens.now.as_ref().filter(|t| t.until > now);
                let header = match good {
                    Some(token) => token.header.clone(),
                    None => {
                        let pairs = [("grant_type", "client_credentials"), ("client_id", &**id), ("client_secret", secret.expose_secret())];
                        let new = fetch(transport, sign_in(*get, url, &pairs, timeout)?, rules, now).await?;
                        tokens.number += 1;
                        tokens.now.insert(new).header.clone()
                    }
                };
                Ok(Credential { header: Some((AUTHORIZATION, header)), number: Some(tokens.number) })
            }
        }
    }

    /// Whether what proves us is signed anew for each request, with the time in it.
    pub fn is_signed(&self) -> bool {
        matches!(self, Authenticator::Jwt { .. })
    }

    /// The server did not accept this token: the next request fetches another. True: so may this one, at once. A sign-in that was refused
    /// itself has no number, and is not repeated.
    pub async fn forget(&self, number: Option<u64>, now: Time) -> bool {
        let (Authenticator::Client { tokens, .. }, Some(number)) = (self, number) else { return false };
        let mut tokens = tokens.lock().await;
        // Another request may have fetched a new one meanwhile.
        if tokens.number == number {
            tokens.now = None;
        }
        match tokens.replaced.filter(|(at, _)| now.since(*at) < REPLACED_AGAIN_AFTER) {
            Some((_, last)) => number <= last,
            None => {
                tokens.replaced = Some((now, number));
                true
            }
        }
    }
}

/// The request for a token: the pairs in the query, or as a form.
fn sign_in(get: bool, url: &str, pairs: &[(&str, &str)], timeout: Span) -> Result<Outgoing, SignIn> {
    let mut url = Url::parse(url).map_err(|_| SignIn::refused("the address to sign in at is none; check base_url"))?;
    let (mut headers, mut body) = (HeaderMap::new(), None);
    let method = if get {
        url.query_pairs_mut().extend_pairs(pairs);
        reqwest::Method::GET
    } else {
        // A form is written as a query is.
        let mut form = url.clone();
        form.set_query(None);
        form.query_pairs_mut().extend_pairs(pairs);
        body = form.query().map(|q| q.as_bytes().to_vec());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
        reqwest::Method::POST
    };
    Ok(Outgoing { what: String::new(), method, url, headers, body, timeout: timeout.to_std(), bytes_max: ANSWER_BYTES_MAX })
}

async fn fetch(transport: &dyn Transport, request: Outgoing, rules: &FailureRules, now: Time) -> Result<Token, SignIn> {
    let url = request.url.clone();
    let answer = transport.send(request).await.map_err(|lost| match lost {
        Lost::TooLarge => SignIn::refused("the answer to the sign-in is no token"),
        lost => SignIn::Lost(Box::new(url.clone()), lost),
    })?;
    let status = answer.status;
    if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Err(SignIn::Proxy(Box::new(url)));
    }
    let asked = RetryAfter::of(answer.headers.get(RETRY_AFTER).and_then(|v| v.to_str().ok()), now);
    let document = Document::parse(&answer.body).unwrap_or_default();
    let json = document.root();
    let text = |name| member(json, name).and_then(readable).map(trimmed);
    let Some(token) = text("access_token").filter(|_| status.is_success()) else {
        let said = rules.message(json);
        let said = said.as_deref().or(text("error_description")).or(text("error"));
        let said = format!("{} {}", status.as_u16(), said.unwrap_or("no access_token in the answer"));
        let said = [Some(said), asked.disbelieved].into_iter().flatten().collect::<Vec<_>>().join("; ");
        let kind = match rules.failure(status.as_u16(), Some(json), asked.wait, false) {
            Some(kind @ (FailureKind::Later(_) | FailureKind::Locked(_) | FailureKind::Budget)) => kind,
            // Nothing but the sign-in was sent, so that it may be tried again whatever was to follow.
            Some(FailureKind::Broken(_)) => FailureKind::NotConnected,
            _ => FailureKind::Credential,
        };
        return Err(SignIn::Said(kind, said));
    };
    let told = member(json, "expires_in").and_then(int_of).map_or(LIFETIME_UNTOLD, |s| Span::seconds(s.clamp(0, 86_400)));
    // A token that ends sooner than that is used for half its life.
    let until = if told > Span(RENEW_BEFORE.0 * 2) { now.plus(told).minus(RENEW_BEFORE) } else { now.plus(Span(told.0 / 2)) };
    Ok(Token { header: sensitive(&format!("Bearer {token}")).map_err(SignIn::refused)?, until })
}

fn sensitive(text: &str) -> Result<HeaderValue, String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        "the credential holds a line break, or another character that no header may hold: put it in again, alone".to_string()
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).ok()).collect()
}

/// Standard base64 with padding (RFC 4648 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |w, b| w << 8 | u32::from(*b)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let six = (word >> (18 - 6 * i)) & 63;
            out.push(if i <= chunk.len() { char::from(ALPHABET[six as usize]) } else { '=' });
        }
    }
    out
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticator(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codings() {
        for (plain, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("user:pass", "dXNlcjpwYXNz")] {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(hex("00ff10"), Some(vec![0, 255, 16]));
        assert!(hex("0").is_none() && hex("zz").is_none() && hex("").is_none());
    }
}
