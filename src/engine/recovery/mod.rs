//! After a crash, a loss or a move: journal against store, and which instance all is of.
//!
//! - `instance`: which instance of a system stands behind its name
//! - `rebuild`: what the journal gives back, while everything is read anew
//! - `replay`: the journal against the store at open

pub mod instance;
pub mod rebuild;
pub mod replay;
