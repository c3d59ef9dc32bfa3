//! The form in which targets lay in the state up to format 3: one failure for the whole record.

use super::{Again, Agreed, Failure, FailureCause, Failures, Op, Sent, Target};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, Time, Value};
use serde::Deserialize;

/// The same up to format 3.
pub(in crate::engine) const FORMER_TARGET: Kind<FormerTarget> = Kind::new(Tag::FormerTarget);

#[derive(Debug, Deserialize)]
pub struct FormerTarget {
    agreed: Vec<FormerAgreed>,
    block_ours: bool,
    permit_ours: bool,
    sent: Option<Sent>,
    failure: Option<FormerFailure>,
    acknowledged_at: Option<Time>,
    block_lost: u8,
}

#[derive(Debug, Deserialize)]
struct FormerAgreed {
    field: Name,
    ours: Value,
    theirs: Value,
    unseen: bool,
    rewrites: u8,
    parked: bool,
}

#[derive(Debug, Deserialize)]
struct FormerFailure {
    attempts: u8,
    retry_at: Time,
    why: String,
    dead: bool,
    #[expect(dead_code, reason = "a part of the stored form")]
    alone: bool,
}

impl From<FormerTarget> for Target {
    fn from(former: FormerTarget) -> Target {
        let agreed = former.agreed.into_iter().map(|a| {
            let FormerAgreed { field, ours, theirs, unseen, rewrites, parked } = a;
            Agreed { field, ours, theirs, unseen, rewrites, parked, spent: false }
        });
        // Nothing tells which lane it was. What is not protective or not due loses its failure when it is looked at.
        let failures = former.failure.map(|f| {
            let mut failures = Failures::default();
            for op in Op::ALL {
                let mut failure = Failure::new(FailureCause::Refused, &f.why);
                (failure.attempts, failure.retry_at, failure.dead) = (f.attempts, f.retry_at, f.dead && op != Op::Hold);
                failures.set(op, failure);
            }
            Box::new(failures)
        });
        Target {
            agreed: agreed.collect(),
            block_ours: former.block_ours,
            permit_ours: former.permit_ours,
            sent: former.sent,
            failures,
            acknowledged_at: former.acknowledged_at,
            held_again: Again { times: former.block_lost, ..Again::default() },
            ..Target::default()
        }
    }
}
