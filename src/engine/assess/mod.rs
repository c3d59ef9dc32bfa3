//! Who is who, which holds, which fields, which status: for everyone for whom something changed.
//!
//! - `assessment`: one person, before anything is kept
//! - `holds`: the holds that reach a record
//! - `kept`: people as last decided
//! - `marking`: who is to be looked at
//! - `permits`: permits that end
//! - `reconcile`: deciding anew, one after another
//! - `wanted`: what a target is to show

pub mod assessing;
pub mod assessment;
pub mod holds;
pub(in crate::engine) mod kept;
pub(in crate::engine) mod marking;
pub mod members;
pub mod permits;
pub mod person;
pub mod reconcile;
pub mod records;
pub mod unread_hold;
pub mod wanted;
