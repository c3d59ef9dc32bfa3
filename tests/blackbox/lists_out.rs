//! A company without a CRM, whose marketing tool has no API: deals, contacts and cards stand in lists, and what is decided goes to the tool by lists
//! that a person imports, until the tool's own export shows it.

mod company;
mod faults;
mod histories;
mod whole_company;

use company::Company;
use serde_json::{Value, json};

/// As the README and docs/files.md have it, from `init` to a block that is in force and its release.
#[test]
fn from_init_to_a_block_that_is_in_force_and_its_release() {
    let mut company = Company::new("kairos3", "ja");
    company.contacts(&[("佐藤 太郎", "taro@sato.example", "佐藤商事"), ("鈴木 花子", "hanako@suzuki.example", "㈱鈴木工業")]);
    company.cards(&[("髙橋 一郎", "ichiro@sato.example", "佐藤商事株式会社")]);
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "提案中"), ("研修", "鈴木工業", "hanako@suzuki.example", "受注")]);
    company.lead("佐藤 太郎", "taro@sato.example");
    company.lead("鈴木 花子", "hanako@suzuki.example");
    company.lead("髙橋 一郎", "Ichiro@sato.example");
    company.tool.last_mut().unwrap().consent = "拒否";
    company.lead("林 健", "ken@hayashi.example");
    company.export();

    let checked = company.run("check").exits(0);
    assert!(checked.err.contains("count as open for ever") && !checked.err.contains("no list goes out"), "{}", checked.err);
    company.run("test").exits(0);
    company.run("connector try ma").exits(0);
    let planned = company.run("plan").exits(4);
    assert!(planned.out.contains("1 person on open deals is not protected in ma"), "{}", planned.out);
    company.run("sync").exits(0);
    assert!(company.out_files().is_empty(), "first contact only looks");
    company.run("approve ma").exits(0);
    let synced = company.run("sync").exits(0);
    assert!(synced.err.contains("to be imported from lists by a person"), "{}", synced.err);

    // In the tool's own form: its columns, in CP932, with quotes and line ends as in its export. Who refused needs no block, and gets one all the same.
    let list = "\"メールアドレス\",\"配信停止\"\r\n\"Ichiro@sato.example\",\"停止\"\r\n\"taro@sato.example\",\"停止\"\r\n";
    assert_eq!(company.out_files(), ["block.csv", "how-to-import.html"]);
    assert_eq!(company.list("block.csv").as_deref(), Some(list));
    let page = company.page();
    assert!(
        page.contains("block.csv") && page.contains("Kairos3 にログイン") && page.contains("Use only the files that lie here now"),
        "{page}"
    );
    assert!(!page.contains("taro@") && !page.contains("太郎"), "the page names nobody");

    let status = company.status();
    assert_eq!(status["protection"], json!("not_protecting"));
    assert_eq!(company.waits(), 2);
    let told = company.run("status").out;
    assert!(told.contains("ma: waiting for an import since 20") && told.contains("2 people are in the lists in"), "{told}");
    assert_eq!(status["not_enforced"], json!(1), "who refused gets no mail from the tool itself");
    let explained = company.run("explain taro@sato.example --lang ja").out;
    assert!(explained.contains("まだ有効ではない: ma:person:1 は"), "{explained}");

    // Days go by: nothing is written again, nothing fails, and it waits since the same moment.
    let since = status["systems"]["ma"]["waits_for_import"]["since"].clone();
    let written = company.written_at("block.csv");
    for _ in 0..3 {
        company.run("sync").exits(0);
    }
    let status = company.status();
    assert_eq!((company.written_at("block.csv"), &status["systems"]["ma"]["waits_for_import"]["since"]), (written, &since));
    assert_eq!((&status["systems"]["ma"]["dead_letters"], &status["systems"]["ma"]["breaker"]), (&json!(0), &json!("closed")));

    company.import("block.csv");
    company.run("sync").exits(0);
    assert_eq!(company.waits(), 2, "what nobody has seen is not in force");
    company.export();
    company.run("sync").exits(0);
    let status = company.status();
    assert_eq!((company.waits(), &status["not_enforced"]), (0, &json!(0)), "{status:#}");
    assert_eq!(status["protection"], json!("protecting"), "{status:#}");
    assert_eq!(company.out_files(), ["how-to-import.html"]);
    assert!(company.page().contains("取り込むものはありません"));
    assert_eq!(company.explain("taro@sato.example")["in_lists"], Value::Null);

    // The deal is won: the release goes by list too, and is no release before the tool shows it.
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "受注"), ("研修", "鈴木工業", "hanako@suzuki.example", "受注")]);
    company.run("sync").exits(0);
    let list = company.list("block.csv").unwrap();
    let both = "\"メールアドレス\",\"配信停止\"\r\n\"Ichiro@sato.example\",\"可\"\r\n\"taro@sato.example\",\"可\"\r\n";
    assert_eq!(list, both, "what the tool itself keeps of a no is not ours to keep");
    assert_eq!(company.waits(), 2);
    company.import("block.csv");
    company.export();
    company.run("sync").exits(0);
    assert_eq!((company.waits(), company.out_files()), (0, vec!["how-to-import.html".to_string()]));
    assert_eq!(company.tool[0].block, "可");
    assert!(company.tool.iter().all(|row| row.consent == if row.name == "髙橋 一郎" { "拒否" } else { "承諾" }), "no list touched it");
}

/// Each field has a list of its own: an import that overwrites can touch nothing else.
#[test]
fn changed_fields_go_by_lists_of_their_own() {
    let mut company = Company::new("satori", "en");
    company.edit("systems.toml", "writes = [\"hold\"]", "writes = [\"hold\", \"company\", \"status\"]\nstatus = { customer = \"顧客\" }");
    company.edit("systems.toml", "block = \"配信停止\"", "block = \"配信停止\"\nstatus = \"リードステータス\"");
    company.contacts(&[
        ("佐藤 太郎", "taro@sato.example", "佐藤商事"),
        ("鈴木 花子", "hanako@suzuki.example", "鈴木工業"),
        ("林 健", "ken@hayashi.example", "=HYPERLINK(\"http://x.example\")"),
    ]);
    company.deals(&[("研修", "鈴木工業", "hanako@suzuki.example", "受注")]);
    company.lead("佐藤 太郎", "taro@sato.example");
    company.lead("鈴木 花子", "hanako@suzuki.example");
    company.lead("林 健", "ken@hayashi.example");
    company.export();
    company.run("check").exits(0);
    company.approve();
    assert_eq!(company.out_files(), ["change-company.csv", "change-status.csv", "how-to-import.html"]);
    let list = |column: &str, rows: [(&str, &str); 3]| {
        let rows = rows.iter().filter(|(who, _)| !who.is_empty()).map(|(who, value)| format!("\"{who}\",\"{value}\"\r\n"));
        format!("\"メールアドレス\",\"{column}\"\r\n{}", rows.collect::<String>())
    };
    let statuses = [("hanako@suzuki.example", "顧客"), ("ken@hayashi.example", "lead"), ("taro@sato.example", "lead")];
    assert_eq!(company.list("change-status.csv"), Some(list("リードステータス", statuses)));
    let companies = [("hanako@suzuki.example", "鈴木工業"), ("taro@sato.example", "佐藤商事"), ("", "")];
    assert_eq!(company.list("change-company.csv"), Some(list("会社名", companies)));
    // No list has what a spreadsheet would compute; it is told of that person.
    let letters = company.run("deadletters list").out;
    assert!(letters.contains("ma:person:3") && letters.contains("taken for a formula by a spreadsheet"), "{letters}");
    company.import("change-company.csv");
    company.import("change-status.csv");
    company.export();
    company.run("sync").exits(0);
    assert_eq!(company.out_files(), ["how-to-import.html"]);
    let field = &company.explain("taro@sato.example")["fields"]["company"];
    assert_eq!(
        (&field["value"], &field["from"]),
        (&json!("佐藤商事"), &json!("lists:person:contacts:taro@sato.example")),
        "an echo is no news"
    );
}

/// Order of columns, separator, encoding and line ends are those of the sample, and the tool may find people by its own id.
#[test]
fn a_list_has_the_form_of_the_sample() {
    let mut company = Company::new("plain", "en");
    let out = "form = \"plain\"\nkey = \"リードID\"\nconsent = \"メール配信可否\"\nsample = \"sample.tsv\"";
    company.edit("systems.toml", "form = \"plain\"", out);
    std::fs::write(company.config().join("sample.tsv"), "\u{FEFF}配信停止\t氏名\tリードID\tメール\n").unwrap();
    company.contacts(&[("𠮷田 太郎", "taro@sato.example", "佐藤商事")]);
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "提案中")]);
    company.lead("林 健", "ken@hayashi.example");
    company.lead("佐藤 太郎", "taro@sato.example");
    company.export();
    let checked = company.run("check").exits(0);
    assert!(!checked.err.contains("no list goes out"), "{}", checked.err);
    company.approve();
    assert_eq!(company.out_files(), ["block.tsv", "how-to-import.html"]);
    let list = std::fs::read_to_string(company.out().join("block.tsv")).unwrap();
    assert_eq!(list, "\u{FEFF}配信停止\tリードID\n1\t2\n");
}

#[test]
fn the_persons_own_word_is_never_written() {
    let company = Company::new("kairos3", "en");
    company.edit("systems.toml", "block = \"配信停止\"", "block = \"メール配信可否\"");
    let refused = company.run("check").exits(2);
    assert!(refused.err.contains("\"メール配信可否\" is the person's own word"), "{}", refused.err);
    company.edit("systems.toml", "block = \"メール配信可否\"", "block = \"配信停止\"\non = \"1\"\noff = \"yes\"");
    assert!(company.run("check").exits(2).err.contains("cannot be told apart"));
    company.edit("systems.toml", "on = \"1\"\noff = \"yes\"", "status = \"オプトイン\"");
    assert!(company.run("check").exits(2).err.contains("\"オプトイン\" is the person's own word"));
}

#[test]
fn a_mistake_in_what_goes_out_is_told_by_check() {
    let second = "\n[systems.other]\nconnector = \"file\"\npath = \"inbox/other.csv\"\nprofile = \"contacts\"\n[systems.other.out]\nfolder = \"outbox/ma\"\nform = \"plain\"\n[link]";
    for (from, to, told) in [
        ("folder = \"outbox/ma\"", "folder = \"inbox\"", "the lists would lie among the files that are read"),
        ("form = \"satori\"", "form = \"satorj\"", "there is no form \"satorj\""),
        (
            "path = \"inbox/ma.csv\"\nprofile = \"contacts\"",
            "path = \"inbox/ma.csv\"\nprofile = \"cards\"",
            "lists go out to one list of contacts",
        ),
        ("writes = [\"hold\"]", "writes = [\"hold\", \"email\"]", "cannot write \"email\""),
        ("block = \"配信停止\"", "", "can neither block nor permit mail"),
        ("\n[link]", second, "ma and other put their lists into one folder"),
    ] {
        let company = Company::new("satori", "en");
        company.edit("systems.toml", from, to);
        let refused = company.run("check").exits(2);
        assert!(refused.err.contains(told), "{told}: {}", refused.err);
    }
    assert!(
        Company::new("plain", "ja")
            .run("init --lists kairos")
            .exits(2)
            .err
            .contains("there is no form \"kairos\"; there are kairos3, plain, satori")
    );
}
