//! Writes of whose outcome nobody told, and of which a look finds a part.

use super::place::{NOW, Place, address, person};
use nayose::connector::{Outcome, Pass};
use nayose::engine::delivery::acts::Act;
use nayose::model::{Mark, Record, Span, Value};

/// The answer was lost, and the system made another form of the title and kept no status: the form was taken for somebody's own title, and
/// went back over the source.
#[test]
fn a_field_that_landed_beside_one_that_did_not_is_ours() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"status\", \"title\"]");
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    let with_title = |id: &str, title: &str| {
        let mut record = person(id, &address("1"), None);
        record.set(&"title".into(), Value::text(title), NOW);
        record
    };
    running.pass("crm.people", Pass::Sweep, super::place::page(vec![with_title("crm:person:1", "Vice President")], Vec::new()));
    running.decide();
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    while let Some(act) = running.engine.next_act(&"ma".into(), running.now) {
        match act {
            Act::Write(mut batch) => {
                let lost = vec![Outcome::Unknown("no answer".into()); batch.ops.len()];
                running.engine.book(&mut batch, &lost, running.now).unwrap();
            }
            Act::ReadBack(asked) => {
                let mut shown: Record = with_title("ma:person:1", "VICE PRESIDENT");
                shown.set_mark(Mark::Status, Value::text("le"));
                running.engine.book_read_back(&asked, Ok(vec![shown]), running.now).unwrap();
                break;
            }
        }
    }
    running.later(Span::seconds(5));
    let mut shown = with_title("ma:person:1", "VICE PRESIDENT");
    shown.set_mark(Mark::Status, Value::text("le"));
    running.sweep("ma.people", vec![shown], Vec::new());
    let idx = running.engine.probe().world.find(&"ma:person:1".parse().unwrap()).unwrap();
    let agreed = running.engine.probe().targets.agreed(idx).iter().find(|a| &*a.field == "title").unwrap();
    assert_eq!((&agreed.ours, &agreed.theirs, agreed.spent), (&Value::text("Vice President"), &Value::text("VICE PRESIDENT"), false));
    assert!(running.due("ma:person:1").update.is_none_or(|change| change.fields.is_empty()), "it is not written again");
}
