//! `nayose test`: the users' own examples.

use super::config_files::{CRM, ConfigFiles, LEAD, OPEN_DEAL, SUPPORT, ma, policy};
use super::harness::{SOON, Setup, World, object, person, wait_until};
use nayose::sandbox::Handle;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// What a command said on stdout and stderr, and its exit code. No secret is in its environment.
fn nayose(folder: &Path, args: &[&str]) -> (String, String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nayose"));
    let output = command.current_dir(folder).args(args).env_clear().env("TZ", "UTC").output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr), output.status.code().unwrap())
}

/// Whoever begins has examples that pass, before there is any credential.
#[test]
fn the_shipped_examples_pass_in_both_languages() {
    let folder = TempDir::new().unwrap();
    for (language, last) in [("en", "12 passed, 0 failed"), ("ja", "成功 12 件、失敗 0 件")] {
        let (_, _, made) = nayose(folder.path(), &["init", language, "--language", language]);
        assert_eq!(made, 0);
        let (told, errors, code) = nayose(folder.path(), &["test", "--config", language, "--lang", language]);
        assert_eq!((code, told.lines().last()), (0, Some(last)), "{told}{errors}");
        assert_eq!(told.lines().count(), 13, "{told}");
    }
}

/// Support has the phone, the marketing system is only filled, open deals hold.
fn files() -> ConfigFiles {
    let systems = [
        CRM,
        SUPPORT,
        &ma("writes = [\"hold\", \"status\", \"phone\", \"title\"]\nhold = { block = true, permit = \"ok_until\", lease = \"7d\" }"),
    ]
    .concat();
    let statuses = [("opportunity", "deals.exists(d, d.open)"), LEAD];
    ConfigFiles {
        precedence: "[person]\nphone = [\"support\", \"crm\", \"ma\"]\ntitle = { fill = [\"crm\"] }\n".into(),
        ..ConfigFiles::new(systems, policy(&statuses, &[OPEN_DEAL], r#""ma.people" = "1h""#, ""))
    }
}

/// A config folder with one file of examples.
fn folder(examples: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let config = folder.path().join("config");
    fs::create_dir_all(config.join("tests")).unwrap();
    files().write(&config);
    fs::write(config.join("token"), "only-for-tests").unwrap();
    fs::write(config.join("tests/own.toml"), examples).unwrap();
    folder
}

/// `expect` is the rest of the file.
fn taro(expect: &str) -> String {
    format!(
        r#"[[example]]
name = "佐藤太郎"
now = 2026-11-20T09:00:00Z

[[example.record]]
record = "crm:person:1"
email = "taro@sato.example"
phone = "03-1111-1111"
title = "部長"
changed_at = 2026-11-19T09:00:00Z

[[example.record]]
record = "support:person:9"
email = "taro@sato.example"
phone = "03-2222-2222"
changed_at = 2026-06-01T09:00:00Z

[[example.record]]
record = "ma:person:17"
email = "taro@sato.example"
title = "課長"
status = "lead"

[[example.record]]
record = "crm:deal:8"
state = "open"
people = ["crm:person:1"]
changed_at = 2026-11-18T09:00:00Z

[example.expect]
{expect}"#
    )
}

#[test]
fn what_holds_passes_and_what_does_not_is_told_with_why() {
    let right = r#"one_person = ["crm:person:1", "ma:person:17", "support:person:9"]
fields = { phone = "03-2222-2222", title = "部長" }
from = { phone = "support:person:9" }
status = "opportunity"
gate = { campaign = "hold", newsletter = "hold", service = "allow" }
reasons = ["open_deal_person"]
after = { "ma:person:17" = { phone = "03-2222-2222", title = "課長", status = "opportunity", block = true, permit = false } }
"#;
    let wrong = r#"one_person = ["crm:person:1"]
fields = { phone = "03-1111-1111", title = "部長" }
from = { phone = "crm:person:1" }
status = "lead"
gate = { campaign = "allow", service = "allow" }
after = { "ma:person:17" = { title = "部長", block = false, permit = true } }
"#;
    let folder = folder(&format!("{}\n{}", taro(right), taro(wrong).replace("佐藤太郎", "佐藤太郎（誤り）")));
    let (english, _, code) = nayose(folder.path(), &["test"]);
    assert_eq!(code, 1, "{english}");
    insta::assert_snapshot!("failing_example", english);
    let (japanese, _, code) = nayose(folder.path(), &["test", "--lang", "ja", "誤り"]);
    assert_eq!(code, 1, "{japanese}");
    insta::assert_snapshot!("failing_example_in_japanese", japanese);
    let (json, _, code) = nayose(folder.path(), &["test", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["passed"].as_u64(), json["failed"].as_u64()), (1, Some(1), Some(1)), "{json:#}");
    assert_eq!(json["examples"][0]["differences"], serde_json::json!([]));
    let gate = json["examples"][1]["differences"].as_array().unwrap().iter().find(|d| d["what"] == "gate.campaign").unwrap();
    assert_eq!(
        (&gate["expected"], &gate["got"], &gate["because"][0]),
        (&"allow".into(), &"hold".into(), &"open_deal_person".into()),
        "{gate:#}"
    );
    assert_eq!(json["examples"][1]["explanation"]["fields"]["phone"]["from"], "support:person:9");
    let (passing, _, code) = nayose(folder.path(), &["test", "own.toml"]);
    assert_eq!((code, passing.lines().last()), (1, Some("1 passed, 1 failed")), "a file's name chooses as well");
}

/// What a person is to us and what the company has; that a status is kept on purpose; and that one asks about somebody else.
#[test]
fn relationships_and_accounts_can_be_expected_and_what_lies_behind_a_failure_is_told() {
    let example = |name: &str, expect: &str| {
        format!(
            r#"[[example]]
name = "{name}"
now = 2026-11-20T09:00:00Z

[[example.record]]
record = "crm:person:1"
email = "taro@sato.example"
account = "500"

[[example.record]]
record = "crm:account:500"
employees = 1200

[[example.record]]
record = "crm:deal:8"
state = "won"
people = ["crm:person:1"]

[[example.record]]
record = "ma:person:17"
email = "taro@sato.example"
status = "opportunity"

[[example.record]]
record = "ma:person:18"
email = "hanako@sato.example"

[example.expect]
{expect}
"#
        )
    };
    let folder = folder(
        &[
            example("right", "relationship = \"customer\"\naccount = { employees = 1200 }"),
            example("of whom", "relationship = \"\"\naccount = { employees = 7 }"),
            example("kept", "after = { \"ma:person:17\" = { status = \"lead\" } }"),
        ]
        .concat(),
    );
    let config = folder.path().join("config");
    let edit = |file: &str, old: &str, new: &str| {
        let text = fs::read_to_string(config.join(file)).unwrap();
        assert!(text.contains(old), "{text}");
        fs::write(config.join(file), text.replace(old, new)).unwrap();
    };
    edit("precedence.toml", "[person]", "[account]\nemployees = { max = [\"crm\"] }\n[person]");
    edit("policy.toml", "[status]", "[relationship]\ncustomer = 'deals.exists(d, d.won)'\n[status]\nforward_only = true");
    let (english, errors, code) = nayose(folder.path(), &["test"]);
    assert_eq!(code, 1, "{english}{errors}");
    insta::assert_snapshot!("failing_example_of_an_account", english);
    let (japanese, _, _) = nayose(folder.path(), &["test", "--lang", "ja", "of whom"]);
    for told in ["ma:person:18 は crm:person:1 と同じ人ではない", "関係 customer", "account.employees: 1200"] {
        assert!(japanese.contains(told), "{told}: {japanese}");
    }
    for (right, wrong, told) in [
        ("relationship = \"customer\"", "relationship = \"custmer\"", "unknown relationship \"custmer\"; did you mean \"customer\"?"),
        ("{ employees = 1200", "{ employes = 1200", "\"employes\" has no rule under [account]; did you mean \"employees\"?"),
    ] {
        let text = fs::read_to_string(config.join("tests/own.toml")).unwrap();
        fs::write(config.join("tests/own.toml"), text.replace(right, wrong)).unwrap();
        let (_, errors, code) = nayose(folder.path(), &["test"]);
        fs::write(config.join("tests/own.toml"), text).unwrap();
        let (said, help) = told.split_once("; ").unwrap();
        assert!(code == 2 && errors.contains(said) && errors.contains(help), "{told}: {errors}");
    }
}

#[test]
fn mistakes_are_told_all_at_once_by_test_and_by_check() {
    let wrong = taro("fields = { phnoe = \"1\" }\ngate = { newletter = \"hold\" }\n");
    let folder = folder(&wrong.replace("title = \"課長\"", "titel = \"課長\"").replace("2026-11-19T09:00:00Z", "\"yesterday\""));
    let (_, test, code) = nayose(folder.path(), &["test"]);
    assert_eq!(code, 2, "{test}");
    insta::assert_snapshot!("mistakes_in_examples", test);
    let (_, check, code) = nayose(folder.path(), &["check"]);
    assert_eq!((code, check), (2, test));
    let (json, _, code) = nayose(folder.path(), &["test", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["mistakes"].as_array().map(Vec::len), &json["mistakes"][0]["file"]), (2, Some(4), &"tests/own.toml".into()));
}

#[test]
fn nothing_to_run_is_no_success() {
    let folder = folder(&taro("status = \"opportunity\"\n"));
    let (_, told, code) = nayose(folder.path(), &["test", "hanako"]);
    assert!(code == 2 && told.contains("no example in config/tests has \"hanako\" in its name or its file's"), "{code} {told}");
    fs::remove_dir_all(folder.path().join("config/tests")).unwrap();
    let (_, told, code) = nayose(folder.path(), &["test"]);
    assert!(code == 2 && told.contains("there are no examples in config/tests"), "{code} {told}");
    let (told, _, code) = nayose(folder.path(), &["check"]);
    assert!(code == 0 && !told.contains("example"), "{code} {told}");
}

#[test]
fn a_running_daemon_does_not_go_by_them() {
    let mut someone = None;
    let world = World::running_with(Setup::default(), |handle| someone = Some(person(handle, "Ken", "Abe", None)));
    let ken = someone.unwrap();
    let daemon = world.daemon();
    wait_until("free", SOON, || world.gate(&ken.email).0 == "allow");
    fs::create_dir(world.folder().join("tests")).unwrap();
    fs::write(world.folder().join("tests/own.toml"), "[[exmaple]]").unwrap();
    let consent = fs::read_to_string(world.folder().join("consent.toml")).unwrap();
    fs::write(world.folder().join("consent.toml"), consent.replace("explicit_consent", "notified_any")).unwrap();
    wait_until("denied by the edit", SOON, || world.gate(&ken.email).1 == ["no_basis"]);
    assert_eq!(world.status()["config"]["mistakes"], serde_json::json!([]));
    world.run("test").exits(2);
    daemon.stop();
}

/// What one person's records show at first, and how their deal stands; nothing: there is none of it.
struct Shown {
    name: &'static str,
    crm: (&'static str, &'static str),
    support: &'static str,
    ma: (&'static str, &'static str),
    deal: &'static str,
    unsubscribed: bool,
}

impl Shown {
    fn email(&self) -> String {
        format!("{}@{}.example", self.name.to_lowercase(), self.name.to_lowercase())
    }

    /// Their records in the systems; gives those of the CRM, of support, of the marketing system, and the deal.
    fn put(&self, handle: &Handle) -> [u64; 4] {
        let email = self.email();
        let contact = [("email", &*email), ("lastname", self.name), ("phone", self.crm.0), ("jobtitle", self.crm.1)];
        let contact = handle.create_contact(&contact, None);
        let user = if self.support.is_empty() { 0 } else { handle.create_user(self.name, Some(&email)) };
        if user > 0 {
            handle.edit_user(user, |u| u.phone = Some(self.support.into())).unwrap();
        }
        let lead = json!({ "email": email, "lastName": self.name, "phone": self.ma.0, "title": self.ma.1 });
        let lead = handle.add_lead(&object(lead)).unwrap();
        if self.unsubscribed {
            handle.unsubscribe(lead).unwrap();
        }
        let deal = if self.deal.is_empty() { 0 } else { handle.open_deal(&[contact], None).unwrap() };
        if self.deal == "lost" || self.deal == "won" {
            handle.set_deal_stage(deal, self.deal).unwrap();
        }
        [contact, user, lead, deal]
    }

    /// The same as an example that expects what came of it.
    fn example(&self, [contact, user, lead, deal]: [u64; 4], world: &World) -> String {
        let (email, name) = (self.email(), self.name);
        let crm = format!("record = \"crm:person:{contact}\"\nphone = {:?}\ntitle = {:?}\n", self.crm.0, self.crm.1);
        let ma =
            format!("record = \"ma:person:{lead}\"\nphone = {:?}\ntitle = {:?}\nrefused = {}\n", self.ma.0, self.ma.1, self.unsubscribed);
        let support = format!("record = \"support:person:{user}\"\nphone = {:?}\n", self.support);
        let people = [(contact, crm), (user, support), (lead, ma)].into_iter().filter(|(id, _)| *id > 0);
        let people: String = people.map(|(_, person)| format!("[[example.record]]\n{person}email = {email:?}\n")).collect();
        let deal =
            format!("[[example.record]]\nrecord = \"crm:deal:{deal}\"\nstate = {:?}\npeople = [\"crm:person:{contact}\"]\n", self.deal);
        let deal = if self.deal.is_empty() { String::new() } else { deal };
        let shown = world.lead(lead);
        let or_empty = |value: &serde_json::Value| format!("{:?}", value.as_str().unwrap_or_default());
        let text = |field: &str| format!("{:?}", shown.text(field).unwrap_or_default());
        let explained = world.run(&format!("explain crm:person:{contact}")).json();
        let (decision, reasons) = world.gate(&format!("crm:person:{contact}"));
        let reasons = if reasons.is_empty() { String::new() } else { format!("reasons = {reasons:?}\n") };
        let records = explained["records"].as_array().unwrap().iter().map(|r| r["record"].as_str().unwrap()).collect::<Vec<_>>();
        format!(
            "[[example]]\nname = {name:?}\n{people}{deal}[example.expect]\none_person = {records:?}\nfields = {{ phone = {}, title = {} }}\n\
             status = {}\ngate = {{ campaign = {decision:?} }}\n{reasons}after = {{ \"ma:person:{lead}\" = {{ phone = {}, title = {}, status = {}, block = {} }} }}\n",
            or_empty(&explained["fields"]["phone"]["value"]),
            or_empty(&explained["fields"]["title"]["value"]),
            or_empty(&explained["status"]["value"]),
            text("phone"),
            text("title"),
            text("leadStatus"),
            shown.flag("marketingSuspended"),
        )
    }
}

/// An example expects what came of the same records in truth, and passes.
#[test]
fn what_passes_is_what_sync_does() {
    let shown = |name, crm, support, ma, deal, unsubscribed| Shown { name, crm, support, ma, deal, unsubscribed };
    let all = [
        shown("Sato", ("1", "部長"), "2", ("3", ""), "open", false),
        shown("Abe", ("1", "部長"), "", ("3", "課長"), "", false),
        shown("Mori", ("1", ""), "2", ("2", "課長"), "lost", false),
        shown("Ito", ("", "係長"), "", ("3", ""), "won", false),
        shown("Kato", ("1", "不明"), "2", ("", ""), "", true),
    ];
    let setup = Setup {
        precedence: "phone = [\"support\", \"crm\", \"ma\"]\ntitle = { fill = [\"crm\"], ignore = [\"不明\"] }\n",
        ..Setup::default()
    };
    let mut ids = Vec::new();
    let world = World::running_with(setup, |handle| ids = all.iter().map(|shown| shown.put(handle)).collect());
    let examples: String = all.iter().zip(&ids).map(|(shown, ids)| shown.example(*ids, &world)).collect();
    fs::create_dir(world.folder().join("tests")).unwrap();
    fs::write(world.folder().join("tests/truth.toml"), &examples).unwrap();
    let told = world.run_text("test");
    assert!(told.code == 0 && told.out.ends_with("5 passed, 0 failed\n"), "{told}\n{examples}");
    for expected in ["status = \"opportunity\"", "status = \"lost\"", "block = true", "block = false", "refused_all", "title = \"課長\""]
    {
        assert!(examples.contains(expected), "{expected} came of nobody:\n{examples}");
    }
}
