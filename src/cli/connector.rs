//! `nayose connector`

use super::args::{Common, ConnectorOrder};
use super::own_connectors::own_folder;
use super::{Exit, connector_list, connector_new, output, replay, try_system};
use crate::connector::clauses::ClauseTold;
use crate::connector::manifest::load;
use crate::connector::{clauses, examples, file};
use crate::model::counted;
use serde_json::{Value as Json, json};

pub async fn connector(common: &Common, order: ConnectorOrder) -> Exit {
    match order {
        ConnectorOrder::New { name } => connector_new::new(common, &name),
        ConnectorOrder::List => connector_list::list(common),
        ConnectorOrder::Test { replay: Some(folder), .. } => replay::replay(common, &folder),
        ConnectorOrder::Test { name, .. } => test(common, &name.unwrap_or_default()),
        ConnectorOrder::Try { system, record } => try_system::try_system(common, &system, record.as_deref()).await,
    }
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
    let (report, clauses) = (examples::run(&loaded), clauses::offline(&loaded));
    let failed = report.examples.iter().filter(|e| !e.problems.is_empty()).count();
    if common.json {
        let rows: Vec<Json> =
            report.examples.iter().map(|e| json!({ "example": e.name, "passed": e.problems.is_empty(), "problems": e.problems })).collect();
        let told = |c: &ClauseTold| json!({ "clause": c.clause, "what": c.what, "held": c.held.is_ok(), "why": c.held.as_ref().err() });
        let clauses: Vec<Json> = clauses.iter().map(told).collect();
        output::json(&json!({ "connector": name, "examples": rows, "untested": report.untested, "clauses": clauses }));
    } else {
        for example in &report.examples {
            output::line(&format!("{}  {}", if example.problems.is_empty() { "ok    " } else { "FAILED" }, example.name));
            example.problems.iter().for_each(|p| output::line(&format!("        {p}")));
        }
        for untested in &report.untested {
            output::line(&format!("no example for {untested}"));
        }
        for ClauseTold { clause, what, held } in &clauses {
            let found = held.as_ref().map_or_else(|why| format!("not held: {why}"), |()| "held".to_string());
            output::line(&format!("{clause} ({what}): {found}"));
        }
        output::line(&format!("{}, {failed} failed", counted(report.examples.len(), "example", "examples")));
    }
    if failed > 0 || report.examples.is_empty() { Exit::Failures } else { Exit::Done }
}
