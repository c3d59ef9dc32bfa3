//! A no that somebody wrote into a list that is kept for something else: of contacts, cards or deals.

use super::harness::{Person, Setup, World, person};
use std::fs;

fn world(keys: &str) -> World {
    let lists = format!("[systems.lists]\nconnector = \"file\"\nevery = \"1s\"\ntime_zone = \"Asia/Tokyo\"\n{keys}\n");
    let world = World::new(Setup { more_systems: lists, ..Setup::default() });
    fs::create_dir_all(world.folder().join("inbox")).unwrap();
    world
}

fn put(world: &World, file: &str, text: String) {
    fs::write(world.folder().join("inbox").join(file), text).unwrap();
}

fn people<const N: usize>(world: &World, names: [&str; N]) -> [Person; N] {
    names.map(|first| person(&world.sandbox.handle, first, "Mori", None))
}

fn refused() -> (String, Vec<String>) {
    ("deny".into(), vec!["refused_all".into()])
}

/// Only `check` told of the column, and who had said no got mail.
#[test]
fn a_no_in_a_list_of_cards_refuses_for_good_and_an_unknown_word_holds() {
    for kind in ["snapshot", "supplement"] {
        let world = world(&format!("path = \"inbox/cards.csv\"\nprofile = \"cards\"\nlist = \"{kind}\""));
        let [ken, yui, aki, taro] = people(&world, ["Ken", "Yui", "Aki", "Taro"]);
        let rows = format!(
            "{},2026/10/1,停止\n{},2026/10/1,要確認\n{},2026/9/1,不可\n{},2026/10/1,\n{},2026/10/1,\n",
            ken.email, yui.email, aki.email, aki.email, taro.email
        );
        put(&world, "cards.csv", format!("メールアドレス,名刺交換日,配信停止\n{rows}"));
        world.run_text("check").exits(0).says("these words are neither yes nor no, and hold whom they are said of: \"要確認\" (1)");
        world.run("plan");
        world.run("approve ma").exits(0);
        world.sync_until("they are blocked", |w| [&ken, &yui, &aki].iter().all(|p| w.blocked(p.lead)));
        world.sync().exits(0);
        assert_eq!(world.gate(&ken.email), refused());
        assert_eq!(world.gate(&aki.email), refused(), "the card of the latest exchange counts, and the no of any");
        assert_eq!(world.gate(&yui.email), ("hold".into(), vec!["refusal_unread".into()]));
        world.assert_free(taro.lead);

        // Neither that the rows are gone takes a no back, nor that a cell is emptied.
        put(
            &world,
            "cards.csv",
            format!("メールアドレス,名刺交換日,配信停止\n{},2026/10/1,可\n{},2026/10/1,いいえ\n", taro.email, yui.email),
        );
        world.sync_until("the word is known", |w| !w.blocked(yui.lead));
        for _ in 0..4 {
            world.sync().exits(0);
        }
        for who in [&ken, &aki] {
            assert_eq!((world.gate(&who.email), world.blocked(who.lead)), (refused(), true), "{kind}");
        }
    }
}

#[test]
fn a_no_in_the_deal_list_is_that_of_whom_the_deal_names() {
    let world = world("lists = { contacts = \"inbox/contacts.csv\", deals = \"inbox/deals.csv\" }\nstages = { \"失注\" = \"lost\" }");
    let [ken, yui, taro] = people(&world, ["Ken", "Yui", "Taro"]);
    put(&world, "contacts.csv", format!("メール,メール配信\n{},否\n{},可\n", yui.email, taro.email));
    put(&world, "deals.csv", format!("案件名,会社名,メール,オプトアウト\nA,アクメ,{},はい\nB,ベータ,{},\n", ken.email, taro.email));
    let path = world.folder().join("policy.toml");
    let policy = fs::read_to_string(&path).unwrap();
    let proofs = "\"crm.deals\" = \"15m\", \"lists.deals\" = \"15m\", \"lists.deal_people\" = \"15m\"";
    fs::write(path, policy.replace("\"crm.deals\" = \"15m\"", proofs)).unwrap();
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync().exits(0);
    assert_eq!([&ken, &yui].map(|who| world.gate(&who.email).0), ["deny", "deny"].map(String::from));
    assert_eq!(world.gate(&taro.email).0, "hold", "by the deal alone");
    let explained = world.run(&format!("explain {}", ken.email)).exits(0).json();
    assert_eq!(explained["refusals"][0]["from"], format!("lists:person:deals:{}", ken.email), "{explained:#}");
}
