//! When a person is asked: what is too much at once to go by itself.
//!
//! - `guarded`: what counts, and what waits
//! - `limits`: the counting, pure

pub mod guarded;
pub mod guards;
pub mod intents;
pub mod limits;
