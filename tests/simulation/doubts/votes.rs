//! Writes that take a vote away: what most records hold is counted anew.

use super::place::{NOW, Place, Running, address, page, person};
use nayose::connector::{Outcome, Pass};
use nayose::model::{Record, Span, Time, Value};

fn titled(mut record: Record, title: &str, changed_at: Time) -> Record {
    record.set(&"title".into(), Value::text(title), changed_at);
    record.changed_at = Some(changed_at);
    record
}

fn contact(n: &str) -> Record {
    person(&format!("crm:person:{n}"), &address("1"), None)
}

/// As it is known, with all that was written to it.
fn lead(running: &Running, n: &str) -> Record {
    let world = &running.engine.probe().world;
    world.record(world.find(&format!("ma:person:{n}").parse().unwrap()).unwrap())
}

/// Two against two: the newer ones win, and of the others one may be as new, which keeps its own. Once its fellow was written over it stands
/// alone, and nothing else happens for days.
#[test]
fn whoever_is_left_alone_by_our_own_write_follows_the_most() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    place.edit("precedence.toml", "default = [\"crm\", \"support\", \"ma\"]", "[person]\ntitle = { most = [\"crm\", \"ma\"] }");
    let mut running = place.start(NOW);
    running.read_all(&[("1", None)]);
    running.sweep("ma.people", ["1", "2"].map(|n| person(&format!("ma:person:{n}"), &address("1"), None)).into(), vec![]);
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.decide();
    running.deliver(|_| Outcome::Applied);
    let after = |minutes: i64| NOW.plus(Span::minutes(minutes));
    running.pass("crm.people", Pass::Sweep, page(vec![titled(contact("1"), "Clerk", NOW), titled(contact("2"), "Chief", NOW)], vec![]));
    running.later(Span::minutes(60));
    running.pass("crm.people", Pass::Changes(NOW), page(vec![titled(contact("1"), "Chief", after(30))], vec![]));
    let leads = [("1", 50), ("2", -60)].map(|(n, minutes)| titled(lead(&running, n), "Head", after(minutes)));
    running.sweep("ma.people", leads.to_vec(), vec![]);
    let due = |running: &mut Running| ["1", "2"].map(|lead| running.due(&format!("ma:person:{lead}")).update.is_some());
    assert_eq!(due(&mut running), [false, true], "the young one may be as new as those that win");
    // Each is read once more before its title is written.
    let asked = running.look_back(|ids| leads.iter().filter(|lead| ids.contains(&lead.id.id)).cloned().collect());
    assert_eq!((asked, due(&mut running)), (vec!["2".to_string(), "1".into()], [false, false]), "alone, it follows");
}
