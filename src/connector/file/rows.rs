//! What a row says: its id, and its cells in the form that records are read from.

use super::asked::ListsAsked;
use super::cells::ListCell;
use super::column::{CLOSED, ROW_ID, UPDATED};
use super::headers::{FoundColumns, plain};
use super::profiles::ListProfile;
use super::words::{ATTENDANCE, ROLES, word_of};
use crate::connector::manifest::FieldKind;
use crate::connector::raw::json::Json;
use crate::model::companies::{company_domain, company_key};
use crate::model::{Address, DealState};

/// Names that rows have beside their fields; no column has them.
pub const AS_OF: &str = "row_as_of";
pub const ACCOUNT: &str = "row_account";
pub const DOMAIN: &str = "row_domain";
pub const PEOPLE: &str = "row_people";
pub const STATE: &str = "row_state";
pub const ENDED: &str = "row_ended";
pub const ID: &str = "row_id";
pub const SAID: &str = "row_said";

/// What is read from the rows of a list: a deal's row tells of the deal, of whom to talk to, and of the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowsAs {
    Person,
    Deal,
    DealContact,
    Account,
}

/// One row, by the columns of its list.
#[derive(Clone, Copy)]
pub struct ListRow<'r> {
    pub profile: ListProfile,
    pub columns: &'r FoundColumns,
    pub cells: &'r [ListCell],
}

impl<'r> ListRow<'r> {
    /// What stands in a column; `None`: the list has no such column, or the row ends before it.
    pub(super) fn cell(&self, key: &str) -> Option<&'r ListCell> {
        self.cells.get(self.columns.place(key)?)
    }

    /// When the deal ended: of the columns that say so, as 受注日 and 失注日, the last day of the row.
    fn closed(&self) -> Option<&'r ListCell> {
        let there = self.columns.places(CLOSED).filter_map(|place| self.cells.get(place));
        there.filter(|cell| !cell.is_empty()).max_by_key(|cell| cell.date().map(|date| date.iso()))
    }

    pub(super) fn text(&self, key: &str) -> Option<String> {
        self.cell(key)?.text().map(|text| text.into_owned())
    }

    /// The id of what the row tells of; `None`: nothing tells it from another.
    pub fn id(&self, rows: RowsAs) -> Option<String> {
        match rows {
            RowsAs::Person => self.own_id().or_else(|| self.person_id()),
            RowsAs::Deal => self.own_id().or_else(|| self.deal_key()),
            RowsAs::DealContact => self.contact_id(),
            RowsAs::Account if self.profile == ListProfile::Accounts => {
                self.company_key("name").or_else(|| self.own_id()).or_else(|| self.key("corporate_number"))
            }
            RowsAs::Account => self.account(),
        }
    }

    /// What tells two people or deals apart that bear one id of the list's own; `None`: nothing does, or the id is made of it.
    pub fn beside_its_id(&self, rows: RowsAs) -> Option<String> {
        self.own_id().and_then(|_| match rows {
            RowsAs::Person => Some(self.address()?.as_str().to_string()),
            RowsAs::Deal => self.deal_key(),
            _ => None,
        })
    }

    fn deal_key(&self) -> Option<String> {
        Some(hash(&[&self.key("deal_name")?, &self.company_key("company").unwrap_or_default()]))
    }

    fn own_id(&self) -> Option<String> {
        self.cell(ROW_ID)?.narrow().map(|id| id.trim().to_string()).filter(|id| !id.is_empty())
    }

    fn address(&self) -> Option<Address> {
        Address::first(&self.cell("email")?.narrow()?)
    }

    fn person_id(&self) -> Option<String> {
        let address = self.address().map(|a| a.as_str().to_string());
        match self.profile {
            // One contract a row: a person may have several.
            ListProfile::Contracts if self.columns.place("products").is_some() => {
                let who = address.or_else(|| self.name_key())?;
                Some(hash(&[&who, &self.key("products").unwrap_or_default()]))
            }
            // One visit a row: a person may have been at several events.
            ListProfile::Seminars => {
                let who = address.or_else(|| self.name_key())?;
                let day = self.cell("event_on").map(date_text).unwrap_or_default();
                Some(hash(&[&who, &self.key("event_name").unwrap_or_default(), &day]))
            }
            _ => address.or_else(|| Some(hash(&[&self.name_key()?]))),
        }
    }

    /// A person by name and company, where there is no address.
    fn name_key(&self) -> Option<String> {
        let names: Vec<String> = ["name", "last_name", "first_name", "contact_name"].iter().filter_map(|key| self.key(key)).collect();
        (!names.is_empty()).then(|| format!("{}\n{}", names.concat(), self.company_key("company").unwrap_or_default()))
    }

    fn contact_id(&self) -> Option<String> {
        self.address().map(|a| a.as_str().to_string()).or_else(|| Some(hash(&[&self.name_key()?])))
    }

    pub(super) fn key(&self, key: &str) -> Option<String> {
        self.text(key).map(|text| plain(&text)).filter(|text| !text.is_empty())
    }

    fn company_key(&self, key: &str) -> Option<String> {
        self.text(key).map(|name| company_key(&name)).filter(|key| !key.is_empty())
    }

    /// The company that the row names; where it names none, the domain of its address, if it is a company's own.
    pub fn account(&self) -> Option<String> {
        self.company_key(if self.profile == ListProfile::Accounts { "name" } else { "company" }).or_else(|| self.domain())
    }

    /// The domain of its address, if it is a company's own.
    fn domain(&self) -> Option<String> {
        self.address().and_then(|address| company_domain(&address).map(String::from))
    }

    /// Where a deal stands, by the words of systems.toml. What they do not know is not known, and holds.
    fn state(&self, asked: &ListsAsked) -> Option<DealState> {
        let stage = self.key("stage")?;
        asked.stages.iter().find(|(word, _)| plain(word) == stage).map(|(_, state)| *state)
    }

    /// Whether a deal that may be open names nobody who could be held by it: no company, and no address.
    pub fn holds_nobody(&self, asked: &ListsAsked) -> bool {
        self.state(asked).is_none_or(DealState::is_open) && self.account().is_none() && self.address().is_none()
    }

    /// The word of a deal's stage that systems.toml does not know.
    pub fn unknown_stage(&self, asked: &ListsAsked) -> Option<String> {
        if self.state(asked).is_some() { None } else { self.text("stage") }
    }

    /// The column that says since when the row is as it is.
    pub fn dated_by(&self) -> Option<&'static str> {
        let of_profile = match self.profile {
            ListProfile::Cards => ["exchanged_on", UPDATED],
            ListProfile::Consents => ["consent_on", UPDATED],
            ListProfile::Seminars => ["event_on", UPDATED],
            _ => [UPDATED, UPDATED],
        };
        of_profile.into_iter().find(|key| self.cell(key).is_some_and(|cell| !cell.is_empty()))
    }

    fn as_of(&self) -> Option<String> {
        self.dated_by().and_then(|key| self.cell(key)).map(date_text)
    }

    /// Which of several rows with one id counts before later ones: of cards that of the latest exchange, of deals one that may be open, of
    /// consents a no, and of several as good that of the latest day; of a tool's own export one that speaks against mail. A tool may have somebody
    /// twice, and who said no in one place said no.
    pub fn rank(&self, rows: RowsAs, asked: &ListsAsked) -> String {
        match (rows, self.profile) {
            (RowsAs::Person, ListProfile::Cards) => {
                self.cell("exchanged_on").and_then(ListCell::date).map(|date| date.iso()).unwrap_or_default()
            }
            (RowsAs::Person, ListProfile::Consents) => {
                let day = self.cell("consent_on").and_then(ListCell::date).map(|date| date.iso()).unwrap_or_default();
                format!("{}{day}", self.consent(asked).rank())
            }
            (RowsAs::Deal, _) => self.state(asked).is_none_or(DealState::is_open).to_string(),
            (RowsAs::Person, _) => match &asked.out {
                Some(out) => self.against_mail(asked, out),
                None => String::new(),
            },
            _ => String::new(),
        }
    }

    /// Whether a cell there is an error of the workbook.
    pub fn is_broken(&self, place: usize) -> bool {
        self.cells.get(place) == Some(&ListCell::Broken)
    }

    /// The column that a value of the record comes from, for who tells where it stands.
    pub fn place_of(&self, field: &str) -> Option<usize> {
        let key = match field {
            "changed_at" => self.dated_by()?,
            "ended_at" => CLOSED,
            "id" => ROW_ID,
            // A deal's contact is a person with a name.
            "name" if self.profile == ListProfile::Deals => "contact_name",
            field => field,
        };
        self.columns.place(key).or_else(|| self.columns.place("deal_name").filter(|_| field == "name"))
    }

    /// The row as records are read from it. `prefix` stands before the ids of people; `companies`: whether the system has any.
    pub fn values(&self, rows: RowsAs, asked: &ListsAsked, prefix: &str, companies: bool) -> Vec<(&'static str, Json<'static>)> {
        let mut values = Vec::with_capacity(self.columns.known.len() + 6);
        if rows == RowsAs::Account && self.profile != ListProfile::Accounts {
            // The other columns are the person's or the deal's.
            let named = [(ID, self.account()), (AS_OF, self.as_of()), ("name", self.text("company"))];
            return named.into_iter().filter_map(|(key, value)| Some((key, Json::from(value?)))).collect();
        }
        let mut put = |key: &'static str, value: Option<String>| values.extend(value.map(|text| (key, Json::from(text))));
        put(ID, self.id(rows));
        put(AS_OF, self.as_of());
        if companies && rows != RowsAs::Account {
            put(ACCOUNT, self.account());
        }
        if rows == RowsAs::Deal {
            // Not all of its people name their company as the deal does.
            put(DOMAIN, self.domain());
        }
        if rows == RowsAs::Deal {
            put(STATE, self.state(asked).map(|state| state.name().to_string()));
            put(ENDED, self.closed().map(date_text));
            let people: Vec<Json<'static>> = self.contact_id().map(|id| Json::from(format!("{prefix}{id}"))).into_iter().collect();
            values.push((PEOPLE, Json::Array(people)));
        }
        if self.profile == ListProfile::Consents {
            values.extend(self.consent(asked).raw().map(|said| (SAID, said)));
        }
        for (place, column) in &self.columns.known {
            if let Some(cell) = self.cells.get(*place) {
                values.push((column.key, value(column.key, column.kind, cell)));
            }
        }
        values
    }
}

/// A cell as its field is read from it. What cannot be read as that stays what it is, and is told by who reads the record.
fn value(key: &str, kind: FieldKind, cell: &ListCell) -> Json<'static> {
    if *cell == ListCell::Broken {
        return Json::Array(vec![Json::Null]);
    }
    match kind {
        FieldKind::Date => Json::from(date_text(cell)),
        FieldKind::List => Json::Array(cell.entries().into_iter().map(Json::from).collect()),
        FieldKind::Int | FieldKind::Number => Json::from(cell.number().or_else(|| cell.text().map(|t| t.into_owned())).unwrap_or_default()),
        _ if key == "contract_role" => Json::from(cell.text().map(|role| word_of(&ROLES, &role)).unwrap_or_default()),
        _ if key == "attendance" => Json::from(cell.text().map(|word| word_of(&ATTENDANCE, &word)).unwrap_or_default()),
        _ if NARROW.contains(&key) => Json::from(cell.narrow().unwrap_or_default()),
        _ => Json::from(cell.text().unwrap_or_default().into_owned()),
    }
}

/// Of digits, signs and Latin letters: full-width ones are slips of an input method.
const NARROW: [&str; 7] = ["email", "phone", "mobile", "fax", "postal_code", "website", "corporate_number"];

fn date_text(cell: &ListCell) -> String {
    cell.date().map_or_else(|| cell.text().unwrap_or_default().into_owned(), |date| date.iso())
}

/// An id of what has no id of its own.
fn hash(parts: &[&str]) -> String {
    format!("h_{}", &blake3::hash(parts.join("\n").as_bytes()).to_hex()[..16])
}

#[cfg(test)]
mod tests {
    use super::super::asked::OutAsked;
    use super::super::column::{BLOCK, CONSENT};
    use super::super::out::form;
    use super::*;
    use crate::connector::map::refusal_words::RefusalWord;
    use std::collections::BTreeMap;

    fn row_of(profile: ListProfile, cells: &[(&str, &str)]) -> (FoundColumns, Vec<ListCell>) {
        let header: Vec<ListCell> = cells.iter().map(|(name, _)| ListCell::of_text(name)).collect();
        let columns = FoundColumns::of(profile, &header, &BTreeMap::new());
        (columns, cells.iter().map(|(_, text)| ListCell::of_text(text)).collect())
    }

    fn id(profile: ListProfile, rows: RowsAs, cells: &[(&str, &str)]) -> Option<String> {
        let (columns, cells) = row_of(profile, cells);
        ListRow { profile, columns: &columns, cells: &cells }.id(rows)
    }

    #[test]
    fn a_row_is_known_by_its_id_then_its_address_then_what_it_says() {
        use ListProfile::{Accounts, Contacts, Contracts, Deals};
        let known = |cells: &[(&str, &str)]| id(Contacts, RowsAs::Person, cells);
        assert_eq!(known(&[("顧客ID", "００７"), ("メール", "a@b.example")]).as_deref(), Some("007"));
        assert_eq!(known(&[("顧客ID", ""), ("メール", "Ｔａｒｏ＠b.example")]).as_deref(), Some("taro@b.example"));
        let by_name = known(&[("氏名", "山田 太郎"), ("会社名", "株式会社アクメ")]);
        assert_eq!(by_name, known(&[("氏名", "山田　太郎"), ("会社名", "㈱アクメ")]));
        assert!(by_name.is_some_and(|id| id.starts_with("h_")));
        assert_eq!(known(&[("氏名", ""), ("部署", "営業")]), None);
        let contract = |product: &str| id(Contracts, RowsAs::Person, &[("メール", "a@b.example"), ("商品", product)]);
        assert_ne!(contract("A"), contract("B"));
        let visit = |day: &str| id(ListProfile::Seminars, RowsAs::Person, &[("メール", "a@b.example"), ("開催日", day)]);
        assert_eq!(visit("2026/10/1"), visit("令和8年10月1日"));
        assert_ne!(visit("2026/10/1"), visit("2026/11/1"));
        let deal = |company: &str| id(Deals, RowsAs::Deal, &[("案件名", "更新 2026"), ("会社名", company)]);
        assert_eq!(deal("(株)アクメ"), deal("株式会社 アクメ"));
        assert_ne!(deal("アクメ"), deal("ベータ"));
        assert_eq!(id(Deals, RowsAs::Deal, &[("案件名", ""), ("会社名", "アクメ")]), None);
        assert_eq!(id(Accounts, RowsAs::Account, &[("商号", "株式会社アクメ")]).as_deref(), Some("アクメ"));
    }

    #[test]
    fn a_deal_ended_on_the_last_day_that_its_row_says() {
        let columns = ["案件名", "受注日", "失注日"].map(ListCell::of_text);
        let columns = FoundColumns::of(ListProfile::Deals, &columns, &BTreeMap::new());
        for (won, lost, want) in [("", "2026/11/30", Some("2026-11-30")), ("2026/12/01", "2026/11/30", Some("2026-12-01")), ("", "", None)]
        {
            let cells = ["A", won, lost].map(ListCell::of_text);
            let row = ListRow { profile: ListProfile::Deals, columns: &columns, cells: &cells };
            assert_eq!(row.closed().and_then(ListCell::date).map(|date| date.iso()).as_deref(), want, "{won} {lost}");
        }
    }

    #[test]
    fn of_two_rows_of_an_export_the_one_that_says_no_counts() {
        let mut asked = ListsAsked::one(ListProfile::Contacts, "ma.csv".into());
        asked.out = Some(OutAsked::all_of(form::of("kairos3").unwrap()));
        asked.columns = BTreeMap::from([("配信可否".into(), CONSENT.into()), ("配信停止".into(), BLOCK.into())]);
        asked.teach(&[form::words(), BTreeMap::from([("OK".to_string(), RefusalWord::Fine)])].into_iter().flatten().collect());
        let rank = |consent: &str, block: &str| {
            let cell = |text: &str| ListCell::of_text(text);
            let columns = FoundColumns::of(ListProfile::Contacts, &["メール", "配信可否", "配信停止"].map(cell), &asked.columns);
            let cells = ["a@b.example", consent, block].map(cell);
            ListRow { profile: ListProfile::Contacts, columns: &columns, cells: &cells }.rank(RowsAs::Person, &asked)
        };
        let yes = rank("承諾", "");
        assert_eq!((rank("承諾", "可"), rank("ＯＫ", "")), (yes.clone(), yes.clone()));
        assert!(rank("拒否", "") > rank("要確認", "") && rank("要確認", "") > rank("OK", ""), "a no goes before what may be one");
        assert!(rank("承諾", "停止") < yes, "a block that one of two lacks is still to be written");
        assert!(rank("拒否", "") > yes && rank("×", "") > yes && rank("承諾", "手動") > yes && rank("拒否", "") > rank("承諾", "手動"));
    }

    #[test]
    fn the_account_is_the_company_or_its_own_domain() {
        let account = |cells: &[(&str, &str)]| {
            let (columns, cells) = row_of(ListProfile::Contacts, cells);
            ListRow { profile: ListProfile::Contacts, columns: &columns, cells: &cells }.account()
        };
        assert_eq!(account(&[("会社名", "株式会社アクメ"), ("メール", "a@b.example")]).as_deref(), Some("アクメ"));
        assert_eq!(account(&[("会社名", ""), ("メール", "a@b.example")]).as_deref(), Some("b.example"));
        assert_eq!(account(&[("メール", "a@gmail.com")]), None);
    }
}
