//! Speaks to outer systems: manifest in, requests out, records and outcomes back. Knows no policy.
//!
//! - [`manifest`]: what a folder under `connectors/` says, as typed data
//! - [`traits`](self): [`Connector`], what the daemon sees of any system

pub mod manifest;
mod port;

pub use manifest::Manifest;
pub use port::*;
