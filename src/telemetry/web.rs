//! Questions from outside: over HTTP, and over the socket of the state folder.

use super::InternalEvent;
use super::metric::Counter;
use std::collections::BTreeMap;
use std::fmt::Display;

/// The gate answered, once for each subject of a call.
pub struct GateAnswered<'a, I: Iterator<Item = &'a str>> {
    pub decisions: I,
}

impl<'a, I: Iterator<Item = &'a str>> InternalEvent for GateAnswered<'a, I> {
    fn emit(self) {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for decision in self.decisions {
            *counts.entry(decision).or_default() += 1;
        }
        for (decision, count) in counts {
            Counter::Decisions.add(&[decision], count);
        }
    }
}

/// As where the process has no descriptors left.
pub struct ConnectionNotAccepted<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for ConnectionNotAccepted<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "a connection over HTTP could not be accepted");
    }
}

/// A command that asked went away.
pub struct QuestionBrokenOff<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for QuestionBrokenOff<'_> {
    fn emit(self) {
        tracing::debug!(error = %self.error, "a question over the socket was broken off");
    }
}
