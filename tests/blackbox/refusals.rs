//! A person's own no, and a marketer's own suspension, are never undone by us.

use super::harness::{Setup, World, object, person};
use serde_json::json;

#[test]
fn a_marketers_own_suspension_is_never_lifted() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.marketer_suspends(hanako.lead, true).unwrap();
        let deal = handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, deal));
    });
    let (hanako, deal) = someone.unwrap();
    world.assert_held(hanako.lead);
    world.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("the status is written", |w| w.lead(hanako.lead).text("leadStatus") == Some("customer"));
    world.sync().exits(0);
    assert!(world.blocked(hanako.lead), "the marketer's suspension was lifted");
    let lifted = world.writes().into_iter().find(|w| w.fields.get("marketingSuspended") == Some(&false.into()));
    assert_eq!(lifted, None);
}

#[test]
fn a_person_who_unsubscribes_while_held_stays_unsubscribed() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let deal = handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, deal));
    });
    let handle = &world.sandbox.handle;
    let (hanako, deal) = someone.unwrap();
    handle.unsubscribe(hanako.lead).unwrap();
    handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("our own block is lifted", |w| !w.blocked(hanako.lead));
    assert!(world.lead(hanako.lead).flag("unsubscribed"));
    let (decision, reasons) = world.gate(&hanako.email);
    assert_eq!((decision.as_str(), reasons), ("deny", vec!["refused_all".to_string()]));
}

#[test]
fn those_unsubscribed_in_bulk_without_a_timestamp_are_denied_after_the_next_sweep() {
    let mut someone = None;
    let world = World::running_with(Setup::sweeping(), |handle| {
        let people = ["Hanako", "Ken"].map(|first| person(handle, first, "Mori", None));
        let deal = handle.open_deal(&[people[0].contact], None).unwrap();
        someone = Some((people, deal));
    });
    let handle = &world.sandbox.handle;
    let (people, deal) = someone.unwrap();
    handle.unsubscribe_bulk(&[people[0].lead, people[1].lead]).unwrap();
    handle.set_deal_stage(deal, "won").unwrap();
    world.sweep(1);
    world.sync().exits(0);
    for person in &people {
        assert_eq!(world.gate(&person.email), ("deny".into(), vec!["refused_all".into()]));
        assert!(world.lead(person.lead).flag("unsubscribed"), "resubscribed by us");
    }
    // That no write carried `unsubscribed` is checked for every command.
}

#[test]
fn a_no_reaches_every_record_of_the_address_and_outlives_the_record() {
    let mut someone = None;
    let world = World::running_with(Setup::sweeping(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let twin = handle.twin_lead(hanako.lead).unwrap();
        someone = Some((hanako, twin));
    });
    let handle = &world.sandbox.handle;
    let (hanako, twin) = someone.unwrap();
    world.assert_free(twin);
    handle.unsubscribe(hanako.lead).unwrap();
    world.sync().exits(0);
    assert!(world.blocked(twin), "the twin can still be mailed");
    assert_eq!(world.gate(&format!("ma:person:{twin}")).0, "deny");
    // The record that showed the no goes away, and a marketer imports the address anew.
    handle.delete_lead(hanako.lead).unwrap();
    let fields = object(json!({"email": hanako.email, "firstName": "Hanako", "lastName": "Mori"}));
    let new = handle.add_lead(&fields).unwrap();
    world.sweep(2);
    world.sync().exits(0);
    assert_eq!(world.gate(&hanako.email).0, "deny");
    assert!(world.blocked(new), "who said no can be mailed under a new record");
    assert!(world.blocked(twin));
}

#[test]
fn who_refused_is_denied_from_the_first_look() {
    let mut someone = None;
    let world = World::new(Setup::default());
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    handle.unsubscribe(hanako.lead).unwrap();
    someone.replace(hanako);
    world.run("plan");
    assert_eq!(world.gate(&someone.unwrap().email), ("deny".into(), vec!["refused_all".into()]));
}
