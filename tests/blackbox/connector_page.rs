//! docs/connectors.md, "a connector in 20 minutes", done as it stands.

use super::harness::{Setup, World};
use axum::extract::Query;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use regex::Regex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const KEY: &str = "only-for-the-tests-cards-key";
const TITLE: &str = "## A connector in 20 minutes\n";

/// What the page says to do, in its order.
#[derive(Debug)]
enum Step {
    /// A command, and how it ends.
    Run(String, i32),
    /// A file, its text, and where in it that goes.
    File(String, String, Goes),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goes {
    AtTheTop,
    AtTheEnd,
    Whole,
}

/// A block of commands is run; any other is the text of the file that was named last.
fn steps(page: &str) -> Vec<Step> {
    let from = page.find(TITLE).expect("the page has the steps") + TITLE.len();
    let section = &page[from..from + page[from..].find("\n## ").unwrap()];
    let file = Regex::new(r"`((?:connectors/)?[\w/.-]+\.(?:toml|json))`").unwrap();
    let mut steps = Vec::new();
    let mut parts = section.split("```");
    let mut said = parts.next().unwrap();
    while let (Some(block), Some(after)) = (parts.next(), parts.next()) {
        let (kind, text) = block.split_once('\n').unwrap();
        if kind == "sh" {
            for line in text.lines() {
                let (command, note) = line.split_once('#').unwrap_or((line, ""));
                let code = note.rsplit(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0);
                steps.push(Step::Run(command.trim().strip_prefix("nayose ").unwrap().to_string(), code));
            }
        } else {
            let name = file.captures_iter(said).last().unwrap_or_else(|| panic!("of what file is {text}"))[1].to_string();
            let goes = match name.as_str() {
                "systems.toml" if said.contains("At the top") => Goes::AtTheTop,
                "systems.toml" => Goes::AtTheEnd,
                _ => Goes::Whole,
            };
            steps.push(Step::File(name, text.to_string(), goes));
        }
        said = after;
    }
    steps
}

fn put(folder: &Path, file: &str, text: &str, goes: Goes) {
    let path = folder.join(file);
    let before = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}, which the page edits: {e}"));
    let text = match goes {
        Goes::AtTheTop => format!("{text}\n{before}"),
        Goes::AtTheEnd => format!("{before}\n{text}"),
        Goes::Whole => text.to_string(),
    };
    std::fs::write(path, text).unwrap();
}

fn cards(headers: &HeaderMap, query: &BTreeMap<String, String>) -> Response {
    if headers.get("x-api-key").and_then(|k| k.to_str().ok()) != Some(KEY) {
        return (StatusCode::UNAUTHORIZED, Json(json!({"problem": "wrong key"}))).into_response();
    }
    let number = |name: &str| query.get(name).and_then(|n| n.parse::<usize>().ok()).unwrap_or(0);
    let card = |i: usize| {
        let card = json!({"card": format!("k{i}"), "mail": format!("gast{i}@besuch.example"), "first": "Greta", "last": "Waldmann", "position": "Leiterin", "changed": 1_795_251_600_000i64});
        (format!("k{i}"), card)
    };
    let page: Map<String, Value> = (0..5).skip(number("offset")).take(number("limit").min(2)).map(card).collect();
    Json(json!({"count": 5, "cards": page})).into_response()
}

#[test]
fn the_page_is_followed_step_by_step() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/connectors.md")).unwrap();
    let world = World::new(Setup::default());
    let router = Router::new().route(
        "/api/cards",
        get(|headers: HeaderMap, Query(query): Query<BTreeMap<String, String>>| async move { cards(&headers, &query) }),
    );
    let address = world.runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        address
    });
    let steps = steps(&page);
    assert!(steps.len() >= 12, "{steps:#?}");
    let mut ran = Vec::new();
    for step in steps {
        match step {
            Step::File(file, text, goes) => {
                assert!(
                    !file.ends_with("manifest.toml") || text.contains("https://cards.acme.example"),
                    "the page's system has another address: {text}"
                );
                put(world.folder(), &file, &text.replace("https://cards.acme.example", &address), goes);
            }
            Step::Run(args, code) => {
                let placed = args.replace("cards-kept", &world.folder().join("cards-kept").display().to_string());
                let mut command = world.command(&placed.split(' ').collect::<Vec<_>>());
                command.env("CARDS_KEY", KEY);
                let done = world.run_command(&args, command);
                ran.push(done.exits(code).out);
            }
        }
    }
    let all = ran.join("\n");
    for said in ["1 example, 1 failed", "is not expected", "gast0@besuch.example", "people.sweep: 2 records"] {
        assert!(all.contains(said), "{said:?} was not said:\n{all}");
    }
    let kept = std::fs::read_dir(world.folder().join("cards-kept")).unwrap().flatten();
    for file in kept {
        let text = std::fs::read_to_string(file.path()).unwrap();
        assert!(!text.contains("Waldmann") && !text.contains("besuch") && !text.contains(KEY), "{text}");
    }
}
