//! `nayose connector list`: what each connector can do, what it was proved on, and what of it cannot be undone.

use super::args::Common;
use super::own_connectors::own_folder;
use super::{Exit, output};
use crate::connector::file::out::form;
use crate::connector::manifest::{MarkWrite, load};
use crate::connector::{ListProfile, Manifest, OutAsked, file};
use serde_json::{Value as Json, json};

pub fn list(common: &Common) -> Exit {
    let own = own_folder(common);
    let mut exit = Exit::Done;
    let mut rows = Vec::new();
    for name in load::names(own.as_deref()) {
        match load::load(&name, own.as_deref()) {
            Ok(loaded) => rows.push(row(&name, &loaded.manifest)),
            Err(errors) => {
                errors.iter().for_each(|e| output::problem_line(&e.to_string()));
                exit = Exit::Refused;
            }
        }
    }
    rows.push(row(file::CONNECTOR, &file::manifest(&ListProfile::ALL, None)));
    rows.extend(form::names().into_iter().filter_map(|name| {
        let manifest = file::manifest(&[ListProfile::Contacts], Some(&OutAsked::all_of(form::of(name)?)));
        Some(row(&format!("{} ({name})", file::CONNECTOR), &manifest))
    }));
    if common.json {
        output::json(&json!({ "connectors": rows }));
    } else {
        output::data(&table(&rows));
        rows.iter().flat_map(beyond_the_table).for_each(|line| output::line(&line));
    }
    exit
}

/// What is told of a connector.
fn row(name: &str, manifest: &Manifest) -> Json {
    let writes = manifest.writes.as_ref();
    let (block, permit) = (writes.and_then(|w| w.block.as_ref()), writes.and_then(|w| w.permit.as_ref()));
    json!({
        "connector": name,
        "title": manifest.title,
        "api_version": manifest.api_version,
        "sunset": manifest.sunset,
        "sunset_source": manifest.sunset_source,
        "proof": manifest.proof,
        "reads": manifest.streams.keys().collect::<Vec<_>>(),
        "writes": writes.map(|w| w.fields.keys().map(|k| k.to_string()).collect::<Vec<_>>()).unwrap_or_default(),
        "status": writes.is_some_and(|w| w.status.is_some()),
        "block": block.is_some(),
        "permit": permit.is_some(),
        "block_by": block.map(in_words),
        "permit_by": permit.map(in_words),
        "permits_by_kind": manifest.tells_permits_apart(),
        "obeyed_by": writes.and_then(|w| w.obeyed_by.as_ref()),
        "settings": manifest.settings.iter().map(|(name, s)| json!({"name": name, "title": s.title, "where": s.find, "secret": s.secret})).collect::<Vec<_>>(),
        "irreversible": manifest.irreversible,
    })
}

/// What a mark is in the system. A name that `hold` of systems.toml gives is told by the key that gives it.
fn in_words(mark: &MarkWrite) -> String {
    let plain = |name: &str| match name {
        "{hold.permit}" => "(hold.permit)".to_string(),
        "{hold.why}" => "(hold.why)".to_string(),
        other => other.to_string(),
    };
    match mark {
        MarkWrite::Field { field, .. } => format!("field {}", plain(field)),
        MarkWrite::Label { label } => format!("label {}", plain(label)),
    }
}

fn table(rows: &[Json]) -> String {
    let mut table = output::table(&["connector", "title", "API", "proof", "reads", "writes", "block", "permit"]);
    let text = |v: &Json| v.as_str().unwrap_or("-").to_string();
    let names = |v: &Json| v.as_array().map(|a| a.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")).unwrap_or_default();
    for row in rows {
        let status = row["status"].as_bool().filter(|writes| *writes).map(|_| "status".to_string());
        let writes: Vec<String> = status.into_iter().chain([names(&row["writes"])]).filter(|part| !part.is_empty()).collect();
        table.add_row(vec![
            text(&row["connector"]),
            text(&row["title"]),
            text(&row["api_version"]),
            text(&row["proof"]),
            names(&row["reads"]),
            if writes.is_empty() { "-".to_string() } else { writes.join(", ") },
            text(&row["block_by"]),
            text(&row["permit_by"]),
        ]);
    }
    table.to_string()
}

/// What is too long for a column.
fn beyond_the_table(row: &Json) -> Vec<String> {
    let name = row["connector"].as_str().unwrap_or_default();
    let obeyed = row["obeyed_by"].as_str().map(|who| format!("{name}: its marks are obeyed by {who}"));
    let no_undo = row["irreversible"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .map(|what| format!("{name}: cannot be undone: {what}"));
    let ends = row["sunset"].as_str().filter(|day| *day != crate::connector::manifest::NO_SUNSET);
    let ends = ends.map(|day| {
        let said = row["sunset_source"].as_str().map(|at| format!(" ({at})")).unwrap_or_default();
        format!("{name}: the vendor ends its API {} on {day}{said}", row["api_version"].as_str().unwrap_or_default())
    });
    obeyed.into_iter().chain(no_undo).chain(ends).collect()
}
