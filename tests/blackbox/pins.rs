//! Where a person has the last word: values that are pinned, and those that somebody should look at.

use super::harness::{Setup, World, person};
use serde_json::{Value, json};

/// A person's title stays as somebody typed it for them, in every system and in expressions, until it is taken back; also after the state was
/// lost.
#[test]
fn a_pinned_value_goes_before_every_rule_until_it_is_taken_back() {
    // Not by age: after the state is lost, what was pinned seems typed in the lead, and the later of the two.
    let rules = "title = [\"crm\", \"ma\"]\n";
    let (mut someone, setup) = (None, Setup { precedence: rules, ..Setup::default() });
    let world = World::running_with(setup, |handle| {
        let person = person(handle, "Hanako", "Mori", None);
        handle.edit_contact(person.contact, &[("jobtitle", "課長")]).unwrap();
        someone = Some(person);
    });
    let someone = someone.unwrap();
    let title = || world.lead(someone.lead).text("title").unwrap_or_default().to_string();
    assert_eq!(title(), "課長");
    assert_eq!(world.run("pins").exits(0).json()["pins"], json!([]));
    for (wrong, says) in [
        ("pin nobody@acme.example title 部長 --because x".to_string(), "nobody is known by"),
        (format!("pin {} fax 部長 --because x", someone.email), "precedence.toml has no rule for \"fax\""),
        (format!("pin {} score high --because x", someone.email), "\"high\" is no whole number"),
        (format!("pin {} title 部\u{7}長 --because x", someone.email), "the value holds a line break or another character"),
        (format!("pin {} title 部長 --because x\u{1b}[31m", someone.email), "--because holds a line break or another character"),
        (format!("unpin {} title", someone.email), "`nayose pins` shows those there are"),
    ] {
        let refused = world.run_text(&wrong).exits(2);
        assert!(refused.err.contains(says), "{wrong}: {}", refused.err);
    }
    world.run(&format!("pin {} title 顧問 --because 本人の希望 --by hanako", someone.email)).exits(0);
    let unfit = world.run_text(&format!("pin {} first_name ハナコ --because x --lang en", someone.email)).exits(0);
    unfit.says("note: no system's `writes` names first_name");
    world.run(&format!("unpin {} first_name", someone.email)).exits(0);
    world.sandbox.handle.edit_contact(someone.contact, &[("jobtitle", "部長")]).unwrap();
    world.sync().exits(0);
    assert_eq!(title(), "顧問", "what is typed in the CRM does not count");
    let told = world.run(&format!("explain {} title", someone.email)).json();
    let field = &told["fields"]["title"];
    assert_eq!(
        (&field["value"], &field["pinned"]["by"], &field["pinned"]["because"]),
        (&json!("顧問"), &json!("hanako"), &json!("本人の希望"))
    );
    assert_eq!(field["history"][0]["rule"], json!("pin"), "{field:#}");
    world
        .run_text(&format!("explain {} title --lang ja", someone.email))
        .says("hanako が")
        .says("ルールより優先する")
        .says("別の値が固定されている");

    std::fs::remove_dir_all(world.folder().join("data/sled")).unwrap();
    let pins = world.run("pins").exits(0).json();
    world.run_text("pins --lang ja").says("hanako が");
    assert_eq!((pins["pins"].as_array().unwrap().len(), &pins["pins"][0]["value"]), (1, &json!("顧問")), "{pins:#}");
    world.run(&format!("unpin crm:person:{} title --by hanako", someone.contact)).exits(2);
    world.sync().exits(0);
    let of_record = format!("crm:person:{} title", someone.contact);
    let over = world.run_text(&format!("pin {of_record} 部長 --because 異動 --by ken --lang en")).exits(0);
    over.says(&format!("it goes before \"顧問\", which hanako pinned on {} at 20", someone.email));
    let again = world.run_text(&format!("pin {of_record} 次長 --because 異動 --by ken --lang en")).exits(0);
    again.says("it replaces \"部長\", which ken pinned at 20");
    let back = world.run_text(&format!("unpin {of_record} --by ken --lang en")).exits(0);
    back.says("is \"次長\", says ken").says("is \"顧問\", says hanako").says("the rules decide on title again");
    assert_eq!(world.run("pins").json()["pins"], json!([]));
    let told = world.run(&format!("explain {} title", someone.email)).json();
    assert_eq!((&told["fields"]["title"]["value"], &told["fields"]["title"]["pinned"]), (&json!("部長"), &Value::Null));
}

/// What cannot be a phone number counts for nothing, and somebody is told of it and of numbers that systems disagree on.
#[test]
fn what_cannot_be_true_is_kept_out_and_listed_with_what_systems_disagree_on() {
    let rules = "phone = [\"crm\", \"support\"]\n[fields.phone]\nvalid = 'value.matches(\"^[0-9+ -]{9,}$\")'\n";
    let (mut of, setup) = (Vec::new(), Setup { precedence: rules, ..Setup::default() });
    let world = World::running_with(setup, |handle| {
        for (name, crm, support) in [("Hanako", "内線 12", "+81 3 2222 2222"), ("Ken", "+81 3 1111 1111", "+81 3 2222 2222")] {
            let person = person(handle, name, "Mori", None);
            let user = handle.create_user(&format!("Mori {name}"), Some(&person.email));
            handle.edit_user(user, |u| u.phone = Some(support.into())).unwrap();
            handle.edit_contact(person.contact, &[("phone", crm)]).unwrap();
            of.push(person);
        }
    });
    let phone = |n: usize| world.lead(of[n].lead).text("phone").unwrap_or_default().to_string();
    assert_eq!([phone(0), phone(1)], ["+81 3 2222 2222", "+81 3 1111 1111"]);
    let told = world.run("conflicts phone").exits(0).json();
    assert_eq!(told["totals"]["phone"], json!({"not_valid": 1, "differs": 1}), "{told:#}");
    let kinds: Vec<&str> = told["conflicts"].as_array().unwrap().iter().map(|c| c["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"not_valid") && kinds.contains(&"differs"), "{told:#}");
    world
        .run_text("conflicts phone --lang en")
        .exits(0)
        .says("not valid  Mori Hanako <")
        .says("\"内線 12\"")
        .says("[precedence.toml:4]")
        .says("1 value cannot be true, 1 field differs");
    world.run_text("conflicts phone --lang ja").says("正しくない").says("食い違い");
    assert!(world.run_text("conflicts phon").exits(2).err.contains("did you mean \"phone\"?"));
    world.run_text(&format!("explain {} phone --lang ja", of[0].email)).says("値が正しくない");
}
