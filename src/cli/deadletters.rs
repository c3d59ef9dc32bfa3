//! `nayose deadletters`

use super::args::{Common, Letters};
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use serde_json::json;

pub async fn deadletters(common: &Common, order: Letters) -> Exit {
    let command = match order {
        Letters::List => Command::Letters,
        Letters::Retry { record } => Command::RetryLetters { record },
        Letters::Drop { record } => Command::DropLetter { record },
    };
    match open::ask(common, command, open::StateNeed::Needed).await {
        Ok(Reply::Letters(letters)) => {
            if common.json {
                output::json(&json!({ "deadletters": letters }));
            } else if letters.is_empty() {
                output::note(
                    "no system refused a write; what never reached its system is tried again by itself, and `nayose status` says why",
                );
            } else {
                let mut table = output::table(&["record", "op", "attempts", "given up", "next try", "why"]);
                for l in letters {
                    let given_up = if l.given_up { "yes" } else { "no" }.into();
                    table.add_row(vec![l.record, l.op, l.attempts.to_string(), given_up, l.retry_at.unwrap_or_default(), l.why]);
                }
                output::data(&table.to_string());
            }
            Exit::Done
        }
        Ok(Reply::Count(count)) => {
            if common.json {
                output::json(&json!({ "count": count }));
            } else {
                output::data(&format!("{count} done"));
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}
