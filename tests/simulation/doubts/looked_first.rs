//! Records that are read once more before fields are written to them.

use super::place::{NOW, Place, Running, address, deal, page, person};
use nayose::connector::{Outcome, Pass};
use nayose::engine::delivery::acts::{Act, ReadBack};
use nayose::model::{DealState, Record, Span, Value};

fn titled(id: &str, title: &str) -> Record {
    let mut record = person(id, &address("1"), None);
    record.set(&"title".into(), Value::text(title), NOW);
    record
}

/// One lead, whose title the CRM knows otherwise, and all is approved.
fn begun(place: &Place) -> Running {
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.later(Span::minutes(1));
    running.sweep("crm.people", vec![titled("crm:person:1", "Chief")], vec![]);
    running.sweep("ma.people", vec![titled("ma:person:1", "Clerk")], vec![]);
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.decide();
    running
}

/// Carries out what goes before a look, up to that.
fn asked(running: &mut Running) -> ReadBack {
    loop {
        match running.engine.next_act(&"ma".into(), running.now).expect("a look is due") {
            Act::HandOver(list) => panic!("no list goes out: {list:?}"),
            Act::ReadBack(asked) => return asked,
            Act::Write(mut batch) => {
                assert!(batch.ops.iter().all(|op| op.change.fields.is_empty()), "{:?}", batch.ops);
                running.engine.commit().unwrap();
                running.engine.book(&mut batch, &[Outcome::Applied], running.now).unwrap();
                running.decide();
            }
        }
    }
}

/// The hold goes while the look hangs. What that shows then is older than the block, which is not taken for lost.
#[test]
fn a_hold_waits_for_no_look_and_a_look_from_before_it_says_nothing_of_it() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    let mut running = begun(&place);
    running.later(Span::seconds(1));
    let asked = asked(&mut running);
    assert!(asked.is_first() && running.engine.next_act(&"ma".into(), running.now).is_none(), "the title waits");
    running.later(Span::seconds(20));
    running.pass("crm.deals", Pass::Sweep, page(vec![deal("8", DealState::Open, &["1"], None)], vec![]));
    running.decide();
    let held = running.deliver(|_| Outcome::Applied);
    assert!(held.len() == 1 && held[0].change.block == Some(true) && held[0].change.fields.is_empty(), "{held:?}");

    running.later(Span::seconds(1));
    running.engine.book_read_back(&asked, Ok(vec![titled("ma:person:1", "Clerk")]), running.now).unwrap();
    running.decide();
    let sent = running.deliver(|_| Outcome::Applied);
    assert!(sent.len() == 1 && sent[0].change.block.is_none(), "{sent:?}");
    assert_eq!(sent[0].change.fields, [("title".into(), Value::text("Chief"))]);
    assert!(running.due("ma:person:1").is_empty(), "it settles");
}

/// It was merged into another, who answers in its place with what was edited since: that counts as if it had been listed.
#[test]
fn who_answers_in_the_place_of_another_is_taken_in() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    let mut running = begun(&place);
    running.later(Span::seconds(1));
    running.sweep("ma.people", vec![titled("ma:person:1", "Clerk"), person("ma:person:2", &address("2"), None)], vec![]);
    running.decide();
    let asked = asked(&mut running);
    running.later(Span::seconds(20));
    let survivor = person("ma:person:2", &address("3"), None);
    let stranger = person("ma:person:9", &address("9"), None);
    running.engine.book_read_back(&asked, Ok(vec![survivor, stranger]), running.now).unwrap();
    let world = running.engine.probe().world;
    let known = |id: &str| world.find(&id.parse().unwrap()).map(|idx| world.record(idx).text("email").unwrap().to_string());
    assert_eq!((known("ma:person:2"), known("ma:person:9")), (Some(address("3")), None));
}
