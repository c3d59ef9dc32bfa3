//! Which column of a list is what, by the names in its header row.

use super::cells::ListCell;
use super::column::{CONSENT, KnownColumn, MARKS};
use super::profiles::ListProfile;
use std::collections::{BTreeMap, BTreeSet};
use unicode_normalization::UnicodeNormalization;

/// A title and a few notes may stand above the names of the columns.
pub const HEADER_WITHIN_ROWS: usize = 20;

/// The columns of one list that are known.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FoundColumns {
    /// By their places, from the left.
    pub known: Vec<(usize, &'static KnownColumn)>,
    /// The names of the others.
    pub unknown: Vec<String>,
    /// Columns that say what another to their left says already.
    pub twice: Vec<String>,
    /// How many columns have a name.
    pub named: usize,
}

/// A header as it is compared: in NFKC, small letters, without blanks and signs.
pub fn plain(header: &str) -> String {
    header.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

/// The same without what stands in brackets behind it, as 氏名（必須）.
fn without_brackets(header: &str) -> String {
    let header: String = header.nfkc().collect();
    plain(header.split(['(', '[', '【']).next().unwrap_or_default())
}

impl FoundColumns {
    /// Reads one row as the header. `own` names columns in the list's own words.
    pub fn of(profile: ListProfile, row: &[ListCell], own: &BTreeMap<String, String>) -> FoundColumns {
        let own: BTreeMap<String, &str> = own.iter().map(|(name, key)| (plain(name), key.as_str())).collect();
        let mut found = FoundColumns::default();
        let mut taken = BTreeSet::new();
        for (place, cell) in row.iter().enumerate() {
            let Some(header) = cell.text() else { continue };
            found.named += 1;
            let header = header.trim();
            match known(profile, header, &own) {
                None => found.unknown.push(header.to_string()),
                Some(column) if !taken.insert(column.key) => found.twice.push(header.to_string()),
                Some(column) => found.known.push((place, column)),
            }
        }
        found
    }

    /// Where a column is.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.known.iter().find(|(_, column)| column.key == key).map(|(place, _)| *place)
    }

    /// What is there, by name: lists of one shape say the same.
    pub fn shape(&self) -> BTreeSet<&'static str> {
        self.known.iter().map(|(_, column)| column.key).collect()
    }

    /// What is missing for the rows to be told apart.
    fn lacks(&self, profile: ListProfile) -> Option<&'static [&'static str]> {
        profile.needs().iter().copied().find(|group| group.iter().all(|key| self.place(key).is_none()))
    }
}

fn known(profile: ListProfile, header: &str, own: &BTreeMap<String, &str>) -> Option<&'static KnownColumn> {
    let (whole, short) = (plain(header), without_brackets(header));
    if let Some(key) = own.get(&whole) {
        return profile.columns().chain(MARKS).find(|column| column.key == *key);
    }
    let by_name = |name: &str| profile.columns().find(|column| column.headers.contains(&name) || plain(column.key) == name);
    by_name(&whole).or_else(|| by_name(&short))
}

/// Finds the header among the first rows: the one with the most columns that are known. `Err` says what is missing.
pub fn find<'r>(
    profile: ListProfile,
    rows: impl Iterator<Item = &'r [ListCell]>,
    own: &BTreeMap<String, String>,
) -> Result<(usize, FoundColumns), String> {
    let tried = rows.take(HEADER_WITHIN_ROWS).map(|row| FoundColumns::of(profile, row, own)).enumerate();
    // Of two that know as many, the first.
    let best = tried.filter(|(_, found)| found.named > 0).max_by_key(|(place, found)| (found.known.len(), std::cmp::Reverse(*place)));
    let Some((place, found)) = best else { return Err("there is nothing in it".to_string()) };
    let is_consent = |header: &&String| own.iter().any(|(name, key)| *key == CONSENT && plain(name) == plain(header));
    if let Some(other) = found.twice.iter().find(is_consent) {
        return Err(format!("two of its columns may be the person's own word, {other:?} is one; say which by consent = \"NAME\" in out"));
    }
    let lacks_mark = |mark: &&KnownColumn| own.values().any(|key| key == mark.key) && found.place(mark.key).is_none();
    if let (Some(mark), None) = (MARKS.iter().find(lacks_mark), found.lacks(profile)) {
        let names: Vec<String> = own.iter().filter(|(_, key)| *key == mark.key).map(|(name, _)| format!("{name:?}")).collect();
        return Err(format!("it has no column {}; make one in the tool, and export it too", names.join(" or ")));
    }
    match found.lacks(profile) {
        None => Ok((place, found)),
        // What stands in the rows is not told: where there is no header, it is somebody's.
        Some(group) => {
            let names: Vec<&str> = group.iter().filter_map(|key| first_name(profile, key)).collect();
            Err(format!(
                "none of its first {HEADER_WITHIN_ROWS} rows names a column for {}; name it so, or say columns = {{ \"NAME\" = \"{}\" }}",
                names.join(" or "),
                group[0]
            ))
        }
    }
}

fn first_name(profile: ListProfile, key: &str) -> Option<&'static str> {
    profile.columns().find(|column| column.key == key)?.headers.first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(names: &[&str]) -> Vec<ListCell> {
        names.iter().map(|name| ListCell::of_text(name)).collect()
    }

    fn key(profile: ListProfile, header: &str) -> Option<&'static str> {
        known(profile, header, &BTreeMap::new()).map(|column| column.key)
    }

    #[test]
    fn headers_are_known_however_they_are_written() {
        use ListProfile::{Accounts, Cards, Contacts, Contracts, Deals};
        for (profile, header, want) in [
            (Contacts, "氏名", Some("name")),
            (Contacts, " 氏　名 ", Some("name")),
            (Contacts, "氏名（必須）", Some("name")),
            (Contacts, "姓", Some("last_name")),
            (Contacts, "名", Some("first_name")),
            (Contacts, "ﾌﾘｶﾞﾅ", Some("name_kana")),
            (Contacts, "Ｅ－ｍａｉｌ", Some("email")),
            (Contacts, "E-Mail Address", Some("email")),
            (Contacts, "ＴＥＬ", Some("phone")),
            (Contacts, "Phone Number", Some("phone")),
            (Contacts, "last_name", Some("last_name")),
            (Contacts, "部署・部門", None),
            (Contacts, "名刺交換日", None),
            (Cards, "名刺交換日", Some("exchanged_on")),
            (Cards, "交換者", Some("exchanged_by")),
            (Contracts, "契約開始日", Some("contract_begins")),
            (Contracts, "開始日", Some("contract_begins")),
            (Accounts, "従業員数（名）", Some("employees")),
            (Accounts, "法人番号", Some("corporate_number")),
            (Deals, "案件名", Some("deal_name")),
            (Deals, "担当者", Some("contact_name")),
            (Deals, "メール", Some("email")),
            (Deals, "担当営業", Some("owner")),
            (Deals, "No.", None),
        ] {
            assert_eq!(key(profile, header), want, "{profile:?} {header:?}");
        }
    }

    #[test]
    fn own_names_go_before_the_known_ones() {
        let own = BTreeMap::from([("連絡先（代表）".to_string(), "phone".to_string()), ("電話".to_string(), "mobile".to_string())]);
        let found = FoundColumns::of(ListProfile::Contacts, &row(&["氏名", "連絡先(代表)", "電話", "メモ", "", "お名前"]), &own);
        assert_eq!(found.known.iter().map(|(at, c)| (*at, c.key)).collect::<Vec<_>>(), [(0, "name"), (1, "phone"), (2, "mobile")]);
        assert_eq!((&*found.unknown, &*found.twice, found.named), (&["メモ".to_string()][..], &["お名前".to_string()][..], 5));
    }

    #[test]
    fn the_header_may_stand_below_a_title_and_must_tell_rows_apart() {
        let none = BTreeMap::new();
        let rows = [row(&["名刺一覧"]), row(&[]), row(&["会社名", "氏名", "メール"]), row(&["氏名", "会社名", "メール"])];
        let (place, found) = find(ListProfile::Cards, rows.iter().map(Vec::as_slice), &none).unwrap();
        assert_eq!((place, found.known.len()), (2, 3));
        let told = |rows: &[Vec<ListCell>]| find(ListProfile::Contacts, rows.iter().map(Vec::as_slice), &none).unwrap_err();
        insta::assert_snapshot!(told(&[row(&["部署", "備考"])]), @r#"none of its first 20 rows names a column for メールアドレス or 氏名 or 姓; name it so, or say columns = { "NAME" = "email" }"#);
        assert_eq!(told(&[row(&[])]), "there is nothing in it");
    }
}
