//! Sends requests to one system and says what came of each: an answer, or a failure of a known kind.
//!
//! Reads are repeated while that makes sense. A write is repeated only where it surely did not happen.

use super::again::RetriesUnderWay;
use super::answer::HttpAnswer;
use super::apart::Apart;
use super::auth::{Authenticator, SignIn};
use super::budget::{NoLeave, RequestBudget};
use super::compressed::{Packed, unpacked};
use super::failure::{FailureKind, FailureRules, RequestFailure};
use super::readable::readable;
use super::redirect::same_server;
use super::request::ReadyRequest;
use super::retry::{Delays, RetryAfter, http_date};
use super::secrets::Secrets;
use super::shape::without_values;
use super::transport::{Incoming, Lost, Outgoing, Wire};
use crate::connector::manifest::settings::Settings;
use crate::connector::manifest::{Manifest, Method};
use crate::connector::network::Network;
use crate::connector::port::{Clock, Error, Lane};
use crate::connector::raw::json::{Document, Json, text};
use crate::model::{Name, Span, Time};
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use std::fmt;

/// Redirects followed within one host.
const REDIRECTS_MAX: usize = 3;
/// What a wait is told to be where the server names none.
const LATER_UNTOLD: Span = Span::minutes(1);
/// Values (items, members) in one answer. Read into memory an item takes 32 bytes and a member 56, and each list or object that is not
/// empty room for four: a small body could fill all there is.
const VALUES_MAX: usize = 4_000_000;
/// Characters of an answer shown in a message.
const BEGINS_CHARS: usize = 80;
/// Characters of a system's own message shown or kept.
const MESSAGE_CHARS: usize = 300;

/// One system's HTTP.
pub struct HttpClient {
    pub system: Name,
    wire: Wire,
    base: String,
    /// Scheme, host and port of it, for messages.
    address: String,
    headers: HeaderMap,
    auth: Authenticator,
    pub rules: FailureRules,
    pub budget: RequestBudget,
    timeout: Span,
    answer_bytes_max: usize,
    pub clock: Clock,
    network: Network,
    secrets: Secrets,
    apart: Apart,
    pub again: RetriesUnderWay,
}

impl HttpClient {
    /// `Err` tells every setting that is wrong.
    pub fn new(
        manifest: &Manifest,
        settings: &Settings,
        network: &Network,
        wire: Wire,
        system: &Name,
        clock: Clock,
    ) -> Result<HttpClient, Vec<String>> {
        let mut problems = Vec::new();
        let base = settings.text(&manifest.base_url).ok().flatten().unwrap_or_default().trim_end_matches('/').to_string();
        let url = Url::parse(&base).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        if url.is_none() {
            problems.push("base_url is no address; write https://HOST".to_string());
        }
        let mut headers = HeaderMap::new();
        for (name, text) in &manifest.headers {
            let value = settings.text(text).ok().flatten().and_then(|t| HeaderValue::from_str(&t).ok());
            match (name.parse::<HeaderName>(), value) {
                (Ok(name), Some(value)) => drop(headers.insert(name, value)),
                (Ok(_), None) => {}
                (Err(_), _) => problems.push(format!("{name:?} is no header name")),
            }
        }
        let auth = Authenticator::new(&manifest.auth, &base, settings).map_err(|why| problems.push(why));
        let rules = FailureRules::new(&manifest.errors).map_err(|why| problems.push(why));
        match (auth, rules) {
            (Ok(auth), Ok(rules)) if problems.is_empty() => Ok(HttpClient {
                system: system.clone(),
                base,
                address: url.map(|u| u.origin().ascii_serialization()).unwrap_or_default(),
                headers,
                auth,
                rules,
                budget: RequestBudget::new(&manifest.limits, clock.clone(), wire.timer.clone()),
                wire,
                timeout: manifest.limits.timeout,
                answer_bytes_max: manifest.limits.answer_bytes_max,
                clock,
                network: network.clone(),
                secrets: Secrets::new(settings.secrets().chain(network.secrets())),
                apart: Apart::default(),
                again: RetriesUnderWay::default(),
            }),
            _ => Err(problems),
        }
    }

    pub fn now(&self) -> Time {
        (self.clock)()
    }

    /// Where all requests go, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// A reading request, repeated within the bounds of `retry`.
    pub async fn read(&self, request: &ReadyRequest, lane: Lane) -> Result<HttpAnswer, Error> {
        self.send(request, lane, false).await.map_err(|f| f.error)
    }

    /// A writing request: repeated only while it surely was not carried out.
    pub async fn write(&self, request: &ReadyRequest, lane: Lane) -> Result<HttpAnswer, RequestFailure> {
        self.send(request, lane, true).await
    }

    async fn send(&self, request: &ReadyRequest, lane: Lane, writes: bool) -> Result<HttpAnswer, RequestFailure> {
        let timer = &self.wire.timer;
        let mut delays = Delays::new(timer.now(), timer.spread());
        let (mut requests, trying, asked) = (0, self.again.begin(), [&*request.what, &*request.path]);
        loop {
            let (done, token) = match self.budget.leave(asked, lane).await {
                Err(NoLeave::UsedUp) => return Err(self.failure(request, FailureKind::Budget, String::new())),
                Err(NoLeave::KeptAway(rest)) => {
                    return Err(self.failure(request, FailureKind::Later(Some(rest)), "it asked for a wait that is not over".to_string()));
                }
                Ok(_leave) => self.once(request).await,
            };
            requests += 1;
            let failure = match done {
                Ok(answer) => return Ok(HttpAnswer { requests, ..answer }),
                Err(failure) => failure,
            };
            let wait = match failure.kind {
                FailureKind::Credential if self.auth.forget(token, self.now()).await => continue,
                FailureKind::Later(told) | FailureKind::Locked(told) => {
                    let wait = delays.next(told, timer.now());
                    match (wait, told) {
                        (Some(wait), _) => self.budget.pause(wait),
                        (None, Some(told)) => self.budget.keep_away(&asked[failure.kind.is_of_one().into()..], lane, told),
                        (None, None) => {}
                    }
                    wait
                }
                FailureKind::NotConnected => delays.next(None, timer.now()),
                FailureKind::Broken(told) if !writes => delays.next(told, timer.now()),
                _ => None,
            };
            match wait {
                Some(wait) => {
                    trying.failed(failure.error.of_system());
                    timer.sleep(wait).await;
                }
                None => return Err(failure),
            }
        }
    }

    /// One request, with redirects within the host where it only reads by GET. Beside the outcome, the number of the token that was sent.
    async fn once(&self, request: &ReadyRequest) -> (Result<HttpAnswer, RequestFailure>, Option<u64>) {
        let sent = match self.auth.credential(&*self.wire.transport, &self.rules, self.apart.times((self.clock)()), self.timeout).await {
            Ok(credential) => credential,
            Err(SignIn::Said(kind, said)) => {
                let said = self.told(&said);
                let said = if kind == FailureKind::Credential { said } else { format!("signing in: {said}") };
                return (Err(self.failure(request, kind, said)), None);
            }
            Err(SignIn::Proxy(url)) => return (Err(self.proxy_wants_login(request, &url)), None),
            // What was asked for was not even sent.
            Err(SignIn::Lost(url, lost)) => return (Err(self.lost(request, &url, lost, Some(FailureKind::NotConnected))), None),
        };
        sent.header.iter().for_each(|(_, value)| self.secrets.sends(value));
        let answer = match self.url(request) {
            Ok(url) => self.exchange(request, url, sent.header).await,
            Err(failure) => Err(failure),
        };
        (answer, sent.number)
    }

    fn url(&self, request: &ReadyRequest) -> Result<Url, RequestFailure> {
        let url = Url::parse(&format!("{}{}", self.base, request.path));
        let mut url = url.map_err(|_| self.refused(request, "base_url and path make no address"))?;
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        Ok(url)
    }

    async fn exchange(
        &self,
        request: &ReadyRequest,
        mut url: Url,
        header: Option<(HeaderName, HeaderValue)>,
    ) -> Result<HttpAnswer, RequestFailure> {
        for _ in 0..=REDIRECTS_MAX {
            let method = match request.method {
                Method::Get => reqwest::Method::GET,
                Method::Post => reqwest::Method::POST,
                Method::Put => reqwest::Method::PUT,
                Method::Patch => reqwest::Method::PATCH,
            };
            let mut headers = self.headers.clone();
            if let Some((name, value)) = &header {
                headers.append(name, value.clone());
            }
            if request.body.is_some() {
                headers.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            let (timeout, bytes_max) = (self.timeout.to_std(), self.answer_bytes_max);
            let what = request.what.clone();
            let outgoing = Outgoing { what, method, url: url.clone(), headers, body: request.body.clone(), timeout, bytes_max };
            let response = self.wire.transport.send(outgoing).await.map_err(|lost| self.lost(request, &url, lost, None))?;
            if response.status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                return Err(self.proxy_wants_login(request, &url));
            }
            if !response.status.is_redirection() {
                return self.answer(request, &response);
            }
            let target = response.headers.get(LOCATION).and_then(|l| l.to_str().ok()).and_then(|l| url.join(l).ok());
            match target {
                Some(target) if request.method == Method::Get && same_server(&url, &target) => url = target,
                target => {
                    let status = response.status.as_u16();
                    let server = target.as_ref().map_or_else(|| "nowhere".to_string(), |t| t.origin().ascii_serialization());
                    return Err(
                        self.refused(request, &format!("{status}: it redirects to {server}, which is not followed; check base_url"))
                    );
                }
            }
        }
        Err(self.refused(request, "it redirects without end"))
    }

    fn answer(&self, request: &ReadyRequest, response: &Incoming) -> Result<HttpAnswer, RequestFailure> {
        let status = response.status.as_u16();
        let now = (self.clock)();
        let header = |name| response.headers.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
        let asked = RetryAfter::of(header(RETRY_AFTER), now);
        let clock_skew_ms = header(DATE).and_then(http_date).map(|date| date.0 - now.0);
        self.apart.hear(clock_skew_ms);
        let limit = self.answer_bytes_max;
        let body = match unpacked(&response.body, header(CONTENT_ENCODING), limit) {
            Ok(body) => body,
            Err(Packed::TooLarge) => {
                return Err(RequestFailure::new(
                    FailureKind::TooLarge,
                    Error::TooLarge { system: self.system.clone(), what: self.what(&request.what), limit },
                ));
            }
            Err(Packed::Damaged) => {
                let why = format!("{status}: it is compressed, and cannot be unpacked");
                return Err(self.not_understood(request, FailureKind::NotUnderstood, why, String::new()));
            }
        };
        if values(&body) > VALUES_MAX {
            return Err(self.too_many(request, VALUES_MAX, "values"));
        }
        let bytes = body.len() as u64;
        let json = if body.is_empty() { Ok(Document::default()) } else { Document::parse(&body) };
        let begins = || self.shape(&String::from_utf8_lossy(&body));
        let root = json.as_ref().map(Document::root);
        if let Some(kind) = self.rules.failure(status, root.ok(), asked.wait, request.from_cursor) {
            let message = match root {
                Ok(Json::Null) => None,
                Ok(json) => Some(self.rules.message(json).map_or_else(|| self.beginning(&text(json)), |m| self.told(&m))),
                Err(_) => Some(begins()).filter(|b| !b.is_empty()),
            };
            let message = message.map_or_else(|| status.to_string(), |m| format!("{status}: {m}"));
            let apart = self.apart.told().filter(|_| kind == FailureKind::Credential && self.auth.is_signed());
            let help = root.ok().and_then(|json| self.rules.help(json)).map(str::to_string);
            let message = [Some(message), apart, asked.disbelieved, help].into_iter().flatten().collect::<Vec<_>>().join("; ");
            return Err(self.failure(request, kind, message));
        }
        match json {
            Ok(json) => Ok(HttpAnswer { json, requests: 1, bytes, no_content: status == 204, clock_skew_ms }),
            Err(e) => Err(self.not_understood(request, FailureKind::NotUnderstood, format!("{status}: {e}"), begins())),
        }
    }

    /// What was asked for, and where.
    pub fn what(&self, asked: &str) -> String {
        format!("{asked} at {}", self.address)
    }

    fn failure(&self, request: &ReadyRequest, kind: FailureKind, said: String) -> RequestFailure {
        let (system, what) = (self.system.clone(), self.what(&request.what));
        let error = match kind {
            FailureKind::Credential => Error::Credential { system, what, said },
            FailureKind::Later(told) | FailureKind::Locked(told) => {
                Error::Later { system, what: format!("{what}: {said}"), wait: told.unwrap_or(LATER_UNTOLD) }
            }
            FailureKind::Broken(_) | FailureKind::NotConnected => Error::Unreachable { system, what, why: said },
            FailureKind::NotFound => Error::NotFound { system, what },
            FailureKind::CursorLost => Error::CursorLost { system, what },
            FailureKind::Budget => Error::Budget { system, what },
            FailureKind::Refused | FailureKind::NotUnderstood | FailureKind::TooLarge => Error::Refused { system, what, said },
        };
        RequestFailure::new(kind, error)
    }

    /// There is no answer, or only a part of one. `kind` is what it means, if that is known.
    fn lost(&self, request: &ReadyRequest, url: &Url, lost: Lost, kind: Option<FailureKind>) -> RequestFailure {
        let broken = kind.unwrap_or(FailureKind::Broken(None));
        match lost {
            Lost::NoRequest(causes) => {
                let causes = self.told(&causes);
                self.refused(request, &format!("what is to be sent is no request ({causes}); is a cursor or an id too long?"))
            }
            Lost::NotConnected(causes) => {
                let causes = self.told(&causes);
                match self.network.proxy_for(url).filter(|p| p.failed(url, &causes)) {
                    Some(proxy) => self.no_way_out(request, &proxy.name(), &causes),
                    None => self.failure(request, FailureKind::NotConnected, causes),
                }
            }
            Lost::TimedOut => self.failure(request, broken, "it took too long".to_string()),
            Lost::Broken(causes) => self.failure(request, broken, self.told(&causes)),
            Lost::TooLarge => {
                let (system, what, limit) = (self.system.clone(), self.what(&request.what), self.answer_bytes_max);
                RequestFailure::new(FailureKind::TooLarge, Error::TooLarge { system, what, limit })
            }
        }
    }

    fn proxy_wants_login(&self, request: &ReadyRequest, url: &Url) -> RequestFailure {
        // Without one of ours, it is one that stands before the system.
        let proxy = self.network.proxy_for(url).map_or_else(|| "before the system".to_string(), |p| p.name());
        // Nothing got through, and trying again at once would change nothing.
        let failure = self.no_way_out(request, &proxy, "it answers 407: it wants a user and a password");
        RequestFailure { kind: FailureKind::Credential, ..failure }
    }

    fn no_way_out(&self, request: &ReadyRequest, proxy: &str, why: &str) -> RequestFailure {
        let (system, what) = (self.system.clone(), self.what(&request.what));
        RequestFailure::new(FailureKind::NotConnected, Error::Proxy { system, what, proxy: proxy.to_string(), why: why.to_string() })
    }

    pub fn too_many(&self, request: &ReadyRequest, limit: usize, of: &'static str) -> RequestFailure {
        let (system, what) = (self.system.clone(), self.what(&request.what));
        RequestFailure::new(FailureKind::TooLarge, Error::TooMany { system, what, limit, of })
    }

    fn refused(&self, request: &ReadyRequest, said: &str) -> RequestFailure {
        self.failure(request, FailureKind::Refused, self.told(said))
    }

    pub fn not_understood(&self, request: &ReadyRequest, kind: FailureKind, why: String, begins: String) -> RequestFailure {
        RequestFailure::new(kind, Error::NotUnderstood { system: self.system.clone(), what: self.what(&request.what), why, begins })
    }

    /// How an answer begins that was to hold records, for messages: people's values are none of theirs.
    pub fn begins(&self, json: &Json<'_>) -> String {
        self.shape(&text(json))
    }

    fn shape(&self, text: &str) -> String {
        clip(&without_values(&self.secrets.strike(&readable(text)), BEGINS_CHARS * char::MAX_LEN_UTF8), BEGINS_CHARS)
    }

    fn beginning(&self, text: &str) -> String {
        clip(&self.secrets.strike(&readable(text)), BEGINS_CHARS)
    }

    /// What a system says, fit to be shown and kept: without secrets, in one short line.
    pub fn told(&self, text: &str) -> String {
        clip(&self.secrets.strike(&readable(text)), MESSAGE_CHARS)
    }
}

/// How many values an answer can hold at most: one more than these characters. Those within texts count too.
fn values(body: &[u8]) -> usize {
    // Parts so small that their counts fit into a byte: that many bytes at once are compared and added.
    let count = |part: &[u8]| part.iter().map(|b| u8::from(matches!(b, b',' | b'[' | b'{'))).sum::<u8>();
    body.chunks(192).map(|part| usize::from(count(part))).sum()
}

fn clip(text: &str, chars: usize) -> String {
    text.chars().take(chars).collect()
}

impl fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").field("system", &self.system).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
