//! The first round of reading after a start, which is decided on as a whole.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout};

/// The first passes are decided on together as long as pages come within this time of one another, and no longer than that.
const FIRST_PAGES_WITHIN: Duration = Duration::from_secs(2);
const FIRST_ROUND_MAX: Duration = Duration::from_secs(10);

/// The streams' first passes after a start. Each new stream would make everyone be decided on anew, so that they wait for one another,
/// but not long: a slow desk must not delay a hold, and one that hangs even less.
pub struct FirstRound {
    left: AtomicUsize,
    all_there: Notify,
}

impl FirstRound {
    /// Of so many streams.
    pub fn of(streams: usize) -> FirstRound {
        FirstRound { left: AtomicUsize::new(streams), all_there: Notify::new() }
    }

    /// Called by each stream once, after its first pass; ends when they may be decided on. `pages`: taken in so far, of all streams.
    pub async fn wait(&self, pages: impl Fn() -> u64) {
        let mut all_there = pin!(self.all_there.notified());
        if self.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.all_there.notify_waiters();
            return;
        }
        let began = Instant::now();
        let mut seen = pages();
        while began.elapsed() < FIRST_ROUND_MAX && timeout(FIRST_PAGES_WITHIN, &mut all_there).await.is_err() {
            let now = pages();
            // Whoever waits for nothing goes on alone.
            if now == seen {
                return;
            }
            seen = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::join;

    /// One stream of two is there at once, the other after so many seconds, and pages come until then. How long each waits, in seconds.
    async fn waited(other_after: u64, pages_until: u64) -> (u64, u64) {
        let (round, began) = (FirstRound::of(2), Instant::now());
        let pages = || began.elapsed().as_secs().min(pages_until);
        let first = async {
            round.wait(pages).await;
            began.elapsed().as_secs()
        };
        let second = async {
            tokio::time::sleep(Duration::from_secs(other_after)).await;
            round.wait(pages).await;
            began.elapsed().as_secs()
        };
        join(first, second).await
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_there_first_waits_while_pages_come_but_not_for_ever() {
        for (other_after, pages_until, first) in [(1, 1, 1), (5, 5, 5), (9, 9, 9), (30, 30, 10), (30, 0, 2), (30, 3, 6)] {
            assert_eq!(waited(other_after, pages_until).await, (first, other_after), "{other_after} {pages_until}");
        }
    }
}
