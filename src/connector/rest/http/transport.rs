//! What carries requests and waits: the network and the clock of this machine, or what a simulation puts in their place.
//!
//! Everything above it is a future that needs no reactor of its own: with a [`Transport`] that answers at once and a [`Timer`] that
//! only counts, it completes when it is polled.

use crate::connector::network::Network;
use futures::FutureExt;
use futures::future::BoxFuture;
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, StatusCode, Url};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A request as it leaves.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// What it asks for, as messages say it: `deals sweep`. Empty: a sign-in.
    pub what: String,
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
    pub timeout: Duration,
    /// An answer that is larger is not read.
    pub bytes_max: usize,
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Incoming {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// There is no answer, or only a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lost {
    /// What is to be sent is no request; trying again would not make it one.
    NoRequest(String),
    /// Nothing was sent.
    NotConnected(String),
    TimedOut,
    Broken(String),
    TooLarge,
}

/// Sends one request and waits for its whole answer. Redirects are the caller's affair.
pub trait Transport: Send + Sync + fmt::Debug {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Lost>>;
}

/// Time for pauses: between tries, for rate limits, and where a server asks for quiet.
pub trait Timer: Send + Sync + fmt::Debug {
    /// Since some fixed moment; never goes back.
    fn now(&self) -> Duration;
    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()>;
    /// How far waits between tries are spread: 1 is full jitter, 0 none.
    fn spread(&self) -> f64;
}

/// What a connector reaches its system by.
#[derive(Debug, Clone)]
pub struct Wire {
    pub transport: Arc<dyn Transport>,
    pub timer: Arc<dyn Timer>,
}

impl Wire {
    /// The real one. `Err`: HTTPS cannot be had on this machine.
    pub fn of(network: &Network) -> Result<Wire, reqwest::Error> {
        let timer = Arc::new(TokioTimer { begun: Instant::now() });
        Ok(Wire { transport: Arc::new(OverNetwork { client: network.client()? }), timer })
    }
}

/// By HTTP over the network.
#[derive(Debug)]
struct OverNetwork {
    client: Client,
}

impl Transport for OverNetwork {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Lost>> {
        async move {
            let mut builder = self.client.request(request.method, request.url).headers(request.headers).timeout(request.timeout);
            if let Some(body) = request.body {
                builder = builder.body(body);
            }
            let mut response = builder.send().await.map_err(lost)?;
            let mut body = Vec::new();
            let status = response.status();
            if status.is_redirection() || status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
                // Their heads say all there is to know.
                return Ok(Incoming { status, headers: std::mem::take(response.headers_mut()), body });
            }
            if let Some(length) = response.content_length() {
                if length > request.bytes_max as u64 {
                    return Err(Lost::TooLarge);
                }
                body.reserve_exact(length as usize);
            }
            while let Some(chunk) = response.chunk().await.map_err(lost)? {
                if body.len() + chunk.len() > request.bytes_max {
                    return Err(Lost::TooLarge);
                }
                body.extend_from_slice(&chunk);
            }
            Ok(Incoming { status, headers: std::mem::take(response.headers_mut()), body })
        }
        .boxed()
    }
}

fn lost(error: reqwest::Error) -> Lost {
    let causes = causes(&error);
    if error.is_builder() {
        Lost::NoRequest(causes)
    } else if error.is_connect() {
        Lost::NotConnected(causes)
    } else if error.is_timeout() {
        Lost::TimedOut
    } else {
        Lost::Broken(causes)
    }
}

/// An error with what caused it: reqwest's own text names only the outermost.
fn causes(error: &reqwest::Error) -> String {
    // The address may hold a key. It is part of the text only where reqwest knows it, and stands there in brackets.
    let outermost = match error.url() {
        Some(url) => error.to_string().replace(&format!(" for url ({url})"), ""),
        None => error.to_string(),
    };
    let mut layers = vec![outermost];
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        layers.push(inner.to_string());
        cause = inner.source();
    }
    in_words(&layers)
}

/// Without the layers that say nothing but which part of the library it went through.
fn in_words(layers: &[String]) -> String {
    let says_nothing = |layer: &&String| *layer == "error sending request" || layer.starts_with("client error (");
    let saying: Vec<&str> = layers.iter().filter(|l| !says_nothing(l)).map(String::as_str).collect();
    if saying.is_empty() { layers.join(": ") } else { saying.join(": ") }
}

/// The time of tokio, which tests can stop.
#[derive(Debug)]
struct TokioTimer {
    begun: Instant,
}

impl Timer for TokioTimer {
    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(wait).boxed()
    }

    fn spread(&self) -> f64 {
        1.0
    }
}
