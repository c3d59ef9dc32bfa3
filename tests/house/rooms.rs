//! Who may know whom.

use crate::tree::{File, code, fail_if_any, room, source, tree};
use regex::Regex;

/// Who may know whom, from the bottom up. `lib.rs` and `main.rs` stand above all rooms.
const ROOMS: [(&str, &[&str]); 15] = [
    ("model", &[]),
    ("telemetry", &["model"]),
    ("link", &["model"]),
    ("merge", &["model"]),
    ("decide", &["model"]),
    ("footer", &["model"]),
    ("connector", &["model", "telemetry"]),
    ("store", &["model"]),
    ("config", &["model", "link", "merge", "decide", "footer", "connector", "store"]),
    ("sandbox", &["model", "connector"]),
    ("engine", &["model", "telemetry", "link", "merge", "decide", "connector", "store", "config"]),
    ("daemon", &["model", "telemetry", "link", "merge", "decide", "footer", "connector", "store", "config", "engine"]),
    ("web", &["model", "telemetry", "engine", "daemon", "config"]),
    ("mail", &["model", "telemetry", "footer", "config", "daemon"]),
    (
        "cli",
        &[
            "model",
            "telemetry",
            "link",
            "merge",
            "decide",
            "footer",
            "connector",
            "store",
            "config",
            "sandbox",
            "engine",
            "daemon",
            "web",
            "mail",
        ],
    ),
];

/// Rooms that may know only a little of another: (room, the other, the names).
const ONLY: [(&str, &str, &[&str]); 3] =
    [("config", "store", &["StateUrl"]), ("sandbox", "connector", &["Clock"]), ("sandbox", "model", &["Time", "Span", "Address"])];

/// The rooms of the engine, from the ground up: each may know those before it. What lies beside them, [`OWNER`] apart, is above all.
const ENGINE: [&str; 13] =
    ["ledger", "memory", "target", "rules", "proofs", "gate", "assess", "guard", "history", "intake", "delivery", "recovery", "answers"];

/// The state behind one owner: each room adds to it the ways that lead through that room.
const OWNER: [&str; 6] = ["engine", "error", "system", "workers", "Engine", "Error"];

/// `crate::ROOM::NAME` in all its forms: also in `use crate::{..}`, over several lines, and by `super` from a room's edge.
fn mentions(file: &File) -> Vec<(usize, String, Option<String>)> {
    let mut text = String::new();
    for (_, line) in code(&file.text) {
        text.push_str(line);
        text.push('\n');
    }
    let line_at = |at: usize| text[..at].matches('\n').count() + 1;
    let mut found = Vec::new();
    // src/a/b.rs is crate::a::b: two times super is the crate. `mod.rs` is its folder's module.
    let depth = file.path.matches('/').count() - usize::from(file.path.ends_with("/mod.rs"));
    let plain = Regex::new(r"\bcrate::([a-z_]+)(?:::(\w+|\{[^}]*\}))?").unwrap();
    let by_super = Regex::new(&format!(r"(?:\bsuper::){{{depth},}}([a-z_]+)(?:::(\w+|\{{[^}}]*\}}))?")).unwrap();
    let known = |name: &str| ROOMS.iter().any(|(room, _)| *room == name);
    for captures in plain.captures_iter(&text).chain(by_super.captures_iter(&text)) {
        let (whole, named) = (captures.get(0).unwrap(), &captures[1]);
        if !known(named) {
            continue;
        }
        let line = line_at(whole.start());
        match captures.get(2).map(|m| m.as_str()) {
            Some(group) if group.starts_with('{') => {
                let names = group.trim_matches(['{', '}']).split(',').map(str::trim).filter(|n| !n.is_empty());
                found.extend(names.map(|n| (line, named.to_string(), Some(n.split([':', ' ']).next().unwrap().to_string()))));
            }
            name => found.push((line, named.to_string(), name.map(str::to_string))),
        }
    }
    let grouped = Regex::new(r"\bcrate::\{([^;]*)\};").unwrap();
    for captures in grouped.captures_iter(&text) {
        let line = line_at(captures.get(0).unwrap().start());
        for (name, _) in ROOMS {
            if Regex::new(&format!(r"\b{name}\b")).unwrap().is_match(&captures[1]) {
                found.push((line, name.to_string(), None));
            }
        }
    }
    found
}

#[test]
fn every_folder_of_src_is_a_room() {
    let files = tree();
    let unknown: Vec<String> = source(&files)
        .filter(|f| room(&f.path).is_some_and(|r| !ROOMS.iter().any(|(known, _)| *known == r)))
        .map(|f| f.path.clone())
        .collect();
    fail_if_any(unknown, "a new room needs a line in ROOMS of tests/house/rooms.rs and in the layer table of ARCHITECTURE.md");
}

#[test]
fn rooms_know_only_the_rooms_below_them() {
    let files = tree();
    let mut found = Vec::new();
    for file in source(&files) {
        let Some(room) = room(&file.path) else { continue };
        let allowed = ROOMS.iter().find(|(r, _)| *r == room).map_or(&[][..], |(_, a)| *a);
        for (line, other, name) in mentions(file) {
            if other != room && !allowed.contains(&other.as_str()) {
                found.push(format!("{}:{line}: {room} may not know {other}", file.path));
            }
            let only = ONLY.iter().find(|(r, o, _)| *r == room && *o == other);
            if let Some((_, _, names)) = only
                && name.as_ref().is_none_or(|n| !names.contains(&n.as_str()))
            {
                let said = name.map_or(other.clone(), |n| format!("{other}::{n}"));
                found.push(format!("{}:{line}: {room} may know of {other} only {}, not {said}", file.path, names.join(", ")));
            }
        }
    }
    fail_if_any(
        found,
        "let the room above pass it in as an argument, or move the type into the room that both may know; see the layer table of ARCHITECTURE.md",
    );
}

#[test]
fn rooms_of_the_engine_know_only_the_rooms_below_them() {
    let files = tree();
    let mut found = Vec::new();
    // A test may open an engine.
    for file in source(&files).filter(|f| !f.path.ends_with("tests.rs")) {
        let Some((room, _)) = file.path.strip_prefix("src/engine/").and_then(|rest| rest.split_once(['/', '.'])) else { continue };
        let Some(at) = ENGINE.iter().position(|r| *r == room) else { continue };
        for (line, other, name) in mentions(file) {
            let Some(name) = name.filter(|n| other == "engine" && n != room && !OWNER.contains(&n.as_str())) else { continue };
            if ENGINE.iter().position(|r| *r == name).is_none_or(|known| known > at) {
                found.push(format!("{}:{line}: engine::{room} may not know engine::{name}", file.path));
            }
        }
    }
    fail_if_any(found, "let the room above pass it in as an argument, or move the type into a room that both may know");
}

/// `cli` has one file a command.
#[test]
fn a_rooms_page_names_what_lies_in_it() {
    let module = Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?mod (\w+);").unwrap();
    let files = tree();
    let mut found = Vec::new();
    for file in source(&files).filter(|f| f.path.ends_with("/mod.rs") && f.path != "src/cli/mod.rs") {
        let page: String = file.text.lines().take_while(|l| l.starts_with("//!")).collect();
        let names = module.captures_iter(&file.text).map(|c| c[1].to_string());
        let missing = names.filter(|name| !["tests", "error"].contains(&name.as_str()) && !page.contains(&format!("`{name}`")));
        found.extend(missing.map(|name| format!("{}: {name}", file.path)));
    }
    fail_if_any(found, "say in the room's first lines what it is for");
}

#[test]
fn pure_rooms_do_nothing_but_compute() {
    let outside = Regex::new(
        r"\b(tokio|reqwest|axum|sled|rand|futures)::|\bstd::(fs|net|env|process)\b|\bthread::sleep\b|\b(SystemTime|Instant)\b|Timestamp::now|Zoned::now|\basync fn\b|\bstatic mut\b",
    )
    .unwrap();
    let files = tree();
    let mut found = Vec::new();
    for file in source(&files) {
        if !matches!(room(&file.path), Some("model" | "link" | "merge" | "decide" | "footer")) {
            continue;
        }
        for (number, line) in code(&file.text) {
            if let Some(hit) = outside.find(line) {
                found.push(format!("{}:{number}: {}", file.path, hit.as_str()));
            }
        }
    }
    fail_if_any(
        found,
        "model, link, merge, decide and footer take facts, rules and the clock as arguments; reading and waiting belong to the daemon",
    );
}

#[test]
fn the_rules_find_what_they_forbid() {
    let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
    let said = |f: &File| mentions(f).into_iter().map(|(_, room, name)| format!("{room} {}", name.unwrap_or_default())).collect::<Vec<_>>();
    assert_eq!(
        said(&file("src/link/a.rs", "use crate::store::{State,\n  Journal as J};\n// crate::web")),
        ["store State", "store Journal"]
    );
    assert_eq!(said(&file("src/link/a.rs", "use crate::{\n  model::Record,\n  daemon::Shell,\n};")), ["model ", "daemon "]);
    assert_eq!(said(&file("src/link/a.rs", "let x = super::super::web::router;")), ["web router"]);
    assert_eq!(said(&file("src/link/mod.rs", "use super::config;")), ["config "]);
    assert_eq!(said(&file("src/link/a.rs", "use super::keys::Key; use crate::Thing;")), [""; 0]);
}
