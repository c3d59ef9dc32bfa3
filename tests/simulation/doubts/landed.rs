//! Writes of whose outcome nobody told, and of which a look finds a part.

use super::place::{NOW, Place, address, deal, person};
use nayose::connector::{Outcome, Pass};
use nayose::engine::delivery::acts::Act;
use nayose::model::{DealState, EntryFate, Mark, Record, Span, Value};

fn titled(id: &str, title: &str) -> Record {
    let mut record = person(id, &address("1"), None);
    record.set(&"title".into(), Value::text(title), NOW);
    record
}

/// The answer was lost, and the system made another form of the title and kept no status: the form was taken for somebody's own title, and
/// went back over the source.
#[test]
fn a_field_that_landed_beside_one_that_did_not_is_ours() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"status\", \"title\"]");
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.pass("crm.people", Pass::Sweep, super::place::page(vec![titled("crm:person:1", "Vice President")], Vec::new()));
    running.decide();
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    while let Some(act) = running.engine.next_act(&"ma".into(), running.now) {
        match act {
            Act::HandOver(list) => panic!("no list goes out: {list:?}"),
            Act::Write(mut batch) => {
                let is_of_fields = batch.ops.iter().any(|op| !op.change.fields.is_empty());
                let outcome = if is_of_fields { Outcome::Unknown("no answer".into()) } else { Outcome::Applied };
                let outcomes = vec![outcome; batch.ops.len()];
                running.engine.book(&mut batch, &outcomes, running.now).unwrap();
                running.decide();
            }
            Act::ReadBack(asked) if asked.is_first() => {
                running.engine.book_read_back(&asked, Ok(vec![person("ma:person:1", &address("1"), None)]), running.now).unwrap();
                running.decide();
            }
            Act::ReadBack(asked) => {
                let mut shown: Record = titled("ma:person:1", "VICE PRESIDENT");
                shown.set_mark(Mark::Status, Value::text("le"));
                running.engine.book_read_back(&asked, Ok(vec![shown]), running.now).unwrap();
                break;
            }
        }
    }
    running.later(Span::seconds(5));
    let mut shown = titled("ma:person:1", "VICE PRESIDENT");
    shown.set_mark(Mark::Status, Value::text("le"));
    running.sweep("ma.people", vec![shown], Vec::new());
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let agreed = running.engine.probe().targets.agreed(idx).iter().find(|a| &*a.field == "title").unwrap();
    assert_eq!((&agreed.ours, &agreed.theirs, agreed.spent), (&Value::text("Vice President"), &Value::text("VICE PRESIDENT"), false));
    assert!(running.due("ma:person:1").update.is_none_or(|change| change.fields.is_empty()), "it is not written again");
}

/// The title was written, and before any pass showed what became of it, a block of whose outcome nobody told was looked for. What that look
/// showed of the title was taken for somebody's own, and went back over the source.
#[test]
fn what_a_look_back_shows_of_the_write_before_is_its_form() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.pass("crm.people", Pass::Sweep, super::place::page(vec![titled("crm:person:1", "Vice President")], Vec::new()));
    running.decide();
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.look_back(|_| vec![person("ma:person:1", &address("1"), None)]);
    running.later(Span::minutes(1));
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    let Some(Act::Write(mut batch)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("a block is due") };
    running.engine.commit().unwrap();
    running.engine.book(&mut batch, &[Outcome::Unknown("no answer".into())], running.now).unwrap();
    let Some(Act::ReadBack(asked)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("its outcome is not known") };
    running.engine.book_read_back(&asked, Ok(vec![titled("ma:person:1", "VICE PRESIDENT")]), running.now).unwrap();
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let agreed = running.engine.probe().targets.agreed(idx).iter().find(|a| &*a.field == "title").unwrap();
    assert_eq!((&agreed.ours, &agreed.theirs, agreed.spent), (&Value::text("Vice President"), &Value::text("VICE PRESIDENT"), false));
}

/// The look that found the write took its entries for what somebody had put in just then: what a person had taken out elsewhere came back.
#[test]
fn an_entry_that_a_look_back_finds_by_our_write_is_ours() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    let mut running = place.start(NOW);
    let listing = |id: &str, entries: &[&str]| {
        let mut record = person(id, &address("1"), None);
        record.set(&"title".into(), Value::list(entries.iter().copied()), NOW);
        record
    };
    running.read_all(&[("1", None)]);
    running.pass("ma.people", Pass::Sweep, super::place::page(vec![listing("ma:person:1", &["a"])], Vec::new()));
    running.pass("crm.people", Pass::Sweep, super::place::page(vec![listing("crm:person:1", &["a", "b"])], Vec::new()));
    running.decide();
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    while let Some(act) = running.engine.next_act(&"ma".into(), running.now) {
        match act {
            Act::HandOver(list) => panic!("no list goes out: {list:?}"),
            Act::Write(mut batch) => {
                let is_lost = batch.ops.iter().any(|op| !op.change.fields.is_empty());
                let outcome = if is_lost { Outcome::Unknown("no answer".into()) } else { Outcome::Applied };
                running.engine.commit().unwrap();
                let outcomes = vec![outcome; batch.ops.len()];
                running.engine.book(&mut batch, &outcomes, running.now).unwrap();
            }
            Act::ReadBack(asked) => {
                let entries: &[&str] = if asked.is_first() { &["a"] } else { &["a", "b"] };
                running.engine.book_read_back(&asked, Ok(vec![listing("ma:person:1", entries)]), running.now).unwrap();
                if !asked.is_first() {
                    break;
                }
            }
        }
        running.decide();
    }
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let known = running.engine.probe().world.record(idx);
    let fates: Vec<_> = known.entries(&"title".into()).into_iter().flat_map(|entries| entries.iter().cloned()).collect();
    assert!(matches!(&fates[..], [(a, EntryFate::Added(_)), (b, EntryFate::Ours(_))] if &**a == "a" && &**b == "b"), "{fates:?}");
}

/// Whoever left it out of the answer to the look had it cleared, or never set.
#[test]
fn what_a_look_back_leaves_out_stays_as_it_was_known() {
    let place = Place::new();
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    let mut lead = person("ma:person:1", &address("1"), None);
    lead.set(&"phone".into(), Value::text("03-1111-1111"), NOW);
    running.sweep("ma.people", vec![lead], Vec::new());
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    running.engine.approve("ma", true, "tests", running.now).unwrap();
    let Some(Act::Write(mut batch)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("a block is due") };
    running.engine.commit().unwrap();
    running.engine.book(&mut batch, &[Outcome::Unknown("no answer".into())], running.now).unwrap();
    let Some(Act::ReadBack(asked)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("its outcome is not known") };
    running.engine.book_read_back(&asked, Ok(vec![person("ma:person:1", &address("1"), None)]), running.now).unwrap();
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    assert_eq!(running.engine.probe().world.record(idx).text("phone"), Some("03-1111-1111"));
}

/// A process died with a stop mark under way, and the record was read by its id first: an entry that had been seen to be kept, and that somebody
/// had taken out meanwhile, was taken for one that the system never kept, and was put in again.
#[test]
fn what_is_taken_out_of_a_list_while_a_stop_mark_is_under_way_is_known_to_be() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    let holding = |id: &str, entries: &[&str]| {
        let mut record = person(id, &address("1"), None);
        record.set(&"title".into(), Value::list(entries.iter().copied()), NOW);
        record
    };
    running.pass("crm.people", Pass::Sweep, super::place::page(vec![holding("crm:person:1", &["a", "b"])], Vec::new()));
    running.decide();
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    let lead = |entries: &[&str]| holding("ma:person:1", entries);
    running.look_back(|_| vec![lead(&[])]);
    running.later(Span::minutes(1));
    running.sweep("ma.people", vec![lead(&["a", "b"])], Vec::new());

    running.pass("crm.deals", Pass::Sweep, super::place::page(vec![deal("1", DealState::Open, &["1"], None)], Vec::new()));
    running.decide();
    let Some(Act::Write(batch)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("a stop mark is due") };
    assert!(batch.ops.iter().all(|op| op.change.fields.is_empty()));
    running.engine.commit().unwrap();
    let now = running.now;
    drop(running);
    let mut running = place.start(now);
    running.later(Span::minutes(1));
    let Some(Act::ReadBack(asked)) = running.engine.next_act(&"ma".into(), running.now) else { panic!("it is read first") };
    running.engine.book_read_back(&asked, Ok(vec![lead(&["a"])]), running.now).unwrap();
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let record = running.engine.probe().world.record(idx);
    let fate = record.entries(&"title".into()).and_then(|entries| entries.fate("b"));
    assert!(matches!(fate, Some(EntryFate::Removed(_))), "{fate:?}");
}
