//! What policy.toml and consent.toml say, as types.

use super::forward_only::ForwardOnly;
use crate::model::{Basis, ByName, Entity, Expression, MailKind, Name, Span};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// policy.toml.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// In the file's order: the first that is true.
    pub statuses: Vec<StatusRule>,
    /// What a person is to us, beside the status: the first that is true. Expressions ask for it as `person.relationship`.
    pub relationships: Vec<StatusRule>,
    /// No target is told a lower status than the one that it shows.
    pub forward_only: Option<Arc<ForwardOnly>>,
    pub holds: Vec<HoldRule>,
    /// What must be fresh for refusals to be known.
    pub refusal_proofs: Vec<Proof>,
    pub widening: Widening,
    pub changes: ChangeLimits,
    /// Beyond these an edit of the rules waits that only fills in what is empty.
    pub fills: FillLimits,
}

#[derive(Debug, Clone)]
pub struct StatusRule {
    pub name: Name,
    pub when: Expression,
    /// Only what this system holds of the person counts: the values of its own records, its deals and tickets.
    pub by: Option<Name>,
    /// `policy.toml:LINE`
    pub rule: Name,
}

#[derive(Debug, Clone)]
pub struct HoldRule {
    pub name: Name,
    /// `Deal` or `Ticket`: what the rule is asked of.
    pub on: Entity,
    pub when: Expression,
    pub scope: HoldScope,
    pub stops: Vec<MailKind>,
    pub after: After,
    pub proofs: Vec<Proof>,
    pub stale: Stale,
    /// `policy.toml:LINE`
    pub rule: Name,
}

/// What is to happen once a stream that a hold rests on is older than its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Stale {
    /// The mail that the hold could stop is held.
    #[default]
    Hold,
    /// The gate goes by what was known last until it is so old. Nothing is released.
    LastKnown(Span),
}

/// Whom a deal's hold reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldScope {
    /// The deal's own people, the ticket's requesters.
    Person,
    /// Everyone at the deal's account; beyond `cap` people only the deal's own, with an alarm.
    Account { cap: usize },
}

/// How long a hold goes on after its cause was seen to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct After {
    pub won: Span,
    pub lost: Span,
    pub closed: Span,
}

/// A stream that must have been proved within a limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    pub system: Name,
    pub stream: Name,
    pub limit: Span,
}

/// Beyond both of these a release waits for `approve`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Widening {
    pub people: usize,
    /// 0.01 is one per cent of the target's records.
    pub share: f64,
    /// What went within this time counts with what is due, so that many small releases are one large one.
    pub within: Span,
}

impl Default for Widening {
    fn default() -> Widening {
        Widening { people: 200, share: 0.01, within: Span::days(1) }
    }
}

/// Beyond both of these, writes of fields and status wait for `approve`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChangeLimits {
    pub records: usize,
    /// 0.1 is ten per cent of the target's records.
    pub share: f64,
    pub within: Span,
    /// So many records may lose a field's value to one and the same other, or to none.
    pub same: usize,
}

/// One field may change to one and the same value in this part of the records that may change at all.
pub const SAME_VALUE_PART: usize = 10;

impl Default for ChangeLimits {
    /// Of a mass of statuses that rise together more go unasked than a tenth of a small number.
    fn default() -> ChangeLimits {
        ChangeLimits { records: 100, share: 0.1, within: Span::minutes(60), same: 100 }
    }
}

impl ChangeLimits {
    /// The same above so many records.
    pub fn above(self, records: usize) -> ChangeLimits {
        ChangeLimits { records, same: (records / SAME_VALUE_PART).max(1), ..self }
    }
}

/// Filling in what is empty takes nothing from anyone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FillLimits {
    pub records: usize,
    pub share: f64,
}

impl Default for FillLimits {
    fn default() -> FillLimits {
        FillLimits { records: 1000, share: 0.1 }
    }
}

impl From<ChangeLimits> for FillLimits {
    fn from(ChangeLimits { records, share, .. }: ChangeLimits) -> FillLimits {
        FillLimits { records, share }
    }
}

/// consent.toml.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConsentRules {
    /// What the records of a system prove. A system not here proves nothing.
    pub sources: ByName<Basis>,
}
