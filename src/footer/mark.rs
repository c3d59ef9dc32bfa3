//! How a mail says that it bears a footer.

/// The header field that says which footer a mail bears.
pub const MARK_HEADER: &str = "X-Nayose-Footer";

/// In a comment of HTML, before the footer's id: it stays in a quoted mail, where the header does not.
pub(super) const COMMENT_MARK: &str = "nayose-footer ";
