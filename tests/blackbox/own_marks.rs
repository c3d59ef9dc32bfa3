//! Marks of a system of one's own: an inverted flag, somebody else's value in it, and fields that are in none of the answers.

use super::harness::{Setup, World, free_port, person};
use crate::small_manifests::head;
use axum::extract::{Json as Body, Path};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// `accepts = false` is the block; `no_mail` is the person's own no.
const TABLES: &str = r#"
[settings.base_url]
title = "Address"
where = "there"

[settings.optout_list]
title = "List of those who want none"
where = "there"
default = "none-please"

[streams.people]
entity = "person"
sweep = { path = "/people", records = "people" }

[streams.people.record]
id = "id"
fields = { email = "mail" }
refusals = [
  { scope = "all", when = { path = "no_mail", equals = true } },
  { scope = "all", when = { path = "lists[].name", equals = "{settings.optout_list}" } },
]
marks = { block = { path = "accepts" } }
always = ["no_mail", "accepts"]

[writes]
stream = "people"
block = { kind = "field", field = "accepts", on = false, off = true }
read = { path = "/people/{id}", records = "people" }
read_chunk = 1

[writes.update]
batch = 1
request = { method = "POST", path = "/people/{id}", body = "{row}" }
"#;

type People = Arc<Mutex<BTreeMap<String, Value>>>;

/// The world, with the system beside the others.
fn world(people: &People) -> World {
    let (world, port) = (World::new(Setup::default()), free_port());
    let (all, one, written) = (people.clone(), people.clone(), people.clone());
    let shown = |rows: Vec<Value>| Json(json!({ "people": rows }));
    let router = Router::new().route("/people", get(move || async move { shown(all.lock().unwrap().values().cloned().collect()) })).route(
        "/people/{id}",
        post(move |Path(id): Path<String>, Body(row): Body<Value>| async move {
            if let Some(person) = written.lock().unwrap().get_mut(&id) {
                row.as_object().unwrap().iter().for_each(|(key, value)| person[key] = value.clone());
            }
            Json(json!({}))
        })
        .get(move |Path(id): Path<String>| async move { shown(one.lock().unwrap().get(&id).cloned().into_iter().collect()) }),
    );
    world.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
    });
    let mine = world.folder().join("mine/letters");
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::write(mine.join("manifest.toml"), head("letters", "ma", "{settings.base_url}") + TABLES).unwrap();
    world.configure(&Setup {
        top: "connectors = \"mine\"".into(),
        more_systems: format!(
            "[systems.letters]\nconnector = \"letters\"\nbase_url = \"http://127.0.0.1:{port}\"\nevery = \"1s\"\nsweep = \"1s\"\nwrites = [\"hold\"]\n"
        ),
        ..Setup::sweeping()
    });
    let consent = "[sources.ma]\nbasis = \"explicit_consent\"\n[sources.letters]\nbasis = \"explicit_consent\"\n";
    std::fs::write(world.folder().join("consent.toml"), consent).unwrap();
    world
}

fn row(id: &str, mail: &str, accepts: Value) -> (String, Value) {
    (id.to_string(), json!({"id": id, "mail": mail, "accepts": accepts, "no_mail": false, "lists": []}))
}

#[test]
fn where_false_is_the_block_false_is_written_and_true_when_the_hold_ends() {
    let people: People = Arc::default();
    let world = world(&people);
    let handle = &world.sandbox.handle;
    let [hanako, ken, aki] = ["Hanako", "Ken", "Aki"].map(|first| person(handle, first, "Mori", None));
    let said_no = (
        "4".to_string(),
        json!({"id": "4", "mail": "no@other.example", "accepts": true, "no_mail": false, "lists": [{"name": "None-Please"}]}),
    );
    people.lock().unwrap().extend([
        row("1", &hanako.email, json!(true)),
        row("2", &ken.email, json!("legal")),
        row("3", &aki.email, json!(null)),
        said_no,
    ]);
    let accepts = |id: &str| people.lock().unwrap()[id]["accepts"].clone();
    let deal = handle.open_deal(&[hanako.contact, ken.contact, aki.contact], None).unwrap();
    world.run("plan");
    world.run("approve letters").exits(0);
    world.run("approve ma").exits(0);
    world.sync_until("the block is written", |_| accepts("1") == json!(false));
    world
        .run_text("connector try letters")
        .says("letters:person:1, read by its id, as nayose looks at a record that it has written: blocked, by whom is not shown (hold has no why), refused: no");
    assert_eq!((accepts("2"), accepts("3")), (json!("legal"), json!(null)), "what stands there is somebody else's block");
    assert_eq!(world.gate("no@other.example"), ("deny".into(), vec!["refused_all".into()]), "a list that a setting names refuses");
    handle.set_deal_stage(deal, "won").unwrap();
    world.sync_until("the block is lifted", |_| accepts("1") == json!(true));
    world.sync().exits(0);
    assert_eq!((accepts("2"), accepts("3")), (json!("legal"), json!(null)), "lifted by us, though it was never ours");
}

#[test]
fn an_optout_field_in_none_of_the_answers_proves_nothing_until_systems_toml_says_that_there_is_none() {
    let people: People = Arc::default();
    let world = world(&people);
    let hanako = person(&world.sandbox.handle, "Hanako", "Mori", None);
    let (id, mut shown) = row("1", &hanako.email, json!(true));
    shown.as_object_mut().unwrap().remove("no_mail");
    people.lock().unwrap().insert(id, shown);
    let policy = world.folder().join("policy.toml");
    let text = std::fs::read_to_string(&policy).unwrap();
    std::fs::write(&policy, text.replace("[refusals]\nproof = {", "[refusals]\nproof = { \"letters.people\" = \"1h\", ")).unwrap();
    world.run_text("connector try letters").exits(1).says("none of 1 records has no_mail");
    world.run("plan");
    world.run("approve letters").exits(0);
    world.run("approve ma").exits(0);
    world.sync();
    assert!(world.because().contains("none of 1 records shows no_mail"), "{}", world.because());
    assert_eq!(world.status()["protection"], "not_protecting");
    assert_eq!(world.gate(&hanako.email).0, "hold", "nobody can tell whether they said no");

    let systems = world.folder().join("systems.toml");
    let text = std::fs::read_to_string(&systems).unwrap();
    std::fs::write(&systems, text.replace("[systems.letters]\n", "[systems.letters]\nlacks = [\"no_mail\"]\n")).unwrap();
    world.sync_until("it is proved", |w| w.gate(&hanako.email).0 == "allow");
    assert!(world.because().contains("says that this account has no no_mail"), "it stays in status: {}", world.because());
}
