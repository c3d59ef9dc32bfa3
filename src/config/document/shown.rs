//! What an admin says of what a system shows: the words in its opt-out fields, and the fields that the account has not.

use super::TomlEntry;
use super::keys;
use super::nearest::choices;
use crate::connector::manifest::{Manifest, RecordMap};
use crate::connector::{RefusalWord, known_word, last_name, same_name};
use std::collections::BTreeMap;

/// `refusal_words`: each word with what it means.
pub fn refusal_words(entry: &TomlEntry, manifest: &Manifest) -> BTreeMap<String, RefusalWord> {
    let mut words = BTreeMap::new();
    if records(manifest).all(|map| map.refusals.is_empty()) {
        entry.sheet.report(
            entry.key_at.clone(),
            format!("{} shows no refusals, so that no word of it can mean one", manifest.title),
            "take refusal_words out",
        );
        return words;
    }
    let Some(mut section) = entry.table("refusal_words", &keys::REFUSAL_WORDS) else { return words };
    for word in section.entries() {
        let said = match word.text() {
            Some("no") => RefusalWord::No,
            Some("fine") => RefusalWord::Fine,
            Some(other) => {
                word.report(
                    format!("{other:?} says neither no nor fine"),
                    "expected \"no\" (the person wants no mail) or \"fine\" (nothing against mail)",
                );
                continue;
            }
            None => continue,
        };
        if let Some(yes) = known_word(word.key) {
            let known = if yes { "yes" } else { "no" };
            word.sheet.report(
                word.key_at.clone(),
                format!("{:?} is known as {known}, and stays it", word.key),
                "take it out: what the field means by yes and no is in the connector's manifest",
            );
        } else if words.keys().any(|w: &String| same_name(w, word.key)) {
            word.sheet.report(
                word.key_at.clone(),
                format!("{:?} stands twice: case and blanks make no other word", word.key),
                "remove one of the two",
            );
        } else {
            words.insert(word.key.to_string(), said);
        }
    }
    section.finish();
    words
}

/// `lacks`: names of fields that are looked out for.
pub fn lacks(entry: &TomlEntry, manifest: &Manifest) -> Vec<String> {
    let watched: Vec<String> = records(manifest)
        .flat_map(|map| map.always.iter().chain(map.refusals.iter().map(|r| &r.when.path)))
        // What a setting or `hold` fills in can be named by what it is filled with, which only the connector knows.
        .map(|path| last_name(path).to_string())
        .collect();
    let mut lacked = Vec::new();
    for (at, name) in entry.texts() {
        let known = watched.iter().any(|w| same_name(w, last_name(name)));
        if known || watched.iter().any(|w| w.contains('}')) {
            lacked.push(name.to_string());
        } else {
            let said = format!("nothing is looked out for in {} that is called {name:?}", manifest.title);
            at.report(said, choices(name, watched.iter().map(String::as_str)));
        }
    }
    lacked
}

fn records(manifest: &Manifest) -> impl Iterator<Item = &RecordMap> {
    manifest.streams.values().filter_map(|s| s.record.as_ref())
}
