//! Many refusals in one pass: a field that was renamed, or a default that changed, looks like everybody saying no. Each counts at once and for
//! good, as it may be true; that they are many is told, for as long as somebody may still find out why.

use crate::engine::ledger::changes::{Ledger, LedgerError};
use crate::engine::ledger::kind::Single;
use crate::model::{Name, Span, Time, counted};
use serde::{Deserialize, Serialize};

/// So long it is told.
const TOLD_FOR: Span = Span::days(7);
/// Masses of refusals that are told.
pub(in crate::engine) const REFUSED_AT_ONCE: Single<Vec<RefusedAtOnce>> = Single::new("refused at once");

/// Refusals that came from one stream in one pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedAtOnce {
    pub system: Name,
    pub stream: Name,
    /// Records that were known before, and of which nobody knew a refusal.
    pub count: usize,
    /// All records of the stream.
    pub of: usize,
    /// When the pass began.
    pub at: Time,
}

impl RefusedAtOnce {
    /// What is so, and what to do.
    pub fn told(&self) -> String {
        let RefusedAtOnce { system, stream, count, of, at } = self;
        format!(
            "{} came from {system}.{stream} in one pass (of {of} known; at {at}): all of them count, and none is ever taken back. If that is a \
             mistake there (a field was renamed, a default changed), mend it at once, so that it goes no further",
            counted(*count, "new refusal", "new refusals")
        )
    }

    pub(in crate::engine) fn is_told(&self, now: Time) -> bool {
        now.since(self.at) < TOLD_FOR
    }
}

/// What the state says of them. What cannot be read was only to be told.
pub(in crate::engine) fn stored(ledger: &Ledger) -> Result<Vec<RefusedAtOnce>, LedgerError> {
    Ok(ledger.single_if_readable(REFUSED_AT_ONCE)?.unwrap_or_default())
}
