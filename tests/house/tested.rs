//! Which files of the engine have tests of their own.

use crate::tree::{fail_if_any, source, tree};
use regex::Regex;

/// These hold several parts at once, and are tested as a whole in tests/simulation.
const WHOLE: [&str; 10] =
    ["delivery/acts/next", "engine", "error", "look", "open", "open/items", "probe", "rule_edits", "system", "workers"];

/// Files with some decision of their own: they have functions.
fn decides(text: &str) -> bool {
    text.lines().any(|line| line.trim_start().starts_with("fn ") || line.contains(" fn "))
}

#[test]
fn each_file_of_the_engine_has_tests_of_its_own() {
    let files = tree();
    let tests = Regex::new(r"#\[cfg\(test\)\]\n(?:pub(?:\([^)]*\))? )?mod \w+").unwrap();
    let mut found = Vec::new();
    for file in source(&files) {
        let Some(name) = file.path.strip_prefix("src/engine/").and_then(|path| path.strip_suffix(".rs")) else { continue };
        let is_test = name.ends_with("tests") || name.contains("/tests/");
        if !is_test && !name.ends_with("mod") && !WHOLE.contains(&name) && decides(&file.text) && !tests.is_match(&file.text) {
            found.push(file.path.clone());
        }
    }
    fail_if_any(found, "take its decision out into a function of values, and test that without an engine");
}
