//! The asynchronous shell around [`engine`](crate::engine): connectors, clock, network and people who ask.
//!
//! - [`shell`], [`reading`], [`sending`], `identify`, [`commands`], [`socket`], [`run`], `first_round`: engine, connectors and clock together
//! - `alone`: commands while no daemon runs
//! - [`wiring`], [`reload`]: the connectors, and edits of systems and rules while we run
//! - [`tell`]: notices sent, in the form of `notice_body`; [`halt`]: when our own disk fails

mod alone;
pub mod commands;
mod first_round;
pub mod halt;
mod identify;
mod notice_body;
pub mod reading;
pub mod reload;
pub mod run;
pub mod sending;
pub mod shell;
pub mod socket;
pub mod tell;
pub mod wiring;

pub use shell::Shell;
