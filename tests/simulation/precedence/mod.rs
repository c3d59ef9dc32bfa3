//! Whose value counts: what people type into fields, under rules that are edited meanwhile, and what must come of both.

mod copies;
pub mod edits;
pub mod hands;
pub mod job;
pub mod judge;
mod kin;
pub mod pins;
pub mod places;
mod rest;
pub mod spoken;
mod words;
