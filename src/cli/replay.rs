//! `nayose connector test --replay DIR`: what the answers of a recording become by the connector as it is now.

use super::args::Common;
use super::own_connectors::own_folder;
use super::{Exit, output};
use crate::connector::manifest::load;
use crate::connector::recording::replay::{self, ReplayedExchange};
use crate::model::counted;
use serde_json::{Value as Json, json};
use std::path::Path;

/// Records of each answer that are shown.
const SHOWN: usize = 3;

pub fn replay(common: &Common, folder: &Path) -> Exit {
    let head = match replay::head(folder) {
        Ok(head) => head,
        Err(why) => return common.end(Exit::Refused, &why.to_string()),
    };
    let loaded = match load::load(&head.connector, own_folder(common).as_deref()) {
        Ok(loaded) => loaded,
        Err(errors) => {
            errors.iter().for_each(|e| output::problem_line(&e.to_string()));
            return Exit::Refused;
        }
    };
    let played = match replay::play(folder, &head, &loaded.manifest) {
        Ok(played) => played,
        Err(why) => return common.end(Exit::Refused, &why.to_string()),
    };
    if common.json {
        let rows: Vec<Json> = played.iter().map(row).collect();
        output::json(&json!({ "connector": head.connector, "exchanges": rows }));
    } else {
        output::line(&format!("{}: {}", head.connector, counted(played.len(), "answer", "answers")));
        played.iter().for_each(tell);
    }
    if played.iter().any(failed) { Exit::Failures } else { Exit::Done }
}

/// An answer of records that the mapping cannot read. What the system refused is a part of the recording.
fn failed(exchange: &ReplayedExchange) -> bool {
    exchange.of.is_some() && exchange.became.is_err() && (200..300).contains(&exchange.status)
}

fn row(exchange: &ReplayedExchange) -> Json {
    let (became, why) = match &exchange.became {
        Ok(became) => (became.clone(), Json::Null),
        Err(why) => (Json::Null, json!(why)),
    };
    json!({ "file": exchange.file, "of": exchange.of, "status": exchange.status, "became": became, "why": why })
}

fn tell(exchange: &ReplayedExchange) {
    let name = exchange.of.as_deref().unwrap_or("another request");
    match &exchange.became {
        Err(why) => output::line(&format!("{}  {name}: {why}", exchange.file)),
        Ok(became) => {
            let records = became.get("records").unwrap_or(became).as_array().cloned().unwrap_or_default();
            output::line(&format!("{}  {name}: {}", exchange.file, counted(records.len(), "record", "records")));
            records.iter().take(SHOWN).for_each(|record| output::line(&format!("  {record}")));
            for out in became.get("quarantined").and_then(Json::as_array).into_iter().flatten() {
                output::line(&format!("  left out: {out}"));
            }
        }
    }
}
