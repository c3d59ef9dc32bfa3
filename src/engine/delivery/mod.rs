//! What is due for a target record, what is next for a system, and what became of each write.
//!
//! - `acts`: what to do next, asked by the shell
//! - `deliver`: the next batches
//! - `outbox`: who has something due
//! - `outcomes`: what became of each write
//! - `recent_looks`: what deciding found less than a second ago
//! - `target`: one target record: agreed, sent, failed, due
//! - `underway`: batches that were sent and are not answered

pub mod acts;
pub mod deliver;
pub mod lanes;
pub mod look_again;
pub mod outbox;
pub mod outcomes;
pub mod planned;
pub(in crate::engine) mod recent_looks;
pub mod target;
pub mod underway;
