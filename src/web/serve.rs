//! Connections: accepted up to a number, and none held for ever by a client that is slow or silent.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// What a client gets.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Connections at the same time; more wait to be accepted.
    pub connections: usize,
    /// For the head of a request, from the first byte or from the end of the last answer.
    pub head: Duration,
    /// From when on a connection is closed after the answer under way.
    pub life: Duration,
    /// For that last answer.
    pub last: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        let (head, last) = (Duration::from_secs(30), Duration::from_secs(30));
        Patience { connections: 512, head, life: Duration::from_secs(600), last }
    }
}

/// A request's head at most; the longest that is asked for is an address.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Accepting fails where the process has no descriptors left.
const AFTER_FAILURE: Duration = Duration::from_millis(200);

/// Serves until the task is aborted.
pub async fn serve(listener: TcpListener, router: Router, patience: Patience) {
    let places = Arc::new(Semaphore::new(patience.connections));
    loop {
        // The semaphore is never closed.
        let place = places.clone().acquire_owned().await;
        match listener.accept().await {
            Ok((stream, _)) => {
                let router = router.clone();
                tokio::spawn(async move {
                    let _place = place;
                    connection(stream, router, patience).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection over HTTP could not be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, patience: Patience) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(patience.head).max_buf_size(HEAD_BYTES_MAX);
    // Small answers must not wait for more to send.
    let _ = stream.set_nodelay(true);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    tokio::select! {
        // How a connection ended is the client's affair.
        _ = connection.as_mut() => return,
        _ = tokio::time::sleep(patience.life) => {}
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

    async fn server(patience: Patience) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let large = vec![b'x'; 64 << 20];
        let router = Router::new().route("/", get(|| async { "alive" })).route("/large", get(|| async { large }));
        tokio::spawn(serve(listener, router, patience));
        at
    }

    fn hasty() -> Patience {
        Patience { head: Duration::from_millis(200), ..Patience::default() }
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
        let at = server(Patience::default()).await;
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
        let at = server(Patience { connections: 1, life: short, last: short, ..Patience::default() }).await;
        let mut deaf = TcpStream::connect(at).await.unwrap();
        deaf.write_all(b"GET /large HTTP/1.1\r\nhost: h\r\n\r\n").await.unwrap();
        // There is but one place, so that this one is served only when the other has gone.
        let mut stream = TcpStream::connect(at).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
        assert!(rest(&mut stream).await.ends_with("alive"));
        drop(deaf);
    }
}
