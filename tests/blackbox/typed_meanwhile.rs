//! What somebody types into a record after it was listed and before we write there.

use super::boxes::{add_connector, box_manifest, serve};
use super::harness::{SOON, Setup, World, wait_until};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct Boxes {
    people: BTreeMap<String, Map<String, Value>>,
    /// What was asked of the target, in order.
    asked: Vec<String>,
    /// Typed into the target's only record as soon as it was listed.
    types: Option<(&'static str, &'static str)>,
    /// Reading by ids is not allowed.
    lists_only: bool,
}

type Shared = State<Arc<Mutex<Boxes>>>;
type Asked = Query<BTreeMap<String, String>>;

async fn people(State(boxes): Shared, Path(name): Path<String>, asked: Asked) -> Result<Json<Value>, StatusCode> {
    let mut boxes = boxes.lock().unwrap();
    let (by_id, is_target) = (asked.contains_key("ids"), name == "target");
    if is_target {
        boxes.asked.push(if by_id { "look" } else { "list" }.into());
    }
    if by_id && boxes.lists_only {
        return Err(StatusCode::FORBIDDEN);
    }
    let answer = json!({ "people": boxes.people.get(&name).into_iter().collect::<Vec<_>>() });
    if let Some((field, typed)) = boxes.types.take_if(|_| is_target && !by_id) {
        boxes.set("target", field, typed);
    }
    Ok(Json(answer))
}

async fn update(State(boxes): Shared, Path(name): Path<String>, Json(body): Json<Value>) -> Json<Value> {
    let mut boxes = boxes.lock().unwrap();
    let row = &body["input"][0];
    for (field, value) in row.as_object().unwrap().iter().filter(|(field, _)| *field != "id") {
        if name == "target" {
            boxes.asked.push(format!("{field} = {}", value.as_str().unwrap()));
        }
        boxes.set(&name, field, value.as_str().unwrap());
    }
    Json(json!({ "results": [{"id": row["id"], "ok": true}] }))
}

impl Boxes {
    fn set(&mut self, name: &str, field: &str, value: &str) {
        let person = self.people.get_mut(name).unwrap();
        person.insert(field.into(), value.into());
        person.insert("changed".into(), jiff::Timestamp::now().as_millisecond().into());
    }
}

struct TwoBoxes {
    world: World,
    boxes: Arc<Mutex<Boxes>>,
}

impl TwoBoxes {
    /// A source and a target with one person, who is a clerk; all is approved and at rest.
    fn new(precedence: &'static str, look: &str) -> TwoBoxes {
        let world = World::new(Setup::default());
        let boxes = Arc::<Mutex<Boxes>>::default();
        let router = Router::new().route("/{name}/people", get(people)).route("/{name}/update", post(update)).with_state(boxes.clone());
        let port = serve(&world, router);
        let mut systems = String::new();
        for name in ["source", "target"] {
            let fields = "title = \"title\", phone = \"phone\"";
            add_connector(&world, name, &box_manifest(name, fields, fields, look));
            systems += &format!(
                "[systems.{name}]\nconnector = \"{name}\"\nbase_url = \"http://127.0.0.1:{port}/{name}\"\nevery = \"1s\"\n\
                 sweep = \"1s\"\nwrites = [\"title\", \"phone\"]\n"
            );
            let person = json!({"id": "1", "email": "p1@acme.example", "title": "Clerk", "phone": null, "changed": 1_700_000_000_000_u64});
            boxes.lock().unwrap().people.insert(name.into(), person.as_object().unwrap().clone());
        }
        world.configure(&Setup { top: "connectors = \"mine\"".into(), more_systems: systems, precedence, ..Setup::default() });
        let two = TwoBoxes { world, boxes };
        two.world.sync().exits(0);
        two.world.run("approve source").exits(0);
        two.world.run("approve target").exits(0);
        two.world.sync().exits(0);
        two.asked();
        two
    }

    fn edit(&self, edit: impl FnOnce(&mut Boxes)) {
        edit(&mut self.boxes.lock().unwrap());
    }

    fn shows(&self, name: &str, field: &str) -> Value {
        self.boxes.lock().unwrap().people[name][field].clone()
    }

    /// What was asked of the target since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.boxes.lock().unwrap().asked)
    }
}

/// It was written over, and nothing told of it: that value was never read.
#[test]
fn what_was_typed_just_before_a_write_of_equal_rank_stays() {
    let two = TwoBoxes::new("title = [[\"source\", \"target\"]]\n", "");
    two.edit(|boxes| {
        boxes.set("source", "title", "Chief");
        boxes.types = Some(("title", "Head"));
    });
    two.world.sync().exits(0);
    assert_eq!((two.shows("target", "title"), two.asked()), (json!("Head"), vec!["list".to_string(), "look".into()]));
    two.world.sync().exits(0);
    two.world.sync().exits(0);
    assert_eq!(two.shows("target", "title"), json!("Head"));
    assert!(two.asked().iter().all(|asked| asked == "list"), "it settles");
}

#[test]
fn what_was_typed_just_before_a_write_of_higher_rank_is_told_as_what_was_there() {
    let two = TwoBoxes::new("title = [\"source\", \"target\"]\n", "");
    two.edit(|boxes| {
        boxes.set("source", "title", "Chief");
        boxes.types = Some(("title", "Head"));
    });
    two.world.sync().exits(0);
    assert_eq!(two.asked(), ["list", "look", "title = Chief"]);
    let told = two.world.run("explain target:person:1 title").exits(0).json();
    let written = told["fields"]["title"]["history"].as_array().unwrap()[0].clone();
    assert_eq!((&written["old"], &written["new"]), (&json!("Head"), &json!("Chief")), "{told:#}");
    two.world.sync().exits(0);
    assert_eq!(two.asked(), ["list"], "it settles");
}

/// An empty field is filled by a rule that only fills what is empty, and somebody filled it meanwhile.
#[test]
fn what_was_typed_into_an_empty_field_just_before_it_is_filled_stays() {
    let two = TwoBoxes::new("phone = [\"target\", \"source\"]\n", "");
    two.edit(|boxes| {
        boxes.set("source", "phone", "+81 3 1111 1111");
        boxes.types = Some(("phone", "+81 3 2222 2222"));
    });
    two.world.sync().exits(0);
    assert_eq!((two.shows("target", "phone"), two.asked()), (json!("+81 3 2222 2222"), vec!["list".to_string(), "look".into()]));
}

/// A token that may list and write, and not read by id.
#[test]
fn a_look_that_fails_keeps_no_field_back_and_is_told() {
    let two = TwoBoxes::new("title = [\"source\", \"target\"]\n", "");
    two.edit(|boxes| {
        boxes.lists_only = true;
        boxes.set("source", "title", "Chief");
    });
    two.world.sync().exits(0);
    assert_eq!(two.asked(), ["list", "look", "title = Chief"]);
    let daemon = two.world.daemon();
    two.edit(|boxes| boxes.set("source", "title", "Head"));
    wait_until("the title is written", SOON, || two.shows("target", "title") == "Head");
    let status = two.world.run_text("status").out;
    assert!(
        status.contains("target: records could not be read once more before fields were written to them, the last time at "),
        "{status}"
    );
    daemon.stop();
}

#[test]
fn a_system_that_is_not_to_be_looked_at_first_is_written_to_at_once() {
    let two = TwoBoxes::new("title = [\"source\", \"target\"]\n", "look_first = false");
    two.edit(|boxes| boxes.set("source", "title", "Chief"));
    two.world.sync().exits(0);
    assert_eq!(two.asked(), ["list", "title = Chief"]);
}
