//! How the files of src hang together.

use crate::graph;
use crate::tree::{fail_if_any, source, tree};
use std::collections::{BTreeMap, BTreeSet};

/// Lines of a function.
const FUNCTION_LINES_MAX: usize = 70;

/// Names that each room may have one of.
const EVERYWHERE: [&str; 2] = ["Error", "Options"];

fn read() -> graph::Graph {
    let files = tree();
    graph::read(source(&files).map(|f| (f.path.as_str(), f.text.as_str())))
}

fn joined(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(" ")
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let graph = read();
    let mut found = Vec::new();
    for circle in graph.circles() {
        for from in &circle {
            let within = graph.edges[from].iter().filter(|(to, _)| circle.contains(*to));
            found.extend(within.map(|(to, names)| format!("{from} -> {to}: {}", joined(names))));
        }
    }
    fail_if_any(found, "put what both need into a file of its own below them, or pass it in as an argument");
}

#[test]
fn functions_are_short() {
    let functions = read().functions;
    let found = functions.iter().filter(|f| f.lines > FUNCTION_LINES_MAX);
    let found = found.map(|f| format!("{} in {} has {} lines", f.name, f.file, f.lines)).collect();
    fail_if_any(found, &format!("{FUNCTION_LINES_MAX} lines are the most: a function does one thing"));
}

#[test]
fn a_types_name_means_one_thing() {
    let types = read().types;
    let may_be = |name: &str| EVERYWHERE.contains(&name);
    let types = types.into_iter().filter(|(name, files)| files.len() > 1 && !may_be(name));
    let found = types.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    fail_if_any(found, "call one of them by what sets it apart");
}

/// Rooms with their lines, files and imports: `cargo test --test house report -- --nocapture`.
#[test]
fn report() {
    let files = tree();
    let mut rooms = BTreeMap::<String, (usize, usize, usize)>::new();
    let graph = read();
    for file in source(&files) {
        let folder = file.path.rsplit_once('/').map_or("src", |(folder, _)| folder);
        let (lines, count, imports) = rooms.entry(folder.to_string()).or_default();
        *lines += file.text.lines().count();
        *count += 1;
        *imports += graph.edges.get(&file.path).map_or(0, BTreeMap::len);
    }
    println!("{:<40} {:>6} {:>6} {:>8}", "room", "lines", "files", "imports");
    rooms.iter().for_each(|(room, (lines, files, imports))| println!("{room:<40} {lines:>6} {files:>6} {imports:>8}"));
    let longest = graph.functions.iter().max_by_key(|f| f.lines).unwrap();
    println!("circles: {}; longest function: {} in {}, {} lines", graph.circles().len(), longest.name, longest.file, longest.lines);
    let same: Vec<_> = graph.types.iter().filter(|(name, f)| f.len() > 1 && !EVERYWHERE.contains(&name.as_str())).collect();
    println!("types of one name in several files: {}", same.len());
    assert!(rooms.len() > 10);
}
