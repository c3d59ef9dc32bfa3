//! First contact only looks; what an approval lets go; exit codes.

use super::harness::{Setup, World, person};
use std::fs;

#[test]
fn first_contact_only_looks() {
    let world = World::new(Setup::default());
    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    person(handle, "Ken", "Abe", None);
    let deal = handle.open_deal(&[hanako.contact], None).unwrap();

    let plan = world.run("plan").exits(4).json();
    assert_eq!(plan["unprotected"]["ma"], 1, "{plan:#}");
    let keys: Vec<&String> = plan.as_object().unwrap().keys().collect();
    for key in ["writes", "totals", "unprotected", "waiting"] {
        assert!(keys.iter().any(|k| *k == key), "{key} is missing: {keys:?}");
    }
    assert_eq!(plan["totals"]["hold"], 1);
    assert_eq!(plan["totals"]["release"], 0);
    assert_eq!(plan["totals"]["create"], 0);
    let writes = plan["writes"].as_array().unwrap();
    let write = writes.iter().find(|w| w["op"] == "hold").unwrap();
    assert_eq!(write["system"], "ma");
    assert_eq!(write["entity"], "person");
    assert_eq!(write["id"], hanako.lead.to_string());
    assert!(write["person"].as_str().unwrap().starts_with("p_"), "{write:#}");
    assert_eq!(write["reasons"], serde_json::json!(["open_deal_person"]));
    assert_eq!(write["fields"]["status"]["old"], serde_json::Value::Null);
    assert_eq!(write["fields"]["status"]["new"], "opportunity");
    assert!(write["fields"]["status"]["rule"].as_str().unwrap().starts_with("policy.toml:"), "{write:#}");

    // The gate protects from the first minute, approval or not.
    assert_eq!(world.gate(&hanako.email).0, "hold");
    let text = world.run_text("plan").exits(4);
    assert!(text.out.starts_with("1 person on open deals is not protected in ma"), "{text}");
    assert_eq!(world.status()["protection"], "watching");
    assert!(world.because().contains("approve ma"), "{}", world.because());

    let synced = world.sync().exits(0).json();
    assert_eq!(synced["writes"]["ma"]["hold"]["applied"], 0);
    assert_eq!(synced["not_approved"], serde_json::json!(["ma"]));
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    let _ = deal;
}

#[test]
fn approving_holds_writes_holds_and_nothing_else() {
    let world = World::new(Setup { people: 60, ..Setup::default() });
    world.run("plan").exits(4);
    let approved = world.run("approve ma --holds").exits(0).json();
    assert_eq!(approved["scope"], "holds");
    world.sync().exits(0);
    for write in world.writes() {
        assert_eq!(write.fields.get("marketingSuspended"), Some(&true.into()), "{write:?}");
        assert!(write.fields.keys().all(|f| ["id", "marketingSuspended", "nayose_why"].contains(&f.as_str())), "{write:?}");
    }
    let held = world.sandbox.handle.leads_on_open_deals(true);
    assert!(held.len() > 5, "too few to mean anything: {}", held.len());
    for lead in held {
        assert!(world.blocked(lead), "lead {lead}\n{}", world.run_text(&format!("explain ma:person:{lead}")));
    }
    let mailed: Vec<u64> = world.sandbox.handle.send_newsletter(false).iter().map(|s| s.lead).collect();
    assert!(!mailed.is_empty());
    assert!(world.sandbox.handle.leads_on_open_deals(true).iter().all(|l| !mailed.contains(l)));

    world.run("approve ma").exits(0);
    world.sync().exits(0);
    assert!(world.writes().iter().any(|w| w.fields.contains_key("leadStatus")), "no status was written");
    // A later word for less takes nothing back, and does not look as if it did.
    assert_eq!(world.run("approve ma --holds").exits(0).json()["scope"], "all");
    world.run_text("approve ma --holds").exits(0).says("all writes, as before").says("`writes` in systems.toml");
    assert_eq!(world.run("deadletters list").exits(0).json()["deadletters"], serde_json::json!([]));
    world.run_text("deadletters list").exits(0).says("no system refused a write");
}

#[test]
fn after_everything_is_written_a_second_sync_writes_nothing() {
    let world = World::running_with(Setup { people: 60, permit: true, ..Setup::default() }, |_| {});
    assert!(world.writes().iter().any(|w| w.fields.contains_key("phone")), "no field was written");
    assert!(world.writes().iter().any(|w| w.fields.contains_key("nayose_ok_until")), "no permit was written");
    world.sandbox.handle.reset_log();
    for _ in 0..3 {
        world.sync().exits(0);
    }
    assert!(world.writes().is_empty(), "{:?}", world.writes());
    let plan = world.run("plan").exits(0).json();
    assert_eq!(plan["writes"], serde_json::json!([]));
    assert_eq!(plan["unprotected"]["ma"], 0);
    assert_eq!(world.status()["protection"], "protecting", "{}", world.because());
}

#[test]
fn the_gate_allows_who_is_free_and_holds_who_is_not_or_is_unknown() {
    let mut people = None;
    let world = World::running_with(Setup::default(), |handle| {
        let hanako = person(handle, "Hanako", "Mori", None);
        handle.open_deal(&[hanako.contact], None).unwrap();
        people = Some((hanako, person(handle, "Ken", "Abe", None)));
    });
    let (hanako, ken) = people.unwrap();
    world.assert_held(hanako.lead);
    world.assert_free(ken.lead);
    let ken_answer = world.run(&format!("gate {} --kind newsletter", ken.email)).exits(0).json();
    let answer = &ken_answer["decisions"][0];
    for key in ["subject", "decision", "reasons", "basis", "until", "data_age_s", "policy_version", "decision_id"] {
        assert!(answer.get(key).is_some(), "{key} is missing: {answer:#}");
    }
    assert_eq!(answer["basis"], "explicit_consent");
    assert!(answer["data_age_s"]["crm.deals"].is_i64(), "{answer:#}");
    assert_eq!(world.gate("nobody@nowhere.example"), ("hold".into(), vec!["unknown_person".into()]));
    assert_eq!(world.gate(&hanako.email.to_uppercase()).0, "hold", "an address in another form is the same address");
    assert_eq!(world.gate(&format!("crm:person:{}", hanako.contact)).1, ["open_deal_person"]);
    // A deal does not stop what the contract demands.
    let service = world.run(&format!("gate {} --kind service", hanako.email)).exits(0).json();
    assert_eq!(service["decisions"][0]["decision"], "allow", "{service:#}");
}

#[test]
fn without_a_state_questions_end_with_3() {
    let world = World::new(Setup::default());
    for args in [
        "status",
        "explain a@b.example",
        "gate a@b.example",
        "export people",
        "deadletters list",
        "deadletters retry",
        "deadletters drop ma:person:1",
        "approve ma",
    ] {
        let ran = world.run(args).exits(3).says("no state");
        let told = ran.json();
        assert!(told["exit"] == 3 && told["error"].as_str().unwrap().contains("no state"), "{told}");
    }
    assert!(!world.state_folder().exists(), "a question made a state");
}

#[test]
fn what_is_mistaken_ends_with_2_and_says_what_is_expected() {
    let world = World::new(Setup::default());
    world.run("no-such-command").exits(2);
    world.run("gate").exits(2);
    world.run("gate a@b.example --kind spam").exits(2).says("newsletter");
    world.run("connector test no-such-connector").exits(2);
    world.run("connector try no-such-system").exits(2).says("support");
    world.run("plan").exits(0);
    world.run("approve no-such-thing").exits(2).says("no-such-thing");
    world.run("approve w_00000000").exits(2);
    world.run("approve crm").exits(2).says("only read");
    world.run("explain nobody@nowhere.example").exits(2).says("nobody@nowhere.example");
    world.run("deadletters drop ma:person:1").exits(2);
    world.run("sync --system no-such-system").exits(2).says("no-such-system");

    let policy = world.folder().join("policy.toml");
    let right = fs::read_to_string(&policy).unwrap();
    fs::write(
        &policy,
        right.replace("deal.open", "deal.opne").replace("campaign\", \"newsletter\", \"rep", "campain\", \"newsletter\", \"rep"),
    )
    .unwrap();
    for command in ["check", "plan", "sync", "run", "status"] {
        let ran = world.run_text(command).exits(2);
        assert!(
            ran.err.contains("policy.toml") && ran.err.contains("opne") && ran.err.contains("campain"),
            "not all mistakes are told: {ran}"
        );
    }
    let mistakes = world.run("check").exits(2).json();
    assert!(mistakes.to_string().contains("policy.toml"), "{mistakes:#}");
    fs::write(&policy, right).unwrap();
    world.run("check").exits(0);
}

#[test]
fn a_secret_in_the_file_is_a_mistake_and_is_not_repeated() {
    let world = World::new(Setup::default());
    let systems = world.folder().join("systems.toml");
    let text = fs::read_to_string(&systems).unwrap();
    fs::write(&systems, text.replace("{ env = \"TEST_CRM\" }", &format!("{:?}", world.sandbox.keys.crm_token))).unwrap();
    // That the token is not printed is checked for every command.
    world.run_text("check").exits(2).says("secret");
    world.run("check").exits(2).says("secret");
}
