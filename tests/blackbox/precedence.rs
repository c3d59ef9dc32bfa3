//! Whose value counts, as precedence.toml says it.

use super::harness::{SOON, Setup, World, in_the_next_second, object, person, wait_until};
use nayose::sandbox::{CrmEditor, CrmObject, LeadEditor};
use serde_json::{Value, json};
use std::fs;

/// A status that asks for a field sees what the merge makes of it, its own condition and all.
#[test]
fn a_status_sees_the_value_that_a_fields_condition_leads_to() {
    let by_deal = "score = { from = [\"crm\"], when = 'deals.exists(d, d.open)', otherwise = [\"ma\"] }\n";
    let mut lead = 0;
    let world = World::running_with(Setup { precedence: by_deal, ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        handle.edit_lead(someone.lead, &object(json!({"leadScore": 120}))).unwrap();
        lead = someone.lead;
    });
    world.sync().exits(0);
    assert_eq!(world.lead(lead).text("leadStatus"), Some("mql"));
}

/// Nothing else changes: the value grows too old while the daemon runs, and the next one takes its place.
#[test]
fn a_value_that_grows_too_old_is_noticed_while_the_daemon_runs() {
    let fresh = "phone = [{ system = \"support\", max_age = \"20s\" }, \"crm\"]\n";
    let mut lead = 0;
    let world = World::running_with(Setup { precedence: fresh, ..Setup::default() }, |handle| {
        let someone = person(handle, "Hanako", "Mori", None);
        let user = handle.create_user("Mori Hanako", Some(&someone.email));
        handle.edit_user(user, |u| u.phone = Some("+81 3 2222 2222".into())).unwrap();
        handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
        lead = someone.lead;
    });
    assert_eq!(world.lead(lead).text("phone"), Some("+81 3 2222 2222"));
    let daemon = world.daemon();
    wait_until("the CRM's phone is written", SOON, || world.lead(lead).text("phone") == Some("+81 3 1111 1111"));
    daemon.stop();
}

/// With the state, what was agreed is lost: that a marketer emptied a phone on purpose, for one. So nothing is put back unasked, and what is
/// typed later goes on as ever.
#[test]
fn what_would_be_written_after_the_state_was_lost_waits_as_one_plan() {
    let mut people = Vec::new();
    let setup = Setup { precedence: "phone = { from = [\"crm\"] }\n", ..Setup::default() };
    let world = World::running_with(setup, |handle| {
        for name in ["Hanako", "Ken"] {
            let someone = person(handle, name, "Mori", None);
            handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
            people.push(someone);
        }
    });
    let phone = |n: usize| world.lead(people[n].lead).text("phone").unwrap_or_default().to_string();
    world.sandbox.handle.edit_lead(people[0].lead, &object(json!({"phone": ""}))).unwrap();
    world.sync().exits(0);
    assert_eq!([phone(0), phone(1)], ["", "+81 3 1111 1111"], "emptied by hand, and left so");

    std::fs::remove_dir_all(world.folder().join("data/sled")).unwrap();
    world.sync().exits(0);
    assert_eq!(phone(0), "");
    let waiting = || world.run("plan").json()["waiting"].as_array().cloned().unwrap_or_default();
    let plan = waiting().remove(0);
    assert_eq!((plan["kind"].as_str(), plan["count"].as_u64(), plan["limit"].as_u64()), (Some("update"), Some(1), Some(0)), "{plan:#}");
    assert!(plan["why"].as_str().unwrap().contains("ma: the state was made anew"), "{plan:#}");

    world.sandbox.handle.edit_contact(people[1].contact, &[("phone", "+81 3 2222 2222")]).unwrap();
    world.sync().exits(0);
    assert_eq!([phone(0), phone(1)], ["", "+81 3 2222 2222"], "what is typed now is no question");
    world.run(&format!("approve {}", plan["plan"].as_str().unwrap())).exits(0);
    world.sync().exits(0);
    assert_eq!((phone(0).as_str(), waiting().len()), ("+81 3 1111 1111", 0));

    let told = world.run(&format!("explain {} phone", people[0].email)).exits(0).json();
    let written = told["fields"]["phone"]["history"].as_array().unwrap();
    assert_eq!(written.len(), 1, "only what was written since is kept: {told:#}");
    assert_eq!((&written[0]["old"], &written[0]["new"]), (&json!(null), &json!("+81 3 1111 1111")));
    assert!(written[0]["rule"].as_str().unwrap().starts_with("precedence.toml:"), "{told:#}");
    let text = world.run_text(&format!("explain {} phone --lang en", people[0].email));
    text.says("\"+81 3 1111 1111\" was written to ma:person:").says("where nothing stood  [precedence.toml:");
}

/// The record was touched every night, which says nothing of a phone that lies there since its import.
#[test]
fn an_old_value_in_a_record_that_a_job_touches_is_old_and_one_just_typed_is_new() {
    let newest = "phone = { newest = [\"crm\", \"ma\"] }\ntitle = { newest = [\"ma\", \"crm\"] }\n";
    let world = World::new(Setup { people: 40, precedence: newest, ..Setup::default() });
    let handle = &world.sandbox.handle;
    let (contacts, leads) = (handle.contacts(), handle.leads());
    let address = |c: &CrmObject| c.properties.get("email").cloned();
    let lead_of = |c: &CrmObject| leads.iter().find(|l| l.text("email").map(str::to_string) == address(c));
    let named = |c: &&CrmObject| address(c).is_some_and(|a| a.is_ascii()) && c.properties.contains_key("phone");
    let alone = contacts.iter().filter(named).find(|c| lead_of(c).is_none()).unwrap();
    let name = |key: &str| alone.properties.get(key).cloned().unwrap_or_default();
    let lead = json!({"email": address(alone), "firstName": name("firstname"), "lastName": name("lastname"), "phone": "+81 90 1111 1111"});
    handle.add_lead(&object(lead)).unwrap();
    handle.edit_contact_as(CrmEditor::App(9), alone.id, &[("lifecyclestage", "customer")]).unwrap();
    let both = contacts.iter().filter(named).find(|c| lead_of(c).is_some_and(|l| l.text("title").is_some())).unwrap();
    handle.edit_contact(both.id, &[("jobtitle", "Chief of the night shift")]).unwrap();

    world.run("plan");
    let of = |contact: &CrmObject, field: &str| world.run(&format!("explain crm:person:{}", contact.id)).json()["fields"][field].clone();
    let phone = of(alone, "phone");
    assert!(phone["from"].as_str().is_some_and(|from| from.starts_with("ma:")), "{phone:#}");
    let old = phone["candidates"].as_array().unwrap().iter().find(|c| c["from"].as_str().unwrap().starts_with("crm:")).unwrap();
    assert_eq!((&old["why"], &old["dated_by_system"]), (&json!("older"), &json!(true)), "{phone:#}");
    let title = of(both, "title");
    assert_eq!(title["from"], json!(format!("crm:person:{}", both.id)), "{title:#}");
    world.run_text(&format!("explain crm:person:{} title", both.id)).says("told by crm");
    world.run("approve ma").exits(0);
    world.sync_until("the title is written", |w| w.lead(lead_of(both).unwrap().id).text("title") == Some("Chief of the night shift"));
}

/// What an integration brings into the CRM is no news, and what a person types there is.
#[test]
fn what_a_relay_brings_is_written_nowhere_and_what_a_person_types_is() {
    let newest = "phone = { newest = [\"crm\", \"ma\"] }\n";
    let world = World::new(Setup { precedence: newest, ..Setup::sweeping() });
    let systems = world.folder().join("systems.toml");
    let text = fs::read_to_string(&systems).unwrap();
    fs::write(&systems, text.replacen("connector = \"hubspot\"\n", "connector = \"hubspot\"\nrelays = [\"7001\"]\n", 1)).unwrap();
    let handle = &world.sandbox.handle;
    let someone = person(handle, "Hanako", "Mori", None);
    handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("the first phone is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 1111 1111"));

    handle.edit_contact_as(CrmEditor::App(7001), someone.contact, &[("phone", "+81 3 2222 2222")]).unwrap();
    let phone = |w: &World| w.run(&format!("explain {}", someone.email)).json()["fields"]["phone"].clone();
    let shown = |w: &World| phone(w)["candidates"].as_array().unwrap().iter().any(|c| c["value"] == "+81 3 2222 2222");
    world.sync_until("the copy is read", shown);
    let told = phone(&world);
    let copy = told["candidates"].as_array().unwrap().iter().find(|c| c["from"].as_str().unwrap().starts_with("crm:")).unwrap();
    assert_eq!((&copy["copied_by"], &copy["why"]), (&json!("7001"), &json!("a copy, no news")), "{told:#}");
    world.run_text(&format!("explain {} phone", someone.email)).says("copy by 7001");
    world.run_text(&format!("explain {} phone --lang ja", someone.email)).says("連携ユーザー 7001 によるコピー");
    world.sweep(2);
    assert_eq!(world.lead(someone.lead).text("phone"), Some("+81 3 1111 1111"));

    handle.edit_contact(someone.contact, &[("phone", "+81 3 3333 3333")]).unwrap();
    world.sync_until("what was typed is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 3333 3333"));
    assert!(phone(&world)["candidates"].as_array().unwrap().iter().any(|c| c["typed"] == true));
    let tried = world.run("connector try crm").exits(0).json();
    assert_eq!(
        (&tried["edits"]["tells_editors"], tried["edits"]["history"].as_array().map(Vec::len)),
        (&json!(true), Some(9)),
        "{tried:#}"
    );
    world.run_text("connector try crm").says("crm tells when these fields of a person changed: ").says("crm tells who edits its records");

    // Who is no relay any more brings news, of what they brought before too.
    handle.edit_contact_as(CrmEditor::App(7001), someone.contact, &[("phone", "+81 3 4444 4444")]).unwrap();
    world.sweep(2);
    assert_eq!(world.lead(someone.lead).text("phone"), Some("+81 3 3333 3333"));
    fs::write(&systems, text).unwrap();
    world.sync_until("the integration's value is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 4444 4444"));
}

/// The feed tells when the phone changed: what a job did to the lead's score since does not make that phone newer than the CRM's.
#[test]
fn a_phone_is_as_old_as_its_entry_in_the_feed_though_a_job_touched_its_lead_since() {
    let world = World::new(Setup { precedence: "phone = { newest = [\"crm\", \"ma\"] }\n", ..Setup::default() });
    let handle = &world.sandbox.handle;
    let someone = person(handle, "Hanako", "Mori", None);
    let edit = |by: LeadEditor, fields: Value| handle.edit_lead_as(by, someone.lead, &object(fields)).unwrap();
    handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("the first phone is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 1111 1111"));

    // The feed tells of that write, later than the CRM's change; it is no news all the same.
    world.sync().exits(0);
    let phone = world.run(&format!("explain {}", someone.email)).json()["fields"]["phone"].clone();
    let ours = phone["candidates"].as_array().unwrap().iter().find(|c| c["from"].as_str().unwrap().starts_with("ma:")).unwrap();
    assert_eq!(
        (&ours["dated_by_system"], &ours["won"], phone["from"].as_str().unwrap().starts_with("crm:")),
        (&json!(true), &json!(false), true)
    );

    // All between two looks.
    edit(LeadEditor::Hand, json!({"phone": "+81 3 2222 2222"}));
    in_the_next_second();
    handle.edit_contact(someone.contact, &[("phone", "+81 3 3333 3333")]).unwrap();
    in_the_next_second();
    edit(LeadEditor::Campaign(7), json!({"leadScore": 17}));
    world.sync_until("the phone typed last is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 3333 3333"));
    let history = world.run(&format!("explain {} phone", someone.email)).json()["fields"]["phone"]["history"].clone();
    assert_eq!((&history[0]["old"], &history[0]["new"]), (&json!("+81 3 2222 2222"), &json!("+81 3 3333 3333")), "{history:#}");
}

/// A program is a relay by the user that it signs in as: other programs go on to bring news, and so do we not.
#[test]
fn what_a_relay_brings_into_the_ma_is_no_news_and_what_others_bring_is() {
    let world = World::new(Setup { precedence: "phone = { newest = [\"crm\", \"ma\"] }\n", ..Setup::default() });
    let systems = world.folder().join("systems.toml");
    let text = fs::read_to_string(&systems).unwrap();
    let relay = "connector = \"marketo\"\nrelays = [\"nightly@jobs.example\"]\n";
    fs::write(&systems, text.replacen("connector = \"marketo\"\n", relay, 1)).unwrap();
    let handle = &world.sandbox.handle;
    let someone = person(handle, "Hanako", "Mori", None);
    let edit = |by: LeadEditor, phone: &str| handle.edit_lead_as(by, someone.lead, &object(json!({ "phone": phone }))).unwrap();
    let phone = || world.run(&format!("explain {}", someone.email)).json()["fields"]["phone"].clone();
    handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111")]).unwrap();
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("the first phone is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 1111 1111"));

    // The job's is the newer one of the two.
    handle.edit_contact(someone.contact, &[("phone", "+81 3 3333 3333")]).unwrap();
    in_the_next_second();
    edit(LeadEditor::ApiUser("nightly@jobs.example"), "+81 3 2222 2222");
    world.sync_until("the phone that was typed is written", |w| w.lead(someone.lead).text("phone") == Some("+81 3 3333 3333"));

    in_the_next_second();
    edit(LeadEditor::ApiUser("forms@acme.example"), "+81 3 4444 4444");
    world.sync_until("the new phone counts", |_| phone()["value"] == "+81 3 4444 4444");
    let told = phone();
    let from_ma = |c: &&Value| c["from"].as_str().is_some_and(|from| from.starts_with("ma:"));
    let winner = told["candidates"].as_array().unwrap().iter().find(from_ma).cloned().unwrap_or_default();
    assert_eq!((&winner["dated_by_system"], &winner["copied_by"], &winner["won"]), (&json!(true), &Value::Null, &json!(true)), "{told:#}");
    world.run_text(&format!("explain {} phone", someone.email)).says("told by ma");

    let tried = world.run("connector try ma").exits(0).json();
    let edits = &tried["edits"];
    assert_eq!((&edits["tells_editors"], &edits["history"], edits["feed"].as_array().map(Vec::len)), (&json!(true), &json!([]), Some(9)));
    let text = world.run_text("connector try ma");
    text.says("ma tells by its feed when these fields of a person change, from the first reading on: ")
        .says("ma tells who edits its records");
}

/// What a record holds is its own, whoever put it there; and what is no value at all is written over.
#[test]
fn a_rule_that_fills_leaves_what_is_there_and_an_ignored_value_counts_for_nothing() {
    let rules = "phone = { fill = [\"crm\"] }\ntitle = { from = [\"ma\", \"crm\"], ignore = [\"不明\", \"n/a\"] }\n";
    let mut people = Vec::new();
    let world = World::running_with(Setup { precedence: rules, ..Setup::default() }, |handle| {
        for (name, phone, title) in [("Hanako", "", " 不明"), ("Ken", "+81 90 1234 5678", "N/A")] {
            let someone = person(handle, name, "Mori", None);
            handle.edit_contact(someone.contact, &[("phone", "+81 3 1111 1111"), ("jobtitle", "部長")]).unwrap();
            handle.edit_lead(someone.lead, &object(json!({"phone": phone, "title": title}))).unwrap();
            people.push(someone);
        }
    });
    let shows =
        |n: usize| [world.lead(people[n].lead).text("phone"), world.lead(people[n].lead).text("title")].map(|t| t.map(String::from));
    let of = |phone: &str| [Some(phone.to_string()), Some("部長".to_string())];
    assert_eq!([shows(0), shows(1)], [of("+81 3 1111 1111"), of("+81 90 1234 5678")]);

    world.sandbox.handle.edit_contact(people[0].contact, &[("phone", "+81 3 2222 2222")]).unwrap();
    world.sync().exits(0);
    assert_eq!(shows(0), of("+81 3 1111 1111"), "it was filled once");
    let told = world.run(&format!("explain {} phone", people[0].email)).exits(0).json();
    let phone = &told["fields"]["phone"];
    assert_eq!(
        (&phone["rule_says"], &phone["in_targets"][0]["state"]),
        (&json!("{ fill = [\"crm\"] }"), &json!("only_filled")),
        "{told:#}"
    );
    let told = world.run_text(&format!("explain {} phone --lang ja", people[0].email));
    told.says("このルールは空の項目だけを埋めるため、そのまま残す");

    // Somebody says that nothing is known: that is no news.
    world.sandbox.handle.edit_lead(people[0].lead, &object(json!({"title": "不明"}))).unwrap();
    world.sync().exits(0);
    assert_eq!(shows(0), of("+81 3 1111 1111"));
    let told = world.run(&format!("explain {} title", people[1].email)).exits(0).json();
    assert_eq!(told["fields"]["title"]["value"], json!("部長"), "{told:#}");
}

/// An address is taken whole from the record whose street counts, and no town of another street is mixed in.
#[test]
fn a_field_that_goes_with_another_is_taken_from_the_same_record() {
    let rules = "phone = { newest = [\"crm\", \"ma\"] }\ntitle = { other = \"phone\" }\n";
    let (mut of, setup) = (None, Setup { precedence: rules, ..Setup::default() });
    let world = World::running_with(setup, |handle| {
        let person = person(handle, "Hanako", "Mori", None);
        handle.edit_contact(person.contact, &[("jobtitle", "CRM title"), ("phone", "+81 3 1111 1111")]).unwrap();
        of = Some(person);
    });
    let of = of.unwrap();
    let shows = || ["title", "phone"].map(|field| world.lead(of.lead).text(field).unwrap_or_default().to_string());
    assert_eq!(shows(), ["CRM title", "+81 3 1111 1111"]);
    in_the_next_second();
    world.sandbox.handle.edit_lead(of.lead, &object(json!({"title": "MA title"}))).unwrap();
    world.sync().exits(0);
    assert_eq!(shows()[0], "CRM title", "its phone is the CRM's, and so is its title");
    in_the_next_second();
    world.sandbox.handle.edit_lead(of.lead, &object(json!({"title": "MA title", "phone": "+81 3 2222 2222"}))).unwrap();
    world.sync().exits(0);
    assert_eq!(shows(), ["MA title", "+81 3 2222 2222"]);
    let told = world.run(&format!("explain {} title", of.email)).json();
    assert_eq!(told["fields"]["title"]["from"], json!(format!("ma:person:{}", of.lead)), "{told:#}");
}

/// One rule for two fields: somebody edits one of them in the marketing system, and the other goes along as nayose wrote it.
#[test]
fn the_fields_of_a_group_come_from_one_record_and_explain_says_which() {
    let rules = "card = { group = [\"phone\", \"title\"], newest = [\"crm\", \"ma\"], blank = \"clears\" }\n";
    let (mut of, setup) = (None, Setup { precedence: rules, ..Setup::default() });
    let world = World::running_with(setup, |handle| {
        let person = person(handle, "Hanako", "Mori", None);
        handle.edit_contact(person.contact, &[("jobtitle", "CRM title"), ("phone", "+81 3 1111 1111")]).unwrap();
        of = Some(person);
    });
    let of = of.unwrap();
    let shows = || ["title", "phone"].map(|field| world.lead(of.lead).text(field).unwrap_or_default().to_string());
    assert_eq!(shows(), ["CRM title", "+81 3 1111 1111"]);
    in_the_next_second();
    world.sandbox.handle.edit_contact(of.contact, &[("phone", "")]).unwrap();
    world.sandbox.handle.edit_contact(of.contact, &[("jobtitle", "Other title")]).unwrap();
    world.sync().exits(0);
    assert_eq!(shows(), ["Other title", ""], "what the contact does not hold any more is emptied");
    in_the_next_second();
    world.sandbox.handle.edit_lead(of.lead, &object(json!({"phone": "+81 3 2222 2222"}))).unwrap();
    world.sync().exits(0);
    assert_eq!(shows(), ["Other title", "+81 3 2222 2222"]);
    let told = world.run(&format!("explain {} title", of.email)).json()["fields"]["title"].clone();
    let lead = format!("ma:person:{}", of.lead);
    assert_eq!(told["group"], json!({ "name": "card", "fields": ["phone", "title"], "from": lead }), "{told:#}");
    assert_eq!((&told["value"], &told["from"]), (&json!("Other title"), &json!(lead)), "{told:#}");
    world.run_text(&format!("explain {} title", of.email)).says(&format!("card: it goes with phone, all from {lead}"));
}

/// Several conditions, each with a way of its own; the words say which counts.
#[test]
fn the_first_case_that_holds_decides_and_explain_says_which() {
    let rules = "title = { cases = [{ when = 'deals.exists(d, d.open)', only = \"crm\" }, { when = 'person.phone != null', never = true }], otherwise = { most = [\"ma\", \"crm\"] } }\n";
    let (mut of, setup) = (Vec::new(), Setup { precedence: rules, ..Setup::default() });
    let world = World::running_with(setup, |handle| {
        for (name, phone) in [("Hanako", ""), ("Ken", "+81 3 1111 1111")] {
            let person = person(handle, name, "Mori", None);
            handle.edit_contact(person.contact, &[("jobtitle", "CRM title"), ("phone", phone)]).unwrap();
            handle.edit_lead(person.lead, &object(json!({"title": "MA title"}))).unwrap();
            of.push(person);
        }
    });
    let told = |n: usize| world.run(&format!("explain {} title", of[n].email)).json()["fields"]["title"].clone();
    assert_eq!((&told(0)["condition"], &told(0)["value"]), (&json!("otherwise"), &json!("MA title")), "{:#}", told(0));
    assert_eq!((&told(1)["condition"], &told(1)["value"]), (&json!("case 2"), &Value::Null), "{:#}", told(1));
    world.run_text(&format!("explain {} title --lang ja", of[1].email)).says("2 番目の場合 (case) を使う");
}
