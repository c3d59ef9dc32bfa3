use super::*;
use crate::model::RecordId;

fn lead(marks: &[(Mark, Value)], fields: &[(&str, &str)]) -> Record {
    let mut record = Record::new("ma:person:1".parse::<RecordId>().unwrap());
    for (mark, value) in marks {
        record.set_mark(*mark, value.clone());
    }
    for (name, value) in fields {
        record.set(&(*name).into(), Value::text(value), Time(1));
    }
    record
}

fn allowed() -> Allowed {
    Allowed { block: true, permit: false, why: true, status: true, lease: Span::days(7) }
}

const ABLE: fn() -> Abilities = || Abilities { block: true, permit: true, permit_ends: true, ..Abilities::default() };

#[test]
fn a_marketers_own_suspension_is_never_lifted() {
    let record = lead(&[(Mark::Block, Value::Bool(true))], &[]);
    let wanted = Wanted::default();
    assert!(due(None, &record, &wanted, &allowed(), &ABLE(), Time(5)).is_empty());
    let ours = Target { block_ours: true, ..Target::default() };
    let release = due(Some(&ours), &record, &wanted, &allowed(), &ABLE(), Time(5)).release.unwrap();
    assert_eq!(release.block, Some(false));
}

#[test]
fn a_hold_over_a_foreign_block_stays_foreign() {
    let record = lead(&[(Mark::Block, Value::Bool(true))], &[]);
    let wanted = Wanted { block: true, why: "open_deal_person".into(), ..Wanted::default() };
    assert!(
        due(None, &record, &wanted, &allowed(), &ABLE(), Time(5)).is_empty(),
        "already blocked: nothing to write, nothing becomes ours"
    );
}

#[test]
fn what_was_applied_is_not_written_again() {
    let mut record = lead(&[], &[("phone", "1")]);
    let wanted = Wanted {
        block: true,
        why: "open_deal_person".into(),
        status: Some(("opportunity".into(), "opp".into())),
        fields: vec![("phone".into(), Value::text("2"))],
        ..Wanted::default()
    };
    let first = due(None, &record, &wanted, &allowed(), &ABLE(), Time(5));
    let mut change = first.protective.clone().unwrap();
    let update = first.update.clone().unwrap();
    (change.fields, change.status) = (update.fields, update.status);
    let mut target = Target::default();
    target.send(&change, Time(5));
    assert!(target.block_ours, "known to be ours before it is sent");
    target.applied(&mut record, Some("opp".into()), true, Time(6));
    assert!(due(Some(&target), &record, &wanted, &allowed(), &ABLE(), Time(7)).is_empty());
}

#[test]
fn a_form_of_ours_is_learnt_and_not_fought() {
    let mut record = lead(&[], &[("company", "old")]);
    let wanted = Wanted { fields: vec![("company".into(), Value::text("  ACME K.K. "))], ..Wanted::default() };
    let mut target = Target::default();
    let change = due(None, &record, &wanted, &allowed(), &ABLE(), Time(5)).update.unwrap();
    target.send(&change, Time(5));
    target.applied(&mut record, None, true, Time(6));
    let stored = lead(&[], &[("company", "acme k.k.")]);
    assert!(target.observe(&stored).is_empty());
    assert!(due(Some(&target), &stored, &wanted, &allowed(), &ABLE(), Time(7)).is_empty(), "the target's own form causes no second write");
}

#[test]
fn a_field_that_does_not_stick_is_parked_and_a_block_never_is() {
    let wanted = Wanted { block: true, fields: vec![("phone".into(), Value::text("2"))], ..Wanted::default() };
    let mut target = Target::default();
    let stubborn = lead(&[], &[("phone", "1")]);
    let mut parked = false;
    for round in 0..10 {
        let found = due(Some(&target), &stubborn, &wanted, &allowed(), &ABLE(), Time(round));
        let mut change = found.protective.expect("the block is wanted each time");
        if let Some(update) = found.update {
            assert!(!parked, "a parked field is not written again");
            change.fields = update.fields;
        }
        let mut shown = stubborn.clone();
        target.send(&change, Time(round));
        target.applied(&mut shown, None, true, Time(round));
        let noticed = target.observe(&stubborn);
        assert!(noticed.contains(&Noticed::BlockLost));
        parked |= noticed.contains(&Noticed::Parked { field: "phone".into() });
    }
    assert!(parked);
    assert_eq!(target.block_lost, 10);
}

#[test]
fn a_rejected_mixed_write_sends_the_block_alone_at_once() {
    let mut target = Target::default();
    let change = Change { block: Some(true), fields: vec![("phone".into(), Value::text("x"))], ..Change::default() };
    target.send(&change, Time(5));
    target.rejected("phone: bad".into(), Time(5));
    let failure = target.failure.as_ref().unwrap();
    assert!(failure.alone && failure.retry_at == Time(5) && !failure.dead);
    for _ in 0..20 {
        target.send(&Change { block: Some(true), ..Change::default() }, Time(5));
        target.rejected("no".into(), Time(5));
    }
    assert!(!target.failure.as_ref().unwrap().dead, "a hold never becomes a dead letter");
}

#[test]
fn what_a_former_process_left_waits_for_no_clock_of_its_own() {
    let mut target = Target { acknowledged_at: Some(Time(9_000_000)), ..Target::default() };
    target.send(&Change { block: Some(true), ..Change::default() }, Time(9_000_000));
    target.rejected("no".into(), Time(9_000_000));
    target.send(&Change { block: Some(true), ..Change::default() }, Time(9_030_000));
    // Its clock was ahead by more than the longest wait.
    target.take_over(Time(1_000_000));
    assert_eq!(target.acknowledged_at, None, "whatever is read now was read later");
    assert!(target.sent.as_ref().is_some_and(|s| s.unknown), "nobody waits for the answer");
    assert_eq!(target.failure.map(|f| f.retry_at), Some(Time(1_000_000 + 3_840_000)));
}

#[test]
fn a_permit_is_given_renewed_at_half_and_withdrawn() {
    let allowed = Allowed { permit: true, block: false, why: false, status: false, lease: Span(1000) };
    let until = |t: i64| Wanted { permit: PermitWish::Until(Time(t)), ..Wanted::default() };
    let shows = |t: i64| lead(&[(Mark::Permit, Value::Time(Time(t)))], &[]);
    assert!(due(None, &lead(&[], &[]), &until(1000), &allowed, &ABLE(), Time(0)).release.is_some());
    assert!(due(None, &shows(1000), &until(1100), &allowed, &ABLE(), Time(100)).is_empty(), "more than half is left");
    assert!(due(None, &shows(1000), &until(1600), &allowed, &ABLE(), Time(600)).release.is_some());
    assert!(due(None, &shows(1000), &Wanted::default(), &allowed, &ABLE(), Time(100)).is_empty(), "nothing proved yet: left alone");
    let withdrawn = due(None, &shows(1000), &Wanted { permit: PermitWish::Withdraw, ..Wanted::default() }, &allowed, &ABLE(), Time(100))
        .protective
        .unwrap();
    assert_eq!(withdrawn.permit, Some(PermitChange::Withdrawn));
}
