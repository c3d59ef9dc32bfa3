//! What could not be read, by whom it holds; how long a hold, a proof and a cool-down count; and what becomes of marks that somebody else
//! changes. The engine with pages put into it by hand.

mod back;
mod clashes;
mod clocks;
mod emptied;
mod further;
mod groups;
mod landed;
mod leavers;
mod look_ups;
mod looked_first;
mod marks;
mod passed_over;
mod place;
mod proofs;
mod rows;
mod trailing;
mod turns;
mod unlisted;
mod values;
mod votes;
