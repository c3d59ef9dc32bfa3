use super::*;
use crate::config::{Connectors, load};
use crate::model::{DealState, Mark, Value};
use serde_json::json;

/// The shipped rules, under which a system has a relay.
fn rules() -> std::sync::Arc<Rules> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in crate::config::example(crate::config::Language::English, crate::config::ExampleOf::Systems) {
        let path = folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text.replace("every = \"60s\"", "relays = [\"svc-sync@acme.example\"]")).unwrap();
    }
    load(folder.path(), &|_| Some("only for the test".into()), &Connectors).unwrap_or_else(|m| panic!("{}", m.drawn())).rules
}

fn read(text: &str, rules: &Rules) -> Result<Vec<WrittenExample>, String> {
    let (examples, mistakes, _) = file_of("tests/a.toml", text, rules);
    if mistakes.is_empty() { Ok(examples) } else { Err(mistakes.iter().map(|m| format!("{m}; {}\n", m.expected)).collect()) }
}

const WHOLE: &str = r#"[[example]]
name = "all of it"
now = 2026-11-20T09:00:00+09:00
[[example.record]]
record = "crm:person:1"
email = "taro@sato.example"
phone = "1"
title = "部長"
score = 0x10
changed_at = 2026-11-19
changed = { title = 2026-11-18T09:00:00+09:00 }
typed = ["title"]
copied = ["phone"]
before = { phone = "" }
account = ["500", "501"]
addresses = ["taro@home.example"]
refused = true
status = "Open"
[[example.record]]
record = "crm:deal:8"
state = "lost"
amount = 2
people = ["crm:person:1"]
account = "500"
closed_at = 2026-11-10
before = { state = "open" }
[[example.record]]
record = "support:person:9"
email = "taro@sato.example"
[[example.record]]
record = "support:ticket:9"
state = "closed"
status = "solved"
people = ["support:person:9"]
[[example.record]]
record = "ma:person:17"
email = "taro@sato.example"
[example.expect]
who = "ma:person:17"
one_person = ["support:person:9", "crm:person:1"]
fields = { phone = "1", score = 16, title = "" }
from = { title = "" }
status = ""
gate = { one_to_one = "allow" }
reasons = ["hold:unread", "cooldown"]
after = { "ma:person:17" = { phone = "1", status = "lead", block = false } }
"#;

#[test]
fn a_record_stands_as_its_connector_would_have_read_it() {
    let example = read(WHOLE, &rules()).unwrap().remove(0);
    let day = |day: &str| Some(Time(format!("{day}T00:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond()));
    assert_eq!(
        (example.line, &*example.name, example.now, example.who.to_string()),
        (1, "all of it", day("2026-11-20"), "ma:person:17".into())
    );
    let streams: Vec<&str> = example.records.iter().map(|r| &*r.stream).collect();
    assert_eq!(streams, ["people", "deals", "people", "tickets", "people"]);
    let person = &example.records[0];
    assert_eq!((person.record.changed_at, person.record.text("phone")), (day("2026-11-19"), Some("1")));
    assert_eq!(person.record.field("score").map(|f| f.value.clone()), Some(Value::Int(16)));
    let title = person.record.field("title").unwrap();
    assert!(title.is_dated() && title.at == day("2026-11-18").unwrap() && title.last_edit.as_ref().is_some_and(|edit| edit.is_typed()));
    let phone = person.record.field("phone").unwrap().last_edit.clone().unwrap();
    assert_eq!((phone.dated, phone.relay().map(|r| r.to_string())), (false, Some("svc-sync@acme.example".into())));
    assert_eq!(person.record.accounts().map(|a| a.to_string()).collect::<Vec<_>>(), ["500", "501"]);
    assert_eq!(person.record.mark(Mark::Status), Some(&Value::text("Open")));
    assert_eq!((person.record.addresses.len(), person.record.refusals.len()), (1, 1));
    let before = person.before.as_ref().unwrap();
    assert!(before.field("phone").unwrap().value.is_empty() && before.text("title") == Some("部長") && before.changed_at.is_none());
    let deal = &example.records[1];
    assert_eq!((deal.record.deal, deal.record.memory.ended_at), (Some(DealState::Lost), day("2026-11-10")));
    assert_eq!((deal.before.as_ref().unwrap().deal, deal.before.as_ref().unwrap().memory.ended_at), (Some(DealState::Open), None));
    assert_eq!(deal.record.field("amount").map(|f| f.value.clone()), Some(Value::Number(2.0)));
    assert_eq!(example.records[3].record.text("status"), Some("solved"));
    let expected: Vec<(String, serde_json::Value, usize)> =
        example.expectations.iter().map(|e| (e.aspect.to_string(), e.value.clone(), e.line)).collect();
    let of = |what: &str, value, line| (what.to_string(), value, line);
    let wanted = [
        of("one_person", json!(["crm:person:1", "support:person:9"]), 40),
        of("fields.phone", json!("1"), 41),
        of("fields.score", json!(16), 41),
        of("fields.title", json!(null), 41),
        of("from.title", json!(null), 42),
        of("status", json!(null), 43),
        of("gate.one_to_one", json!("allow"), 44),
        of("reasons", json!(["cooldown", "hold:unread"]), 45),
        of("after.\"ma:person:17\".status", json!("lead"), 46),
        of("after.\"ma:person:17\".block", json!(false), 46),
        of("after.\"ma:person:17\".phone", json!("1"), 46),
    ];
    assert_eq!(expected, wanted);
}

/// Each is one wrong word in an example that is right.
#[test]
fn a_company_stands_beside_its_people() {
    let company = "[[example.record]]\nrecord = \"crm:account:500\"\nindustry = \"RETAIL\"\nemployees = 40\n";
    let example = read(&WHOLE.replacen("[[example.record]]\n", &format!("{company}[[example.record]]\n"), 1), &rules()).unwrap().remove(0);
    let company = &example.records[0];
    assert_eq!((&*company.stream, company.record.text("industry")), ("companies", Some("RETAIL")));
    assert_eq!(company.record.field("employees").map(|f| f.value.clone()), Some(Value::Int(40)));
    let wrong = WHOLE.replacen(
        "[[example.record]]\n",
        "[[example.record]]\nrecord = \"crm:account:500\"\nindustri = \"RETAIL\"\n[[example.record]]\n",
        1,
    );
    assert!(read(&wrong, &rules()).unwrap_err().contains("crm reads no \"industri\" of an account"));
}

#[test]
fn what_no_connector_reads_and_nobody_decides_is_a_mistake() {
    let rules = rules();
    for (right, wrong, told) in [
        ("name = \"all of it\"", "nmae = \"all of it\"", "tests/a.toml:1: [[example]] lacks \"name\""),
        ("now = 2026-11-20T09:00:00+09:00", "now = \"2026-11-20\"", "expected a time without quotes: 2026-11-21T09:00:00+09:00"),
        ("now = 2026-11-20T09:00:00+09:00", "now = 09:00:00", "tests/a.toml:3: 09:00:00 is no moment"),
        ("record = \"crm:person:1\"", "record = \"crn:person:1\"", "unknown system \"crn\"; did you mean \"crm\"?"),
        ("record = \"crm:person:1\"", "record = \"1\"", "tests/a.toml:5: \"1\" is no record"),
        (
            "record = \"crm:person:1\"",
            "record = \"crm:activity:1\"",
            "crm:activity:1 is of the kind activity; expected a person, deal, ticket or account",
        ),
        ("record = \"support:ticket:9\"", "record = \"ma:ticket:9\"", "ma has no tickets"),
        ("record = \"ma:person:17\"", "record = \"crm:person:1\"", "crm:person:1 stands twice in one example"),
        ("phone = \"1\"\n", "phnoe = \"1\"\n", "tests/a.toml:7: crm reads no \"phnoe\" of a person; did you mean \"phone\"?"),
        ("phone = \"1\"\n", "phone = 1\n", "tests/a.toml:7: \"phone\" is a whole number; expected text in quotes"),
        ("score = 0x10", "score = \"16\"", "\"score\" is text; expected a whole number"),
        ("score = 0x10", "score = 99999999999999999999", "is a number beyond what can be kept"),
        ("changed = { title =", "changed = { company =", "\"company\" is no field that crm:person:1 has here"),
        ("typed = [\"title\"]", "typed = [\"company\"]", "\"company\" is no field that crm:person:1 has here"),
        ("before = { phone", "before = { company", "the record does not say what \"company\" is now"),
        ("refused = true", "refused = [\"news\"]", "crm tells no refusal of \"news\"; there are none"),
        ("refused = true", "refused = \"yes\"", "\"refused\" is text; expected true or false"),
        (
            "email = \"taro@sato.example\"\n[[example.record]]\nrecord = \"support:ticket",
            "refused = true\n[[example.record]]\nrecord = \"support:ticket",
            "support does not tell who refused; take it out",
        ),
        (
            "email = \"taro@sato.example\"\n[example.expect]",
            "typed = [\"email\"]\n[example.expect]",
            "ma does not tell which people edit its records",
        ),
        ("email = \"taro@sato.example\"\n[example.expect]", "copied = [\"email\"]\n[example.expect]", "systems.toml names no relays of ma"),
        (
            "email = \"taro@sato.example\"\n[example.expect]",
            "same_as = [\"crm:person:1\"]\n[example.expect]",
            "ma does not tell ids of other systems",
        ),
        ("addresses = [\"taro@home.example\"]", "addresses = [\"taro\"]", "\"taro\" is no e-mail address"),
        ("state = \"lost\"", "sate = \"lost\"", "the record crm:deal:8 lacks \"state\""),
        ("state = \"lost\"", "state = \"lots\"", "\"state\" cannot be \"lots\"; did you mean \"lost\"?"),
        (
            "people = [\"crm:person:1\"]",
            "people = [\"crm:person:2\"]",
            "crm:person:2 is no record of this example; did you mean \"crm:person:1\"?",
        ),
        ("people = [\"crm:person:1\"]", "people = [\"ma:person:17\"]", "ma:person:17 is no person of crm"),
        ("status = \"solved\"", "closed_at = 2026-11-10", "support does not tell when one ended"),
        ("who = \"ma:person:17\"", "who = \"crm:deal:8\"", "crm:deal:8 is no person"),
        ("who = \"ma:person:17\"", "whom = \"ma:person:17\"", "unknown key \"whom\" in [example.expect]; did you mean \"who\"?"),
        ("fields = { phone = \"1\"", "fields = { phon = \"1\"", "no system reads \"phon\" of a person; did you mean \"phone\"?"),
        ("score = 16, title", "score = \"x\", title", "\"score\" is text; expected a whole number"),
        ("status = \"\"", "status = \"opprtunity\"", "unknown status \"opprtunity\"; did you mean \"opportunity\"?"),
        ("one_to_one = \"allow\"", "one_two_one = \"allow\"", "unknown kind of mail \"one_two_one\"; did you mean \"one_to_one\"?"),
        ("one_to_one = \"allow\"", "one_to_one = \"no\"", "\"one_to_one\" cannot be \"no\"; there are allow, hold, deny"),
        ("\"cooldown\"]", "\"cool_down\"]", "unknown reason \"cool_down\"; did you mean \"cooldown\"?"),
        ("{ phone = \"1\", status = \"lead\"", "{ title = \"1\", status = \"lead\"", "nothing is written to \"title\" in ma"),
        (
            "after = {",
            "after = { \"crm:person:1\" = { permit = true },",
            "to \"permit\" in crm: what it shows stays as it is; expected \"hold\" in `writes`, with permit = \"..\" in its `hold`, of crm",
        ),
        ("\"ma:person:17\" = {", "\"ma:person:18\" = {", "ma:person:18 is no record of this example"),
    ] {
        assert_eq!(WHOLE.matches(right).count(), 1, "{right}");
        match read(&WHOLE.replace(right, wrong), &rules) {
            Ok(_) => panic!("{wrong} is taken"),
            Err(said) => assert!(said.contains(told), "{wrong}:\n{said}"),
        }
    }
    for (text, told) in [
        ("", "tests/a.toml:1: tests/a.toml lacks \"example\""),
        (
            "[[example]]\nname = \"a\"\n[[example.record]]\nrecord = \"crm:deal:1\"\nstate = \"open\"\n[example.expect]\nstatus = \"lead\"",
            "no record of the example is a person",
        ),
        (
            "[[example]]\nname = \"a\"\n[[example.record]]\nrecord = \"crm:person:1\"\n[example.expect]\nwho = \"crm:person:1\"",
            "[example.expect] expects nothing",
        ),
        ("[example]\nname = \"a\"", "\"example\" is a table; expected a list"),
    ] {
        assert!(read(text, &rules).is_err_and(|said| said.contains(told)), "{text}: {:?}", read(text, &rules));
    }
}

#[test]
fn only_files_of_examples_are_read_and_a_folder_without_any_has_none() {
    let (folder, rules) = (tempfile::tempdir().unwrap(), rules());
    let names = || examples(folder.path(), &rules).map(|all| all.iter().map(|e| format!("{} {}", e.file, e.name)).collect::<Vec<_>>());
    assert_eq!(names().unwrap(), [""; 0]);
    std::fs::create_dir(folder.path().join(EXAMPLES_FOLDER)).unwrap();
    assert_eq!(names().unwrap(), [""; 0]);
    let write = |file: &str, text: &str| std::fs::write(folder.path().join(EXAMPLES_FOLDER).join(file), text).unwrap();
    let example = |name: &str| {
        format!("[[example]]\nname = \"{name}\"\n[[example.record]]\nrecord = \"crm:person:1\"\n[example.expect]\nstatus = \"lead\"\n")
    };
    write("b.toml", &(example("one") + &example("two")));
    write("a.toml", &example("three"));
    write(".#a.toml", "left by an editor");
    write("a.toml~", "left by an editor");
    assert_eq!(names().unwrap(), ["tests/a.toml three", "tests/b.toml one", "tests/b.toml two"]);
    write("a.toml", "[[example]]\n");
    write("c.toml", "[[exmaple]]\n");
    let mistakes = names().unwrap_err();
    let told: Vec<String> = mistakes.lines();
    assert!(told[0].starts_with("tests/a.toml:1: ") && told.last().is_some_and(|t| t.starts_with("tests/c.toml:1: ")), "{told:#?}");
    assert!(mistakes.drawn().ends_with("in tests/a.toml, tests/c.toml\n"), "{}", mistakes.drawn());
}
