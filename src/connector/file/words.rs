//! The one word for what lists say in many.

use super::headers::plain;

/// Words for what somebody is in a contract. Another word stays as it is; none is never taken for a user.
pub(super) const ROLES: [(&str, &[&str]); 5] = [
    ("contract", &["契約窓口", "契約担当", "契約担当者", "契約者", "窓口", "contract"]),
    ("billing", &["請求先", "請求担当", "請求書送付先", "経理", "経理担当", "billing"]),
    ("user", &["利用者", "ユーザー", "ユーザ", "利用担当", "user"]),
    ("admin", &["管理者", "システム管理者", "admin", "administrator"]),
    ("technical", &["技術担当", "技術窓口", "技術", "technical"]),
];

/// Words for whether somebody was there. Another word stays as it is; none is never taken for having been there.
pub(super) const ATTENDANCE: [(&str, &[&str]); 4] = [
    (
        "attended",
        &[
            "参加",
            "参加済",
            "参加済み",
            "出席",
            "出席済",
            "来場",
            "来場済",
            "来場済み",
            "受付済",
            "受付済み",
            "視聴",
            "視聴済",
            "attended",
            "present",
            "yes",
            "true",
            "1",
            "はい",
        ],
    ),
    (
        "registered",
        &["申込", "申込済", "申込済み", "申し込み", "申し込み済み", "登録", "登録済", "予約", "予約済", "registered", "signedup"],
    ),
    (
        "absent",
        &["欠席", "不参加", "未参加", "未来場", "来場なし", "無断欠席", "absent", "noshow", "notattended", "no", "false", "0", "いいえ"],
    ),
    ("cancelled", &["キャンセル", "キャンセル済", "取消", "取消済", "取り消し", "辞退", "cancelled", "canceled"]),
];

/// The one word for what a list says in its own.
pub(super) fn word_of(words: &[(&str, &[&str])], said: &str) -> String {
    let known = plain(said);
    words.iter().find(|(_, words)| words.contains(&&*known)).map_or_else(|| said.to_string(), |(word, _)| word.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_list_says_is_one_word_and_never_made_up() {
        assert_eq!(["契約窓口", "経理", "ユーザー", "監査"].map(|role| word_of(&ROLES, role)), ["contract", "billing", "user", "監査"]);
        let attendance = ["参加", " 申込済み", "No-show", "ＹＥＳ", "途中退席"].map(|word| word_of(&ATTENDANCE, word));
        assert_eq!(attendance, ["attended", "registered", "absent", "attended", "途中退席"]);
        for (_, words) in ROLES.iter().chain(&ATTENDANCE) {
            assert!(words.iter().all(|word| plain(word) == *word), "{words:?}");
        }
    }
}
