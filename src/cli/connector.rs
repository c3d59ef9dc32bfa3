//! `nayose connector`

use super::args::{Common, ConnectorOrder};
use super::{Exit, output, try_system};
use crate::connector::file::out::form;
use crate::connector::manifest::load;
use crate::connector::{ListProfile, Manifest, OutAsked, examples, file};
use crate::model::counted;
use serde_json::{Value as Json, json};
use std::path::PathBuf;

pub async fn connector(common: &Common, order: ConnectorOrder) -> Exit {
    match order {
        ConnectorOrder::List => list(common),
        ConnectorOrder::Test { name } => test(common, &name),
        ConnectorOrder::Try { system } => try_system::try_system(common, &system).await,
    }
}

/// The user's own folder, as far as systems.toml names one; the rest of the config need not be right.
fn own_folder(common: &Common) -> Option<PathBuf> {
    let text = std::fs::read_to_string(common.config.join("systems.toml")).ok()?;
    let table: toml::Table = toml::from_str(&text).ok()?;
    Some(common.config.join(table.get("connectors")?.as_str()?))
}

fn list(common: &Common) -> Exit {
    let own = own_folder(common);
    let mut exit = Exit::Done;
    let mut rows = Vec::new();
    for name in load::names(own.as_deref()) {
        let loaded = match load::load(&name, own.as_deref()) {
            Ok(loaded) => loaded,
            Err(errors) => {
                errors.iter().for_each(|e| output::problem_line(&e.to_string()));
                exit = Exit::Refused;
                continue;
            }
        };
        rows.push(row(&name, &loaded.manifest));
    }
    rows.push(row(file::CONNECTOR, &file::manifest(&ListProfile::ALL, None)));
    rows.extend(form::names().into_iter().filter_map(|name| {
        let manifest = file::manifest(&[ListProfile::Contacts], Some(&OutAsked::all_of(form::of(name)?)));
        Some(row(&format!("{} ({name})", file::CONNECTOR), &manifest))
    }));
    if common.json {
        output::json(&json!({ "connectors": rows }));
        return exit;
    }
    let mut table = output::table(&["connector", "title", "API", "reads", "writes", "block", "permit"]);
    let names = |v: &Json| v.as_array().map(|a| a.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", ")).unwrap_or_default();
    let yes = |v: &Json| if v.as_bool() == Some(true) { "yes" } else { "no" };
    for row in &rows {
        let mut writes = names(&row["writes"]);
        if row["status"].as_bool() == Some(true) {
            writes = if writes.is_empty() { "status".into() } else { format!("status, {writes}") };
        }
        table.add_row(vec![
            row["connector"].as_str().unwrap_or_default().to_string(),
            row["title"].as_str().unwrap_or_default().to_string(),
            row["api_version"].as_str().unwrap_or_default().to_string(),
            names(&row["reads"]),
            writes,
            yes(&row["block"]).into(),
            yes(&row["permit"]).into(),
        ]);
    }
    output::data(&table.to_string());
    exit
}

/// What a connector reads and writes.
fn row(name: &str, manifest: &Manifest) -> Json {
    let writes = manifest.writes.as_ref();
    json!({
        "connector": name,
        "title": manifest.title,
        "api_version": manifest.api_version,
        "sunset": manifest.sunset,
        "reads": manifest.streams.keys().collect::<Vec<_>>(),
        "writes": writes.map(|w| w.fields.keys().map(|k| k.to_string()).collect::<Vec<_>>()).unwrap_or_default(),
        "status": writes.is_some_and(|w| w.status.is_some()),
        "block": writes.is_some_and(|w| w.block.is_some()),
        "permit": writes.is_some_and(|w| w.permit.is_some()),
        "settings": manifest.settings.iter().map(|(name, s)| json!({"name": name, "title": s.title, "where": s.find, "secret": s.secret})).collect::<Vec<_>>(),
        "irreversible": manifest.irreversible,
    })
}

fn test(common: &Common, name: &str) -> Exit {
    if name == file::CONNECTOR {
        return common.end(Exit::Refused, "lists have no recorded answers; `nayose connector try SYSTEM` shows what becomes of yours");
    }
    let loaded = match load::load(name, own_folder(common).as_deref()) {
        Ok(loaded) => loaded,
        Err(errors) => {
            errors.iter().for_each(|e| output::problem_line(&e.to_string()));
            return Exit::Refused;
        }
    };
    let report = examples::run(&loaded);
    let failed = report.examples.iter().filter(|e| !e.problems.is_empty()).count();
    if common.json {
        let rows: Vec<Json> =
            report.examples.iter().map(|e| json!({ "example": e.name, "passed": e.problems.is_empty(), "problems": e.problems })).collect();
        output::json(&json!({ "connector": name, "examples": rows, "untested": report.untested }));
    } else {
        for example in &report.examples {
            output::line(&format!("{}  {}", if example.problems.is_empty() { "ok    " } else { "FAILED" }, example.name));
            example.problems.iter().for_each(|p| output::line(&format!("        {p}")));
        }
        for untested in &report.untested {
            output::line(&format!("no example for {untested}"));
        }
        output::line(&format!("{}, {failed} failed", counted(report.examples.len(), "example", "examples")));
    }
    if failed > 0 || report.examples.is_empty() { Exit::Failures } else { Exit::Done }
}
