//! The asynchronous shell around [`engine`](crate::engine): connectors, clock, network and people who ask.
//!
//! - [`shell`], [`reading`], [`sending`], `identify`, [`commands`], [`socket`], [`run`], `first_round`: engine, connectors and clock together
//! - `turns`: in what order a command reads all streams
//! - `alone`: commands while no daemon runs
//! - [`connectors`], [`reload`]: the connectors, and edits of systems and rules while we run
//! - `previewing`: other rules tried on everyone who is known; [`footers`]: what footer somebody gets
//! - [`health`], `looking`: how things stand, told without the engine
//! - [`progress`]: how far a command has come
//! - [`notify`]: notices sent; [`reopen`]: when our own disk fails

mod alone;
pub mod commands;
pub mod connectors;
mod first_round;
pub mod footers;
pub mod health;
mod identify;
mod looking;
pub mod notify;
mod previewing;
pub mod progress;
pub mod reading;
pub mod reload;
pub mod reopen;
pub mod run;
pub mod sending;
pub mod shell;
pub mod socket;
mod turns;

pub use shell::Shell;
