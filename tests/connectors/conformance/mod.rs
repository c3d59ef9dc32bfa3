//! What each shipped connector is held to: numbered clauses (CONTRIBUTING.md), played over HTTP against a system made of the connector's own
//! manifest and examples. `cargo test --test connectors conformance -- --nocapture` prints connectors and clauses.
//!
//! - [`played`]: the system, `tests/shared/fake`, behind a server
//! - [`reading`], [`changing`], [`failing`], [`marks`]: the clauses that are played
//! - [`described`], [`openapi`], [`tour`]: each request against what the vendor says of it
//! - [`deviations`]: what does not hold, and why; it may only shrink
//! - [`broken`]: manifests that break a clause each

mod broken;
mod changing;
mod described;
mod deviations;
mod failing;
mod marks;
mod openapi;
mod played;
mod reading;
mod tour;

use nayose::connector::clauses;
use nayose::connector::manifest::load::{self, LoadedManifest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The clauses, as CONTRIBUTING.md lists them.
pub const CLAUSES: [(&str, &str); 9] = [
    ("C1", "Each stream has an example, and the examples become the records beside them."),
    ("C2", "Each request, reading and writing, is made, and is valid by the vendor's description or by a fact in requests.toml."),
    ("C3", "A listing is read to its end: under the cap of a query, and while rows come and go between its pages."),
    (
        "C4",
        "What changed arrives, a filter with a time in the future gives nothing, and a pass that broke off is gone on with and loses nothing.",
    ),
    ("C5", "Deletes, merges and associations arrive."),
    ("C6", "A row that fails, read or written, fails alone."),
    ("C7", "401, 403, 429, 5xx and a 200 that is an error are told apart."),
    ("C8", "Block and permit are set, seen and lifted, and no body holds a field of consent."),
    ("C9", "It says its API version and when the vendor ends it, what it was proved on, and who obeys its marks."),
];

/// What was found of one clause of one connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    Held,
    /// It could not be looked at here: what is missing.
    Skipped(String),
    /// It does not hold, or there is nothing to hold it by.
    Not(String),
}

impl Finding {
    fn of(found: Result<(), String>) -> Finding {
        found.map_or_else(Finding::Not, |()| Finding::Held)
    }

    fn word(&self, deviates: bool) -> &'static str {
        match self {
            Finding::Held => "held",
            Finding::Skipped(_) => "skipped",
            Finding::Not(_) if deviates => "deviates",
            Finding::Not(_) => "NOT",
        }
    }
}

/// A condition that must hold, or else why not.
pub fn must(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// Every connector's folder in the tree.
fn folders() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors");
    let entries = std::fs::read_dir(folder).unwrap().flatten().filter(|e| e.path().join(load::FILE).is_file());
    let mut folders: Vec<(String, PathBuf)> = entries.map(|e| (e.file_name().into_string().unwrap(), e.path())).collect();
    folders.sort();
    folders
}

async fn finding(clause: &str, loaded: &LoadedManifest, folder: &Path) -> Finding {
    match clause {
        "C1" => Finding::of(clauses::proves_itself(loaded)),
        "C2" => described::each_request(loaded, folder).await,
        "C3" => Finding::of(reading::to_the_end(loaded).await),
        "C4" => Finding::of(changing::goes_on(loaded).await),
        "C5" => Finding::of(changing::what_becomes_of_rows(loaded).await),
        "C6" => Finding::of(failing::rows_alone(loaded).await),
        "C7" => Finding::of(failing::told_apart(loaded).await),
        "C8" => Finding::of(marks::set_seen_lifted(loaded).await),
        _ => Finding::of(clauses::says_of_itself(loaded)),
    }
}

#[tokio::test]
async fn each_connector_keeps_the_clauses() {
    let mut problems = Vec::new();
    let mut table: BTreeMap<String, Vec<&'static str>> = BTreeMap::new();
    let mut skipped = std::collections::BTreeSet::new();
    let folders = folders();
    for (name, folder) in &folders {
        let loaded = load::load_folder(name, folder).unwrap_or_else(|errors| panic!("{errors:#?}"));
        for (clause, _) in CLAUSES {
            let finding = finding(clause, &loaded, folder).await;
            let deviation = deviations::ALL.iter().find(|d| d.connector == name && d.clause == clause);
            table.entry(name.clone()).or_default().push(finding.word(deviation.is_some()));
            match (finding, deviation) {
                (Finding::Not(why), None) => problems.push(format!("{name} {clause}: {why}")),
                (Finding::Held, Some(d)) => problems.push(format!("{name} {clause} holds now: take its deviation away ({})", d.reason)),
                (Finding::Skipped(why), _) => drop(skipped.insert(why)),
                (Finding::Not(_), Some(_)) | (Finding::Held, None) => {}
            }
        }
    }
    let known = |d: &&deviations::Deviation| table.contains_key(d.connector) && CLAUSES.iter().any(|(clause, _)| *clause == d.clause);
    problems.extend(deviations::ALL.iter().filter(|d| !known(d)).map(|d| format!("a deviation of nothing: {} {}", d.connector, d.clause)));
    println!("{:12}{}", "", CLAUSES.map(|(clause, _)| format!("{clause:10}")).concat());
    for (name, words) in &table {
        println!("{name:12}{}", words.iter().map(|word| format!("{word:10}")).collect::<String>());
    }
    deviations::ALL.iter().for_each(|d| println!("{} {}: {}", d.connector, d.clause, d.reason));
    skipped.iter().for_each(|why| println!("skipped: {why}"));
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
    assert!(folders.len() >= 6, "only {} connectors were found", folders.len());
}

#[test]
fn the_page_for_contributors_lists_the_clauses() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("CONTRIBUTING.md")).unwrap();
    for (clause, text) in CLAUSES {
        assert!(page.contains(&format!("- **{clause}** {text}")), "CONTRIBUTING.md does not list {clause} as it stands in the test");
    }
}
