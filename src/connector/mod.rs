//! Speaks to outer systems: manifest in, requests out, records and outcomes back. Knows no policy.
//!
//! - what an admin writes: [`manifest`] (the vocabulary), [`load`] and `check*` (files, and every mistake in them; [`regular`]: how files are
//!   read), [`examples`] (a connector proves itself)
//! - what a raw answer becomes: [`json`], [`paths`], `scalars`, `numbers`, `condition`, [`map`]
//! - what a request is made of: `template`, [`settings`], `request`, `auth`, `apart`
//! - how it is sent: [`network`], [`transport`], `http`, `compressed`, `budget`, `retry`, `failure`, `error`, and `secrets`, which keeps them out of
//!   messages
//! - reading: `streams`, `passes`, `paging`, `feed`; writing: `writes`, `rows`, `results`, `labels`, `halving`
//!
//! The daemon sees none of it: it speaks to a [`Connector`], of which [`RestConnector`] is the one that manifests make.

mod again;
mod apart;
mod auth;
mod budget;
mod check;
mod check_record;
mod check_request;
mod check_texts;
mod check_writes;
mod compressed;
mod condition;
mod error;
pub mod examples;
mod failure;
mod feed;
mod halving;
mod http;
pub mod json;
mod kept_out;
mod labels;
pub mod load;
mod look_up;
pub mod manifest;
pub mod map;
mod marks;
pub mod network;
mod numbers;
mod paging;
mod passes;
pub mod paths;
mod plain;
mod port;
mod readable;
mod redirect;
mod refusal;
pub mod regular;
mod request;
mod rest;
mod results;
mod retry;
mod rows;
mod scalars;
mod secrets;
pub mod settings;
mod streams;
mod template;
mod watch;
mod writes;

pub use load::{Loaded, ManifestError};
pub use manifest::Manifest;
pub use plain::{said_by as known_word, same_name, trimmed};
pub use port::*;
pub use refusal::RefusalWord;
pub use rest::{RestConnector, transport};
pub use watch::{RestsOn, Shown, WatchedField, last_name};
