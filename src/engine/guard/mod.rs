//! When a person is asked: what is too much at once to go by itself.
//!
//! - `limits`: the counting, pure
//! - `intents`: what a write is about, as it is compared
//! - `guards`: both directions of one system
//! - `guarded`: what counts, and what waits
//! - `waiting`: something that waits for a person's word; `about`: what such a plan is about

pub mod about;
pub mod guarded;
pub mod guards;
pub mod intents;
pub mod limits;
pub mod waiting;
