//! A custom field of the real BottleCRM, by the real binary: shown by `connector try`, read, named in a rule, written.

#![allow(clippy::disallowed_methods, reason = "real systems go by the wall clock")]

use super::systems::System;
use super::turn;
use crate::config_files::{CONSENT, ConfigFiles, DEALS_PROVED, Hold, OPEN_DEAL, policy, system};
use reqwest::Method;
use serde_json::{Value as Json, json};
use std::process::{Command, Output};

/// Made once, and it stays: the system keeps a field's definition for ever.
const KEY: &str = "lab_industry";

async fn make_field(crm: &System) {
    let known = crm.call(Method::GET, "/custom-fields/", None).await;
    let is_it = |d: &&Json| d["key"] == KEY && d["target_model"] == "Contact";
    if known["definitions"].as_array().unwrap().iter().find(is_it).is_none() {
        let definition = json!({"target_model": "Contact", "key": KEY, "label": "Lab industry", "field_type": "text"});
        crm.call(Method::POST, "/custom-fields/", Some(definition)).await;
    }
}

struct Nayose {
    folder: tempfile::TempDir,
    token: String,
}

impl Nayose {
    fn run(&self, args: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
        let Output { status, stdout, stderr } =
            command.arg("--config").arg(self.folder.path()).args(args).env("CRM_TOKEN", &self.token).output().unwrap();
        (status.code().unwrap(), String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr))
    }

    fn write(&self, crm: &System, more: &str) {
        let keys = format!("base_url = {:?}\ntoken = {{ env = \"CRM_TOKEN\" }}\n{more}", crm.url);
        let systems = format!("[state]\nurl = \"sled:data\"\n{}", system("crm", "bottlecrm", &keys));
        let deals = Hold { proof: DEALS_PROVED, ..OPEN_DEAL };
        let statuses = [("builder", "person.industry == \"Construction\""), ("lead", "true")];
        let files = ConfigFiles {
            // Who is known as a lead too has the field there, and the contact gets it.
            precedence: "default = [\"crm\"]\n[person]\nindustry = [\"crm\"]\n".into(),
            consent: CONSENT.replace("ma", "crm"),
            ..ConfigFiles::new(systems, policy(&statuses, &[deals], "\"crm.contacts\" = \"2d\"", ""))
        };
        files.write(self.folder.path());
    }
}

#[tokio::test]
async fn a_custom_field_of_bottlecrm_is_read_named_in_a_rule_and_written() {
    let Some(crm) = System::crm() else { return };
    let _turn = turn::alone().await;
    make_field(&crm).await;
    let nayose = Nayose { folder: tempfile::tempdir().unwrap(), token: crm.token.clone() };
    let contact = |name: &str, fields: Json| json!({"first_name": name, "last_name": "Feld", "email": format!("lab-{name}@example.test"), "custom_fields": fields});
    let one = crm.call(Method::POST, "/contacts/", Some(contact("eins", json!({KEY: "Construction"})))).await;
    let other = crm.call(Method::POST, "/contacts/", Some(contact("zwei", json!({})))).await;
    let lead = json!({"first_name": "zwei", "last_name": "Feld", "email": "lab-zwei@example.test", "company_name": "Feld", "status": "assigned",
        "industry": "BANKING"});
    let lead = crm.call(Method::POST, "/leads/", Some(lead)).await;
    let path = |made: &Json| format!("/contacts/{}/", made["id"].as_str().unwrap());

    nayose.write(&crm, "fields = { leads = { industry = \"industry\" } }");
    let tried = nayose.run(&["connector", "try", "crm"]);
    nayose.write(&crm, &format!("fields = {{ industry = \"custom_fields.{KEY}\", calls = \"do_not_call\" }}"));
    let refused = nayose.run(&["check"]);
    let fields = format!("fields = {{ industry = \"custom_fields.{KEY}\", leads = {{ industry = \"industry\" }} }}");
    nayose.write(&crm, &format!("writes = [\"status\", \"industry\"]\n{fields}"));
    let runs: Vec<(i32, String)> = [&["plan"][..], &["approve", "crm"], &["sync"]].iter().map(|args| nayose.run(args)).collect();
    let mut shown = Vec::new();
    for made in [&one, &other] {
        shown.push(crm.call(Method::GET, &path(made), None).await["contact_obj"]["custom_fields"].clone());
    }
    crm.call(Method::PATCH, &path(&one), Some(json!({"custom_fields": {KEY: ""}}))).await;
    let again = nayose.run(&["sync"]);
    let emptied = crm.call(Method::GET, &path(&one), None).await["contact_obj"]["custom_fields"].clone();
    for made in [&one, &other] {
        crm.call(Method::DELETE, &path(made), None).await;
    }
    if let Some(id) = lead["id"].as_str().or(lead["lead"]["id"].as_str()) {
        crm.call(Method::DELETE, &format!("/leads/{id}/"), None).await;
    }

    assert!(tried.1.contains(&format!("{KEY} = \"custom_fields.{KEY}\"   # Construction")), "{}", tried.1);
    assert!(refused.0 == 2 && refused.1.contains("\"do_not_call\" shows the person's own no in BottleCRM"), "{}", refused.1);
    assert!([0, 4].contains(&runs[0].0) && runs[1].0 == 0 && runs[2].0 == 0, "{runs:#?}");
    let [one, other] = &shown[..] else { panic!("{shown:?}") };
    assert_eq!((&one["marketing_status"], &one[KEY]), (&json!("builder"), &json!("Construction")), "{runs:#?}");
    assert_eq!((&other["marketing_status"], &other[KEY]), (&json!("lead"), &json!("BANKING")), "{lead} {runs:#?}");
    assert_eq!((&emptied["marketing_status"], &emptied[KEY]), (&json!("lead"), &Json::Null), "an emptied field loses its key: {again:?}");
}
