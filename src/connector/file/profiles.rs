//! The kinds of list, and the columns that each knows, by the names that people give them.

use crate::connector::manifest::FieldKind;

/// What the rows of a list are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ListProfile {
    Contacts,
    Cards,
    Contracts,
    Accounts,
    Deals,
}

/// A column that a profile knows.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownColumn {
    /// What it is: the field's name, or one of [`ROW_ID`], [`UPDATED`], [`CLOSED`].
    pub key: &'static str,
    pub kind: FieldKind,
    /// Its names, as `headers::plain` has them.
    pub headers: &'static [&'static str],
}

/// The list's own id of a row: no field.
pub const ROW_ID: &str = "id";
/// When a row was changed last: no field.
pub const UPDATED: &str = "updated";
/// What tools without an API show of our marks, and of the person's own word.
pub const BLOCK: &str = "row_block";
pub const STATUS: &str = "row_status";
pub const CONSENT: &str = "row_consent";
/// When a deal ended: no field.
pub const CLOSED: &str = "closed";

/// Columns that no list has by itself: systems.toml names them. They are marks of a tool without an API, and no fields.
pub const MARKS: &[KnownColumn] = &[column(BLOCK, Text, &[]), column(STATUS, Text, &[]), column(CONSENT, Text, &[])];

use FieldKind::{Date, Int, List, Number, Text};

const fn column(key: &'static str, kind: FieldKind, headers: &'static [&'static str]) -> KnownColumn {
    KnownColumn { key, kind, headers }
}

const CHANGED: KnownColumn = column(
    UPDATED,
    Date,
    &["更新日", "更新日時", "最終更新日", "最終更新日時", "updated", "updatedat", "lastupdated", "modified", "modifiedat", "lastmodified"],
);

const COMPANY: KnownColumn = column(
    "company",
    Text,
    &[
        "会社名",
        "会社",
        "企業名",
        "企業",
        "法人名",
        "勤務先",
        "勤務先名",
        "取引先名",
        "取引先",
        "顧客名",
        "company",
        "companyname",
        "organization",
        "accountname",
        "account",
    ],
);

const EMAIL: KnownColumn = column(
    "email",
    Text,
    &[
        "メールアドレス",
        "メール",
        "eメール",
        "eメールアドレス",
        "電子メール",
        "email",
        "emailaddress",
        "mail",
        "mailaddress",
        "担当者メール",
        "担当者メールアドレス",
    ],
);

const WORK_PHONE: &[&str] =
    &["電話番号", "電話", "tel", "telephone", "phone", "phonenumber", "代表電話", "会社電話番号", "会社電話", "直通電話", "直通"];
const POSTAL_CODE: &[&str] = &["郵便番号", "zip", "zipcode", "postalcode", "postcode"];
const ADDRESS: &[&str] = &["住所", "所在地", "会社住所", "勤務先住所", "本社所在地", "address"];
const COUNTRY: &[&str] = &["国", "国名", "country"];
const OWNER: &[&str] = &["担当営業", "営業担当", "営業担当者", "自社担当者", "自社担当", "owner", "salesrep", "dealowner"];
const INDUSTRY: &[&str] = &["業種", "業種名", "主業", "業界", "産業分類", "industry"];

const PERSON: [KnownColumn; 18] = [
    column(
        "name",
        Text,
        &["氏名", "名前", "お名前", "姓名", "担当者", "担当者名", "ご担当者名", "名刺氏名", "name", "fullname", "contactname"],
    ),
    column("last_name", Text, &["姓", "名字", "苗字", "氏", "lastname", "familyname", "surname"]),
    column("first_name", Text, &["名", "firstname", "givenname"]),
    column("name_kana", Text, &["フリガナ", "ふりがな", "氏名カナ", "氏名フリガナ", "氏名ふりがな", "カナ氏名", "よみがな", "namekana"]),
    column("last_name_kana", Text, &["セイ", "せい", "姓カナ", "姓フリガナ", "姓ふりがな", "lastnamekana"]),
    column("first_name_kana", Text, &["メイ", "めい", "名カナ", "名フリガナ", "名ふりがな", "firstnamekana"]),
    COMPANY,
    column("department", Text, &["部署", "部署名", "所属", "所属部署", "部門", "department", "division"]),
    column("title", Text, &["役職", "役職名", "肩書", "肩書き", "title", "jobtitle", "position"]),
    EMAIL,
    column("phone", Text, WORK_PHONE),
    column("mobile", Text, &["携帯電話", "携帯電話番号", "携帯番号", "携帯", "mobile", "mobilephone", "cellphone"]),
    column("fax", Text, &["fax", "fax番号", "ファックス", "ファクス", "ファクシミリ"]),
    column("postal_code", Text, POSTAL_CODE),
    column("address", Text, ADDRESS),
    column("country", Text, COUNTRY),
    column("website", Text, &["url", "webサイト", "ホームページ", "website", "web", "homepage"]),
    CHANGED,
];

const CONTACTS: [KnownColumn; 1] = [column(
    ROW_ID,
    Text,
    &[
        "id",
        "顧客id",
        "会員id",
        "連絡先id",
        "人物id",
        "コンタクトid",
        "contactid",
        "personid",
        "管理番号",
        "リードid",
        "カスタマーid",
        "leadid",
    ],
)];

const CARDS: [KnownColumn; 5] = [
    column(ROW_ID, Text, &["id", "名刺id", "名刺番号", "cardid", "人物id", "管理番号"]),
    column("exchanged_on", Date, &["名刺交換日", "交換日", "exchangedon", "exchangedate", "dateexchanged"]),
    column("exchanged_by", Text, &["交換者", "名刺交換者", "所有者", "名刺所有者", "exchangedby", "cardowner"]),
    column("printed_text", Text, &["名刺テキスト", "名刺の文面", "全文", "ocrテキスト", "printedtext", "ocrtext", "cardtext"]),
    column("scan", Text, &["名刺画像", "画像", "画像url", "名刺画像url", "スキャン", "scan", "image", "imageurl", "cardimage"]),
];

const CONTRACTS: [KnownColumn; 5] = [
    column(ROW_ID, Text, &["契約番号", "契約id", "契約no", "contractid", "contractnumber", "id"]),
    column(
        "products",
        List,
        &["契約商品", "契約製品", "商品", "商品名", "製品", "製品名", "サービス", "サービス名", "プラン", "products", "product", "plan"],
    ),
    column("contract_role", Text, &["契約上の役割", "役割", "区分", "担当区分", "連絡先区分", "contractrole", "contactrole", "role"]),
    column("contract_begins", Date, &["契約開始日", "利用開始日", "開始日", "contractstart", "contractbegins", "startdate"]),
    column(
        "contract_ends",
        Date,
        &["契約終了日", "契約満了日", "利用終了日", "終了日", "満了日", "contractend", "contractends", "enddate"],
    ),
];

const ACCOUNTS: [KnownColumn; 16] = [
    column(ROW_ID, Text, &["会社id", "取引先id", "企業コード", "企業id", "取引先コード", "顧客コード", "accountid", "companyid", "id"]),
    column(
        "name",
        Text,
        &["会社名", "企業名", "商号", "法人名", "取引先名", "取引先", "顧客名", "会社", "company", "companyname", "accountname", "name"],
    ),
    column("name_kana", Text, &["会社名カナ", "企業名カナ", "商号カナ", "カナ", "フリガナ", "namekana"]),
    column("corporate_number", Text, &["法人番号", "corporatenumber"]),
    column("domain", Text, &["ドメイン", "domain", "emaildomain"]),
    column("industry", Text, INDUSTRY),
    column("employees", Int, &["従業員数", "社員数", "従業員", "employees", "numberofemployees"]),
    column("revenue", Number, &["売上高", "売上", "年商", "revenue", "annualrevenue"]),
    column("capital", Number, &["資本金", "capital"]),
    column("phone", Text, WORK_PHONE),
    column("postal_code", Text, POSTAL_CODE),
    column("address", Text, ADDRESS),
    column("country", Text, COUNTRY),
    column("website", Text, &["url", "webサイト", "ホームページ", "website", "web", "homepage"]),
    column("owner", Text, OWNER),
    CHANGED,
];

const DEALS: [KnownColumn; 13] = [
    column(ROW_ID, Text, &["案件番号", "案件id", "案件no", "商談id", "商談番号", "dealid", "opportunityid", "id"]),
    column("deal_name", Text, &["案件名", "案件", "商談名", "商談", "件名", "dealname", "deal", "opportunity", "opportunityname"]),
    COMPANY,
    column(
        "contact_name",
        Text,
        // Who is called just 担当者 may be one of our own.
        &["先方担当者", "先方担当", "お客様担当者", "顧客担当者", "氏名", "担当者", "担当者名", "contact", "contactname"],
    ),
    EMAIL,
    column(
        "stage",
        Text,
        &["フェーズ", "ステージ", "商談フェーズ", "案件フェーズ", "進捗", "状況", "ステータス", "stage", "dealstage", "phase", "status"],
    ),
    column("amount", Number, &["金額", "受注予定金額", "見込金額", "見積金額", "案件金額", "受注金額", "amount"]),
    column(
        "expected_on",
        Date,
        &["受注予定日", "受注見込日", "完了予定日", "クローズ予定日", "expectedclosedate", "expectedon", "closedate"],
    ),
    column(CLOSED, Date, &["受注日", "失注日", "完了日", "終了日", "クローズ日", "closedon", "closedat"]),
    column("owner", Text, OWNER),
    column("title", Text, &["役職", "役職名", "title", "jobtitle"]),
    column("phone", Text, WORK_PHONE),
    CHANGED,
];

impl ListProfile {
    pub const ALL: [ListProfile; 5] =
        [ListProfile::Contacts, ListProfile::Cards, ListProfile::Contracts, ListProfile::Accounts, ListProfile::Deals];

    /// Its name in systems.toml, and of the stream that its rows become.
    pub fn name(self) -> &'static str {
        match self {
            ListProfile::Contacts => "contacts",
            ListProfile::Cards => "cards",
            ListProfile::Contracts => "contracts",
            ListProfile::Accounts => "accounts",
            ListProfile::Deals => "deals",
        }
    }

    pub fn parse(name: &str) -> Option<ListProfile> {
        ListProfile::ALL.into_iter().find(|p| p.name() == name)
    }

    /// Whether each of its rows is a person.
    pub fn is_of_people(self) -> bool {
        matches!(self, ListProfile::Contacts | ListProfile::Cards | ListProfile::Contracts)
    }

    /// All columns that it knows. What belongs to it alone comes first: of two that a header could mean, that one is meant.
    pub fn columns(self) -> impl Iterator<Item = &'static KnownColumn> {
        let (own, shared): (&'static [KnownColumn], &'static [KnownColumn]) = match self {
            ListProfile::Contacts => (&CONTACTS, &PERSON),
            ListProfile::Cards => (&CARDS, &PERSON),
            ListProfile::Contracts => (&CONTRACTS, &PERSON),
            ListProfile::Accounts => (&ACCOUNTS, &[]),
            ListProfile::Deals => (&DEALS, &[]),
        };
        own.iter().chain(shared)
    }

    /// Of these groups of columns one each must be there, or nobody can be told from another.
    pub fn needs(self) -> &'static [&'static [&'static str]] {
        match self {
            ListProfile::Contacts | ListProfile::Cards | ListProfile::Contracts => &[&["email", "name", "last_name"]],
            ListProfile::Accounts => &[&["name"]],
            ListProfile::Deals => &[&["deal_name", ROW_ID], &["company", "email"]],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::file::headers::plain;
    use std::collections::BTreeSet;

    #[test]
    fn each_name_stands_as_it_is_looked_up_and_means_one_column_of_a_profile() {
        for profile in ListProfile::ALL {
            assert_eq!(ListProfile::parse(profile.name()), Some(profile));
            let mut keys = BTreeSet::new();
            for column in profile.columns() {
                assert!(keys.insert(column.key), "{} twice in {profile:?}", column.key);
                for header in column.headers {
                    assert_eq!(plain(header), *header, "{profile:?}");
                }
            }
            let shared = |key: &str| profile.columns().any(|c| c.key == key);
            assert!(profile.needs().iter().flat_map(|group| group.iter()).all(|key| shared(key)));
        }
    }
}
