//! The state machine around the pure rooms: what was observed, decided, written and is to be told. Synchronous; the time is an argument.
//!
//! - [`world`], [`codec`], [`postings`], [`shelf`], [`view`]: all that was observed, in memory, and looking at it
//! - [`engine`], [`system`], [`durable`], [`persist`]: the state behind one owner, making it durable, and its form on disk; [`look`]: read only
//! - [`replay`]: the journal against the store at open; [`rebuild`]: after the state was lost: what the journal gives back
//! - [`observe`], [`overlay`], [`prove`], `clashes`, [`clocks`], [`coverage`]: pages in, what a whole pass proves, by whose clock, and what
//!   waits for it; [`schedule`]: which pass is next; [`reading`]: a stream's turn, pass by pass
//! - [`sketch`], [`reconcile`], [`holds`], `kept`, [`wanted`], [`refusals`], [`permits`], [`table`]: who is one person, what stands, what is wanted
//! - [`target`], [`outbox`], [`deliver`], [`account`], [`delivery`]: the outbox, what is next for a system, and what became of each write
//! - [`guard`], [`guarded`]: what is too much at once to go by itself
//! - [`unread_refusals`], [`unread_addresses`], [`shown`], `unknown_people`, [`marks_in_words`]: words in opt-out fields, fields in no answer, people in no
//!   listing, and marks as people say them
//! - [`written`], [`undo`]: what fields held before, and setting them back
//! - [`plan`], `about`, [`approve`], [`status`], `alone`, [`unprotected`], [`explain`], [`letters`], [`export`], [`backup`], [`gate`]: what people ask
//! - [`rules`], `left_rules`, [`connection`]: the rules in force, and what a system's settings say of its connection
//! - [`instance`]: which instance of a system stands behind its name
//! - [`notices`], [`refused_at_once`]: what needs a person

mod about;
pub mod accept;
pub mod account;
mod alone;
pub mod approve;
pub mod backup;
mod beside;
mod clashes;
pub mod clocks;
pub mod codec;
pub mod connection;
pub mod coverage;
pub mod deliver;
pub mod delivery;
pub mod doubts;
pub mod durable;
#[allow(clippy::module_inception, reason = "its one owner; it comes apart into parts with rooms of their own")]
pub mod engine;
pub mod explain;
pub mod export;
pub mod gate;
pub mod guard;
pub mod guarded;
pub mod holds;
pub mod instance;
mod kept;
mod lately;
mod left_rules;
pub mod letters;
pub mod look;
pub mod look_ups;
mod marking;
pub mod marks_in_words;
pub mod notices;
pub mod observe;
pub mod outbox;
pub mod overlay;
mod pass_run;
pub mod permits;
pub mod persist;
mod places;
pub mod plan;
pub mod postings;
pub mod prove;
pub mod reading;
pub mod rebuild;
pub mod reconcile;
pub mod refusals;
pub mod refused_at_once;
pub mod replay;
pub mod rules;
pub mod schedule;
pub mod shelf;
pub mod shown;
pub mod sketch;
pub mod status;
pub mod system;
pub mod table;
pub mod target;
pub mod underway;
pub mod undo;
mod unknown_people;
pub mod unprotected;
pub mod unread_addresses;
pub mod unread_refusals;
mod unread_rows;
pub mod view;
pub mod waiting;
pub mod wanted;
pub mod world;
pub mod written;

pub use engine::{Engine, Error, Unfollowed};
