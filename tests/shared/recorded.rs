//! Looks through a recording for what a system really holds.

use serde_json::Value as Json;
use std::path::Path;

/// So long a value tells of somebody.
const TELLING_MIN: usize = 4;

/// Fails if anything that the system holds is in the recording: in a value, a key, an address, a name of a file. What the connector's own
/// manifest says, word by word, may stay.
pub fn holds_nothing_of(folder: &Path, connector: &str, held: &[Json], secrets: &[&str]) {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors").join(connector).join("manifest.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap().to_lowercase();
    let said: Vec<&str> = words(&manifest).collect();
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for secret in secrets {
            assert!(!text.contains(secret), "a secret is in {:?}", entry.path());
        }
        let name = entry.file_name().into_string().unwrap().to_lowercase();
        // Of its name all but the kind of file may be the system's.
        kept.push(name.strip_suffix(".json").unwrap_or(&name).to_string());
        let file: Json = serde_json::from_str(&text).unwrap();
        if file["nayose_recording"].is_null() {
            texts(&file, &mut kept);
        }
    }
    assert!(kept.len() > 10, "next to nothing was kept: {kept:?}");
    let mut there = Vec::new();
    held.iter().for_each(|json| texts(json, &mut there));
    // Names of fields stay; what is searched for are values.
    let may_stay = |text: &str| words(text).all(|word| said.contains(&word) || is_short(word) || YES_NO.contains(&word));
    there.retain(|text| {
        text.chars().count() >= TELLING_MIN
            && !may_stay(text)
            && !text.starts_with("1970-01-01")
            && !".example.com https://".contains(text.as_str())
    });
    there.sort();
    there.dedup();
    assert!(there.len() > 10, "next to nothing is searched for: {there:?}");
    for was in &there {
        let found = kept.iter().find(|value| value.contains(was.as_str()) && !may_stay(value));
        assert!(found.is_none(), "{was:?} is still in {found:?}");
    }
}

const YES_NO: [&str; 4] = ["true", "false", "yes", "no"];

fn is_short(word: &str) -> bool {
    word.chars().all(char::is_numeric) && word.chars().count() < TELLING_MIN
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).filter(|word| !word.is_empty())
}

/// All values, in small letters. Numbers that count records are too short to be meant.
fn texts(value: &Json, out: &mut Vec<String>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::String(text) => out.push(text.to_lowercase()),
        Json::Number(number) => out.push(number.to_string()),
        Json::Array(items) => items.iter().for_each(|item| texts(item, out)),
        Json::Object(map) => map.values().for_each(|value| texts(value, out)),
    }
}
