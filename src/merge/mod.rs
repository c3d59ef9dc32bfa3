//! Precedence: which value wins, and why.
//!
//! - [`rules`]: what precedence.toml says, as types; `rule_text`: the same as text again
//! - [`judge`](mod@judge): the candidates of one field to its value
//! - [`judgment`]: what is judged, and what comes of it
//! - [`ignored`]: values that a rule takes for nothing
//! - `union`: lists put together, removals counted

pub mod ignored;
pub mod judge;
pub mod judgment;
mod rule_text;
pub mod rules;
mod union;

pub use judge::{explain, judge, next_too_old};
pub use judgment::{Candidate, ConditionState, Judged, Judgment, SystemHabits, Unknown, UnreadSystems, Winner};
