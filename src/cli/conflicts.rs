//! `nayose conflicts`

use super::args::{Common, ConflictsArgs, ReaderLanguage};
use super::{Exit, open, output};
use crate::daemon::commands::{Command, Reply};
use crate::engine::answers::conflicts::{Conflict, ConflictKind, Conflicts};
use crate::model::counted;

pub async fn conflicts(common: &Common, args: ConflictsArgs) -> Exit {
    let ConflictsArgs { field, limit, told } = args;
    match open::ask(common, Command::Conflicts { field, limit }, open::StateNeed::Needed).await {
        Ok(Reply::Conflicts(found)) => {
            match common.json {
                true => output::json(&found),
                false => output::data(&output::lines(&lines(told.language(), &found))),
            }
            Exit::Done
        }
        other => open::unexpected(common, other),
    }
}

fn lines(language: ReaderLanguage, found: &Conflicts) -> Vec<String> {
    let mut lines: Vec<String> = found.conflicts.iter().map(|conflict| line(language, conflict)).collect();
    let (mut invalid, mut differ) = (0, 0);
    for (field, totals) in &found.totals {
        (invalid, differ) = (invalid + totals.not_valid, differ + totals.differs);
        lines.push(language.says(
            format!("{field}: {} not valid, {} in disagreement", totals.not_valid, totals.differs),
            format!("{field}: 正しくない値 {} 件、システム間の食い違い {} 件", totals.not_valid, totals.differs),
        ));
    }
    let not_shown = invalid + differ - found.conflicts.len();
    let more = match not_shown {
        0 => String::new(),
        _ => {
            language.says(format!("; {not_shown} are not shown (--limit NUMBER)"), format!("。ほか {not_shown} 件（--limit 件数 で表示）"))
        }
    };
    let (values, fields) = (counted(invalid, "value", "values"), counted(differ, "field", "fields"));
    let differs = if differ == 1 { "differs" } else { "differ" };
    lines.push(match invalid + differ {
        0 => language.says("no conflicts", "確認が必要な値はありません").into(),
        _ => language.says(
            format!("{values} cannot be true, {fields} {differs} between systems{more}"),
            format!("合計: 正しくない値 {invalid} 件、食い違い {differ} 件{more}"),
        ),
    });
    lines
}

/// `phone  differs    佐藤 太郎 <taro@sato.example>  crm:person:5 "03-1111-1111" (counts), support:person:9 "03-2222-2222"  [precedence.toml:4]`
fn line(language: ReaderLanguage, conflict: &Conflict) -> String {
    let kind = match conflict.kind {
        ConflictKind::NotValid => language.says("not valid", "正しくない"),
        ConflictKind::Differs => language.says("differs  ", "食い違い  "),
    };
    let values = conflict.values.iter().map(|v| {
        let mark = match (v.counts, v.typed) {
            (true, true) => language.says(" (counts, typed)", "（採用、人が入力）"),
            (true, false) => language.says(" (counts)", "（採用）"),
            (false, true) => language.says(" (typed)", "（人が入力）"),
            (false, false) => "",
        };
        format!("{} {}{mark}", v.record, v.value)
    });
    let person = conflict.person.as_ref().map(|person| format!("{person}  ")).unwrap_or_default();
    format!("{}  {kind}  {person}{}  [{}]", conflict.field, values.collect::<Vec<_>>().join(", "), conflict.rule)
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
                    person: Some("佐藤 太郎 <taro@sato.example>".into()),
                    rule: "precedence.toml:14".into(),
                    values: vec![value("crm:person:5", "内線 12", false)],
                },
                Conflict {
                    kind: ConflictKind::Differs,
                    field: "phone".into(),
                    person: None,
                    rule: "precedence.toml:4".into(),
                    values: vec![value("crm:person:6", "03-1111-1111", true), value("support:person:9", "03-2222-2222", false)],
                },
            ],
            totals: [("phone".to_string(), ConflictTotals { not_valid: 1, differs: 3 })].into(),
        };
        for (language, name) in [(ReaderLanguage::En, "en"), (ReaderLanguage::Ja, "ja")] {
            insta::assert_snapshot!(format!("conflicts_{name}"), lines(language, &found).join("\n"));
        }
        assert_eq!(lines(ReaderLanguage::En, &Conflicts::default()), ["no conflicts"]);
    }
}
