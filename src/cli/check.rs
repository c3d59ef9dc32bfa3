//! `nayose check`

use super::args::Common;
use super::{Exit, open, output};
use crate::model::counted;
use serde_json::json;

pub fn check(common: &Common) -> Exit {
    let config = match open::config(common) {
        Ok(config) => config,
        Err(error) => return open::refused(common, &error),
    };
    // What a manifest makes of the settings is only known when the two meet.
    let connectors = match open::connectors(&config, &config.rules.systems, &open::clock()) {
        Ok(connectors) => connectors,
        Err(error) => return open::refused(common, &error),
    };
    let examples = match open::examples(common, &config) {
        Ok(examples) => examples.len(),
        Err(error) => return open::refused(common, &error),
    };
    let footers = match open::footers(common) {
        Ok(footers) => footers,
        Err(error) => return open::refused(common, &error),
    };
    footers.notes.iter().for_each(|note| output::note(&format!("note: {note}")));
    config.notes.iter().for_each(|note| output::note(&format!("note: {note}")));
    for (system, connector) in &connectors {
        connector.notes().iter().for_each(|note| output::note(&format!("note: {system}: {note}")));
    }
    if common.json {
        let systems: Vec<_> = config
            .rules
            .systems
            .iter()
            .map(|s| json!({ "system": &**s.name(), "connector": s.manifest.name, "streams": s.manifest.streams.keys().collect::<Vec<_>>() }))
            .collect();
        output::json(&json!({ "ok": true, "mistakes": [], "version": config.rules.version, "systems": systems, "examples": examples }));
    } else {
        let mut table = output::table(&["system", "connector", "reads", "writes"]);
        for system in &config.rules.systems {
            let mut writes: Vec<String> = Vec::new();
            if system.writes.hold {
                writes.push("hold".into());
            }
            if system.writes.status {
                writes.push("status".into());
            }
            writes.extend(system.writes.fields.iter().map(ToString::to_string));
            let streams: Vec<&str> = system.manifest.streams.keys().map(String::as_str).collect();
            let writes = if writes.is_empty() { "nothing".into() } else { writes.join(", ") };
            table.add_row(vec![system.name().to_string(), system.manifest.name.clone(), streams.join(", "), writes]);
        }
        output::data(&table.to_string());
        let examples = match examples {
            0 => String::new(),
            some => format!("; {} for `nayose test`", counted(some, "example", "examples")),
        };
        output::data(&format!("the config in {} is right (version {}){examples}", common.config.display(), config.rules.version));
    }
    Exit::Done
}
