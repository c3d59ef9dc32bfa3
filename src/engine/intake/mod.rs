//! Pages in: what each row becomes, and what of it cannot be read.
//!
//! - `clashes`: streams that show each other's ids
//! - `doubts`: rows that are no record
//! - `look_ups`: records that another one names and no listing shows
//! - `observe`: a page of records
//! - `unknown_people`: people who are named and can never be known
//! - `unread_rows`: whom such a row holds

pub mod ask_by_id;
pub(in crate::engine) mod clashes;
pub mod clashing;
pub mod count_refusals;
pub mod doubts;
pub mod look_ups;
pub mod observe;
pub mod unknown_people;
pub(in crate::engine) mod unread_rows;
