//! After a crash, a loss or a move: journal against store, and which instance all is of.
//!
//! - `replay`: the journal against the store at open
//! - `lines`: lines of the journal for what the engine keeps
//! - `rebuild`: while everything is read anew
//! - `journaled`: what the journal gives back
//! - `instance`: which instance of a system stands behind its name, pure
//! - `identify`: asking, and what follows
//! - `set_aside`: what a former instance held

pub mod identify;
pub mod instance;
pub mod journaled;
pub mod lines;
pub mod rebuild;
pub mod replay;
mod set_aside;
