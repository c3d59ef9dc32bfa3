//! What is due for a target record, what is next for a system, and what became of each write.
//!
//! - `outbox`: who has something due
//! - `deliver`: the next batches
//! - `cut`: what goes now of all that is due for a record
//! - `acts`: what to do next, asked by the shell
//! - `by_hand`: systems to which a person carries over what is written; `handed`: the list that was handed over last
//! - `steps`: what goes back in two steps
//! - `underway`: batches that were sent and are not answered
//! - `outcomes`: what became of each write
//! - `without_code`: what is wanted and has no code in its system
//! - `usage`: what is used of a day's requests
//! - `recent_looks`: what deciding found less than a second ago
//! - `look_again`: using it, if nothing changed since

pub mod acts;
pub mod by_hand;
pub(in crate::engine) mod cut;
pub mod deliver;
pub(in crate::engine) mod handed;
pub mod look_again;
pub mod outbox;
pub mod outcomes;
pub(in crate::engine) mod recent_looks;
mod steps;
pub mod underway;
pub mod usage;
pub mod without_code;
