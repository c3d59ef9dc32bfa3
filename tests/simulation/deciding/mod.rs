//! What the engine makes of records at hand: statuses and fields, and what it leaves as it is.

mod alone;
mod echo;
mod many;
mod not_seen;
mod nothing_held;
mod parked;
mod pinned;
mod place;
mod plan;
mod told;
