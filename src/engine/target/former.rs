//! The forms in which targets lay in the state before: up to format 3 with one failure for the whole record, up to format 5 without a time
//! of what is parked, up to format 6 with one permit.

use super::again::Settled;
use super::staying::Staying;
use super::{Again, Agreed, Failure, FailureCause, Failures, Op, Sent, Target};
use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Name, PermitFor, Time, Value};
use serde::Deserialize;

/// What was known of each target record up to format 3.
pub(in crate::engine) const FORMER_TARGET: Kind<FormerTarget> = Kind::new(Tag::FormerTarget);

/// The same in formats 4 and 5.
pub(in crate::engine) const UNTIMED_TARGET: Kind<UntimedTarget> = Kind::new(Tag::UntimedTarget);

/// The same in format 6.
pub(in crate::engine) const ONE_PERMIT_TARGET: Kind<OnePermitTarget> = Kind::new(Tag::OnePermitTarget);

#[derive(Debug, Deserialize)]
pub struct OnePermitTarget {
    agreed: Vec<Agreed>,
    block_ours: bool,
    #[expect(dead_code, reason = "a part of the stored form")]
    permit_ours: bool,
    sent: Option<OnePermitSent>,
    failures: Option<Box<Failures>>,
    acknowledged_at: Option<Time>,
    status: Settled,
    why: Settled,
    held_again: Again,
    released_again: Again,
}

#[derive(Debug, Deserialize)]
struct OnePermitSent {
    at: Time,
    fields: Vec<(Name, Value)>,
    block: Option<bool>,
    permit: Option<Option<Time>>,
    why: Option<String>,
    status: Option<Name>,
    ours_before: bool,
    unknown: bool,
}

impl From<OnePermitSent> for Sent {
    fn from(former: OnePermitSent) -> Sent {
        let OnePermitSent { at, fields, block, permit, why, status, ours_before, unknown } = former;
        let permits = permit.map(|until| (PermitFor::Marketing, until)).into_iter().collect();
        Sent { at, fields, block, permits, why, status, ours_before, unknown }
    }
}

impl From<OnePermitTarget> for Target {
    fn from(former: OnePermitTarget) -> Target {
        let OnePermitTarget { agreed, block_ours, sent, failures, acknowledged_at, status, why, held_again, released_again, .. } = former;
        let sent = sent.map(Sent::from);
        Target { agreed, block_ours, sent, failures, acknowledged_at, status, why, held_again, released_again, ..Target::default() }
    }
}

#[derive(Debug, Deserialize)]
pub struct UntimedTarget {
    agreed: Vec<UntimedAgreed>,
    block_ours: bool,
    #[expect(dead_code, reason = "a part of the stored form")]
    permit_ours: bool,
    sent: Option<OnePermitSent>,
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
        let UntimedTarget { block_ours, sent, failures, acknowledged_at, held_again, released_again, .. } = untimed;
        let agreed = untimed.agreed.into_iter().map(|a| {
            let UntimedAgreed { field, ours, theirs, unseen, rewrites, parked, spent } = a;
            Agreed { field, ours, theirs, unseen, spent, staying: Staying::before(rewrites, parked) }
        });
        let settled = |s: UntimedSettled| Settled::before(s.ours, s.rewrites, s.parked);
        let (status, why) = (settled(untimed.status), settled(untimed.why));
        let agreed = agreed.collect();
        let (sent, rest) = (sent.map(Sent::from), Target::default());
        Target { agreed, block_ours, sent, failures, acknowledged_at, status, why, held_again, released_again, ..rest }
    }
}

#[derive(Debug, Deserialize)]
pub struct FormerTarget {
    agreed: Vec<FormerAgreed>,
    block_ours: bool,
    #[expect(dead_code, reason = "a part of the stored form")]
    permit_ours: bool,
    sent: Option<OnePermitSent>,
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
            sent: former.sent.map(Sent::from),
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
        let none: Option<()> = None;
        let bytes = encode(&(agreed, true, false, none, failure, Some(Time(3)), 4_u8));
        let target = Target::from(FORMER_TARGET.read("ma:person:1", &bytes).unwrap());
        let told: Vec<_> = target.failures.as_ref().unwrap().all().map(|(op, f)| (op, f.attempts, f.retry_at, &*f.why, f.dead)).collect();
        let each = |op, dead| (op, 5, Time(7), "no", dead);
        assert_eq!(told, [each(Op::Hold, false), each(Op::Release, true), each(Op::Update, true)]);
        assert_eq!((target.block_ours, target.acknowledged_at), (true, Some(Time(3))));
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
        let (sent, failures, at): (Option<()>, Option<Box<Failures>>, Option<Time>) = (None, None, Some(Time(3)));
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

    #[test]
    fn a_write_under_way_with_one_permit_is_of_all_marketing_mail() {
        for (permit, permits) in [
            (None, vec![]),
            (Some(None), vec![(PermitFor::Marketing, None)]),
            (Some(Some(Time(9))), vec![(PermitFor::Marketing, Some(Time(9)))]),
        ] {
            let (fields, why, status): (Vec<(Name, Value)>, Option<String>, Option<Name>) =
                (vec![("phone".into(), Value::text("1"))], Some("vip".into()), None);
            let sent = Some((Time(4), fields.clone(), Some(true), permit, why.clone(), status, true, true));
            let (agreed, failures, again): (Vec<Agreed>, Option<Box<Failures>>, Again) = (Vec::new(), None, Again::default());
            let bytes = encode(&(agreed, true, true, sent, failures, Some(Time(3)), Settled::default(), Settled::default(), again, again));
            let target = Target::from(ONE_PERMIT_TARGET.read("ma:person:1", &bytes).unwrap());
            let sent = Sent { at: Time(4), fields, block: Some(true), permits, why, status: None, ours_before: true, unknown: true };
            assert_eq!(target, Target { block_ours: true, sent: Some(sent), acknowledged_at: Some(Time(3)), ..Target::default() });
        }
    }
}
