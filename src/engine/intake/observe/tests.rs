//! What an observation brings, and what it says nothing of.

use super::*;

fn deal() -> Record {
    Record::new("crm:deal:7".parse().unwrap())
}

#[test]
fn a_record_that_comes_twice_in_one_pass_was_looked_at_before_in_it() {
    for (seen_until, twice, want) in [
        (None, false, None),
        (Some(40), false, Some(40)),
        (Some(140), false, Some(100)),
        (None, true, Some(100)),
        (Some(40), true, Some(100)),
    ] {
        let sight = sight(Time(100), seen_until.map(Time), twice);
        assert_eq!((sight.at, sight.before), (Time(100), want.map(Time)), "{seen_until:?} {twice}");
    }
}

#[test]
fn only_an_end_after_the_known_one_is_another() {
    for (known, told, want) in
        [(None, None, false), (Some(5), None, false), (None, Some(5), true), (Some(4), Some(5), true), (Some(5), Some(5), false)]
    {
        let mut new = deal();
        new.memory.ended_at = told.map(Time);
        assert_eq!(ends_later(|| known.map(Time), &new), want, "{known:?} {told:?}");
    }
}

#[test]
fn people_are_asked_for_where_nobody_is_known_something_changed_or_they_are_to_be_proved() {
    let (nobody, somebody) = (deal(), Record { people: vec!["5".into()], ..deal() });
    let changed = Merged::Changed(Box::new(deal()));
    for (old, merged, carries, want) in [
        (None, &changed, false, true),
        (Some(&nobody), &Merged::Same, false, true),
        (Some(&somebody), &Merged::Same, false, false),
        (Some(&somebody), &changed, false, true),
        (Some(&somebody), &Merged::Same, true, true),
    ] {
        assert_eq!(needs_people(old, merged, carries), want, "{old:?} {merged:?} {carries}");
    }
}

#[test]
fn a_deal_is_emptied_also_where_an_answer_before_did_it() {
    let mut past = deal();
    past.memory.past_people = vec!["5".into()];
    let present = Record { people: vec!["5".into()], ..deal() };
    assert!(is_emptied(&present, &[]) && is_emptied(&past, &[]) && !is_emptied(&deal(), &[]));
    assert!(!is_emptied(&present, &["6".into()]));
}
