//! Rows of listings that were asked for before the answer to our last write to the record.

use super::place::{NOW, Place, Running, address, deal, page, person};
use nayose::connector::{Error, Outcome, Pass, PassEnd};
use nayose::engine::delivery::acts::{Act, ReadBack};
use nayose::model::{DealState, Mark, Record, RefusalScope, Span, Value};

/// The lead with our stop mark.
fn lead(address: &str) -> Record {
    let mut lead = person("ma:person:1", address, None);
    lead.set_mark(Mark::Block, Value::Bool(true));
    lead
}

/// A lead's stop mark is answered while its system is listed, so long after the first reading, and the row shows this address; then its
/// deal is won.
fn listed_meanwhile(place: &Place, shown: &str, after: Span) -> Running {
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    running.later(after);
    let Some(Act::Write(mut batch)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("a stop mark is due") };
    assert_eq!(batch.ops[0].change.block, Some(true));
    running.engine.commit().unwrap();
    let mut run = running.engine.begin(&"ma".into(), &"people".into(), Pass::Sweep, running.now);
    running.later(Span::seconds(1));
    running.engine.book(&mut batch, &[Outcome::Applied], running.now).unwrap();
    running.engine.observe(&mut run, page(vec![lead(shown)], vec![]), running.now).unwrap();
    running.engine.end(&run, &PassEnd { complete: true, ..PassEnd::default() }, running.now).unwrap();
    running.decide();
    running.later(Span::minutes(2));
    running.sweep("crm.deals", vec![deal("8", DealState::Won, &["1"], None)], vec![]);
    running
}

fn asked(running: &mut Running) -> ReadBack {
    match running.engine.next_act(&"ma".into(), running.now) {
        Some(Act::ReadBack(asked)) => asked,
        other => panic!("it was not looked at: {other:?}"),
    }
}

#[test]
fn what_somebody_else_changed_beside_our_write_is_seen_before_anything_is_released() {
    let place = Place::new();
    let mut running = listed_meanwhile(&place, "see the card", Span::seconds(1));
    let look = asked(&mut running);
    assert!(running.engine.next_act(&"ma".into(), running.now).is_none(), "it is being looked at");
    let failed = Err(Error::Unreachable { system: "ma".into(), what: "read back".into(), why: "no answer".into() });
    running.engine.book_read_back(&look, failed, running.now).unwrap();
    assert!(running.engine.next_act(&"ma".into(), running.now).is_none(), "it was not seen");
    running.later(Span::minutes(1));
    let look = asked(&mut running);
    let mut shown = lead("see the card");
    shown.set(&"email".into(), Value::Unreadable, NOW);
    shown.has_unread_address = true;
    running.engine.book_read_back(&look, Ok(vec![shown]), running.now).unwrap();
    running.decide();
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.is_empty(), "nobody can read whose it is: {sent:?}");
}

#[test]
fn an_address_that_was_changed_beside_our_write_is_seen_and_the_release_goes() {
    let place = Place::new();
    let mut running = listed_meanwhile(&place, &address("2"), Span::seconds(1));
    let look = asked(&mut running);
    running.engine.book_read_back(&look, Ok(vec![lead(&address("2"))]), running.now).unwrap();
    running.decide();
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    assert_eq!(running.engine.probe().world.record(idx).text("email"), Some(&*address("2")));
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.iter().any(|op| op.change.block == Some(false)), "{sent:?}");
}

#[test]
fn a_row_of_before_our_write_asks_nothing() {
    let place = Place::new();
    let mut running = listed_meanwhile(&place, &address("1"), Span::seconds(1));
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.iter().any(|op| op.change.block == Some(false)), "{sent:?}");
}

/// Whatever that row is of, its record bore the address that it shows: who said no there gets no mail meanwhile (seed 91003525).
#[test]
fn an_address_in_a_row_that_is_passed_over_spreads_what_it_bears() {
    let place = Place::new();
    let mut running = listed_meanwhile(&place, &address("2"), Span::seconds(1));
    assert_eq!(running.gate("1"), "allow");
    let mut refusing = person("support:person:7", &address("2"), None);
    refusing.refusals = vec![RefusalScope::All];
    running.pass("support.people", Pass::Sweep, page(vec![refusing], vec![]));
    running.decide();
    assert_eq!(running.gate("1"), "deny refused_all");
}

/// What the row showed that was passed over had changed before the listing: it seemed to be as young as that, and won as the newest
/// (seed 90000154).
#[test]
fn a_listing_that_passed_a_record_over_did_not_show_it_as_it_was_known() {
    let place = Place::new();
    let running = listed_meanwhile(&place, &address("2"), Span::minutes(120));
    dates_by_what_was_known(running);
}

/// Neither did it to the next process (seed 91001066).
#[test]
fn a_listing_that_passed_a_record_over_did_not_show_it_to_the_next_process_either() {
    let place = Place::new();
    let mut running = listed_meanwhile(&place, &address("2"), Span::minutes(120));
    running.engine.commit().unwrap();
    let now = running.now.plus(Span::seconds(30));
    drop(running);
    dates_by_what_was_known(place.start(now));
}

fn dates_by_what_was_known(mut running: Running) {
    let look = asked(&mut running);
    let mut shown = lead(&address("2"));
    shown.changed_at = Some(running.now);
    shown.set(&"email".into(), Value::text(&address("2")), running.now);
    running.engine.book_read_back(&look, Ok(vec![shown]), running.now).unwrap();
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let record = running.engine.probe().world.record(idx);
    let email = record.field("email").unwrap();
    assert!(email.after.is_some_and(|after| after <= NOW.plus(Span::minutes(1))), "{email:?}");
}
