//! Connections: accepted up to a number, and none held for ever by a client that is slow or silent.

use super::crowd::{self, Crowd, Guest};
use super::line::{Asks, PatientStream, in_turn};
use crate::telemetry::InternalEvent;
use crate::telemetry::web::ConnectionNotAccepted;
use axum::Router;
use axum::middleware::from_fn_with_state;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a client gets.
#[derive(Debug, Clone, Copy)]
pub struct ClientLimits {
    /// Connections at the same time; at the limit one that is not being answered gives way to a new one.
    pub connections: usize,
    /// Of one peer, those that have not sent a whole request yet.
    pub asking: usize,
    /// Of one connection, requests sent ahead of the answers; then it is closed after the answer under way.
    pub ahead: usize,
    /// For a part of an answer to be taken.
    pub taking: Duration,
    /// For the head of the first request.
    pub head: Duration,
    /// From the end of an answer to that of the next request's head.
    pub between: Duration,
    /// From when on a connection is closed after the answer under way.
    pub life: Duration,
    /// For that last answer.
    pub last: Duration,
}

impl Default for ClientLimits {
    fn default() -> ClientLimits {
        let (connections, asking, ahead) = (512, 128, 16);
        let (head, taking, between) = (Duration::from_secs(5), Duration::from_secs(5), Duration::from_secs(30));
        ClientLimits { connections, asking, ahead, taking, head, between, life: Duration::from_secs(600), last: Duration::from_secs(30) }
    }
}

/// A request's head at most; the longest that is asked for is an address.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Accepting fails where the process has no descriptors left.
const AFTER_FAILURE: Duration = Duration::from_millis(200);
/// So long a connection that gives way may take for it, before another one has to.
const GIVES_WAY_WITHIN: Duration = Duration::from_millis(100);

/// Serves until the task is aborted.
pub async fn serve(listener: TcpListener, router: Router, patience: ClientLimits) {
    let (places, crowd) = (Arc::new(Semaphore::new(patience.connections)), Arc::new(Crowd::default()));
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                let place = place(&places, &crowd).await;
                let (router, guest) = (router.clone(), crowd.enter(peer.ip(), patience.asking));
                tokio::spawn(async move {
                    let _place = place;
                    connection(stream, router, guest, patience).await;
                });
            }
            Err(error) => {
                ConnectionNotAccepted { error: &error }.emit();
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

async fn place(places: &Arc<Semaphore>, crowd: &Crowd) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(place) = places.clone().try_acquire_owned() {
            return Some(place);
        }
        crowd.make_room();
        // The semaphore is never closed.
        if let Ok(place) = tokio::time::timeout(GIVES_WAY_WITHIN, places.clone().acquire_owned()).await {
            return place.ok();
        }
    }
}

async fn connection(stream: TcpStream, router: Router, guest: Guest, patience: ClientLimits) {
    let asks = Asks::new(patience.ahead);
    let router = router.layer(from_fn_with_state(asks.clone(), in_turn)).layer(from_fn_with_state(guest.clone(), crowd::follow));
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.between).max_buf_size(HEAD_BYTES_MAX);
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let line = TokioIo::new(PatientStream::new(stream, asks, patience.taking));
    let mut connection = pin!(builder.serve_connection(line, TowerToHyperService::new(router)));
    let says_nothing = async {
        tokio::time::sleep(patience.head).await;
        if guest.head_came() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = guest.sent_away() => return,
        // How a connection ended is the client's affair.
        _ = connection.as_mut() => return,
        () = says_nothing => return,
        () = tokio::time::sleep(patience.life) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = tokio::time::timeout(patience.last, connection).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    const SOON: Duration = Duration::from_secs(20);

    /// More than the buffers between two ends take.
    fn large() -> Router {
        let large = axum::body::Bytes::from(vec![b'x'; 64 << 20]);
        Router::new().route("/large", get(|| async { large }))
    }

    async fn server(patience: ClientLimits) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let alive = get(|| async { "alive" }).post(|| async { "alive" });
        let router = large().route("/", alive);
        // One at a time, as for what needs the engine.
        let engine = Arc::new(tokio::sync::Mutex::new(()));
        let slow = || async move {
            let _one = engine.lock().await;
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let router = router.route("/slow", get(slow));
        let router = router.layer(axum::middleware::from_fn(crate::web::body::whole));
        tokio::spawn(serve(listener, router, patience));
        at
    }

    fn hasty() -> ClientLimits {
        let short = Duration::from_millis(200);
        ClientLimits { head: short, between: short, ..ClientLimits::default() }
    }

    /// All that comes until the server closes.
    async fn rest(stream: &mut TcpStream) -> String {
        let mut bytes = Vec::new();
        let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut bytes)).await.expect("the connection stays open");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    #[tokio::test]
    async fn who_says_nothing_or_only_a_part_is_shown_the_door() {
        let at = server(hasty()).await;
        for part in ["", "GET / HT", "GET / HTTP/1.1\r\nhost: h\r\nx: "] {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(part.as_bytes()).await.unwrap();
            let said = rest(&mut stream).await;
            assert!(!said.contains("200 OK"), "{part:?}: {said}");
        }
        // A byte now and then keeps nothing open either.
        let mut stream = TcpStream::connect(at).await.unwrap();
        let (mut read, mut write) = stream.split();
        let dripping = async {
            while write.write_all(b"G").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let mut bytes = Vec::new();
        let closed = async { tokio::time::timeout(SOON, read.read_to_end(&mut bytes)).await.expect("the connection stays open") };
        tokio::select! {
            _ = dripping => {}
            _ = closed => {}
        }
        // Whoever is done asking is let go as well.
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        assert!(rest(&mut stream).await.ends_with("alive"));
    }

    #[tokio::test]
    async fn a_head_without_end_is_refused() {
        let at = server(ClientLimits::default()).await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        let wide = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {}\r\n\r\n", "a".repeat(4 * HEAD_BYTES_MAX));
        // The answer may be lost, since it is closed before all was read.
        let _ = stream.write_all(wide.as_bytes()).await;
        let said = rest(&mut stream).await;
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 431"), "{said}");
    }

    #[tokio::test]
    async fn who_does_not_read_the_answer_keeps_no_place() {
        let short = Duration::from_millis(100);
        let at = server(ClientLimits { connections: 1, life: short, last: short, ..ClientLimits::default() }).await;
        let mut deaf = TcpStream::connect(at).await.unwrap();
        deaf.write_all(b"GET /large HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        // There is but one place, so that this one is served only when the other has gone.
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(rest(&mut stream).await.ends_with("alive"));
        drop(deaf);
    }

    #[tokio::test]
    async fn who_takes_no_part_of_an_answer_for_a_while_is_let_go() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut deaf = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        deaf.write_all(b"GET /large HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        let (stream, from) = listener.accept().await.unwrap();
        let guest = Arc::new(Crowd::default()).enter(from.ip(), 1);
        let patience = ClientLimits { taking: Duration::from_millis(100), ..ClientLimits::default() };
        tokio::time::timeout(SOON, connection(stream, large(), guest, patience)).await.expect("it waits for who reads nothing");
    }

    const QUESTION: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";

    #[tokio::test]
    async fn who_asks_far_ahead_of_the_answers_gets_a_few_of_them() {
        let at = server(ClientLimits::default()).await;
        let mut stream = TcpStream::connect(at).await.unwrap();
        let _ = stream.write_all(&QUESTION.repeat(4000)).await;
        let mut answers = Vec::new();
        // It may be broken off, as not all was read of what it sent.
        let _ = tokio::time::timeout(SOON, stream.read_to_end(&mut answers)).await.expect("the connection stays open");
        let answered = String::from_utf8_lossy(&answers).matches("alive").count();
        // The first came in a piece of its own, with those that it brought along; then a buffer more at most.
        assert!(answered <= 4 * ClientLimits::default().ahead, "{answered}");
    }

    /// Six hundred connections asked and asked, read nothing, and kept the gate from answering for 20 s.
    #[tokio::test]
    async fn who_asks_and_asks_without_reading_does_not_keep_others_waiting() {
        let at = server(ClientLimits { connections: 64, ..ClientLimits::default() }).await;
        let asks = b"GET /slow HTTP/1.1\r\nhost: h\r\n\r\n".repeat(1000);
        let mut hostile = Vec::new();
        for _ in 0..100 {
            let mut stream = TcpStream::connect(at).await.unwrap();
            // It may be let go of already.
            let _ = stream.write_all(&asks).await;
            hostile.push(stream);
        }
        for _ in 0..3 {
            let mut stream = TcpStream::connect(at).await.unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
            let answer = tokio::time::timeout(Duration::from_secs(4), rest(&mut stream)).await;
            assert!(answer.as_ref().is_ok_and(|a| a.ends_with("alive")), "{answer:?}");
        }
    }

    /// What strangers do who want the places of others: nothing, a byte now and then, a body that does not come, an answer not read.
    #[tokio::test]
    async fn hostile_connections_by_the_hundred_do_not_stop_the_gate() {
        let at = server(ClientLimits { connections: 64, asking: 16, ..ClientLimits::default() }).await;
        let heads = [
            "",
            "GET / HTTP/1.1\r\nhost: h\r\nx: ",
            "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 9\r\n\r\n1",
            "GET /large HTTP/1.1\r\nhost: h\r\n\r\n",
        ];
        for head in heads {
            let mut hostile = Vec::new();
            for _ in 0..200 {
                let mut stream = TcpStream::connect(at).await.unwrap();
                let _ = stream.write_all(head.as_bytes()).await;
                hostile.push(stream);
            }
            for _ in 0..3 {
                let mut stream = TcpStream::connect(at).await.unwrap();
                stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
                let answer = tokio::time::timeout(Duration::from_secs(4), rest(&mut stream)).await;
                assert!(answer.as_ref().is_ok_and(|a| a.ends_with("alive")), "{head:?}: {answer:?}");
            }
        }
    }

    /// A proxy keeps its connections open, and finds them open as long as it goes on asking.
    #[tokio::test]
    async fn a_proxy_keeps_more_connections_than_may_idle_without_a_word() {
        let at = server(ClientLimits { connections: 64, asking: 8, ..ClientLimits::default() }).await;
        let mut kept = Vec::new();
        for _ in 0..60 {
            let mut stream = TcpStream::connect(at).await.unwrap();
            ask(&mut stream).await;
            kept.push(stream);
        }
        for stream in &mut kept {
            ask(stream).await;
        }
    }

    async fn ask(stream: &mut TcpStream) {
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"alive") {
            let read = tokio::time::timeout(SOON, stream.read_buf(&mut answer)).await.expect("no answer");
            assert!(read.is_ok_and(|n| n > 0), "it was closed");
        }
    }
}
