//! What `[status]` says of people, and what of it targets are told.

use super::harness::{SOON, Setup, World, in_the_next_second, object, person, wait_until};
use nayose::model::Span;
use nayose::sandbox::crm::history::SALESPERSON;
use nayose::sandbox::{CrmKind, Handle};
use serde_json::json;

/// Lost a day ago but for so many seconds, and never seen open.
fn lost_nearly_a_day_ago(handle: &Handle, deal: u64, left: i64) {
    handle.set_deal_stage(deal, "lost").unwrap();
    handle.with(|w| {
        let now = w.now();
        let ended = now.minus(Span::days(1)).plus(Span::seconds(left)).rfc3339();
        assert!(w.crm.edit(CrmKind::Deal, deal, vec![("closedate".to_string(), ended)], now, SALESPERSON));
    });
}

/// Nothing else changes: a day is over since the deal was lost, while the daemon runs.
#[test]
fn a_number_of_days_that_turns_is_noticed_while_the_daemon_runs() {
    let by_days = "lost = 'deals.exists(d, d.lost && d.closed_days < 1)'\nrecycled = 'deals.exists(d, d.lost)'\nlead = 'true'";
    let mut lead = 0;
    let world = World::running_with(Setup { statuses: Some(by_days), ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        let deal = handle.open_deal(&[someone.contact], None).unwrap();
        lost_nearly_a_day_ago(handle, deal, 20);
        lead = someone.lead;
    });
    assert_eq!(world.lead(lead).text("leadStatus"), Some("lost"));
    let daemon = world.daemon();
    wait_until("a day is over", SOON, || world.lead(lead).text("leadStatus") == Some("recycled"));
    daemon.stop();
}

/// A marketer's own word stays, and so does a higher status, but for the exceptions; a hold is written as ever.
#[test]
fn under_forward_only_a_status_falls_only_to_the_exceptions() {
    let rules = "forward_only = { except = [\"lost\"] }\ncustomer = 'deals.exists(d, d.won)'\nopportunity = 'deals.exists(d, d.open)'\n\
                 lost = 'deals.exists(d, d.lost)'\nmql = 'person.score >= 100'\nlead = 'true'";
    let mut people = Vec::new();
    let world = World::running_with(Setup { statuses: Some(rules), ..Setup::default() }, |handle| {
        people = ["Hanako", "Ken", "Yui"].map(|name| person(handle, name, "Mori", None)).into();
        handle.edit_lead(people[0].lead, &object(json!({"leadScore": 120}))).unwrap();
        handle.edit_lead(people[1].lead, &object(json!({"leadStatus": "Partner"}))).unwrap();
    });
    let handle = &world.sandbox.handle;
    let shows = |n: usize| world.lead(people[n].lead).text("leadStatus").unwrap_or_default().to_string();
    assert_eq!([0, 1, 2].map(shows), ["mql", "Partner", "lead"]);

    in_the_next_second();
    handle.edit_lead(people[0].lead, &object(json!({"leadScore": 10}))).unwrap();
    let deals = [1, 2].map(|n: usize| handle.open_deal(&[people[n].contact], None).unwrap());
    world.sync().exits(0);
    assert_eq!([0, 1, 2].map(shows), ["mql", "Partner", "opportunity"]);
    assert!(world.blocked(people[1].lead) && world.blocked(people[2].lead), "holds go their own way");

    let plan = world.run("plan").json();
    assert_eq!(plan["forward_only"]["records"], 2, "{plan:#}");
    world
        .run_text("plan")
        .says("forward_only: 2 records are not told a lower status")
        .says("shows \"Partner\", not \"opportunity\": left: forward_only");
    let explained = world.run_text(&format!("explain {} --lang en", people[0].email));
    explained.says("status lead").says("\"lead\" is not written: left: forward_only; the status that is there is a higher one");
    world.run_text(&format!("explain {} --lang ja", people[0].email)).says("forward_only のため変えない");

    handle.set_deal_stage(deals[1], "lost").unwrap();
    world.sync_until("it falls to an exception", |_| shows(2) == "lost");
}

/// The marketers renamed a word of their pick list.
#[test]
fn a_status_is_told_in_the_word_that_systems_toml_has_for_it() {
    let words = |lead: &str| format!("[systems.ma.status]\nlead = {lead:?}\n");
    let (mut hanako, mut setup) = (None, Setup { more_systems: words("Contact"), ..Setup::default() });
    let world = World::running_with(setup.clone(), |handle| hanako = Some(person(handle, "Hanako", "Mori", None)));
    let hanako = hanako.unwrap();
    let shows = || world.lead(hanako.lead).text("leadStatus").map(str::to_string);
    assert_eq!(shows().as_deref(), Some("Contact"));
    assert_eq!(world.run("plan").code, 0, "what is read back is what was written");

    let deal = world.sandbox.handle.open_deal(&[hanako.contact], None).unwrap();
    world.sync().exits(0);
    assert_eq!(shows().as_deref(), Some("opportunity"), "as it is, without a word of its own");
    world.sandbox.handle.delete_deal(deal).unwrap();

    let other = person(&world.sandbox.handle, "Ken", "Abe", None);
    let daemon = world.daemon();
    wait_until("the new one is told", SOON, || world.lead(other.lead).text("leadStatus") == Some("Contact"));
    setup.more_systems = words("Person");
    world.configure(&setup);
    wait_until("the other word is written", SOON, || world.lead(other.lead).text("leadStatus") == Some("Person"));
    daemon.stop();
}

/// A customer may be a lead for a second product: what they are to us is told beside the status, and a field's rule goes by it.
#[test]
fn what_a_person_is_to_us_is_a_rule_of_its_own_that_others_ask_for() {
    let statuses = "upsell = 'person.relationship == \"customer\" && person.score >= 100'\nmql = 'person.score >= 100'\nlead = 'true'\n\n\
                    [relationship]\ncustomer = 'deals.exists(d, d.won)'\nknown = 'person.score >= 50'";
    let precedence = "title = { from = [\"crm\"], when = 'person.relationship == \"customer\"', otherwise = [\"ma\"] }\n";
    let mut people = Vec::new();
    let world = World::running_with(Setup { statuses: Some(statuses), precedence, ..Setup::default() }, |handle| {
        people = ["Hanako", "Ken"].map(|name| person(handle, name, "Mori", None)).into();
        for someone in &people {
            handle.edit_contact(someone.contact, &[("jobtitle", "Chief")]).unwrap();
            handle.edit_lead(someone.lead, &object(json!({"leadScore": 120, "title": "Clerk"}))).unwrap();
        }
        let deal = handle.open_deal(&[people[0].contact], None).unwrap();
        handle.set_deal_stage(deal, "won").unwrap();
    });
    let shows = |n: usize| ["leadStatus", "title"].map(|field| world.lead(people[n].lead).text(field).unwrap_or_default().to_string());
    assert_eq!((shows(0), shows(1)), (["upsell", "Chief"].map(String::from), ["mql", "Clerk"].map(String::from)));
    world.run_text(&format!("explain {} --lang en", people[0].email)).says("relationship customer  [policy.toml:");
    world.run_text(&format!("explain {} --lang ja", people[1].email)).says("関係 known  [policy.toml:");
}

/// Each run is a process of its own: what a status was before is known from what was kept, and from what was written.
#[test]
fn explain_tells_how_a_status_changed_and_by_what() {
    let mut lead = 0;
    let mut contact = 0;
    let world = World::running_with(Setup::default(), |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        (lead, contact) = (someone.lead, someone.contact);
    });
    let handle = &world.sandbox.handle;
    handle.edit_lead(lead, &object(json!({"leadScore": 120}))).unwrap();
    world.sync().exits(0);
    let deal = handle.open_deal(&[contact], None).unwrap();
    world.sync().exits(0);
    world.sync().exits(0);
    let told = world.run(&format!("explain ma:person:{lead}")).json();
    let history = told["status"]["history"].as_array().unwrap_or_else(|| panic!("{told}"));
    let changes: Vec<_> = history.iter().map(|past| json!([past["from"], past["to"], past["because"]])).collect();
    let by_score = format!("person.score = 120 (ma:person:{lead})");
    assert_eq!(changes, [json!(["mql", "opportunity", [format!("crm:deal:{deal} (open)")]]), json!(["lead", "mql", [by_score]])], "{told}");
    let text = world.run_text(&format!("explain ma:person:{lead}")).out;
    assert!(text.contains(&format!("  mql -> opportunity  [policy.toml:3]  by crm:deal:{deal} (open)\n")), "{text}");
}

/// The score that the CRM holds, which goes first, is no evidence of the MA.
#[test]
fn a_status_by_one_system_goes_by_what_that_holds() {
    let rules = "mql = { when = 'person.score >= 100', by = \"ma\" }\nlead = 'true'";
    let mut lead = 0;
    let world = World::running_with(Setup { statuses: Some(rules), ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        handle.edit_contact(someone.contact, &[("nayose_score", "150")]).unwrap();
        handle.edit_lead(someone.lead, &object(json!({"leadScore": 10}))).unwrap();
        lead = someone.lead;
    });
    let told = || world.run(&format!("explain ma:person:{lead}")).json();
    assert_eq!(world.lead(lead).text("leadStatus"), Some("lead"));
    assert_eq!(told()["fields"]["score"]["value"], 150);
    world.sandbox.handle.edit_lead(lead, &object(json!({"leadScore": 120}))).unwrap();
    world.sync().exits(0);
    assert_eq!(world.lead(lead).text("leadStatus"), Some("mql"));
    let status = told()["status"].clone();
    assert_eq!(
        (&status["by"], &status["history"][0]["because"]),
        (&json!("ma"), &json!([format!("person.score = 120 (ma:person:{lead})")]))
    );
}
