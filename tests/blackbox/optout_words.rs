//! What stands in an opt-out field and is neither yes nor no: it holds until somebody says what it means.

use super::harness::{Person, Setup, World, person};

const OPTOUT: &str = "hs_email_optout";

/// Says in systems.toml what the CRM's words mean.
fn teach(world: &World, words: &str) {
    let file = world.folder().join("systems.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(file, text.replace("[systems.support]", &format!("refusal_words = {{ {words} }}\n[systems.support]"))).unwrap();
}

fn says(world: &World, person: &Person, word: &str) {
    world.sandbox.handle.edit_contact(person.contact, &[(OPTOUT, word)]).unwrap();
}

#[test]
fn a_word_that_nobody_taught_holds_and_is_no_refusal_before_it_is_taught() {
    let mut people = Vec::new();
    let world = World::running_with(Setup { permit: true, ..Setup::sweeping() }, |handle| {
        people.extend(["Hanako", "Ken", "Aki"].map(|first| person(handle, first, "Mori", None)));
    });
    let [hanako, ken, aki] = &people[..] else { panic!() };
    world.sync_until("who said nothing has a permit", |w| people.iter().all(|p| w.lead(p.lead).text("nayose_ok_until").is_some()));
    says(&world, hanako, "希望する");
    says(&world, ken, "希望しない");
    says(&world, aki, "　Ｎｏ ");
    world.sync_until("the two are held", |w| w.blocked(hanako.lead) && w.blocked(ken.lead));
    for held in [hanako, ken] {
        assert_eq!(world.gate(&held.email), ("hold".into(), vec!["refusal_unread".into()]));
        assert_eq!(world.lead(held.lead).text("nayose_ok_until"), None, "the permit stays");
        let explained = world.run(&format!("explain {}", held.email)).exits(0).json();
        assert_eq!(explained["refusals"], serde_json::json!([]), "no refusal is recorded: {explained:#}");
        assert_eq!(explained["holds"][0]["hold"], "refusal_unread", "{explained:#}");
    }
    world.assert_free(aki.lead);
    let because = world.because();
    assert!(because.contains("crm.people: 2 of 3 records") && because.contains("\"希望する\" (1)"), "{because}");
    world.run_text("connector try crm").says("neither yes nor no: \"希望しない\" (1), \"希望する\" (1)");

    teach(&world, "\"希望する\" = \"fine\", \"希望しない\" = \"no\"");
    world.sync_until("who wants mail gets it", |w| !w.blocked(hanako.lead));
    world.assert_free(hanako.lead);
    assert_eq!(world.gate(&ken.email), ("deny".into(), vec!["refused_all".into()]));
    assert!(!world.because().contains("refusal_unread"), "{}", world.because());
}

#[test]
fn a_whole_list_in_words_that_nobody_taught_cannot_be_approved() {
    let world = World::new(Setup::default());
    let people: Vec<Person> = (0..25).map(|i| person(&world.sandbox.handle, &format!("P{i}"), "Mori", None)).collect();
    people.iter().for_each(|p| says(&world, p, "希望する"));
    world.run("plan");
    world.run_text("approve ma").exits(2).says("refusal_words = { \"希望する\" = \"no\" }");
    world.run("approve ma --holds").exits(0);
    world.sync().exits(0);
    assert!(people.iter().all(|p| world.blocked(p.lead)), "they are held all the same");
    teach(&world, "\"希望する\" = \"fine\"");
    world.sync_until("the words are read anew", |w| w.gate(&people[0].email).0 == "allow");
    world.run("approve ma").exits(0);
    world.sync_until("they may be mailed", |w| people.iter().all(|p| !w.blocked(p.lead)));
}
