//! The house rules that no linter knows, held by reading the tree. ARCHITECTURE.md says why they are as they are.

mod graph;

use regex::Regex;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Who may know whom, from the bottom up. `lib.rs` and `main.rs` stand above all rooms.
const ROOMS: [(&str, &[&str]); 12] = [
    ("model", &[]),
    ("link", &["model"]),
    ("merge", &["model"]),
    ("decide", &["model"]),
    ("connector", &["model"]),
    ("store", &["model"]),
    ("config", &["model", "link", "merge", "decide", "connector", "store"]),
    ("sandbox", &["model", "connector"]),
    ("engine", &["model", "link", "merge", "decide", "connector", "store", "config"]),
    ("daemon", &["model", "link", "merge", "decide", "connector", "store", "config", "engine"]),
    ("web", &["model", "engine", "daemon", "config"]),
    ("cli", &["model", "link", "merge", "decide", "connector", "store", "config", "sandbox", "engine", "daemon", "web"]),
];

/// Rooms that may know only a little of another: (room, the other, the names).
const ONLY: [(&str, &str, &[&str]); 3] =
    [("config", "store", &["StateUrl"]), ("sandbox", "connector", &["Clock"]), ("sandbox", "model", &["Time", "Span", "Address"])];

const LINES_MAX: usize = 400;
/// Files in src that were longer when this list was made (2026-11-21): file, lines. The list only shrinks: no entry is added, no number raised.
const LONG: [(&str, usize); 0] = [];
/// So many lines may go from a long file before its number must follow.
const LONG_SLACK: usize = 20;

/// Vendors beside those that have a folder in connectors/.
const VENDORS: [&str; 12] = [
    "salesforce",
    "mailchimp",
    "pardot",
    "brevo",
    "zoho",
    "freshdesk",
    "pipedrive",
    "intercom",
    "klaviyo",
    "sansan",
    "kintone",
    "request tracker",
];

struct File {
    /// From the root of the tree, with `/`.
    path: String,
    text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All text files of the tree, but for the build's, git's and a state's.
fn tree() -> Vec<File> {
    let mut files = Vec::new();
    let mut open = vec![root().to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap().map(Result::unwrap) {
            let (path, kind) = (entry.path(), entry.file_type().unwrap());
            let relative = shown(&path);
            if kind.is_dir() && !["target", ".git", "data", "config/data", ".idea", ".vscode"].contains(&relative.as_str()) {
                open.push(path);
            } else if kind.is_file()
                && relative != ".git"
                && let Ok(text) = fs::read_to_string(&path)
            {
                files.push(File { path: relative, text });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/")
}

fn source(files: &[File]) -> impl Iterator<Item = &File> {
    files.iter().filter(|f| f.path.starts_with("src/") && f.path.ends_with(".rs"))
}

/// The room a file of src belongs to; `None` for lib.rs and main.rs.
fn room(path: &str) -> Option<&str> {
    path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
}

/// Every line with its number, comments blanked.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(i, line)| (i + 1, if line.trim_start().starts_with("//") { "" } else { line }))
}

fn fail_if_any(found: Vec<String>, what_to_do: &str) {
    assert!(found.is_empty(), "\n{}\n\n{what_to_do}\n", found.join("\n"));
}

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
    fail_if_any(unknown, "a new room needs a line in ROOMS of tests/house/main.rs and in the layer table of ARCHITECTURE.md");
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
fn pure_rooms_do_nothing_but_compute() {
    let outside = Regex::new(
        r"\b(tokio|reqwest|axum|sled|rand|futures)::|\bstd::(fs|net|env|process)\b|\bthread::sleep\b|\b(SystemTime|Instant)\b|Timestamp::now|Zoned::now|\basync fn\b|\bstatic mut\b",
    )
    .unwrap();
    let files = tree();
    let mut found = Vec::new();
    for file in source(&files) {
        if !matches!(room(&file.path), Some("model" | "link" | "merge" | "decide")) {
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
        "model, link, merge and decide take facts, rules and the clock as arguments; reading and waiting belong to the daemon",
    );
}

#[test]
fn files_are_short() {
    let files = tree();
    let lengths: BTreeMap<&str, usize> = source(&files).map(|f| (f.path.as_str(), f.text.lines().count())).collect();
    let mut found = Vec::new();
    for (path, lines) in &lengths {
        match LONG.iter().find(|(long, _)| long == path) {
            None if *lines > LINES_MAX => found.push(format!("{path} has {lines} lines, {LINES_MAX} are the most: split it by subject")),
            Some((_, before)) if lines > before => {
                found.push(format!("{path} grew from {before} to {lines} lines: split it, don't raise its number"))
            }
            Some(_) if *lines <= LINES_MAX => found.push(format!("{path} has {lines} lines now: take it out of LONG")),
            Some((_, before)) if lines + LONG_SLACK < *before => {
                found.push(format!("{path} has {lines} lines now: lower its number in LONG"))
            }
            _ => {}
        }
    }
    found.extend(
        LONG.iter().filter(|(long, _)| !lengths.contains_key(long)).map(|(long, _)| format!("{long} is no more: take it out of LONG")),
    );
    fail_if_any(found, "a file is about one subject and can be read in one sitting");
}

#[test]
fn nothing_is_left_over() {
    // Put together here, so that this file does not find itself.
    let words = ["to", "unim", "db"].map(|w| {
        format!(
            "{w}{}",
            if w == "to" {
                "do!"
            } else if w == "db" {
                "g!"
            } else {
                "plemented!"
            }
        )
    });
    let marks = ["FIX", "X", "TO"].map(|w| {
        format!(
            "{w}{}",
            if w == "X" {
                "XX"
            } else if w == "TO" {
                "DO"
            } else {
                "ME"
            }
        )
    });
    let left = Regex::new(&format!(r"\b(?:{})|\b(?:{})\b", words.join("|"), marks.join("|"))).unwrap();
    let mut found = Vec::new();
    for file in tree().iter().filter(|f| !f.path.starts_with("LICENSE")) {
        for (i, line) in file.text.lines().enumerate() {
            if let Some(hit) = left.find(line) {
                found.push(format!("{}:{}: {}", file.path, i + 1, hit.as_str()));
            }
        }
    }
    fail_if_any(found, "finish it, or take it out and open an issue; code that is not there does not mislead");
}

#[test]
fn vendors_are_named_only_where_they_belong() {
    let mut names: Vec<String> = VENDORS.iter().map(ToString::to_string).collect();
    for entry in fs::read_dir(root().join("connectors")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        // Names as short as `rt` are parts of other words.
        if name.len() > 3 {
            names.push(name);
        }
    }
    let vendor = Regex::new(&format!(r"(?i)(?:\b|_)(?:{})(?:\b|_)", names.join("|"))).unwrap();
    let elsewhere = |path: &str| {
        path.starts_with("src/sandbox/") || path.starts_with("src/cli/demo") || path.ends_with("tests.rs") || path.contains("/tests/")
    };
    let files = tree();
    let mut found = Vec::new();
    for file in source(&files).filter(|f| !elsewhere(&f.path)) {
        // Tests at a file's end may speak of real connectors.
        let product = file.text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        for (i, line) in product.lines().enumerate() {
            if let Some(hit) = vendor.find(line) {
                found.push(format!("{}:{}: {}", file.path, i + 1, hit.as_str().trim_matches('_')));
            }
        }
    }
    fail_if_any(found, "what one vendor does differently is told in its folder under connectors/, in the manifest's vocabulary");
}

#[test]
fn no_machine_or_registry_is_named() {
    let folders = ["work", "root", "home", "tmp"].join("|");
    let machine = Regex::new(&format!(r#"(?:^|[^\w.}}\])/*~-])/(?:{folders})(?:/|["'`\s]|$)"#)).unwrap();
    let hosts =
        ["crates\\.io", "npmjs\\.org", "pypi\\.org", "pythonhosted\\.org", "proxy\\.golang\\.org", "docker\\.io", "ghcr\\.io", "quay\\.io"];
    let registry = Regex::new(&format!(r"\b(?:{})", hosts.join("|"))).unwrap();
    let mut found = Vec::new();
    // Cargo.lock names its registry because cargo writes it so.
    for file in tree().iter().filter(|f| f.path != "Cargo.lock" && !f.path.starts_with("tests/house/")) {
        for (i, line) in file.text.lines().enumerate() {
            if let Some(hit) = machine.find(line).or_else(|| registry.find(line)) {
                found.push(format!("{}:{}: {}", file.path, i + 1, hit.as_str().trim()));
            }
        }
    }
    fail_if_any(
        found,
        "use a path relative to the tree, a variable or a temporary folder made by the test; name no registry, its client knows it",
    );
}

#[test]
fn files_are_named_after_their_subject() {
    let vague = Regex::new(r"(?:^|_)(?:utils?|helpers?|managers?|commons?|misc|stuff)(?:_|$)").unwrap();
    let files = tree();
    let found: Vec<String> = source(&files)
        .filter(|f| {
            let parts = f.path.trim_end_matches(".rs").split('/');
            parts.into_iter().any(|part| vague.is_match(part))
        })
        .map(|f| f.path.clone())
        .collect();
    fail_if_any(found, "name it after what is in it; what has no subject of its own belongs to the file that uses it");
}

#[test]
fn each_allow_has_a_reason() {
    let allow = Regex::new(r"#!?\[(?:allow|expect)\(([^\]]*)\)\]").unwrap();
    let files = tree();
    let mut found = Vec::new();
    for file in files.iter().filter(|f| f.path.ends_with(".rs") && !f.path.starts_with("tests/house/")) {
        for captures in allow.captures_iter(&file.text) {
            if !captures[1].contains("reason") {
                let line = file.text[..captures.get(0).unwrap().start()].matches('\n').count() + 1;
                found.push(format!("{}:{line}: {}", file.path, &captures[0]));
            }
        }
    }
    fail_if_any(found, "say why: #[allow(LINT, reason = \"...\")]");
}

#[test]
fn links_between_pages_lead_somewhere() {
    let link = Regex::new(r"\]\(([^)#\s]+)(?:#[^)]*)?\)").unwrap();
    let mut found = Vec::new();
    for file in tree().iter().filter(|f| f.path.ends_with(".md")) {
        let folder: PathBuf = root().join(&file.path).parent().unwrap().to_path_buf();
        for captures in link.captures_iter(&file.text) {
            let to = &captures[1];
            if !to.contains("://") && !to.starts_with("mailto:") && !folder.join(to).exists() {
                found.push(format!("{}: {to}", file.path));
            }
        }
    }
    fail_if_any(found, "mend the link, or take it out with what it led to");
}

#[test]
fn the_operations_page_tells_every_command() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_nayose")).arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let commands = help.lines().skip_while(|l| *l != "Commands:").skip(1).take_while(|l| l.starts_with("  "));
    let names: Vec<&str> = commands.filter_map(|l| l.split_whitespace().next()).filter(|n| *n != "help").collect();
    assert!(names.len() > 5, "no commands in the help:\n{help}");
    let page = fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let missing: Vec<String> = names.iter().filter(|n| !page.contains(&format!("`{n}"))).map(ToString::to_string).collect();
    fail_if_any(missing, "add the command to the table of docs/operations.md");
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

#[test]
fn report() {
    let files = tree();
    let graph = graph::read(source(&files).map(|f| (f.path.as_str(), f.text.as_str())));
    for circle in graph.circles() {
        println!("circle of {}: {}", circle.len(), circle.iter().cloned().collect::<Vec<_>>().join(" "));
    }
    for circle in graph.circles() {
        for from in &circle {
            for (to, names) in graph.edges[from].iter().filter(|(to, _)| circle.contains(*to)) {
                println!("  {from} -> {to}: {}", names.iter().cloned().collect::<Vec<_>>().join(" "));
            }
        }
    }
    let mut long: Vec<_> = graph.functions.iter().filter(|f| f.lines > 70).collect();
    long.sort_by_key(|f| std::cmp::Reverse(f.lines));
    for f in long {
        println!("{} {} {}", f.lines, f.file, f.name);
    }
    for (name, files) in graph.types.iter().filter(|(_, f)| f.len() > 1) {
        println!("type {name}: {}", files.join(" "));
    }
    println!("edges {}", graph.edges.values().map(BTreeMap::len).sum::<usize>());
}
