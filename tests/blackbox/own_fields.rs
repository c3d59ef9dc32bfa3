//! Fields of one's own: read, named in a rule, written, and what is refused.

use super::harness::{Setup, World, object, person};
use serde_json::json;
use std::fs;

fn before() -> Setup {
    Setup { precedence: "", statuses: Some("lead = 'true'"), ..Setup::default() }
}

fn with_rules() -> Setup {
    let statuses = Some("builder = 'person.industry == \"Construction\"'\nlead = 'true'");
    Setup { precedence: "industry = [\"ma\", \"crm\"]\n", statuses, ..Setup::default() }
}

fn edit(world: &World, old: &str, new: &str) {
    let path = world.folder().join("systems.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old:?} in {text}");
    fs::write(path, text.replacen(old, new, 1)).unwrap();
}

/// Nothing changed in the systems: the field was there all the time, and nobody asked for it.
#[test]
fn a_custom_field_of_the_crm_is_read_named_in_a_rule_and_written() {
    let (mut builder, mut retailer) = (None, None);
    let world = World::running_with(before(), |handle| {
        let (one, other) = (person(handle, "Hanako", "Mori", None), person(handle, "Ken", "Sato", None));
        handle.edit_contact(one.contact, &[("industry_c", "Construction")]).unwrap();
        handle.edit_lead(other.lead, &object(json!({"industry": "Retail"}))).unwrap();
        (builder, retailer) = (Some(one), Some(other));
    });
    let (builder, retailer) = (builder.unwrap(), retailer.unwrap());
    assert_eq!(world.lead(builder.lead).text("leadStatus"), Some("lead"));

    world.configure(&with_rules());
    let named = "connector = \"hubspot\"\nwrites = [\"industry\"]\nfields = { industry = \"properties.industry_c\" }\n";
    edit(&world, "connector = \"hubspot\"\n", named);
    edit(&world, "\"phone\", \"title\"]", "\"phone\", \"title\", \"industry\"]");
    world.run("check").exits(0);
    world.sync_until("the rule sees the field", |w| w.lead(builder.lead).text("leadStatus") == Some("builder"));
    world.sync_until("it goes to the MA", |w| w.lead(builder.lead).text("industry") == Some("Construction"));
    let industry = |contact: u64| {
        let contacts = world.sandbox.handle.contacts();
        contacts.into_iter().find(|c| c.id == contact).and_then(|c| c.properties.get("industry_c").cloned())
    };
    assert_eq!(industry(retailer.contact), None, "nothing is written before approve");
    world.run("plan");
    world.run("approve crm").exits(0);
    world.sync_until("it comes to the CRM", |_| industry(retailer.contact).as_deref() == Some("Retail"));
    world.sync_until("it settles", |w| w.run("plan").code == 0);
    assert_eq!(industry(builder.contact).as_deref(), Some("Construction"));

    world.sandbox.handle.edit_contact(builder.contact, &[("industry_c", "")]).unwrap();
    world.sandbox.handle.edit_lead(builder.lead, &object(json!({"industry": "Mining"}))).unwrap();
    world.sync_until("changes go on", |_| industry(builder.contact).as_deref() == Some("Mining"));
}

#[test]
fn a_consent_field_is_refused_and_what_nothing_reads_is_shown() {
    let world = World::new(before());
    let someone = person(&world.sandbox.handle, "Hanako", "Mori", None);
    world.sandbox.handle.edit_contact(someone.contact, &[("industry_c", "Construction")]).unwrap();
    world.sandbox.handle.create_user("Mori Hanako", Some(&someone.email));
    let told = world.run_text("connector try crm").exits(0);
    told.says(
        "HubSpot CRM shows only the fields that it is asked for: add one by the name that it has there, as its_name = \"properties.NAME\"",
    );
    let support = world.run("connector try support").json();
    let people = support["streams"].as_array().unwrap().iter().find(|s| s["stream"] == "people").unwrap();
    let role = people["unmapped"].as_array().unwrap().iter().find(|f| f["path"] == "role").unwrap_or_else(|| panic!("{people:#}"));
    assert_eq!((&role["name"], &role["type"]), (&json!("role"), &json!("text")), "{people:#}");
    world.run_text("connector try support").exits(0).says("under [systems.support.fields]:").says("role = \"role\"   # end-user");

    edit(&world, "connector = \"zendesk\"\n", "connector = \"zendesk\"\nfields = { role = \"role\" }\n");
    let people = world.run("connector try support").exits(0).json()["streams"].clone();
    let people = people.as_array().unwrap().iter().find(|s| s["stream"] == "people").unwrap().clone();
    assert_eq!(people["records"][0]["fields"]["role"], "end-user", "{people:#}");
    assert!(people["unmapped"].as_array().unwrap().iter().all(|f| f["path"] != "role"), "{people:#}");

    edit(&world, "connector = \"hubspot\"\n", "connector = \"hubspot\"\nfields = { no_mail = \"properties.hs_email_optout\" }\n");
    world.run_text("check").exits(2).says("shows the person's own no in HubSpot CRM");
}
