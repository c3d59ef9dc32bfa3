//! How far a system's clock is apart from ours, for what we sign for it: it goes by its own.

use crate::model::{Span, Time};
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

/// Less is the time that answers take.
const FROM_MS: i64 = 30_000;

/// The system's `Date` minus our clock, in milliseconds, by its last answer of any kind.
#[derive(Debug, Default)]
pub struct Apart(AtomicI64);

impl Apart {
    /// An answer came, and told its time or did not.
    pub fn hear(&self, skew_ms: Option<i64>) {
        if let Some(skew_ms) = skew_ms {
            self.0.store(skew_ms, Relaxed);
        }
    }

    /// Our time, and the system's.
    pub fn times(&self, now: Time) -> (Time, Time) {
        let skew_ms = self.0.load(Relaxed);
        (now, if skew_ms.abs() > FROM_MS { now.plus(Span(skew_ms)) } else { now })
    }

    /// What is to be told where something signed was refused.
    pub fn told(&self) -> Option<String> {
        let skew_ms = self.0.load(Relaxed).abs();
        (skew_ms > FROM_MS).then(|| format!("its clock and ours differ by {} s, and what we sign has a time", skew_ms / 1000))
    }
}
