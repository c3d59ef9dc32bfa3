//! `[systems.NAME.status]`: what a system calls the lead statuses, where that is not its connector's word.

use crate::config::document::nearest::choices;
use crate::config::document::{ConfigSheet, TomlEntry, keys};
use crate::config::statuses;
use crate::connector::Manifest;
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
