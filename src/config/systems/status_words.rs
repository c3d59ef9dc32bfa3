//! `[systems.NAME.status]`: what a system calls the lead statuses, where that is not its connector's word.

use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, TomlEntry, keys};
use crate::config::rules::System;
use crate::config::statuses;
use crate::connector::Manifest;
use crate::decide::rules::Policy;
use crate::model::Name;
use crate::model::normal::entry_key;
use std::collections::BTreeMap;
use toml::de::DeTable;

/// Ours to the system's. `is_written`: `writes` has "status".
pub fn read(entry: &TomlEntry, manifest: &Manifest, is_written: bool) -> BTreeMap<String, String> {
    let Some(mut section) = entry.table("status", &keys::STATUS_WORDS) else { return BTreeMap::new() };
    let word = |word: &TomlEntry| Some((word.key.to_string(), word.filled_text()?.to_string()));
    let words = section.entries().iter().filter_map(word).collect();
    section.finish();
    let report = |said: String, hint: &str| entry.sheet.report(entry.key_at.clone(), said, hint);
    if manifest.writes.as_ref().is_none_or(|w| w.status.is_none()) {
        report(format!("{} has no place for the lead status, and no words for it", manifest.title), "take status out");
    } else if !is_written {
        let said = "words for statuses are set, but \"status\" is not in writes: nothing would be written";
        report(said.into(), "add \"status\" to writes, or remove them");
    }
    words
}

/// Reports words for what is no status of policy.toml. The tables are systems.toml and policy.toml.
pub fn report(sheet: &ConfigSheet<'_>, systems: &DeTable<'_>, policy: &DeTable<'_>) {
    let known = statuses::names(policy);
    let systems = systems.get("systems").and_then(|all| all.get_ref().as_table());
    for (_, system) in systems.into_iter().flat_map(|all| all.iter()) {
        let words = system.get_ref().as_table().and_then(|system| system.get("status")?.get_ref().as_table());
        let unknown = |name: &str| !known.contains(&name);
        for (key, _) in words.into_iter().flat_map(|words| words.iter()).filter(|(key, _)| unknown(key.get_ref().as_ref())) {
            let name = key.get_ref().as_ref();
            sheet.report(key.span(), format!("policy.toml has no status {name:?}"), choices(name, known.iter().copied()));
        }
    }
}

/// Reports two statuses that a system calls the same though one that it calls otherwise stands between them, where targets are told no lower
/// status than they show: nobody could tell which of the two a record shows. `table` is policy.toml.
pub fn report_ambiguous(sheet: &ConfigSheet<'_>, table: &DeTable<'_>, policy: &Policy, systems: &[System]) {
    let Some(rule) = &policy.forward_only else { return };
    for system in systems.iter().filter(|system| system.writes.status) {
        let map = system.manifest.writes.as_ref().and_then(|writes| writes.status.as_ref()).map(|status| &status.map);
        let word = |status: &Name| -> String {
            let own = system.settings.status_words.get(&**status).or_else(|| map?.get(&**status));
            entry_key(own.map_or(&**status, |word| word))
        };
        let words: Vec<String> = rule.order.iter().map(word).collect();
        if let Some((high, low)) = ambiguous(&words) {
            let (high, low) = (&rule.order[high], &rule.order[low]);
            sheet.report(
                statuses::place_of(table, low).unwrap_or_default(),
                format!("{} calls {high} and {low} the same, and has another word for what stands between them", system.name()),
                format!(
                    "under forward_only nobody could tell which of the two a record shows; give each its own word in [systems.{}.status] of \
                     systems.toml, or let them follow each other",
                    system.name()
                ),
            );
        }
    }
}

/// The places of two equal words with another one between them.
fn ambiguous(words: &[String]) -> Option<(usize, usize)> {
    let last_equal = |at: usize| words.iter().rposition(|word| *word == words[at]);
    (0..words.len())
        .find_map(|at| last_equal(at).filter(|last| words[at..*last].iter().any(|word| *word != words[at])).map(|last| (at, last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_neighbours_may_have_one_word() {
        for (words, found) in [
            (&["a", "b", "c"][..], None),
            (&["a", "b", "b"], None),
            (&["a", "a", "a"], None),
            (&["b", "a", "b"], Some((0, 2))),
            (&["x", "b", "b", "a", "b"], Some((1, 4))),
            (&[], None),
        ] {
            let words: Vec<String> = words.iter().map(|word| (*word).into()).collect();
            assert_eq!(ambiguous(&words), found, "{words:?}");
        }
    }
}
