//! What nayose did: what it wrote into fields, and what it told people.
//!
//! - `written`: what was written, with what was there before
//! - `record`: keeping that
//! - `undo`: a plan that sets it back
//! - `narrowed`: what of a run it is about
//! - `set_back`: what such a plan says, and what is on its way back
//! - `told`: what people were told
//! - `told_before`: the same as former versions keep it

pub mod narrowed;
pub mod record;
pub mod set_back;
pub mod told;
pub(in crate::engine) mod told_before;
pub mod undo;
pub mod written;
