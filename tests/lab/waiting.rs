//! Waiting for what takes the real systems a while.

use std::time::Duration;
use tokio::time::Instant;

/// How long anything may take before a test calls it not happened.
pub const PATIENCE: Duration = Duration::from_secs(25);
/// How often a system is looked at while a test waits for it.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Waits until something is so; how long that took.
pub async fn wait_until(what: &str, so: impl AsyncFnMut() -> bool) -> Duration {
    wait_for(PATIENCE, what, so).await
}

/// The same with a patience of its own.
pub async fn wait_for(patience: Duration, what: &str, mut so: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    loop {
        if so().await {
            return began.elapsed();
        }
        assert!(began.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Looks again and again for a while: it must be so each time.
pub async fn stays(what: &str, for_a: Duration, mut so: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while began.elapsed() < for_a {
        assert!(so().await, "not so any more after {:?}: {what}", began.elapsed());
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
