//! Precedence: which value wins, and why.

pub mod rules;
