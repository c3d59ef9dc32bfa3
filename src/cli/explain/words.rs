//! What `explain` says, in English and Japanese. Codes, names of systems and rules stay as they are in both.

use super::why::WHY;
use crate::cli::args::ReaderLanguage;
use crate::decide::forward_only::KeptStatus;
use crate::engine::answers::field_in_targets::InTarget;
use crate::engine::answers::left_alone::NO_CODE;
use crate::engine::target::Parked;
use crate::model::Time;
use serde_json::Value as Json;

/// The words of one language.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words(pub(super) ReaderLanguage);

/// Why something is not written for now.
const PARKED: [(Parked, &str); 3] = [
    (Parked::GivenUp, "元に戻したか、書き込みを取りやめた。別の値になれば書き込む"),
    (
        Parked::DoesNotStay { since: Time(0) },
        "書き込んでも残らない。ほかの何か（ワークフロー、別のツール）が戻しているか、システムが保存していない",
    ),
    (
        Parked::FlipFlops { since: Time(0) },
        "1 日に 6 回書き込んでも、まだ別の値になる。2 つのシステムが上書きし合っているか、書いた値が変えられている",
    ),
];

/// Why a target keeps the status that it shows.
const KEPT_STATUSES: [(KeptStatus, &str); 2] = [
    (KeptStatus::Higher, "forward_only のため変えない。すでにより上位のステータスがある"),
    (KeptStatus::NotOurs, "forward_only のため変えない。[status] にない値がある"),
];

impl Words {
    fn in_japanese(self) -> bool {
        matches!(self.0, ReaderLanguage::Ja)
    }

    fn of(self, english: String, japanese: String) -> String {
        if self.in_japanese() { japanese } else { english }
    }

    fn just(self, english: &'static str, japanese: &'static str) -> &'static str {
        if self.in_japanese() { japanese } else { english }
    }

    pub(super) fn decision(self, subject: &str, decision: &str, reasons: &[String]) -> String {
        let (english, japanese) = match reasons {
            [] => (String::new(), String::new()),
            some => (format!(" because {}", some.join(", ")), format!("（理由: {}）", some.join(", "))),
        };
        let word = match decision {
            "allow" => "送信可 (allow)",
            "deny" => "送信不可 (deny)",
            _ => "一時停止 (hold)",
        };
        self.of(format!("{subject}: {decision} for a campaign{english}"), format!("{subject}: キャンペーンメールは{word}{japanese}"))
    }

    pub(super) fn person(self, id: &str) -> String {
        self.of(format!("person {id}"), format!("人物 {id}"))
    }

    pub(super) fn record(self, record: &str, proof: &str, value: &str, gone: bool) -> String {
        let gone = if gone { self.just(" (not listed any more)", "（一覧にもうない）") } else { "" };
        if proof == "self" {
            return self.of(format!("  {record}{gone}  by itself"), format!("  {record}{gone}  単独"));
        }
        self.of(format!("  {record}{gone}  linked by {proof} {value}"), format!("  {record}{gone}  {proof} {value} で結び付け"))
    }

    pub(super) fn doubt(self, doubt: &str) -> String {
        self.of(format!("  doubt: {doubt}"), format!("  要確認: {doubt}"))
    }

    /// `by`: the system whose evidence alone counts.
    pub(super) fn status(self, value: &str, rule: &str, by: Option<&str>) -> String {
        let by = by.map(|by| self.of(format!(" by what {by} holds"), format!(" {by} の情報だけで判定"))).unwrap_or_default();
        self.of(format!("status {value}  [{rule}]{by}"), format!("ステータス {value}  [{rule}]{by}"))
    }

    pub(super) fn status_unknown(self, error: &str) -> String {
        self.of(format!("status unknown: {error}"), format!("ステータス不明: {error}"))
    }

    pub(super) fn no_status(self) -> &'static str {
        self.just("status: no rule is true", "ステータス: 当てはまるルールなし")
    }

    /// A change of the status: when, from what to what, by which rule, and what that rested on.
    pub(super) fn past_status(self, at: &str, (from, to): (Option<&str>, Option<&str>), rule: Option<&str>, because: &[String]) -> String {
        let none = self.just("no status", "ステータスなし");
        let (from, to) = (from.unwrap_or(none), to.unwrap_or(none));
        let rule = rule.map(|rule| format!("  [{rule}]")).unwrap_or_default();
        let rested_on = match because {
            [] => self.just("no rule before it is true", "これより上のルールはどれも当てはまらない").to_string(),
            some => self.of(format!("by {}", some.join(", ")), format!("根拠: {}", some.join("、"))),
        };
        format!("{at}  {from} -> {to}{rule}  {rested_on}")
    }

    pub(super) fn relationship(self, value: Option<&str>, rule: Option<&str>, error: Option<&str>) -> String {
        match (value, rule, error) {
            (Some(value), Some(rule), _) => self.of(format!("relationship {value}  [{rule}]"), format!("関係 {value}  [{rule}]")),
            (_, _, Some(error)) => self.of(format!("relationship unknown: {error}"), format!("関係不明: {error}")),
            _ => self.just("relationship: no rule is true", "関係: 当てはまるルールなし").to_string(),
        }
    }

    pub(super) fn end(self, until: Option<&str>, over: bool) -> String {
        match until {
            Some(until) => self.of(format!("until {until}"), format!("{until} まで")),
            None if over => {
                self.just("over, which counts once a system's clock was heard", "期限切れ。システムの時計を確認できしだい終わる").into()
            }
            None => self.just("with no end in sight", "終わりは未定").into(),
        }
    }

    pub(super) fn hold(self, hold: &str, cause: &str, reason: &str, since: &str, end: &str, kept: Option<&str>) -> String {
        let kept = kept.map(|k| self.of(format!("; kept: {k}"), format!("、継続の理由: {k}"))).unwrap_or_default();
        self.of(
            format!("hold {hold} by {cause} ({reason}), since {since}, {end}{kept}"),
            format!("一時停止 {hold}: 原因 {cause}（{reason}）、{since} から、{end}{kept}"),
        )
    }

    pub(super) fn refusal(self, scope: &str, on: &str, from: &str, at: &str) -> String {
        self.of(
            format!("refusal ({scope}) on {on}, first seen on {from} at {at}"),
            format!("配信拒否（{scope}）: {on}。{from} で {at} に初めて確認"),
        )
    }

    pub(super) fn field(self, name: &str, value: &Json, from: Option<&str>, rule: Option<&str>, says: Option<&str>) -> String {
        let from = from.map(|f| self.of(format!(" from {f}"), format!("（{f} より）"))).unwrap_or_default();
        let rule = rule.map(|r| format!("  [{r}]")).unwrap_or_default();
        let says = says.map(|text| format!(" {text}")).unwrap_or_default();
        format!("{name}: {value}{from}{rule}{says}")
    }

    pub(super) fn pinned(self, by: &str, because: &str, at: &str) -> String {
        self.of(
            format!("pinned by {by} at {at}, whatever the rule says: {because}"),
            format!("{by} が {at} に固定。ルールより優先する。理由: {because}"),
        )
    }

    pub(super) fn condition(self, condition: &str, no_otherwise: bool) -> String {
        if let Some(place) = condition.strip_prefix("case ") {
            return self.of(format!("case {place} of the rule counts"), format!("{place} 番目の場合 (case) を使う"));
        }
        let told = match condition {
            "true" => self.just("`when` is true: the first part counts", "when は真: 前半を使う"),
            "false" if no_otherwise => self.just(
                "`when` is false, and there is no `otherwise`: the field is left alone",
                "when は偽で otherwise もない: 項目は変えない",
            ),
            "otherwise" if no_otherwise => self.just(
                "no case holds, and there is no `otherwise`: the field is left alone",
                "どの場合 (case) にも当てはまらず otherwise もない: 項目は変えない",
            ),
            "false" => self.just("`when` is false: `otherwise` counts", "when は偽: otherwise を使う"),
            "otherwise" => self.just("no case holds: `otherwise` counts", "どの場合 (case) にも当てはまらない: otherwise を使う"),
            _ => self.just("`when` cannot be told: the field is left alone", "when を判定できない: 項目は変えない"),
        };
        told.to_string()
    }

    /// `from`: the record that all of the group come from.
    pub(super) fn group(self, field: &str, name: &str, fields: &[String], from: Option<&str>) -> String {
        let others: Vec<&str> = fields.iter().map(String::as_str).filter(|other| *other != field).collect();
        match from {
            Some(from) => self.of(
                format!("{name}: it goes with {}, all from {from}; as old as what changed last of them", others.join(", ")),
                format!("{name}: {} と一緒に {from} から採用。時期は、最後に変わった項目で決まる", others.join("、")),
            ),
            None => self.of(
                format!("{name}: it goes with {}, all from one record", others.join(", ")),
                format!("{name}: {} と一緒に 1 つのレコードから採用する", others.join("、")),
            ),
        }
    }

    pub(super) fn unknown(self, why: &str) -> String {
        self.of(format!("left as it is: {why}"), format!("そのままにする: {why}"))
    }

    pub(super) fn won(self) -> &'static str {
        self.just("won", "採用")
    }

    /// As wide as `won`.
    pub(super) fn not_won(self) -> &'static str {
        self.just("   ", "    ")
    }

    pub(super) fn age(self, by: &str, after: Option<&str>) -> String {
        match after {
            Some(after) if after == by => self.of(format!("set at {by}"), format!("{by} に設定")),
            Some(after) => self.of(format!("set between {after} and {by}"), format!("{after} と {by} の間に設定")),
            None => self.of(format!("set by {by} (its record's last change)"), format!("{by} まで（レコードの最終更新）に設定")),
        }
    }

    /// An age that the field's own history tells.
    pub(super) fn dated(self, at: &str, system: &str) -> String {
        self.of(format!("changed on {at}, told by {system}"), format!("{at} に変更（{system} の履歴による）"))
    }

    /// Who made the change, or where it came from, where that is known.
    pub(super) fn editor(self, copied_by: Option<&str>, file: Option<&str>, typed: bool) -> Option<String> {
        match (copied_by, file) {
            (Some(relay), _) => Some(self.of(format!("copy by {relay}"), format!("連携ユーザー {relay} によるコピー"))),
            (None, Some(file)) => Some(self.of(format!("out of {file}"), format!("{file} から"))),
            (None, None) => typed.then(|| self.just("typed by a person", "人が入力").to_string()),
        }
    }

    /// What a record held first, by a rule by which that stays.
    pub(super) fn first(self, value: &Json, since: &str) -> String {
        self.of(format!("first {value}, since {since}"), format!("最初の値 {value}（{since} から）"))
    }

    pub(super) fn why(self, why: &str) -> &str {
        let japanese = || WHY.iter().find(|(english, _)| *english == why).map(|(_, japanese)| *japanese);
        if self.in_japanese() { japanese().unwrap_or(why) } else { why }
    }

    pub(super) fn in_target(self, record: &str, shows: &Json, state: InTarget) -> String {
        let state = match state {
            InTarget::Stands => self.just("as it should be", "このままでよい"),
            InTarget::ItsForm => self.just("its own form of what was written", "書き込んだ値がこの形で入っている"),
            InTarget::ToWrite => self.just("to be written", "これから書き込む"),
            InTarget::KeepsOwn => {
                self.just("keeps its own: it differs, and nobody knows which is newer", "どちらが新しいか分からないため、そのまま残す")
            }
            InTarget::OnlyFilled => {
                self.just("keeps its own: the rule only fills what is empty", "このルールは空の項目だけを埋めるため、そのまま残す")
            }
            InTarget::PerhapsTyped => self.just(
                "kept: somebody typed it, or the system made it of what was written; nobody can tell yet",
                "人が入力したか、書き込んだ値をシステムが変えたかまだ分からないため、そのまま残す",
            ),
            InTarget::Emptied => self.just("stays empty: somebody emptied it there", "そこで消されたため、空のまま"),
            InTarget::Parked => self.just("not written for now", "今は書き込まない"),
            InTarget::Unread => self.just("it cannot be read, and is not written over", "読み取れないため、上書きしない"),
            InTarget::NoCode => {
                self.just("not written: the connector's map has no code for it", "コネクタの map にコードがないため、書き込まない")
            }
            InTarget::Left => self.just("left as it is", "変えない"),
        };
        self.of(format!("{record} shows {shows}: {state}"), format!("{record} の表示 {shows}: {state}"))
    }

    pub(super) fn unknown_code(self, record: &str, code: &str) -> String {
        self.of(
            format!("{record} holds the code {code:?}, which the connector's map does not know"),
            format!("{record} のコード {code:?} はコネクタの map にない"),
        )
    }

    pub(super) fn without_effect(self, names: &[&str]) -> String {
        let (count, names) = (names.len(), names.join(", "));
        self.of(
            format!("written nowhere and asked by no rule, {count} (--json shows them): {names}"),
            format!("どこにも書き込まれず、ルールでも使われない項目 {count} 件（--json で表示）: {names}"),
        )
    }

    pub(super) fn left_alone(self, field: &str, record: &str, value: &Json, why: &str, until: Option<&str>) -> String {
        let again = until.map(|until| {
            self.of(
                format!("; it is tried again at {until}, or after `nayose unpark {record} {field}`"),
                format!("。{until} か、`nayose unpark {record} {field}` の後に再び試す"),
            )
        });
        let again = again.unwrap_or_default();
        let parked = PARKED.iter().find(|(parked, _)| parked.why() == why).map(|(_, told)| *told);
        let kept = KEPT_STATUSES.iter().find(|(kept, _)| kept.why() == why).map(|(_, told)| *told);
        let in_japanese = match parked.or(kept) {
            Some(told) => told,
            None if why == NO_CODE => "コネクタの map にこの値のコードがない。マニフェストの map に加える",
            None => why,
        };
        self.of(
            format!("{field} of {record}: {value} is not written: {why}{again}"),
            format!("{record} の {field}: {value} は今は書き込まない: {in_japanese}{again}"),
        )
    }

    /// A write of before: the record, what stood there, and what was written.
    pub(super) fn was_written(self, at: &str, (record, old, new): (&str, &Json, &Json), rule: &str, run: &str) -> String {
        let rule = if rule.is_empty() { String::new() } else { format!("  [{rule}]") };
        match old.is_null() {
            true => self.of(
                format!("    {at}  {new} was written to {record}, where nothing stood{rule}  {run}"),
                format!("    {at}  {record} に {new} を書き込んだ（それまで空）{rule}  {run}"),
            ),
            false => self.of(
                format!("    {at}  {new} was written to {record}, where {old} stood{rule}  {run}"),
                format!("    {at}  {record} に {new} を書き込んだ（それまで {old}）{rule}  {run}"),
            ),
        }
    }

    pub(super) fn to_write(self) -> &'static str {
        self.just("to write:", "書き込み予定:")
    }

    /// Something of a record stands in a list.
    pub(super) fn in_list(self, record: &str, since: &str) -> String {
        self.of(
            format!("not in force yet: {record} is in a list since {since} that waits to be imported"),
            format!("まだ有効ではない: {record} は {since} からリストにあり、取り込みを待っている"),
        )
    }

    /// The one change that would have made a value win; `None`: there is no single one. `foremost`: the system that goes before all others.
    pub(super) fn would_have_won(self, from: &str, value: &Json, system: &str, foremost: Option<&str>, why: &str) -> Option<String> {
        let named_before = foremost.map(|foremost| {
            (format!("the rule named {system} before {foremost}"), format!("ルールで {system} が {foremost} より前に書かれていれば"))
        });
        let (english, japanese) = match why {
            "lower rank" => named_before?,
            "older" => ("somebody typed it anew".into(), "入力し直されていれば".into()),
            "later in the order, its age is not known" => {
                let (english, japanese) = named_before?;
                (format!("it were seen to change, or {english}"), format!("変更が確認されるか、{japanese}"))
            }
            "came after the first" | "perhaps as early, the order decides" => {
                ("somebody pinned it (`nayose pin`)".into(), "固定（`nayose pin`）されていれば".into())
            }
            "its record changed before, its age is not known" => ("it were seen to change".into(), "変更が確認されれば".into()),
            "too old" => ("`max_age` were longer".into(), "max_age がもっと長ければ".into()),
            "our own write" | "a copy, no news" => ("somebody typed it there".into(), "そこで人が入力していれば".into()),
            "not a source" => (format!("the rule named {system}"), format!("ルールに {system} が書かれていれば")),
            _ => return None,
        };
        Some(self.of(
            format!("    {value} of {from} would have won if {english}"),
            format!("    {from} の {value} は、{japanese}採用されていた"),
        ))
    }
}
