//! Mails under way, and what became of footers. Nothing here names a person.

use super::InternalEvent;
use super::metric::Counter;
use std::fmt::Display;

/// A mail passed by a door.
pub struct FooterMailPassed<'a> {
    /// `set`, or why it stayed as it came.
    pub outcome: &'a str,
}

impl InternalEvent for FooterMailPassed<'_> {
    fn emit(self) {
        Counter::FooterMails.add(&[self.outcome], 1);
        tracing::debug!(outcome = self.outcome, "a mail passed by");
    }
}

/// What became of a footer for one recipient.
pub struct FooterDecided<'a> {
    pub door: &'a str,
    pub action: &'a str,
}

impl InternalEvent for FooterDecided<'_> {
    fn emit(self) {
        Counter::Footers.add(&[self.door, self.action], 1);
    }
}

/// The footers cannot be read, so that nobody gets one.
pub struct FootersUnreadable {
    pub mistakes: usize,
}

impl InternalEvent for FootersUnreadable {
    fn emit(self) {
        tracing::warn!(mistakes = self.mistakes, "no footer goes out: `nayose footer check` tells what is wrong with them");
    }
}

/// All places are taken.
pub struct MilterConnectionRefused {
    pub connections: usize,
}

impl InternalEvent for MilterConnectionRefused {
    fn emit(self) {
        tracing::warn!(
            connections = self.connections,
            "a mail server was turned away, and its mail goes without a footer: [milter] connections in systems.toml is too few"
        );
    }
}

/// As where the process has no descriptors left.
pub struct MilterNotAccepted<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for MilterNotAccepted<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "a mail server could not be accepted");
    }
}

/// A mail server was not understood, or went away in the middle of a mail.
pub struct MilterBroken<'a> {
    pub error: &'a dyn Display,
}

impl InternalEvent for MilterBroken<'_> {
    fn emit(self) {
        tracing::warn!(error = %self.error, "a connection of a mail server ended; its mail goes as its own settings say");
    }
}

/// It offers less than a footer needs.
pub struct MilterMayNotChange;

impl InternalEvent for MilterMayNotChange {
    fn emit(self) {
        tracing::warn!("a mail server lets neither body nor header be changed, so that its mails get no footer");
    }
}
