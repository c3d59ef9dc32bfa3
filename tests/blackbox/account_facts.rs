//! What a company has: on its people's records, and in their status.

use super::harness::{SOON, Setup, World, object, person, wait_until};
use serde_json::json;
use std::fs;

const RULES: &str =
    "industry = { account = \"industry\" }\nphone = [\"crm\"]\n\n[account]\nindustry = [\"crm\"]\nemployees = { max = [\"crm\"] }\n";
const STATUSES: &str = "large = 'account.employees >= 1000'\nlead = 'true'";

fn setup() -> Setup {
    Setup { precedence: RULES, statuses: Some(STATUSES), ..Setup::default() }
}

/// The industry is written to the marketing system too.
fn writes_industry(world: &World) {
    let path = world.folder().join("systems.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"phone\", \"title\"]"), "{text}");
    fs::write(path, text.replace("\"phone\", \"title\"]", "\"phone\", \"industry\"]")).unwrap();
}

#[test]
fn a_companys_industry_is_written_to_its_people_and_follows_it() {
    let world = World::new(setup());
    writes_industry(&world);
    let handle = &world.sandbox.handle;
    let acme = handle.create_company("Acme", "acme.example");
    handle.edit_company(acme, &[("industry", "RETAIL"), ("numberofemployees", "40")]).unwrap();
    let (hanako, alone) = (person(handle, "Hanako", "Mori", Some(acme)), person(handle, "Ken", "Abe", None));
    handle.edit_lead(alone.lead, &object(json!({"industry": "FISHERY"}))).unwrap();
    world.run("check").exits(0);
    world.run("plan");
    world.run("approve ma").exits(0);
    let industry = |lead| world.lead(lead).text("industry").map(str::to_string);
    let status = |lead| world.lead(lead).text("leadStatus").map(str::to_string);
    world.sync_until("it settles", |w| w.run("plan").code == 0);
    assert_eq!(industry(hanako.lead).as_deref(), Some("RETAIL"));
    assert_eq!(industry(alone.lead).as_deref(), Some("FISHERY"), "who is of no company keeps what stands there");
    assert_eq!([status(hanako.lead), status(alone.lead)].map(Option::unwrap_or_default), ["lead", "lead"]);

    let told = world.run(&format!("explain {}", hanako.email)).exits(0).json();
    let (field, fact) = (&told["fields"]["industry"], &told["account"]["industry"]);
    assert_eq!(
        (&field["from"], &field["rule_says"]),
        (&json!(format!("crm:account:{acme}")), &json!("{ account = \"industry\" }")),
        "{told:#}"
    );
    assert_eq!((&fact["from"], &fact["value"]), (&json!(format!("crm:account:{acme}")), &json!("RETAIL")), "{told:#}");
    world.run_text(&format!("explain {}", hanako.email)).says("account.employees: 40").says("the account's value counts");

    // Nothing but the company changes.
    let daemon = world.daemon();
    handle.edit_company(acme, &[("industry", "MINING"), ("numberofemployees", "4000")]).unwrap();
    wait_until("the industry follows", SOON, || industry(hanako.lead).as_deref() == Some("MINING"));
    wait_until("the status follows", SOON, || status(hanako.lead).as_deref() == Some("large"));
    daemon.stop();
    assert_eq!((industry(alone.lead).as_deref(), status(alone.lead).as_deref()), (Some("FISHERY"), Some("lead")));

    // A marketer empties it: it comes back only as something else.
    handle.edit_lead(hanako.lead, &object(json!({"industry": ""}))).unwrap();
    world.sync().exits(0);
    assert_eq!(industry(hanako.lead).unwrap_or_default(), "");
    handle.edit_company(acme, &[("industry", "RETAIL")]).unwrap();
    world.sync_until("what is new is written", |_| industry(hanako.lead).as_deref() == Some("RETAIL"));
}

#[test]
fn an_edit_of_a_companys_rule_is_told_by_plan_rules() {
    let world = World::new(setup());
    writes_industry(&world);
    let handle = &world.sandbox.handle;
    let acme = handle.create_company("Acme", "acme.example");
    handle.edit_company(acme, &[("industry", "RETAIL"), ("numberofemployees", "4000")]).unwrap();
    let hanako = person(handle, "Hanako", "Mori", Some(acme));
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("it settles", |w| w.run("plan").code == 0);
    assert_eq!(world.lead(hanako.lead).text("leadStatus"), Some("large"));

    let other = tempfile::tempdir().unwrap();
    for file in ["systems.toml", "precedence.toml", "policy.toml", "consent.toml"] {
        let text = fs::read_to_string(world.folder().join(file)).unwrap();
        fs::write(other.path().join(file), text.replace("{ max = [\"crm\"] }", "{ max = [\"crm\"], ignore = [\"4000\"] }")).unwrap();
    }
    let ask = format!("plan --rules {}", other.path().display());
    let told = world.run(&ask).exits(4).json();
    assert!(told.to_string().contains("\"large\""), "{told:#}");
    fs::copy(other.path().join("precedence.toml"), world.folder().join("precedence.toml")).unwrap();
    world.sync_until("the status falls", |w| w.lead(hanako.lead).text("leadStatus") == Some("lead"));
}
