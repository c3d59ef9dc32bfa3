//! Edits that a running daemon does not follow.

/// Edits that a running daemon does not follow: told by `status` until they are mended, or until a restart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unfollowed {
    /// `FILE:LINE: what is wrong`; the rules from before the edit stay in force.
    pub mistakes: Vec<String>,
    /// Keys that count from the next start.
    pub restart: Vec<String>,
}
