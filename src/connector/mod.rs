//! Speaks to outer systems: manifest in, requests out, records and outcomes back. Knows no policy.
//!
//! What an admin writes: [`manifest`] (the vocabulary), [`load`] and `check` (files, and every mistake in them), [`examples`] (a connector
//! proves itself). What a raw answer becomes: `paths`, `scalars`, `condition`, [`map`]. What a request is made of: `template`, [`settings`].
//! The daemon sees none of it: it speaks to a [`Connector`].

mod check;
mod check_record;
mod check_writes;
mod condition;
pub mod examples;
pub mod load;
pub mod manifest;
pub mod map;
pub mod paths;
mod port;
mod scalars;
pub mod settings;
mod template;

pub use load::{Loaded, ManifestError};
pub use manifest::Manifest;
pub use port::*;
