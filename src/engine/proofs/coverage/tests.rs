use super::*;
use crate::model::Entity;
use crate::model::RecordId;

fn covered(system: &str, people: Extent, deals: Option<Extent>, tickets: Option<Extent>) -> Covered {
    let extents = [(Some(people), "people"), (deals, "deals"), (tickets, "tickets")];
    let gaps = extents.into_iter().filter_map(|(extent, stream)| {
        let at = match extent? {
            Extent::Whole => return None,
            Extent::Stale => Some(Time(0)),
            Extent::Never => None,
        };
        Some((format!("{system}.{stream}"), at))
    });
    Covered { system: system.into(), people, deals, tickets, accounts: None, gaps: gaps.collect(), read_otherwise: Vec::new() }
}

fn of(systems: &[&str]) -> Vec<Record> {
    systems.iter().map(|s| Record::new(RecordId::new(*s, Entity::Person, "1"))).collect()
}

use Extent::{Never, Stale, Whole};

#[test]
fn what_was_never_read_may_concern_anybody_and_what_is_stale_those_whom_the_system_knows() {
    for (crm_people, crm_deals, desk_people, tickets, records, want_deals, want_tickets) in [
        (Whole, Whole, Whole, Whole, &["crm", "ma"][..], Whole, Whole),
        (Whole, Never, Whole, Whole, &["ma"], Never, Whole),
        (Never, Whole, Whole, Whole, &["ma"], Never, Whole),
        (Whole, Stale, Whole, Whole, &["crm"], Stale, Whole),
        (Whole, Stale, Whole, Whole, &["ma"], Whole, Whole),
        (Stale, Whole, Whole, Whole, &["crm"], Stale, Whole),
        (Stale, Whole, Whole, Whole, &["ma"], Whole, Whole),
        // A ticket may name an address alone.
        (Whole, Whole, Whole, Stale, &["ma"], Whole, Stale),
        (Whole, Whole, Stale, Whole, &["ma"], Whole, Whole),
        (Whole, Whole, Never, Whole, &["ma"], Whole, Never),
    ] {
        let coverage = Coverage(vec![covered("crm", crm_people, Some(crm_deals), None), covered("desk", desk_people, None, Some(tickets))]);
        let gaps = coverage.gaps(&of(records));
        assert_eq!((gaps.deals, gaps.tickets), (want_deals, want_tickets), "{coverage:?} {records:?}");
        let sure = gaps.without_stale();
        assert!(!sure.has_stale() && sure.unread().stale.is_empty() && sure.deals != Stale && sure.tickets != Stale);
    }
    let coverage = Coverage(vec![covered("crm", Stale, None, None), covered("desk", Never, None, None), covered("ma", Whole, None, None)]);
    let gaps = coverage.gaps(&of(&["crm", "ma"]));
    assert_eq!((gaps.unread().never, gaps.unread().stale), (&["desk".into()][..], &["crm".into()][..]));
    assert!(coverage.gaps(&of(&["ma"])).unread().stale.is_empty());
}

#[test]
fn accounts_of_a_system_concern_whom_it_knows_and_anybody_while_its_people_are_not_read() {
    for (people, accounts, records, never, stale) in [
        (Whole, Some(Whole), &["crm"][..], false, false),
        (Whole, Some(Never), &["crm"], true, false),
        (Whole, Some(Never), &["ma"], false, false),
        (Whole, Some(Stale), &["crm"], false, true),
        (Stale, Some(Whole), &["crm"], false, true),
        (Stale, Some(Whole), &["ma"], false, false),
        (Never, Some(Whole), &["ma"], true, false),
        (Never, None, &["crm"], false, false),
    ] {
        let gaps = vec![("crm.companies".to_string(), None)];
        let coverage = Coverage(vec![Covered { accounts, gaps, ..covered("crm", people, None, None) }]);
        let gaps = coverage.gaps(&of(records));
        let found = (!gaps.unread_accounts().never.is_empty(), !gaps.unread_accounts().stale.is_empty());
        assert_eq!(found, (never, stale), "{coverage:?} {records:?}");
        assert_eq!(gaps.has_stale(), stale || !gaps.unread().stale.is_empty());
        assert!(gaps.without_stale().unread_accounts().stale.is_empty());
    }
    let of = |accounts| Coverage(vec![Covered { accounts: Some(accounts), ..covered("crm", Whole, None, None) }]);
    assert!(of(Whole).is_better_than(&of(Never)) && !of(Never).is_better_than(&of(Whole)));
}

#[test]
fn only_what_is_known_better_is_looked_at_again() {
    let at = |people, deals| Coverage(vec![covered("crm", people, Some(deals), None)]);
    for (before, now, better) in [
        ((Whole, Whole), (Whole, Whole), false),
        ((Whole, Never), (Whole, Whole), true),
        ((Whole, Never), (Whole, Stale), true),
        ((Stale, Whole), (Whole, Never), true),
        ((Whole, Whole), (Stale, Stale), false),
    ] {
        assert_eq!(at(now.0, now.1).is_better_than(&at(before.0, before.1)), better, "{before:?} {now:?}");
    }
    assert!(Coverage::default().is_better_than(&at(Never, Whole)), "a system that was waited for is no more");
    assert!(!at(Whole, Whole).is_better_than(&Coverage::default()));
}

#[test]
fn what_is_waited_for_is_told_by_stream() {
    assert_eq!(Coverage(vec![covered("crm", Whole, Some(Whole), None)]).told(), None);
    let told = Coverage(vec![covered("crm", Never, Some(Stale), None), covered("desk", Whole, None, Some(Never))]).told().unwrap();
    assert_eq!(
        told,
        "not read to the end yet since this state was begun: crm.people, desk.tickets; not read to the end lately: crm.deals (last at 1970-01-01T00:00:00Z)"
    );
}
