use super::*;
use crate::connector::Change;
use crate::engine::target::Target;

fn text(text: &str) -> Value {
    Value::text(text)
}

fn back() -> SetBack {
    SetBack { field: "phone".into(), shown: text("2"), to: text("1"), instead_of: Some(text("2")) }
}

#[test]
fn a_plan_has_another_id_as_soon_as_anything_of_it_is_another() {
    let id = |n: u8| format!("ma:person:{n}").parse::<RecordId>().unwrap();
    let plan = || vec![(id(1), back()), (id(2), back())];
    let with = |changed: SetBack| vec![(id(1), changed), (id(2), back())];
    let mut ids = vec![
        id_of("r_1", &plan()),
        id_of("r_2", &plan()),
        id_of("r_1", &plan()[..1]),
        id_of("r_1", &[]),
        id_of("r_1", &with(SetBack { shown: text("3"), ..back() })),
        id_of("r_1", &with(SetBack { to: text("3"), ..back() })),
        id_of("r_1", &with(SetBack { instead_of: None, ..back() })),
        id_of("r_1", &with(SetBack { field: "title".into(), ..back() })),
        id_of("r_1", &[(id(1), back()), (id(3), back())]),
    ];
    assert_eq!(ids[0], id_of("r_1", &plan()), "the same plan has the same");
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

#[test]
fn of_too_many_plans_the_oldest_goes() {
    // Shown in another order than that of their ids.
    let plan = |i: usize| {
        (
            format!("w_{i:02}"),
            UndoPlan { run: Some("r_1".into()), since: None, at: Time(100 + (i as i64 * 7) % 31), only: UndoOnly::default() },
        )
    };
    let mut undos: BTreeMap<String, UndoPlan> = (1..=PLANS_MAX).map(plan).collect();
    assert_eq!(one_too_many(&undos), None);
    undos.insert("w_99".into(), UndoPlan { run: Some("r_1".into()), since: None, at: Time(1), only: UndoOnly::default() });
    assert_eq!(one_too_many(&undos).as_deref(), Some("w_99"));
    undos.remove("w_99");
    undos.insert("w_99".into(), UndoPlan { run: Some("r_1".into()), since: None, at: Time(900), only: UndoOnly::default() });
    let oldest = one_too_many(&undos).unwrap();
    assert!(undos.values().all(|other| other.at >= undos[&oldest].at), "{oldest}");
}

#[test]
fn a_field_is_set_back_only_while_it_shows_what_the_run_wrote() {
    let agreed = || Agreed { theirs: text("2 "), ..Agreed::new("phone".into(), text("2")) };
    let spent = Agreed { spent: true, ..agreed() };
    let later = Agreed::new("phone".into(), text("3"));
    let changed = Err("it was changed since, by somebody else or by a later write");
    for (what, shown, old, agreed, may_be_written, under_way, expected) in [
        ("as written", "2", text("1"), Some(&agreed()), true, false, Ok(true)),
        ("the target's form", "2 ", text("1"), Some(&agreed()), true, false, Ok(true)),
        ("it was empty before", "2", Value::Empty, Some(&agreed()), true, false, Ok(true)),
        ("it is as before", "1", text("1"), None, false, true, Ok(false)),
        ("unreadable before", "2", Value::Unreadable, Some(&agreed()), true, false, Err("what was there before could not be read")),
        (
            "not ours to write",
            "2",
            text("1"),
            Some(&agreed()),
            false,
            false,
            Err("systems.toml does not let this field be written any more"),
        ),
        ("somebody else's", "5", text("1"), Some(&agreed()), true, false, changed),
        ("somebody's since, and as ours again", "2", text("1"), Some(&spent), true, false, changed),
        ("a later write", "3", text("1"), Some(&later), true, false, changed),
        ("the target refused it", "2", text("1"), None, true, false, changed),
        ("it shows the old value in another width", "１", text("1"), Some(&agreed()), true, false, Ok(false)),
        ("on its way", "2", text("1"), Some(&agreed()), true, true, Err("it is being set back already")),
    ] {
        let done = Done { old, new: text("2") };
        assert_eq!(is_still_ours(&text(shown), &done, agreed, may_be_written, under_way), expected, "{what}");
    }
}

#[test]
fn an_older_value_takes_the_place_of_the_one_that_is_wanted() {
    let mut wanted = vec![("title".into(), text("a")), ("phone".into(), text("2"))];
    let city = SetBack { field: "city".into(), to: Value::Empty, ..back() };
    want_instead(&mut wanted, [back(), city].iter());
    assert_eq!(wanted, [("title".into(), text("a")), ("phone".into(), text("1")), ("city".into(), Value::Empty)]);
}

/// A write under way, of a phone.
fn under_way(phone: &str) -> Option<Sent> {
    let mut target = Target::default();
    target.send(&Change { fields: vec![("phone".into(), text(phone))], ..Change::default() }, Time(1));
    target.sent
}

#[test]
fn a_set_back_ends_when_anything_came_in_between_but_its_own_write() {
    let mut empty = back();
    empty.shown = Value::Empty;
    let no_winner = SetBack { instead_of: None, ..back() };
    let (ours, other) = (text("2"), text("3"));
    for (back, shown, winner, sent, overtaken) in [
        (&back(), Some("2"), Some(&ours), None, false),
        (&back(), Some("3"), Some(&ours), None, true),
        (&back(), None, Some(&ours), None, true),
        (&back(), Some("2"), Some(&other), None, true),
        (&back(), Some("2"), None, None, true),
        (&no_winner, Some("2"), None, None, false),
        (&no_winner, Some("2"), Some(&ours), None, true),
        (&empty, None, Some(&ours), None, false),
        // What it is set back to: by somebody's hand, by an earlier write, and by its own before the answer is there.
        (&back(), Some("1"), Some(&ours), None, true),
        (&back(), Some("1"), Some(&ours), under_way("2"), true),
        (&back(), Some("1"), Some(&ours), under_way("1"), false),
        (&back(), Some("1"), Some(&other), under_way("1"), false),
    ] {
        let mut record = Record::new("ma:person:1".parse().unwrap());
        if let Some(shown) = shown {
            record.set(&"phone".into(), text(shown), Time(1));
        }
        assert_eq!(back.is_overtaken(&record, winner, sent.as_ref()), overtaken, "{back:?} {shown:?} {winner:?} {sent:?}");
    }
}

#[test]
fn only_a_write_of_just_the_older_value_sets_a_field_back() {
    for (field, value, landed) in [("phone", "1", true), ("phone", "2", false), ("title", "1", false)] {
        let mut target = Target::default();
        target.send(&Change { fields: vec![("city".into(), text("x")), (field.into(), text(value))], ..Change::default() }, Time(1));
        assert_eq!(back().landed(&target.sent.unwrap()), landed, "{field} {value}");
    }
}
