//! Precedence: which value wins, and why.
//!
//! - [`rules`]: what precedence.toml says, as types; `strategy`: how a value is found; `rule_text`: the same as text again
//! - [`judge`](mod@judge): the candidates of one field to its value; `reasons`: what became of each, for a reader
//! - [`judgment`]: what is judged, and what comes of it; `candidate`: what a record offers
//! - `choice`: which of several candidates goes first; `sum`, `union`: numbers and lists put together; `along`: one field follows another;
//!   `group`: several from one record; `of_account`: a field is the account's; `first`: the first value stays, and `first_values` says what is to be remembered for that
//! - [`ignored`]: values that a rule takes for nothing; [`valid`]: what a value must look like to count

mod along;
mod candidate;
mod choice;
mod first;
mod first_values;
mod group;
pub mod ignored;
pub mod judge;
pub mod judgment;
mod of_account;
mod reasons;
mod rule_text;
pub mod rules;
mod strategy;
mod sum;
mod union;
pub mod valid;

pub use candidate::{Candidate, SystemHabits};
pub use first::counts_as_first;
pub use first_values::first_values;
pub use group::{BLANK, GroupOffers};
pub use judge::{judge, next_too_old, record_of_group};
pub use judgment::{Circumstances, Judged, Judgment, Leader, Unknown, UnreadSystems, Winner};
pub use reasons::explain;
pub use rules::RulePart;
