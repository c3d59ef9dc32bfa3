use super::*;
use crate::connector::{PermitChange, StatusChange};
use crate::model::{PermitFor, Value};
use proptest::prelude::*;

fn status() -> Option<StatusChange> {
    Some(StatusChange { to: "lead".into(), from: None })
}

fn phone() -> Vec<(crate::model::Name, Value)> {
    vec![("phone".into(), Value::text("1"))]
}

#[test]
fn each_wait_is_twice_the_one_before_up_to_a_bound() {
    use FailureCause::*;
    for (op, cause, attempts, seconds) in [
        (Op::Hold, Refused, 1, 30),
        (Op::Hold, Refused, 2, 60),
        (Op::Hold, Refused, 5, 300),
        (Op::Hold, Refused, u8::MAX, 300),
        (Op::Release, Refused, 5, 480),
        (Op::Update, Refused, u8::MAX, 64 * 60),
        (Op::Hold, NotSent, 1, 5),
        (Op::Update, NotCarriedOut, 3, 20),
        (Op::Release, NotSent, u8::MAX, 64 * 60),
        (Op::Hold, Undone, 1, 60),
        (Op::Hold, Undone, 9, 300),
    ] {
        assert_eq!(wait(op, cause, attempts), Span::seconds(seconds), "{op:?} {cause:?} {attempts}");
    }
}

#[test]
fn what_was_refused_goes_in_turns_by_its_parts_and_then_waits() {
    let whole = Change { status: status(), fields: phone(), ..Change::default() };
    let (only_status, only_fields) = (Change { fields: Vec::new(), ..whole.clone() }, Change { status: None, ..whole.clone() });
    let mut failures = Failures::default();
    let mut now = Time(1);
    for (goes, waits) in [(&whole, 0), (&only_status, 0), (&only_fields, 30), (&only_status, 0), (&only_fields, 60), (&only_status, 0)] {
        let part = failures.of(Op::Update).map_or(whole.clone(), |f| f.part_of(whole.clone()));
        assert_eq!(part, *goes);
        failures.refused(Op::Update, &part, 0, "no", now);
        let failure = failures.of(Op::Update).unwrap();
        assert_eq!(failure.retry_at, now.plus(Span::seconds(waits)), "{goes:?}");
        assert_eq!(failure.waits(now), waits > 0);
        now = failure.retry_at;
    }
    let mut failures = Failures::default();
    failures.refused(Op::Update, &only_fields, 0, "no", now);
    assert!(failures.of(Op::Update).unwrap().waits(now), "one part alone is not tried in parts");
}

proptest! {
    #[test]
    fn parts_together_are_the_whole_but_for_reasons_beside_a_block(
        (block, permit, has_why, has_status, has_fields) in
            (proptest::option::of(any::<bool>()), proptest::option::of(any::<bool>()), any::<bool>(), any::<bool>(), any::<bool>())
    ) {
        let whole = Change {
            block,
            permits: permit.map(|given| (PermitFor::Marketing, if given { PermitChange::Until(Time(9)) } else { PermitChange::Withdrawn })).into_iter().collect(),
            why: has_why.then(|| "vip".into()),
            status: has_status.then(status).flatten(),
            fields: if has_fields { phone() } else { Vec::new() },
        };
        let mut together = Change::default();
        for part in parts(&whole) {
            prop_assert_ne!(&part, &Change::default());
            together.block = together.block.or(part.block);
            part.permits.iter().for_each(|(what_for, change)| together.permits.set(what_for.clone(), change));
            together.why = together.why.or(part.why);
            together.status = together.status.or(part.status);
            together.fields.extend(part.fields);
        }
        let why = whole.why.clone().filter(|_| block.is_none() && permit.is_none());
        prop_assert_eq!(together, Change { why, ..whole });
    }
}

#[test]
fn only_refusals_of_what_does_not_protect_end_as_dead_letters() {
    for (op, cause, dead) in [
        (Op::Update, FailureCause::Refused, true),
        (Op::Release, FailureCause::Refused, true),
        (Op::Hold, FailureCause::Refused, false),
        (Op::Update, FailureCause::NotSent, false),
        (Op::Release, FailureCause::NotCarriedOut, false),
    ] {
        let mut failures = Failures::default();
        let sent = Change { fields: phone(), ..Change::default() };
        for attempt in 1..=ATTEMPTS_MAX {
            assert!(!failures.of(op).is_some_and(|f| f.dead), "{op:?} {cause:?} {attempt}");
            match cause {
                FailureCause::Refused => failures.refused(op, &sent, 0, "no", Time(1)),
                cause => failures.failed(op, cause, 0, "no", Time(1)),
            }
        }
        let failure = failures.of(op).unwrap();
        assert_eq!((failure.dead, failure.attempts), (dead, ATTEMPTS_MAX), "{op:?} {cause:?}");
        failures.retry(Time(7));
        assert!(!failures.of(op).unwrap().waits(Time(7)), "somebody asks for another try");
    }
}

#[test]
fn something_else_than_what_failed_is_tried_at_once() {
    // What is wanted, whether that is a change, and then the attempts and whether it waits.
    for (op, of, wanted, changed, left) in [
        (Op::Update, 7, None, true, None),
        (Op::Update, 7, Some(7), false, Some((1, true))),
        (Op::Update, 0, Some(7), true, Some((1, true))),
        (Op::Update, 7, Some(9), true, Some((0, false))),
        (Op::Hold, 7, Some(9), true, Some((1, false))),
    ] {
        let mut failures = Failures::default();
        failures.failed(op, FailureCause::NotSent, of, "no", Time(1));
        assert_eq!(failures.review(op, wanted, Time(2)), changed, "{op:?} {of} {wanted:?}");
        assert_eq!(failures.of(op).map(|f| (f.attempts, f.waits(Time(2)))), left, "{op:?} {of} {wanted:?}");
        assert!(!failures.review(op, wanted, Time(3)), "nothing new: {op:?} {of} {wanted:?}");
    }
    assert!(!Failures::default().review(Op::Hold, Some(1), Time(1)), "nothing failed");
}

#[test]
fn a_system_that_works_again_ends_what_was_its_own_trouble() {
    let mut failures = Failures::default();
    failures.failed(Op::Hold, FailureCause::NotSent, 0, "off", Time(1));
    failures.refused_beside(Op::Release, "no", Time(1));
    failures.failed(Op::Update, FailureCause::NotCarriedOut, 0, "off", Time(1));
    assert!(failures.system_works());
    assert_eq!(failures.all().map(|(op, _)| op).collect::<Vec<_>>(), [Op::Release]);
    assert!(!failures.system_works() && !failures.is_empty());
    failures.clear(Op::Release);
    assert!(failures.is_empty());
}

#[test]
fn what_is_undone_waits_from_when_it_was_written_last() {
    for (times, seconds) in [(REWRITES_MAX, 60), (REWRITES_MAX + 1, 120), (u8::MAX, 300)] {
        let mut failures = Failures::default();
        let again = Again { times, last_at: Time(1_000), seen: true };
        failures.undone(Op::Release, again, 5);
        let failure = failures.of(Op::Release).unwrap();
        assert_eq!(failure.retry_at, Time(1_000 + seconds * 1_000), "{times}");
        assert!(!failures.review(Op::Release, Some(5), Time(2_000)), "it is known what it is of");
    }
}

#[test]
fn a_write_is_named_by_what_it_does_to_mail() {
    let permit = |p| Change { permits: PermitChange::into(p), ..Change::default() };
    for (change, name) in [
        (Change { block: Some(true), ..Change::default() }, "hold"),
        (permit(PermitChange::Withdrawn), "hold"),
        (Change { block: Some(false), ..Change::default() }, "release"),
        (permit(PermitChange::Until(Time(1))), "release"),
        (Change { status: status(), ..Change::default() }, "update"),
    ] {
        assert_eq!(Op::of(&change).name(), name, "{change:?}");
    }
}
