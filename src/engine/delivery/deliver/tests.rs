use super::*;
use crate::connector::PermitChange;
use crate::decide::rules::Proof;
use crate::engine::target::FailureCause;
use crate::model::{Span, Value};

const NOW: Time = Time(100_000_000);

fn field(value: &str) -> Change {
    Change { fields: vec![("phone".into(), Value::text(value))], ..Change::default() }
}

fn block(on: bool) -> Change {
    Change { block: Some(on), ..Change::default() }
}

const ALL: Lanes = Lanes { protective: true, release: true, update: true, rewrites: 0, fills: 0 };

#[test]
fn only_what_protects_goes_before_all_is_approved_and_releases_wait_for_proofs() {
    use Approval::{All, Holds};
    for (approved, [protective, release, fields]) in
        [(None, [false; 3]), (Some(Holds), [true, false, false]), (Some(All), [true, true, true])]
    {
        for (lane, open) in [(Lane::Protective, protective), (Lane::Release, release), (Lane::Fields, fields)] {
            assert_eq!(is_open(approved, lane, || true), open, "{approved:?} {lane:?}");
            assert_eq!(is_open(approved, lane, || false), open && lane != Lane::Release, "{approved:?} {lane:?}, nothing proved");
        }
    }
}

#[test]
fn a_release_needs_each_stream_fresh_and_proved_by_this_process() {
    let proof = |system: &str| Proof { system: system.into(), stream: "people".into(), limit: Span::minutes(15) };
    let policy = Policy { refusal_proofs: vec![proof("crm"), proof("ma")], ..Policy::default() };
    for (age, here, is_proved) in [
        (Some(Span::minutes(15)), true, true),
        (Some(Span::minutes(15)), false, false),
        (Some(Span::minutes(16)), true, false),
        (None, true, false),
    ] {
        let of = |system: &Name| if **system == *"crm" { Some(Span::ZERO) } else { age };
        let proved = |system: &Name, _: &Name| Proved { at: of(system).map(|age| NOW.minus(age)), filtered_at: None };
        let lacking = unproved(&policy, proved, |n| here || *n.proof.system == *"crm", NOW);
        let expected: Vec<(&str, &str)> = if is_proved { vec![] } else { vec![("ma", "people")] };
        assert_eq!(lacking.iter().map(|(system, stream)| (&***system, &***stream)).collect::<Vec<_>>(), expected, "{age:?} {here}");
    }
}

fn failed(cause: FailureCause, attempts: u8, retry_at: Time) -> Failure {
    let mut failure = Failure::new(cause, "no");
    (failure.attempts, failure.retry_at) = (attempts, retry_at);
    failure
}

#[test]
fn those_that_failed_never_delay_the_others() {
    let due = failed(FailureCause::Refused, 1, NOW);
    let waits = failed(FailureCause::Refused, 1, NOW.plus(Span::seconds(1)));
    let trouble = failed(FailureCause::NotSent, 1, NOW.plus(Span::seconds(1)));
    let mut dead = due.clone();
    dead.dead = true;
    let (fresh, due, waits, trouble, dead) = (None, Some(&due), Some(&waits), Some(&trouble), Some(&dead));
    for (what, free, pick, prefer_failed, goes) in [
        ("the others first", vec![due, fresh, waits, fresh], Pick::All, false, vec![1, 3]),
        ("those whose wait is over", vec![due, waits, dead, due], Pick::All, false, vec![0, 3]),
        ("only what did not fail", vec![due, waits, fresh], Pick::Fresh, false, vec![2]),
        ("nothing", vec![due, waits], Pick::Fresh, false, vec![]),
        ("a probe does not wait for the system's own trouble", vec![waits, trouble, dead], Pick::Probe, false, vec![1]),
        ("else it does", vec![trouble], Pick::All, false, vec![]),
        ("a probe of what protects", vec![fresh, due], Pick::Probe, true, vec![1]),
        ("no more than a batch", vec![fresh; 9], Pick::All, false, vec![0, 1, 2, 3]),
        ("also of those that failed", vec![due; 9], Pick::All, false, vec![0, 1, 2, 3]),
    ] {
        let free = free.into_iter().enumerate().map(|(i, failure)| (i as Idx, failure));
        assert_eq!(picked(free, pick, prefer_failed, 4, NOW), goes, "{what}");
    }
}

#[test]
fn what_was_not_carried_out_goes_in_ever_smaller_batches() {
    let trouble = |attempts| failed(FailureCause::NotCarriedOut, attempts, NOW);
    for (attempts, together) in [(vec![1; 99], 6), (vec![2; 99], 1), (vec![200; 99], 1), (vec![1, 2, 1, 1], 3), (vec![2, 1, 1, 1], 1)] {
        let failures: Vec<Failure> = attempts.iter().map(|attempts| trouble(*attempts)).collect();
        let free = failures.iter().enumerate().map(|(i, failure)| (i as Idx, Some(failure)));
        assert_eq!(picked(free, Pick::All, false, 100, NOW).len(), together, "{attempts:?}");
    }
}

#[test]
fn a_write_of_one_lane_takes_fields_along_only_where_nothing_failed_and_all_may_go() {
    let due = Due { protective: Some(block(true)), update: Some(field("2")), ..Due::default() };
    let both = Change { block: Some(true), ..field("2") };
    let asked = Lanes { update: false, ..ALL };
    for (may, in_one_request, goes, more) in
        [(ALL, true, &both, false), (ALL, false, &block(true), true), (asked, true, &block(true), true)]
    {
        let found = cut_to_lane(due.clone(), Lane::Protective, may, in_one_request, None, NOW);
        assert_eq!(found, (Some(goes.clone()), more), "{may:?} {in_one_request}");
    }
    let mut failures = Failures::default();
    failures.failed(Op::Update, FailureCause::Refused, 0, "no", NOW);
    let found = cut_to_lane(due, Lane::Protective, ALL, true, Some(&failures), NOW);
    assert_eq!(found, (Some(block(true)), true), "after a failure each by itself");
}

#[test]
fn a_release_or_field_waits_for_a_persons_word_and_fields_for_the_block() {
    let permit = Change { permit: Some(PermitChange::Until(Time(9))), ..Change::default() };
    let release = || Due { release: Some(permit.clone()), ..Due::default() };
    let update = || Due { update: Some(field("2")), ..Due::default() };
    let held = || Due { protective: Some(block(true)), ..update() };
    let no_release = Lanes { release: false, ..ALL };
    let no_update = Lanes { update: false, ..ALL };
    for (what, due, lane, may, goes) in [
        ("let go", release(), Lane::Release, ALL, Some(&permit)),
        ("asked about", release(), Lane::Release, no_release, None),
        ("fields let go", update(), Lane::Fields, ALL, Some(&field("2"))),
        ("fields asked about", update(), Lane::Fields, no_update, None),
        ("the block goes first", held(), Lane::Fields, ALL, None),
        ("what protects asks nobody", held(), Lane::Protective, Lanes::default(), Some(&block(true))),
        ("nothing of that lane", update(), Lane::Protective, ALL, None),
    ] {
        assert_eq!(cut_to_lane(due, lane, may, false, None, NOW).0.as_ref(), goes, "{what}");
    }
    let mut failures = Failures::default();
    failures.failed(Op::Hold, FailureCause::Refused, 0, "no", NOW);
    for (now, goes) in [(NOW, Some(field("2"))), (NOW.plus(Span::minutes(5)), None)] {
        assert_eq!(cut_to_lane(held(), Lane::Fields, ALL, false, Some(&failures), now), (goes, true), "a block that waits delays no field");
    }
}

#[test]
fn of_what_was_refused_a_part_goes_and_more_is_left() {
    let whole = Change { why: Some("vip".into()), ..block(true) };
    let mut failures = Failures::default();
    failures.refused(Op::Hold, &whole, 1, "no", NOW);
    let due = Due { protective: Some(whole), ..Due::default() };
    assert_eq!(cut_to_lane(due, Lane::Protective, ALL, true, Some(&failures), NOW), (Some(block(true)), true));
}

#[test]
fn fields_beside_a_block_leave_its_reasons_as_they_are() {
    let update = |why: &str| Some(Change { why: Some(why.into()), ..field("2") });
    let with_why = Change { why: Some("vip".into()), ..block(true) };
    assert_eq!(with_update(with_why.clone(), update("old")), Change { why: Some("vip".into()), block: Some(true), ..field("2") });
    assert_eq!(with_update(block(false), update("old")), Change { why: Some("old".into()), block: Some(false), ..field("2") });
    assert_eq!(with_update(with_why.clone(), None), with_why);
}
