//! `nayose accept`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use serde_json::json;
use std::os::unix::fs::MetadataExt;

pub async fn accept(common: &Common, row: String, because: String, by: Option<String>) -> Exit {
    if because.trim().is_empty() {
        return common.end(Exit::Refused, "--because is empty; say why the row concerns nobody: the journal keeps it");
    }
    let by = by.filter(|by| !by.trim().is_empty()).unwrap_or_else(user);
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

/// Who runs the command: whoever became root for it, else the name of the process's own user, or its number.
fn user() -> String {
    if let Some(name) = std::env::var("SUDO_USER").ok().filter(|n| !n.is_empty()) {
        return name;
    }
    let Ok(own) = std::fs::metadata("/proc/self") else {
        return std::env::var("USER").unwrap_or_else(|_| "someone".to_string());
    };
    let uid = own.uid().to_string();
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let of_uid = |line: &&str| line.split(':').nth(2) == Some(&uid);
    match passwd.lines().find(of_uid).and_then(|line| line.split(':').next()) {
        Some(name) => name.to_string(),
        None => format!("user {uid}"),
    }
}
