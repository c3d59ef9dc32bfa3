//! `nayose status`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::status::{Protection, Status};
use crate::model::counted;

pub async fn status(common: &Common) -> Exit {
    match open::ask(common, Command::Status, open::StateNeed::Needed).await {
        Ok(Reply::Status(status)) => {
            if common.json {
                output::json(&status);
            } else {
                output::data(&text(&status));
            }
            if status.protection == Protection::Protecting { Exit::Done } else { Exit::Failures }
        }
        other => open::unexpected(common, other),
    }
}

/// How many people there are, and how many of them are on hold and not blocked where they must be.
pub fn numbers(status: &Status) -> String {
    let people = counted(status.people, "person", "people");
    let open = status.not_enforced.map_or("not known how many".into(), |n| n.to_string());
    format!("{people}, {} on hold, {open} not enforced", status.held)
}

/// The status for a reader: protection first.
pub fn text(status: &Status) -> String {
    let mut lines = vec![format!("protection: {}", status.protection.name().replace('_', " "))];
    lines.extend(status.because.iter().map(|b| format!("  {b}")));
    let releases = status.waiting.iter().filter(|w| !w.people.is_empty());
    lines.extend(releases.map(|w| format!("  {} is about {}", w.plan, w.who())));
    lines.push(numbers(status));
    let mut table = output::table(&["stream", "proved", "age", "error"]);
    for (name, system) in &status.systems {
        for (stream, s) in &system.streams {
            table.add_row(vec![
                format!("{name}.{stream}"),
                s.proved_at.clone().unwrap_or_else(|| "never".into()),
                s.age_s.map(|a| format!("{a} s")).unwrap_or_default(),
                // Whole above.
                s.error.as_deref().map(output::shortened).unwrap_or_default(),
            ]);
        }
    }
    lines.extend(table.lines());
    let mut table = output::table(&["system", "approved", "holds", "releases", "updates", "dead letters", "requests today", "breaker"]);
    for (name, s) in &status.systems {
        let limit = s.budget.limit.map(|l| format!(" of {l}")).unwrap_or_default();
        table.add_row(vec![
            name.to_string(),
            s.approved.clone().unwrap_or_else(|| "no".into()),
            s.queue.hold.to_string(),
            s.queue.release.to_string(),
            s.queue.update.to_string(),
            s.dead_letters.to_string(),
            format!("{}{limit}", s.budget.used),
            s.breaker.clone(),
        ]);
    }
    lines.extend(table.lines());
    if !status.quarantine.is_empty() {
        lines.push("what could not be read:".into());
        lines.extend(status.quarantine.iter().map(|q| format!("  {q}")));
    }
    output::lines(&lines)
}
