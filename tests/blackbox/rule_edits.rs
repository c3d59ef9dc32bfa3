//! Edits of precedence.toml and `[status]`: tried on everyone before they count.

use super::harness::{Person, SOON, Setup, World, object, person, wait_until};
use serde_json::{Value, json};
use std::path::PathBuf;

const MA_FIRST: &str = "title = { from = [\"ma\", \"crm\"] }\n";
const CRM_FIRST: &str = "title = { from = [\"crm\", \"ma\"] }\n";

/// So many that an edit of their titles is asked about.
const MANY: usize = 60;

/// Everyone has one title in the CRM and another in the marketing system, which counts.
fn scene(people: usize) -> (World, Vec<Person>) {
    let mut all = Vec::new();
    let world = World::running_with(Setup { precedence: MA_FIRST, ..Setup::default() }, |handle| {
        for n in 0..people {
            let someone = person(handle, &format!("Hanako{n}"), "Mori", None);
            handle.edit_contact(someone.contact, &[("jobtitle", &format!("Clerk {n}"))]).unwrap();
            handle.edit_lead(someone.lead, &object(json!({"title": format!("Chief {n}")}))).unwrap();
            all.push(someone);
        }
    });
    (world, all)
}

fn titles(world: &World, people: &[Person], prefix: &str) -> usize {
    people.iter().filter(|p| world.lead(p.lead).text("title").is_some_and(|title| title.starts_with(prefix))).count()
}

fn waiting(world: &World) -> Vec<Value> {
    world.run("plan --known").json()["waiting"].as_array().cloned().unwrap_or_default()
}

/// The journal's lines of one kind.
fn journal(world: &World, what: &str) -> Vec<Value> {
    let rows = world.run("export journal --format json").exits(0).json();
    let of_kind = rows.as_array().unwrap().iter().filter(|row| row["what"] == what);
    of_kind.map(|row| serde_json::from_str(row["detail"].as_str().unwrap()).unwrap()).collect()
}

#[test]
fn an_edit_that_rewrites_many_values_waits_also_over_a_restart_and_the_former_rules_count() {
    let (world, people) = scene(MANY);
    let daemon = world.daemon();
    world.configure(&Setup { precedence: CRM_FIRST, ..Setup::default() });
    wait_until("the edit waits", SOON, || waiting(&world).len() == 1);
    let plan = waiting(&world).remove(0);
    assert_eq!(
        (plan["kind"].as_str(), plan["count"].as_u64(), plan["limit"].as_u64()),
        (Some("edit"), Some(MANY as u64), Some(50)),
        "{plan:#}"
    );
    let why = plan["why"].as_str().unwrap();
    assert!(why.contains("precedence.toml:3: title in ma: 60 overwritten"), "{why}");
    assert!(plan["samples"][0].as_str().unwrap().contains("\"Chief"), "{plan:#}");
    daemon.stop();

    let daemon = world.daemon();
    // A title typed anew is merged by the rules from before.
    world.sandbox.handle.edit_lead(people[0].lead, &object(json!({"title": "Chief of all"}))).unwrap();
    world.sandbox.handle.edit_contact(people[1].contact, &[("phone", "+81 3 1111 1111")]).unwrap();
    wait_until("the rest goes on", SOON, || world.lead(people[1].lead).text("phone") == Some("+81 3 1111 1111"));
    assert_eq!(titles(&world, &people, "Chief"), MANY);
    assert_eq!(waiting(&world)[0]["plan"], plan["plan"]);

    let id = plan["plan"].as_str().unwrap();
    world.run(&format!("approve {id} --by Hana")).exits(0);
    wait_until("written", SOON, || titles(&world, &people, "Clerk") == MANY);
    assert_eq!(waiting(&world), Vec::<Value>::new());
    let edited = journal(&world, "rules_edited");
    assert_eq!(edited.len(), 1, "{edited:?}");
    assert!(edited[0]["files"].as_array().unwrap().iter().any(|f| f["file"] == "precedence.toml" && f["owner"].is_string()), "{edited:?}");
    let approved = journal(&world, "plan_approved").pop().unwrap();
    assert_eq!((&approved["plan"], &approved["by"]), (&json!(id), &json!("Hana")));
    daemon.stop();
}

#[test]
fn an_edit_that_is_taken_back_while_it_waits_is_gone_and_a_small_one_counts_at_once() {
    let (world, people) = scene(MANY);
    world.configure(&Setup { precedence: CRM_FIRST, ..Setup::default() });
    world.sync().exits(0);
    assert_eq!((waiting(&world).len(), titles(&world, &people, "Chief")), (1, MANY));
    world.configure(&Setup { precedence: MA_FIRST, ..Setup::default() });
    world.sync().exits(0);
    assert_eq!((waiting(&world).len(), titles(&world, &people, "Chief")), (0, MANY));

    let (world, people) = scene(5);
    world.configure(&Setup { precedence: CRM_FIRST, ..Setup::default() });
    world.sync().exits(0);
    assert_eq!((waiting(&world).len(), titles(&world, &people, "Clerk")), (0, 5));
}

/// A copy of the config, with a text of one file replaced.
fn other_rules(world: &World, file: &str, old: &str, new: &str) -> PathBuf {
    let folder = world.folder().join("next");
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["systems.toml", "precedence.toml", "policy.toml", "consent.toml"] {
        let from = if folder.join(name).exists() { folder.join(name) } else { world.folder().join(name) };
        let text = std::fs::read_to_string(from).unwrap();
        let text = if name == file { text.replace(old, new) } else { text };
        std::fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// Of each field the sum of all kinds of changes.
fn counted(preview: &Value, field: &str) -> u64 {
    let totals = preview["totals"].as_array().unwrap();
    let of_field = totals.iter().filter(|total| total["field"] == field);
    of_field.flat_map(|total| ["overwritten", "emptied", "form", "filled"].map(|kind| total[kind].as_u64().unwrap())).sum()
}

/// Some hundreds of people, of whom each third has no title in the marketing system, some none in the CRM, and some a high score.
#[test]
fn what_a_preview_counts_is_what_is_then_written_and_approved_before_it_is_saved_it_goes() {
    const PEOPLE: usize = 240;
    let world = World::running_with(Setup { precedence: MA_FIRST, ..Setup::default() }, |handle| {
        for n in 0..PEOPLE {
            let someone = person(handle, &format!("Hanako{n}"), "Mori", None);
            if n % 4 > 0 {
                handle.edit_contact(someone.contact, &[("jobtitle", &format!("Clerk {n}"))]).unwrap();
            }
            let title = if n % 3 > 0 { json!(format!("Chief {n}")) } else { Value::Null };
            handle.edit_lead(someone.lead, &object(json!({"title": title, "leadScore": n % 100}))).unwrap();
        }
    });
    let folder = other_rules(&world, "precedence.toml", MA_FIRST, CRM_FIRST);
    other_rules(&world, "policy.toml", "person.score >= 100", "person.score >= 60");
    let ask = format!("plan --rules {}", folder.display());
    world.sandbox.handle.reset_log();
    let preview = world.run(&ask).exits(4).json();
    assert!(world.writes().is_empty(), "showing it wrote something");
    // Chiefs whom the CRM calls clerks; those with a score of 60 and more.
    let titles = (0..PEOPLE).filter(|n| n % 4 > 0 && n % 3 > 0).count() as u64;
    let statuses = (0..PEOPLE).filter(|n| n % 100 >= 60).count() as u64;
    assert_eq!((counted(&preview, "title"), counted(&preview, "status")), (titles, statuses), "{preview:#}");
    assert_eq!(
        (preview["waits"].as_bool(), preview["statuses"].as_u64(), preview["lost"].as_u64()),
        (Some(true), Some(statuses), Some(titles))
    );
    assert_eq!(
        (preview["changes"].as_array().map(Vec::len), preview["worst"].as_array().map(Vec::len)),
        (Some((titles + statuses) as usize), Some(10))
    );
    assert_eq!(preview["frequent"][0], json!({"system": "ma", "field": "status", "old": "lead", "new": "mql", "count": statuses}));
    let file = world.folder().join("all.csv");
    world
        .run_text(&format!("{ask} --csv {}", file.display()))
        .exits(4)
        .says("the worst:")
        .says("saved, these rules wait for `nayose approve e_");
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count() as u64, 1 + titles + statuses);

    let plan = preview["plan"].as_str().unwrap();
    assert_eq!(world.run(&format!("approve {plan}")).exits(0).json()["scope"], "edit");
    world.sync().exits(0);
    assert!(world.writes().is_empty(), "it is not saved yet");
    for name in ["precedence.toml", "policy.toml"] {
        std::fs::copy(folder.join(name), world.folder().join(name)).unwrap();
    }
    world.sync().exits(0);
    let written = |field: &str| world.writes().iter().filter(|write| write.fields.contains_key(field)).count() as u64;
    assert_eq!((written("title"), written("leadStatus")), (titles, statuses));
    world.run(&ask).exits(0);
}

#[test]
fn a_preview_tells_whom_other_holds_would_let_go_and_what_is_wrong_with_the_folder() {
    let mut held = None;
    let world = World::running_with(Setup::default(), |handle| {
        let (hanako, ken) = (person(handle, "Hanako", "Mori", None), person(handle, "Ken", "Abe", None));
        handle.open_deal(&[hanako.contact], None).unwrap();
        held = Some((hanako, ken));
    });
    let (hanako, _) = held.unwrap();
    let folder = other_rules(&world, "policy.toml", "when = 'deal.open'", "when = 'deal.open && deal.amount > 99999999'");
    let ask = format!("plan --rules {}", folder.display());
    let preview = world.run(&ask).exits(4).json();
    assert_eq!(preview["decisions"], json!({"released": 1, "held": 0}), "{preview:#}");
    assert_eq!((&preview["plan"], preview["worst"][0]["harm"].as_str()), (&Value::Null, Some("released")), "{preview:#}");
    world.run_text(&ask).exits(4).says("would un-suppress 1 person").says(&hanako.email);
    let folder = other_rules(&world, "precedence.toml", "title", "titel");
    world.run(&format!("plan --rules {}", folder.display())).exits(2).says("precedence.toml:4");
}
