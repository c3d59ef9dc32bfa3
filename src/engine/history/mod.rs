//! What fields held before nayose wrote them, and setting them back.
//!
//! - `undo`: a plan that sets it back
//! - `written`: what was written

pub mod undo;
pub mod written;
