use super::*;
use crate::model::{Address, RefusalScope};

fn said(lines: impl IntoIterator<Item = What>) -> Said {
    Said::of(lines.into_iter().zip(1..).map(|(what, at)| Entry { at: Time(at), what }).collect())
}

fn first_contact(system: &str, scope: ApprovalScope) -> What {
    What::FirstContact { system: system.into(), scope, by: "Hana".into() }
}

fn refusal(record: &str, address: Option<&str>) -> What {
    let address = address.map(|a| Address::parse(a).unwrap());
    What::Refusal { record: record.parse().unwrap(), address, topic: None, seen_at: Time(1) }
}

fn written(record: &str, op: &str, block: Option<BlockPart>) -> What {
    What::Outcome {
        record: record.parse().unwrap(),
        op: op.into(),
        outcome: WriteOutcome::Applied,
        said: None,
        reasons: Vec::new(),
        run: "r".into(),
        block,
        causes: Vec::new(),
    }
}

#[test]
fn a_refusal_counts_for_its_record_and_for_the_address_it_was_seen_on() {
    let said = said([refusal("ma:person:1", Some("taro@acme.example")), refusal("ma:person:2", None)]);
    let key = |record: &str| refusal_key(On::Record(&record.parse().unwrap()), &RefusalScope::All);
    let address = refusal_key(On::Address(&Address::parse("taro@acme.example").unwrap()), &RefusalScope::All);
    assert_eq!(said.refusals, HashSet::from([key("ma:person:1"), address, key("ma:person:2")]));
}

#[test]
fn of_approvals_the_furthest_counts_and_what_the_store_knows_beyond_it_is_lacking() {
    use ApprovalScope::{All, Holds};
    for (lines, approved, lacks) in [
        (&[][..], Approval::Holds, Some(Holds)),
        (&[], Approval::All, Some(All)),
        (&[Holds], Approval::Holds, None),
        (&[Holds], Approval::All, Some(All)),
        (&[All], Approval::Holds, None),
        (&[All, Holds], Approval::All, None),
        (&[Holds, All], Approval::All, None),
    ] {
        let said = said(lines.iter().map(|scope| first_contact("ma", *scope)));
        let line = said.approval_it_lacks(&"ma".into(), approved);
        assert_eq!(line, lacks.map(|scope| What::FirstContact { system: "ma".into(), scope, by: "the store".into() }), "{lines:?}");
        assert!(said.approval_it_lacks(&"desk".into(), approved).is_some(), "of another system nothing was said");
    }
}

/// What was said before another instance came is said of the former one.
#[test]
fn lines_speak_of_the_instance_that_was_there_when_they_were_written() {
    let other = || What::OtherInstance { system: "ma".into(), former: "ma@1".into() };
    let said = said([
        first_contact("ma", ApprovalScope::All),
        refusal("ma:person:1", None),
        written("ma:person:1", "hold", Some(BlockPart::Set)),
        other(),
        first_contact("ma", ApprovalScope::Holds),
        refusal("ma:person:2", None),
    ]);
    assert_eq!((said.approvals.get("ma@1"), said.approvals.get("ma")), (Some(&Approval::All), Some(&Approval::Holds)));
    let knows = |record: &str| said.refusals.contains(&refusal_key(On::Record(&record.parse().unwrap()), &RefusalScope::All));
    assert!(knows("ma@1:person:1") && knows("ma:person:2") && !knows("ma:person:1"));
    assert!(!said.lacks_block(&"ma@1:person:1".parse().unwrap()) && said.lacks_block(&"ma:person:1".parse().unwrap()));
}

#[test]
fn a_block_is_lacking_until_a_line_says_for_sure_that_it_is_ours() {
    let set = Some(BlockPart::Set);
    for (lines, lacks, former_age) in [
        (vec![], true, false),
        (vec![written("ma:person:1", "hold", set)], false, false),
        (vec![written("ma:person:1", "hold", None)], true, true),
        (vec![written("ma:person:1", "hold", set), written("ma:person:1", "release", Some(BlockPart::Lifted))], true, false),
        (vec![written("ma:person:2", "hold", set)], true, false),
    ] {
        let said = said(lines);
        assert_eq!(said.lacks_block(&"ma:person:1".parse().unwrap()), lacks, "{:?}", said.blocks);
        assert_eq!(of_former_age(&written("ma:person:1", "hold", set), &said), former_age, "{:?}", said.blocks);
    }
}

#[test]
fn a_journal_is_empty_when_nothing_in_it_counts() {
    assert!(said([]).is_empty() && said([What::DeadLetterDropped { record: "ma:person:1".parse().unwrap() }]).is_empty());
    assert!(!said([first_contact("ma", ApprovalScope::Holds)]).is_empty());
    assert!(!said([written("ma:person:1", "hold", Some(BlockPart::Set))]).is_empty());
}

#[test]
fn damage_is_told_and_what_shows_only_once_is_remembered() {
    let notes = |damaged: &[u64], unknown, torn_bytes, missing_bytes| JournalNotes {
        damaged_lines: damaged.to_vec(),
        unknown,
        torn_bytes,
        missing_bytes,
        ..JournalNotes::default()
    };
    for (what, notes, again, journaled, told, lines) in [
        ("sound", notes(&[], 0, 0, 0), 0, false, false, 0),
        ("torn by a crash", notes(&[], 0, 9, 0), 0, false, false, 1),
        ("of a newer version, and torn", notes(&[], 1, 9, 0), 0, false, true, 2),
        ("damaged lines stay", notes(&[4], 0, 0, 0), 0, false, true, 1),
        ("cut", notes(&[], 0, 0, 70), 0, true, true, 1),
        ("lines are missing", notes(&[], 0, 0, 0), 3, true, true, 1),
    ] {
        let damage = JournalDamage::of(&notes, again);
        assert_eq!((damage.is_journaled, damage.is_told, damage.lines.len()), (journaled, told, lines), "{what}");
    }
}

/// The journal was lost, and all pins were written anew with one and the same time: the older of two of one person counted.
#[test]
fn pins_that_the_journal_lacks_are_written_at_their_own_times() {
    let pin = |record: &str, value: &str, at: i64| StoredPin {
        on: StoredOn::Record(record.parse().unwrap()),
        field: "title".into(),
        pin: Pin { value: crate::model::Value::text(value), by: "hana".into(), because: "asked".into(), at: Time(at) },
    };
    let pins = [pin("crm:person:1", "C", 9), pin("ma:person:1", "A", 3), pin("support:person:1", "B", 5)];
    let there = pin_key(pins[2].on.on(), &pins[2].field);
    let lines = pins_it_lacks(pins.iter(), |key| *key == there);
    let told: Vec<(i64, String)> = lines
        .into_iter()
        .map(|(at, what)| match what {
            What::Pinned { value, .. } => (at.0, value.to_string()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(told, [(3, "A".to_string()), (9, "C".to_string())]);
}
