//! Pages in: what each row becomes, and what of it cannot be read.
//!
//! - `observe`: a page of records
//! - `clashes`: streams that show each other's ids
//! - `clashing`: which of two is not taken in
//! - `doubts`: rows that are no record
//! - `trailing`: rows that show what something else has overtaken
//! - `left_out`: fields that a row does not show
//! - `our_writes`: what became of our own writes
//! - `imported`: what became of lists that a person carried over
//! - `unknown_codes`: codes that no map knows
//! - `unread_rows`: whom such a row holds
//! - `unknown_people`: people who are named and can never be known
//! - `look_ups`: records that another one names and no listing shows
//! - `ask_by_id`: when each is asked for
//! - `refused_at_once`: a mass of refusals in one pass
//! - `count_refusals`: counting them

pub mod ask_by_id;
pub(in crate::engine) mod clashes;
pub mod clashing;
pub mod count_refusals;
pub mod doubts;
mod imported;
mod left_out;
pub mod look_ups;
pub mod observe;
pub(in crate::engine) mod our_writes;
pub mod refused_at_once;
mod trailing;
pub mod unknown_codes;
pub mod unknown_people;
pub(in crate::engine) mod unread_rows;
