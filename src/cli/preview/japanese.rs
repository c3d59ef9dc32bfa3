//! The page of `plan --rules` in Japanese. Names of systems, fields and rules stay as they are.

use super::page_words::PageWords;
use crate::engine::answers::preview::{Harm, Preview};

pub(super) const JAPANESE: PageWords = PageWords {
    said,
    nothing: "このルールでは何も変わりません",
    columns: ["システム", "項目", "上書き", "空にする", "形だけ違う", "新たに入る", "ルール"],
    frequent: |c| format!("{} 件  {} の {}: {} -> {}", c.count, c.system, c.field, c.old, c.new),
    most_frequent: "多い変更:",
    the_worst: "影響の大きいもの:",
    harm: told,
    left_out: "この数に入らないもの:",
    waits: |plan| format!("保存すると `nayose approve {plan}` を待ちます。先に承認しておけば、保存してすぐ使われます"),
    counts_at_once: "保存するとすぐ使われます。書き換える件数が少ないため、確認は求めません",
    widens: "メールを送れる人が増える変更は、保存しても承認を待ちます。承認するプランは `nayose status` に出ます",
};

/// What matters, in words.
fn said(preview: &Preview) -> Vec<String> {
    let emptied: usize = preview.totals.iter().map(|total| total.counts.emptied).sum();
    let said = [
        (preview.decisions.released, format!("{} 人の一時停止が解け、メールを送れるようになります", preview.decisions.released)),
        (preview.decisions.held, format!("新たに {} 人が一時停止になります", preview.decisions.held)),
        (preview.lost, format!("人が入力し、ほかのシステムにない値 {} 件が失われます", preview.lost)),
        (emptied, format!("値 {emptied} 件が空になります")),
        (preview.statuses, format!("ステータス {} 件が変わります", preview.statuses)),
    ];
    said.into_iter().filter(|(count, _)| *count > 0).map(|(_, said)| said).collect()
}

fn told(harm: Harm) -> &'static str {
    match harm {
        Harm::Released => "一時停止が解ける",
        Harm::LostForGood => "失われる",
        Harm::Emptied => "空になる",
        Harm::Overwritten => "上書き",
        Harm::Held => "一時停止になる",
        Harm::Form => "形だけ違う",
        Harm::Filled => "新たに入る",
    }
}
