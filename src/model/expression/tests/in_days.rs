//! Days since an end and since the last change, as expressions ask for them.

use super::*;
use crate::model::Span;

/// Asks on day 40 about a deal that was lost on day 10 and changed on day 39, an open one, and one that was won nobody knows when.
fn on_day_40(source: &str) -> Result<bool, EvaluationError> {
    let day = |n: i64| Time(0).plus(Span::days(n));
    let mut lost = deal("1", Some(DealState::Lost), &[]);
    (lost.memory.ended_at, lost.changed_at) = (Some(day(10)), Some(day(39)));
    let mut open = deal("2", Some(DealState::Open), &[]);
    open.changed_at = Some(day(5));
    let won = deal("3", Some(DealState::Won), &[]);
    let mut closed = ticket(TicketState::Closed, "low");
    closed.memory.ended_at = Some(day(33));
    let none = |_: &Name| Ok(None);
    let expression = person(source).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    expression.test(&Facts::person(&declared(), &none, &[&lost, &open, &won], &[&closed], day(40)))
}

#[test]
fn days_are_numbers_that_are_null_while_nobody_can_tell_them() {
    for (source, want) in [
        ("deals.exists(d, d.lost && d.closed_days <= 30)", true),
        ("deals.exists(d, d.lost && d.closed_days < 30)", false),
        ("deals.exists(d, d.open && d.closed_days == null)", true),
        ("deals.exists(d, d.won && d.closed_days <= 30)", false),
        ("deals.exists(d, d.won && d.closed_days > 30)", false),
        ("deals.exists(d, d.open && d.quiet_days == 35)", true),
        ("deals.exists(d, d.lost && d.quiet_days == 1)", true),
        ("deals.exists(d, d.won && d.quiet_days == null)", true),
        ("deals.exists(d, d.closed_days != null && d.closed_days / 7 == 4)", true),
        ("tickets.exists(t, t.closed_days == 7) && tickets.all(t, t.quiet_days == null)", true),
    ] {
        assert_eq!(on_day_40(source), Ok(want), "{source}");
    }
    let errors = person("deals.exists(d, d.closed_days + 1 > 30)").unwrap_err();
    assert!(errors[0].message.contains("may be null; ask first"), "{errors:?}");
}

#[test]
fn it_is_known_which_days_an_expression_asks_for() {
    let lost_long_ago = person("deals.exists(d, d.lost && d.closed_days > 30)").unwrap();
    let quiet = person("tickets.exists(t, t.quiet_days > 3)").unwrap();
    assert!(!lost_long_ago.days_asked().is_none() && !lost_long_ago.days_asked().asks_quiet(Entity::Deal));
    assert!(quiet.days_asked().asks_quiet(Entity::Ticket));
    assert!(person("deals.exists(d, d.lost)").unwrap().days_asked().is_none());
}

/// Time alone would end such a hold, and begin it anew.
#[test]
fn a_hold_asks_for_no_days() {
    for (source, scope, says) in [
        ("deal.lost && deal.closed_days < 30", Scope::Deal, "`after = { lost = \"30d\" }`"),
        ("deal.open && deal.quiet_days < 90", Scope::Deal, "that nothing changed is no end"),
        ("ticket.closed_days < 3", Scope::Ticket, "a hold counts no days"),
        ("ticket['quiet_days'] < 3", Scope::Ticket, "that nothing changed is no end"),
    ] {
        let errors = Expression::compile(source, scope, &declared()).expect_err(source);
        assert!(errors[0].message.contains(says), "{source}: {}", errors[0].message);
    }
}
