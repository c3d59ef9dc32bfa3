//! Proofs of streams against their limits. Fresh means proved: the age is that of the last complete pass.

use super::rules::{HoldRule, Policy, Proof, Stale};
use crate::model::{MailKind, Name, Reason, Span, Time};

/// Who asks may have looked at the clock a moment before the proof was made.
const AHEAD_MAX: Span = Span::minutes(2);

/// What is known of a stream's proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Proved {
    /// The start of the last complete pass, less the system's own lag.
    pub at: Option<Time>,
    /// Persons: the same of the last complete filtered pass that had a young sweep behind it.
    pub filtered_at: Option<Time>,
}

impl Proved {
    /// The start of the last pass that would have shown a change, less the system's lag.
    pub fn last(&self) -> Option<Time> {
        self.at.max(self.filtered_at)
    }
}

/// A stream that a decision rests on, and what is to happen when it is stale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed<'p> {
    pub proof: &'p Proof,
    rests: Rests,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rests {
    Hold(Stale),
    /// Who said no must be seen by a pass that misses nobody.
    Refusal,
}

impl Needed<'_> {
    /// When the stream was proved last, as far as this need goes.
    pub fn at(&self, proved: Proved) -> Option<Time> {
        match self.rests {
            Rests::Hold(_) => proved.at.max(proved.filtered_at),
            Rests::Refusal => proved.at,
        }
    }

    /// The age up to which the gate answers and permits are given.
    pub fn goes_by(&self) -> Span {
        match self.rests {
            Rests::Hold(Stale::LastKnown(limit)) => limit.max(self.proof.limit),
            Rests::Hold(Stale::Hold) | Rests::Refusal => self.proof.limit,
        }
    }

    /// Whether it is within its limit: only then anything is released.
    pub fn is_fresh(&self, proved: Proved, now: Time) -> bool {
        self.at(proved).is_some_and(|at| is_within(at, self.proof.limit, now))
    }

    /// Whether the gate may still answer by what is known.
    pub fn answers(&self, proved: Proved, now: Time) -> bool {
        self.at(proved).is_some_and(|at| is_within(at, self.goes_by(), now))
    }
}

/// The proofs that a kind of mail needs: those of the holds that stop it, and those of refusals.
pub fn needed(policy: &Policy, kind: MailKind) -> impl Iterator<Item = Needed<'_>> {
    let of_hold = |h: &HoldRule| Rests::Hold(h.stale);
    let holds = policy.holds.iter().filter(move |h| h.stops.contains(&kind));
    let holds = holds.flat_map(move |h| h.proofs.iter().map(move |proof| Needed { proof, rests: of_hold(h) }));
    let refusals = policy.refusal_proofs.iter().filter(move |_| kind != MailKind::Service);
    holds.chain(refusals.map(|proof| Needed { proof, rests: Rests::Refusal }))
}

/// A proof that lies in the future was made by a clock that was set back since: nobody knows how old it is.
fn is_within(at: Time, limit: Span, now: Time) -> bool {
    at <= now.plus(AHEAD_MAX) && now.since(at) <= limit
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

/// A stream by the names of its system and itself.
pub type ProvedOf<'p> = dyn Fn(&Name, &Name) -> Proved + 'p;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time(100_000_000);

    fn proof() -> Proof {
        Proof { system: "support".into(), stream: "tickets".into(), limit: Span::minutes(15) }
    }

    fn proved(age: Option<Span>) -> Proved {
        Proved { at: age.map(|age| NOW.minus(age)), filtered_at: None }
    }

    #[test]
    fn a_proof_is_fresh_up_to_its_limit() {
        let proof = proof();
        for rests in [Rests::Hold(Stale::Hold), Rests::Refusal] {
            let needed = Needed { proof: &proof, rests };
            for (age, fresh) in [
                (Some(Span::minutes(15)), true),
                (Some(Span(900_001)), false),
                (None, false),
                (Some(Span(-1)), true),
                // The clock was set back since.
                (Some(Span::days(-31)), false),
            ] {
                assert_eq!(needed.is_fresh(proved(age), NOW), fresh, "{age:?}");
                assert_eq!(needed.answers(proved(age), NOW), fresh, "{age:?}");
            }
        }
    }

    #[test]
    fn last_known_counts_at_the_gate_up_to_the_second_limit_and_releases_nothing() {
        let proof = proof();
        let needed = Needed { proof: &proof, rests: Rests::Hold(Stale::LastKnown(Span::days(1))) };
        let at = |age| (needed.answers(proved(age), NOW), needed.is_fresh(proved(age), NOW));
        assert_eq!(at(Some(Span::minutes(15))), (true, true));
        assert_eq!(at(Some(Span::minutes(16))), (true, false));
        assert_eq!(at(Some(Span::days(1))), (true, false));
        assert_eq!(at(Some(Span(86_400_001))), (false, false));
        assert_eq!(at(None), (false, false), "what was never read is not known");
    }

    #[test]
    fn a_filtered_pass_counts_for_a_hold_and_not_for_refusals() {
        let proof = proof();
        let filtered = Proved { at: Some(NOW.minus(Span::days(1))), filtered_at: Some(NOW) };
        assert!(Needed { proof: &proof, rests: Rests::Hold(Stale::Hold) }.is_fresh(filtered, NOW));
        assert!(!Needed { proof: &proof, rests: Rests::Refusal }.is_fresh(filtered, NOW));
    }
}
