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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_refusals_are_told_for_a_week_and_what_they_may_mean() {
        let mut refused = RefusedAtOnce { system: "crm".into(), stream: "people".into(), count: 300, of: 4_000, at: Time(0) };
        let week = Time(0).plus(Span::days(7));
        assert!(refused.is_told(Time(0)) && refused.is_told(week.minus(Span(1))) && !refused.is_told(week));
        let told = refused.told();
        let begins = "300 new refusals came from crm.people in one pass (of 4000 known; at 1970-01-01T00:00:00Z): all of them count,";
        assert!(told.starts_with(begins) && told.contains("a field was renamed, a default changed"), "{told}");
        refused.count = 1;
        assert!(refused.told().starts_with("1 new refusal came"));
    }
}
