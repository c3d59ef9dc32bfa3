//! Whether a client takes its answers: one that does not is let go, so that what it asked for costs others nothing.
//!
//! A client that asks on and on without reading an answer would be answered until the kernel's buffers are full, which are megabytes;
//! some hundred of them hold all places for long, as someone whose question is being answered does not give way. So whoever asks ahead of
//! the answers gives way all the same, and gets but a few of them.

use super::crowd::Guest;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How a client asks on one connection.
#[derive(Debug, Clone)]
pub struct Asks(Arc<AskCounts>);

#[derive(Debug)]
struct AskCounts {
    ahead_max: usize,
    /// Pieces that came over the connection.
    pieces: AtomicU64,
    /// As there were when the last request was begun with.
    before: AtomicU64,
    /// Requests since then that came with an earlier one, in one piece: its answer was not waited for.
    ahead: AtomicUsize,
}

impl Asks {
    /// So many requests in a row may be sent ahead of the answers.
    pub fn new(ahead_max: usize) -> Asks {
        Asks(Arc::new(AskCounts { ahead_max, pieces: AtomicU64::new(0), before: AtomicU64::new(0), ahead: AtomicUsize::new(0) }))
    }

    /// How many requests in a row, with the one that is begun with now, did not wait for the answer before them.
    fn ahead(&self) -> usize {
        let pieces = self.0.pieces.load(Ordering::Relaxed);
        if self.0.before.swap(pieces, Ordering::Relaxed) != pieces {
            self.0.ahead.store(0, Ordering::Relaxed);
            return 0;
        }
        self.0.ahead.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Gives others their turn before each answer, and ends a connection that asks too far ahead. Until then it is the first to give way.
pub async fn in_turn(State(asks): State<Asks>, request: Request, next: Next) -> Response {
    let ahead = asks.ahead();
    if let Some(guest) = request.extensions().get::<Guest>() {
        guest.asks_ahead(ahead > 0);
    }
    tokio::task::yield_now().await;
    let mut answer = next.run(request).await;
    if ahead >= asks.0.ahead_max {
        answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// A connection that fails once the client has taken nothing for a while.
pub struct PatientStream {
    stream: TcpStream,
    asks: Asks,
    patience: Duration,
    /// Runs while the client takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl PatientStream {
    pub fn new(stream: TcpStream, asks: Asks, patience: Duration) -> PatientStream {
        PatientStream { stream, asks, patience, stalled: None }
    }

    fn taken(&mut self, context: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes no answer")))
    }
}

impl AsyncRead for PatientStream {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, into);
        if into.filled().len() > before {
            self.asks.0.pieces.fetch_add(1, Ordering::Relaxed);
        }
        read
    }
}

impl AsyncWrite for PatientStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.taken(context, written)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.taken(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_who_sends_several_questions_in_one_piece_asks_ahead() {
        let asks = Asks::new(3);
        let mut ask = |pieces: u64| {
            asks.0.pieces.fetch_add(pieces, Ordering::Relaxed);
            asks.ahead()
        };
        assert!((0..100).all(|_| ask(1) == 0), "each after the answer before it");
        assert!((0..100).all(|_| ask(7) == 0), "a long one, in several pieces");
        assert_eq!([1, 0, 0, 1, 0, 0, 0].map(&mut ask), [0, 1, 2, 0, 1, 2, 3]);
    }
}
