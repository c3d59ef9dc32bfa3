//! nayose (名寄せ): keeps marketing mail away from open deals and from people who refused.
//!
//! `observe -> link -> merge -> decide -> deliver`; the rooms are told in ARCHITECTURE.md.

pub mod connector;
pub mod decide;
pub mod merge;
pub mod model;
pub mod sandbox;
