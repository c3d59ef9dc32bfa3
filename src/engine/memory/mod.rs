//! What was observed, in memory: records by place, with their keys and addresses.
//!
//! - `codec`: their compact form
//! - `overlay`: a newer look laid over what was known
//! - `places`: sets of places, and values by place
//! - `postings`: who bears a key
//! - `refusals`: who said no; there is no way to remove one
//! - `segments`: a list that grows without moving
//! - `view`: looking at records as the pure rooms want them
//! - `world`: all records

pub mod codec;
pub mod overlay;
pub mod place;
pub(in crate::engine) mod places;
pub mod postings;
pub mod refusals;
pub mod segments;
pub mod view;
pub mod world;
