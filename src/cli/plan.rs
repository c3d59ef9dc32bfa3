//! `nayose plan`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::daemon::plan::{Plan, PlannedWrite};

/// Writes shown one by one in text; `--json` has them all.
const SHOWN_MAX: usize = 50;

pub async fn plan(common: &Common) -> Exit {
    let bar = output::progress("reading every stream");
    let reply = open::ask(common, Command::Plan { limit: (!common.json).then_some(SHOWN_MAX) }, open::State::Made).await;
    bar.finish_and_clear();
    let plan = match reply {
        Ok(Reply::Plan(plan)) => plan,
        other => return open::unexpected(other),
    };
    if common.json {
        output::json(&plan);
    } else {
        output::data(&text(&plan));
    }
    for error in &plan.errors {
        output::problem(error);
    }
    if !plan.writes.is_empty() {
        Exit::SomethingToWrite
    } else if !plan.errors.is_empty() {
        Exit::Failures
    } else {
        Exit::Done
    }
}

/// The plan for a reader: who is unprotected first.
pub fn text(plan: &Plan) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (system, count) in &plan.unprotected {
        let noun = if *count == 1 { "person" } else { "people" };
        let verb = if *count == 1 { "is" } else { "are" };
        lines.push(format!("{count} {noun} on open deals {verb} not protected in {system}"));
    }
    let totals = plan.totals;
    lines.push(format!(
        "to write: {} holds, {} releases, {} updates, {} new records",
        totals.hold, totals.release, totals.update, totals.create
    ));
    for write in plan.writes.iter().take(SHOWN_MAX) {
        lines.push(write_text(write));
    }
    let all = totals.hold + totals.release + totals.update + totals.create;
    if all > SHOWN_MAX {
        lines.push(format!("  and {} more (--json shows all)", all - SHOWN_MAX));
    }
    for waiting in &plan.waiting {
        lines.push(format!(
            "waits for `nayose approve {}`: {} ({} {}) {}; for example {}",
            waiting.plan,
            waiting.kind,
            waiting.count,
            waiting.noun(),
            waiting.why,
            waiting.samples.join(", ")
        ));
    }
    lines.join("\n")
}

/// One planned write in a few lines.
pub fn write_text(write: &PlannedWrite) -> String {
    let why = if write.reasons.is_empty() { String::new() } else { format!("  because {}", write.reasons.join(", ")) };
    let mut text = format!("  {:<7} {}:{}:{}{why}", write.op, write.system, write.entity, write.id);
    for (name, change) in &write.fields {
        let rule = if change.rule.is_empty() { String::new() } else { format!("  [{}]", change.rule) };
        text.push_str(&format!("\n            {name}: {} -> {}{rule}", change.old, change.new));
    }
    text
}
