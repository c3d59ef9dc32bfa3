//! What is much at once waits for a person's word; the rest goes on.

use super::harness::{Person, Setup, World, object, person};
use serde_json::{Value, json};

const NAMES: [&str; 6] = ["Hanako", "Ken", "Yui", "Taro", "Aoi", "Jun"];

/// People whose title the marketing system and the CRM tell differently; the marketing system's counts.
fn titled(setup: Setup) -> (World, Vec<Person>) {
    let mut people = Vec::new();
    let setup = Setup { precedence: MA_FIRST, ..setup };
    let world = World::running_with(setup, |handle| {
        for name in NAMES {
            let someone = person(handle, name, "Mori", None);
            handle.edit_contact(someone.contact, &[("jobtitle", &format!("Clerk {name}")), ("phone", "+81 3 1111 2222")]).unwrap();
            handle.edit_lead(someone.lead, &object(json!({"title": format!("Chief {name}")}))).unwrap();
            people.push(someone);
        }
    });
    (world, people)
}

const MA_FIRST: &str = "phone = { from = [\"crm\"], blank = \"wins\" }\ntitle = { from = [\"ma\", \"crm\"] }\n";
const CRM_FIRST: &str = "phone = { from = [\"crm\"], blank = \"wins\" }\ntitle = { from = [\"crm\", \"ma\"] }\n";

/// The plans that wait, of one kind.
fn waiting(world: &World, kind: &str) -> Vec<Value> {
    let plan = world.run("plan").json();
    plan["waiting"].as_array().unwrap().iter().filter(|w| w["kind"] == kind).cloned().collect()
}

#[track_caller]
fn only_one(world: &World, kind: &str) -> (String, u64, Value) {
    let plans = waiting(world, kind);
    assert_eq!(plans.len(), 1, "{plans:#?}");
    (plans[0]["plan"].as_str().unwrap().into(), plans[0]["count"].as_u64().unwrap(), plans[0].clone())
}

fn titles(world: &World, people: &[Person]) -> Vec<String> {
    people.iter().map(|p| world.lead(p.lead).text("title").unwrap_or_default().to_string()).collect()
}

fn every(prefix: &str) -> Vec<String> {
    NAMES.iter().map(|n| format!("{prefix} {n}")).collect()
}

#[test]
fn a_mass_of_field_writes_waits_and_holds_go_on() {
    let limits = Setup { changes_above: r#"records = 3, share = "1%""#, ..Setup::default() };
    let (world, people) = titled(limits.clone());
    assert_eq!(titles(&world, &people), every("Chief"), "what first contact showed was written without a second question");
    world.configure(&Setup { precedence: CRM_FIRST, ..limits.clone() });
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Chief"), "a mass of changes went by itself");
    let (id, count, plan) = only_one(&world, "update");
    assert_eq!((count, plan["limit"].as_u64()), (6, Some(3)), "{plan:#}");
    let samples = plan["samples"].to_string();
    assert!(samples.contains("title") && samples.contains("Chief") && samples.contains("Clerk"), "old and new are shown: {samples}");
    assert!(world.because().contains(&id), "{}", world.because());
    assert!(!world.because().contains("Chief"), "a value of a field is told by `plan` alone");

    // A hold is written at once, and takes no field along that waits.
    world.sandbox.handle.open_deal(&[people[0].contact], None).unwrap();
    world.sync().exits(0);
    world.assert_held(people[0].lead);
    assert_eq!(titles(&world, &people), every("Chief"));

    let (id, ..) = only_one(&world, "update");
    let approved = world.run(&format!("approve {id}")).exits(0).json();
    assert_eq!(approved["count"], 6);
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Clerk"));
    assert!(waiting(&world, "update").is_empty());
    // That word is used up: as many again ask again.
    for (p, name) in people.iter().zip(NAMES) {
        world.sandbox.handle.edit_contact(p.contact, &[("jobtitle", &format!("Head {name}"))]).unwrap();
    }
    world.sync_until("it asks again", |w| !waiting(w, "update").is_empty());
    assert_eq!(titles(&world, &people), every("Clerk"));
}

#[test]
fn an_approval_lets_go_what_was_shown_and_nothing_that_joined_later() {
    let limits = Setup { changes_above: r#"records = 3, share = "1%""#, ..Setup::default() };
    let (world, people) = titled(limits.clone());
    world.configure(&Setup { precedence: CRM_FIRST, ..limits });
    world.sync().exits(0);
    let (shown, ..) = only_one(&world, "update");
    // One of them changes once more: the plan that was shown is not what waits now.
    world.sandbox.handle.edit_contact(people[5].contact, &[("jobtitle", "Nobody")]).unwrap();
    world.sync_until("another plan", |w| only_one(w, "update").0 != shown);
    world.run(&format!("approve {shown}")).exits(2).says("plan");
    world.sync().exits(0);
    assert_eq!(titles(&world, &people), every("Chief"));
}

#[test]
fn a_field_that_would_be_emptied_everywhere_waits_and_other_changes_go() {
    let limits = Setup { changes_above: r#"records = 20, share = "1%""#, ..Setup::default() };
    let (world, people) = titled(limits);
    let handle = &world.sandbox.handle;
    for p in &people[..4] {
        assert!(world.lead(p.lead).text("phone").is_some());
        handle.edit_contact(p.contact, &[("phone", "")]).unwrap();
    }
    handle.edit_contact(people[4].contact, &[("phone", "+81 3 9999 0000")]).unwrap();
    world.sync_until("the other change", |w| w.lead(people[4].lead).text("phone") == Some("+81 3 9999 0000"));
    assert!(people[..4].iter().all(|p| world.lead(p.lead).text("phone").is_some()), "the phones are gone");
    let (id, count, plan) = only_one(&world, "update");
    assert_eq!(count, 4, "{plan:#}");
    assert!(plan["why"].as_str().unwrap().contains("phone would be emptied in 4 records"), "{plan:#}");
    world.run(&format!("approve {id}")).exits(0);
    world.sync().exits(0);
    assert!(people[..4].iter().all(|p| world.lead(p.lead).text("phone").is_none()));
}

#[test]
fn a_trickle_of_releases_is_no_way_round_the_limit() {
    let setup = Setup { ask_above: r#"people = 2, share = "1%""#, ..Setup::default() };
    let mut scene = Vec::new();
    let world = World::running_with(setup, |handle| {
        for name in NAMES {
            let someone = person(handle, name, "Mori", None);
            let deal = handle.open_deal(&[someone.contact], None).unwrap();
            scene.push((someone, deal));
        }
    });
    for (someone, deal) in &scene[..2] {
        world.sandbox.handle.set_deal_stage(*deal, "won").unwrap();
        world.sync_until("released", |w| !w.blocked(someone.lead));
    }
    for (_, deal) in &scene[2..4] {
        world.sandbox.handle.set_deal_stage(*deal, "won").unwrap();
        world.sync().exits(0);
    }
    world.sync_until("both wait", |w| waiting(w, "release").first().is_some_and(|p| p["count"] == 2));
    let (id, ..) = only_one(&world, "release");
    assert!(scene[2..].iter().all(|(p, _)| world.blocked(p.lead)), "the third in a day went by itself");
    world.run(&format!("approve {id}")).exits(0);
    world.sync_until("released", |w| scene[2..4].iter().all(|(p, _)| !w.blocked(p.lead)));
    world.sandbox.handle.set_deal_stage(scene[4].1, "won").unwrap();
    world.sync_until("it asks again", |w| !waiting(w, "release").is_empty());
    assert!(scene[4..].iter().all(|(p, _)| world.blocked(p.lead)), "the word for two was used for a third");
}

#[test]
fn one_release_goes_beside_a_mass_that_waits() {
    let setup = Setup { ask_above: r#"people = 2, share = "1%""#, ..Setup::default() };
    let mut scene = None;
    let world = World::running_with(setup, |handle| {
        let acme = handle.create_company("Acme", "acme.example");
        let people: Vec<Person> = NAMES.iter().map(|n| person(handle, n, "Mori", Some(acme))).collect();
        let deal = handle.open_deal(&[people[0].contact], Some(acme)).unwrap();
        let other = person(handle, "Rin", "Oda", None);
        let own = handle.open_deal(&[other.contact], None).unwrap();
        scene = Some((people, deal, other, own));
    });
    let (people, deal, other, own) = scene.unwrap();
    world.sandbox.handle.set_deal_stage(deal, "won").unwrap();
    world.sync().exits(0);
    let (id, count, _) = only_one(&world, "release");
    assert_eq!(count, 6);
    world.sandbox.handle.set_deal_stage(own, "won").unwrap();
    world.sync_until("released", |w| !w.blocked(other.lead));
    assert!(people.iter().all(|p| world.blocked(p.lead)));
    assert_eq!(only_one(&world, "release").0, id, "the plan that waits is the same");
    world.run(&format!("approve {id}")).exits(0);
    world.sync_until("released", |w| people.iter().all(|p| !w.blocked(p.lead)));
}

#[test]
fn permits_for_many_who_had_none_wait() {
    let limits = Setup { ask_above: r#"people = 2, share = "1%""#, ..Setup::default() };
    let (world, people) = titled(limits.clone());
    world.configure(&Setup { permit: true, precedence: MA_FIRST, ..limits });
    world.sync().exits(0);
    let permitted = |w: &World| people.iter().filter(|p| w.lead(p.lead).text("nayose_ok_until").is_some()).count();
    assert_eq!(permitted(&world), 0, "permits for everybody went by themselves");
    let (id, count, _) = only_one(&world, "release");
    assert_eq!(count, 6);
    world.run(&format!("approve {id}")).exits(0);
    world.sync_until("permitted", |w| permitted(w) == 6);
}

#[test]
fn many_holds_are_written_at_once_and_told() {
    let setup = Setup { ask_above: r#"people = 2, share = "1%""#, ..Setup::default() };
    let (world, people) = titled(setup);
    assert!(!world.because().contains("holds within"), "{}", world.because());
    let acme = people.iter().map(|p| p.contact).collect::<Vec<_>>();
    world.sandbox.handle.open_deal(&acme, None).unwrap();
    let synced = world.sync().exits(0);
    assert!(synced.err.contains("unusually many holds"), "{synced}");
    people.iter().for_each(|p| world.assert_held(p.lead));
    assert!(world.because().contains("6 holds within 1d"), "{}", world.because());
}

#[test]
fn first_contact_is_asked_about_once() {
    let limits = r#"people = 2, share = "1%""#;
    let setup = Setup { permit: true, ask_above: limits, changes_above: r#"records = 2, share = "1%""#, ..Setup::default() };
    // `running_with` ends only when nothing is left to write: no permit, status or title waits for a second word.
    let (world, people) = titled(setup);
    assert!(people.iter().all(|p| world.lead(p.lead).text("nayose_ok_until").is_some()));
    assert_eq!(world.run("plan").exits(0).json()["waiting"], json!([]));
}

#[test]
fn a_widening_edit_that_releases_many_is_asked_about_once() {
    let setup = Setup { ask_above: r#"people = 2, share = "1%""#, ..Setup::default() };
    let (world, people) = titled(setup);
    let contacts: Vec<u64> = people.iter().map(|p| p.contact).collect();
    world.sandbox.handle.open_deal(&contacts, None).unwrap();
    world.sync_until("held", |w| people.iter().all(|p| w.blocked(p.lead)));
    let policy = world.folder().join("policy.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text.replace("when = 'deal.open'", "when = 'deal.open && deal.amount > 99999999'")).unwrap();
    world.sync().exits(0);
    assert!(people.iter().all(|p| world.blocked(p.lead)));
    let plan = world.run("plan").json();
    let waiting = plan["waiting"].as_array().unwrap();
    assert_eq!((waiting.len(), waiting[0]["count"].as_u64()), (1, Some(6)), "{plan:#}");
    world.run(&format!("approve {}", waiting[0]["plan"].as_str().unwrap())).exits(0);
    world.sync_until("released", |w| people.iter().all(|p| !w.blocked(p.lead)));
}
