//! A list of consents: a no refuses, a word that nobody knows holds, and a yes proves what consent.toml says of the list.

use super::harness::{Person, Setup, World, person};
use std::fs;

const LISTS: &str = "[systems.consents]\nconnector = \"file\"\nevery = \"1s\"\ntime_zone = \"Asia/Tokyo\"\npath = \"inbox/consents.csv\"\nprofile = \"consents\"\n";
const HEADER: &str = "メールアドレス,配信可否,同意日\n";

fn world() -> World {
    let world = World::new(Setup { more_systems: LISTS.to_string(), ..Setup::default() });
    fs::create_dir_all(world.folder().join("inbox")).unwrap();
    world
}

fn put(world: &World, rows: &[(&str, &str)]) {
    let rows: String = rows.iter().map(|(email, word)| format!("{email},{word},2026/10/1\n")).collect();
    fs::write(world.folder().join("inbox/consents.csv"), format!("{HEADER}{rows}")).unwrap();
}

#[test]
fn a_no_refuses_for_good_an_unknown_word_holds_and_a_yes_proves_what_consent_toml_says() {
    let world = world();
    fs::write(
        world.folder().join("consent.toml"),
        "[sources.ma]\nbasis = \"explicit_consent\"\n\n[sources.consents]\nbasis = \"explicit_consent\"\n",
    )
    .unwrap();
    let people: Vec<Person> = ["Ken", "Yui", "Taro"].map(|first| person(&world.sandbox.handle, first, "Mori", None)).into();
    let [ken, yui, taro] = &people[..] else { panic!() };
    let (hanako, aoi) = ("hanako@lists.example", "aoi@lists.example");
    put(&world, &[(hanako, "同意する"), (&ken.email, "不可"), (&yui.email, "要確認"), (&taro.email, "可"), (aoi, "")]);
    world.run_text("check").exits(0).says("1 row says neither yes nor no").says("\"要確認\" (1); say refusal_words");
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("both are blocked", |w| w.blocked(ken.lead) && w.blocked(yui.lead));
    world.sync().exits(0);
    assert_eq!(world.gate(&ken.email), ("deny".into(), vec!["refused_all".into()]));
    assert_eq!(world.gate(&yui.email), ("hold".into(), vec!["refusal_unread".into()]));
    assert_eq!(world.gate(hanako), ("allow".into(), vec![]), "{}", world.because());
    assert_ne!(world.gate(aoi).0, "allow", "an empty cell is no yes");
    world.assert_free(taro.lead);

    // A yes in a file takes nothing back, and neither does its absence.
    put(&world, &[(hanako, "同意する"), (&ken.email, "可"), (&yui.email, "可")]);
    world.sync_until("the word is known", |w| !w.blocked(yui.lead));
    world.assert_free(yui.lead);
    assert_eq!(world.gate(&ken.email), ("deny".into(), vec!["refused_all".into()]));
    assert!(world.blocked(ken.lead));
}

#[test]
fn a_list_that_consent_toml_does_not_name_proves_nothing() {
    let world = world();
    put(&world, &[("hanako@lists.example", "同意する")]);
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync().exits(0);
    assert_eq!(world.gate("hanako@lists.example"), ("deny".into(), vec!["no_basis".into()]), "{}", world.because());
}
