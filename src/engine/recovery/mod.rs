//! After a crash, a loss or a move: journal against store, and which instance all is of.
//!
//! - `instance`: which instance of a system stands behind its name
//! - `rebuild`: what the journal gives back, while everything is read anew
//! - `replay`: the journal against the store at open

pub mod identify;
pub mod instance;
pub mod journaled;
pub mod lines;
pub mod rebuild;
pub mod replay;
mod set_aside;
