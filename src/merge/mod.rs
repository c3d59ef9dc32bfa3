//! Precedence: which value wins, and why.
//!
//! - [`rules`]: what precedence.toml says, as types
//! - [`judge`](mod@judge): the candidates of one field to its value
//! - `union`: lists put together, removals counted

pub mod judge;
pub mod rules;
mod union;

pub use judge::{Candidate, ConditionState, Judged, Judgment, Unknown, Unread, Winner, explain, judge};
