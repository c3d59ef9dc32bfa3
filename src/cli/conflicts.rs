//! `nayose conflicts`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::conflicts::{Conflict, ConflictKind, Conflicts};
use crate::model::counted;

pub async fn conflicts(common: &Common, field: Option<String>, limit: usize) -> Exit {
    match open::ask(common, Command::Conflicts { field, limit }, open::StateNeed::Needed).await {
        Ok(Reply::Conflicts(found)) => {
            match common.json {
                true => output::json(&found),
                false => output::data(&lines(&found).join("\n")),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

fn lines(found: &Conflicts) -> Vec<String> {
    let mut lines: Vec<String> = found.conflicts.iter().map(line).collect();
    let (mut invalid, mut differ) = (0, 0);
    for (field, totals) in &found.totals {
        (invalid, differ) = (invalid + totals.not_valid, differ + totals.differs);
        lines.push(format!("{field}: {} not valid, {} in disagreement", totals.not_valid, totals.differs));
    }
    let not_shown = invalid + differ - found.conflicts.len();
    let more = if not_shown > 0 { format!("; {not_shown} are not shown (--limit NUMBER)") } else { String::new() };
    lines.push(match invalid + differ {
        0 => "no conflicts".into(),
        _ => format!(
            "{} cannot be true, {} differ between systems{more}",
            counted(invalid, "value", "values"),
            counted(differ, "field", "fields")
        ),
    });
    lines
}

/// `phone  differs    crm:person:5 "03-1111-1111" (counts), support:person:9 "03-2222-2222" (typed)  [precedence.toml:4]`
fn line(conflict: &Conflict) -> String {
    let kind = match conflict.kind {
        ConflictKind::NotValid => "not valid",
        ConflictKind::Differs => "differs  ",
    };
    let values = conflict.values.iter().map(|v| {
        let mark = match (v.counts, v.typed) {
            (true, true) => " (counts, typed)",
            (true, false) => " (counts)",
            (false, true) => " (typed)",
            (false, false) => "",
        };
        format!("{} {}{mark}", v.record, v.value)
    });
    format!("{}  {kind}  {}  [{}]", conflict.field, values.collect::<Vec<_>>().join(", "), conflict.rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::answers::conflicts::{ConflictTotals, ConflictingValue};

    #[test]
    fn each_conflict_is_a_line_and_those_that_are_not_shown_are_counted() {
        let value =
            |record: &str, value: &str, counts| ConflictingValue { record: record.into(), value: value.into(), counts, typed: !counts };
        let found = Conflicts {
            conflicts: vec![
                Conflict {
                    kind: ConflictKind::NotValid,
                    field: "phone".into(),
                    rule: "precedence.toml:4".into(),
                    values: vec![value("crm:person:5", "内線 12", false)],
                },
                Conflict {
                    kind: ConflictKind::Differs,
                    field: "phone".into(),
                    rule: "precedence.toml:4".into(),
                    values: vec![value("crm:person:6", "03-1111-1111", true), value("support:person:9", "03-2222-2222", false)],
                },
            ],
            totals: [("phone".to_string(), ConflictTotals { not_valid: 1, differs: 3 })].into(),
        };
        insta::assert_snapshot!(lines(&found).join("\n"));
        assert_eq!(lines(&Conflicts::default()), ["no conflicts"]);
    }
}
