//! What counts: the files' rules and, until an edit that widens is approved, the former ones.
//!
//! - `shared_mailboxes`: mailboxes that several people read
//! - `connection`: what a system's settings say of its connection
//! - `left_rules`: what was in force until a moment ago
//! - `rule_sets`: the rules in force

pub mod approval;
mod before;
pub mod connection;
pub mod in_force;
pub(in crate::engine) mod left_rules;
pub mod needs;
pub mod restore_left;
pub mod rule_sets;
pub(in crate::engine) mod shared_mailboxes;
pub mod unfollowed;
