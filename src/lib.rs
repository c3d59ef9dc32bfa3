//! nayose (名寄せ): keeps marketing mail away from open deals and from people who refused.
//!
//! `observe -> link -> decide -> merge -> deliver`; the rooms are told in ARCHITECTURE.md.

pub mod cli;
pub mod config;
pub mod connector;
pub mod daemon;
pub mod decide;
pub mod engine;
pub mod footer;
pub mod link;
pub mod mail;
pub mod merge;
pub mod model;
pub mod sandbox;
pub mod store;
pub mod telemetry;
pub mod web;
