use super::*;
use crate::merge::ignored::Ignored;
use crate::merge::judge::{explain, judge};
use crate::merge::judgment::{Circumstances, Leader, Unknown, UnreadSystems};
use crate::merge::rules::{Band, IGNORED, RulePart, Strategy};
use crate::model::{Editor, LastEdit, Name, Time};

/// A field as a record shows it: its value, when it was set, and what it is beside that.
#[derive(Clone)]
struct Shown(Value, i64, Beside);

#[derive(Clone, PartialEq)]
enum Beside {
    None,
    /// We wrote it; the record shows a form of that.
    Ours(Value),
    Emptied,
    Copied,
}

fn own(text: &str, at: i64) -> Shown {
    Shown(Value::text(text), at, Beside::None)
}

fn ours(shows: &str, wrote: &str, at: i64) -> Shown {
    Shown(Value::text(shows), at, Beside::Ours(Value::text(wrote)))
}

fn beside(shown: Shown, beside: Beside) -> Shown {
    Shown(shown.0, shown.1, beside)
}

fn blank() -> Shown {
    Shown(Value::Empty, 1, Beside::None)
}

/// What a record offers of a field.
fn candidate<'a>(id: &'a RecordId, shown: &'a Option<Shown>, relay: &'a LastEdit) -> Option<Candidate<'a>> {
    let Shown(value, at, beside) = shown.as_ref()?;
    let at = Age { after: Some(Time(at - 1)), by: Time(*at) };
    let mut candidate = Candidate { cleared: *beside == Beside::Emptied, ..Candidate::new(id, value, at) };
    if let Beside::Ours(ours) = beside {
        (candidate.echo, candidate.ours) = (true, Some(ours));
    }
    candidate.last_edit = (*beside == Beside::Copied).then_some(relay);
    Some(candidate)
}

/// What a field comes to, with what became of each candidate.
type ToldOfField = (Result<Option<String>, Unknown>, Vec<&'static str>);

/// What street and city come to, with what became of each: of the CRM's and the MA's.
fn judged(rule: &FieldRule, crm: [Option<Shown>; 2], ma: [Option<Shown>; 2]) -> [ToldOfField; 2] {
    let ids: [RecordId; 2] = ["crm:person:1", "ma:person:1"].map(|id| id.parse().unwrap());
    let relay = LastEdit { dated: false, by: Some(Editor::Relay("sync".into())) };
    let of_field = |field: usize| -> Vec<Candidate<'_>> {
        ids.iter().zip([&crm[field], &ma[field]]).filter_map(|(id, shown)| candidate(id, shown, &relay)).collect()
    };
    let fields = [(rule, of_field(0)), (rule, of_field(1))];
    let leader = Leader::Group(GroupOffers::of(&fields));
    let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader, now: Time(99) };
    [0, 1].map(|field| {
        let (judgment, judged) = explain(rule, &by, &fields[field].1);
        assert_eq!(judgment, judge(rule, &by, &fields[field].1));
        let said = judgment.known().map(|winner| winner.map(|winner| winner.value.to_string()));
        (said, judged.iter().map(|judged| judged.why).collect())
    })
}

fn newest() -> FieldRule {
    FieldRule::of(Strategy::Newest(["crm", "ma"].map(Name::from).into()), "precedence.toml:3".into())
}

fn ranked() -> FieldRule {
    let bands = ["crm", "ma"].map(|name| Band(vec![Name::from(name).into()])).into();
    FieldRule::of(Strategy::Order(bands), "precedence.toml:3".into())
}

fn clears(rule: FieldRule) -> FieldRule {
    FieldRule { blank: Blank::Clears, ..rule }
}

#[test]
fn all_fields_are_from_the_record_whose_group_wins() {
    let crm = |city: Option<Shown>| [Some(own("a", 5)), city];
    let ma = || [Some(own("m", 3)), Some(own("n", 9))];
    let ignoring = FieldRule { ignored: Ignored::of(vec!["b".into()]), ..ranked() };
    let wins = FieldRule { blank: Blank::Wins, ..ranked() };
    let all_ours = [Some(ours("a", "a", 4)), Some(ours("b", "b", 4))];
    let copied = [Some(beside(own("m", 8), Beside::Copied)), Some(beside(own("n", 9), Beside::Copied))];
    for (what, rule, crm, ma, street, city) in [
        ("the order", ranked(), crm(Some(own("b", 5))), ma(), "a", "b"),
        // Its newest part tells how old a group is.
        ("the newest part", newest(), crm(Some(own("b", 5))), ma(), "m", "n"),
        ("what it does not hold is nobody else's", ranked(), crm(Some(blank())), ma(), "a", "-"),
        ("what it does not hold is emptied", clears(ranked()), crm(Some(blank())), ma(), "a", "(empty)"),
        ("what it does not show erases nothing", clears(ranked()), crm(None), ma(), "a", "-"),
        ("what was never set is passed over", wins.clone(), crm(Some(blank())), ma(), "a", "-"),
        ("what somebody emptied counts", wins, crm(Some(beside(blank(), Beside::Emptied))), ma(), "a", "(empty)"),
        ("an ignored part", ignoring.clone(), crm(Some(own("b", 5))), ma(), "a", "-"),
        ("an ignored part is emptied", clears(ignoring), crm(Some(own("b", 5))), ma(), "a", "(empty)"),
        ("a group without any value", clears(ranked()), [Some(blank()), Some(blank())], ma(), "m", "n"),
        ("one part is enough", ranked(), [Some(blank()), Some(own("b", 5))], ma(), "-", "b"),
        // Our own write is no news, but goes along with what is, as we wrote it.
        ("all of it ours", newest(), all_ours.clone(), [Some(own("m", 1)), Some(own("n", 1))], "m", "n"),
        ("ours beside news", newest(), [Some(own("x", 9)), Some(ours("B", "b", 20))], [Some(own("m", 6)), Some(own("n", 6))], "x", "b"),
        ("ours is not as old as news", newest(), [Some(own("x", 5)), Some(ours("b", "b", 20))], [Some(own("m", 8)), None], "m", "-"),
        ("nobody else says anything", ranked(), all_ours, [None, None], "-", "-"),
        ("a copy", newest(), crm(Some(own("b", 5))), copied, "a", "b"),
    ] {
        let [(is_street, _), (is_city, _)] = judged(&rule, crm, ma);
        let said = |said: Result<Option<String>, Unknown>| said.map(|said| said.unwrap_or("-".into()));
        assert_eq!((said(is_street), said(is_city)), (Ok(street.into()), Ok(city.into())), "{what}");
    }
}

#[test]
fn an_address_of_which_a_part_cannot_be_read_is_not_told_at_all() {
    let torn = [Some(own("a", 5)), Some(Shown(Value::Unreadable, 5, Beside::None))];
    let [(street, _), (city, _)] = judged(&ranked(), torn.clone(), [Some(own("m", 9)), Some(own("n", 9))]);
    assert_eq!((street, city), (Err(Unknown::Unreadable), Err(Unknown::Unreadable)));
    let [(street, _), (city, _)] = judged(&newest(), torn, [Some(own("m", 9)), Some(own("n", 9))]);
    assert_eq!((street, city), (Ok(Some("m".into())), Ok(Some("n".into()))), "it is out of date");
}

#[test]
fn what_became_of_a_group_is_told_of_each_field() {
    let rule = FieldRule { ignored: Ignored::of(vec!["b".into()]), ..ranked() };
    let ma = || [Some(own("m", 9)), Some(own("n", 9))];
    for (city, why) in [(own("c", 5), "highest rank"), (blank(), BLANK), (own("b", 5), IGNORED)] {
        let [(_, street), (_, city)] = judged(&rule, [Some(own("a", 5)), Some(city)], ma());
        assert_eq!((street, city), (vec!["highest rank", "lower rank"], vec![why, "lower rank"]));
    }
    let [(_, street), _] = judged(&rule, [Some(ours("a", "a", 5)), None], ma());
    assert_eq!(street, ["our own write", "highest rank"]);
    let [(_, street), _] = judged(&rule, [Some(blank()), Some(own("b", 5))], ma());
    assert_eq!(street, [IGNORED, "highest rank"]);
}

/// Typed, the city would be newer than the CRM's address: nobody can tell, and it stays.
#[test]
fn a_group_in_which_something_may_be_typed_is_left_as_it_is() {
    let ids: [RecordId; 2] = ["crm:person:1", "ma:person:1"].map(|id| id.parse().unwrap());
    let (a, b, m, n) = (Value::text("a"), Value::text("b"), Value::text("m"), Value::text("n"));
    let at = |at: i64| Age { after: Some(Time(at - 1)), by: Time(at) };
    let rule = newest();
    for (doubtful_at, is_rival) in [(9, true), (3, false)] {
        let mut city = Candidate { echo: true, ours: Some(&b), ..Candidate::new(&ids[1], &n, at(doubtful_at)) };
        city.habits.is_doubtful = true;
        let streets = vec![Candidate::new(&ids[0], &a, at(5)), Candidate::new(&ids[1], &m, at(2))];
        let fields = [(&rule, streets), (&rule, vec![Candidate::new(&ids[0], &b, at(5)), city])];
        let offers = GroupOffers::of(&fields);
        let leader = Leader::Group(offers.clone());
        let by = Circumstances { part: RulePart::Otherwise, unread: UnreadSystems::default(), leader, now: Time(99) };
        let winner = judge(&rule, &by, &fields[0].1).winner().unwrap();
        assert_eq!((winner.from, winner.rivals.contains(&&ids[1])), (Some(&ids[0]), is_rival));
        assert_eq!(offers.holding_another(&ids[0]), [ids[1].clone()]);
        let mut alone = offers;
        alone.retain(|from| *from.system == *"ma");
        assert_eq!(alone.wholes().iter().map(|whole| whole.from).collect::<Vec<_>>(), [&ids[1]]);
    }
}
