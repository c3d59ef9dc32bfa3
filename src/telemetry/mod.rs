//! What is logged and counted, as types: what a user may search for, or alarm on, is said in one place and in one form.
//!
//! - `metric`: every metric with its labels and its help text; `exporter`: how they are read
//! - events by subject: `reading`, `writing`, `guard`, `identity`, `config`, `state`, `notices`, `web`, `mail`, `process`
//! - `masked`: texts of others, without the addresses in them

pub mod config;
mod exporter;
pub mod guard;
pub mod identity;
pub mod mail;
mod masked;
pub mod metric;
pub mod notices;
pub mod process;
pub mod reading;
pub mod state;
pub mod web;
pub mod writing;

pub use exporter::Exporter;

/// Something that happened: it is told in the log, counted, or both.
pub trait InternalEvent {
    fn emit(self);
}
