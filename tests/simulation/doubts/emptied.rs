//! Fields that somebody emptied, where it is in doubt whether what stood there was ours.

use super::place::{NOW, Place, Running, address, page, person};
use nayose::connector::{Outcome, Pass};
use nayose::model::{Record, Span, Time, Value};

fn titled(mut record: Record, title: &str, changed_at: Time) -> Record {
    record.set(&"title".into(), Value::text(title), changed_at);
    record.changed_at = Some(changed_at);
    record
}

/// As it is known, with all that was written to it.
fn lead(running: &Running, n: &str) -> Record {
    let world = &running.engine.probe().world;
    world.record(world.find(&format!("ma:person:{n}").parse().unwrap()).unwrap())
}

/// What was emptied may be what the system makes of the title, so it is left alone; then it is seen to keep titles as they are.
#[test]
fn what_was_emptied_is_judged_anew_when_it_is_learnt_what_the_system_makes_of_values() {
    let place = Place::new().of_systems("writes = [\"hold\"]", "writes = [\"hold\", \"title\"]");
    let mut running = place.start(NOW);
    running.read_all(&[("1", None), ("2", None)]);
    running.engine.approve("ma", false, "tests", running.now).unwrap();
    running.decide();
    running.deliver(|_| Outcome::Applied);
    let contact = |n: &str| person(&format!("crm:person:{n}"), &address(n), None);
    let after = |minutes: i64| NOW.plus(Span::minutes(minutes));
    let of_second = |running: &mut Running| running.due("ma:person:2").update.map(|change| change.fields);
    for (minutes, title) in [(10, "VICE PRESIDENT"), (20, "")] {
        running.later(Span::minutes(10));
        let second = titled(lead(&running, "2"), title, after(minutes));
        running.sweep("ma.people", vec![lead(&running, "1"), second], vec![]);
    }
    running.later(Span::minutes(10));
    running.pass("crm.people", Pass::Changes(NOW), page(vec![titled(contact("2"), "Vice President", after(5))], vec![]));
    running.decide();
    assert_eq!(of_second(&mut running), None, "somebody emptied it, in capitals");
    running.later(Span::minutes(10));
    running.pass("crm.people", Pass::Changes(NOW), page(vec![titled(contact("1"), "Clerk", after(35))], vec![]));
    running.decide();
    let shown = lead(&running, "1");
    assert_eq!(running.look_back(|_| vec![shown.clone()]), ["1"]);
    assert_eq!(of_second(&mut running), None);
    running.later(Span::minutes(10));
    let leads = ["1", "2"].map(|n| lead(&running, n));
    running.sweep("ma.people", leads.to_vec(), vec![]);
    let asked = running.look_back(|ids| leads.iter().filter(|lead| ids.contains(&lead.id.id)).cloned().collect());
    assert_eq!(asked, ["2"], "it keeps titles as they are: what was emptied was another one");
}
