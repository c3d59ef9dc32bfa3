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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::items::encode;

    #[test]
    fn one_failure_of_before_stands_in_each_lane_and_kills_no_hold() {
        let text = |t: &str| Value::text(t);
        let agreed: Vec<(Name, Value, Value, bool, u8, bool)> = vec![("phone".into(), text("1"), text("01"), true, 2, true)];
        let failure: Option<(u8, Time, String, bool, bool)> = Some((5, Time(7), "no".into(), true, false));
        let none: Option<Sent> = None;
        let bytes = encode(&(agreed, true, false, none, failure, Some(Time(3)), 4_u8));
        let target = Target::from(FORMER_TARGET.read("ma:person:1", &bytes).unwrap());
        let told: Vec<_> = target.failures.as_ref().unwrap().all().map(|(op, f)| (op, f.attempts, f.retry_at, &*f.why, f.dead)).collect();
        let each = |op, dead| (op, 5, Time(7), "no", dead);
        assert_eq!(told, [each(Op::Hold, false), each(Op::Release, true), each(Op::Update, true)]);
        assert_eq!((target.block_ours, target.permit_ours, target.acknowledged_at), (true, false, Some(Time(3))));
        assert_eq!(target.held_again, Again { times: 4, ..Again::default() });
        let parked = Agreed { theirs: text("01"), unseen: true, rewrites: 2, parked: true, ..Agreed::new("phone".into(), text("1")) };
        assert_eq!(target.agreed, [parked]);
    }
}
