//! A CRM's own stages: in two steps where they go back, and held against the list that the CRM itself has of them.

use super::harness::{SOON, Setup, World, in_the_next_second, person, wait_until};
use nayose::sandbox::SandboxSystem;
use serde_json::{Value, json};

/// A world whose CRM is told the status as its stage, in these words.
fn world(words: &str) -> World {
    let world = World::new(Setup::default());
    let path = world.folder().join("systems.toml");
    let systems = std::fs::read_to_string(&path).unwrap();
    let named = format!("connector = \"hubspot\"\nwrites = [\"status\"]\nstatus_property = \"lifecyclestage\"\nstatus = {{ {words} }}\n");
    std::fs::write(&path, systems.replace("connector = \"hubspot\"\n", &named)).unwrap();
    world
}

/// The CRM said yes to the earlier stage each time, and kept the later one.
#[test]
fn a_stage_goes_back_once_it_is_cleared_and_forward_as_it_is() {
    let world = world("mql = \"marketingqualifiedlead\", lost = \"other\"");
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    let stage = |world: &World| {
        let contacts = world.sandbox.handle.contacts();
        let contact = contacts.iter().find(|contact| contact.id == hanako.contact).unwrap();
        contact.properties.get("lifecyclestage").cloned().unwrap_or_default()
    };
    let deal = handle.open_deal(&[hanako.contact], None).unwrap();
    world.run("plan");
    world.run("approve ma").exits(0);
    world.run("approve crm").exits(0);
    world.sync_until("the stage is told", |world| stage(world) == "opportunity");

    in_the_next_second();
    handle.delete_deal(deal).unwrap();
    let before = world.writes().len();
    let plan = world.run("plan").json();
    let writes = plan["writes"].as_array().unwrap();
    let of_crm: Vec<&Value> = writes.iter().filter(|write| write["system"] == "crm").collect();
    assert_eq!((of_crm.len(), &of_crm[0]["cleared_first"]), (1, &json!(["status"])), "{plan:#}");
    world.run_text("plan").says("status: \"opportunity\" -> \"lead\" (in two steps: cleared, then set)");
    world.sync_until("it goes back", |world| stage(world) == "lead");
    let told: Vec<Value> = world.writes()[before..]
        .iter()
        .filter(|write| write.system == SandboxSystem::Crm)
        .filter_map(|write| write.fields.get("lifecyclestage").cloned())
        .collect();
    assert_eq!(told, ["", "lead"], "each step once");
    assert_eq!(world.run("plan").code, 0);
}

/// Each of those people would have become a dead letter.
#[test]
fn words_that_the_crm_does_not_have_are_told_before_anything_is_written() {
    let world = world("mql = \"marketingqualifiedleed\", lost = \"other\"");
    let tried = world.run("connector try crm").exits(1).json();
    let told = json!([{ "part": "status", "field": "lifecyclestage", "words": 8, "error": null,
        "lacks": [{ "ours": "mql", "word": "marketingqualifiedleed", "nearest": "marketingqualifiedlead" }] }]);
    assert_eq!(tried["pick_lists"], told);
    let text = world.run_text("connector try crm").exits(1);
    text.says("status is written to lifecyclestage, whose own list has no \"marketingqualifiedleed\"")
        .says("did you mean \"marketingqualifiedlead\"?")
        .says("say its word for mql in [systems.crm.status]");

    let path = world.folder().join("systems.toml");
    let systems = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, systems.replace("qualifiedleed", "qualifiedlead")).unwrap();
    assert_eq!(world.run("connector try crm").exits(0).json()["pick_lists"][0]["lacks"], json!([]));
    // A property of plain text takes any word.
    std::fs::write(&path, systems.replace("\"lifecyclestage\"", "\"nayose_status\"")).unwrap();
    assert_eq!(world.run("connector try crm").exits(0).json()["pick_lists"][0]["words"], 0);
    std::fs::write(&path, systems.replace("\"lifecyclestage\"", "\"no_such_property\"")).unwrap();
    world.run_text("connector try crm").exits(0).says("which words it takes could not be asked");
}

/// The word is told once, in `status`, and nobody's stage is cleared for a word that is refused then; all else is written.
#[test]
fn a_word_that_the_crm_does_not_have_waits_and_is_told_until_it_is_mended() {
    let world = world("lead = \"leed\", lost = \"other\", mql = \"marketingqualifiedlead\"");
    let handle = &world.sandbox.handle;
    let people = ["Hanako", "Ken"].map(|name| person(handle, name, "Mori", None));
    handle.edit_contact(people[0].contact, &[("lifecyclestage", "customer")]).unwrap();
    handle.open_deal(&[people[1].contact], None).unwrap();
    let stage = |world: &World, n: usize| {
        let contacts = world.sandbox.handle.contacts();
        let contact = contacts.iter().find(|contact| contact.id == people[n].contact).unwrap();
        contact.properties.get("lifecyclestage").cloned().unwrap_or_default()
    };
    world.run("plan");
    world.run("approve ma").exits(0);
    world.run("approve crm").exits(0);
    world.sync_until("whose word is there is told", |world| stage(world, 1) == "opportunity");
    assert_eq!(stage(&world, 0), "customer", "nothing was cleared");
    assert!(world.run("deadletters list").json().as_array().is_none_or(Vec::is_empty));

    let daemon = world.daemon();
    let told = "status is written to lifecyclestage, whose own list has no \"leed\": did you mean \"lead\"?";
    wait_until("it is told", SOON, || world.because().contains(told));
    let path = world.folder().join("systems.toml");
    let systems = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, systems.replace("\"leed\"", "\"lead\"")).unwrap();
    wait_until("it is mended", SOON, || stage(&world, 0) == "lead" && !world.because().contains("lifecyclestage"));
    daemon.stop();
}
