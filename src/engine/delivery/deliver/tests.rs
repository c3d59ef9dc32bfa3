use super::*;
use crate::decide::rules::Proof;
use crate::engine::target::FailureCause;
use crate::model::Span;

const NOW: Time = Time(100_000_000);

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
        let lacking = unproved(&policy, &[MailKind::Newsletter, MailKind::Campaign], proved, |n| here || *n.proof.system == *"crm", NOW);
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
