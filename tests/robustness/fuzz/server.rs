//! A server that gives what it was told to give, one answer after the other.

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::runtime::Runtime;

pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

pub struct Server {
    pub url: String,
    pub runtime: Runtime,
    next: Arc<Mutex<VecDeque<Answer>>>,
}

impl Server {
    pub fn start() -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let next: Arc<Mutex<VecDeque<Answer>>> = Arc::default();
        let answers = next.clone();
        let app = Router::new().fallback(move |request: Request<Body>| {
            let answers = answers.clone();
            async move { answer(&request, answers.lock().unwrap().pop_front()) }
        });
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(async move { axum::serve(listener, app).await });
        Server { url, runtime, next }
    }

    pub fn gives(&self, answers: impl IntoIterator<Item = Answer>) {
        *self.next.lock().unwrap() = answers.into_iter().collect();
    }
}

/// Signing in always works unless an answer is for it; when all are given, everything is empty.
fn answer(request: &Request<Body>, given: Option<Answer>) -> Response<Body> {
    let signs_in = request.uri().path().contains("/oauth/token");
    let given = match given {
        Some(given) if !signs_in => given,
        _ if signs_in => Answer { status: 200, headers: Vec::new(), body: b"{\"access_token\":\"t\",\"expires_in\":3600}".to_vec() },
        _ => Answer { status: 200, headers: Vec::new(), body: b"{\"success\":true}".to_vec() },
    };
    let mut response = Response::builder().status(given.status);
    for (name, value) in given.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(given.body)).unwrap_or_else(|_| Response::new(Body::empty()))
}
