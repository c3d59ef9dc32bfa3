//! What fields held before nayose wrote them, and setting them back.
//!
//! - `undo`: a plan that sets it back
//! - `written`: what was written

pub mod record;
pub mod set_back;
pub mod told;
pub(in crate::engine) mod told_before;
pub mod undo;
pub mod written;
