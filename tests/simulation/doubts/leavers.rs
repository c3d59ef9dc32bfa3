//! Who left a deal or a ticket: that is no end, and the end of the deal or ticket is theirs too.

use super::place::{NOW, Place, Running, address, at, deal, page, person};
use nayose::connector::{Observed, PageRead, Pass};
use nayose::model::{DealState, Entity, Record, RecordId, Span, TicketState, Time};

const PEOPLE: [(&str, Option<&str>); 3] = [("1", None), ("2", None), ("3", None)];

fn ticket(state: TicketState, people: &[&str], addresses: &[&str]) -> Record {
    let mut ticket = Record::new(RecordId::new("support", Entity::Ticket, "4"));
    ticket.ticket = Some(state);
    ticket.people = people.iter().map(|p| (*p).into()).collect();
    ticket.addresses = addresses.iter().map(|n| at(n)).collect();
    ticket
}

/// Everybody is known to the desk, too.
fn read_all(running: &mut Running) {
    running.read_all(&PEOPLE);
    let users = PEOPLE.iter().map(|(n, _)| person(&format!("support:person:{n}"), &address(n), None)).collect();
    running.pass("support.people", Pass::Sweep, page(users, vec![]));
    running.decide();
}

fn waiting(running: &Running) -> Vec<usize> {
    running.engine.waiting().iter().map(|w| w.count).collect()
}

/// A new process, some minutes later, that has read everybody again.
fn restarted(place: &Place, running: Running) -> Running {
    let now = running.now.plus(Span::minutes(1));
    drop(running);
    let mut running = place.start(now);
    read_all(&mut running);
    running
}

#[test]
fn who_left_a_deal_is_free_when_it_is_seen_to_be_won() {
    for by_association in [false, true] {
        for restart in [false, true] {
            let place = Place::new();
            let mut running = place.start(NOW);
            read_all(&mut running);
            running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1", "2"], None)], vec![]);
            assert_eq!(running.gate("1"), "hold open_deal_person");
            running.later(Span::minutes(1));
            if by_association {
                let people = Observed::DealPeople { deal: "crm:deal:8".parse().unwrap(), people: vec!["2".into()] };
                let told = PageRead { observed: vec![people], ..PageRead::default() };
                running.pass("crm.deal_people", Pass::ForEach(vec!["8".into()]), told);
                running.decide();
            } else {
                running.sweep("crm.deals", vec![deal("8", DealState::Open, &["2"], None)], vec![]);
            }
            assert_eq!((running.gate("1"), waiting(&running)), ("hold open_deal_person".into(), vec![1]), "leaving ends nothing");
            if restart {
                running = restarted(&place, running);
                running.sweep("crm.deals", vec![deal("8", DealState::Open, &["2"], None)], vec![]);
                assert_eq!((running.gate("1"), waiting(&running)), ("hold open_deal_person".into(), vec![1]));
            }
            running.later(Span::minutes(1));
            running.sweep("crm.deals", vec![deal("8", DealState::Won, &["2"], None)], vec![]);
            assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "allow".into()), "{by_association} {restart}");
            assert!(!running.blocks("1") && waiting(&running).is_empty());
        }
    }
}

#[test]
fn who_left_a_deal_that_is_lost_later_cools_down_with_the_others() {
    let place = Place::new();
    let mut running = place.start(NOW);
    read_all(&mut running);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1", "2"], None)], vec![]);
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["2"], None)], vec![]);
    running.later(Span::minutes(1));
    let lost = |ended: Time| {
        let mut deal = deal("8", DealState::Lost, &["2"], None);
        deal.memory.ended_at = Some(ended);
        deal
    };
    let ended = running.now;
    running.sweep("crm.deals", vec![lost(ended)], vec![]);
    assert_eq!((running.gate("1"), running.gate("2")), ("hold cooldown".into(), "hold cooldown".into()));
    assert!(waiting(&running).is_empty(), "it was seen to end: nobody is asked");
    running.later(Span::days(30));
    read_all(&mut running);
    running.sweep("crm.deals", vec![lost(ended)], vec![]);
    assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "allow".into()));
}

#[test]
fn who_left_a_ticket_is_free_when_it_is_seen_to_be_closed() {
    for (first, then) in
        [(ticket(TicketState::Open, &["1"], &[]), (&["2"][..], &[][..])), (ticket(TicketState::Open, &[], &["1"]), (&[], &["2"]))]
    {
        for restart in [false, true] {
            let place = Place::new();
            let mut running = place.start(NOW);
            read_all(&mut running);
            running.sweep("support.tickets", vec![first.clone()], vec![]);
            assert_eq!((running.gate("1"), running.gate("2")), ("hold hold:ticket".into(), "allow".into()));
            running.later(Span::minutes(1));
            running.sweep("support.tickets", vec![ticket(TicketState::Open, then.0, then.1)], vec![]);
            assert_eq!((running.gate("1"), running.gate("2")), ("hold hold:ticket".into(), "hold hold:ticket".into()));
            assert_eq!(waiting(&running), [1], "leaving ends nothing");
            if restart {
                running = restarted(&place, running);
                running.sweep("support.tickets", vec![ticket(TicketState::Open, then.0, then.1)], vec![]);
                assert_eq!((running.gate("1"), waiting(&running)), ("hold hold:ticket".into(), vec![1]));
            }
            running.later(Span::minutes(1));
            running.sweep("support.tickets", vec![ticket(TicketState::Closed, then.0, then.1)], vec![]);
            assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "allow".into()), "{then:?} {restart}");
            assert!(!running.blocks("1") && waiting(&running).is_empty());
        }
    }
}
