//! `nayose undo`

use super::args::Common;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::history::narrowed::UndoOnly;
use crate::engine::history::set_back::Undo;
use crate::model::{Span, Time, counted};
use serde_json::json;

/// Records shown one by one in text; `--json` has them all.
const SHOWN_MAX: usize = 50;

pub async fn undo(common: &Common, run: Option<String>, since: Option<String>, only: UndoOnly) -> Exit {
    if run.is_none() && only.import.is_none() {
        return runs(common).await;
    }
    let since = match since.as_deref().map(|s| time(s, open::clock()())).transpose() {
        Ok(since) => since,
        Err(why) => {
            return common.end(Exit::Refused, &why);
        }
    };
    match open::ask(common, Command::Undo { run, since, only }, open::StateNeed::Needed).await {
        Ok(Reply::Undo(undo)) => {
            if common.json {
                output::json(&undo);
            } else {
                output::data(&text(&undo));
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

async fn runs(common: &Common) -> Exit {
    match open::ask(common, Command::Runs, open::StateNeed::Needed).await {
        Ok(Reply::Runs(runs)) => {
            if common.json {
                output::json(&json!({ "runs": runs }));
            } else if runs.is_empty() {
                output::note("no field was written in the last 30 days");
            } else {
                let mut table = output::table(&["run", "first write", "last write", "records"]);
                for run in runs {
                    table.add_row(vec![run.run, run.from, run.to, run.records.to_string()]);
                }
                output::data(&table.to_string());
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

/// `2h` ago, or a moment as `2026-11-21T09:00:00Z`.
fn time(text: &str, now: Time) -> Result<Time, String> {
    if let Ok(span) = text.parse::<Span>() {
        return Ok(now.minus(span));
    }
    let moment: Result<jiff::Timestamp, _> = text.parse();
    moment.map(|t| Time(t.as_millisecond())).map_err(|_| {
        format!("--since {text:?} is no time; write how long ago (\"2h\", \"30m\") or the moment with its zone (\"2026-11-21T09:00:00Z\")")
    })
}

/// What would be set back, for a reader.
pub fn text(undo: &Undo) -> String {
    let fields: usize = undo.writes.iter().map(|w| w.fields.len()).sum();
    let what = match (&undo.run, &undo.import) {
        (Some(run), None) => format!("run {run}"),
        (Some(run), Some(file)) => format!("run {run}, out of {file}"),
        (None, file) => format!("out of {}", file.as_deref().unwrap_or_default()),
    };
    let mut lines = vec![format!(
        "{what}: to be set back: {} of {}",
        counted(fields, "field", "fields"),
        counted(undo.writes.len(), "record", "records")
    )];
    if !undo.complete {
        let whose = if undo.run.is_some() { "its first writes" } else { "the first writes of some run" };
        lines.push(format!("{whose} are not kept any more: those stay as they are"));
    }
    lines.extend(undo.writes.iter().take(SHOWN_MAX).flat_map(super::plan::write_lines));
    if undo.writes.len() > SHOWN_MAX {
        lines.push(format!("  and {} more (--json shows all)", undo.writes.len() - SHOWN_MAX));
    }
    if !undo.left_out.is_empty() {
        lines.push(format!("left as it is: {}", counted(undo.left_out.len(), "field", "fields")));
        lines.extend(undo.left_out.iter().take(SHOWN_MAX).map(|l| format!("  {} {}: {}", l.record, l.field, l.why)));
        if undo.left_out.len() > SHOWN_MAX {
            lines.push(format!("  and {} more (--json shows all)", undo.left_out.len() - SHOWN_MAX));
        }
    }
    if undo.still_wanted > 0 {
        let (them, run) = (counted(undo.still_wanted, "field", "fields"), undo.run.as_deref().unwrap_or_default());
        lines.push(format!(
            "{them} of these: the rules of now still want what the run wrote. If a rule is wrong, mend it first, or name what is wrong: `nayose undo {run} --rule RULE` or `--field FIELD`"
        ));
    }
    if undo.import.is_some() && undo.plan.is_some() {
        lines.push("mend the list too: what is set back is left alone only until something else is wanted there".into());
    }
    match &undo.plan {
        Some(plan) => lines.push(format!("nothing is written before `nayose approve {plan}`")),
        None => lines.push("there is nothing to set back".into()),
    }
    output::lines(&lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::history::set_back::LeftOut;
    use crate::engine::target::planned::{FieldChange, PlannedWrite};

    #[test]
    fn an_undo_shows_what_it_would_set_back_and_what_not() {
        let change = FieldChange { old: json!("Clerk"), new: json!("Chief"), rule: "undo r_1".into() };
        let write = PlannedWrite {
            system: "ma".into(),
            entity: "person".into(),
            id: "17".into(),
            op: "update".into(),
            person: "p_1".into(),
            name: None,
            address: None,
            reasons: Vec::new(),
            fields: [("title".to_string(), change)].into(),
            cleared_first: Vec::new(),
        };
        let left = LeftOut { record: "ma:person:9".into(), field: "phone".into(), why: "it was changed since".into() };
        let undo = Undo {
            run: Some("r_1".into()),
            import: None,
            plan: Some("w_0123abcd".into()),
            writes: vec![write],
            left_out: vec![left],
            still_wanted: 1,
            complete: false,
        };
        insta::assert_snapshot!(text(&undo));
        let nothing = Undo { plan: None, writes: Vec::new(), left_out: Vec::new(), still_wanted: 0, complete: true, ..undo };
        insta::assert_snapshot!(text(&nothing));
        let of_file = |run: Option<&str>| {
            let (run, import) = (run.map(String::from), Some("inbox/cards.csv".into()));
            text(&Undo { run, import, complete: false, ..nothing.clone() })
        };
        insta::assert_snapshot!([of_file(None), of_file(Some("r_1"))].join("\n"), @r"
        out of inbox/cards.csv: to be set back: 0 fields of 0 records
        the first writes of some run are not kept any more: those stay as they are
        there is nothing to set back
        run r_1, out of inbox/cards.csv: to be set back: 0 fields of 0 records
        its first writes are not kept any more: those stay as they are
        there is nothing to set back
        ");
    }

    #[test]
    fn a_time_is_how_long_ago_or_a_moment_with_its_zone() {
        let now = Time(10_000_000);
        for (said, want) in [
            ("2h", Some(Time(2_800_000))),
            ("1970-01-01T00:00:05Z", Some(Time(5_000))),
            ("1970-01-01T09:00:05+09:00", Some(Time(5_000))),
            ("1970-01-01T09:00:05", None),
            ("yesterday", None),
        ] {
            assert_eq!(time(said, now).ok(), want, "{said}");
        }
    }
}
