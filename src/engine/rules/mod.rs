//! What counts: the files' rules and, until an edit that widens is approved, the former ones.
//!
//! - `rule_sets`: all of a config that decides who may be mailed, and its form in the state
//! - `before`: that form up to format 3
//! - `in_force`: weighing an edit against what counted
//! - `left_rules`: what was in force until a moment ago, pure
//! - `merging`: the rules by which people are merged, in memory and in the state; `merging_edits`: which of them count while an edit waits
//! - `places`: where in the files it stands what an edit changes
//! - `stored_field`: a field's rule as the state keeps it
//! - `approval`: how far writes to a system were approved
//! - `plan_id`: by which a plan that waits is known
//! - `needs`: what the expressions of the rules speak of
//! - `two_way`: which fields may be taken from where they are written
//! - `shared_mailboxes`: mailboxes that several people read
//! - `connection`: what a system's settings say of its connection
//! - `connected`: a system as it is connected: what may be written there
//! - `taken_words`: which fixed words a system does not take, by its own lists
//! - `unfollowed`: edits that a running daemon does not follow

pub mod approval;
mod before;
pub mod connected;
pub mod connection;
pub mod in_force;
pub(in crate::engine) mod left_rules;
pub mod merging;
pub mod merging_edits;
pub mod needs;
mod places;
pub mod plan_id;
pub mod rule_sets;
pub(in crate::engine) mod shared_mailboxes;
pub(in crate::engine) mod stored_field;
pub mod taken_words;
mod two_way;
pub mod unfollowed;
