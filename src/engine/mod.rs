//! The state machine around the pure rooms: what was observed, decided, written and is to be told. Synchronous; the time is an argument.
//!
//! From the ground up; each room's own page says what lies in it:
//!
//! - [`ledger`]: what is to become durable
//! - [`memory`]: what was observed
//! - [`target`]: what is known of one record that is written to: agreed, sent, failed, due
//! - [`rules`]: what counts
//! - [`proofs`]: which stream was read how far
//! - [`gate`]: may this mail go?
//! - [`assess`], [`guard`], [`history`]: who is who and what is wanted; when a person is asked; what was written
//! - [`intake`]: pages in
//! - [`delivery`]: what is due, what is next, what became of it
//! - [`recovery`]: after a crash, a loss or a move
//! - [`answers`]: what people ask
//! - [`engine`], [`system`]: the state behind one owner; [`open`]: read into memory at the start, by [`look`] only to be looked at
//! - [`probe`]: its inside, for tests; [`trial`]: the users' own examples, each decided by an engine of its own
//! - `rule_edits`: edits of the rules taken over, and what follows them
//! - [`error`]: what can go wrong; `workers`: the second thread of deciding

pub mod answers;
pub mod assess;
pub mod delivery;
#[allow(clippy::module_inception, reason = "its one owner; it comes apart into parts with rooms of their own")]
pub mod engine;
pub mod error;
pub mod gate;
pub mod guard;
pub mod history;
pub mod intake;
pub mod ledger;
pub mod look;
pub mod memory;
pub mod open;
pub mod probe;
pub mod proofs;
pub mod recovery;
mod rule_edits;
pub mod rules;
pub mod system;
pub mod target;
pub mod trial;
mod workers;

pub use engine::Engine;
pub use error::Error;
pub use rules::unfollowed::Unfollowed;
