//! `nayose plan`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::by_order::{DecidedByOrder, Differs};
use crate::engine::answers::forward_only::{LeftStatus, StatusesKept};
use crate::engine::answers::plan::{LeftUndecided, Plan, Totals};
use crate::engine::answers::waiting::known_by;
use crate::engine::guard::waiting::Waiting;
use crate::engine::target::Op;
use crate::engine::target::planned::{FieldChange, PlannedWrite};
use crate::model::counted;

/// Writes shown one by one in text; `--json` has them all.
const SHOWN_MAX: usize = 50;

pub async fn plan(common: &Common, known: bool) -> Exit {
    let bar = output::progress(if known { "deciding" } else { "reading every stream" });
    let limit = (!common.json).then_some(SHOWN_MAX);
    let state = if known { open::StateNeed::Needed } else { open::StateNeed::Made };
    let reply = open::ask_and_watch(common, Command::Plan { limit, known }, state, &bar).await;
    bar.finish_and_clear();
    let plan = match reply {
        Ok(Reply::Plan(plan)) => plan,
        other => return open::unexpected(common, other),
    };
    if common.json {
        output::json(&plan);
    } else {
        output::data(&text(&plan));
    }
    for error in &plan.errors {
        output::problem(error);
    }
    exit(&plan)
}

/// What is to be written may be more than was found where something could not be read: that is said first.
fn exit(plan: &Plan) -> Exit {
    if !plan.errors.is_empty() {
        Exit::Failures
    } else if !plan.writes.is_empty() {
        Exit::SomethingToWrite
    } else {
        Exit::Done
    }
}

/// The plan for a reader: who is unprotected first, then what protects.
pub fn text(plan: &Plan) -> String {
    let mut lines: Vec<String> = Vec::new();
    for (system, count) in &plan.unprotected_by {
        lines.extend(count.told(system, &plan.not_read));
    }
    let Totals { hold, release, permit, update, create, overwrite, fill } = plan.totals;
    let permits = if permit > 0 { format!("{}, ", counted(permit, "permit", "permits")) } else { String::new() };
    let values = match overwrite + fill {
        0 => String::new(),
        _ => format!("; of fields, {} overwritten or emptied, {fill} filled", counted(overwrite, "value is", "values are")),
    };
    lines.push(format!(
        "to write: {}, {}, {permits}{}, {}{values}",
        counted(hold, "hold", "holds"),
        counted(release.saturating_sub(permit), "release", "releases"),
        counted(update, "update", "updates"),
        counted(create, "new record", "new records")
    ));
    let shown = &plan.writes[..plan.writes.len().min(SHOWN_MAX)];
    for of_one in shown.chunk_by(|a, b| (a.called(), &a.system) == (b.called(), &b.system)) {
        lines.push(format!("{}, {}s:", of_one[0].system, of_one[0].called()));
        lines.extend(by_person(of_one));
    }
    lines.extend(rest(&plan.totals, shown));
    lines.extend(plan.waiting.iter().map(|w| waiting_text(w, &w.who())));
    lines.extend(plan.undecided.as_ref().map(undecided_text));
    lines.extend(plan.by_order.iter().flat_map(by_order_text));
    lines.extend(plan.forward_only.iter().flat_map(kept_text));
    output::lines(&lines)
}

/// A line a person; records of one person of which something else is to be written have lines of their own.
fn by_person(writes: &[PlannedWrite]) -> impl Iterator<Item = String> + '_ {
    let same = |a: &PlannedWrite, b: &PlannedWrite| a.person == b.person && what(a) == what(b);
    writes.chunk_by(same).map(|of_person| {
        let first = &of_person[0];
        let who = known_by(first.name.as_deref(), first.address.as_deref()).unwrap_or_else(|| "(no name, no address)".into());
        let records: Vec<String> = of_person.iter().map(|w| format!("{}:{}:{}", w.system, w.entity, w.id)).collect();
        format!("  {who}  {}  {}", records.join(", "), what(first))
    })
}

/// What is written of a record, and why.
fn what(write: &PlannedWrite) -> String {
    let mark = |name: &str| matches!(name, "block" | "permit" | "why");
    let mut parts: Vec<String> = Vec::new();
    if write.op == Op::Hold.name() {
        let of_hold = ["block", "permit"].iter().find_map(|mark| write.fields.get(*mark));
        let rule = of_hold.map(rule_text).unwrap_or_default();
        parts.push(format!("because {}{rule}", write.reasons.join(", ")));
    }
    let told = write.fields.iter().filter(|(name, _)| write.op != Op::Hold.name() || !mark(name));
    let told = told.map(|(name, change)| format!("{name}: {} -> {}{}{}", change.old, change.new, steps(write, name), rule_text(change)));
    parts.extend(told);
    parts.join("; ")
}

/// That it goes in two steps, where the system takes it only so.
fn steps(write: &PlannedWrite, name: &String) -> &'static str {
    if write.cleared_first.contains(name) { " (in two steps: cleared, then set)" } else { "" }
}

fn rule_text(change: &FieldChange) -> String {
    if change.rule.is_empty() { String::new() } else { format!("  [{}]", change.rule) }
}

/// What is not shown one by one.
fn rest(totals: &Totals, shown: &[PlannedWrite]) -> Option<String> {
    let left = |called: &str, all: usize| all.saturating_sub(shown.iter().filter(|w| w.called() == called).count());
    let rest = [
        (left("hold", totals.hold), "hold", "holds"),
        (left("release", totals.release.saturating_sub(totals.permit)), "release", "releases"),
        (left("permit", totals.permit), "permit", "permits"),
        (left("update", totals.update), "update", "updates"),
    ];
    let told: Vec<String> = rest.into_iter().filter(|(left, ..)| *left > 0).map(|(left, one, many)| counted(left, one, many)).collect();
    (!told.is_empty()).then(|| format!("and {} more (--json shows all)", told.join(", ")))
}

/// A plan that waits, in one line; `who` is whom or what it is about.
pub fn waiting_text(waiting: &Waiting, who: &str) -> String {
    let Waiting { plan, kind, why, .. } = waiting;
    format!("waits for `nayose approve {plan}`: {kind} ({}) {why}; for example {who}", waiting.counted())
}

/// Values that differ and of which nobody knows which is newer.
fn by_order_text(told: &DecidedByOrder) -> Vec<String> {
    let DecidedByOrder { values, people, examples } = told;
    let head = format!(
        "{} of {} decided by the order of their rule: nobody knows which is the newer. Where a system that counts as much has another \
         value of its own, that one stays (differs, age unknown) until one of them is seen to change; for example",
        counted(*values, "value", "values"),
        counted(*people, "person is", "people are"),
    );
    let line = |d: &Differs| {
        let left: Vec<String> = d.left.iter().map(|(record, value)| format!("{value} in {record}")).collect();
        format!("  {}: {} from {}; not {}  [{}]", d.field, d.value, d.from, left.join(", "), d.rule)
    };
    std::iter::once(head).chain(examples.iter().map(line)).collect()
}

/// Statuses that stay as they are.
fn kept_text(kept: &StatusesKept) -> Vec<String> {
    let StatusesKept { records, examples } = kept;
    let head = format!("forward_only: {} not told a lower status; for example", counted(*records, "record is", "records are"));
    let line =
        |LeftStatus { record, shows, not_written, why }: &LeftStatus| format!("  {record} shows {shows}, not {not_written:?}: {why}");
    std::iter::once(head).chain(examples.iter().map(line)).collect()
}

/// What rests on not having seen something, in one line.
fn undecided_text(left: &LeftUndecided) -> String {
    let LeftUndecided { statuses, fields, why } = left;
    let told = |count: usize, what: &str| (count > 0).then(|| format!("{what} of {}", counted(count, "person", "people")));
    let who: Vec<String> = told(*statuses, "the status").into_iter().chain(told(*fields, "a field")).collect();
    format!("left as it is until more is read: {}; {why}", who.join(" and "))
}

/// One planned write, a line for it and one for each field.
pub fn write_lines(write: &PlannedWrite) -> Vec<String> {
    let why = if write.reasons.is_empty() { String::new() } else { format!("  because {}", write.reasons.join(", ")) };
    let first = format!("  {:<7} {}:{}:{}{why}", write.op, write.system, write.entity, write.id);
    let field = |(name, change): (&String, &FieldChange)| {
        format!("            {name}: {} -> {}{}{}", change.old, change.new, steps(write, name), rule_text(change))
    };
    [first].into_iter().chain(write.fields.iter().map(field)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::forward_only::KeptStatus;
    use crate::engine::guard::about::About;
    use serde_json::{Value as Json, json};

    fn write(op: &str, system: &str, (id, name): (&str, Option<&str>), fields: &[(&str, Json, Json, &str)]) -> PlannedWrite {
        let change = |(name, old, new, rule): &(&str, Json, Json, &str)| {
            (name.to_string(), FieldChange { old: old.clone(), new: new.clone(), rule: rule.to_string() })
        };
        PlannedWrite {
            system: system.into(),
            entity: "person".into(),
            id: id.into(),
            op: op.into(),
            person: format!("p_{name:?}"),
            name: name.map(String::from),
            address: name.map(|n| format!("{}@acme.example", n.split_whitespace().next().unwrap_or_default().to_lowercase())),
            reasons: if op == "hold" { vec!["open_deal_person".into()] } else { Vec::new() },
            fields: fields.iter().map(change).collect(),
            cleared_first: Vec::new(),
        }
    }

    fn waiting(kind: &str, count: usize, why: &str, samples: &[&str]) -> Waiting {
        Waiting {
            plan: "w_0123abcd".into(),
            kind: kind.into(),
            count,
            limit: 200,
            why: why.into(),
            about: match kind {
                "update" => About::Updates { system: "ma".into() },
                _ => About::Releases { system: "ma".into() },
            },
            samples: samples.iter().map(ToString::to_string).collect(),
            people: if kind == "release" { ["Ken Abe <ken@acme.example>", "Yui Ito"].map(String::from).into() } else { Vec::new() },
        }
    }

    #[test]
    fn what_waits_is_told_with_number_reason_and_samples() {
        let update = write("update", "ma", ("17", Some("Ken Abe")), &[("title", json!("Chief"), json!("Clerk"), "precedence.toml:5")]);
        let plan = Plan {
            writes: vec![update],
            totals: Totals { update: 1200, ..Totals::default() },
            unprotected_by: [("ma".into(), crate::engine::answers::unprotected::Unprotected { open_deals: 1, ..Default::default() })]
                .into(),
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
            forward_only: Some(StatusesKept {
                records: 12,
                examples: [("customer", KeptStatus::Higher), ("Partner", KeptStatus::NotOurs)]
                    .map(|(shows, kept)| LeftStatus {
                        record: "ma:person:17".into(),
                        shows: json!(shows),
                        not_written: "lead".into(),
                        why: kept.why().into(),
                    })
                    .into(),
            }),
            ..Plan::default()
        };
        insta::assert_snapshot!(text(&plan));
    }

    #[test]
    fn holds_come_first_with_name_address_and_why_and_the_rest_is_counted() {
        let block = ("block", json!(false), json!(true), "policy.toml:9");
        let why = ("why", Json::Null, json!("open_deal_person"), "policy.toml:9");
        let status = ("status", json!("lead"), json!("opportunity"), "policy.toml:3");
        let hanako = ("17", Some("Hanako\nMori"));
        let mut writes = vec![
            write("hold", "ma", hanako, &[block.clone(), why.clone(), status]),
            write("hold", "ma", ("18", hanako.1), &[block.clone(), why.clone()]),
            write("hold", "ma", ("19", hanako.1), &[block.clone(), why]),
            write("hold", "news", ("4", None), &[block]),
            write("release", "ma", ("20", Some("Yui Ito")), &[("block", json!(true), json!(false), "")]),
        ];
        let scored =
            |n: usize| write("update", "crm", (&n.to_string(), Some("Ken Abe")), &[("score", Json::Null, json!(n), "precedence.toml:4")]);
        writes.extend((1..=45).map(scored));
        let plan = Plan { writes, totals: Totals { hold: 4, release: 2, update: 1200, ..Totals::default() }, ..Plan::default() };
        let told = text(&plan);
        let (first, last): (Vec<&str>, Option<&str>) = (told.lines().take(10).collect(), told.lines().last());
        assert_eq!(told.lines().count(), 1 + 5 + 4 + 44 + 1, "heads, people, and the rest: {told}");
        insta::assert_snapshot!(format!("{}\n(..)\n{}", first.join("\n"), last.unwrap_or_default()));
    }

    #[test]
    fn what_could_not_be_read_counts_before_what_is_to_be_written() {
        let writes = vec![write("hold", "ma", ("17", Some("Ken Abe")), &[])];
        let errors = vec!["crm.deals: down".to_string()];
        assert_eq!(exit(&Plan { writes: writes.clone(), errors: errors.clone(), ..Plan::default() }), Exit::Failures);
        assert_eq!(exit(&Plan { errors, ..Plan::default() }), Exit::Failures);
        assert_eq!(exit(&Plan { writes, ..Plan::default() }), Exit::SomethingToWrite);
        assert_eq!(exit(&Plan::default()), Exit::Done);
    }
}
