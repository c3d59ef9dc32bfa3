use super::*;
use crate::decide::rules::{ChangeLimits, Widening};
use crate::model::{Mark, PermitFor, Span, Value};
use proptest::prelude::*;

fn policy(people: usize, records: usize) -> Policy {
    let within = Span::days(1);
    Policy {
        widening: Widening { people, share: 0.01, within },
        changes: ChangeLimits { share: 0.1, within: Span::minutes(60), ..ChangeLimits::default() }.above(records),
        ..Policy::default()
    }
}

proptest! {
    /// A small target is no reason to ask more, a large one none to let one value take the place of many.
    #[test]
    fn a_limit_is_the_number_or_the_share_whichever_is_more(people in 1usize..500, records in 1usize..2_000, listed in 0usize..1_000_000) {
        let policy = policy(people, records);
        for op in Op::ALL {
            let (limits, share, number) = match op {
                Op::Update => (limits_of(&policy, op, listed), 10, records),
                Op::Hold | Op::Release => (limits_of(&policy, op, listed), 100, people),
            };
            prop_assert_eq!(limits.records, number.max(listed / share));
            prop_assert_eq!(limits.within, if op == Op::Update { Span::minutes(60) } else { Span::days(1) });
            let same = if op == Op::Update { (limits.records / 10).max(1) } else { usize::MAX };
            prop_assert_eq!(limits.same, same);
            let (least, _) = least(&policy, op);
            // Below these nobody looks at the target at all.
            prop_assert!(least.records <= limits.records && least.same <= limits.same);
        }
    }

    #[test]
    fn a_plan_is_known_by_what_waits_and_not_by_where_it_lies(digests in prop::collection::hash_set(any::<u64>(), 1..20), more: u64) {
        prop_assume!(!digests.contains(&more));
        let asked: Vec<(Idx, u64)> = digests.iter().zip(1..).map(|(d, idx)| (idx, *d)).collect();
        let moved: Vec<(Idx, u64)> = asked.iter().rev().map(|(idx, d)| (idx + 7, *d)).collect();
        let plan = |asked: &[(Idx, u64)]| group_plan(&"ma".into(), Op::Release, asked);
        prop_assert_eq!(plan(&asked), plan(&moved));
        prop_assert_ne!(plan(&asked), plan(&[asked.clone(), vec![(90, more)]].concat()), "whatever joins makes it another");
        prop_assert_ne!(plan(&asked), group_plan(&"ma".into(), Op::Update, &asked));
        prop_assert_ne!(plan(&asked), group_plan(&"desk".into(), Op::Release, &asked));
    }

    /// What is kept under a key is found again: ids of records may have any character.
    #[test]
    fn keys_are_read_as_they_were_written(id in "[a-z0-9/:@]{1,12}", part in 0usize..50) {
        for op in Op::ALL {
            let record = RecordId::new("ma@1", crate::model::Entity::Person, id.as_str());
            let key = String::from_utf8(went_key(op, &record)).unwrap();
            prop_assert_eq!(read_went_key(&key), Some((op, record)));
            for set in ["granted", "asked"] {
                let key = format!("{}/{part}", set_key(set, op, "ma@1"));
                prop_assert_eq!(read_item_key(&key), Some((set, op, "ma@1")));
            }
        }
    }
}

#[test]
fn a_key_of_another_version_is_passed_over() {
    for key in ["", "granted", "granted/release", "granted/release/ma", "granted/create/ma/0"] {
        assert_eq!(read_item_key(key), None, "{key}");
    }
    for key in ["", "release", "create/ma:person:1", "release/no id"] {
        assert_eq!(read_went_key(key), None, "{key}");
    }
}

#[test]
fn what_was_sent_counts_in_each_direction_that_it_went() {
    let nothing = Sent {
        at: Time(1),
        fields: Vec::new(),
        block: None,
        permits: Vec::new(),
        why: Some("open_deal".into()),
        status: None,
        ours_before: false,
        unknown: false,
    };
    let fields = vec![("phone".into(), Value::Empty)];
    let until = |at| vec![(PermitFor::Marketing, Some(Time(at)))];
    for (what, sent, stands, expected) in [
        ("reason codes alone", nothing.clone(), false, &[][..]),
        ("a block", Sent { block: Some(true), ..nothing.clone() }, false, &[Op::Hold]),
        ("a permit withdrawn", Sent { permits: vec![(PermitFor::Marketing, None)], ..nothing.clone() }, true, &[Op::Hold]),
        ("a block lifted", Sent { block: Some(false), ..nothing.clone() }, false, &[Op::Release]),
        ("a permit given", Sent { permits: until(90), ..nothing.clone() }, false, &[Op::Release]),
        ("a permit renewed", Sent { permits: until(90), ..nothing.clone() }, true, &[]),
        ("a field emptied", Sent { fields: fields.clone(), ..nothing.clone() }, false, &[Op::Update]),
        ("a status", Sent { status: Some("lead".into()), ..nothing.clone() }, false, &[Op::Update]),
        ("all at once", Sent { block: Some(false), permits: vec![(PermitFor::Marketing, None)], fields, ..nothing }, false, &Op::ALL),
    ] {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        record.marks = if stands { vec![(Mark::Permit, Value::Bool(true))] } else { Vec::new() };
        assert_eq!(directions(&sent, &record, Time(5)).collect::<Vec<_>>(), expected, "{what}");
    }
}

#[test]
fn what_waits_says_the_limit_it_passed_and_what_would_be_lost() {
    let limits = GuardLimits { records: 100, same: 10, within: Span::minutes(60) };
    let lost = |field: &str, by| (Replaced { field: field.into(), by }, 11);
    let about = About::Updates { system: "ma".into() };
    for (count, losses, limit) in [(100, vec![lost("city", None)], 10), (101, vec![lost("city", None)], 100), (100, vec![], 100)] {
        assert_eq!(limit_passed(count, &limits, &losses), limit, "{count} {losses:?}");
    }
    assert_eq!(why(&about, 0, &limits, &[]), about.cause());
    let said = why(&about, 3, &limits, &[lost("city", None), lost("plan", Some(7))]);
    let told = [
        ", after 3 within the last 1h",
        "; city would be emptied in 11 records",
        "; plan would be replaced by one and the same value in 11 records",
    ];
    assert_eq!(said, format!("{}{}", about.cause(), told.concat()));
    let many: Vec<_> = (0..9).map(|n| lost(&format!("f{n}"), None)).collect();
    assert_eq!(why(&about, 0, &limits, &many).matches("would be emptied").count(), SAMPLES);
}

#[test]
fn holds_alarm_only_beyond_the_limit() {
    let limits = GuardLimits { records: 1, same: 1, within: Span::days(1) };
    assert_eq!(hold_alarm(&"ma".into(), 1, &limits), None);
    let told = hold_alarm(&"ma".into(), 2, &limits).unwrap();
    assert!(told.starts_with("ma: 2 holds within 1d, more than [widening] ask_above = 1: all are written all the same"), "{told}");
}
