//! `nayose explain`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::explain::Explanation;

pub async fn explain(common: &Common, who: String) -> Exit {
    match open::ask(common, Command::Explain { who: who.clone() }, open::StateNeed::Needed).await {
        Ok(Reply::Explain(people)) if people.is_empty() => common.end(
            Exit::Refused,
            &format!("nobody is known by {who:?}; an e-mail address or SYSTEM:ENTITY:ID is expected. The gate answers hold for them"),
        ),
        Ok(Reply::Explain(people)) => {
            match (common.json, people.as_slice()) {
                (true, [one]) => output::json(one),
                // An address that several people bear.
                (true, several) => output::json(&several),
                (false, _) => output::data(&people.iter().map(text).collect::<Vec<_>>().join("\n\n")),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

/// One person for a reader: the decision and its reasons first.
pub fn text(e: &Explanation) -> String {
    let mut lines = Vec::new();
    let because = if e.decision.reasons.is_empty() { String::new() } else { format!(" because {}", e.decision.reasons.join(", ")) };
    lines.push(format!("{}: {} for a campaign{because}", e.decision.subject, e.decision.decision));
    lines.push(format!("person {}", e.person));
    for record in &e.records {
        let gone = if record.gone == Some(true) { " (not listed any more)" } else { "" };
        lines.push(format!("  {}{gone}  linked by {} {}", record.record, record.link.proof, record.link.value));
    }
    for doubt in &e.doubts {
        lines.push(format!("  doubt: {doubt}"));
    }
    match (&e.status.value, &e.status.rule, &e.status.error) {
        (Some(value), Some(rule), _) => lines.push(format!("status {value}  [{rule}]")),
        (_, _, Some(error)) => lines.push(format!("status unknown: {error}")),
        _ => lines.push("status: no rule is true".into()),
    }
    lines.extend(e.status.waits.iter().map(|waits| format!("    {waits}")));
    for hold in &e.holds {
        let until = match &hold.until {
            Some(until) => format!("until {until}"),
            None if hold.over => "over, which counts once a system's clock was heard".into(),
            None => "with no end in sight".into(),
        };
        let kept = hold.kept.as_ref().map(|k| format!("; kept: {k}")).unwrap_or_default();
        lines.push(format!("hold {} by {} ({}), since {}, {until}{kept}", hold.hold, hold.cause, hold.reason, hold.since));
    }
    for refusal in &e.refusals {
        lines.push(format!("refusal ({}) on {}, first seen on {} at {}", refusal.scope, refusal.on, refusal.from, refusal.seen_at));
    }
    for (name, field) in &e.fields {
        let rule = field.rule.as_ref().map(|r| format!("  [{r}]")).unwrap_or_default();
        let from = field.from.as_ref().map(|f| format!(" from {f}")).unwrap_or_default();
        lines.push(format!("{name}: {}{from}{rule}", field.value));
        lines.extend(field.unknown.iter().map(|why| format!("    left as it is: {why}")));
        for c in &field.candidates {
            let mark = if c.won { "won" } else { "   " };
            let when = match &c.changed_after {
                Some(after) => format!("changed between {after} and {}", c.observed_at),
                None => format!("since {} or before (its record's last change)", c.observed_at),
            };
            lines.push(format!("    {mark} {} {}  {when}  {}", c.from, c.value, c.why));
        }
    }
    for left in &e.left_alone {
        lines.push(format!(
            "{} of {}: {} is not written until another value is wanted: {}",
            left.field, left.record, left.not_written, left.why
        ));
    }
    for write in &e.writes {
        lines.push("to write:".into());
        lines.extend(super::plan::write_lines(write));
    }
    output::lines(&lines)
}
