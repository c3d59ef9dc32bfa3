//! What we write into a lead, and what somebody else makes of it.

use super::place::{NOW, Place, Running, address, deal, person};
use nayose::connector::{Outcome, PageRead, Pass, WriteOp};
use nayose::model::{DealState, Mark, Record, Span, Value};

const PEOPLE: [(&str, Option<&str>); 2] = [("1", None), ("2", None)];
const HOLD: &str = "hold = { block = true, permit = \"ok_until\", lease = \"7d\" }";

/// Nothing but stop marks is written, and what is asked for beside them.
fn place(writes: &str, more: &str) -> Place {
    let place = Place::with(|policy| policy.replace("[status]\n", "[status]\nopportunity = 'deals.exists(d, d.open)'\n"));
    place.of_systems(HOLD, &format!("hold = {{ block = true{more} }}")).of_systems("writes = [\"hold\"]", writes)
}

/// 1 and 2 are on an open deal, and their leads bear our stop marks.
fn held(place: &Place) -> Running {
    let mut running = place.start(NOW);
    running.engine.approve("ma", false, "tests", NOW).unwrap();
    running.read_all(&PEOPLE);
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1", "2"], None)], vec![]);
    let sent = running.deliver(|_| Outcome::Applied);
    assert_eq!(blocks(&sent), ["1 true", "2 true"]);
    running.later(Span::minutes(1));
    running
}

fn ends(running: &mut Running) {
    running.sweep("crm.deals", vec![deal("8", DealState::Won, &["1", "2"], None)], vec![]);
    assert_eq!((running.gate("1"), running.gate("2")), ("allow".into(), "allow".into()));
}

/// The leads as the system shows them.
fn show(running: &mut Running, marks: [&[(Mark, Value)]; 2]) {
    let lead = |n: &str, marks: &[(Mark, Value)]| -> Record {
        let mut lead = person(&format!("ma:person:{n}"), &address(n), None);
        marks.iter().for_each(|(mark, value)| lead.set_mark(mark.clone(), value.clone()));
        lead
    };
    running.sweep("ma.people", vec![lead("1", marks[0]), lead("2", marks[1])], vec![]);
}

fn blocks(sent: &[WriteOp]) -> Vec<String> {
    let mut found: Vec<String> = sent.iter().filter_map(|op| Some(format!("{} {}", op.record.id, op.change.block?))).collect();
    found.sort();
    found
}

const OURS: (Mark, Value) = (Mark::Block, Value::Bool(true));
const GONE: (Mark, Value) = (Mark::Block, Value::Bool(false));

#[test]
fn a_third_value_in_the_place_of_our_block_is_theirs_and_stays_when_the_hold_ends() {
    for then in [Some(OURS), None] {
        let place = place("writes = [\"hold\"]", "");
        let mut running = held(&place);
        let vip = (Mark::Block, Value::text("vip"));
        show(&mut running, [std::slice::from_ref(&vip), &[OURS]]);
        assert_eq!(running.deliver(|_| Outcome::Applied), [], "nobody's word is written over");
        assert_eq!((running.gate("1"), running.blocks("1")), ("hold open_deal_person".into(), false));
        running.later(Span::minutes(1));
        if let Some(then) = then {
            // By their own hand it is what we write by now.
            show(&mut running, [&[then], &[OURS]]);
            running.later(Span::minutes(1));
        }
        ends(&mut running);
        assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["2 false"]);
        // Where they take it away, and a hold begins anew, it is ours again.
        running.later(Span::minutes(1));
        show(&mut running, [&[GONE], &[GONE]]);
        running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1", "2"], None)], vec![]);
        assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["1 true", "2 true"]);
        running.later(Span::minutes(1));
        ends(&mut running);
        assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["1 false", "2 false"]);
    }
}

#[test]
fn a_block_that_became_theirs_is_not_ours_after_the_state_was_lost() {
    let place = place("writes = [\"hold\"]", "");
    let mut running = held(&place);
    show(&mut running, [&[(Mark::Block, Value::text("vip"))], &[OURS]]);
    drop(running);
    place.lose_store();
    let mut running = place.start(NOW.plus(Span::minutes(3)));
    // By their own hand it is what we write by now.
    show(&mut running, [&[OURS], &[OURS]]);
    let contacts = PEOPLE.iter().map(|(n, _)| person(&format!("crm:person:{n}"), &address(n), None)).collect();
    running.sweep("crm.people", contacts, vec![]);
    for stream in ["support.people", "support.tickets", "crm.companies"] {
        running.sweep(stream, vec![], vec![]);
    }
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1", "2"], None)], vec![]);
    running.pass("crm.deal_people", Pass::ForEach(vec![]), PageRead::default());
    running.decide();
    assert_eq!((running.gate("1"), running.deliver(|_| Outcome::Applied)), ("hold open_deal_person".into(), vec![]));
    running.later(Span::minutes(1));
    ends(&mut running);
    assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["2 false"]);
}

/// A target began to show `[]` where our stop marks stand.
#[test]
fn a_block_that_cannot_be_read_is_written_again_and_ours_as_before() {
    let place = place("writes = [\"hold\"]", "");
    let mut running = held(&place);
    show(&mut running, [&[(Mark::Block, Value::Unreadable)], &[OURS]]);
    assert!(running.because().contains("1 hold is not written to ma yet"), "{}", running.because());
    assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["1 true"]);
    running.later(Span::minutes(1));
    show(&mut running, [&[OURS], &[OURS]]);
    ends(&mut running);
    assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["1 false", "2 false"]);
}

#[test]
fn a_block_that_is_taken_away_again_and_again_is_told_until_it_stands() {
    let place = place("writes = [\"hold\"]", "");
    let mut running = held(&place);
    let told = "1 record loses the block that we set again and again";
    let mut writes = 0;
    for minute in 0..10 {
        assert_eq!(running.because().contains(told), writes >= 3, "{minute}: {}", running.because());
        show(&mut running, [&[GONE], &[OURS]]);
        writes += running.deliver(|_| Outcome::Applied).len();
        running.later(Span::minutes(1));
    }
    assert!(running.because().contains(told) && running.because().contains("nayose connector try ma"), "{}", running.because());
    assert!((4..7).contains(&writes), "set again each minute at first, then more rarely: {writes}");
    assert!(running.because().contains("1 hold is not written to ma yet"), "{}", running.because());
    // Whatever took it away does so no more.
    show(&mut running, [&[OURS], &[OURS]]);
    assert!(!running.because().contains("holds are not written"), "{}", running.because());
    running.later(Span::minutes(1));
    assert!(running.because().contains(told), "a look later it may be gone again: {}", running.because());
    running.later(Span::days(1));
    running.decide();
    assert!(!running.because().contains(told), "{}", running.because());
}

#[test]
fn reason_codes_that_somebody_sets_back_are_not_written_for_ever() {
    let place = place("writes = [\"hold\"]", ", why = \"nayose_why\"");
    let mut running = held(&place);
    let theirs = [OURS, (Mark::Why, Value::text("cooldown"))];
    let ours = [OURS, (Mark::Why, Value::text("open_deal_person"))];
    let mut written = Vec::new();
    for _ in 0..10 {
        show(&mut running, [&theirs, &ours]);
        written.extend(running.deliver(|_| Outcome::Applied).into_iter().map(|op| (op.record.to_string(), op.change.why, op.change.block)));
        running.later(Span::minutes(1));
    }
    assert_eq!(written, vec![("ma:person:1".to_string(), Some("open_deal_person".to_string()), None); 3]);
    assert!(!running.blocks("1"));
    // Other codes are another matter.
    let mut ticket = Record::new("support:ticket:4".parse().unwrap());
    (ticket.ticket, ticket.addresses) = (Some(nayose::model::TicketState::Open), vec![super::place::at("1")]);
    running.sweep("support.tickets", vec![ticket], vec![]);
    let more: Vec<Option<String>> = running.deliver(|_| Outcome::Applied).into_iter().map(|op| op.change.why).collect();
    assert_eq!(more, [Some("open_deal_person,hold:ticket".to_string())]);
}

/// Who wants a lead to stay suspended says so in the only place there is.
#[test]
fn a_block_with_a_reason_in_own_words_is_neither_written_over_nor_lifted() {
    let place = place("writes = [\"hold\"]", ", why = \"nayose_why\"");
    let mut running = held(&place);
    let ours = [OURS, (Mark::Why, Value::text("open_deal_person"))];
    show(&mut running, [&[OURS, (Mark::Why, Value::text("手動停止"))], &ours]);
    assert!(running.deliver(|_| Outcome::Applied).is_empty(), "a reason was written over theirs");
    assert!(running.because().contains("1 block that we set was given somebody's own words"), "{}", running.because());
    ends(&mut running);
    assert_eq!(blocks(&running.deliver(|_| Outcome::Applied)), ["2 false"], "what is theirs stays");
}

/// A release and a status in one write, of which the system refuses one.
#[test]
fn a_refused_release_lets_its_status_go_and_a_refused_status_the_release() {
    for refuses_release in [true, false] {
        let place = place("writes = [\"hold\", \"status\"]", "");
        let mut running = held(&place);
        ends(&mut running);
        let answer = move |op: &WriteOp| {
            let refused = if refuses_release { op.change.block.is_some() } else { op.change.status.is_some() };
            if refused { Outcome::Rejected("no".into()) } else { Outcome::Applied }
        };
        let (mut sent, began) = (Vec::new(), running.now);
        for _ in 0..12 {
            let now = running.deliver(answer).into_iter().filter(|op| op.record.to_string() == "ma:person:1");
            sent.extend(now.map(|op| (running.now.since(began), op)));
            running.later(Span::seconds(10));
        }
        let what = |op: &WriteOp| (op.change.block, op.change.status.as_ref().map(|s| s.to.to_string()));
        let lead = Some("lead".to_string());
        assert_eq!(what(&sent[0].1), (Some(false), lead.clone()), "both in one request at first");
        let landed: Vec<_> = sent.iter().filter(|(_, op)| answer(op) == Outcome::Applied).map(|(after, op)| (*after, what(op))).collect();
        let status_alone = (Span::seconds(30), (None, lead));
        let release_alone = (Span::ZERO, (Some(false), None));
        assert_eq!(landed, [if refuses_release { status_alone } else { release_alone }], "what releases is tried first");
    }
}
