use super::*;
use crate::model::{Age, DealState, Editor, EntryFate, Span, TicketState, Value};

fn laid_over(old: &Record, new: Record, accounts: bool) -> Record {
    match overlay(Some(old), Box::new(new), ListsCarried { people: true, accounts }, Sight::at(Time(1_000))) {
        Merged::Changed(record) => *record,
        Merged::Same => old.clone(),
    }
}

#[test]
fn what_was_emptied_is_told_from_what_never_held_anything() {
    let shows = |id: &str, title: Option<&str>| {
        let mut person = Record::new(id.parse().unwrap());
        if let Some(title) = title {
            person.set(&"title".into(), if title.is_empty() { Value::Empty } else { Value::text(title) }, Time(1));
        }
        person
    };
    let title: crate::model::Name = "title".into();
    // What is shown one after the other, and what was cleared at the end.
    for (shown, cleared) in [
        (&[Some("")][..], None),
        (&[Some(""), Some("")], None),
        (&[Some("Chief"), Some("")], Some("Chief")),
        (&[Some("Chief"), Some(""), Some("")], Some("Chief")),
        (&[Some("Chief"), None, Some("")], None),
        (&[Some("Chief"), Some(""), None, Some("")], Some("Chief")),
        (&[Some("Chief"), Some(""), Some("Clerk")], None),
        (&[Some("Chief"), Some(""), Some("Clerk"), Some("")], Some("Clerk")),
    ] {
        for id in ["crm:person:1", "crm:account:1"] {
            let last = shown[1..].iter().fold(shows(id, shown[0]), |known, title| laid_over(&known, shows(id, *title), true));
            assert_eq!(last.cleared(&title), cleared.map(Value::text).as_ref(), "{id} {shown:?}");
        }
    }
}

/// A job wrote what stood there already, which moved the record's time; what somebody typed later without moving it was then dated by that.
#[test]
fn a_time_at_which_nothing_else_had_changed_dates_no_later_change() {
    let title: crate::model::Name = "title".into();
    let person = |value: &str, changed: i64| {
        let mut person = Record::new("ma:person:1".parse().unwrap());
        person.changed_at = Some(Time(changed));
        person.set(&title, Value::text(value), Time(changed));
        person
    };
    for (stood, age) in [(None, (130, 130)), (Some(Time(130)), (120, 150)), (Some(Time(129)), (130, 130))] {
        let sight = Sight { looked: Some(Time(140)), swept: Some(Time(120)), read: Time(150), stood, ..Sight::at(Time(145)) };
        let merged = overlay(Some(&person("Chief", 90)), Box::new(person("Clerk", 130)), ListsCarried::ALL, sight);
        let Merged::Changed(record) = merged else { panic!("the title is another") };
        assert_eq!(record.field_of(&title).unwrap().age(), Age { after: Some(Time(age.0)), by: Time(age.1) }, "{stood:?}");
    }
}

/// Of a system that was never read to its end, what a person took out of a list came back from the others.
#[test]
fn an_entry_of_ours_was_taken_out_where_the_record_changed_after_our_write_and_still_had_it() {
    let tags: crate::model::Name = "tags".into();
    let person = |entries: &[&str], changed: i64| {
        let mut person = Record::new("ma:person:1".parse().unwrap());
        person.changed_at = Some(Time(changed));
        person.set(&tags, Value::list(entries.iter().copied()), Time(changed));
        person
    };
    // Written at 200; changed then, with the entry or with no look at all; and what is known at 1000 of an entry that is not there.
    for (changed, fate) in [(300, Some(EntryFate::Removed(Age { after: Some(Time(300)), by: Time(900) }))), (100, None), (2_000, None)] {
        let mut known = person(&["a"], changed);
        lists::note_written(&mut known, &tags, &Value::list(["a", "b"]), Time(200));
        known.set(&tags, Value::list(["a", "b"]), Time(200));
        let last = laid_over(&known, person(&["a"], 900), true);
        assert_eq!(last.entries(&tags).and_then(|e| e.fate("b")), fate, "{changed}");
    }
}

/// The record's own time was that of our write, some milliseconds before its answer, and no proof was younger, as another system's clock was
/// nine hours off. An entry that was seen to be there was taken for one that had never been kept.
#[test]
fn an_entry_of_ours_that_was_seen_was_taken_out_whatever_is_proved() {
    let tags: crate::model::Name = "tags".into();
    let person = |entries: &[&str]| {
        let mut person = Record::new("ma:person:1".parse().unwrap());
        person.changed_at = Some(Time(199));
        person.set(&tags, Value::list(entries.iter().copied()), Time(199));
        person
    };
    for was_seen in [false, true] {
        let mut known = person(&["a"]);
        lists::note_written(&mut known, &tags, &Value::list(["a", "b"]), Time(200));
        known.set(&tags, Value::list(["a", "b"]), Time(200));
        let sight = Sight { has_seen_lists: was_seen, looked: Some(Time(50)), ..Sight::at(Time(900)) };
        let Merged::Changed(last) = overlay(Some(&known), Box::new(person(&["a"])), ListsCarried::ALL, sight) else {
            panic!("it is shorter")
        };
        let fate = last.entries(&tags).and_then(|e| e.fate("b"));
        assert_eq!(matches!(fate, Some(EntryFate::Removed(_))), was_seen, "{fate:?}");
    }
}

/// Read first at 100 with a record of 90; in a whole listing last at 120, looked at last at 140, and read now at 150.
#[test]
fn a_field_that_was_seen_to_change_is_no_older_than_the_last_look_and_the_rest_may_be_as_old_as_its_record() {
    let person = |title: Value, changed: Option<i64>| {
        let mut person = Record::new("crm:person:1".parse().unwrap());
        person.changed_at = changed.map(Time);
        person.set(&"title".into(), title, Time(changed.unwrap_or(100)));
        person
    };
    let old = || person(Value::text("Chief"), Some(90));
    for (what, old, new, changed, looked, age) in [
        ("unchanged", old(), "Chief", Some(147), Some(140), (None, 90)),
        ("written in another width", old(), "Ｃｈｉｅｆ", Some(147), Some(140), (None, 90)),
        ("changed", old(), "Clerk", Some(147), Some(140), (Some(140), 147)),
        ("changed, and nobody knows when it was looked at", old(), "Clerk", Some(147), None, (Some(90), 147)),
        ("changed, and the record's time did not move", old(), "Clerk", Some(90), Some(140), (Some(120), 150)),
        ("changed before the look, as the system says", old(), "Clerk", Some(130), Some(140), (Some(130), 130)),
        ("no times are told", person(Value::text("Chief"), None), "Clerk", None, Some(140), (Some(140), 150)),
        ("it could not be read", person(Value::Unreadable, Some(90)), "Clerk", Some(147), Some(140), (None, 147)),
    ] {
        let mut new = person(Value::text(new), changed);
        if changed.is_none() {
            new.fields[0].at = Time(150);
        }
        let sight = Sight { looked: looked.map(Time), swept: Some(Time(120)), read: Time(150), ..Sight::at(Time(145)) };
        let Merged::Changed(record) = overlay(Some(&old), Box::new(new), ListsCarried::ALL, sight) else {
            assert_eq!(what, "unchanged");
            continue;
        };
        let told = record.fields[0].age();
        assert_eq!((told.after, told.by), (age.0.map(Time), Time(age.1)), "{what}");
    }
}

/// Read first with what stands on the left; then as in the middle.
#[test]
fn what_a_history_tells_dates_a_value_and_who_changed_the_record_last_made_what_changed_in_it() {
    let sync = || Editor::Relay("sync".into());
    let person = |title: &str, told: Option<(i64, Option<Editor>)>, edited_by: Option<Editor>| {
        let mut person = Record::new("crm:person:1".parse().unwrap());
        (person.changed_at, person.edited_by) = (Some(Time(90)), edited_by);
        person.set(&"title".into(), Value::text(title), Time(90));
        told.into_iter().for_each(|(at, by)| person.fields[0].tell(Time(at), by));
        person
    };
    let typed = || Some((20, Some(Editor::Person)));
    for (what, old, new, age, relay, is_typed) in [
        ("first told later", person("Chief", None, None), person("Chief", typed(), None), (Some(19), 20), None, true),
        ("not told again", person("Chief", typed(), None), person("Chief", None, Some(sync())), (Some(19), 20), None, true),
        (
            "changed, and told",
            person("Chief", typed(), None),
            person("Clerk", Some((70, Some(sync()))), None),
            (Some(69), 70),
            Some("sync"),
            false,
        ),
        (
            "changed, of the record alone",
            person("Chief", typed(), None),
            person("Clerk", None, Some(sync())),
            (Some(90), 150),
            Some("sync"),
            false,
        ),
        (
            "changed, by a person",
            person("Chief", Some((20, Some(sync()))), None),
            person("Clerk", None, Some(Editor::Person)),
            (Some(90), 150),
            None,
            true,
        ),
        ("changed, by nobody knows whom", person("Chief", typed(), None), person("Clerk", None, None), (Some(90), 150), None, false),
    ] {
        let sight = Sight { read: Time(150), ..Sight::at(Time(145)) };
        let known = match overlay(Some(&old), Box::new(new), ListsCarried::ALL, sight) {
            Merged::Changed(record) => *record,
            Merged::Same => old,
        };
        let field = &known.fields[0];
        assert_eq!((field.after, field.at), (age.0.map(Time), Time(age.1)), "{what}");
        let edit = field.last_edit.as_deref();
        assert_eq!(edit.and_then(LastEdit::relay).map(|r| &**r), relay, "{what}");
        assert_eq!((edit.is_some_and(LastEdit::is_typed), known.edited_by.is_none()), (is_typed, true), "{what}");
    }
}

/// Up to format 5 a birthday lay in the state as a time, which would have become a newer value by being read as a day.
#[test]
fn a_day_that_was_kept_as_a_time_is_as_old_as_it_was() {
    let born = |value: Value, at: i64| {
        let mut person = Record::new("crm:person:1".parse().unwrap());
        person.set(&"birth".into(), value, Time(at));
        person
    };
    let day = crate::model::Date(3_743);
    let in_tokyo = Value::Time(day.midnight().minus(Span::seconds(9 * 3600)));
    for (before, at) in [(in_tokyo, 5), (Value::Date(day), 5), (Value::Time(Time(0)), 900)] {
        let now = laid_over(&born(before, 5), born(Value::Date(day), 900), true);
        assert_eq!(now.field("birth").map(|f| (f.value.clone(), f.at)), Some((Value::Date(day), Time(at))));
    }
}

/// A search does not tell what a listing told: the further companies of a deal are not gone for that.
#[test]
fn further_accounts_stay_where_an_answer_does_not_carry_them() {
    let deal = |account: Option<&str>, more: &[&str]| {
        let mut deal = Record::new("crm:deal:1".parse().unwrap());
        deal.deal = Some(DealState::Open);
        deal.account = account.map(Into::into);
        deal.set_more_accounts(more.iter().map(|a| (*a).into()).collect());
        deal
    };
    let listed = deal(Some("71"), &["72", "73"]);
    assert_eq!(laid_over(&listed, deal(Some("71"), &[]), false), listed);
    let moved = laid_over(&listed, deal(Some("72"), &[]), false);
    assert_eq!((moved.account.as_deref(), moved.more_accounts.join(" ")), (Some("72"), "71 73".to_string()));
    assert_eq!(laid_over(&listed, deal(Some("71"), &["74"]), false).more_accounts.join(" "), "72 73 74");
    let told = laid_over(&moved, deal(None, &["73"]), true);
    assert_eq!((told.more_accounts.join(" "), told.memory.past_accounts.join(" ")), ("73".to_string(), "71 72".to_string()));
    assert!(laid_over(&told, deal(Some("71"), &[]), true).memory.past_accounts.join(" ") == "72 73");
}

#[test]
fn an_address_that_a_person_bears_no_more_is_remembered_whichever_it_was() {
    let person = |email: &str, further: &[&str]| {
        let mut person = Record::new("crm:person:1".parse().unwrap());
        person.set(&"email".into(), Value::text(email), Time(1));
        person.addresses = further.iter().filter_map(|a| Address::parse(a)).collect();
        person
    };
    let past = |r: &Record| r.memory.past_addresses.iter().map(Address::as_str).collect::<Vec<_>>().join(" ");
    let first = person("a@x.example", &["b@x.example", "c@x.example"]);
    let second = laid_over(&first, person("b@x.example", &["d@x.example"]), true);
    assert_eq!(past(&second), "a@x.example c@x.example");
    let third = laid_over(&second, person("(cannot be read", &["a@x.example"]), true);
    assert_eq!(past(&third), "b@x.example c@x.example d@x.example");
}

/// A lost deal was closed once more, and our clock is behind the system's.
#[test]
fn a_told_end_counts_up_to_the_records_own_last_change() {
    let read_at = Time(1_000);
    let lost = |ended: i64, changed: i64| {
        let mut deal = Record::new("crm:deal:1".parse().unwrap());
        deal.deal = Some(DealState::Lost);
        deal.memory.ended_at = Some(Time(ended));
        deal.changed_at = Some(Time(changed));
        deal
    };
    let sight = Sight { before: Some(Time(990)), ..Sight::at(read_at) };
    let end = |told: i64, changed: i64| match overlay(Some(&lost(500, 500)), Box::new(lost(told, changed)), ListsCarried::ALL, sight) {
        Merged::Changed(record) => record.memory.ended_at,
        Merged::Same => Some(Time(500)),
    };
    assert_eq!(end(900, 900), Some(Time(900)));
    assert_eq!(end(1_090, 1_090), Some(Time(1_090)), "later than our clock says it is");
    assert_eq!(end(9_000, 900), Some(Time(500)), "an expected end is none");
}

/// A deal that was seen open a second ago is lost with a close date sixty days back, or thirty ahead.
#[test]
fn a_cool_down_begins_no_earlier_than_the_deal_was_last_seen_open() {
    let deal = |state, ended: Option<i64>| {
        let mut deal = Record::new("crm:deal:1".parse().unwrap());
        (deal.deal, deal.memory.ended_at) = (Some(state), ended.map(Time));
        deal
    };
    for (before, told, begins) in [
        (Some(990), Some(10), 990),
        (Some(990), None, 1_000),
        (Some(990), Some(995), 995),
        (Some(990), Some(9_000), 1_000),
        // We were away for long: what the system says is all there is.
        (Some(100), Some(700), 700),
        (None, Some(10), 1_000),
    ] {
        let sight = Sight { before: before.map(Time), ..Sight::at(Time(1_000)) };
        for old in [DealState::Open, DealState::Unknown, DealState::Won] {
            let Merged::Changed(record) = overlay(Some(&deal(old, None)), Box::new(deal(DealState::Lost, told)), ListsCarried::ALL, sight)
            else {
                panic!("it ended")
            };
            assert_eq!(record.memory.ended_at, Some(Time(begins)), "{before:?} {told:?} {old:?}");
        }
    }
    let first = |told| match overlay(None, Box::new(deal(DealState::Lost, told)), ListsCarried::ALL, Sight::at(Time(1_000))) {
        Merged::Changed(record) => record.memory.ended_at,
        Merged::Same => None,
    };
    assert_eq!(first(Some(10)), Some(Time(10)), "never seen open: it ended when the system says");
    assert_eq!(first(Some(9_000)), Some(Time(1_000)), "an end in the future counts as now");
    for (changed, begins) in [(900, 900), (9_000, 1_000)] {
        let mut closed = Record::new("support:ticket:1".parse().unwrap());
        (closed.ticket, closed.changed_at) = (Some(TicketState::Closed), Some(Time(changed)));
        let sight = Sight::at(Time(1_000));
        let Merged::Changed(record) = overlay(None, Box::new(closed), ListsCarried::ALL, sight) else { panic!("it is new") };
        assert_eq!(record.memory.ended_at, Some(Time(begins)), "last changed at {changed}, and no end is told");
    }
}

/// A note was logged at a deal, which nothing that is read shows but the time of its last change.
#[test]
fn a_touch_counts_only_where_it_is_asked_how_long_a_record_was_quiet() {
    let deal = |changed: i64| {
        let mut deal = Record::new("crm:deal:1".parse().unwrap());
        (deal.deal, deal.changed_at) = (Some(DealState::Open), Some(Time(changed)));
        deal
    };
    let seen = |changed: i64, counts_touches: bool| {
        let sight = Sight { counts_touches, ..Sight::at(Time(1_000)) };
        match overlay(Some(&deal(500)), Box::new(deal(changed)), ListsCarried::ALL, sight) {
            Merged::Changed(record) => record.changed_at,
            Merged::Same => None,
        }
    };
    assert_eq!((seen(900, true), seen(900, false), seen(500, true), seen(400, true)), (Some(Time(900)), None, None, None));
}

/// By a clock that was half an hour behind, the entry that a relay had made lay in the future. The record's own editor, or nobody, took the
/// relay's place, and its copy counted as typed.
#[test]
fn who_set_a_field_is_known_though_its_date_is_still_to_come() {
    let (phone, now): (crate::model::Name, Time) = ("phone".into(), Time(1_000));
    for (by_record, by_field, known) in [
        (None, Some(Editor::Relay("sync".into())), Some(Editor::Relay("sync".into()))),
        (Some(Editor::Person), Some(Editor::Relay("sync".into())), Some(Editor::Relay("sync".into()))),
        (Some(Editor::Person), None, Some(Editor::Person)),
        (None, None, None),
    ] {
        let mut known_record = Record::new("crm:person:1".parse().unwrap());
        known_record.set(&phone, Value::text("03-1111-1111"), Time(500));
        let mut seen = Record::new(known_record.id.clone());
        (seen.changed_at, seen.edited_by) = (Some(Time(9_000)), by_record.clone());
        seen.set(&phone, Value::text("03-2222-2222"), Time(9_000));
        seen.fields[0].tell(Time(9_000), by_field.clone());
        seen.first_read(now);
        let Merged::Changed(merged) = overlay(Some(&known_record), Box::new(seen), ListsCarried::ALL, Sight::at(now)) else {
            panic!("it changed")
        };
        let edit = merged.field_of(&phone).and_then(|field| field.last_edit.clone());
        assert_eq!(edit.and_then(|edit| edit.by), known, "{by_record:?} {by_field:?}");
    }
}
