//! What goes wrong between a list and its import: files, columns, encodings, crashes, and people who import half of it, or an old one.

use super::company::Company;
use serde_json::json;
use std::fs;
use std::time::{Duration, SystemTime};

use crate::harness::{SOON, wait_until};

/// Two people on an open deal, known to the tool, and the list for them.
fn with_a_list() -> Company {
    let mut company = Company::new("kairos3", "en");
    company.contacts(&[("佐藤 太郎", "taro@sato.example", "佐藤商事"), ("佐藤 次郎", "jiro@sato.example", "佐藤商事")]);
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "提案中")]);
    for (name, email) in [("佐藤 太郎", "taro@sato.example"), ("佐藤 次郎", "jiro@sato.example"), ("林 健", "ken@hayashi.example")]
    {
        company.lead(name, email);
    }
    company.export();
    company.approve();
    assert_eq!((company.waits(), rows(&company)), (2, vec!["jiro@sato.example 停止".to_string(), "taro@sato.example 停止".into()]));
    company
}

/// The block list's rows.
fn rows(company: &Company) -> Vec<String> {
    let text = company.list("block.csv").unwrap_or_default();
    text.lines().skip(1).map(|line| line.trim_matches('"').replace("\",\"", " ")).collect()
}

fn win(company: &Company) {
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "受注")]);
    company.run("sync").exits(0);
}

#[test]
fn a_folder_that_cannot_be_written_to_is_told_and_tried_again() {
    let mut company = Company::new("kairos3", "en");
    company.contacts(&[("佐藤 太郎", "taro@sato.example", "佐藤商事")]);
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "提案中")]);
    company.lead("佐藤 太郎", "taro@sato.example");
    company.export();
    fs::remove_dir(company.out()).unwrap();
    fs::write(company.out(), "a file is in its place").unwrap();
    company.run("sync").exits(0);
    company.run("approve ma").exits(0);
    let synced = company.run("sync").exits(1);
    assert!(synced.err.contains("1 hold is not written to ma yet"), "{}", synced.err);
    let mut running = company.begin("run");
    let told = || company.run("status").out;
    wait_until("it is told", SOON, || told().contains("ma: not all that is due is in a list: ma cannot be written"));
    assert_eq!(company.waits(), 0, "what is in no list waits for nobody");
    fs::remove_file(company.out()).unwrap();
    wait_until("it is written", SOON, || company.list("block.csv").is_some());
    wait_until("that is told", SOON, || company.waits() == 1 && !told().contains("not all that is due"));
    running.kill().unwrap();
    running.wait().unwrap();
}

#[test]
fn without_the_column_there_is_no_list_and_no_word_of_what_stands_in_the_tool() {
    let company = with_a_list();
    // The sample lacks it: nothing goes out in a form that nobody knows.
    fs::write(company.config().join("sample.csv"), "氏名,メールアドレス\n").unwrap();
    company.edit("systems.toml", "folder = \"outbox/ma\"", "folder = \"outbox/ma\"\nsample = \"sample.csv\"");
    let told = company.run("check").exits(0).err;
    assert!(told.contains("note: ma: no list goes out: ") && told.contains("sample.csv: it has no column \"配信停止\""), "{told}");
    fs::remove_file(company.out().join("block.csv")).unwrap();
    let synced = company.run("sync").exits(1);
    assert!(synced.err.contains("ma: not all that is due is in a list: the form of the lists is not known: sample.csv"), "{}", synced.err);
    assert!(company.list("block.csv").is_none());
    company.edit("systems.toml", "\nsample = \"sample.csv\"", "");
    // The export lacks it: who is blocked cannot be read, and nobody is taken for unblocked.
    company.put_export("氏名,メールアドレス,メール配信可否\n佐藤 太郎,taro@sato.example,承諾\n".as_bytes());
    let synced = company.run("sync").exits(1);
    assert!(synced.err.contains("it has no column \"配信停止\"; make one in the tool, and export it too"), "{}", synced.err);
    assert_eq!(company.waits(), 2);
    // Nor who refused; and which of two columns says so is nobody's guess.
    company.put_export("氏名,メールアドレス,配信停止,メール配信可否,配信可否\n佐藤 太郎,taro@sato.example,停止,承諾,拒否\n".as_bytes());
    let synced = company.run("sync").exits(1);
    assert!(synced.err.contains("two of its columns may be the person's own word"), "{}", synced.err);
    company.put_export("氏名,メールアドレス,配信停止\n佐藤 太郎,taro@sato.example,停止\n".as_bytes());
    let synced = company.run("sync").exits(1);
    assert!(synced.err.contains("no column \"メール配信可否\" or \"配信可否\""), "{}", synced.err);
}

/// The tool's files are CP932, which has no 𠮷: told of that person, whose block goes all the same, and of nobody else.
#[test]
fn a_value_that_the_encoding_does_not_have_is_told_of_its_person() {
    let mut company = Company::new("kairos3", "en");
    company.edit("systems.toml", "writes = [\"hold\"]", "writes = [\"hold\", \"company\"]");
    company.contacts(&[("佐藤 太郎", "taro@sato.example", "𠮷野商事"), ("林 健", "ken@hayashi.example", "林製作所")]);
    company.deals(&[("年間保守", "𠮷野商事", "taro@sato.example", "提案中")]);
    company.lead("佐藤 太郎", "taro@sato.example");
    company.lead("林 健", "ken@hayashi.example");
    company.export();
    company.approve();
    assert_eq!(rows(&company), ["taro@sato.example 停止"]);
    assert!(company.list("change-company.csv").unwrap().ends_with("\"ken@hayashi.example\",\"林製作所\"\r\n"));
    let letters = company.run("deadletters list").out;
    assert!(letters.contains("ma:person:1") && letters.contains("会社名 holds \"𠮷\", which CP932 does not have"), "{letters}");
    assert!(!letters.contains("ma:person:2"), "{letters}");
    company.run("sync").exits(0);
    assert_eq!(company.status()["systems"]["ma"]["dead_letters"], json!(1), "it is not tried again and again");
    company.import("block.csv");
    company.import("change-company.csv");
    company.export();
    company.run("sync").exits(0);
    assert_eq!((company.waits(), company.out_files().len()), (0, 1), "what is in no list waits for nobody");
    // The tool can export UTF-8 as well.
    let marked = format!("\u{FEFF}{}", company.exported());
    company.put_export(marked.as_bytes());
    company.contacts(&[("佐藤 太郎", "taro@sato.example", "𠮷野商事"), ("林 健", "ken@hayashi.example", "林工業")]);
    company.run("sync");
    let list = fs::read(company.out().join("change-company.csv")).unwrap();
    assert!(String::from_utf8(list).unwrap().contains("\"taro@sato.example\",\"𠮷野商事\""));
    assert_eq!(company.status()["systems"]["ma"]["dead_letters"], json!(0));
}

/// Killed when a list is there: whatever was on disk by then, the list is the same, and what is imported is known for ours.
#[test]
fn a_kill_at_the_moment_of_a_list_loses_and_doubles_nothing() {
    let mut company = Company::new("kairos3", "en");
    company.contacts(&[("佐藤 太郎", "taro@sato.example", "佐藤商事")]);
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "提案中")]);
    company.lead("佐藤 太郎", "taro@sato.example");
    company.export();
    company.run("sync").exits(0);
    company.run("approve ma").exits(0);
    let mut running = company.begin("run");
    wait_until("the list is there", SOON, || company.list("block.csv").is_some());
    running.kill().unwrap();
    running.wait().unwrap();
    // What a crash between making and naming a file leaves.
    fs::write(company.out().join(".block.csv.part"), "torn").unwrap();
    let written = company.written_at("block.csv");
    company.run("sync").exits(0);
    assert_eq!((company.written_at("block.csv"), rows(&company)), (written, vec!["taro@sato.example 停止".to_string()]));
    fs::remove_file(company.out().join("block.csv")).unwrap();
    company.run("sync").exits(0);
    assert_eq!(rows(&company), ["taro@sato.example 停止"], "who took it away gets it again");
    company.import("block.csv");
    company.export();
    company.run("sync").exits(0);
    assert_eq!(company.status()["not_enforced"], json!(0));
    win(&company);
    assert_eq!(rows(&company), ["taro@sato.example 可"], "the block is known for ours");
}

/// The journal says what stood in a list: who imports it before the state is read anew has a block of ours.
#[test]
fn a_block_that_a_list_had_is_ours_after_the_state_was_lost() {
    let mut company = with_a_list();
    company.import("block.csv");
    company.export();
    fs::remove_dir_all(company.config().join("data/sled")).unwrap();
    fs::remove_file(company.config().join("data/commits")).unwrap();
    company.run("sync").exits(0);
    assert_eq!((company.waits(), &company.status()["not_enforced"]), (0, &json!(0)));
    win(&company);
    company.run("sync").exits(0);
    assert_eq!(rows(&company), ["jiro@sato.example 可", "taro@sato.example 可"]);
}

#[test]
fn who_imports_half_of_a_list_has_the_other_half_left() {
    let mut company = with_a_list();
    let head = company.list("block.csv").unwrap();
    let half: Vec<&str> = head.split_inclusive('\n').take(2).collect();
    company.import_text(&half.concat());
    company.export();
    company.run("sync").exits(0);
    assert_eq!((company.waits(), rows(&company)), (1, vec!["taro@sato.example 停止".to_string()]));
    assert!(company.explain("jiro@sato.example")["in_lists"].is_null());
    assert_eq!(company.explain("taro@sato.example")["in_lists"][0]["record"], json!("ma:person:1"));
}

/// The deal was won before anybody imported the list, which somebody then did all the same; and the other way round.
#[test]
fn an_old_list_that_is_imported_later_is_seen_and_corrected() {
    let mut company = with_a_list();
    let old = company.list("block.csv").unwrap();
    win(&company);
    assert_eq!((company.waits(), company.out_files()), (0, vec!["how-to-import.html".to_string()]), "nobody needs it any more");
    company.import_text(&old);
    company.export();
    company.run("sync").exits(0);
    assert_eq!(rows(&company), ["jiro@sato.example 可", "taro@sato.example 可"]);
    let release = company.list("block.csv").unwrap();
    // Held again before the release was imported: it leaves the list at once.
    company.deals(&[("年間保守", "佐藤商事", "taro@sato.example", "提案中")]);
    company.run("sync").exits(0);
    assert_eq!((company.waits(), company.out_files().len()), (0, 1), "they are blocked still");
    assert_eq!(company.status()["protection"], json!("protecting"));
    company.import_text(&release);
    company.export();
    company.run("sync").exits(0);
    assert_eq!(rows(&company), ["jiro@sato.example 停止", "taro@sato.example 停止"]);
    assert_eq!(company.status()["protection"], json!("not_protecting"));
    let told = company.run("status").out;
    assert!(!told.contains("found taken away"), "it was our own list: {told}");
}

/// What an export from before the list shows, the list did not do; one that is older than the last says nothing at all.
/// A tool may have somebody twice: the row that came last counted, and with it a yes beside a no.
#[test]
fn who_is_twice_in_the_export_and_said_no_in_one_place_said_no() {
    let mut company = with_a_list();
    for consent in ["拒否", "承諾"] {
        company.lead("高橋 次郎", "jiro@takahashi.example");
        company.tool.last_mut().unwrap().consent = consent;
    }
    company.export();
    company.run("sync").exits(0);
    let gate = company.run("gate jiro@takahashi.example");
    assert!(gate.out.contains("deny") && gate.out.contains("refused_all"), "{}", gate.out);
}

#[test]
fn a_stale_export_proves_nothing() {
    let mut company = with_a_list();
    let path = company.config().join("inbox/ma.csv");
    let listed = company.written_at("block.csv");
    let before = fs::read(&path).unwrap();
    // Saved before the list, and put there after it: somebody blocked them by hand.
    let read = fs::metadata(&path).unwrap().modified().unwrap();
    company.tool[1].block = "停止".to_string();
    company.export();
    let between = read + listed.duration_since(read).unwrap() / 2;
    set_time(&path, between);
    company.run("sync").exits(0);
    assert_eq!(rows(&company), ["taro@sato.example 停止"]);
    company.import("block.csv");
    company.export();
    company.run("sync").exits(0);
    assert_eq!(company.status()["not_enforced"], json!(0));
    // An export of before the import.
    let good = fs::read(&path).unwrap();
    fs::write(&path, &before).unwrap();
    set_time(&path, read);
    let synced = company.run("sync").exits(1);
    assert!(synced.err.contains("it is an older export than the last"), "{}", synced.err);
    assert_eq!(company.status()["not_enforced"], json!(0), "what was known stays");
    fs::write(&path, &good).unwrap();
    set_time(&path, SystemTime::now() + Duration::from_secs(1));
    company.run("sync").exits(0);
    // What was blocked by hand is not ours to lift.
    win(&company);
    assert_eq!(rows(&company), ["taro@sato.example 可"]);
}

/// What stands in it is as it was when it was saved, however lately it was read.
#[test]
fn an_export_of_two_months_ago_is_not_proved_now() {
    let mut company = with_a_list();
    company.import("block.csv");
    company.export();
    let path = company.config().join("inbox/ma.csv");
    let day = Duration::from_secs(86_400);
    company.run("sync").exits(0);
    assert_eq!(company.status()["protection"], json!("protecting"), "{:#}", company.status());
    // Later, and another state: nothing was exported for two months.
    fs::remove_dir_all(company.config().join("data")).unwrap();
    set_time(&path, SystemTime::now() - 60 * day);
    company.run("sync");
    company.run("approve ma");
    company.run("sync");
    let status = company.status();
    assert_eq!(status["protection"], json!("not_protecting"), "{status:#}");
    let because = status["because"].to_string();
    assert!(because.contains("the list ma.contacts was saved 60 days ago, its limit is 7d"), "{because}");
    // The same export made anew says the same of today.
    company.export();
    company.run("sync").exits(0);
    assert_eq!(company.status()["protection"], json!("protecting"), "{:#}", company.status());
}

/// It locked out all that were made until then.
#[test]
fn an_export_that_is_dated_in_the_future_was_saved_now_and_is_told() {
    let mut company = with_a_list();
    let path = company.config().join("inbox/ma.csv");
    company.lead("林 健", "ken@hayashi.example");
    company.export();
    set_time(&path, SystemTime::now() + Duration::from_secs(30 * 86_400));
    let synced = company.run("sync").exits(0);
    assert!(synced.err.contains("ma.csv says that it was saved at 20"), "{}", synced.err);
    assert!(company.run("check").err.contains("which is still to come: it counts as saved now"));
    company.import("block.csv");
    company.export();
    let synced = company.run("sync").exits(0);
    assert!(!synced.err.contains("older export"), "{}", synced.err);
    assert_eq!(company.status()["not_enforced"], json!(0));
}

fn set_time(path: &std::path::Path, at: SystemTime) {
    fs::File::options().write(true).open(path).unwrap().set_modified(at).unwrap();
}
