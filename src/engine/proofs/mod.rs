//! Which stream was read how far, what that proves, and which pass is next.
//!
//! - `reading`: a stream's turn, pass by pass
//! - `schedule`: which passes are due, pure
//! - `next_pass`: which is next
//! - `pass_run`: a pass under way
//! - `begin_pass`: its beginning
//! - `prove`: its end, and what a whole one proves
//! - `missing`: what a whole listing did not show
//! - `coverage`: what waits for what was not read yet, pure
//! - `covering`: what was read of each stream
//! - `clocks`: by whose clock, pure
//! - `trusted_now`: the time by the systems' clocks

pub mod begin_pass;
pub mod clocks;
pub mod coverage;
pub mod covering;
pub mod missing;
pub mod next_pass;
pub mod pass_run;
pub mod prove;
pub mod reading;
pub mod schedule;
pub mod trusted_now;
