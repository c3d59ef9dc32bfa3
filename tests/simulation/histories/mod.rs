//! Histories of each shipped connector: the real connector and the real engine over a system made of its manifest, beside a CRM and a
//! marketing system that are made of theirs. Whatever can go wrong with any system goes wrong with the one that is played.
//!
//! - `setup`: the config; `outer`: the systems; `events`: what happens in them; `switches`: what goes wrong when
//! - `site`: a request meets its system; `spoil`: answers that lack something; `traffic`: what is remembered of requests
//! - `heard`: what a connector must tell of its answers
//! - `process`: the daemon; `run`: one history, and its judges
//! - `table`: many of them, and which switches met; `ci`: those that CI plays
//!
//! `NAYOSE_SEED=7 cargo test --test simulation histories_of_ -- --nocapture` tells one history of each;
//! `cargo run --release --example nayose-sim -- --connector NAME` plays all of one connector.

#[cfg(test)]
mod ci;
mod events;
mod heard;
mod outer;
mod process;
mod run;
mod setup;
mod site;
mod spoil;
mod switches;
pub mod table;
mod traffic;

pub use setup::connectors;
