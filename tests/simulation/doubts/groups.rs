//! Writes of one part of a group: what its record holds of the others is weighed anew.

use super::place::{NOW, Place, Running, address, deal, page, person};
use nayose::connector::{Outcome, Pass};
use nayose::model::{DealState, Record, Span, Value};

fn card(id: &str, title: &str, phone: &str, minutes: i64) -> Record {
    let mut record = person(id, &address("1"), None);
    let changed_at = NOW.plus(Span::minutes(minutes));
    record.set(&"title".into(), Value::text(title), changed_at);
    record.set(&"phone".into(), Value::text(phone), changed_at);
    record.changed_at = Some(changed_at);
    record
}

/// The lead's own phone may be as new as the contact's card, so that it keeps its card whole. Once a pinned phone was written over it nothing of
/// its own is left, and nothing else happens for days: the title was due, and nobody sent it.
#[test]
fn what_was_kept_beside_a_part_that_we_wrote_over_follows() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\", \"phone\"]");
    let group = "[person]\ncard = { group = [\"title\", \"phone\"], newest = [\"crm\", \"ma\"], blank = \"clears\" }";
    place.edit("precedence.toml", "default = [\"crm\", \"support\", \"ma\"]", group);
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    // A permit that is due would have the lead decided anew.
    running.sweep("crm.deals", vec![deal("8", DealState::Open, &["1"], None)], vec![]);
    running.decide();
    running.deliver(|_| Outcome::Applied);
    running.pass("crm.people", Pass::Sweep, page(vec![card("crm:person:1", "Clerk", "1", 0)], vec![]));
    running.later(Span::minutes(60));
    running.pass("crm.people", Pass::Changes(NOW), page(vec![card("crm:person:1", "Chief", "2", 30)], vec![]));
    let lead = card("ma:person:1", "", "5", 50);
    running.sweep("ma.people", vec![lead.clone()], vec![]);
    let fields = |running: &mut Running| running.due("ma:person:1").update.map(|change| change.fields).unwrap_or_default();
    assert_eq!(fields(&mut running), [], "its card may be as new, and stays whole");
    running.engine.pin("crm:person:1", "phone", "9", "tests", "asked for", running.now).unwrap();
    running.decide();
    assert_eq!(fields(&mut running), [("phone".into(), Value::text("9"))]);
    running.look_back(|_| vec![lead.clone()]);
    assert_eq!(fields(&mut running), [], "the title went, too");
    let world = &running.engine.probe().world;
    let written = world.record(world.find(&lead.id).unwrap());
    assert_eq!(written.field("title").map(|field| &field.value), Some(&Value::text("Chief")));
}
