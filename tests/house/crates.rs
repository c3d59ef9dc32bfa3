//! Which room uses what of outside.

use crate::tree::{File, code, fail_if_any, root, source, tree};
use regex::Regex;

/// Plain values and forms, of use anywhere.
const ANYWHERE: [&str; 8] = ["serde", "serde_json", "thiserror", "blake3", "hashbrown", "indexmap", "jiff", "unicode_normalization"];

/// Where each other package may be used: rooms, or the one file that it is kept behind.
const PLACES: [(&str, &[&str]); 60] = [
    ("anyhow", &["cli/"]),
    ("arc_swap", &["daemon/", "engine/gate/answer.rs"]),
    ("axum", &["sandbox/", "web/"]),
    ("backoff", &["connector/rest/http/retry.rs"]),
    ("base64", &["engine/rules/in_force.rs", "footer/transfer.rs"]),
    ("calamine", &["connector/file/workbook.rs"]),
    ("cel", &["model/"]),
    ("clap", &["cli/"]),
    ("clap_complete", &["cli/"]),
    ("clap_mangen", &["cli/man.rs"]),
    ("comfy_table", &["cli/output.rs"]),
    ("compact_str", &["model/value.rs"]),
    ("crc32fast", &["store/"]),
    ("csv", &["cli/spreadsheet.rs", "connector/file/out/sheets.rs", "connector/file/text_table.rs"]),
    ("elsa", &["engine/memory/view.rs"]),
    ("encoding_rs", &["connector/file/decode.rs", "connector/file/out/sample.rs", "footer/charset.rs"]),
    ("flate2", &["connector/rest/http/compressed.rs", "store/state/archive.rs"]),
    ("futures", &["connector/", "daemon/", "sandbox/", "web/"]),
    ("governor", &["connector/rest/http/budget.rs"]),
    ("html5gum", &["footer/html.rs", "footer/lint.rs"]),
    ("hyper_util", &["web/serve.rs"]),
    ("idna", &["model/address/"]),
    ("include_dir", &["connector/file/out/form.rs", "connector/manifest/load.rs"]),
    ("indicatif", &["cli/"]),
    ("jsonwebtoken", &["connector/rest/http/auth.rs", "engine/rules/connection.rs"]),
    ("lettre", &["daemon/notify.rs"]),
    ("libc", &["connector/regular.rs", "store/folder/regular.rs"]),
    ("mail_parser", &["footer/"]),
    ("metrics", &["telemetry/"]),
    ("metrics_exporter_prometheus", &["telemetry/exporter.rs"]),
    ("miette", &["config/document/mistake.rs"]),
    ("minijinja", &["footer/template.rs"]),
    ("notify", &["daemon/reload.rs"]),
    ("postcard", &["engine/ledger/items.rs"]),
    ("quick_xml", &["connector/file/merged_ods.rs"]),
    ("rayon", &["engine/workers.rs"]),
    ("regex", &["model/"]),
    ("reqwest", &["config/", "connector/", "daemon/notify.rs"]),
    ("schemars", &["config/", "connector/", "model/"]),
    ("sd_notify", &["cli/service.rs"]),
    ("secrecy", &["config/", "connector/", "daemon/", "web/", "engine/rules/connection.rs"]),
    ("serde_json_borrow", &["connector/raw/json.rs"]),
    ("shlex", &["cli/demo/"]),
    ("sled", &["store/key_value/sled.rs"]),
    ("socket2", &["mail/milter/line.rs"]),
    ("strsim", &["config/", "engine/answers/", "model/"]),
    ("tar", &["store/state/archive.rs"]),
    ("tempfile", &["cli/", "store/"]),
    ("tikv_jemallocator", &["main.rs"]),
    ("tokio", &["cli/", "connector/", "daemon/", "mail/", "sandbox/", "web/"]),
    ("toml", &["cli/", "config/", "connector/"]),
    ("tower_http", &["web/mod.rs"]),
    ("tracing", &["telemetry/"]),
    ("tracing_appender", &["cli/log.rs"]),
    ("tracing_subscriber", &["cli/log.rs"]),
    ("zip", &["connector/file/merged_ods.rs"]),
    ("bolero", &[]),
    ("criterion", &[]),
    ("insta", &[]),
    ("proptest", &[]),
];

/// What lives as long as the process, and why it may.
const STATICS: [(&str, &str); 12] = [
    ("config/document/example_keys.rs", "tables of keys, never written"),
    ("config/document/keys.rs", "tables of keys, never written"),
    ("config/document/keys/consent.rs", "tables of keys, never written"),
    ("config/document/keys/policy.rs", "tables of keys, never written"),
    ("config/document/keys/precedence.rs", "tables of keys, never written"),
    ("connector/file/out/form.rs", "the shipped forms of lists, never written"),
    ("connector/manifest/load.rs", "the shipped connectors, never written"),
    ("connector/raw/json.rs", "a null to point at"),
    ("engine/workers.rs", "threads that wait for work"),
    ("main.rs", "the allocator"),
    ("telemetry/exporter.rs", "a process has one recorder of metrics"),
    ("model/name.rs", "each name once; adding one changes no other"),
];

/// Tests and what belongs to them may use anything.
fn product(files: &[File]) -> impl Iterator<Item = (&str, &str)> {
    let is_test = |path: &str| path.ends_with("tests.rs") || path.contains("/tests/") || path.ends_with("conformance.rs");
    let files = source(files).filter(move |f| !is_test(&f.path));
    files.map(|f| (f.path.trim_start_matches("src/"), without_tests(&f.text)))
}

fn without_tests(text: &str) -> &str {
    let tests = Regex::new(r"\n#\[cfg\(test\)\]\n(?:pub(?:\([^)]*\))? )?mod \w+ \{").unwrap();
    tests.find(text).map_or(text, |tests| &text[..tests.start()])
}

/// Lines of a text that name a package; a module of the file's own may have its name.
fn uses(text: &str, package: &str) -> Vec<usize> {
    let named = Regex::new(&format!(r"(?:^|[^\w:])(?:::)?{package}::|\buse {package};")).unwrap();
    let own = Regex::new(&format!(r"\bmod {package}\b|\buse (?:crate|self|super)::[\w:]*\b{package};")).unwrap();
    if own.is_match(text) {
        return Vec::new();
    }
    code(text).filter(|(_, line)| named.is_match(line)).map(|(number, _)| number).collect()
}

#[test]
fn each_package_is_used_where_it_belongs() {
    let files = tree();
    let mut found = Vec::new();
    for (path, text) in product(&files) {
        for (package, places) in PLACES {
            if !places.iter().any(|place| path.starts_with(place)) {
                found.extend(uses(text, package).into_iter().map(|line| format!("src/{path}:{line}: {package}")));
            }
        }
    }
    fail_if_any(found, "ask the room that it is kept in; PLACES in tests/house/crates.rs says which");
}

#[test]
fn each_package_has_a_place() {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let packages = manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_"));
    let known = |name: &str| ANYWHERE.contains(&name) || PLACES.iter().any(|(package, _)| *package == name);
    fail_if_any(packages.filter(|name| !known(name)).collect(), "say in PLACES of tests/house/crates.rs which room it is for");
}

#[test]
fn nothing_lives_as_long_as_the_process_without_a_reason() {
    let lasting = Regex::new(r"^\s*(?:pub(?:\([^)]*\))? )?static |\bthread_local!").unwrap();
    let files = tree();
    let mut found = Vec::new();
    for (path, text) in product(&files).filter(|(path, _)| !STATICS.iter().any(|(known, _)| known == path)) {
        let lines = code(text).filter(|(_, line)| lasting.is_match(line));
        found.extend(lines.map(|(number, line)| format!("src/{path}:{number}: {}", line.trim())));
    }
    fail_if_any(found, "hand it in as an argument: what two engines share makes tests and restarts differ");
}

#[test]
fn the_rules_find_what_they_forbid() {
    assert_eq!(uses("use tokio::time;\nlet x = ::tokio::spawn(y);\n// tokio::x\nuse tokio;", "tokio"), [1, 2, 4]);
    assert_eq!(uses("mod notify;\nnotify::read()", "notify"), [0; 0]);
    assert_eq!(uses("use crate::daemon::notify;\nnotify::read()", "notify"), [0; 0]);
    assert_eq!(uses("crate::tokio::x();\nmy_tokio::y()", "tokio"), [0; 0]);
}
