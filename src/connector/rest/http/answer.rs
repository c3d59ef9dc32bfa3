//! An answer that was understood.

use crate::connector::raw::json::Document;

/// An answer that the system calls a success.
pub struct HttpAnswer {
    pub json: Document,
    /// Requests it took.
    pub requests: u64,
    pub bytes: u64,
    /// The system says that there is none (204).
    pub no_content: bool,
    /// The server's `Date` minus our clock.
    pub clock_skew_ms: Option<i64>,
}
