//! What a file may hold, and how long it may be.

use crate::tree::{fail_if_any, root, source, tree};
use regex::Regex;
use std::fs;

/// A file is about one subject and can be read in one sitting; tests too.
const LINES_MAX: usize = 400;

/// Each links the whole crate: a new subject is a module of one of these.
const TEST_BINARIES: [&str; 8] = ["blackbox", "config", "connectors", "footer", "house", "lab", "robustness", "simulation"];

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

#[test]
fn files_are_short() {
    let files = tree();
    let rust = files.iter().filter(|f| f.path.ends_with(".rs"));
    let lengths = rust.map(|f| (f.path.as_str(), f.text.lines().count()));
    let found = lengths.filter(|(_, lines)| *lines > LINES_MAX).map(|(path, lines)| format!("{path} has {lines} lines"));
    fail_if_any(found.collect(), &format!("{LINES_MAX} lines are the most: split it by subject"));
}

#[test]
fn test_binaries_are_few() {
    let binary = Regex::new(r"^tests/(?:([^/]+)/main|([^/]+))\.rs$").unwrap();
    let files = tree();
    let names = files.iter().filter_map(|f| binary.captures(&f.path)).map(|c| c.get(1).or_else(|| c.get(2)).unwrap().as_str().to_string());
    fail_if_any(
        names.filter(|name| !TEST_BINARIES.contains(&name.as_str())).collect(),
        &format!("make it a module of one of {}", TEST_BINARIES.join(", ")),
    );
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
