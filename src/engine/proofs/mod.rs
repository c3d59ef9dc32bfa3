//! Which stream was read how far, what that proves, and which pass is next.
//!
//! - `clocks`: by whose clock
//! - `coverage`: what waits for what was not read yet
//! - `pass_run`: a pass under way
//! - `prove`: what a whole pass proves
//! - `reading`: a stream's turn, pass by pass
//! - `schedule`: which pass is next

pub mod begin_pass;
pub mod clocks;
pub mod coverage;
pub mod covering;
pub mod next_pass;
pub(in crate::engine) mod pass_run;
pub mod prove;
pub mod reading;
pub mod schedule;
pub mod trusted_now;
