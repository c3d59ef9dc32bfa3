//! The connector of lists against files: what a pass brings, what a second one need not, and what large lists take.

#![allow(clippy::disallowed_methods, reason = "what a list takes is measured by the wall clock")]

use futures::FutureExt;
use nayose::connector::{Connector, FileConnector, ListProfile, ListsAsked, Observed, PageRead, PageSink, Pass, PassEnd, SystemSettings};
use nayose::model::{DealState, Record, Time};
use rust_xlsxwriter::Workbook;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub fn connector(asked: ListsAsked) -> FileConnector {
    let given = SystemSettings {
        name: "lists".into(),
        settings: BTreeMap::new(),
        permit: None,
        permits: Default::default(),
        why: None,
        time_zone: Some("Asia/Tokyo".into()),
        refusal_words: BTreeMap::new(),
        status_words: BTreeMap::new(),
        lacks: Vec::new(),
        edits: Default::default(),
        lists: Some(asked),
    };
    // Later than any file was saved.
    FileConnector::new(&given, std::sync::Arc::new(|| nayose::model::Time(4_000_000_000_000))).unwrap()
}

pub async fn read(connector: &FileConnector, stream: &str, pass: Pass) -> Result<(PassEnd, Vec<PageRead>), String> {
    let pages = Arc::new(Mutex::new(Vec::new()));
    let kept = pages.clone();
    let sink: PageSink<'_> = Box::new(move |page| {
        kept.lock().unwrap().push(page);
        async { Ok(()) }.boxed()
    });
    let end = connector.pass(stream, pass, sink).await.map_err(|e| e.to_string())?;
    Ok((end, std::mem::take(&mut *pages.lock().unwrap())))
}

fn records(pages: &[PageRead]) -> Vec<&Record> {
    let observed = pages.iter().flat_map(|page| &page.observed);
    observed.map(|o| if let Observed::Record { record, .. } = o { &**record } else { panic!("{o:?}") }).collect()
}

fn resume(cursor: Option<&str>) -> Pass {
    Pass::Resume { cursor: cursor.map(Box::from), since: Time(0) }
}

fn cursor(pages: &[PageRead]) -> Option<String> {
    pages.iter().find_map(|page| page.cursor.as_deref().map(String::from))
}

#[tokio::test]
async fn a_list_is_read_when_its_content_is_another_and_once_more_when_somebody_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.csv");
    let lists = connector(ListsAsked::one(ListProfile::Contacts, path.clone()));
    fs::write(&path, "氏名,メール\n森,mori@a.example\n林,hayashi@a.example\n").unwrap();

    assert!(read(&lists, "contacts", resume(None)).await.unwrap().0.is_another, "nothing was read yet");
    let (end, pages) = read(&lists, "contacts", Pass::Sweep).await.unwrap();
    assert!(end.complete && records(&pages).len() == 2);
    let (end, pages) = read(&lists, "contacts", resume(None)).await.unwrap();
    let first = cursor(&pages).unwrap();
    assert!(end.complete && !end.is_another);
    let (end, pages) = read(&lists, "contacts", resume(Some(&first))).await.unwrap();
    assert!(!end.is_another && pages.is_empty());

    // Another process that finds the cursor need not read either.
    let later = connector(ListsAsked::one(ListProfile::Contacts, path.clone()));
    assert!(!read(&later, "contacts", resume(Some(&first))).await.unwrap().0.is_another);

    fs::write(&path, "氏名,メール\n森,mori@a.example\n").unwrap();
    for lists in [&lists, &later] {
        assert!(read(lists, "contacts", resume(Some(&first))).await.unwrap().0.is_another);
        read(lists, "contacts", Pass::Sweep).await.unwrap();
        let (_, pages) = read(lists, "contacts", resume(None)).await.unwrap();
        let again = cursor(&pages).unwrap();
        assert!(read(lists, "contacts", resume(Some(&again))).await.unwrap().0.is_another, "the second look is due");
        read(lists, "contacts", Pass::Sweep).await.unwrap();
        let (_, pages) = read(lists, "contacts", resume(Some(&again))).await.unwrap();
        let read_twice = cursor(&pages).unwrap();
        assert!(!read(lists, "contacts", resume(Some(&read_twice))).await.unwrap().0.is_another);
    }

    // Read otherwise, the same bytes are another list.
    let mut asked = ListsAsked::one(ListProfile::Contacts, path);
    asked.columns.insert("氏名".into(), "last_name".into());
    assert!(read(&connector(asked), "contacts", resume(Some(&first))).await.unwrap().0.is_another);
}

#[tokio::test]
async fn a_deal_names_its_contact_and_its_company() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deals.csv");
    let header = "案件名,会社名,担当者,メール,フェーズ,受注予定日,受注日,金額";
    fs::write(
        &path,
        format!("{header}\n更新,㈱アクメ,森 花子,Hanako@acme.example,受注,R8.12.1,2026/12/3,\"1,200,000円\"\n新規,株式会社 アクメ,,,検討,未定,,\n"),
    )
    .unwrap();
    let mut asked = ListsAsked::one(ListProfile::Deals, path);
    asked.stages.insert("受注".into(), DealState::Won);
    let lists = connector(asked);
    let (_, pages) = read(&lists, "deals", Pass::Sweep).await.unwrap();
    let told: Vec<String> = records(&pages)
        .iter()
        .map(|d| format!("{:?} {:?} {:?} {:?} {:?}", d.deal, d.people, d.account, d.field("amount").map(|f| &f.value), d.memory.ended_at))
        .collect();
    assert_eq!(
        told,
        [
            "Some(Won) [\"hanako@acme.example\"] Some(\"アクメ\") Some(Number(1200000.0)) Some(Time(1796223600000))",
            "Some(Unknown) [] Some(\"アクメ\") Some(Empty) None"
        ]
    );
    let why: Vec<&str> = pages.iter().flat_map(|p| &p.quarantined).map(|q| &*q.why).collect();
    assert_eq!(why, ["is a text, which is not a date (deals.csv, line 3, column 6)"]);
    let (_, pages) = read(&lists, "deal_contacts", Pass::Sweep).await.unwrap();
    let contacts: Vec<String> = records(&pages).iter().map(|r| format!("{} {:?}", r.id, r.text("name"))).collect();
    assert_eq!(contacts, ["lists:person:hanako@acme.example Some(\"森 花子\")"]);
    let (_, pages) = read(&lists, "accounts", Pass::Sweep).await.unwrap();
    assert_eq!(records(&pages).iter().map(|r| r.id.to_string()).collect::<Vec<_>>(), ["lists:account:アクメ"]);
}

#[tokio::test]
async fn several_files_are_one_list_and_the_one_that_was_saved_last_counts() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, title: &str, seconds: u64| {
        let path = folder.path().join(name);
        fs::write(&path, format!("氏名,メール,役職\n森,mori@a.example,{title}\n")).unwrap();
        let at = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_795_000_000 + seconds);
        fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
    };
    put("b.csv", "課長", 0);
    put("a.csv", "部長", 60);
    let lists = connector(ListsAsked::one(ListProfile::Contacts, folder.path().join("*.csv")));
    let (_, pages) = read(&lists, "contacts", Pass::Sweep).await.unwrap();
    let all = records(&pages);
    assert_eq!(all.iter().map(|r| r.text("title")).collect::<Vec<_>>(), [Some("部長")]);
    assert_eq!(all[0].fields[0].at, Time(1_795_000_060_000), "as old as its file");
}

#[tokio::test]
async fn values_are_as_old_as_their_row_says_then_as_the_list_is_said_to_be() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.csv");
    fs::write(
        &path,
        "氏名,メール,名刺交換日,更新日\n森,mori@a.example,2026/9/1,2026/11/1\n林,hayashi@a.example,,2026年11月2日 9:30\n原,hara@a.example,,\n\
         森,mori@a.example,2025/1/1,\n",
    )
    .unwrap();
    let as_of = nayose::model::Date::parse("2026-10-01");
    let lists = connector(ListsAsked { as_of, ..ListsAsked::one(ListProfile::Cards, path) });
    let (_, pages) = read(&lists, "cards", Pass::Sweep).await.unwrap();
    let at: Vec<String> = records(&pages).iter().map(|r| format!("{} {}", r.id.id, r.fields[0].at.rfc3339())).collect();
    assert_eq!(
        at,
        ["mori@a.example 2026-08-31T15:00:00Z", "hayashi@a.example 2026-11-02T00:30:00Z", "hara@a.example 2026-09-30T15:00:00Z",],
        "of two cards of one person the later exchange counts"
    );
}

/// What LibreOffice makes of one list, in each of its forms: see lists_made/README.md.
#[tokio::test]
async fn a_list_that_libreoffice_saved_gives_the_same_people_in_each_form() {
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors/lists_made/libreoffice");
    let mut shown: Vec<(&str, String)> = Vec::new();
    for file in ["cards-utf-8.csv", "cards-shift-jis.csv", "cards-utf-16.csv", "cards.xlsx", "cards.ods", "cards.xls"] {
        let lists = connector(ListsAsked::one(ListProfile::Cards, made.join(file)));
        let (_, pages) = read(&lists, "cards", Pass::Sweep).await.unwrap();
        let mut people: Vec<String> = Vec::new();
        for record in records(&pages) {
            let fields: Vec<String> = record.fields.iter().map(|field| format!("{}={:?}", field.name, field.value)).collect();
            people.push(format!("{} {}", record.id, fields.join(" ")));
        }
        people.sort();
        shown.push((file, people.join("\n")));
    }
    let (_, first) = &shown[0];
    assert!(
        first.lines().count() == 3
            && first.contains("髙橋 一郎")
            && first.contains("﨑山 花子")
            && first.contains("exchanged_on=Date(Date(20759))"),
        "{first}"
    );
    for (file, people) in &shown {
        assert_eq!(people, first, "{file}");
    }
}

#[tokio::test]
async fn a_no_in_a_list_of_consents_goes_before_a_yes_and_who_says_nothing_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("consents.csv");
    fs::write(
        &path,
        "メールアドレス,配信可否,オプトアウト,同意日,取得者,同意文\n\
         mori@a.example,不可,,2025/4/1,営業 一郎,\n\
         mori@a.example,可,,2026/4/1,営業 一郎,\n\
         hayashi@a.example,同意する,いいえ,2025/1/1,,\n\
         hayashi@a.example,同意する,,2026/10/1,営業 次郎,製品のご案内を送ります\n\
         hara@a.example,,,2026/1/1,,\n\
         mizu@a.example,,いいえ,,,\n\
         kawa@a.example,可,はい,,,\n\
         yama@a.example,要確認,,,,\n",
    )
    .unwrap();
    let lists = connector(ListsAsked::one(ListProfile::Consents, path.clone()));
    let (end, pages) = read(&lists, "consents", Pass::Sweep).await.unwrap();
    assert!(end.complete);
    let told: Vec<String> = records(&pages)
        .iter()
        .map(|r| {
            let fields: Vec<String> = r.fields.iter().filter(|f| !f.value.is_empty()).map(|f| format!("{}={}", f.name, f.value)).collect();
            format!("{} {:?} {:?} {}", r.id.id, r.refusals, r.unread_refusals, fields.join(" "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "mori@a.example [All] [] consent_by=営業 一郎 consent_on=2025-04-01 email=mori@a.example",
            "hayashi@a.example [] [] consent_by=営業 次郎 consent_on=2026-10-01 consent_text=製品のご案内を送ります email=hayashi@a.example",
            "kawa@a.example [All] [] email=kawa@a.example",
            "yama@a.example [] [\"要確認\"] email=yama@a.example",
        ]
    );
    let notes = lists.notes();
    for note in [
        "consents.csv, line 3: the row has the id of consents.csv, line 2, which counts",
        "2 rows say neither yes nor no, so that nobody's consent is read there",
        "these words are neither yes nor no, and hold whom they are said of: \"要確認\" (1); say refusal_words = { \"要確認\" = \"no\" }, or \"fine\"",
    ] {
        assert!(notes.iter().any(|said| said == note), "{note}: {notes:#?}");
    }
    fs::write(&path, "メールアドレス,会社名\nmori@a.example,アクメ\n").unwrap();
    let told = read(&lists, "consents", Pass::Sweep).await.unwrap_err();
    assert!(
        told.contains("names a column for 配信可否 or オプトアウト; name it so, or say columns = { \"NAME\" = \"consent\" }"),
        "{told}"
    );
}

#[tokio::test]
async fn each_visit_of_a_seminar_is_a_record_dated_by_its_day() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seminars.csv");
    fs::write(
        &path,
        "氏名,メールアドレス,セミナー名,開催日,出欠,アンケート\n\
         森,mori@a.example,入門,2026/6/1,出席,価格を知りたい\n\
         森,mori@a.example,入門,令和8年10月1日,欠席,\n\
         森,mori@a.example,応用,2026-11-01,途中退席,\n\
         森,mori@a.example,入門,2026/6/1,出席,導入を検討中\n",
    )
    .unwrap();
    let lists = connector(ListsAsked::one(ListProfile::Seminars, path));
    let (_, pages) = read(&lists, "seminars", Pass::Sweep).await.unwrap();
    let of = |r: &Record, name: &str| r.field(name).map(|f| f.value.to_string()).unwrap_or_default();
    let told: Vec<String> = records(&pages)
        .iter()
        .map(|r| format!("{} {} {} {}", r.fields[0].at.rfc3339(), of(r, "event_name"), of(r, "attendance"), of(r, "questionnaire")))
        .collect();
    assert_eq!(
        told,
        [
            "2026-09-30T15:00:00Z 入門 absent (empty)",
            "2026-10-31T15:00:00Z 応用 途中退席 (empty)",
            "2026-05-31T15:00:00Z 入門 attended 導入を検討中",
        ]
    );
}

/// A broken file may neither end the process nor be taken for a list.
#[tokio::test]
async fn a_workbook_that_is_cut_anywhere_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.xlsx");
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (row, cells) in [["氏名", "メール"], ["森", "mori@a.example"], ["林", "hayashi@a.example"]].iter().enumerate() {
        cells.iter().enumerate().for_each(|(column, cell)| {
            sheet.write(row as u32, column as u16, *cell).unwrap();
        });
    }
    let whole = book.save_to_buffer().unwrap();
    let lists = connector(ListsAsked::one(ListProfile::Cards, path.clone()));
    fs::write(&path, &whole).unwrap();
    assert_eq!(records(&read(&lists, "cards", Pass::Sweep).await.unwrap().1).len(), 2);
    for cut in (1..whole.len()).step_by(whole.len() / 40) {
        fs::write(&path, &whole[..cut]).unwrap();
        let told = read(&lists, "cards", Pass::Sweep).await.unwrap_err();
        assert!(told.contains("cards.xlsx: ") && told.ends_with("Nothing was taken from the list"), "{cut}: {told}");
    }
}

/// The most memory that this process had, in MiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) >> 10
}

async fn measured(what: &str, path: &Path, rows: usize) {
    let lists = connector(ListsAsked::one(ListProfile::Cards, path.to_path_buf()));
    let count = Arc::new(Mutex::new(0));
    let counted = count.clone();
    let sink: PageSink<'_> = Box::new(move |page| {
        *counted.lock().unwrap() += page.observed.len();
        async { Ok(()) }.boxed()
    });
    let begun = Instant::now();
    lists.pass("cards", Pass::Sweep, sink).await.unwrap();
    println!("{what}: {rows} rows in {:.1} s, {} MiB at most", begun.elapsed().as_secs_f64(), peak());
    assert_eq!(*count.lock().unwrap(), rows);
}

/// `cargo test --release --test connectors large_lists -- --ignored --nocapture --test-threads 1`
#[tokio::test]
#[ignore = "takes long and measures"]
async fn large_lists_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.csv");
    let rows = 1_000_000;
    let mut text = String::from("氏名,会社名,部署,役職,メールアドレス,電話番号,郵便番号,住所,名刺交換日,交換者\r\n");
    for i in 0..rows {
        let _ = write!(
            text,
            "山田 太郎{i},株式会社アクメ{},営業部,課長,taro{i}@acme{}.example,03-1234-{:04},100-0001,東京都千代田区千代田1-1,2026/{}/{},営業 一郎\r\n",
            i % 5000,
            i % 5000,
            i % 10000,
            1 + i % 12,
            1 + i % 28
        );
    }
    fs::write(&path, text).unwrap();
    measured("CSV", &path, rows).await;
}

#[tokio::test]
#[ignore = "takes long and measures"]
async fn large_lists_of_workbooks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cards.xlsx");
    let rows = 200_000;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    let header = ["氏名", "会社名", "部署", "役職", "メールアドレス", "電話番号", "郵便番号", "住所", "名刺交換日", "交換者"];
    for (column, name) in header.into_iter().enumerate() {
        sheet.write(0, column as u16, name).unwrap();
    }
    for i in 0..rows {
        let row = i as u32 + 1;
        let texts = [
            format!("山田 太郎{i}"),
            format!("株式会社アクメ{}", i % 5000),
            "営業部".into(),
            "課長".into(),
            format!("taro{i}@acme{}.example", i % 5000),
        ];
        let more = [
            format!("03-1234-{:04}", i % 10000),
            "100-0001".into(),
            "東京都千代田区千代田1-1".into(),
            format!("2026/{}/{}", 1 + i % 12, 1 + i % 28),
        ];
        for (column, text) in texts.iter().chain(&more).chain(["営業 一郎".to_string()].iter()).enumerate() {
            sheet.write(row, column as u16, text).unwrap();
        }
    }
    book.save(&path).unwrap();
    measured(".xlsx", &path, rows).await;
}
