//! What nayose did: what it wrote into fields, and what it told people.
//!
//! - `written`: what was written, with what was there before
//! - `written_before`: the same as former formats keep it
//! - `record`: keeping that
//! - `undo`: a plan that sets it back
//! - `narrowed`: what of it all that is about
//! - `file_named`: which file of a list somebody means
//! - `done`: what writes did to each field
//! - `still_wanted`: what of it the rules of now would only write again
//! - `set_back`: what such a plan says, and what is on its way back
//! - `told`: what people were told
//! - `told_before`: the same as former versions keep it

mod done;
pub mod file_named;
pub mod narrowed;
pub mod record;
pub mod set_back;
mod still_wanted;
pub mod told;
pub(in crate::engine) mod told_before;
pub mod undo;
pub mod written;
mod written_before;
