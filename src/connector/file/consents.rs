//! What a row of a list of consents says of its person: by the column of who may be mailed, and that of who opted out; and what any other
//! list of people says against mail, where it has such a column.
//!
//! Only the word yes is a yes. That somebody did not opt out is none, and an empty cell says nothing: such rows are nobody's, so that
//! consent.toml, which says what the records of a system prove, speaks of no more than those who said yes.

use super::asked::{ListsAsked, OutAsked};
use super::cells::ListCell;
use super::column::{BLOCK, CONSENT, CONSENT_GIVEN, OPT_OUT};
use super::profiles::ListProfile;
use super::rows::ListRow;
use crate::connector::map::refusal_words::RefusalWord;
use crate::connector::raw::json::Json;
use crate::connector::raw::plain::{plain, said_by};

/// Words of those who may be mailed, in the column that says so. In another column they say something else.
const YES: [&str; 22] = [
    "○",
    "〇",
    "◯",
    "同意",
    "同意する",
    "同意済",
    "同意済み",
    "同意あり",
    "承諾",
    "承諾する",
    "承諾済",
    "承認",
    "許可",
    "可",
    "配信可",
    "受信可",
    "配信希望",
    "希望する",
    "opt-in",
    "opted in",
    "subscribed",
    "consented",
];

/// Words of those who may not, in either column.
const NO: [&str; 24] = [
    "同意しない",
    "不同意",
    "同意なし",
    "承諾しない",
    "拒否",
    "配信拒否",
    "受信拒否",
    "不可",
    "配信不可",
    "受信不可",
    "配信停止",
    "停止",
    "停止中",
    "停止済",
    "配信停止済",
    "解除",
    "解除済",
    "オプトアウト",
    "オプトアウト済",
    "opt-out",
    "opted out",
    "unsubscribe",
    "unsubscribed",
    "refused",
];

/// Words of those who may not, where the column says who may: in the other one they may say that nobody opted out.
const NOT_GIVEN: [&str; 6] = ["否", "不要", "希望しない", "ng", "×", "✕"];

/// What a row says. Of several the greatest counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConsentSaid {
    /// An empty cell, or that the person did not opt out.
    Nothing,
    Yes,
    /// A word that is neither.
    Unread(String),
    No,
}

impl ConsentSaid {
    /// As a refusal is read from it.
    pub fn raw(self) -> Option<Json<'static>> {
        match self {
            ConsentSaid::Nothing => None,
            ConsentSaid::Yes => Some(Json::Bool(true)),
            ConsentSaid::Unread(word) => Some(Json::from(word)),
            ConsentSaid::No => Some(Json::Bool(false)),
        }
    }

    /// Which of several rows with one id counts: a no before all, whenever it was said.
    pub fn rank(&self) -> &'static str {
        match self {
            ConsentSaid::Nothing => "0",
            ConsentSaid::Yes => "1",
            ConsentSaid::Unread(_) => "2",
            ConsentSaid::No => "3",
        }
    }
}

impl ListRow<'_> {
    /// What a row of a list of consents says.
    pub fn consent(&self, asked: &ListsAsked) -> ConsentSaid {
        let cells = |key: &'static str| self.columns.places(key).filter_map(|place| self.cells.get(place));
        let given = cells(CONSENT_GIVEN).map(|cell| read(cell, asked, may_be_mailed));
        let opted_out = cells(OPT_OUT).map(|cell| match read(cell, asked, has_opted_out) {
            // The day of it.
            ConsentSaid::Unread(_) if is_day(cell) => ConsentSaid::No,
            said => said,
        });
        given.chain(opted_out).max().unwrap_or(ConsentSaid::Nothing)
    }

    /// What a row of any other list of people says against mail to its person: a no, or a word that may be one. A yes is none: the list
    /// is not kept for it.
    pub fn against(&self, asked: &ListsAsked) -> Option<ConsentSaid> {
        let said = if self.profile.may_refuse() { self.consent(asked) } else { ConsentSaid::Nothing };
        matches!(said, ConsentSaid::No | ConsentSaid::Unread(_)).then_some(said)
    }

    /// Whether a row is nobody's: one of a list of consents that says neither yes nor no.
    pub fn says_nothing(&self, asked: &ListsAsked) -> bool {
        self.profile == ListProfile::Consents && self.consent(asked) == ConsentSaid::Nothing
    }
}

fn is_day(cell: &ListCell) -> bool {
    matches!(cell, ListCell::At(_) | ListCell::Text(_)) && cell.date().is_some()
}

fn read(cell: &ListCell, asked: &ListsAsked, said: fn(&str, Option<RefusalWord>) -> Option<ConsentSaid>) -> ConsentSaid {
    let text = match cell {
        ListCell::Empty => return ConsentSaid::Nothing,
        ListCell::Broken => return ConsentSaid::Unread("#N/A".to_string()),
        cell => cell.text().unwrap_or_default(),
    };
    let taught = asked.words.get(&*plain(&text)).copied();
    said(&text, taught).unwrap_or_else(|| ConsentSaid::Unread(text.into_owned()))
}

impl ListRow<'_> {
    /// How much a row of a tool's export speaks against mail: the person's no, a word that may be one, a block by hand. Of our own marks the
    /// one that is missing counts, as a block that only one of two has is in force for one only.
    pub(super) fn against_mail(&self, asked: &ListsAsked, out: &OutAsked) -> String {
        let said = self.text(CONSENT).map_or(ConsentSaid::Nothing, |word| asked.said_in_export(word));
        let block = self.key(BLOCK);
        let is_ours = block.as_ref().is_some_and(|word| *word == plain(&out.on));
        let by_hand = block.is_some_and(|word| !is_ours && word != plain(&out.off));
        format!("{} {by_hand} {}", said.rank(), !is_ours)
    }
}

impl ListsAsked {
    /// What the column of consent says in a tool's own export, by the words of tools and those of systems.toml.
    pub fn said_in_export(&self, word: String) -> ConsentSaid {
        let taught = || self.words.get(&*plain(&word)).map(|word| *word == RefusalWord::Fine);
        match said_by(&word).or_else(taught) {
            Some(true) => ConsentSaid::Yes,
            Some(false) => ConsentSaid::No,
            None => ConsentSaid::Unread(word),
        }
    }
}

fn may_be_mailed(text: &str, taught: Option<RefusalWord>) -> Option<ConsentSaid> {
    let no = || is_one_of(&NO, text) || is_one_of(&NOT_GIVEN, text);
    let known = || no().then_some(false).or_else(|| is_one_of(&YES, text).then_some(true));
    let taught = taught.map(|word| word == RefusalWord::Fine);
    said_by(text).or(taught).or_else(known).map(|yes| if yes { ConsentSaid::Yes } else { ConsentSaid::No })
}

fn has_opted_out(text: &str, taught: Option<RefusalWord>) -> Option<ConsentSaid> {
    let known = || is_one_of(&NO, text).then_some(true);
    let taught = taught.map(|word| word == RefusalWord::No);
    said_by(text).or(taught).or_else(known).map(|out| if out { ConsentSaid::No } else { ConsentSaid::Nothing })
}

fn is_one_of(words: &[&str], text: &str) -> bool {
    words.contains(&&*plain(text))
}

#[cfg(test)]
mod tests {
    use super::super::headers::FoundColumns;
    use super::*;
    use std::collections::BTreeMap;

    fn said(cells: &[(&str, ListCell)]) -> ConsentSaid {
        let header: Vec<ListCell> = cells.iter().map(|(name, _)| ListCell::of_text(name)).collect();
        let columns = FoundColumns::of(ListProfile::Consents, &header, &BTreeMap::new());
        let cells: Vec<ListCell> = cells.iter().map(|(_, cell)| cell.clone()).collect();
        let mut asked = ListsAsked::one(ListProfile::Consents, "consents.csv".into());
        asked.teach(&[("OK".to_string(), RefusalWord::Fine), ("ＮＧ".to_string(), RefusalWord::No)].into());
        ListRow { profile: ListProfile::Consents, columns: &columns, cells: &cells }.consent(&asked)
    }

    #[test]
    fn only_a_yes_is_a_yes_and_what_nobody_knows_is_doubt() {
        use ConsentSaid::{No, Nothing, Unread, Yes};
        let text = ListCell::of_text;
        let unread = |word: &str| Unread(word.to_string());
        for (header, cell, want) in [
            ("配信可否", text("可"), Yes),
            ("配信可否", text(" 不可 "), No),
            ("同意", text("はい"), Yes),
            ("同意", text("同意しない"), No),
            ("同意", text("1"), Yes),
            ("同意", ListCell::Number(0.0), No),
            ("同意", ListCell::Bool(true), Yes),
            ("同意", text("要確認"), unread("要確認")),
            ("同意", text("ｏｋ"), Yes),
            ("同意", text("ng"), No),
            ("同意", text(""), Nothing),
            ("同意", ListCell::Broken, unread("#N/A")),
            ("Opt-in", text("Opted in"), Yes),
            ("オプトアウト", text("はい"), No),
            ("オプトアウト", text("TRUE"), No),
            ("配信停止", text("停止"), No),
            ("配信停止", text("NG"), No),
            // Not to have opted out is no yes, and a word of yes may be a yes to opting out.
            ("オプトアウト", text("いいえ"), Nothing),
            ("オプトアウト", text(""), Nothing),
            ("オプトアウト", text("承認"), unread("承認")),
            ("配信停止", text("希望する"), unread("希望する")),
            ("Unsubscribed", text("OK"), Nothing),
            ("オプトアウト", text("2026/10/1"), No),
        ] {
            assert_eq!(said(&[(header, cell.clone())]), want, "{header} {cell:?}");
        }
    }

    #[test]
    fn the_words_stand_as_they_are_looked_up_and_say_one_thing() {
        assert!(YES.iter().chain(&NO).chain(&NOT_GIVEN).all(|word| plain(word) == *word && said_by(word).is_none()));
        assert!(YES.iter().all(|word| !NO.contains(word) && !NOT_GIVEN.contains(word)));
    }

    #[test]
    fn a_list_that_is_kept_for_something_else_says_no_and_never_yes() {
        use ConsentSaid::{No, Unread};
        for (profile, header, cell, want) in [
            (ListProfile::Contacts, "メール配信", "否", Some(No)),
            (ListProfile::Contacts, "メール配信", "不可", Some(No)),
            (ListProfile::Contacts, "メール配信", "可", None),
            (ListProfile::Cards, "配信停止", "済", Some(Unread("済".into()))),
            (ListProfile::Cards, "メルマガ配信停止フラグ", "1", Some(No)),
            (ListProfile::Cards, "配信停止日", "2026/10/1", Some(No)),
            (ListProfile::Cards, "配信停止理由", "転職", None),
            (ListProfile::Contracts, "Opt-out", "yes", Some(No)),
            (ListProfile::Seminars, "Unsubscribed", "", None),
            (ListProfile::Deals, "DM不可", "○", Some(Unread("○".into()))),
            (ListProfile::Contacts, "配信可否", "○", None),
            (ListProfile::Contacts, "配信可否", "×", Some(No)),
            (ListProfile::Contacts, "配信停止", "否", Some(Unread("否".into()))),
            (ListProfile::Accounts, "配信停止", "停止", None),
            (ListProfile::Consents, "配信停止", "停止", None),
        ] {
            let columns = FoundColumns::of(profile, &[ListCell::of_text(header)], &BTreeMap::new());
            let row = ListRow { profile, columns: &columns, cells: &[ListCell::of_text(cell)] };
            assert_eq!(row.against(&ListsAsked::one(profile, "list.csv".into())), want, "{profile:?} {header} {cell}");
        }
    }

    #[test]
    fn of_two_columns_the_no_counts() {
        use ConsentSaid::{No, Nothing, Unread, Yes};
        let both = |given: &str, out: &str| said(&[("同意", ListCell::of_text(given)), ("配信停止", ListCell::of_text(out))]);
        assert_eq!([both("はい", ""), both("はい", "停止"), both("いいえ", "いいえ"), both("", "いいえ")], [Yes, No, No, Nothing]);
        assert_eq!(both("はい", "要確認"), Unread("要確認".to_string()));
        let ranks = [Nothing, Yes, Unread("要確認".to_string()), No].map(|said| said.rank());
        assert!(ranks.is_sorted() && ranks[0] != ranks[3]);
    }
}
