//! Proofs of streams against their limits. Fresh means proved: the age is that of the last complete pass.

use super::rules::{Policy, Proof};
use crate::model::{MailKind, Name, Reason, Time};

/// What is known of a stream's proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proved {
    /// The start of the last complete pass, less the system's own lag.
    pub at: Option<Time>,
}

/// The proofs that a kind of mail needs: those of the holds that stop it, and those of refusals.
pub fn needed(policy: &Policy, kind: MailKind) -> impl Iterator<Item = &Proof> {
    let holds = policy.holds.iter().filter(move |h| h.stops.contains(&kind)).flat_map(|h| h.proofs.iter());
    let refusals = policy.refusal_proofs.iter().filter(move |_| kind != MailKind::Service);
    holds.chain(refusals)
}

/// Whether a proof is within its limit.
pub fn is_fresh(proof: &Proof, proved: &dyn Fn(&Name, &Name) -> Proved, now: Time) -> bool {
    proved(&proof.system, &proof.stream).at.is_some_and(|at| now.since(at) <= proof.limit)
}

/// What kind of staleness a stream's age is, for the reason code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Crm,
    Ma,
    Support,
}

impl Side {
    pub fn reason(self) -> Reason {
        match self {
            Side::Crm => Reason::StaleCrm,
            Side::Ma => Reason::StaleMa,
            Side::Support => Reason::StaleTicket,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    #[test]
    fn a_proof_is_fresh_up_to_its_limit() {
        let proof = Proof { system: "crm".into(), stream: "deals".into(), limit: Span::minutes(15) };
        let at = |t: Option<i64>| move |_: &Name, _: &Name| Proved { at: t.map(Time) };
        let now = Time(1_000_000);
        assert!(is_fresh(&proof, &at(Some(100_000)), now));
        assert!(!is_fresh(&proof, &at(Some(99_999)), now));
        assert!(!is_fresh(&proof, &at(None), now), "never proved is stale");
    }
}
