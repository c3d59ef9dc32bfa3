//! The network and the timer of the simulated daemon: requests lie here until the simulation answers them, and a pause only moves the
//! clock. Nothing here waits, so that a history is the same whenever it is played.

use futures::FutureExt;
use futures::future::{BoxFuture, poll_fn};
use nayose::connector::transport::{Incoming, Lost, Outgoing, Timer, Transport, Wire};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A request that waits for its answer.
#[derive(Debug)]
pub struct Letter {
    pub ticket: u64,
    pub request: Outgoing,
    /// The system has it, and its answer is on the way.
    pub answered: bool,
}

#[derive(Debug, Default)]
struct Pile {
    next: u64,
    asked: Vec<Letter>,
    answers: BTreeMap<u64, Result<Incoming, Lost>>,
    wakers: BTreeMap<u64, Waker>,
}

/// The requests of one daemon to one system, and the time that it shares with the others.
#[derive(Debug)]
pub struct Post {
    pile: Mutex<Pile>,
    /// True time, in milliseconds since 1970.
    now: Arc<AtomicI64>,
}

impl Post {
    pub fn new(now: Arc<AtomicI64>) -> Post {
        Post { pile: Mutex::default(), now }
    }

    pub fn wire(self: &Arc<Post>) -> Wire {
        Wire { transport: self.clone(), timer: self.clone() }
    }

    fn pile(&self) -> MutexGuard<'_, Pile> {
        self.pile.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Polls once. What is asked for on the way is added to `letters`.
    pub fn poll<T>(&self, future: &mut BoxFuture<'static, T>, letters: &mut Vec<Letter>) -> Option<T> {
        let polled = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        letters.append(&mut self.pile().asked);
        match polled {
            Poll::Ready(done) => Some(done),
            Poll::Pending => None,
        }
    }

    pub fn answer(&self, ticket: u64, answer: Result<Incoming, Lost>) {
        let mut pile = self.pile();
        pile.answers.insert(ticket, answer);
        if let Some(waker) = pile.wakers.remove(&ticket) {
            drop(pile);
            waker.wake();
        }
    }
}

impl Transport for Post {
    fn send(&self, request: Outgoing) -> BoxFuture<'_, Result<Incoming, Lost>> {
        let ticket = {
            let mut pile = self.pile();
            pile.next += 1;
            let ticket = pile.next;
            pile.asked.push(Letter { ticket, request, answered: false });
            ticket
        };
        poll_fn(move |context| {
            let mut pile = self.pile();
            match pile.answers.remove(&ticket) {
                Some(answer) => Poll::Ready(answer),
                None => {
                    pile.wakers.insert(ticket, context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .boxed()
    }
}

impl Timer for Post {
    fn now(&self) -> Duration {
        Duration::from_millis(self.now.load(Ordering::Relaxed).unsigned_abs())
    }

    fn sleep(&self, wait: Duration) -> BoxFuture<'static, ()> {
        // Part of a millisecond is a whole one, or a limit would be asked for again and again in vain.
        self.now.fetch_add(wait.as_micros().div_ceil(1000) as i64, Ordering::Relaxed);
        futures::future::ready(()).boxed()
    }

    fn spread(&self) -> f64 {
        0.0
    }
}
