//! Permits for one kind of mail: what a hold stops in the marketing system, and what it leaves.

use super::harness::{Setup, World, object, person};
use serde_json::json;

const PERMITS: &str =
    r#"newsletter = "nayose_ok_newsletter", campaign = "nayose_ok_campaign", rep_sender = "nayose_ok_rep", notice = "nayose_ok_notice""#;
const FIELDS: [&str; 4] = ["nayose_ok_newsletter", "nayose_ok_campaign", "nayose_ok_rep", "nayose_ok_notice"];

/// Which permits a lead shows, in the order of `FIELDS`.
fn shown(world: &World, lead: u64) -> [bool; 4] {
    FIELDS.map(|field| world.lead(lead).text(field).is_some())
}

/// A lead that talks with its sales rep gets no mail in the rep's name, and the newsletter goes on.
#[test]
fn a_hold_on_the_reps_own_sender_takes_that_permit_alone() {
    let mut someone = None;
    let setup = Setup { permit: true, permits: PERMITS, deal_stops: &["rep_sender"], ..Setup::default() };
    let world = World::running_with(setup, |handle| someone = Some(["Hanako", "Ken"].map(|first| person(handle, first, "Mori", None))));
    let [hanako, ken] = someone.unwrap();
    world.sync_until("both have all permits", |w| [hanako.lead, ken.lead].iter().all(|lead| shown(w, *lead) == [true; 4]));
    let deal = world.sandbox.handle.open_deal(&[hanako.contact], None).unwrap();
    world.sync_until("the rep's permit is gone", |w| !shown(w, hanako.lead)[2]);
    assert_eq!((shown(&world, hanako.lead), world.blocked(hanako.lead)), ([true, true, false, true], false));
    assert_eq!(shown(&world, ken.lead), [true; 4]);
    world.sync_until("all is written and fresh", |w| w.status()["systems"]["ma"]["queue"]["hold"] == 0);
    assert!(!world.because().contains("no hold in policy.toml"), "{}", world.because());
    let newsletter = world.sandbox.handle.send_newsletter(true);
    assert_eq!(newsletter.len(), 2, "a newsletter goes to both");
    let gate = |kind: &str| world.run(&format!("gate {} --kind {kind}", hanako.email)).json()["decisions"][0]["decision"].clone();
    assert_eq!((gate("rep_sender"), gate("newsletter")), ("hold".into(), "allow".into()), "the gate says the same");
    world.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("the rep's permit is back", |w| shown(w, hanako.lead) == [true; 4]);
}

/// What has a permit of its own needs no block; newsletter and campaign together always have it.
#[test]
fn a_hold_on_newsletters_alone_blocks_nobody_and_one_on_all_marketing_mail_does() {
    for (stops, blocked, left) in
        [(&["newsletter"][..], false, [false, true, true, true]), (&["newsletter", "campaign"], true, [false, false, true, true])]
    {
        let mut someone = None;
        let setup = Setup { permits: PERMITS, deal_stops: stops, ..Setup::default() };
        let world = World::running_with(setup, |handle| someone = Some(person(handle, "Hanako", "Mori", None)));
        let hanako = someone.unwrap();
        world.sync_until("she has all permits", |w| shown(w, hanako.lead) == [true; 4]);
        world.sandbox.handle.open_deal(&[hanako.contact], None).unwrap();
        world.sync_until("the newsletter's permit is gone", |w| !shown(w, hanako.lead)[0]);
        world.sync().exits(0);
        // The notice that somebody will be mailed may go to who must get no newsletter.
        assert_eq!((world.blocked(hanako.lead), shown(&world, hanako.lead)), (blocked, left), "{stops:?}");
    }
}

/// Such a write was one in the plan, called hold, and the release that went with it was not counted.
#[test]
fn a_plan_tells_the_permit_that_is_taken_and_those_that_are_given_each() {
    let world = World::new(Setup { permits: PERMITS, deal_stops: &["newsletter"], ..Setup::default() });
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    handle.open_deal(&[hanako.contact], None).unwrap();
    // Somebody gave it by hand.
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    handle.edit_lead(hanako.lead, &object(json!({ "nayose_ok_newsletter": later.to_string() }))).unwrap();
    let plan = world.run("plan").json();
    assert_eq!(
        (&plan["totals"]["hold"], &plan["totals"]["release"], &plan["totals"]["permit"]),
        (&json!(1), &json!(1), &json!(1)),
        "{plan:#}"
    );
    let of = |op: &str| plan["writes"].as_array().unwrap().iter().find(|write| write["op"] == op).cloned().unwrap_or_default();
    assert_eq!(of("hold")["fields"]["permit:newsletter"]["new"], json!(null), "{plan:#}");
    let given: Vec<String> = of("release")["fields"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(given, ["permit:campaign", "permit:onboarding_notice", "permit:rep_sender"]);
    world.run("approve ma").exits(0);
    world.sync_until("as planned", |w| shown(w, hanako.lead) == [false, true, true, true]);
    assert!(!world.blocked(hanako.lead));
}
