//! Notices to people.

use super::InternalEvent;
use super::masked::masked;
use std::fmt::Display;

/// What needs a person.
pub struct NoticeMade<'a> {
    pub text: &'a str,
}

impl InternalEvent for NoticeMade<'_> {
    fn emit(self) {
        tracing::info!(text = &*masked(self.text), "a notice");
    }
}

/// One of its ways did not take it; it is tried again.
pub struct NoticeNotSent<'a> {
    /// `Webhook` or `Mail`.
    pub by: &'a str,
    pub error: &'a dyn Display,
    pub tries: u32,
}

impl InternalEvent for NoticeNotSent<'_> {
    fn emit(self) {
        let error = self.error.to_string();
        let (by, error, tries) = (self.by, masked(&error), self.tries);
        tracing::warn!(by = %by, %error, tries, "a notice could not be sent; [notify] in systems.toml says where it goes");
    }
}
