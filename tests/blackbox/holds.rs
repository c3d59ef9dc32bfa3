//! Deals and tickets begin and end holds.

use super::harness::{Setup, World, object, person};
use serde_json::json;

#[test]
fn a_deal_blocks_until_it_is_seen_to_end_and_the_cool_down_is_over() {
    let setup = Setup { lost: "4s", ..Setup::default() };
    let mut someone = None;
    let world = World::running_with(setup, |handle| someone = Some(person(handle, "Hanako", "Mori", None)));
    let handle = &world.sandbox.handle;
    let hanako = someone.unwrap();
    world.assert_free(hanako.lead);

    let deal = handle.open_deal(&[hanako.contact], None).unwrap();
    world.sync().exits(0);
    world.assert_held(hanako.lead);
    assert_eq!(world.gate(&hanako.email).1, ["open_deal_person"]);
    assert_eq!(world.lead(hanako.lead).text("leadStatus"), Some("opportunity"));
    assert_eq!(world.lead(hanako.lead).text("nayose_why"), Some("open_deal_person"));

    let lost_at = std::time::Instant::now();
    handle.set_deal_stage(deal, "lost").unwrap();
    let mut seen_cooling = false;
    world.sync_until("released after the cool-down", |w| {
        let released = !w.blocked(hanako.lead);
        if released {
            assert!(lost_at.elapsed().as_secs_f64() >= 3.9, "released {:?} after the deal was lost", lost_at.elapsed());
        } else {
            seen_cooling |= w.gate(&hanako.email).1 == ["cooldown"];
        }
        released
    });
    assert!(seen_cooling, "the cool-down was never told as the reason");
    world.assert_free(hanako.lead);
    assert_eq!(world.lead(hanako.lead).text("leadStatus"), Some("lost"));
    assert_eq!(world.lead(hanako.lead).text("nayose_why"), None);
}

#[test]
fn a_won_deal_releases_at_once_and_one_that_is_reopened_holds_again() {
    let setup = Setup { lost: "30d", ..Setup::default() };
    let mut someone = None;
    let world = World::running_with(setup, |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let deal = handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, deal));
    });
    let handle = &world.sandbox.handle;
    let (hanako, deal) = someone.unwrap();
    world.assert_held(hanako.lead);

    handle.set_deal_stage(deal, "lost").unwrap();
    world.sync().exits(0);
    world.assert_held(hanako.lead);
    assert_eq!(world.gate(&hanako.email).1, ["cooldown"]);
    let until = world.run(&format!("gate {}", hanako.email)).json()["decisions"][0]["until"].clone();
    assert!(until.is_string(), "a cool-down has an end: {until}");

    handle.set_deal_stage(deal, "open").unwrap();
    world.sync().exits(0);
    world.assert_held(hanako.lead);
    assert_eq!(world.gate(&hanako.email).1, ["open_deal_person"]);

    handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("released", |w| !w.blocked(hanako.lead));
    world.assert_free(hanako.lead);
    assert_eq!(world.lead(hanako.lead).text("leadStatus"), Some("customer"));
}

#[test]
fn a_stage_that_nobody_knows_counts_as_open() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let deal = handle.open_deal(&[hanako.contact], None).unwrap();
        handle.set_deal_stage(deal, "unknown").unwrap();
        someone = Some(hanako);
    });
    world.assert_held(someone.unwrap().lead);
}

#[test]
fn a_deal_holds_everyone_at_its_account() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let acme = handle.create_company("Acme", "acme.example");
        let other = handle.create_company("Other", "other.example");
        let hanako = person(handle, "Hanako", "Mori", Some(acme));
        let colleague = person(handle, "Ken", "Abe", Some(acme));
        let stranger = person(handle, "Yui", "Oda", Some(other));
        let deal = handle.open_deal(&[hanako.contact], Some(acme)).unwrap();
        someone = Some((hanako, colleague, stranger, deal));
    });
    let (hanako, colleague, stranger, deal) = someone.unwrap();
    world.assert_held(hanako.lead);
    world.assert_held(colleague.lead);
    assert_eq!(world.gate(&hanako.email).1, ["open_deal_person"]);
    assert_eq!(world.gate(&colleague.email).1, ["open_deal_account"]);
    assert_eq!(world.lead(colleague.lead).text("nayose_why"), Some("open_deal_account"));
    world.assert_free(stranger.lead);

    world.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("released", |w| !w.blocked(hanako.lead) && !w.blocked(colleague.lead));
    world.assert_free(hanako.lead);
    world.assert_free(colleague.lead);
}

#[test]
fn an_urgent_ticket_holds_its_requester_until_it_is_closed() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let user = handle.create_user("Hanako Mori", Some(&hanako.email));
        let ticket = handle.create_ticket(user, "open", Some("urgent")).unwrap();
        someone = Some((hanako, user, ticket));
    });
    let handle = &world.sandbox.handle;
    let (hanako, user, ticket) = someone.unwrap();
    world.assert_held(hanako.lead);
    assert_eq!(world.gate(&hanako.email).1, ["critical_ticket"]);

    handle.set_ticket_status(ticket, "solved").unwrap();
    world.sync_until("released", |w| !w.blocked(hanako.lead));
    world.assert_free(hanako.lead);

    let small = handle.create_ticket(user, "open", Some("low")).unwrap();
    world.sync().exits(0);
    world.assert_free(hanako.lead);
    handle.set_ticket_priority(small, Some("urgent")).unwrap();
    world.sync().exits(0);
    world.assert_held(hanako.lead);
}

#[test]
fn the_daemon_blocks_and_releases_by_itself() {
    let setup = Setup { lost: "3s", ..Setup::default() };
    let mut someone = None;
    let world = World::running_with(setup, |handle| someone = Some(person(handle, "Hanako", "Mori", None)));
    let handle = &world.sandbox.handle;
    let hanako = someone.unwrap();
    let daemon = world.daemon();
    let deal = handle.open_deal(&[hanako.contact], None).unwrap();
    super::harness::wait_until("blocked", super::harness::SOON, || world.blocked(hanako.lead));
    let ended = std::time::Instant::now();
    handle.set_deal_stage(deal, "lost").unwrap();
    super::harness::wait_until("released", super::harness::SOON, || !world.blocked(hanako.lead));
    assert!(ended.elapsed().as_secs_f64() >= 2.9, "released {:?} after the deal was lost", ended.elapsed());
    let again = handle.open_deal(&[hanako.contact], None).unwrap();
    super::harness::wait_until("blocked again", super::harness::SOON, || world.blocked(hanako.lead));
    handle.set_deal_stage(again, "won").unwrap();
    super::harness::wait_until("released again", super::harness::SOON, || !world.blocked(hanako.lead));
    daemon.stop();
}

#[test]
fn twin_leads_with_one_address_are_both_blocked() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        let twin = handle.twin_lead(hanako.lead).unwrap();
        handle.open_deal(&[hanako.contact], None).unwrap();
        someone = Some((hanako, twin));
    });
    let (hanako, twin) = someone.unwrap();
    world.assert_held(hanako.lead);
    world.assert_held(twin);
}

#[test]
fn another_person_under_the_same_address_is_held_but_gets_no_fields() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| {
        let email = "info@acme.example";
        let names = [("email", email), ("firstname", "Hanako"), ("lastname", "Mori"), ("phone", "+81 3 1111 2222")];
        let contact = handle.create_contact(&names, None);
        let lead = handle.add_lead(&object(json!({"email": email, "firstName": "Kenji", "lastName": "Ono"}))).unwrap();
        handle.open_deal(&[contact], None).unwrap();
        someone = Some(lead);
    });
    let lead = someone.unwrap();
    world.assert_held(lead);
    assert_eq!(world.lead(lead).text("phone"), None, "fields went over a doubtful link");
}

#[test]
fn more_releases_than_the_limit_wait_for_approval() {
    let setup = Setup { ask_above: r#"people = 2, share = "1%""#, ..Setup::default() };
    let mut someone = None;
    let world = World::running_with(setup, |handle| {
        let acme = handle.create_company("Acme", "acme.example");
        let people = ["Hanako", "Ken", "Yui", "Taro"].map(|first| person(handle, first, "Mori", Some(acme)));
        let deal = handle.open_deal(&[people[0].contact], Some(acme)).unwrap();
        someone = Some((people, deal));
    });
    let (people, deal) = someone.unwrap();
    people.iter().for_each(|p| world.assert_held(p.lead));
    world.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    world.sync();
    assert!(people.iter().all(|p| world.blocked(p.lead)), "a big release went by itself");
    let plan = world.run("plan").json();
    let waiting = &plan["waiting"][0];
    assert_eq!(
        (waiting["kind"].as_str(), waiting["count"].as_u64(), waiting["limit"].as_u64()),
        (Some("release"), Some(4), Some(2)),
        "{plan:#}"
    );
    let id = waiting["plan"].as_str().unwrap();
    assert!(id.starts_with("w_"), "{plan:#}");
    world.run(&format!("approve {id}")).exits(0);
    world.sync_until("released", |w| people.iter().all(|p| !w.blocked(p.lead)));
    // Only those: the next time it asks again.
    world.sandbox.handle.set_deal_stage(deal, "open").unwrap();
    world.sync_until("held again", |w| people.iter().all(|p| w.blocked(p.lead)));
    world.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("it waits", |w| w.run("plan").json()["waiting"].as_array().is_some_and(|w| !w.is_empty()));
    for _ in 0..2 {
        world.sweep_ma();
    }
    assert!(people.iter().all(|p| world.blocked(p.lead)), "an approval was used twice");
}

#[test]
fn a_permit_is_given_to_the_free_and_withdrawn_by_a_hold() {
    let mut someone = None;
    let world = World::running_with(Setup { permit: true, ..Setup::default() }, |handle| {
        someone = Some(["Hanako", "Ken"].map(|first| person(handle, first, "Mori", None)));
    });
    let handle = &world.sandbox.handle;
    let [hanako, ken] = someone.unwrap();
    world.sync_until("both may be mailed", |w| w.sandbox.handle.send_newsletter(true).len() == 2);
    let given = world.lead(ken.lead).text("nayose_ok_until").map(str::to_string);
    let deal = handle.open_deal(&[hanako.contact], None).unwrap();
    world.sync().exits(0);
    assert_eq!(world.lead(hanako.lead).text("nayose_ok_until"), None, "the permit stands beside the block");
    world.assert_held(hanako.lead);
    assert_eq!(world.lead(ken.lead).text("nayose_ok_until").map(str::to_string), given, "a permit is renewed when half of it is gone");
    handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("may be mailed again", |w| w.sandbox.handle.send_newsletter(true).len() == 2);
}
