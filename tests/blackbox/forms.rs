//! Values go out in the form of the system that they are written to: codes of a pick list, and dates without a time.

use super::boxes::{add_connector, box_manifest, serve};
use super::harness::{SOON, Setup, World, wait_until};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

#[derive(Default)]
struct Boxes {
    /// By box and id.
    people: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
    written: Vec<Value>,
    /// How often a list was read. A write is answered when that has reached so much more.
    reads: watch::Sender<u64>,
    answers_after: u64,
}

type Shared = State<Arc<Mutex<Boxes>>>;

async fn people(State(boxes): Shared, Path(name): Path<String>) -> Json<Value> {
    let boxes = boxes.lock().unwrap();
    boxes.reads.send_modify(|reads| *reads += 1);
    let people: Vec<&Map<String, Value>> = boxes.people.get(&name).into_iter().flat_map(|p| p.values()).collect();
    Json(json!({ "people": people }))
}

/// Keeps the day of a date, as a field without a time does, and titles with capitals; the box with codes escapes them.
async fn update(State(boxes): Shared, Path(name): Path<String>, Json(body): Json<Value>) -> Json<Value> {
    let rows = body["input"].as_array().unwrap().clone();
    let (mut reads, enough) = {
        let mut boxes = boxes.lock().unwrap();
        write(&mut boxes, &name, &rows);
        let reads = boxes.reads.subscribe();
        let enough = *reads.borrow() + boxes.answers_after;
        (reads, enough)
    };
    reads.wait_for(|reads| *reads >= enough).await.unwrap();
    let results: Vec<Value> = rows.iter().map(|row| json!({"id": row["id"], "ok": true})).collect();
    Json(json!({ "results": results }))
}

fn write(boxes: &mut Boxes, name: &str, rows: &[Value]) {
    for row in rows {
        boxes.written.push(row.clone());
        let person = boxes.people.get_mut(name).unwrap().get_mut(row["id"].as_str().unwrap()).unwrap();
        person.extend(row.as_object().unwrap().clone());
        if let Some(birth) = row["birth"].as_str() {
            person.insert("birth".into(), birth[..10].into());
        }
        if let Some(title) = row["title"].as_str() {
            let title = with_capitals(title);
            person.insert("title".into(), if name == "codes" { title.replace('&', "&amp;") } else { title }.into());
        }
        person.insert("changed".into(), jiff::Timestamp::now().as_millisecond().into());
    }
}

fn with_capitals(title: &str) -> String {
    let words = title.split(' ').map(|word| word[..1].to_uppercase() + &word[1..]);
    words.collect::<Vec<_>>().join(" ")
}

struct TwoBoxes {
    world: World,
    boxes: Arc<Mutex<Boxes>>,
}

impl TwoBoxes {
    /// Two boxes in Tokyo: one with words, whose titles are written, and one with codes that is written to.
    fn new(codes: &str) -> TwoBoxes {
        let world = World::new(Setup::default());
        let boxes = Arc::<Mutex<Boxes>>::default();
        let router = Router::new().route("/{name}/people", get(people)).route("/{name}/update", post(update)).with_state(boxes.clone());
        let port = serve(&world, router);
        let mut systems = String::new();
        for (name, industry, writes) in
            [("words", "\"industry\"", "writes = [\"title\"]\n"), ("codes", codes, "writes = [\"title\", \"birth\", \"industry\"]\n")]
        {
            let read = format!("title = \"title\", birth = {{ path = \"birth\", type = \"time\" }}, industry = {industry}");
            let written = "title = \"title\", birth = \"birth\", industry = \"industry\"";
            add_connector(&world, name, &box_manifest(name, &read, written, ""));
            systems += &format!(
                "[systems.{name}]\nconnector = \"{name}\"\nbase_url = \"http://127.0.0.1:{port}/{name}\"\nevery = \"1s\"\n\
                 sweep = \"1s\"\ntime_zone = \"Asia/Tokyo\"\n{writes}"
            );
        }
        world.configure(&Setup {
            top: "connectors = \"mine\"".into(),
            more_systems: systems,
            precedence: "industry = [\"words\", \"codes\"]\ntitle = [[\"words\", \"codes\"]]\nbirth = [[\"words\", \"codes\"]]\n",
            ..Setup::default()
        });
        TwoBoxes { world, boxes }
    }

    fn put(&self, name: &str, id: &str, fields: Value) {
        let mut person = fields.as_object().unwrap().clone();
        person.insert("id".into(), id.into());
        person.insert("email".into(), format!("p{id}@acme.example").into());
        person.insert("changed".into(), (jiff::Timestamp::now().as_millisecond() - 60_000).into());
        self.boxes.lock().unwrap().people.entry(name.into()).or_default().insert(id.into(), person);
    }

    fn title(&self, name: &str) -> Value {
        self.boxes.lock().unwrap().people[name]["1"]["title"].clone()
    }

    /// Somebody types a title.
    fn types(&self, name: &str, id: &str, title: &str) {
        let mut boxes = self.boxes.lock().unwrap();
        let person = boxes.people.get_mut(name).unwrap().get_mut(id).unwrap();
        person.insert("title".into(), title.into());
        person.insert("changed".into(), jiff::Timestamp::now().as_millisecond().into());
    }

    /// Titles that one box has and the other has not, written there.
    fn with_titles(titles: &[&str]) -> TwoBoxes {
        let two = TwoBoxes::new(CODES);
        for (title, id) in titles.iter().zip(["1", "2", "3"]) {
            two.put("words", id, json!({"title": title, "birth": null, "industry": null}));
            two.put("codes", id, json!({"title": null, "birth": null, "industry": null}));
        }
        two.world.sync().exits(0);
        two.world.run("approve codes").exits(0);
        two.world.run("approve words").exits(0);
        two.world.sync().exits(0);
        assert_eq!(two.written().len(), titles.len());
        two
    }

    fn reads(&self) -> u64 {
        *self.boxes.lock().unwrap().reads.borrow()
    }

    fn shows(&self, id: &str) -> (Value, Value, Value) {
        let boxes = self.boxes.lock().unwrap();
        let person = &boxes.people["codes"][id];
        (person["title"].clone(), person["birth"].clone(), person["industry"].clone())
    }

    fn written(&self) -> Vec<Value> {
        std::mem::take(&mut self.boxes.lock().unwrap().written)
    }
}

const CODES: &str = r#"{ path = "industry", map = { "10" = "made", "20" = "built" } }"#;

/// The label went out in place of the code, and a birthday lost a day with each round.
#[test]
fn codes_and_dates_are_written_once_and_as_the_target_means_them() {
    let two = TwoBoxes::new(CODES);
    let person = |birth: Value, industry: &str| json!({"title": "Chief", "birth": birth, "industry": industry});
    two.put("words", "1", person(json!("1980-04-01"), "made"));
    two.put("words", "2", person(Value::Null, "sold"));
    two.put("words", "3", person(Value::Null, "made"));
    let empty = |industry: Value| json!({"title": null, "birth": null, "industry": industry});
    two.put("codes", "1", empty(json!("20")));
    two.put("codes", "2", empty(json!("20")));
    two.put("codes", "3", empty(json!("30")));
    let world = &two.world;
    world.sync().exits(0);
    world.run("approve codes").exits(0);
    world.sync().exits(0);
    assert_eq!(two.shows("1"), (json!("Chief"), json!("1980-04-01"), json!("10")));
    // What has no code stays away, and takes nothing along; what nobody can read is not written over.
    assert_eq!(two.shows("2"), (json!("Chief"), Value::Null, json!("20")));
    assert_eq!(two.shows("3"), (json!("Chief"), Value::Null, json!("30")));
    assert_eq!(two.written().len(), 3);
    world.sync().exits(0);
    assert_eq!(two.written(), Vec::<Value>::new(), "it settles");
    let status = world.run_text("status").out;
    let told =
        "codes: industry is not written to 1 record, as the connector's map has no code for \"sold\" (1); the first is codes:person:2";
    assert!(status.contains(told), "{status}");
    // By another process than the one that read it.
    let told = "codes: industry of 1 record holds a code that the connector's map does not know: \"30\" (1); the first is codes:person:3.";
    assert!(status.contains(told), "{status}");
    let explained = world.run("explain codes:person:3").exits(0).json();
    assert_eq!(explained["fields"]["industry"]["unknown_codes"], json!([{"record": "codes:person:3", "code": "30"}]));
    let explained = world.run("explain codes:person:2").exits(0).json();
    assert_eq!((&explained["left_alone"][0]["field"], &explained["left_alone"][0]["not_written"]), (&json!("industry"), &json!("sold")));
    let tried = world.run("connector try codes").exits(0).json();
    assert_eq!(tried["streams"][0]["unknown_codes"], json!({"industry": "\"30\" (1)"}));
}

/// What a target makes of a value was seen by a pass before the answer to its write, and went back over the source as somebody's newer title.
#[test]
fn what_a_target_makes_of_a_value_never_flows_back_though_it_is_seen_before_the_answer() {
    let two = TwoBoxes::new(CODES);
    let person = |title: &str| json!({"title": title, "birth": null, "industry": null});
    two.put("words", "1", person("clerk"));
    two.put("codes", "1", person("clerk"));
    let world = &two.world;
    world.sync().exits(0);
    world.run("approve codes").exits(0);
    world.run("approve words").exits(0);
    world.sync().exits(0);
    // Both lists are read twice before the answer comes.
    two.boxes.lock().unwrap().answers_after = 4;
    let daemon = world.daemon();
    {
        let mut boxes = two.boxes.lock().unwrap();
        let source = boxes.people.get_mut("words").unwrap().get_mut("1").unwrap();
        source.insert("title".into(), "head of sales".into());
        source.insert("changed".into(), jiff::Timestamp::now().as_millisecond().into());
    }
    wait_until("the title is written", SOON, || two.title("codes") == "Head Of Sales");
    let enough = two.reads() + 10;
    wait_until("it was answered, and read since", SOON, || two.reads() >= enough);
    assert_eq!((two.title("words"), two.title("codes")), (json!("head of sales"), json!("Head Of Sales")));
    daemon.stop();
}

/// The entity went into the other system.
#[test]
fn what_is_typed_in_a_system_that_escapes_goes_on_without_entities() {
    let two = TwoBoxes::with_titles(&["Head of R&D", "Head of Q&A", "Head of <M&A>"]);
    two.world.sync().exits(0);
    assert_eq!(two.written(), Vec::<Value>::new(), "it settles");
    two.types("codes", "1", "Head Of B&amp;C");
    two.world.sync().exits(0);
    two.world.sync().exits(0);
    assert_eq!((two.title("words"), two.title("codes")), (json!("Head Of B&C"), json!("Head Of B&amp;C")));
}

/// A title that was cut short by hand before the first look after our write was taken for the system's form of it.
#[test]
fn who_edits_our_value_before_we_look_is_heard_where_all_others_are_kept() {
    let two = TwoBoxes::with_titles(&["Vice President Of Sales", "Director Of Research And Development", "Clerk"]);
    two.types("codes", "1", "Vice President");
    two.world.sync().exits(0);
    two.world.sync().exits(0);
    assert_eq!((two.title("words"), two.title("codes")), (json!("Vice President"), json!("Vice President")));
}

#[test]
fn a_label_with_two_codes_is_refused_until_one_is_named() {
    let two = TwoBoxes::new(r#"{ path = "industry", map = { "10" = "made", "11" = "made" } }"#);
    let told = two.world.run_text("check").exits(2);
    assert!(told.err.contains("are all read as \"made\""), "{}", told.err);
}

/// The value went away with its key, as if it had never been there, and was filled in again.
#[test]
fn what_is_cleared_where_empty_fields_are_left_out_is_not_written_back() {
    for says_so in [false, true] {
        let two = TwoBoxes::with_titles(&["Clerk", "Chief"]);
        if says_so {
            let manifest = two.world.folder().join("mine/codes/manifest.toml");
            let text = std::fs::read_to_string(&manifest).unwrap();
            std::fs::write(&manifest, text.replacen("changed_at =", "leaves_out_empty = true\nchanged_at =", 1)).unwrap();
        }
        {
            let mut boxes = two.boxes.lock().unwrap();
            let person = boxes.people.get_mut("codes").unwrap().get_mut("1").unwrap();
            person.remove("title");
            person.insert("changed".into(), jiff::Timestamp::now().as_millisecond().into());
        }
        two.world.sync().exits(0);
        two.world.sync().exits(0);
        assert_eq!(two.written(), Vec::<Value>::new(), "says so: {says_so}");
        let explained = two.world.run("explain codes:person:1").exits(0).json();
        let known = &explained["fields"]["title"]["in_targets"][0];
        assert_eq!(known["shows"], if says_so { Value::Null } else { json!("Clerk") }, "{known}");
        let tried = two.world.run("connector try codes").exits(0).json();
        assert_eq!(tried["streams"][0]["left_out"], if says_so { json!({}) } else { json!({"title": 1}) });
        two.types("words", "1", "Head");
        two.world.sync().exits(0);
        assert_eq!(two.title("codes"), json!("Head"), "what is typed anew goes there: {says_so}");
    }
}
