//! Companies whose people, cards and deals stand in lists: `connector = "file"`.

use super::harness::{Setup, World, object, person};
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const EVERY: &str = "every = \"1s\"\ntime_zone = \"Asia/Tokyo\"\n";

/// The three systems, and another of lists.
fn world(keys: &str, precedence: &'static str) -> World {
    let world = World::new(Setup {
        more_systems: format!("[systems.lists]\nconnector = \"file\"\n{EVERY}{keys}\n"),
        precedence,
        ..Setup::default()
    });
    fs::create_dir_all(world.folder().join("inbox")).unwrap();
    world
}

fn inbox(world: &World, file: &str) -> PathBuf {
    world.folder().join("inbox").join(file)
}

fn put(world: &World, file: &str, bytes: impl AsRef<[u8]>) {
    fs::write(inbox(world, file), bytes).unwrap();
}

/// What is known of somebody's field: its value and the record that it is from.
fn field(world: &World, who: &str, field: &str) -> (Value, Value) {
    let told = world.run(&format!("explain {who}")).json();
    let field = &told["fields"][field];
    (field["value"].clone(), field["from"].clone())
}

/// Why the last sync did not read a stream.
fn error(world: &World, stream: &str) -> String {
    let told = world.sync().json();
    let streams = told["streams"].as_array().unwrap();
    let row = streams.iter().find(|s| s["system"] == "lists" && s["stream"] == stream).unwrap_or_else(|| panic!("{told:#}"));
    row["error"].as_str().unwrap_or_default().to_string()
}

/// How many records a sync reads from a stream.
fn read(world: &World, stream: &str) -> u64 {
    let told = world.sync().json();
    let streams = told["streams"].as_array().unwrap();
    let row = streams.iter().find(|s| s["system"] == "lists" && s["stream"] == stream);
    row.and_then(|s| s["read"].as_u64()).unwrap_or_else(|| panic!("{told:#}"))
}

/// Whom the lists show.
fn listed(world: &World) -> Vec<String> {
    let told = world.run("connector try lists").json();
    let records = |stream: &Value| match &stream["records"] {
        Value::Object(parts) => parts["records"].clone(),
        list => list.clone(),
    };
    let streams = told["streams"].as_array().unwrap().iter().map(records).collect::<Vec<_>>();
    streams.iter().flat_map(|s| s.as_array().unwrap()).map(|r| r["record"].as_str().unwrap().to_string()).collect()
}

const CONTACTS: &str = "path = \"inbox/*.csv\"\nprofile = \"contacts\"";
const RULES: &str = "title = [\"lists\", \"crm\", \"ma\"]\nphone = [\"lists\"]\n";

#[test]
fn a_list_of_contacts_is_read_and_its_values_reach_the_marketing_system() {
    let world = world(CONTACTS, RULES);
    let hanako = person(&world.sandbox.handle, "Hanako", "Mori", None);
    put(
        &world,
        "contacts.csv",
        "氏名,メールアドレス,役職,電話番号,メモ\nMori Hanako,Ｈanako.mori@acme.example,部長,０３－１２３４－５６７８,x\n",
    );
    world.run_text("check").exits(0).says("note: lists: contacts.csv: nothing is read from the columns \"メモ\"");
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("it settles", |w| w.run("plan").code == 0);
    assert_eq!(world.lead(hanako.lead).text("title"), Some("部長"));
    let from = json!("lists:person:hanako.mori@acme.example");
    assert_eq!(field(&world, &hanako.email, "title"), (json!("部長"), from.clone()));
    assert_eq!(field(&world, &hanako.email, "phone"), (json!("03-1234-5678"), from));

    // The same content again is no work, whenever it was written.
    let before = fs::read(inbox(&world, "contacts.csv")).unwrap();
    put(&world, "contacts.csv", &before);
    let told = world.sync().json();
    let read: Vec<&Value> = told["streams"].as_array().unwrap().iter().filter(|s| s["system"] == "lists").collect();
    assert!(read.iter().all(|s| s["read"] == 0 && s["error"].is_null()), "{told:#}");
}

#[test]
fn a_file_that_is_not_whole_or_another_changes_nothing_and_is_told() {
    let world = world(CONTACTS, RULES);
    let header = "氏名,メールアドレス,役職\n";
    let good = format!("{header}森 花子,hanako@lists.example,部長\n林 健,ken@lists.example,課長\n");
    put(&world, "contacts.csv", &good);
    assert_eq!(error(&world, "contacts"), "");
    let title = |who: &str| field(&world, who, "title").0;
    let both = [json!("部長"), json!("課長")];
    let stands = || assert_eq!(["hanako@lists.example", "ken@lists.example"].map(title), both);
    stands();
    for (bytes, why) in [
        (good.as_bytes()[..good.len() - 12].to_vec(), "contacts.csv: it is cut in its last row, line 3"),
        (Vec::new(), "contacts.csv: it is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\xff".to_vec(), "contacts.csv: line 3 holds a byte that is neither UTF-8 nor CP932"),
        ([good.as_bytes(), &[0x81, b'\n']].concat(), "contacts.csv: line 4 holds a byte that is neither UTF-8 nor CP932"),
        ("氏名,メールアドレス\n森 花子,hanako@lists.example\n".into(), "it has another shape: no column for title any more"),
        ("部署,備考\n営業,x\n".into(), "none of its first 20 rows names a column for メールアドレス or 氏名 or 姓"),
        (format!("{header}森 花子,hanako@lists.example,部長,x\n").into_bytes(), "line 2 has 4 cells, and the header names 3 columns"),
        (b"PK\x03\x04 and no more".to_vec(), "contacts.csv: it cannot be read as a workbook"),
    ] {
        put(&world, "contacts.csv", bytes);
        let told = error(&world, "contacts");
        assert!(told.contains(why) && told.ends_with("Nothing was taken from the list"), "{why}: {told:?}");
        stands();
    }
    fs::remove_file(inbox(&world, "contacts.csv")).unwrap();
    assert!(error(&world, "contacts").contains("there is no file"));
    stands();
    let new = good.replace("部長", "本部長");
    put(&world, "contacts.csv", &new);
    put(&world, "~$contacts.csv", "x");
    let told = error(&world, "contacts");
    assert!(told.contains("contacts.csv is open in another program (~$contacts.csv lies beside it)"), "{told}");
    stands();
    fs::remove_file(inbox(&world, "~$contacts.csv")).unwrap();
    world.sync_until("it is read", |_| title("hanako@lists.example") == json!("本部長"));
}

#[test]
fn a_column_that_is_said_to_be_missing_may_go() {
    let world = world(&format!("{CONTACTS}\nlacks = [\"title\"]"), RULES);
    put(&world, "contacts.csv", "氏名,メールアドレス,役職\n森 花子,hanako@lists.example,部長\n");
    assert_eq!(error(&world, "contacts"), "");
    put(&world, "contacts.csv", "氏名,メールアドレス,電話\n森 花子,hanako@lists.example,03-1\n");
    assert_eq!(error(&world, "contacts"), "");
    world.sync_until("it is read", |w| field(w, "hanako@lists.example", "phone").0 == json!("03-1"));
}

#[test]
fn who_is_missing_in_a_snapshot_is_gone_and_in_a_supplement_stays() {
    let gone = |world: &World, who: &str| {
        let told = world.run(&format!("explain {who}"));
        !told.out.contains(&format!("lists:person:{who}")) || told.out.contains("gone")
    };
    for (kind, want) in [("snapshot", true), ("supplement", false)] {
        let world = world(&format!("{CONTACTS}\nlist = \"{kind}\""), RULES);
        put(&world, "contacts.csv", "氏名,メールアドレス,役職\n森 花子,hanako@lists.example,部長\n林 健,ken@lists.example,課長\n");
        assert_eq!(error(&world, "contacts"), "");
        put(&world, "contacts.csv", "氏名,メールアドレス,役職\n森 花子,hanako@lists.example,本部長\n");
        assert_eq!(error(&world, "contacts"), "");
        assert!(!gone(&world, "ken@lists.example"), "missed once is not gone");
        for _ in 0..4 {
            assert_eq!(error(&world, "contacts"), "");
        }
        assert_eq!(field(&world, "hanako@lists.example", "title").0, json!("本部長"));
        // Each command is a process of its own, and knows by the cursor what was read.
        assert_eq!(read(&world, "contacts"), 0, "{kind}");
        assert_eq!(gone(&world, "ken@lists.example"), want, "{kind}\n{}", world.run_text("explain ken@lists.example"));
    }
}

/// A workbook with a title above, full-width headers, a day as a number of the workbook and one as a text.
fn cards(rows: &[(&str, &str, &str, &str)]) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("名刺").unwrap();
    sheet.write(0, 0, "名刺一覧（２０２６年）").unwrap();
    for (column, header) in ["氏　名", "会社名", "Ｅ－ｍａｉｌ", "ＴＥＬ", "名刺交換日", "交換者"].into_iter().enumerate()
    {
        sheet.write(2, column as u16, header).unwrap();
    }
    let day = Format::new().set_num_format("yyyy/mm/dd");
    for (row, (name, email, phone, exchanged)) in rows.iter().enumerate() {
        let row = row as u32 + 3;
        sheet.write(row, 0, *name).unwrap();
        sheet.write(row, 1, "株式会社アクメ").unwrap();
        sheet.write(row, 2, *email).unwrap();
        sheet.write(row, 3, *phone).unwrap();
        match ExcelDateTime::parse_from_str(exchanged) {
            Ok(at) => sheet.write_with_format(row, 4, &at, &day).unwrap(),
            Err(_) => sheet.write(row, 4, *exchanged).unwrap(),
        };
        sheet.write(row, 5, "営業 一郎").unwrap();
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn a_workbook_and_a_text_of_windows_give_the_same_people_as_their_twin() {
    let rows = [
        ("髙橋 一郎", "ichiro@lists.example", "０３－１１１１－２２２２", "2026-10-01"),
        ("森 花子", "hanako@lists.example", "", "令和8年11月2日"),
    ];
    let mut text = String::from("氏名,会社名,メールアドレス,電話番号,名刺交換日,交換者\r\n");
    for (name, email, phone, exchanged) in rows {
        text.push_str(&format!("{name},株式会社アクメ,{email},{phone},{},営業 一郎\r\n", exchanged.replace('-', "/")));
    }
    let (windows, _, lost) = encoding_rs::SHIFT_JIS.encode(&text);
    assert!(!lost);
    let with_mark = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
    let wide: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let made = |file: &str| fs::read(format!("{}/tests/connectors/lists_made/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut seen = Vec::new();
    for (file, bytes) in [
        ("cards.csv", text.clone().into_bytes()),
        ("cards.csv", windows.into_owned()),
        ("cards.csv", with_mark),
        ("cards.tsv", wide),
        ("cards.xlsx", cards(&rows)),
        ("cards.xls", made("cards.xls")),
        ("cards.ods", made("cards.ods")),
    ] {
        let world = world("path = \"inbox/cards.*\"\nprofile = \"cards\"", RULES);
        put(&world, file, bytes);
        let mut told = world.run("connector try lists").exits(0).json();
        let records = told["streams"][0]["records"].take();
        assert_eq!(records.as_array().map(Vec::len), Some(2), "{file}: {records:#}");
        seen.push(records);
    }
    assert_eq!(seen[0][0]["fields"]["phone"], json!("03-1111-2222"));
    assert_eq!(seen[0][0]["changed_at"], json!("2026-09-30T15:00:00Z"), "since the exchange, in Tokyo");
    for (place, other) in seen.iter().enumerate().skip(1) {
        assert_eq!(other, &seen[0], "{place}");
    }
}

#[test]
fn a_cell_that_cannot_be_read_is_told_by_where_it_is() {
    let world = world("path = \"inbox/cards.xlsx\"\nprofile = \"cards\"", RULES);
    put(&world, "cards.xlsx", cards(&[("森 花子", "hanako@lists.example", "03-1", "いつか")]));
    world.run_text("connector try lists").says(
        "lists:person:hanako@lists.example was read without its exchanged_on: is a text, which is not a date (cards.xlsx, sheet 名刺, E4)",
    );
}

const DEALS: &str = "lists = { contacts = \"inbox/contacts.csv\", deals = \"inbox/deals.csv\" }\nstages = { \"受注\" = \"won\", \"失注\" = \"lost\", \"提案\" = \"open\" }";

/// The hold on open deals is proved by the list of deals too.
fn holds_by_the_list(world: &World) {
    let path = world.folder().join("policy.toml");
    let (policy, crm) = (fs::read_to_string(&path).unwrap(), "\"crm.deals\" = \"15m\"");
    assert!(policy.contains(crm), "{policy}");
    fs::write(path, policy.replace(crm, &format!("{crm}, \"lists.deals\" = \"15m\", \"lists.deal_people\" = \"15m\""))).unwrap();
}

#[test]
fn an_open_deal_in_a_list_holds_everyone_of_its_company() {
    let world = world(DEALS, RULES);
    holds_by_the_list(&world);
    let handle = &world.sandbox.handle;
    let lead = |email: &str| handle.add_lead(&object(json!({"email": email, "firstName": "A", "lastName": "B"}))).unwrap();
    let (named, colleague, other) = (lead("taro@acme.example"), lead("hanako@acme.example"), lead("ken@beta.example"));
    // Whom no list knows.
    let unlisted = json!({"email": "jiro@gmail.com", "firstName": "A", "lastName": "B", "company": "アクメ株式会社"});
    let (by_name, by_domain) = (handle.add_lead(&object(unlisted)).unwrap(), lead("saburo@acme.example"));
    put(
        &world,
        "contacts.csv",
        "氏名,会社名,メール\nB A,(株)アクメ,taro@acme.example\nB A,アクメ,hanako@acme.example\nB A,ベータ,ken@beta.example\n",
    );
    let deals = |stage: &str| {
        format!(
            "案件名,会社名,担当者,メール,フェーズ,受注予定日\n更新,株式会社アクメ,B A,taro@acme.example,{stage},2026年12月1日\n新規,ベータ,,,失注,\n"
        )
    };
    put(&world, "deals.csv", deals("最終調整"));
    world.run_text("check").exits(0).says("deals in these stages count as open for ever, as `stages` does not name them: \"最終調整\" (1)");
    world.run("plan");
    world.run("approve ma").exits(0);
    world.sync_until("it settles", |w| w.run("plan").code == 0);
    assert_eq!(
        [named, colleague, other, by_name, by_domain].map(|lead| world.blocked(lead)),
        [true, true, false, true, true],
        "{}",
        world.run_text("explain hanako@acme.example")
    );
    put(&world, "deals.csv", deals("受注"));
    world.sync_until("the hold ends with the deal", |w| [named, colleague, by_name, by_domain].iter().all(|lead| !w.blocked(*lead)));
    assert_eq!(listed(&world).iter().filter(|id| id.starts_with("lists:account:")).count(), 2);
}

#[test]
fn of_two_sheets_that_may_be_the_list_none_is_taken_unsaid() {
    let world = world("path = \"inbox/deals.xlsx\"\nprofile = \"deals\"", RULES);
    holds_by_the_list(&world);
    let mut book = Workbook::new();
    for (name, deal) in [("2025", "old"), ("2026", "new")] {
        let sheet = book.add_worksheet();
        sheet.set_name(name).unwrap();
        for (row, cells) in (0..).zip([["案件名", "会社名"], [deal, "アクメ"]]) {
            for (column, cell) in (0..).zip(cells) {
                sheet.write_string(row, column, cell).unwrap();
            }
        }
    }
    put(&world, "deals.xlsx", book.save_to_buffer().unwrap());
    assert!(error(&world, "deals").contains("its sheets 2025 and 2026 may both be the list"));
}

#[test]
fn of_two_rows_for_one_deal_the_open_one_counts() {
    let world = world("path = \"inbox/deals.csv\"\nprofile = \"deals\"\nstages = { \"失注\" = \"lost\" }", RULES);
    holds_by_the_list(&world);
    put(&world, "deals.csv", "案件名,会社名,フェーズ\n更新,アクメ,提案\n更新,㈱アクメ,失注\n");
    let told = world.run("connector try lists").exits(0).json();
    let notes: Vec<&str> = told["notes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(notes.contains(&"deals.csv, line 3: the row has the id of deals.csv, line 2, which counts"), "{notes:?}");
}

#[test]
fn mistakes_in_what_is_said_of_lists_are_told() {
    let world = world("path = \"inbox/*.csv\"\nprofile = \"contacs\"", RULES);
    world.run_text("check").exits(2).says("there is no profile \"contacs\"");
    for (keys, says) in [
        ("path = \"inbox/*.csv\"", "lacks \"profile\""),
        ("profile = \"cards\"", "lacks \"path\""),
        ("path = \"in*/a.csv\"\nprofile = \"cards\"", "names no file"),
        ("path = \"a.csv\"\nprofile = \"cards\"\nlist = \"all\"", "a list is no \"all\""),
        ("path = \"a.csv\"\nprofile = \"cards\"\nas_of = \"1/10\"", "\"1/10\" is no day"),
        ("path = \"a.csv\"\nprofile = \"cards\"\ncolumns = { \"内線\" = \"fone\" }", "these lists know no column \"fone\""),
        ("path = \"a.csv\"\nprofile = \"cards\"\nstages = { \"A\" = \"won\" }", "no list of deals is read here"),
        ("path = \"a.csv\"\nprofile = \"deals\"\nstages = { \"A\" = \"done\" }", "\"done\" is no state of a deal"),
        ("path = \"a.csv\"\nprofile = \"cards\"\nlacks = [\"fax number\"]", "these lists know no column \"fax number\""),
        ("path = \"a.csv\"\nlists = { cards = \"b.csv\" }", "path and profile say one list, lists says several"),
        ("path = \"a.csv\"\nprofile = \"cards\"\nwrites = [\"phone\"]", "writes"),
        ("lists = { contacts = \"a.csv\", consents = \"b.csv\" }", "a list of consents is a system of its own"),
        ("path = \"a.csv\"\nprofile = \"accounts\"\nrefusal_words = { \"NG\" = \"no\" }", "shows no refusals"),
    ] {
        world.configure(&Setup {
            more_systems: format!("[systems.lists]\nconnector = \"file\"\n{keys}\n"),
            precedence: "phone = [\"crm\"]\n",
            ..Setup::default()
        });
        world.run_text("check").exits(2).says(says);
    }
}

#[test]
fn a_company_of_a_list_tells_its_people_their_industry() {
    let keys = "lists = { contacts = \"inbox/contacts.csv\", accounts = \"inbox/accounts.tsv\" }";
    let world = World::new(Setup {
        more_systems: format!("[systems.lists]\nconnector = \"file\"\n{EVERY}{keys}\n"),
        precedence: "phone = [\"lists\"]\n\n[account]\nindustry = [\"lists\"]\nemployees = { max = [\"lists\"] }\n",
        statuses: Some("large = 'account.employees >= 1000 && account.industry == \"小売業\"'\nlead = 'true'"),
        ..Setup::default()
    });
    fs::create_dir_all(world.folder().join("inbox")).unwrap();
    put(&world, "contacts.csv", "氏名,会社名,メール\n森 花子,㈱アクメ,hanako@lists.example\n林 健,ベータ商事,ken@lists.example\n");
    put(&world, "accounts.tsv", "商号\t法人番号\t業種\t従業員数\n株式会社アクメ\t１２３４５６７８９０１２３\t小売業\t1,200名\n");
    world.run_text("check").exits(0);
    assert_eq!(["contacts", "accounts"].map(|stream| error(&world, stream)), ["", ""]);
    let told = world.run("explain hanako@lists.example").json();
    assert_eq!(told["account"]["industry"]["from"], json!("lists:account:アクメ"), "{told:#}");
    world.sync_until("both are read", |w| w.run_text("explain hanako@lists.example").out.contains("status large"));
    // A company that stands in no list of companies has a name all the same, and keeps nobody waiting.
    world.run_text("explain ken@lists.example").says("status lead");
    assert!(listed(&world).contains(&"lists:account:ベータ商事".to_string()));
}
