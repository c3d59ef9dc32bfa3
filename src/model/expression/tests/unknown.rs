//! What cannot be known: values that cannot be read, deals that may not be all.

use super::*;

/// A field that is asked of as true, false and unknown.
const ATOMS: [(&str, Option<bool>); 3] = [("deal.open", Some(true)), ("deal.won", Some(false)), ("deal.amount > 1000000", None)];

fn open_of_unread_size() -> Record {
    deal("1", Some(DealState::Open), &[("amount", Value::Unreadable), ("stage", Value::Unreadable)])
}

fn asked(source: &str, of: &Record) -> Option<bool> {
    let expression = Expression::compile(source, Scope::Deal, &declared()).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    expression.test(&Facts::deal(of)).ok()
}

#[test]
fn unknown_joins_as_in_kleenes_tables_in_either_order() {
    let deal = open_of_unread_size();
    for ((a, left), (b, right)) in ATOMS.iter().flat_map(|a| ATOMS.iter().map(move |b| (*a, *b))) {
        let and = match (left, right) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (Some(true), Some(true)) => Some(true),
            _ => None,
        };
        let or = match (left, right) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        assert_eq!(asked(&format!("{a} && {b}"), &deal), and, "{a} && {b}");
        assert_eq!(asked(&format!("{a} || {b}"), &deal), or, "{a} || {b}");
        assert_eq!(asked(&format!("!({a})"), &deal), left.map(|l| !l), "!({a})");
    }
}

#[test]
fn whatever_asks_of_a_value_that_cannot_be_read_is_unknown() {
    let deal = open_of_unread_size();
    for source in [
        "deal.amount > 1000000",
        "deal.amount <= 1000000",
        "deal.amount == 1.0",
        "deal.amount != 1.0",
        "deal.amount in [1.0, 2.0]",
        "deal.amount != null && deal.amount * 2.0 > 1.0",
        "deal.stage != null && deal.stage.contains('x')",
        "deal.stage == '提案'",
        "deal.amount > 1.0 ? true : false",
    ] {
        let expression = Expression::compile(source, Scope::Deal, &declared()).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        let told = expression.test(&Facts::deal(&deal)).unwrap_err();
        assert!(matches!(told, EvaluationError::Unreadable(_)), "{source}: {told:?}");
    }
    let told = Expression::compile("deal.amount > 1.0", Scope::Deal, &declared()).unwrap().test(&Facts::deal(&deal)).unwrap_err();
    assert_eq!(told.to_string(), "field `amount` holds something that cannot be read");
}

#[test]
fn a_deal_that_is_seen_to_close_is_not_held_by_an_amount_that_cannot_be_read() {
    let mut closed = open_of_unread_size();
    assert_eq!(asked("deal.open && deal.amount > 1000000", &closed), None);
    closed.deal = Some(DealState::Won);
    assert_eq!(asked("deal.open && deal.amount > 1000000", &closed), Some(false));
    assert_eq!(asked("deal.amount > 1000000 && deal.open", &closed), Some(false));
}

#[test]
fn over_deals_that_may_not_be_all_only_those_at_hand_can_answer() {
    let open = deal("1", Some(DealState::Open), &[("amount", Value::Number(600.0))]);
    let unread = deal("2", Some(DealState::Lost), &[("amount", Value::Unreadable)]);
    let declared = declared();
    let none = |_: &Name| Ok(None);
    let deals = [&open, &unread];
    for (source, all, part) in [
        ("deals.exists(d, d.open)", Some(true), Some(true)),
        ("deals.exists(d, d.won)", Some(false), None),
        ("!deals.exists(d, d.open)", Some(false), Some(false)),
        ("!deals.exists(d, d.won)", Some(true), None),
        ("deals.all(d, d.open)", Some(false), Some(false)),
        ("deals.all(d, !d.won)", Some(true), None),
        ("deals.exists_one(d, d.open)", Some(true), None),
        ("deals.exists_one(d, !d.won)", Some(false), Some(false)),
        ("deals.size() == 2", Some(true), None),
        ("size(deals.filter(d, d.open)) > 0", Some(true), None),
        ("deals.filter(d, d.open).exists(d, d.amount > 500)", Some(true), Some(true)),
        ("'open' in deals.map(d, d.state)", Some(true), Some(true)),
        ("'won' in deals.map(d, d.state)", Some(false), None),
        ("deals.map(d, d.state) == ['open', 'lost']", Some(true), None),
        // Of one the amount cannot be read.
        ("deals.exists(d, d.amount > 500)", Some(true), Some(true)),
        ("deals.exists(d, d.amount > 700)", None, None),
        ("deals.exists(d, d.open && d.amount > 700)", Some(false), None),
        ("tickets.size() == 0", Some(true), Some(true)),
        ("deals.exists(d, d.won) || true", Some(true), Some(true)),
    ] {
        let expression = person(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
        let of = |more| expression.test(&Facts::person(&declared, &none, &deals, &[], Time(0)).with_more(more, false)).ok();
        assert_eq!((of(false), of(true)), (all, part), "{source}");
    }
}

#[test]
fn a_field_that_is_not_known_yet_says_why() {
    let declared = declared();
    let not_read = |name: &Name| Err(EvaluationError::NotRead(name.clone()));
    let score = person("person.score >= 100").unwrap();
    let told = score.test(&Facts::person(&declared, &not_read, &[], &[], Time(0))).unwrap_err();
    assert_eq!(told.to_string(), "field `score` may have another value: not all that counts for it was read");
    let open = person("deals.exists(d, d.open)").unwrap();
    let told = open.test(&Facts::person(&declared, &not_read, &[], &[], Time(0)).with_more(true, true)).unwrap_err();
    assert_eq!(told.to_string(), "there may be more deals than were read");
}
