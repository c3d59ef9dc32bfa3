//! What could not be read, by whom it holds; and how long a hold, a proof and a cool-down count. The engine with pages put into it by hand.

mod clocks;
mod look_ups;
mod place;
mod proofs;
mod rows;
