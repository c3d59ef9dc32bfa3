//! `nayose plan`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::plan::{LeftUndecided, Plan, PlannedWrite, Waiting};

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
    lines.extend(plan.waiting.iter().map(waiting_text));
    lines.extend(plan.undecided.as_ref().map(undecided_text));
    lines.join("\n")
}

/// A plan that waits, in one line.
pub fn waiting_text(waiting: &Waiting) -> String {
    let Waiting { plan, kind, count, why, .. } = waiting;
    format!("waits for `nayose approve {plan}`: {kind} ({count} {}) {why}; for example {}", waiting.noun(), waiting.samples.join(", "))
}

/// What rests on not having seen something, in one line.
fn undecided_text(left: &LeftUndecided) -> String {
    let LeftUndecided { statuses, fields, why } = left;
    let told =
        |count: usize, what: &str| (count > 0).then(|| format!("{what} of {count} {}", if count == 1 { "person" } else { "people" }));
    let who: Vec<String> = told(*statuses, "the status").into_iter().chain(told(*fields, "a field")).collect();
    format!("left as it is until more is read: {}; {why}", who.join(" and "))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::plan::{FieldChange, Totals};
    use serde_json::json;

    #[test]
    fn what_waits_is_told_with_number_reason_and_samples() {
        let change = FieldChange { old: json!("Chief"), new: json!("Clerk"), rule: "precedence.toml:5".into() };
        let write = PlannedWrite {
            system: "ma".into(),
            entity: "person".into(),
            id: "17".into(),
            op: "update".into(),
            person: "p_1".into(),
            reasons: vec!["open_deal_person".into()],
            fields: [("title".to_string(), change)].into(),
        };
        let waiting = |kind: &str, count, why: &str, samples: &[&str]| Waiting {
            plan: "w_0123abcd".into(),
            kind: kind.into(),
            count,
            limit: 200,
            why: why.into(),
            samples: samples.iter().map(ToString::to_string).collect(),
        };
        let plan = Plan {
            writes: vec![write],
            totals: Totals { update: 1200, ..Totals::default() },
            unprotected: [("ma".into(), 1)].into(),
            waiting: vec![
                waiting("release", 14_000, "ma: more releases at once than [widening] ask_above lets go by themselves", &["ma:person:3"]),
                waiting(
                    "update",
                    1200,
                    "ma: more updates at once than [changes] ask_above lets go by themselves; phone would be emptied in 900 records",
                    &["ma:person:17 title: \"Chief\" -> \"Clerk\"", "ma:person:18 phone: \"+81 3 1111 2222\" -> null"],
                ),
            ],
            undecided: Some(LeftUndecided {
                statuses: 578,
                fields: 1,
                why: "not read to the end yet since this state was begun: crm.deals".into(),
            }),
            errors: Vec::new(),
        };
        insta::assert_snapshot!(text(&plan));
    }
}
