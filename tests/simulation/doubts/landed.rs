//! Writes of whose outcome nobody told, and of which a look finds a part.

use super::place::{NOW, Place, address, deal, person};
use nayose::connector::{Outcome, Pass};
use nayose::engine::delivery::acts::Act;
use nayose::model::{DealState, Mark, Record, Span, Value};

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
