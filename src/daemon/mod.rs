//! The shell around the pure rooms, and the only room that knows the time: observe, reconcile, deliver, schedule.
//!
//! - [`world`], [`codec`], [`postings`], [`view`]: all that was observed, in memory, and looking at it
//! - [`engine`], [`persist`]: the state behind one owner, and its form on disk
//! - [`observe`]: pages in; [`schedule`]: which pass is next
//! - [`reconcile`], [`holds`], [`wanted`], [`refusals`], [`permits`], [`table`]: who is one person, what stands, what is wanted
//! - [`target`], [`outbox`], [`deliver`], [`account`]: the outbox, sending, and what became of each write
//! - [`plan`], [`approve`], [`status`], [`explain`], [`letters`], [`export`], [`gate`]: what people ask
//! - [`shell`], [`commands`], [`socket`], [`run`]: engine, connectors and clock together

pub mod account;
pub mod approve;
pub mod codec;
pub mod commands;
pub mod deliver;
pub mod engine;
pub mod explain;
pub mod export;
pub mod gate;
pub mod holds;
pub mod letters;
pub mod observe;
pub mod outbox;
pub mod permits;
pub mod persist;
pub mod plan;
pub mod postings;
pub mod reconcile;
pub mod refusals;
pub mod run;
pub mod schedule;
pub mod shell;
pub mod socket;
pub mod status;
pub mod table;
pub mod target;
pub mod view;
pub mod wanted;
pub mod world;

pub use engine::{Engine, Error};
pub use shell::Shell;
