//! What may be mailed to whom, and why not.

pub mod rules;
