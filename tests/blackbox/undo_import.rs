//! What one file of a list brought can be set back, whatever run wrote it.

use super::harness::{Person, Setup, World, object, person};
use serde_json::{Value, json};
use std::fs;

const LISTS: &str =
    "[systems.cards]\nconnector = \"file\"\nevery = \"1s\"\ntime_zone = \"Asia/Tokyo\"\npath = \"inbox/*.csv\"\nprofile = \"cards\"\n";
const RULES: &str = "phone = [\"cards\", \"ma\"]\ntitle = [\"crm\", \"ma\"]\n";
const NAMES: [&str; 3] = ["Hanako", "Ken", "Yui"];

fn put(world: &World, file: &str, phones: &[(&Person, &str)]) {
    let mut text = String::from("メールアドレス,電話番号\n");
    phones.iter().for_each(|(person, phone)| text.push_str(&format!("{},{phone}\n", person.email)));
    fs::write(world.folder().join("inbox").join(file), text).unwrap();
}

fn phones(world: &World, people: &[Person]) -> Vec<String> {
    people.iter().map(|p| world.lead(p.lead).text("phone").unwrap_or_default().to_string()).collect()
}

/// Everybody had a phone in the MA, and titles come from the CRM; then a card list with wrong phones was put into the inbox.
fn overwritten() -> (World, Vec<Person>) {
    let world = World::new(Setup { more_systems: LISTS.to_string(), precedence: RULES, ..Setup::default() });
    fs::create_dir_all(world.folder().join("inbox")).unwrap();
    let handle = &world.sandbox.handle;
    let people: Vec<Person> = NAMES.iter().map(|name| person(handle, name, "Mori", None)).collect();
    for (n, someone) in people.iter().enumerate() {
        handle.edit_lead(someone.lead, &object(json!({"phone": format!("03-1000-000{n}"), "title": "Clerk"}))).unwrap();
        handle.edit_contact(someone.contact, &[("jobtitle", "Chief")]).unwrap();
    }
    let right: Vec<(&Person, &str)> = vec![(&people[2], "03-5000-0002")];
    put(&world, "october.csv", &right);
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("what is right is written", |w| {
        w.run("plan").code == 0 && w.lead(people[2].lead).text("phone") == Some("03-5000-0002")
    });
    let wrong: Vec<(&Person, &str)> = people.iter().map(|p| (p, "03-9999-9999")).collect();
    put(&world, "november.csv", &wrong);
    world.sync_until("what is wrong is written", |w| phones(w, &people).iter().all(|phone| phone == "03-9999-9999"));
    (world, people)
}

fn plan_of(undo: &Value) -> String {
    undo["plan"].as_str().unwrap_or_else(|| panic!("no plan: {undo:#}")).to_string()
}

#[test]
fn what_a_file_brought_is_set_back_and_not_written_again_until_it_says_something_else() {
    let (world, people) = overwritten();
    // A second version of the file, as wrong as the first.
    let wrong: Vec<(&Person, &str)> = people.iter().zip(["03-9999-9999", "03-8888-8888", "03-9999-9999"]).collect();
    put(&world, "november.csv", &wrong);
    world.sync_until("the second version is written", |w| w.lead(people[1].lead).text("phone") == Some("03-8888-8888"));
    world.sandbox.handle.reset_log();

    let undo = world.run("undo --import november.csv").exits(0).json();
    assert_eq!((&undo["import"], &undo["run"]), (&json!("inbox/november.csv"), &Value::Null), "{undo:#}");
    assert_eq!((undo["writes"].as_array().map(Vec::len), &undo["left_out"]), (Some(3), &json!([])), "{undo:#}");
    let ken = people[1].lead.to_string();
    let write = undo["writes"].as_array().unwrap().iter().find(|w| w["id"] == ken.as_str()).unwrap();
    let change = json!({"old": "03-8888-8888", "new": "03-1000-0001", "rule": "undo --import inbox/november.csv"});
    assert_eq!(write["fields"], json!({ "phone": change }), "the phone before both versions, and no other field");
    world.run_text("undo --import inbox/november.csv").exits(0).says("nayose approve w_").says("mend the list too");
    world.sync().exits(0);
    assert!(world.writes().is_empty(), "showing it wrote something: {:?}", world.writes());

    let approved = world.run(&format!("approve {}", plan_of(&undo))).exits(0).json();
    assert_eq!(approved["count"], 3);
    let former = ["03-1000-0000", "03-1000-0001", "03-5000-0002"];
    world.sync_until("the former phones are back", |w| phones(w, &people) == former);
    world.sandbox.handle.reset_log();
    for _ in 0..2 {
        world.sync().exits(0);
    }
    assert!(world.writes().is_empty(), "what was undone was written again: {:?}", world.writes());
    let undo = world.run("undo --import november.csv").exits(0).json();
    assert_eq!((&undo["plan"], &undo["writes"]), (&Value::Null, &json!([])), "{undo:#}");

    // The list is mended: what it says now is written.
    let mended: Vec<(&Person, &str)> = people.iter().zip(["03-1000-0000", "03-7777-7777", "03-9999-9999"]).collect();
    put(&world, "november.csv", &mended);
    world.sync_until("what is mended is written", |w| w.lead(people[1].lead).text("phone") == Some("03-7777-7777"));
    assert_eq!(phones(&world, &people), ["03-1000-0000", "03-7777-7777", "03-5000-0002"]);
}

#[test]
fn what_others_changed_since_is_left_and_other_files_stay() {
    let (world, people) = overwritten();
    let handle = &world.sandbox.handle;
    handle.edit_lead(people[0].lead, &object(json!({"phone": "03-4444-4444"}))).unwrap();
    // A list that only adds would write its phone over it again: its word goes first.
    world.configure(&Setup {
        more_systems: LISTS.to_string(),
        precedence: "phone = [\"ma\", \"cards\"]\ntitle = [\"crm\", \"ma\"]\n",
        ..Setup::default()
    });
    world.sync().exits(0);
    let undo = world.run("undo --import inbox/november.csv").exits(0).json();
    let left = undo["left_out"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{undo:#}");
    assert_eq!((&left[0]["record"], &left[0]["field"]), (&json!(format!("ma:person:{}", people[0].lead)), &json!("phone")));
    assert!(left[0]["why"].as_str().unwrap().contains("changed since"), "{undo:#}");

    let of_ken = world.run(&format!("undo --import november.csv --person {}", people[1].email)).exits(0).json();
    assert_eq!(of_ken["writes"].as_array().map(Vec::len), Some(1), "{of_ken:#}");
    world
        .run_text("undo --import november.csv --field title")
        .exits(2)
        .says("nothing that was written is of `--import inbox/november.csv --field title`");
    // What the other file brought was written over.
    let other = world.run("undo --import october.csv").exits(0).json();
    assert_eq!((&other["plan"], other["left_out"].as_array().map(Vec::len)), (&Value::Null, Some(1)), "{other:#}");

    world.run(&format!("approve {}", plan_of(&undo))).exits(0);
    world.sync_until("the rest is back", |w| phones(w, &people) == ["03-4444-4444", "03-1000-0001", "03-5000-0002"]);
    let titles: Vec<String> = people.iter().map(|p| world.lead(p.lead).text("title").unwrap_or_default().to_string()).collect();
    assert_eq!(titles, ["Chief"; 3], "what the CRM says is no file's");
}

#[test]
fn a_file_that_nothing_was_written_out_of_is_told_with_those_that_are_known() {
    let (world, people) = overwritten();
    world.run_text("undo --import december.csv").exits(2).says("inbox/november.csv, inbox/october.csv");
    let runs = world.run("undo").exits(0).json();
    let mut runs = runs["runs"].as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap().to_string());
    let run = runs.find(|run| world.run(&format!("undo {run} --import october.csv")).code == 0).unwrap();
    world.run_text(&format!("undo {run} --import november.csv")).exits(2).says("inbox/october.csv");
    let of_run = world.run(&format!("undo {run} --import october.csv")).exits(0).json();
    assert_eq!((&of_run["run"], &of_run["import"]), (&json!(run), &json!("inbox/october.csv")), "{of_run:#}");
    assert_eq!(people.len(), NAMES.len());
}
