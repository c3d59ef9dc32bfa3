//! The forms in which targets lay in the state before: up to format 3 with one failure for the whole record, up to format 5 without a time
//! of what is parked.

use super::again::Settled;
use super::staying::Staying;
use super::{Again, Agreed, Failure, FailureCause, Failures, Op, Sent, Target};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, Time, Value};
use serde::Deserialize;

/// What was known of each target record up to format 3.
pub(in crate::engine) const FORMER_TARGET: Kind<FormerTarget> = Kind::new(Tag::FormerTarget);

/// The same in formats 4 and 5.
pub(in crate::engine) const UNTIMED_TARGET: Kind<UntimedTarget> = Kind::new(Tag::UntimedTarget);

#[derive(Debug, Deserialize)]
pub struct UntimedTarget {
    agreed: Vec<UntimedAgreed>,
    block_ours: bool,
    permit_ours: bool,
    sent: Option<Sent>,
    failures: Option<Box<Failures>>,
    acknowledged_at: Option<Time>,
    status: UntimedSettled,
    why: UntimedSettled,
    held_again: Again,
    released_again: Again,
}

#[derive(Debug, Deserialize)]
struct UntimedAgreed {
    field: Name,
    ours: Value,
    theirs: Value,
    unseen: bool,
    rewrites: u8,
    parked: bool,
    spent: bool,
}

#[derive(Debug, Deserialize)]
struct UntimedSettled {
    ours: u64,
    rewrites: u8,
    parked: bool,
}

impl From<UntimedTarget> for Target {
    fn from(untimed: UntimedTarget) -> Target {
        let UntimedTarget { block_ours, permit_ours, sent, failures, acknowledged_at, held_again, released_again, .. } = untimed;
        let agreed = untimed.agreed.into_iter().map(|a| {
            let UntimedAgreed { field, ours, theirs, unseen, rewrites, parked, spent } = a;
            Agreed { field, ours, theirs, unseen, spent, staying: Staying::before(rewrites, parked) }
        });
        let settled = |s: UntimedSettled| Settled::before(s.ours, s.rewrites, s.parked);
        let (status, why) = (settled(untimed.status), settled(untimed.why));
        let agreed = agreed.collect();
        let rest = Target::default();
        Target { agreed, block_ours, permit_ours, sent, failures, acknowledged_at, status, why, held_again, released_again, ..rest }
    }
}

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
            Agreed { field, ours, theirs, unseen, spent: false, staying: Staying::before(rewrites, parked) }
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
        let parked =
            Agreed { theirs: text("01"), unseen: true, staying: Staying::before(2, true), ..Agreed::new("phone".into(), text("1")) };
        assert_eq!(target.agreed, [parked]);
    }

    #[test]
    fn what_was_parked_without_a_time_is_as_it_was_but_for_what_did_not_stay() {
        let text = |t: &str| Value::text(t);
        let agreed = |parked: (u8, bool)| (Name::from("phone"), text("1"), text("01"), false, parked.0, parked.1, true);
        let agreed = vec![agreed((0, true)), agreed((3, true))];
        let (sent, failures, at): (Option<Sent>, Option<Box<Failures>>, Option<Time>) = (None, None, Some(Time(3)));
        let (status, why) = ((super::super::digest(&"lead"), 3_u8, true), (super::super::digest(&"vip"), 0_u8, true));
        let again = Again { times: 4, last_at: Time(2), seen: true };
        let bytes = encode(&(agreed, true, false, sent, failures, at, status, why, again, Again::default()));
        let target = Target::from(UNTIMED_TARGET.read("ma:person:1", &bytes).unwrap());
        let phone = |staying| Agreed { theirs: text("01"), spent: true, staying, ..Agreed::new("phone".into(), text("1")) };
        assert_eq!(target.agreed, [phone(Staying::before(0, true)), phone(Staying::before(3, true))]);
        let now = Time(1_795_000_000_000);
        assert_eq!(target.parked(now).map(|p| p.what).collect::<Vec<_>>(), ["phone", "why"]);
        assert!(target.status.wrote_last("lead") && target.why.leaves_alone("vip", now));
        assert_eq!((target.block_ours, target.acknowledged_at, target.held_again), (true, at, again));
    }
}
