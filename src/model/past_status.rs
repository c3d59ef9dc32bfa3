//! A change of a person's lead status, and what it rested on.

use super::{Name, ShortText, Time};
use serde::{Deserialize, Serialize};

/// Kept with the records that were told the status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastStatus {
    pub at: Time,
    /// `None`: no rule was true.
    pub from: Option<Name>,
    pub to: Option<Name>,
    /// The rule of the new status, as it stood then: `policy.toml:LINE`.
    pub rule: Option<Name>,
    /// Deals, tickets and values for which that rule was true, in words that are the same in every language. Of a rule that asks for nothing none.
    pub because: Vec<ShortText>,
}
