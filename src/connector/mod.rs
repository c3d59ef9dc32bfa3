//! Speaks to outer systems: manifest in, requests out, records and outcomes back. Knows no policy.
//!
//! - [`port`]: what the engine sees: a [`Connector`], of which [`RestConnector`] is the one that manifests make
//! - [`manifest`]: the vocabulary, files, and every mistake in them; [`examples`], [`clauses`]: a connector proves itself; [`new`](mod@new): the folder of one
//! - [`raw`], [`map`]: what a raw answer becomes
//! - [`rest`]: requests over HTTP, reading and writing
//! - [`file`](mod@file): lists in a folder, which need no manifest of their own
//! - [`recording`]: what a system answered, made harmless, and played again
//! - [`network`]: the way out, which notices use too; [`regular`]: how files that an admin names are read

pub mod clauses;
pub mod examples;
pub mod file;
pub mod manifest;
pub mod map;
pub mod network;
pub mod new;
pub mod port;
pub mod raw;
pub mod recording;
pub mod regular;
pub mod rest;

pub use file::{FileConnector, ListProfile, ListsAsked, OutAsked};
pub use manifest::Manifest;
pub use manifest::load::{LoadedManifest, ManifestError};
pub use map::refusal_words::RefusalWord;
pub use port::*;
pub use raw::plain::{said_by as known_word, same_name, trimmed};
pub use rest::RestConnector;
pub use rest::http::transport;
