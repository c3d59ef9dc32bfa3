use super::*;
use crate::engine::target::habits::Sighting;
use crate::merge::{Circumstances, Leader, UnreadSystems};
use crate::model::{Age, Date, Editor, Field, LastEdit, RecordId};

mod group_play;
mod groups;
mod play;
mod relays;
mod rule_forms;
mod settling;

/// Who wins by a rule without cases.
fn winner_of<'a>(rule: &FieldRule, candidates: &[Candidate<'a>]) -> Winner<'a> {
    let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader: Leader::Nothing, now: Time(9) };
    crate::merge::judge(rule, &by, candidates).winner().unwrap()
}

#[test]
fn a_value_is_an_echo_while_it_is_what_the_target_made_of_ours() {
    let mut shown = Record::new("ma:person:1".parse().unwrap());
    shown.fields = vec![Field::new("phone".into(), Value::Text("03".into()), Time(4))];
    let agreed = |theirs: &str, spent| Agreed {
        theirs: Value::Text(theirs.into()),
        spent,
        ..Agreed::new("phone".into(), Value::Text("+813".into()))
    };
    for (agreed, echo) in
        [(vec![], false), (vec![agreed("03", false)], true), (vec![agreed("03", true)], false), (vec![agreed("06", false)], false)]
    {
        let candidate = candidate(&shown, &"phone".into(), &agreed, &Habits::default()).unwrap();
        assert_eq!((candidate.echo, candidate.age), (echo, Age::until(Time(4))), "{agreed:?}");
    }
    assert!(candidate(&shown, &"plan".into(), &[agreed("03", false)], &Habits::default()).is_none(), "what is not shown is no candidate");
}

/// A person had typed another title elsewhere: what an undo put back was dated by the undo, won as news, and was written over it.
#[test]
fn an_undo_is_no_news() {
    let title: Name = "title".into();
    let mut shown = Record::new("ma:person:1".parse().unwrap());
    let field = Field { after: Some(Time(8)), ..Field::new(title.clone(), Value::text("Clerk"), Time(9)) };
    shown.fields = vec![field.clone()];
    let mut agreed = Agreed { theirs: Value::text("Clerk"), spent: true, ..Agreed::new(title.clone(), Value::text("Chief")) };
    let age = |agreed: &Agreed, shown: &Record| candidate(shown, &title, std::slice::from_ref(agreed), &Habits::default()).unwrap().age;
    assert_eq!(age(&agreed, &shown), field.age(), "somebody's own value came back");
    agreed.staying.park();
    assert_eq!(age(&agreed, &shown), Age::until(Time(9)));
    shown.fields[0].value = Value::text("Director");
    assert_eq!(age(&agreed, &shown), field.age(), "somebody typed another since");
}

#[test]
fn what_somebody_emptied_is_put_back_only_when_it_is_typed_anew_or_is_another_value() {
    let mut record = Record::new("crm:person:1".parse().unwrap());
    let title: Name = "title".into();
    record.set(&title, Value::Empty, Time(50));
    let winner = |value: &str, at: i64| FieldWinner {
        value: Value::text(value),
        typed_after: Time(at),
        rivals: Vec::new(),
        filled: Vec::new(),
        files: Vec::new(),
    };
    assert!(winner("Chief", 9).is_wanted_in(&record, &title, &[], &Habits::default()), "it never held anything");
    record.memory.cleared = vec![(title.clone(), Value::text("Chief"))];
    for (value, typed_at, wanted) in [("Chief", 9, false), ("Chief", 49, false), ("Chief", 50, true), ("Clerk", 9, true)] {
        assert_eq!(winner(value, typed_at).is_wanted_in(&record, &title, &[], &Habits::default()), wanted, "{value} {typed_at}");
    }
    // What the record made of ours was emptied.
    record.memory.cleared = vec![(title.clone(), Value::text("CHIEF"))];
    let agreed = [Agreed { theirs: Value::text("CHIEF"), ..Agreed::new(title.clone(), Value::text("Chief")) }];
    for (value, typed_at, wanted) in [("Chief", 9, false), ("Chief", 51, true), ("Clerk", 9, true)] {
        assert_eq!(winner(value, typed_at).is_wanted_in(&record, &title, &agreed, &Habits::default()), wanted, "{value} {typed_at}");
    }
    // A day that lay in the state as a time.
    record.memory.cleared = vec![(title.clone(), Value::Time(Time(-9 * 3_600_000)))];
    for (day, wanted) in [(0, false), (1, true)] {
        let winner = FieldWinner { value: Value::Date(Date(day)), ..winner("", 9) };
        assert_eq!(winner.is_wanted_in(&record, &title, &[], &Habits::default()), wanted, "{day}");
    }
    record.set(&title, Value::text("Clerk"), Time(60));
    assert!(winner("Chief", 9).is_wanted_in(&record, &title, &[], &Habits::default()), "it is not empty any more");
}

/// A relay had brought the number, which its system keeps with two digits: nothing was ever agreed with the record, and what somebody had
/// emptied there was written again.
#[test]
fn what_a_system_makes_of_a_value_and_somebody_emptied_is_that_value() {
    let (ma, income): (Name, Name) = ("ma".into(), "income".into());
    let mut record = Record::new("ma:person:1".parse().unwrap());
    record.set(&income, Value::Empty, Time(50));
    record.memory.cleared = vec![(income.clone(), Value::Number(16.13))];
    for (kept, wanted) in [(vec![], false), (vec![(1.125, 1.13), (2.127, 2.13), (3.129, 3.13)], false), (vec![(1.125, 1.125)], true)] {
        let mut habits = Habits::default();
        for (idx, (ours, shown)) in (2..).zip(&kept) {
            let (ours, shown) = (Value::Number(*ours), Value::Number(*shown));
            habits.see(&ma, idx, &Sighting { field: income.clone(), ours, shown });
        }
        let of = |value| FieldWinner {
            value: Value::Number(value),
            typed_after: Time(9),
            rivals: Vec::new(),
            filled: Vec::new(),
            files: Vec::new(),
        };
        assert_eq!(of(16.125).is_wanted_in(&record, &income, &[], &habits), wanted, "{kept:?}");
        assert!(of(17.0).is_wanted_in(&record, &income, &[], &habits));
    }
}

/// A lead was read for the first time after the contact's title was cleared, and had had its own for months: it was taken for typed since.
#[test]
fn what_was_there_when_its_record_was_first_read_is_not_typed_anew() {
    let from: RecordId = "ma:person:1".parse().unwrap();
    let value = Value::text("Chief");
    for (after, typed_after) in [(None, Time(0)), (Some(Time(40)), Time(40)), (Some(Time(60)), Time(60))] {
        let candidates = [Candidate::new(&from, &value, Age { after, by: Time(90) })];
        let winner = crate::merge::Winner { value: std::borrow::Cow::Borrowed(&value), from: Some(&from), rivals: Vec::new() };
        let rule = FieldRule::of(crate::merge::rules::Strategy::Only("ma".into()), "precedence.toml:5".into());
        assert_eq!(FieldWinner::of(winner, &candidates, (&rule, RulePart::Otherwise), true).typed_after, typed_after, "{after:?}");
    }
}

#[test]
fn a_rule_that_only_fills_leaves_what_a_record_holds_and_takes_an_ignored_value_for_nothing() {
    let ids: Vec<RecordId> = ["crm:person:1", "ma:person:1", "ma:person:2", "ma:person:3"].map(|id| id.parse().unwrap()).to_vec();
    let values = ["Chief", "Clerk", "不明", ""].map(|text| if text.is_empty() { Value::Empty } else { Value::text(text) });
    let band = crate::merge::rules::Band(vec![Name::from("crm").into()]);
    let order = vec![band];
    for (strategy, wanted) in [(Strategy::Order(order.clone()), [true, true, true]), (Strategy::Fill(order), [false, true, true])] {
        let ignored = crate::merge::ignored::Ignored::of(vec!["不明".into()]);
        let rule = FieldRule { ignored, ..FieldRule::of(strategy, "precedence.toml:5".into()) };
        let candidates: Vec<_> = ids.iter().zip(&values).map(|(id, value)| Candidate::new(id, value, Age::until(Time(1)))).collect();
        let winner = FieldWinner::of(winner_of(&rule, &candidates), &candidates, (&rule, RulePart::Otherwise), false);
        let is_wanted = |id: &RecordId| winner.is_wanted_in(&Record::new(id.clone()), &"title".into(), &[], &Habits::default());
        assert_eq!((winner.value.as_text(), [1, 2, 3].map(|at| is_wanted(&ids[at]))), (Some("Chief"), wanted), "{rule}");
    }
}

/// One number in two forms was told as two.
#[test]
fn who_says_the_same_in_another_form_is_no_rival() {
    let (crm, ma): (RecordId, RecordId) = ("crm:person:1".parse().unwrap(), "ma:person:1".parse().unwrap());
    for (other, is_rival) in [("+81 3-1234-5678", false), ("０３－１２３４－５６７８", false), ("03-1234-5679", true)] {
        let (value, other) = (Value::text("03-1234-5678"), Value::text(other));
        let of = |from, value| Candidate::new(from, value, Age::until(Time(1)));
        let candidates = [of(&crm, &value), of(&ma, &other)];
        let band = crate::merge::rules::Band(["crm", "ma"].map(|system| Name::from(system).into()).into());
        let strategy = crate::merge::rules::Strategy::Order(vec![band]);
        let rule = FieldRule::of(strategy, "precedence.toml:5".into());
        let winner = winner_of(&rule, &candidates);
        assert_eq!((winner.from, winner.rivals.len()), (Some(&crm), usize::from(is_rival)), "{other}");
    }
}

#[test]
fn a_record_keeps_a_value_that_may_be_the_newer_one() {
    let (record, other) = (Record::new("crm:person:1".parse().unwrap()), Record::new("ma:person:1".parse().unwrap()));
    let winner = FieldWinner {
        value: Value::text("Chief"),
        typed_after: Time(0),
        rivals: vec![record.id.clone()],
        filled: Vec::new(),
        files: Vec::new(),
    };
    let is_wanted_in = |record: &Record| winner.is_wanted_in(record, &"title".into(), &[], &Habits::default());
    assert!(!is_wanted_in(&record) && is_wanted_in(&other));
}

#[test]
fn a_winner_names_the_files_that_it_is_out_of() {
    let ids: Vec<RecordId> = ["cards:person:1", "people:person:1", "crm:person:1"].map(|id| id.parse().unwrap()).to_vec();
    let edit = |file: &str| LastEdit { dated: false, by: Some(Editor::InFile(file.into())) };
    let edits = [Some(edit("inbox/cards.csv")), Some(edit("inbox/people.csv")), None];
    let (one, other) = (Value::list(["a"]), Value::list(["b"]));
    let values = [&one, &other, &one];
    let candidate = |at: usize| Candidate { last_edit: edits[at].as_ref(), ..Candidate::new(&ids[at], values[at], Age::until(Time(1))) };
    let candidates = [0, 1, 2].map(candidate);
    let files = |strategy: Strategy| {
        let rule = FieldRule::of(strategy, "precedence.toml:5".into());
        let winner = FieldWinner::of(winner_of(&rule, &candidates), &candidates, (&rule, RulePart::Otherwise), false);
        winner.files.iter().map(|(file, value)| (file.to_string(), value.clone())).collect::<Vec<_>>()
    };
    let (cards, people) = (("inbox/cards.csv".to_string(), one.clone()), ("inbox/people.csv".to_string(), other.clone()));
    assert_eq!(files(Strategy::Only("cards".into())), std::slice::from_ref(&cards));
    assert!(files(Strategy::Only("crm".into())).is_empty(), "the CRM says so too, and nobody asked the list");
    assert_eq!(files(Strategy::Union(["cards", "people", "crm"].map(Name::from).into())), [cards, people]);
}
