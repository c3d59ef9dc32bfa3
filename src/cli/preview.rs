//! `nayose plan --rules`

use super::args::{Common, ReaderLanguage};
use super::spreadsheet::csv;
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::export::Sheet;
use crate::engine::answers::preview::{FieldTotals, Preview, PreviewedChange};
use page_words::{ENGLISH, PageWords};
use serde_json::Value as Json;
use std::path::{Path, PathBuf};

pub async fn preview(common: &Common, folder: PathBuf, file: Option<PathBuf>, language: Option<ReaderLanguage>) -> Exit {
    // A daemon has another working folder.
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let bar = output::progress("trying the rules on everyone");
    let command = Command::Preview { folder, all: common.json || file.is_some() };
    let reply = open::ask_and_watch(common, command, open::StateNeed::Needed, &bar).await;
    bar.finish_and_clear();
    let preview = match reply {
        Ok(Reply::Preview(preview)) => preview,
        other => return open::unexpected(common, other),
    };
    if let Some(file) = &file
        && let Err(why) = write(file, &preview)
    {
        return common.end(Exit::Refused, &why);
    }
    if common.json {
        output::json(&preview);
    } else {
        let words = match language.unwrap_or_else(ReaderLanguage::of_the_locale) {
            ReaderLanguage::En => &ENGLISH,
            ReaderLanguage::Ja => &japanese::JAPANESE,
        };
        output::data(&text(&preview, words));
    }
    if preview.is_empty() { Exit::Done } else { Exit::SomethingToWrite }
}

/// Writes all changes as CSV, as spreadsheets take it.
fn write(file: &Path, preview: &Preview) -> Result<(), String> {
    let of_file = |why: &dyn std::fmt::Display| format!("{} cannot be written: {why}; name another file by --csv", file.display());
    let (text, changed) = csv(&sheet(&preview.changes), false).map_err(|why| of_file(&why))?;
    std::fs::write(file, text).map_err(|why| of_file(&why))?;
    changed.told("--json").iter().for_each(|told| output::note(told));
    Ok(())
}

fn sheet(changes: &[PreviewedChange]) -> Sheet {
    let row = |change: &PreviewedChange| {
        let PreviewedChange { harm, record, who, field, old, new, rule } = change;
        let who = who.as_deref().map_or(Json::Null, Json::from);
        vec![record.as_str().into(), who, field.as_str().into(), old.clone(), new.clone(), harm.told().into(), rule.as_str().into()]
    };
    let columns = ["record", "person", "field", "old", "new", "effect", "rule"].map(String::from).into();
    Sheet { columns, rows: changes.iter().map(row).collect() }
}

/// For a reader: what matters first.
fn text(preview: &Preview, words: &PageWords) -> String {
    let mut lines = (words.said)(preview);
    if preview.is_empty() {
        lines.push(words.nothing.into());
    }
    if !preview.totals.is_empty() {
        let mut table = output::table(&words.columns);
        for FieldTotals { system, field, rule, counts } in &preview.totals {
            let numbers = [counts.overwritten, counts.emptied, counts.form, counts.filled].map(|count| count.to_string());
            let mut row = vec![system.to_string(), field.clone()];
            row.extend(numbers);
            row.push(rule.clone());
            table.add_row(row);
        }
        lines.extend(table.lines());
    }
    if !preview.frequent.is_empty() {
        lines.push(words.most_frequent.into());
        lines.extend(preview.frequent.iter().map(|change| format!("  {}", (words.frequent)(change))));
    }
    if !preview.worst.is_empty() {
        lines.push(words.the_worst.into());
        lines.extend(preview.worst.iter().map(|change| worst(change, words)));
    }
    lines.extend(preview.notes.iter().map(|note| format!("{} {note}", words.left_out)));
    lines.extend(preview.plan.as_ref().map(|plan| if preview.waits { (words.waits)(plan) } else { words.counts_at_once.into() }));
    lines.extend((preview.decisions.released > 0).then(|| words.widens.into()));
    output::lines(&lines)
}

fn worst(change: &PreviewedChange, words: &PageWords) -> String {
    let PreviewedChange { harm, record, who, field, old, new, rule } = change;
    let who = who.as_deref().map(|who| format!("{who}  ")).unwrap_or_default();
    format!("  {}: {who}{record}  {field}: {old} -> {new}  [{rule}]", (words.harm)(*harm))
}

mod japanese;
mod page_words;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::answers::preview::{DecisionCounts, FrequentChange, Harm};
    use crate::engine::assess::edit_tally::ChangeCounts;
    use serde_json::json;

    fn preview() -> Preview {
        let counts = ChangeCounts { overwritten: 590, emptied: 10, form: 4, filled: 300 };
        let total = |field: &str, rule: &str, counts| FieldTotals { system: "ma".into(), field: field.into(), rule: rule.into(), counts };
        let change = |harm, record: &str, field: &str, old: Json, new: Json, rule: &str| PreviewedChange {
            harm,
            record: record.into(),
            who: Some("Ken Abe <ken@acme.example>".into()),
            field: field.into(),
            old,
            new,
            rule: rule.into(),
        };
        Preview {
            plan: Some("e_0123abcd".into()),
            waits: true,
            totals: vec![
                total("title", "precedence.toml:3", counts),
                total("status", "policy.toml:2", ChangeCounts { overwritten: 40, ..ChangeCounts::default() }),
            ],
            lost: 12,
            statuses: 40,
            decisions: DecisionCounts { released: 214, held: 0 },
            frequent: vec![FrequentChange {
                system: "ma".into(),
                field: "title".into(),
                old: json!("Clerk"),
                new: json!("Chief"),
                count: 31,
            }],
            worst: vec![
                change(
                    Harm::Released,
                    "crm:person:7",
                    "decision",
                    json!("open_deal_person"),
                    json!("may be mailed"),
                    "policy.toml or consent.toml",
                ),
                change(Harm::LostForGood, "ma:person:17", "title", json!("Boss\nof all"), Json::Null, "precedence.toml:3"),
            ],
            changes: Vec::new(),
            notes: vec!["news: nothing is written to it before `nayose approve news`".into()],
        }
    }

    #[test]
    fn what_matters_comes_first_then_numbers_then_examples() {
        insta::assert_snapshot!(text(&preview(), &ENGLISH));
        insta::assert_snapshot!("in_japanese", text(&preview(), &japanese::JAPANESE));
        assert_eq!(text(&Preview::default(), &japanese::JAPANESE), "このルールでは何も変わりません");
        insta::assert_snapshot!(text(&Preview { plan: Some("e_1".into()), ..Preview::default() }, &ENGLISH));
        assert_eq!(text(&Preview::default(), &ENGLISH), "these rules would change nothing");
    }

    #[test]
    fn all_changes_are_a_table_that_a_spreadsheet_opens() {
        let mut changes = preview().worst;
        changes[0].old = json!("=1+1");
        let (text, _) = csv(&sheet(&changes), false).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "record,person,field,old,new,effect,rule");
        assert_eq!(
            lines[1],
            "crm:person:7,Ken Abe <ken@acme.example>,decision,'=1+1,may be mailed,un-suppressed,policy.toml or consent.toml"
        );
        assert_eq!(lines.len(), 3);
    }
}
