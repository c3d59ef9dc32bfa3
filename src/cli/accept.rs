//! `nayose accept`

use super::args::{AcceptArgs, Common};
use super::speaker::speaker;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use serde_json::json;

pub async fn accept(common: &Common, args: AcceptArgs) -> Exit {
    let AcceptArgs { row, because, by } = args;
    if because.trim().is_empty() {
        return common.end(Exit::Refused, "--because is empty; say why the row concerns nobody: the journal keeps it");
    }
    let by = speaker(by);
    match open::ask(common, Command::Accept { row: row.clone(), by: by.clone(), because }, open::StateNeed::Needed).await {
        Ok(Reply::Accepted(record)) => {
            if common.json {
                output::json(&json!({ "accepted": row, "record": record, "by": by }));
            } else {
                output::data(&format!("accepted {row} ({record}): it concerns nobody, says {by}; another row asks again"));
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}
