//! How a tool takes lists: data, a file for each tool under `forms/`.

use crate::connector::map::refusal_words::RefusalWord;
use crate::model::companies::letters;
use include_dir::{Dir, include_dir};
use serde::Deserialize;
use std::collections::BTreeMap;

static FORMS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/connector/file/out/forms");

/// What nobody's form is: any tool that imports lists.
pub const PLAIN: &str = "plain";

/// Parts of the names of columns in which people say yes or no to mail, in their plain form: whatever the tool, none is ever written.
const CONSENT: [&str; 15] = [
    "配信可否",
    "配信許可",
    "配信拒否",
    "受信可否",
    "受信許可",
    "受信拒否",
    "オプトイン",
    "オプトアウト",
    "購読",
    "同意",
    "optin",
    "optout",
    "unsubscribe",
    "subscri",
    "consent",
];

/// One tool's form.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListForm {
    /// The tool's name.
    pub title: String,
    /// Names of the column in which people say yes or no to mail. It is read, and never written.
    pub consent: Vec<String>,
    /// What stands there for no and for yes.
    refused: Vec<String>,
    fine: Vec<String>,
    /// What stands for a block and for none, unless systems.toml says so.
    pub on: String,
    pub off: String,
    /// What a person does with the lists, step by step, in Japanese and English.
    pub ja: Vec<String>,
    pub en: Vec<String>,
}

/// The names of all forms.
pub fn names() -> Vec<&'static str> {
    let mut names: Vec<&str> = FORMS.files().filter_map(|file| file.path().file_stem()?.to_str()).collect();
    names.sort_unstable();
    names
}

/// `None`: there is no such form.
pub fn of(name: &str) -> Option<ListForm> {
    let text = FORMS.get_file(format!("{name}.toml"))?.contents_utf8()?;
    toml::from_str(text).ok()
}

/// Whether a column is one in which people say yes or no to mail.
pub fn is_consent(header: &str) -> bool {
    let header = letters(header);
    CONSENT.iter().any(|part| header.contains(part))
}

/// Parts of the names of columns in which a list keeps who wants no mail.
const REFUSING: [&str; 20] = [
    "配信停止",
    "配信不要",
    "配信不可",
    "配信拒否",
    "配信除外",
    "配信ng",
    "受信拒否",
    "送付不可",
    "送信不可",
    "メール不可",
    "メールng",
    "dm不可",
    "dmng",
    "オプトアウト",
    "optout",
    "optedout",
    "unsubscribe",
    "donotemail",
    "donotmail",
    "donotcontact",
];

/// What stands in the names of columns beside those, which tell of a no and say none.
const BESIDE: [&str; 9] = ["理由", "備考", "メモ", "担当", "対応", "方法", "reason", "note", "memo"];

/// Whether a column is one in which a list keeps who wants no mail, whatever it calls that.
pub fn refuses(header: &str) -> bool {
    let header = letters(header);
    REFUSING.iter().any(|part| header.contains(part)) && !BESIDE.iter().any(|part| header.contains(part))
}

/// Whether a column may hold a no.
pub fn may_refuse(header: &str) -> bool {
    let header = letters(header);
    is_consent(&header) || header.contains("メルマガ") || REFUSING.iter().any(|part| header.contains(part))
}

/// What words of consent mean, whichever tool says them.
pub fn words() -> BTreeMap<String, RefusalWord> {
    let mut words = BTreeMap::new();
    for form in names().into_iter().filter_map(of) {
        words.extend(form.fine.iter().map(|text| (text.clone(), RefusalWord::Fine)));
        words.extend(form.refused.iter().map(|text| (text.clone(), RefusalWord::No)));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_whole_and_names_consent_that_is_never_written() {
        assert!(names().len() >= 3 && names().contains(&PLAIN));
        for name in names() {
            let form = of(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(form.ja.len(), form.en.len(), "{name}: a step in one language is one in the other");
            assert!(form.consent.iter().all(|column| is_consent(column)), "{name}");
            assert!(!form.on.is_empty() && form.on != form.off && !form.refused.is_empty(), "{name}");
            assert!(form.fine.iter().all(|word| words().get(word) == Some(&RefusalWord::Fine)), "{name}: one tool's yes is another's no");
        }
        assert!(of("none").is_none());
    }

    #[test]
    fn a_column_of_consent_is_known_by_its_name() {
        for (header, want) in
            [("メール配信可否", true), ("配信許可（メルマガ）", true), ("Opt-in", true), ("配信停止", false), ("会社名", false)]
        {
            assert_eq!(is_consent(header), want, "{header}");
        }
    }
}
