//! `nayose approve`

use super::args::Common;
use super::speaker::speaker;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};

pub async fn approve(common: &Common, what: String, holds: bool, moved: bool, by: Option<String>) -> Exit {
    let by = speaker(by);
    match open::ask(common, Command::Approve { what, holds, moved, by }, open::StateNeed::Needed).await {
        Ok(Reply::Approved(approved)) => {
            if common.json {
                output::json(&approved);
            } else {
                let of = match approved.scope.as_str() {
                    "holds" => "protective writes",
                    "all" if holds => "all writes, as before (to write less, take it out of `writes` in systems.toml)",
                    "all" => "all writes",
                    "moved" => "the instance that it was, at a new address",
                    _ => "the plan",
                };
                let count = approved.count;
                output::data(&match approved.scope.as_str() {
                    "edit" => format!(
                        "approved {}: these rules, not saved yet; they go as soon as they are, if they rewrite no more than the {count} values shown and a tenth",
                        approved.approved
                    ),
                    _ => format!("approved {}: {of}; {count} now wait to go", approved.approved),
                });
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}
