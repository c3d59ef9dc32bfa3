//! A seventh system without a line of Rust: a manifest in the user's own folder, and a small server that speaks it.

use super::harness::{Setup, World, object, person};
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Offset paging, a key in a header, times in milliseconds since 1970, and records that are keyed by their id.
const MANIFEST: &str = r#"
name = "cardbox"
title = "Card box"
role = "crm"
api_version = "1"
base_url = "{settings.base_url}"
auth = { kind = "header", header = "X-Api-Key", value = "{settings.key}" }

[settings.base_url]
title = "Address"
where = "The address bar of the box"

[settings.key]
title = "API key"
where = "On the underside of the box"
secret = true

[errors]
message = "problem"

[streams.people]
entity = "person"

[streams.people.sweep]
path = "/api/cards"
records = "cards[]"
page = { kind = "offset", param = "offset", size_param = "limit", size = 2 }

[streams.people.changes]
since = "unix_ms"
overlap = "1m"

[streams.people.changes.request]
path = "/api/cards"
query = { changed_since = "{since}" }
records = "cards[]"
page = { kind = "offset", param = "offset", size_param = "limit", size = 2 }

[streams.people.record]
id = "card"
changed_at = { path = "changed", format = "unix_ms" }

[[streams.people.record.refusals]]
scope = "topic"
topic = "seminars"
when = { path = "no_seminars", equals = true }

[streams.people.record.fields]
email = "mail"
first_name = "first"
last_name = "last"
title = "position"
"#;

const KEY: &str = "only-for-the-tests-card-box-key";

type Cards = Arc<Mutex<BTreeMap<String, Value>>>;

fn cards(cards: &Cards, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Response {
    if headers.get("x-api-key").and_then(|k| k.to_str().ok()) != Some(KEY) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"problem": "wrong key"}))).into_response();
    }
    let number = |name: &str| query.get(name).and_then(|n| n.parse::<i64>().ok());
    let (offset, limit) = (number("offset").unwrap_or(0), number("limit").unwrap_or(10).min(2));
    let since = number("changed_since").unwrap_or(0);
    let cards = cards.lock().unwrap();
    let changed = cards.iter().filter(|(_, c)| c["changed"].as_i64().unwrap() >= since);
    let page: Map<String, Value> = changed.skip(offset as usize).take(limit as usize).map(|(id, c)| (id.clone(), c.clone())).collect();
    Json(json!({ "cards": page })).into_response()
}

#[test]
fn a_system_is_added_by_a_manifest_alone() {
    let held: Cards = Arc::default();
    let changed = jiff::Timestamp::now().as_millisecond() - 60_000;
    for i in 1..=5 {
        let card = json!({"card": format!("k{i}"), "mail": format!("guest{i}@other.example"), "first": "Guest", "last": "Mori", "changed": changed});
        held.lock().unwrap().insert(format!("k{i}"), card);
    }
    let hanako_card = json!({"card": "k6", "mail": "Hanako.Mori@acme.example", "first": "Hanako", "last": "Mori", "position": "部長", "changed": changed});
    held.lock().unwrap().insert("k6".into(), hanako_card);

    let port = super::harness::free_port();
    let setup = Setup {
        top: "connectors = \"mine\"".into(),
        more_systems: format!(
            "[systems.cards]\nconnector = \"cardbox\"\nbase_url = \"http://127.0.0.1:{port}\"\nkey = {{ file = \"card.key\" }}\nevery = \"1s\"\nsweep = \"1s\"\n"
        ),
        precedence: "title = [\"cards\", \"crm\", \"ma\"]\n",
        permits: r#"newsletter = "nayose_ok_newsletter", topics = { seminars = "nayose_ok_seminars" }"#,
        ..Setup::default()
    };
    let world = World::new(Setup::default());
    let served = held.clone();
    let router = Router::new().route(
        "/api/cards",
        get(move |headers: HeaderMap, Query(query): Query<BTreeMap<String, String>>| async move { cards(&served, &headers, &query) }),
    );
    world.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
    });
    let mine = world.folder().join("mine/cardbox");
    std::fs::create_dir_all(&mine).unwrap();
    std::fs::write(mine.join("manifest.toml"), MANIFEST).unwrap();
    std::fs::write(world.folder().join("card.key"), format!("{KEY}\n")).unwrap();
    world.configure(&setup);

    let handle = &world.sandbox.handle;
    let hanako = person(handle, "Hanako", "Mori", None);
    handle.edit_lead(hanako.lead, &object(json!({"title": "Manager"}))).unwrap();

    world.run("check").exits(0);
    let listed = world.run("connector list").exits(0).json();
    assert!(listed["connectors"].as_array().unwrap().iter().any(|c| c["connector"] == "cardbox"), "{listed:#}");
    let tried = world.run("connector try cards").exits(0).json();
    assert_eq!(tried["streams"][0]["stream"], "people");
    assert!(tried.to_string().contains("guest1@other.example"), "{tried:#}");

    let synced = world.sync().exits(0).json();
    let read = synced["streams"].as_array().unwrap().iter().find(|s| s["system"] == "cards").unwrap();
    // Its pages overlap by a row, so that none is missed where the list moves.
    assert_eq!((&read["read"], &read["changed"]), (&json!(11), &json!(6)), "{read:#}");
    world.run("approve ma").exits(0);
    world.sync().exits(0);
    assert_eq!(world.lead(hanako.lead).text("title"), Some("部長"));
    let explained = world.run("explain cards:person:k6").exits(0).json();
    assert_eq!(explained["fields"]["title"]["from"], "cards:person:k6", "{explained:#}");
    assert!(!world.run_text("status").out.contains(KEY));

    // A change in the new system goes the same way.
    let now = jiff::Timestamp::now().as_millisecond();
    held.lock().unwrap().get_mut("k6").map(|c| (c["position"] = json!("社長"), c["changed"] = json!(now)));
    world.sync_until("the change arrives", |w| w.lead(hanako.lead).text("title") == Some("社長"));

    // A no to one topic there takes that topic's permit in the marketing system, and no other.
    let may = |w: &World, field: &str| w.lead(hanako.lead).text(field).is_some();
    world.sync_until("she may be mailed", |w| may(w, "nayose_ok_newsletter") && may(w, "nayose_ok_seminars"));
    let now = jiff::Timestamp::now().as_millisecond();
    held.lock().unwrap().get_mut("k6").map(|c| (c["no_seminars"] = json!(true), c["changed"] = json!(now)));
    world.sync_until("the no arrives", |w| !may(w, "nayose_ok_seminars"));
    assert!(may(&world, "nayose_ok_newsletter") && !world.blocked(hanako.lead));

    // And its failure is told like any other's.
    std::fs::write(world.folder().join("card.key"), "wrong").unwrap();
    let failed = world.sync().exits(1);
    assert!(failed.out.contains("cards"), "{failed}");
    assert!(world.because().contains("cards.people"), "{}", world.because());
}
