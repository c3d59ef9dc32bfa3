//! The columns of lists of people, companies and deals, by the names that people give them.

use super::column::{CLOSED, KnownColumn, ROW_ID, UPDATED, column};
use crate::connector::manifest::FieldKind::{Date, Int, List, Number, Text};

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

pub(super) const PERSON: [KnownColumn; 18] = [
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

pub(super) const CONTACTS: [KnownColumn; 1] = [column(
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

pub(super) const CARDS: [KnownColumn; 5] = [
    column(ROW_ID, Text, &["id", "名刺id", "名刺番号", "cardid", "人物id", "管理番号"]),
    column("exchanged_on", Date, &["名刺交換日", "交換日", "exchangedon", "exchangedate", "dateexchanged"]),
    column("exchanged_by", Text, &["交換者", "名刺交換者", "所有者", "名刺所有者", "exchangedby", "cardowner"]),
    column("printed_text", Text, &["名刺テキスト", "名刺の文面", "全文", "ocrテキスト", "printedtext", "ocrtext", "cardtext"]),
    column("scan", Text, &["名刺画像", "画像", "画像url", "名刺画像url", "スキャン", "scan", "image", "imageurl", "cardimage"]),
];

pub(super) const CONTRACTS: [KnownColumn; 5] = [
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

pub(super) const ACCOUNTS: [KnownColumn; 16] = [
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

pub(super) const DEALS: [KnownColumn; 13] = [
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
