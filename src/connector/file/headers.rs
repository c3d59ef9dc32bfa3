//! Which column of a list is what, by the names in its header row.

use super::cells::ListCell;
use super::column::{CONSENT, KnownColumn, MARKS, OPT_OUT, SEVERAL};
use super::out::form;
use super::profiles::ListProfile;
use crate::model::companies::letters;
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
    /// Columns that say what another says already, each with the name of that.
    pub twice: Vec<(String, String)>,
    /// How many columns have a name.
    pub named: usize,
}

/// A header as it is compared: in NFKC, small letters, without blanks and signs.
pub fn plain(header: &str) -> String {
    letters(header)
}

/// Units that make another number of what stands in the cells: 資本金（百万円） of 300 is no capital of 300.
const MULTIPLES: [&str; 12] =
    ["千円", "万円", "百万円", "億円", "千", "万", "百万", "億", "thousand", "inthousands", "million", "inmillions"];

/// The same without what stands in brackets behind it, as 氏名（必須）; whole where that is such a unit.
fn without_brackets(header: &str) -> String {
    let header: String = header.nfkc().flat_map(char::to_lowercase).collect();
    let (name, behind) = header.split_once(['(', '[', '【']).unwrap_or((&header, ""));
    if MULTIPLES.contains(&plain(behind).trim_start_matches("単位")) { plain(&header) } else { plain(name) }
}

impl FoundColumns {
    /// Reads one row as the header. `own` names columns in the list's own words.
    pub fn of(profile: ListProfile, row: &[ListCell], own: &BTreeMap<String, String>) -> FoundColumns {
        let own: BTreeMap<String, &str> = own.iter().map(|(name, key)| (plain(name), key.as_str())).collect();
        let mut found = FoundColumns::default();
        let mut candidates: BTreeMap<&str, (usize, usize, String)> = BTreeMap::new();
        let mut twice = Vec::new();
        for (place, cell) in row.iter().enumerate() {
            let Some(header) = cell.text() else { continue };
            found.named += 1;
            let header = header.trim();
            let Some((column, trust)) = known(profile, header, &own) else {
                found.unknown.push(header.to_string());
                continue;
            };
            match candidates.get_mut(column.key).filter(|_| !SEVERAL.contains(&column.key)) {
                None => {
                    candidates.insert(column.key, (trust, found.known.len(), header.to_string()));
                    found.known.push((place, column));
                }
                Some((best, at, of)) if trust < *best => {
                    twice.push((std::mem::replace(of, header.to_string()), column.key));
                    (*best, found.known[*at].0) = (trust, place);
                }
                Some(_) => twice.push((header.to_string(), column.key)),
            }
        }
        let counts = |key: &str| candidates.get(key).map(|(_, _, header)| header.clone()).unwrap_or_default();
        found.twice = twice.into_iter().map(|(header, key)| (header, counts(key))).collect();
        found
    }

    /// Where a column is.
    pub fn place(&self, key: &str) -> Option<usize> {
        self.places(key).next()
    }

    /// Where the columns are that say one thing, each of some rows.
    pub fn places(&self, key: &str) -> impl Iterator<Item = usize> {
        self.known.iter().filter(move |(_, column)| column.key == key).map(|(place, _)| *place)
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

/// Which column a header names, and how far behind its best name that is: of two that say one thing the better named counts, as 先方担当者
/// before 担当者, who may be one of our own.
fn known(profile: ListProfile, header: &str, own: &BTreeMap<String, &str>) -> Option<(&'static KnownColumn, usize)> {
    let (whole, short) = (plain(header), without_brackets(header));
    if let Some(key) = own.get(&whole) {
        return profile.columns().chain(MARKS).find(|column| column.key == *key).map(|column| (column, 0));
    }
    let by_name = |name: &str| {
        profile.columns().find_map(|column| {
            let place = column.headers.iter().position(|header| *header == name);
            place.map(|place| place + 1).or_else(|| (plain(column.key) == name).then_some(1)).map(|trust| (column, trust))
        })
    };
    // Whatever it is called, a no that stands there may stand nowhere else.
    let refuses = || profile.columns().find(|column| column.key == OPT_OUT).filter(|_| profile.may_refuse() && form::refuses(header));
    by_name(&whole).or_else(|| by_name(&short)).or_else(|| refuses().map(|column| (column, usize::MAX)))
}

/// Finds the header among the first rows: the one with the most columns that are known. `Err` says what is missing.
pub fn find<'r>(
    profile: ListProfile,
    rows: impl Iterator<Item = &'r [ListCell]>,
    own: &BTreeMap<String, String>,
) -> Result<(usize, FoundColumns), String> {
    let tried: Vec<FoundColumns> = rows.take(HEADER_WITHIN_ROWS).map(|row| FoundColumns::of(profile, row, own)).collect();
    let named = tried.iter().cloned().enumerate().filter(|(_, found)| found.named > 0);
    // Of two that know as many, the first.
    let best = named.max_by_key(|(place, found)| (found.known.len(), std::cmp::Reverse(*place)));
    let Some((place, found)) = best else { return Err("there is nothing in it".to_string()) };
    if let Some(above) = table_above(profile, &tried, place) {
        return Err(format!(
            "two of its rows name columns, the {} and the {} that hold something: what stands between them would not be read; make each table a sheet or a file of its own",
            ordinal(above),
            ordinal(place)
        ));
    }
    let is_consent = |(header, _): &&(String, String)| own.iter().any(|(name, key)| *key == CONSENT && plain(name) == plain(header));
    if let Some((other, _)) = found.twice.iter().find(is_consent) {
        return Err(format!("two of its columns may be the person's own word, {other:?} is one; say which by consent = \"NAME\" in out"));
    }
    // A header over two columns is mostly one over a family name and a given name: by one of them alone two people would be one.
    let is_name = |header: &str| known(profile, header, &own.iter().map(|(name, key)| (plain(name), key.as_str())).collect());
    let is_name = |header: &str| is_name(header).is_some_and(|(column, _)| ["name", "contact_name"].contains(&column.key));
    if let Some((header, _)) = found.twice.iter().find(|(header, counts)| plain(header) == plain(counts) && is_name(header)) {
        return Err(format!(
            "two of its columns are named {header:?}; name them 姓 and 名, or give the one that is not meant another name"
        ));
    }
    let lacks_mark = |mark: &&KnownColumn| own.values().any(|key| key == mark.key) && found.place(mark.key).is_none();
    if let (Some(mark), None) = (MARKS.iter().find(lacks_mark), found.lacks(profile)) {
        let names: Vec<String> = own.iter().filter(|(_, key)| *key == mark.key).map(|(name, _)| format!("{name:?}")).collect();
        let or = if mark.key == CONSENT { "; where the tool has none, say lacks = [\"consent\"]" } else { "" };
        return Err(format!("it has no column {}; make one in the tool, and export it too{or}", names.join(" or ")));
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

/// A row above the header that is the header of another table. One beside it is the upper half of a header of two rows; one that names a single
/// column, as `担当者 | 佐藤`, is a note.
fn table_above(profile: ListProfile, tried: &[FoundColumns], header: usize) -> Option<usize> {
    let above = tried.iter().take(header.saturating_sub(1));
    above.enumerate().find(|(_, found)| found.known.len() > 1 && found.lacks(profile).is_none()).map(|(place, _)| place)
}

fn ordinal(place: usize) -> String {
    let number = place + 1;
    let ending = match number {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

fn first_name(profile: ListProfile, key: &str) -> Option<&'static str> {
    profile.columns().find(|column| column.key == key)?.headers.first().copied()
}

#[cfg(test)]
mod tests {
    use super::super::column::CLOSED;
    use super::*;

    fn row(names: &[&str]) -> Vec<ListCell> {
        names.iter().map(|name| ListCell::of_text(name)).collect()
    }

    fn key(profile: ListProfile, header: &str) -> Option<&'static str> {
        known(profile, header, &BTreeMap::new()).map(|column| column.0.key)
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
            (Accounts, "資本金（円）", Some("capital")),
            (Accounts, "資本金（百万円）", None),
            (Accounts, "売上高[億円]", None),
            (Deals, "金額（千円）", None),
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
        let twice = [("お名前".to_string(), "氏名".to_string())];
        assert_eq!((&*found.unknown, &*found.twice, found.named), (&["メモ".to_string()][..], &twice[..], 5));
    }

    #[test]
    fn of_two_columns_that_say_one_thing_the_better_named_counts() {
        let found = FoundColumns::of(ListProfile::Deals, &row(&["案件名", "担当者", "先方担当者", "受注日", "失注日"]), &BTreeMap::new());
        assert_eq!((found.place("contact_name"), found.places(CLOSED).collect::<Vec<_>>()), (Some(2), vec![3, 4]));
        assert_eq!(found.twice, [("担当者".to_string(), "先方担当者".to_string())]);
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
        let two =
            [row(&["氏名", "会社名"]), row(&["山田", "アクメ"]), row(&["氏名", "会社名", "メール"]), row(&["林", "ベータ", "a@b.example"])];
        assert!(told(&two).starts_with("two of its rows name columns, the 1st and the 3rd that hold something"), "{}", told(&two));
        assert_eq!(
            told(&[row(&["氏名", "氏 名", "メール"])]),
            "two of its columns are named \"氏 名\"; name them 姓 and 名, or give the one that is not meant another name"
        );
        let note = [row(&["担当者", "佐藤"]), row(&["作成日", "2026/11/30"]), row(&["氏名", "メール"])];
        assert_eq!(find(ListProfile::Contacts, note.iter().map(Vec::as_slice), &none).unwrap().0, 2);
    }
}
