//! What the pages say of the tree is so.

use crate::tree::{fail_if_any, root, tree};
use regex::Regex;
use std::fs;
use std::path::PathBuf;

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

/// ARCHITECTURE.md and CONTRIBUTING.md name files as `src/..`, and functions as `NAME` in `src/..` or as `src/..` (`NAME`).
#[test]
fn what_the_architecture_names_is_there() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let pages = read("ARCHITECTURE.md") + &read("CONTRIBUTING.md");
    // A line may end between a name and its file.
    let page = pages.split_whitespace().collect::<Vec<_>>().join(" ");
    let path = Regex::new(r"`((?:src|tests|connectors)/[\w/.]*)`").unwrap();
    let mut found: Vec<String> =
        path.captures_iter(&page).map(|c| c[1].to_string()).filter(|p| !p.contains("NAME") && !root().join(p).exists()).collect();
    let named = Regex::new(r"`(\w+)`(?: and `(\w+)`)? in `(src/[\w/]+\.rs)`|`(src/[\w/]+\.rs)` \(`(\w+)`\)").unwrap();
    let mut functions = 0;
    for captures in named.captures_iter(&page) {
        let file = captures.get(3).or_else(|| captures.get(4)).unwrap().as_str();
        let text = fs::read_to_string(root().join(file)).unwrap_or_default();
        for name in [1, 2, 5].into_iter().filter_map(|n| captures.get(n)) {
            functions += 1;
            let is_there = Regex::new(&format!(r"\b(?:fn|struct|enum|trait|const) {}\b", name.as_str())).unwrap().is_match(&text);
            if !is_there {
                found.push(format!("{} in {file}", name.as_str()));
            }
        }
    }
    assert!(functions > 20, "only {functions} functions are named: is the form another one?");
    fail_if_any(found, "mend the page: whoever follows it looks for this");
}
