//! What a run wrote into fields can be set back; protection never.

use super::harness::{Person, SOON, Setup, World, object, person, wait_until};
use nayose::sandbox::{AnswerLost, Fault, FaultKind, SandboxSystem};
use serde_json::{Value, json};

const MA_FIRST: &str = "title = { from = [\"ma\", \"crm\"] }\n";
const CRM_FIRST: &str = "title = { from = [\"crm\", \"ma\"] }\n";
const NAMES: [&str; 5] = ["Hanako", "Ken", "Yui", "Taro", "Aoi"];

/// A mistaken edit of precedence.toml was approved and has overwritten every title. Returns the run that did it.
fn overwritten(open_deal: bool) -> (World, Vec<Person>, String) {
    let mut people = Vec::new();
    let setup = Setup { changes_above: r#"records = 3, share = "1%""#, precedence: MA_FIRST, ..Setup::default() };
    let world = World::running_with(setup.clone(), |handle| {
        for name in NAMES {
            let someone = person(handle, name, "Mori", None);
            handle.edit_contact(someone.contact, &[("jobtitle", &format!("Clerk {name}"))]).unwrap();
            handle.edit_lead(someone.lead, &object(json!({"title": format!("Chief {name}")}))).unwrap();
            people.push(someone);
        }
    });
    world.configure(&Setup { precedence: CRM_FIRST, ..setup });
    let plan = world.run("plan").exits(4).json();
    world.run(&format!("approve {}", plan["waiting"][0]["plan"].as_str().unwrap())).exits(0);
    if open_deal {
        world.sandbox.handle.open_deal(&[people[0].contact], None).unwrap();
    }
    let run = world.sync().exits(0).json()["run"].as_str().unwrap().to_string();
    assert_eq!(titles(&world, &people), every("Clerk"));
    (world, people, run)
}

fn titles(world: &World, people: &[Person]) -> Vec<String> {
    people.iter().map(|p| world.lead(p.lead).text("title").unwrap_or_default().to_string()).collect()
}

fn every(prefix: &str) -> Vec<String> {
    NAMES.iter().map(|n| format!("{prefix} {n}")).collect()
}

fn plan_of(undo: &Value) -> String {
    undo["plan"].as_str().unwrap_or_else(|| panic!("no plan: {undo:#}")).to_string()
}

/// The mistaken rule is mended after the undo: what somebody had typed has its rank again.
#[test]
fn what_was_set_back_is_the_persons_value_again() {
    let (world, people, run) = overwritten(false);
    let undo = world.run(&format!("undo {run} --field title")).exits(0).json();
    world.run(&format!("approve {}", plan_of(&undo))).exits(0);
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Chief"));
    world.configure(&Setup { changes_above: r#"records = 3, share = "1%""#, precedence: MA_FIRST, ..Setup::default() });
    world.sandbox.handle.edit_contact(people[0].contact, &[("jobtitle", "Director")]).unwrap();
    world.sync_until("the CRM's title is read", |w| {
        let explained = w.run(&format!("explain {}", people[0].email)).exits(0).json();
        explained["fields"]["title"]["candidates"].to_string().contains("Director")
    });
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Chief"));
}

#[test]
fn an_undo_is_narrowed_by_rule_field_system_and_person() {
    let (world, people, run) = overwritten(false);
    let (hanako, ken) = (&people[0].email, &people[1].email);
    let waiting = world.run(&format!("explain {hanako}")).exits(0).json();
    let rule = waiting["fields"]["title"]["rule"].as_str().unwrap().to_string();
    for (narrowed, records) in [
        (format!("--rule {rule}"), 5),
        (format!("--rule {rule} --person {hanako}"), 1),
        ("--field title".to_string(), 5),
        ("--field title --field phone --system ma".to_string(), 5),
        (format!("--person {hanako}"), 1),
        (format!("--person ma:person:{} --field title", people[0].lead), 1),
    ] {
        let undo = world.run(&format!("undo {run} {narrowed}")).exits(0).json();
        assert_eq!(undo["writes"].as_array().map(Vec::len), Some(records), "{narrowed}: {undo:#}");
    }
    for nothing in ["--field phone", "--system crm", "--person nobody@acme.example", "--rule precedence.toml:900"] {
        world.run_text(&format!("undo {run} {nothing}")).exits(2).says(&format!("wrote nothing of `{nothing}`"));
    }
    world.run_text("undo --field title").exits(2);

    let undo = world.run(&format!("undo {run} --person {ken}")).exits(0).json();
    world.run(&format!("approve {}", plan_of(&undo))).exits(0);
    world.sync().exits(0);
    let mut wanted = every("Clerk");
    wanted[1] = "Chief Ken".into();
    assert_eq!(titles(&world, &people), wanted);
}

/// Set back, a right change would only be written again, and then be left alone for ever.
#[test]
fn an_undo_of_all_leaves_what_the_rules_of_now_still_want() {
    let (world, _, run) = overwritten(false);
    let undo = world.run(&format!("undo {run}")).exits(0).json();
    assert_eq!((&undo["plan"], undo["still_wanted"].as_u64()), (&Value::Null, Some(5)), "{undo:#}");
    world.run_text(&format!("undo {run}")).exits(0).says("the rules of now still want").says("--rule RULE").says("mend it first");
    world.configure(&Setup { precedence: MA_FIRST, ..Setup::default() });
    let undo = world.run(&format!("undo {run}")).exits(0).json();
    assert_eq!((undo["writes"].as_array().map(Vec::len), undo["still_wanted"].as_u64()), (Some(5), Some(0)), "{undo:#}");
}

#[test]
fn a_run_is_set_back_after_a_plan_and_not_written_again() {
    let (world, people, run) = overwritten(false);
    world.sandbox.handle.reset_log();
    let undo = world.run(&format!("undo {run} --field title")).exits(0).json();
    assert_eq!(undo["writes"].as_array().map(Vec::len), Some(5), "{undo:#}");
    assert_eq!(undo["left_out"], json!([]));
    let lead = people[0].lead.to_string();
    let write = undo["writes"].as_array().unwrap().iter().find(|w| w["id"] == lead.as_str()).unwrap();
    assert_eq!(write["fields"], json!({"title": {"old": "Clerk Hanako", "new": "Chief Hanako", "rule": format!("undo {run}")}}));
    world.run_text(&format!("undo {run} --field title")).exits(0).says("nayose approve w_");
    world.sync().exits(0);
    assert!(world.writes().is_empty(), "showing it wrote something: {:?}", world.writes());

    let approved = world.run(&format!("approve {}", plan_of(&undo))).exits(0).json();
    assert_eq!(approved["count"], 5);
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Chief"));
    world.sandbox.handle.reset_log();
    for _ in 0..2 {
        world.sync().exits(0);
    }
    assert!(world.writes().is_empty(), "what was undone was written again: {:?}", world.writes());
    let explained = world.run(&format!("explain {}", people[0].email)).exits(0).json();
    let left = &explained["left_alone"][0];
    assert_eq!((left["field"].as_str(), left["not_written"].as_str()), (Some("title"), Some("Clerk Hanako")), "{explained:#}");
    world.run_text(&format!("explain {}", people[0].email)).exits(0).says("it was undone");
    world.run(&format!("approve {}", plan_of(&undo))).exits(2);

    // Another value is wanted: that one is written.
    world.sandbox.handle.edit_contact(people[0].contact, &[("jobtitle", "Director")]).unwrap();
    world.sync_until("the new title", |w| w.lead(people[0].lead).text("title") == Some("Director"));
    assert_eq!(titles(&world, &people)[1..], every("Chief")[1..]);
}

/// A pass between the write and its answer shows the older value already: nobody else's, and no reason to give the undo up.
#[test]
fn what_is_seen_set_back_before_the_answer_to_that_write_is_left_alone_all_the_same() {
    let (world, people, run) = overwritten(false);
    let undo = world.run(&format!("undo {run} --field title")).exits(0).json();
    world.run(&format!("approve {}", plan_of(&undo))).exits(0);
    world.sandbox.handle.fault(SandboxSystem::Ma, Fault::of(FaultKind::LostAnswer { how: AnswerLost::Hang }).times(1));
    let mut daemon = world.daemon();
    wait_until("written", SOON, || titles(&world, &people) == every("Chief"));
    daemon.process.kill();
    drop(daemon);
    world.sync_until("the outcome is known", |w| w.run("plan").code == 0);
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Chief"));
}

#[test]
fn undo_leaves_blocks_and_consent_and_what_others_changed() {
    let (world, people, run) = overwritten(true);
    let handle = &world.sandbox.handle;
    world.assert_held(people[0].lead);
    handle.unsubscribe(people[1].lead).unwrap();
    // The rules are mended first, as one would; then someone works on by hand.
    world.configure(&Setup { precedence: MA_FIRST, ..Setup::default() });
    handle.edit_lead(people[2].lead, &object(json!({"title": "By hand"}))).unwrap();
    world.sync().exits(0);
    handle.reset_log();
    let undo = world.run(&format!("undo {run}")).exits(0).json();
    let left = undo["left_out"].as_array().unwrap();
    assert_eq!(left.len(), 1, "{undo:#}");
    assert_eq!(left[0]["record"], format!("ma:person:{}", people[2].lead));
    assert!(left[0]["why"].as_str().unwrap().contains("changed since"), "{undo:#}");
    world.run(&format!("approve {}", plan_of(&undo))).exits(0);
    // Someone is faster than the approved write.
    handle.edit_lead(people[3].lead, &object(json!({"title": "Faster"}))).unwrap();
    world.sync_until("set back", |w| w.lead(people[4].lead).text("title") == Some("Chief Aoi"));
    assert_eq!(titles(&world, &people), ["Chief Hanako", "Chief Ken", "By hand", "Faster", "Chief Aoi"]);
    for write in world.writes() {
        assert!(write.fields.keys().all(|f| f == "id" || f == "title"), "undo wrote more than the field: {write:?}");
    }
    world.assert_held(people[0].lead);
    assert_eq!(world.gate(&people[1].email).0, "deny");
    assert!(world.lead(people[1].lead).flag("unsubscribed"));
}

#[test]
fn a_run_that_nobody_knows_is_refused_and_the_runs_are_listed() {
    let (world, _, run) = overwritten(false);
    world.run("undo r_none").exits(2).says("nayose undo");
    world.run(&format!("undo {run} --since yesterday")).exits(2).says("how long ago");
    let runs = world.run("undo").exits(0).json();
    assert!(runs["runs"].as_array().unwrap().iter().any(|r| r["run"] == run.as_str() && r["records"] == 5), "{runs:#}");
    world.run_text("undo").exits(0).says(&run);
    let later = world.run(&format!("undo {run} --since 2100-01-01T00:00:00Z")).exits(0).json();
    assert_eq!((&later["plan"], &later["writes"]), (&Value::Null, &json!([])));
    World::new(Setup::default()).run("undo r_1").exits(3).says("no state");
}

#[test]
fn a_part_of_what_a_daemon_wrote_is_undone() {
    let (world, people, _) = overwritten(false);
    let daemon = world.daemon();
    let edit = |person: &Person, title: &str| {
        world.sandbox.handle.edit_contact(person.contact, &[("jobtitle", title)]).unwrap();
        wait_until("written", SOON, || world.lead(person.lead).text("title") == Some(title));
    };
    edit(&people[0], "Early");
    let between = jiff::Timestamp::now();
    edit(&people[1], "Late");
    let runs = world.run("undo").exits(0).json();
    let run = runs["runs"].as_array().unwrap().last().unwrap()["run"].as_str().unwrap().to_string();
    let mut undo = Value::Null;
    wait_until("both writes are booked", SOON, || {
        undo = world.run(&format!("undo {run} --since {between} --field title")).exits(0).json();
        undo["writes"].as_array().is_some_and(|w| w.len() == 1)
    });
    world.run(&format!("approve {}", plan_of(&undo))).exits(0);
    wait_until("set back", SOON, || world.lead(people[1].lead).text("title") == Some("Clerk Ken"));
    assert_eq!(world.lead(people[0].lead).text("title"), Some("Early"));
    daemon.stop();
}
