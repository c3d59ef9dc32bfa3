//! The clauses that a connector's folder is held to without a system: the others are in CONTRIBUTING.md, and are played.

use super::examples;
use super::manifest::load::LoadedManifest;
use super::manifest::{NO_SUNSET, Page, ProvedOn};
use super::raw::json::Document;
use super::raw::paths::Path;

/// What was found of one clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseTold {
    /// Its number in CONTRIBUTING.md.
    pub clause: &'static str,
    pub what: &'static str,
    pub held: Result<(), String>,
}

/// The clauses that need no system, each looked at.
pub fn offline(loaded: &LoadedManifest) -> [ClauseTold; 2] {
    [
        ClauseTold { clause: "C1", what: "each stream has an example, and examples become their records", held: proves_itself(loaded) },
        ClauseTold { clause: "C9", what: "its API version, its end, its proof, who obeys its marks", held: says_of_itself(loaded) },
    ]
}

fn must(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}

/// Each stream has an example, and the examples become the records beside them.
pub fn proves_itself(loaded: &LoadedManifest) -> Result<(), String> {
    let report = examples::run(loaded);
    let problems: Vec<String> = report.examples.iter().flat_map(|e| e.problems.iter().map(|p| format!("{}: {p}", e.name))).collect();
    must(problems.is_empty() && !report.examples.is_empty(), || format!("of {} examples: {}", report.examples.len(), problems.join("; ")))?;
    must(report.untested.is_empty(), || format!("no example for {}", report.untested.join(", ")))?;
    goes_on_as_shown(loaded)
}

/// Where an answer says that it goes on is seen in an example: mistyped, the first page would be the whole listing.
fn goes_on_as_shown(loaded: &LoadedManifest) -> Result<(), String> {
    let answers = loaded.examples.iter().filter(|(file, _)| file.ends_with(".answer.json"));
    let answers: Vec<Document> = answers.filter_map(|(_, text)| Document::parse(text).ok()).collect();
    for request in loaded.manifest.streams.values().flat_map(|s| s.requests()) {
        let Page::Cursor { next, more, done, .. } = &request.page else { continue };
        for path in [Some(next), more.as_ref(), done.as_ref()].into_iter().flatten() {
            let parsed = Path::parse(path).map_err(|e| e.to_string())?;
            let shown = answers.iter().any(|answer| parsed.first(answer.root()).is_some());
            must(shown, || format!("{}: no example shows {path}, by which its pages are told", request.path))?;
        }
    }
    Ok(())
}

/// It says its API version and when the vendor ends it, what it was proved on, and who obeys its marks.
pub fn says_of_itself(loaded: &LoadedManifest) -> Result<(), String> {
    let m = &loaded.manifest;
    must(!m.api_version.trim().is_empty(), || "api_version is empty".to_string())?;
    let sunset = m.sunset.as_deref().ok_or_else(|| format!("says no sunset: a day, or {NO_SUNSET:?}"))?;
    let source = m.sunset_source.as_deref().unwrap_or_default();
    must(source.starts_with("https://"), || format!("sunset is {sunset:?}, and sunset_source does not say where that is said"))?;
    let proof = m.proof.ok_or("says no proof")?;
    must(proof != ProvedOn::Mock || m.spec.is_some(), || "its proof is the vendor's description, and spec does not name it".to_string())?;
    let marks = m.writes.as_ref().filter(|w| w.block.is_some() || w.permit.is_some());
    must(marks.is_none_or(|w| w.obeyed_by.is_some()), || "writes marks, and obeyed_by does not say who obeys them".to_string())
}
