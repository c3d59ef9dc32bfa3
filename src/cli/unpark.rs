//! `nayose unpark`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::model::counted;
use serde_json::json;

pub async fn unpark(common: &Common, what: String, field: Option<String>) -> Exit {
    match open::ask(common, Command::Unpark { what, field }, open::StateNeed::Needed).await {
        Ok(Reply::Count(count)) => {
            if common.json {
                output::json(&json!({ "count": count }));
            } else {
                output::data(&format!("{} written again where it differs", counted(count, "field is", "fields are")));
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}
