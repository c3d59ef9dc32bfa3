use super::*;
use proptest::prelude::*;

fn text(text: &str) -> Value {
    Value::text(text)
}

/// A system that showed these in place of ours.
fn shown(pairs: &[(&str, &str)]) -> Habits {
    let mut habits = Habits::default();
    for (idx, (ours, shown)) in pairs.iter().enumerate() {
        habits.see(&"ma".into(), idx as Idx, &Sighting { field: "title".into(), ours: text(ours), shown: text(shown) });
    }
    habits
}

fn judge(habits: &Habits, ours: &str, shown: &str) -> TakenFor {
    habits.judge(&"ma".into(), &"title".into(), &text(ours), &text(shown))
}

#[test]
fn what_was_done_to_several_values_is_the_systems_and_to_one_alone_nobody_knows() {
    let lower = [("Chief", "chief"), ("Clerk", "clerk"), ("Boss", "boss")];
    let cut = [("Vice President", "Vice Presi"), ("Head of Sales", "Head of Sa"), ("Accountant General", "Accountant")];
    for (pairs, ours, is, want) in [
        (&[][..], "Chief", "Chief", TakenFor::Form),
        (&[], "Chief", "chief", TakenFor::Doubtful),
        (&[], "R&D", "R&amp;D", TakenFor::Form),
        (&[], "Chief", "Boss", TakenFor::Other),
        (&lower[..2], "Head", "head", TakenFor::Doubtful),
        (&lower, "Head", "head", TakenFor::Form),
        (&lower, "Head", "HEAD", TakenFor::Doubtful),
        (&[lower[0], lower[0], lower[0]], "Head", "head", TakenFor::Doubtful),
        // Somebody mended one where all others are kept.
        (&[("Head", "Head")], "Chief", "chief", TakenFor::Typed),
        (&[("head", "head")], "Chief", "chief", TakenFor::Doubtful),
        (&[lower[0], lower[1], lower[2], ("Head", "Head")], "Chief", "chief", TakenFor::Doubtful),
        (&cut, "Director of Research", "Director o", TakenFor::Form),
        // It cuts, but not there.
        (&cut, "Director of Research", "Direct", TakenFor::Doubtful),
        (&[cut[0], cut[1], cut[2], ("Head of us", "Head of us")], "Director of Research", "Direct", TakenFor::Typed),
        (&[("Vice President of Sales", "Vice President of Sales")], "Director of Research", "Director", TakenFor::Typed),
        (&[("Vice", "Vice")], "Director of Research", "Director", TakenFor::Doubtful),
        // Some cut between words: another would have made it longer than what was kept.
        (&[("Director", "Director")], "Head of Research", "Head of", TakenFor::Doubtful),
        // Of both, each must be known.
        (&lower, "Vice President", "vice presi", TakenFor::Doubtful),
        (&[&lower[..], &cut].concat(), "Vice President", "vice presi", TakenFor::Doubtful),
    ] {
        assert_eq!(judge(&shown(pairs), ours, is), want, "{pairs:?}: {ours} {is}");
    }
}

#[test]
fn what_no_system_is_known_to_make_is_in_doubt_where_it_is_like_ours() {
    for (ours, is, want) in [
        ("髙橋", "?橋", TakenFor::Doubtful),
        ("Chief", "Chief of us", TakenFor::Doubtful),
        ("Chief", "Boss", TakenFor::Other),
        ("山田", "Yamada", TakenFor::Other),
        ("Chief", "", TakenFor::Other),
        ("", "Web", TakenFor::Other),
    ] {
        for pairs in [&[][..], &[("Head", "Head")], &[("佐藤", "佐藤")]] {
            let taken = shown(pairs).judge_shown(&"ma".into(), &"title".into(), &text(ours), &text(is));
            assert_eq!(taken, want, "{pairs:?}: {ours} {is}");
        }
    }
}

#[test]
fn a_field_escapes_once_it_did_so_to_several_values_and_kept_none() {
    let of = |pairs: &[(&str, &str)]| shown(pairs).escapes(&"ma".into(), &"title".into());
    let escaped = [("R&D", "R&amp;D"), ("Q&A", "Q&amp;A"), ("<b>", "&lt;b&gt;")];
    assert!(of(&escaped) && !of(&escaped[..2]) && !of(&[escaped[0], escaped[0], escaped[0]]));
    assert!(!of(&[escaped[0], escaped[1], escaped[2], ("A&B", "A&B")]));
    assert!(of(&[("r&d", "R&amp;D"), ("<q&a>", "<Q&amp;A>"), ("m&a", "M&amp;A")]), "whatever else is done");
    assert!(!of(&[("R&amp;D", "R&amp;D"), ("Q&amp;A", "Q&amp;A"), ("a&amp;b", "a&amp;b")]), "so it was given them");
}

#[test]
fn who_is_in_doubt_is_looked_at_again_with_each_value_until_it_is_clear() {
    let mut habits = Habits::default();
    let (ma, title): (Name, Name) = ("ma".into(), "title".into());
    let mut see = |idx, ours, shown| habits.see(&ma, idx, &Sighting { field: title.clone(), ours: text(ours), shown: text(shown) });
    let learnt = |doubtful: &[Idx], is_news| Learnt { doubtful: doubtful.to_vec(), is_news };
    assert_eq!(see(1, "Chief", "chief"), learnt(&[1], true));
    assert_eq!(see(2, "Head", "Head"), learnt(&[1], true));
    assert_eq!(see(2, "Head", "Head"), learnt(&[1], false), "nothing more is known by it");
    habits.is_clear(&ma, &title, 1);
    assert_eq!(habits.see(&ma, 3, &Sighting { field: title.clone(), ours: text("Boss"), shown: text("Boss") }), learnt(&[], false));
    habits.forget(&ma);
    assert_eq!(habits.judge(&ma, &title, &text("Chief"), &text("chief")), TakenFor::Doubtful);
}

fn sightings() -> impl Strategy<Value = Vec<(Value, Value)>> {
    let words = ["Vice President of Sales", "Chief", "R&D", "Clerk", "head of us", "Acme, Inc.", "営業本部長"];
    let value = || proptest::sample::select(words.to_vec());
    let ways: [fn(&str) -> String; 6] = [
        str::to_string,
        str::to_lowercase,
        |text| text.chars().take(4).collect(),
        |text| text.replace('&', "&amp;"),
        |text| text.replace(',', ""),
        |_| "other".into(),
    ];
    proptest::collection::vec(
        (value(), proptest::sample::select(ways.to_vec())).prop_map(|(ours, way)| (text(ours), text(&way(ours)))),
        0..10,
    )
}

proptest! {
    /// The same values in any order teach the same.
    #[test]
    fn what_is_learnt_does_not_hang_on_the_order(mut seen in sightings(), asked in sightings(), turned in any::<bool>()) {
        let learnt = |seen: &[(Value, Value)]| {
            let mut habits = Habits::default();
            for (idx, (ours, shown)) in seen.iter().enumerate() {
                habits.see(&"ma".into(), idx as Idx, &Sighting { field: "title".into(), ours: ours.clone(), shown: shown.clone() });
            }
            asked.iter().map(|(ours, shown)| habits.judge(&"ma".into(), &"title".into(), ours, shown)).collect::<Vec<_>>()
        };
        let before = learnt(&seen);
        if turned { seen.reverse() } else { let half = seen.len() / 2; seen.rotate_left(half) }
        prop_assert_eq!(learnt(&seen), before);
    }

    /// A system that keeps everything is never thought to change anything: whatever a person makes of a value there is theirs, or in doubt.
    #[test]
    fn of_a_system_that_keeps_all_nothing_is_taken_for_its_form(kept in sightings(), typed in sightings()) {
        let mut habits = Habits::default();
        for (idx, (ours, _)) in kept.iter().enumerate() {
            habits.see(&"ma".into(), idx as Idx, &Sighting { field: "title".into(), ours: ours.clone(), shown: ours.clone() });
        }
        for (ours, shown) in typed.iter().filter(|(ours, shown)| !ours.says_the_same(shown)) {
            prop_assert_ne!(habits.judge(&"ma".into(), &"title".into(), ours, shown), TakenFor::Form);
        }
    }
}

/// A process ended between the second value and the third: the first two stayed in doubt for ever.
#[test]
fn who_was_in_doubt_before_this_process_is_looked_at_again_too() {
    let mut habits = Habits::default();
    let (ma, title): (Name, Name) = ("ma".into(), "title".into());
    let sighting = |ours: &str| Sighting { field: title.clone(), ours: text(ours), shown: text(&ours.to_lowercase()) };
    habits.restore(&ma, 1, &sighting("Chief"));
    habits.restore(&ma, 2, &sighting("Head"));
    assert_eq!(habits.see(&ma, 3, &sighting("Boss")).doubtful, [1, 2]);
    assert_eq!(habits.judge(&ma, &title, &text("Chief"), &text("chief")), TakenFor::Form);
}
