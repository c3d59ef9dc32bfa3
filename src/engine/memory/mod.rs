//! What was observed, in memory: records by place, with their keys and addresses.
//!
//! - `world`: all records
//! - `place`: where each lies
//! - `places`: sets of places, and values by place
//! - `column`: values by place that many records have; each is owned by the room that writes it
//! - `codec`: their compact form
//! - `postings`: who bears a key
//! - `lists`: whose the entries of lists are, and which were taken out
//! - `overlay`: a newer look laid over what was known
//! - `past_names`: names of before a slip was mended, or we wrote another
//! - `past_statuses`: how the status of their person changed
//! - `pins`: values that named people pinned
//! - `refusals`: who said no; there is no way to remove one
//! - `segments`: a list that grows without moving
//! - `view`: looking at records as the pure rooms want them

pub mod codec;
pub mod column;
pub mod lists;
pub mod overlay;
pub(super) mod past_names;
pub mod past_statuses;
pub mod pins;
pub mod place;
pub(in crate::engine) mod places;
pub mod postings;
pub mod refusals;
pub mod segments;
pub mod view;
pub mod world;
