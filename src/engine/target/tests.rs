use super::habits::{Habits, TakenFor};
use super::*;
use crate::connector::PermitChange;
use crate::model::{Date, RecordId};

/// Nothing is known of the system.
fn alone(_: &Name, ours: &Value, shown: &Value) -> TakenFor {
    Habits::default().judge(&"ma".into(), &"title".into(), ours, shown)
}

fn lead(marks: &[(Mark, Value)], fields: &[(&str, &str)]) -> Record {
    let mut record = Record::new("ma:person:1".parse::<RecordId>().unwrap());
    for (mark, value) in marks {
        record.set_mark(mark.clone(), value.clone());
    }
    for (name, value) in fields {
        record.set(&(*name).into(), Value::text(value), Time(1));
    }
    record
}

fn allowed() -> Allowed {
    Allowed { block: true, permits: Vec::new(), why: true, status: true, lease: Span::days(7) }
}

const ABLE: fn() -> Abilities =
    || Abilities { block: true, permits: vec![PermitFor::Marketing], permit_ends: true, ..Abilities::default() };

#[test]
fn a_marketers_own_suspension_is_never_lifted() {
    let record = lead(&[(Mark::Block, Value::Bool(true))], &[]);
    let wanted = Wanted::default();
    assert!(due(None, &record, &wanted, &allowed(), &ABLE(), Time(5)).is_empty());
    let ours = Target { block_ours: true, ..Target::default() };
    let release = due(Some(&ours), &record, &wanted, &allowed(), &ABLE(), Time(5)).release.unwrap();
    assert_eq!(release.block, Some(false));
}

/// The block came off in the same moment in which the permit of the hold's kind was to be withdrawn; had that been refused, nothing would have
/// stopped the mail.
#[test]
fn a_block_stays_until_the_permits_are_gone_that_take_its_place() {
    let newsletter = PermitFor::Own(crate::model::OwnPermit::Kind(crate::model::MailKind::Newsletter));
    let ours = Target { block_ours: true, ..Target::default() };
    let allowed = Allowed { permits: vec![newsletter.clone()], ..allowed() };
    let wanted = Wanted { permits: vec![(newsletter.clone(), PermitWish::Withdraw)], ..Wanted::default() };
    for (until, lifted) in [(900, false), (90, true)] {
        let record = lead(&[(Mark::Block, Value::Bool(true)), (newsletter.mark(), Value::Time(Time(until)))], &[]);
        let due = due(Some(&ours), &record, &wanted, &allowed, &ABLE(), Time(100));
        assert_eq!((due.release.is_some_and(|c| c.block == Some(false)), due.protective.is_none()), (lifted, lifted), "{until}");
    }
}

#[test]
fn a_record_whose_address_cannot_be_read_is_not_released() {
    let record = lead(&[(Mark::Block, Value::Bool(true))], &[]);
    let ours = Target { block_ours: true, ..Target::default() };
    let wanted = Wanted { unread: true, ..Wanted::default() };
    assert!(due(Some(&ours), &record, &wanted, &allowed(), &ABLE(), Time(5)).is_empty());
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
    assert!(target.observe(&stored, alone, Time(7)).is_empty());
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
        let noticed = target.observe(&stubborn, alone, Time(round));
        assert!(noticed.iter().any(|n| matches!(n, Noticed::BlockLost { .. })));
        parked |= noticed.contains(&Noticed::Parked { field: "phone".into(), parked: Parked::DoesNotStay { since: Time(round) } });
    }
    assert!(parked);
    assert!(target.loses_its_block());
}

/// Sends what is due in a lane, as gathering does, and has it refused.
fn refused(target: &mut Target, record: &Record, wanted: &Wanted, op: Op, now: Time) -> Change {
    let change = next(target, record, wanted, op, now).expect("something goes");
    target.send(&change, now);
    target.rejected(&change, digest(&wanted.why), "no", now);
    change
}

fn next(target: &mut Target, record: &Record, wanted: &Wanted, op: Op, now: Time) -> Option<Change> {
    let due = due(Some(target), record, wanted, &allowed(), &ABLE(), now);
    target.review(&due, now);
    let whole = match op {
        Op::Hold => due.protective,
        Op::Release => due.release,
        Op::Update => due.update,
    }?;
    match target.failure(op) {
        Some(failure) if failure.waits(now) => None,
        Some(failure) => Some(failure.part_of(whole)),
        None => Some(whole),
    }
}

#[test]
fn a_refused_mixed_write_sends_the_block_alone_at_once() {
    let mut target = Target::default();
    let wanted =
        Wanted { block: true, why: "open_deal_person".into(), fields: vec![("phone".into(), Value::text("x"))], ..Wanted::default() };
    let change = Change { block: Some(true), fields: wanted.fields.clone(), ..Change::default() };
    target.send(&change, Time(5));
    target.rejected(&change, 1, "phone: bad", Time(5));
    assert!(target.failure(Op::Update).is_some_and(|f| f.waits(Time(5))), "what came with it is the first to be doubted");
    let record = lead(&[], &[]);
    assert_eq!(next(&mut target, &record, &wanted, Op::Hold, Time(5)).and_then(|c| c.block), Some(true));
    // Refused with its reason codes, it goes without them at once; then it waits longer each time, for ever.
    assert!(refused(&mut target, &record, &wanted, Op::Hold, Time(5)).why.is_some());
    assert!(refused(&mut target, &record, &wanted, Op::Hold, Time(5)).why.is_none());
    let (mut now, mut waits) = (Time(5), Vec::new());
    for _ in 0..8 {
        let until = target.failure(Op::Hold).unwrap().retry_at;
        waits.push(until.since(now).as_seconds());
        assert_eq!(next(&mut target, &record, &wanted, Op::Hold, Time(until.0 - 1)), None);
        now = until;
        refused(&mut target, &record, &wanted, Op::Hold, now);
    }
    assert_eq!(waits, [30, 60, 120, 240, 300, 300, 300, 300]);
    assert!(!target.failure(Op::Hold).unwrap().dead, "a hold never becomes a dead letter");
    // Another deal was opened: a new cause is tried at once.
    let more = Wanted { why: "open_deal_person,critical_ticket".into(), ..wanted };
    assert!(next(&mut target, &record, &more, Op::Hold, now).is_some());
}

/// A phone number that the system refuses had become a dead letter, and the stop mark of its record was never sent.
#[test]
fn a_dead_letter_delays_no_block() {
    let mut target = Target::default();
    let (record, mut wanted) = (lead(&[], &[]), Wanted { fields: vec![("phone".into(), Value::text("x"))], ..Wanted::default() });
    let mut now = Time(5);
    for _ in 0..ATTEMPTS_MAX {
        refused(&mut target, &record, &wanted, Op::Update, now);
        now = target.failure(Op::Update).unwrap().retry_at;
    }
    assert!(target.failure(Op::Update).unwrap().dead);
    wanted.block = true;
    assert!(next(&mut target, &record, &wanted, Op::Hold, now).is_some());
    assert_eq!(next(&mut target, &record, &wanted, Op::Update, now), None);
    // Another number is another write.
    wanted.fields = vec![("phone".into(), Value::text("y"))];
    assert!(next(&mut target, &record, &wanted, Op::Update, now).is_some());
}

/// "lost" was not in the pick list, and the release that came with it was never sent.
#[test]
fn a_refused_status_delays_no_release() {
    let wanted = Wanted { status: Some(("lost".into(), "lost".into())), ..Wanted::default() };
    let record = lead(&[(Mark::Block, Value::Bool(true))], &[]);
    let mut target = Target { block_ours: true, ..Target::default() };
    let whole = Change { block: Some(false), status: Some(StatusChange { to: "lost".into(), from: None }), ..Change::default() };
    target.send(&whole, Time(5));
    target.rejected(&whole, 0, "not in the pick list", Time(5));
    let release = next(&mut target, &record, &wanted, Op::Release, Time(5)).unwrap();
    assert_eq!((release.block, release.status), (Some(false), None));
}

#[test]
fn what_is_refused_together_goes_in_parts() {
    let wanted =
        Wanted { status: Some(("lost".into(), "lost".into())), fields: vec![("phone".into(), Value::text("x"))], ..Wanted::default() };
    let (record, mut target) = (lead(&[], &[]), Target::default());
    refused(&mut target, &record, &wanted, Op::Update, Time(5));
    let first = refused(&mut target, &record, &wanted, Op::Update, Time(5));
    let second = next(&mut target, &record, &wanted, Op::Update, Time(5)).unwrap();
    assert!(first.status.is_some() && first.fields.is_empty() && second.status.is_none() && !second.fields.is_empty());
}

/// Sent, answered 500, read back as not done: 80,047 times in ten minutes.
#[test]
fn what_was_not_carried_out_waits_longer_each_time() {
    let (record, wanted) = (lead(&[], &[]), Wanted { block: true, ..Wanted::default() });
    let (mut target, mut now, mut tries) = (Target::default(), Time(1), 0);
    while now < Time(600_000) {
        if let Some(change) = next(&mut target, &record, &wanted, Op::Hold, now) {
            tries += 1;
            target.send(&change, now);
            target.not_written(false, false, |_| false, "500", now);
        }
        now = now.plus(Span::seconds(1));
    }
    assert_eq!(tries, 7);
    assert_eq!(&*target.failure(Op::Hold).unwrap().why, "500");
    assert!(target.failures.as_mut().unwrap().system_works(), "the system works again: it is tried at once");
}

#[test]
fn a_block_that_is_taken_away_each_time_is_damped() {
    let (gone, wanted) = (lead(&[], &[]), Wanted { block: true, ..Wanted::default() });
    let (mut target, mut now) = (Target::default(), Time(1));
    let mut by_ten_minutes = [0; 3];
    while now < Time(1_800_000) {
        if let Some(change) = next(&mut target, &gone, &wanted, Op::Hold, now) {
            by_ten_minutes[(now.0 / 600_000) as usize] += 1;
            target.send(&change, now);
            target.applied(&mut gone.clone(), None, true, now);
        }
        now = now.plus(Span::seconds(10));
        target.observe(&gone, alone, now);
    }
    assert_eq!(by_ten_minutes, [7, 2, 2]);
    assert!(target.loses_its_block());
    // One that ends by our own release is no such block.
    target.send(&Change { block: Some(false), ..Change::default() }, now);
    target.applied(&mut gone.clone(), None, true, now);
    assert!(!target.loses_its_block());
}

#[test]
fn a_status_that_is_set_back_each_time_is_left_alone_until_another_is_wanted() {
    let mut wanted = Wanted { status: Some(("lead".into(), "lead".into())), ..Wanted::default() };
    let theirs = lead(&[(Mark::Status, Value::text("Lead."))], &[]);
    let (mut target, mut writes, mut told) = (Target::default(), 0, 0);
    for round in 0..20 {
        if let Some(change) = next(&mut target, &theirs, &wanted, Op::Update, Time(round)) {
            writes += 1;
            target.send(&change, Time(round));
            target.applied(&mut theirs.clone(), Some("lead".into()), true, Time(round));
        }
        told += target.observe(&theirs, alone, Time(round)).len();
    }
    assert_eq!((writes, told), (4, 1));
    wanted.status = Some(("opportunity".into(), "opportunity".into()));
    assert!(next(&mut target, &theirs, &wanted, Op::Update, Time(30)).is_some());
}

#[test]
fn reason_codes_that_the_target_cuts_are_written_once() {
    let wanted = Wanted { block: true, why: "open_deal_person,critical_ticket".into(), ..Wanted::default() };
    let mut target = Target::default();
    let change = next(&mut target, &lead(&[], &[]), &wanted, Op::Hold, Time(1)).unwrap();
    target.send(&change, Time(1));
    target.applied(&mut lead(&[], &[]), None, true, Time(1));
    for why in [Value::text("open_deal_person"), Value::text("OPEN_DEAL_PERSON,CRITICAL_TICKET"), Value::Bool(true)] {
        let shown = lead(&[(Mark::Block, Value::Bool(true)), (Mark::Why, why.clone())], &[]);
        target.observe(&shown, alone, Time(2));
        assert_eq!(next(&mut target, &shown, &wanted, Op::Update, Time(2)), None, "{why}");
    }
    let shown = lead(&[(Mark::Block, Value::Bool(true)), (Mark::Why, Value::text("vip"))], &[]);
    assert!(next(&mut target, &shown, &wanted, Op::Update, Time(2)).is_some());
}

#[test]
fn a_permit_is_given_renewed_at_half_and_withdrawn() {
    let allowed = Allowed { permits: vec![PermitFor::Marketing], block: false, why: false, status: false, lease: Span(1000) };
    let until = |t: i64| Wanted { permits: vec![(PermitFor::Marketing, PermitWish::Until(Time(t)))], ..Wanted::default() };
    let shows = |t: i64| lead(&[(Mark::Permit, Value::Time(Time(t)))], &[]);
    assert!(due(None, &lead(&[], &[]), &until(1000), &allowed, &ABLE(), Time(0)).release.is_some());
    assert!(due(None, &shows(1000), &until(1100), &allowed, &ABLE(), Time(100)).is_empty(), "more than half is left");
    assert!(due(None, &shows(1000), &until(1600), &allowed, &ABLE(), Time(600)).release.is_some());
    assert!(due(None, &shows(1000), &Wanted::default(), &allowed, &ABLE(), Time(100)).is_empty(), "nothing proved yet: left alone");
    let withdrawn = due(
        None,
        &shows(1000),
        &Wanted { permits: vec![(PermitFor::Marketing, PermitWish::Withdraw)], ..Wanted::default() },
        &allowed,
        &ABLE(),
        Time(100),
    )
    .protective
    .unwrap();
    assert_eq!(withdrawn.permits, PermitChange::Withdrawn.into());
}

#[test]
fn digests_are_made_of_the_words_that_they_were_made_of() {
    for (value, said) in [
        (Value::Empty, "Empty"),
        (Value::text("a \"b\" 山田"), "Text(\"a \\\"b\\\" 山田\")"),
        (Value::Int(-7), "Int(-7)"),
        (Value::Number(2.0), "Number(2.0)"),
        (Value::Bool(true), "Bool(true)"),
        (Value::Time(Time(1_795_000_000_000)), "Time(Time(1795000000000))"),
        (Value::List(vec!["a".into(), "b".into()]), "List([\"a\", \"b\"])"),
        (Value::Unreadable, "Unreadable"),
        (Value::Date(Date(3_743)), "Date(1980-04-01)"),
    ] {
        assert_eq!(words(&value), said);
    }
}

#[test]
fn what_has_no_code_is_told_and_what_cannot_be_read_is_never_written_over() {
    let industry: Name = "industry".into();
    let mut able = ABLE();
    able.labels.insert(industry.clone(), ["made", "built"].map(Into::into).into());
    let shows = |value: Value| {
        let mut record = lead(&[], &[]);
        record.set(&industry, value, Time(1));
        record
    };
    for (shown, wanted, written, without_code) in [
        (Value::text("built"), "made", true, false),
        (Value::Empty, "made", true, false),
        (Value::text("built"), "", true, false),
        (Value::text("built"), "sold", false, true),
        (Value::text("sold"), "sold", false, false),
        // A code that the map does not know.
        (Value::Unreadable, "made", false, false),
        (Value::Unreadable, "sold", false, false),
    ] {
        let wanted = Wanted { fields: vec![(industry.clone(), Value::text(wanted))], ..Wanted::default() };
        let due = due(None, &shows(shown.clone()), &wanted, &allowed(), &able, Time(1));
        assert_eq!((due.update.is_some(), !due.without_code.is_empty()), (written, without_code), "{shown} {wanted:?}");
        assert_eq!(due.is_empty(), !written);
    }
}

/// Values lie in the state by their place in the type: a new one stands last.
#[test]
fn values_keep_their_place_in_the_state() {
    let values = [
        Value::Empty,
        Value::text("a"),
        Value::Int(1),
        Value::Number(1.0),
        Value::Bool(true),
        Value::Time(Time(1)),
        Value::list(["a"]),
        Value::Unreadable,
        Value::Date(Date(1)),
    ];
    for (place, value) in values.iter().enumerate() {
        assert_eq!(usize::from(crate::engine::ledger::items::encode(value)[0]), place, "{value}");
    }
}

/// Whatever else their write holds, and however many there are in it.
#[test]
fn values_that_are_written_over_are_counted_apart_from_those_that_fill() {
    let mut record = Record::new("ma:person:1".parse().unwrap());
    for (name, value) in [("title", "Clerk"), ("phone", "1"), ("plan", "")] {
        record.set(&name.into(), Value::text(value), Time(1));
    }
    let fields = [("title", "Chief"), ("phone", ""), ("plan", "gold"), ("company", "Acme")];
    let fields = fields.map(|(name, value)| (name.into(), Value::text(value))).to_vec();
    let wanted = Wanted { block: true, fields, ..Wanted::default() };
    let allowed = Allowed { block: true, ..Allowed::default() };
    let due = due(None, &record, &wanted, &allowed, &Abilities::default(), Time(9));
    assert_eq!((due.protective.is_some(), due.rewrites, due.fills), (true, 2, 2));
}
