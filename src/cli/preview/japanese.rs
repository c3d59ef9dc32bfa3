//! The page of `plan --rules` in Japanese. Names of systems, fields and rules stay as they are.

use crate::cli::output;
use crate::engine::answers::preview::{FieldTotals, Harm, Preview, PreviewedChange};

/// For a reader: what matters first.
pub(super) fn text(preview: &Preview) -> String {
    let mut lines = said(preview);
    if preview.is_empty() {
        lines.push("このルールでは何も変わりません".into());
    }
    if !preview.totals.is_empty() {
        let mut table = output::table(&["システム", "項目", "上書き", "空にする", "形だけ違う", "新たに入る", "ルール"]);
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
        lines.push("多い変更:".into());
        lines.extend(preview.frequent.iter().map(|c| format!("  {} 件  {} の {}: {} -> {}", c.count, c.system, c.field, c.old, c.new)));
    }
    if !preview.worst.is_empty() {
        lines.push("影響の大きいもの:".into());
        lines.extend(preview.worst.iter().map(worst));
    }
    lines.extend(preview.notes.iter().map(|note| format!("この数に入らないもの: {note}")));
    lines.extend(preview.plan.as_ref().map(|plan| match preview.waits {
        true => format!("保存すると `nayose approve {plan}` を待ちます。先に承認しておけば、保存してすぐ使われます"),
        false => "保存するとすぐ使われます。書き換える件数が少ないため、確認は求めません".into(),
    }));
    output::lines(&lines)
}

/// What matters, in words.
fn said(preview: &Preview) -> Vec<String> {
    let emptied: usize = preview.totals.iter().map(|total| total.counts.emptied).sum();
    let said = [
        (preview.decisions.released, format!("{} 人の配信停止が解けます", preview.decisions.released)),
        (preview.decisions.held, format!("新たに {} 人が保留になります", preview.decisions.held)),
        (preview.lost, format!("人が入力し、ほかのシステムにない値 {} 件が失われます", preview.lost)),
        (emptied, format!("値 {emptied} 件が空になります")),
        (preview.statuses, format!("ステータス {} 件が変わります", preview.statuses)),
    ];
    said.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect()
}

fn worst(change: &PreviewedChange) -> String {
    let PreviewedChange { harm, record, who, field, old, new, rule } = change;
    let who = who.as_deref().map(|who| format!("{who}  ")).unwrap_or_default();
    format!("  {}: {who}{record}  {field}: {old} -> {new}  [{rule}]", told(*harm))
}

fn told(harm: Harm) -> &'static str {
    match harm {
        Harm::Released => "停止が解ける",
        Harm::LostForGood => "失われる",
        Harm::Emptied => "空になる",
        Harm::Overwritten => "上書き",
        Harm::Held => "保留になる",
        Harm::Form => "形だけ違う",
        Harm::Filled => "新たに入る",
    }
}
