//! What `plan` and `status` tell people: numbers that are known, under the reasons that they have.

use super::harness::{Setup, World, object, person};
use nayose::sandbox::{FaultKind, SandboxSystem};
use serde_json::{Value, json};

const NOT_KNOWN: &str = "it is not known how many people on open deals are not protected in ma";

#[test]
fn what_could_not_be_read_is_not_told_as_nobody() {
    let world = World::new(Setup::default());
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    handle.open_deal(&[hanako.contact], None).unwrap();
    world.fault(SandboxSystem::Crm, FaultKind::Down);

    let plan = world.run("plan").exits(1).json();
    assert_eq!(plan["unprotected"], json!({ "ma": null }), "{plan:#}");
    assert!(plan["not_read"].as_array().unwrap().contains(&json!("crm.deals")), "{plan:#}");
    let told = world.run_text("plan").exits(1).says(NOT_KNOWN).says("crm.deals");
    assert!(!told.out.contains("0 people on open deals"), "{told}");
    assert_eq!(world.status()["not_enforced"], Value::Null);
    world.run_text("status").exits(1).says(NOT_KNOWN).says("not known how many not enforced");

    // There is something to write, and still something failed.
    let ken = person(handle, "Ken", "Abe", None);
    let user = handle.create_user("Ken Abe", Some(&ken.email));
    handle.create_ticket(user, "open", Some("urgent")).unwrap();
    let plan = world.run("plan").exits(1).json();
    assert_eq!((&plan["unprotected"]["ma"], &plan["totals"]["hold"]), (&json!(1), &json!(1)), "{plan:#}");
    world.run_text("plan").exits(1).says(NOT_KNOWN).says("1 person on hold for another reason is not protected in ma");

    handle.clear_faults(SandboxSystem::Crm);
    let told = world.run_text("plan").exits(4).says("1 person on open deals is not protected in ma");
    assert!(!told.out.contains("known"), "{told}");
}

#[test]
fn who_is_on_no_deal_is_not_counted_as_on_one() {
    let world = World::new(Setup::default());
    let handle = &world.sandbox.handle;
    let ken = person(handle, "Ken", "Abe", None);
    let user = handle.create_user("Ken Abe", Some(&ken.email));
    handle.create_ticket(user, "open", Some("urgent")).unwrap();
    // Two leads of one person who said no on one of them.
    let no = person(handle, "Yui", "Ito", None);
    handle.twin_lead(no.lead).unwrap();
    handle.unsubscribe(no.lead).unwrap();

    let (deals, ticket) = ("0 people on open deals are not protected in ma", "1 person on hold for another reason is not protected in ma");
    let refused = "1 person who said no elsewhere is not protected in ma";
    world.run_text("plan").exits(4).says(deals).says(ticket).says(refused).says("to write: 2 holds");
    let plan = world.run("plan").json();
    assert_eq!(plan["unprotected"]["ma"], 1, "{plan:#}");
    assert_eq!(
        plan["unprotected_by"]["ma"],
        json!({ "open_deals": 0, "other_holds": 1, "others": 1, "said_no": 1, "no_basis": 0, "not_readable": 0 }),
        "{plan:#}"
    );
    let status = world.run_text("status").exits(1).says(ticket).says(refused).says("2 people, 1 on hold, 1 not enforced");
    assert!(!status.out.contains("people on open deals"), "{status}");
}

#[test]
fn a_plan_in_words_tells_holds_first_each_with_name_address_and_why() {
    let world = World::new(Setup { precedence: "title = { from = [\"crm\", \"ma\"] }\n", ..Setup::default() });
    let handle = &world.sandbox.handle;
    for n in 0..60 {
        let ken = person(handle, &format!("Ken{n}"), "Abe", None);
        handle.edit_lead(ken.lead, &object(json!({ "title": "old" }))).unwrap();
        handle.edit_contact(ken.contact, &[("jobtitle", "new")]).unwrap();
    }
    let hanako = person(handle, "Hanako", "Mori", None);
    handle.open_deal(&[hanako.contact], None).unwrap();
    let told = world.run_text("plan").exits(4);
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines[0], "1 person on open deals is not protected in ma", "{told}");
    assert!(lines[1].starts_with("to write: 1 hold, "), "{told}");
    assert_eq!(lines[2], "ma, holds:", "{told}");
    let hold = format!("  Mori Hanako <{}>  ma:person:{}  because open_deal_person  [policy.toml:", hanako.email, hanako.lead);
    assert!(lines[3].starts_with(&hold), "{told}");
    assert!(lines[4].starts_with("ma, ") && lines[5].contains("Abe Ken") && !lines[5].contains("because"), "{told}");
    assert!(lines.iter().any(|l| l.starts_with("and ") && l.ends_with(" more (--json shows all)")), "{told}");
}

#[test]
fn an_error_names_its_system_and_stream_once() {
    let world = World::new(Setup::default());
    world.fault(SandboxSystem::Crm, FaultKind::Html);
    let address = world.sandbox.crm_url.clone();
    let lines = |of: &str, ran: super::harness::Ran| -> Vec<String> {
        let said = format!("{}\n{}", ran.out, ran.err);
        let lines: Vec<String> = said.lines().filter(|line| line.contains("HTML")).map(|line| line.trim().to_string()).collect();
        assert!(!lines.is_empty(), "{of} does not say it: {said}");
        lines
    };
    for command in ["connector try crm", "plan", "sync", "status"] {
        for line in lines(command, world.run_text(command)) {
            let names = line.matches("crm").count() + line.matches("people").count();
            let stream = line.trim_start_matches("error: ").split([':', ' ']).next().unwrap().to_string();
            let own = stream.matches("crm").count() + stream.matches("people").count();
            assert!(stream.starts_with("crm.") && names == own, "{command}: {line}");
            assert!(line.contains(&format!(" at {address}: ")) && line.contains("(200: "), "{command}: {line}");
        }
    }
    // The column of the table is short, as the whole stands elsewhere.
    let table = world.run_text("status").out;
    assert!(table.lines().filter(|line| line.starts_with(" crm.")).all(|line| line.chars().count() < 150), "{table}");
}
