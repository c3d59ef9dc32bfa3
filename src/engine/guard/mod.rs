//! When a person is asked: what is too much at once to go by itself.
//!
//! - `limits`: the counting, pure
//! - `intents`: what a write is about, as it is compared
//! - `guards`: both directions of one system
//! - `guarded`: what counts, and what waits

pub mod guarded;
pub mod guards;
pub mod intents;
pub mod limits;
