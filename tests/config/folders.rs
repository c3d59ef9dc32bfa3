//! What is wrong with a folder as a whole: files that are not there, mistakes in several of them, and how they are told.

use super::config_files::{ConfigFiles, system};
use super::good::{Shipped, env, good, load_with};
use nayose::config::Connectors;
use nayose::config::load;

#[test]
fn files_missing_or_not_text() {
    let mistakes = load_with(&[("policy.toml", "(missing)"), ("consent.toml", "(missing)")]).unwrap_err();
    let dir = tempfile::tempdir().unwrap();
    let none = load(&dir.path().join("conf"), &env, &Shipped).unwrap_err();
    insta::with_settings!({filters => vec![(r"(folder|in) /\S+?(/conf)?( |\n)", "$1 FOLDER$2$3")]}, {
        let shown = format!("{}\n{}", mistakes.drawn(), none.drawn());
        insta::assert_snapshot!(shown);
    });
    let empty = load_with(&[("systems.toml", "(missing)")]).unwrap_err();
    assert_eq!(empty.list().len(), 1, "without systems.toml the other files are not blamed\n{}", empty.drawn());
    std::fs::write(dir.path().join("systems.toml"), b"[state]\nurl = \"\xff\"").unwrap();
    let text = load(dir.path(), &env, &Shipped).unwrap_err().to_string();
    assert!(text.starts_with("systems.toml:1: line 2 is not UTF-8"), "{text}");
}

#[test]
fn mistakes_of_all_four_files_at_once() {
    let systems = good("systems.toml").replace("every =", "evry =").replace("lease = \"7d\"", "lease = \"1s\"");
    let precedence = good("precedence.toml").replace("{ only = \"ma\" }", "{ only = \"mq\" }").replace("[person]", "[person");
    let policy = good("policy.toml").replace("'deal.open'", "'deal.opn'").replace("rep_sender", "rep");
    let consent = good("consent.toml").replace("ma]", "mx]").replace("notified_any", "any");
    let mistakes =
        load_with(&[("systems.toml", &systems), ("precedence.toml", &precedence), ("policy.toml", &policy), ("consent.toml", &consent)])
            .unwrap_err();
    let shown = format!("{mistakes}\n\n{}\n{:#}", mistakes.drawn(), mistakes.to_json());
    insta::assert_snapshot!(shown);
}

#[test]
fn an_unknown_connector_is_not_blamed_on_the_other_files() {
    let systems = good("systems.toml").replace("\"hubspot\"", "\"hubsopt\"");
    let mistakes = load_with(&[("systems.toml", &systems)]).unwrap_err();
    assert_eq!(mistakes.list().len(), 1, "{}", mistakes.drawn());
}

#[test]
fn the_first_mistake_hides_none() {
    // Twenty mistakes of the same kind are twenty mistakes.
    let many: String = (0..20).map(|i| format!("field_{i} = [\"crm\"]\n")).collect();
    let text = format!("[person]\n{many}");
    assert_eq!(load_with(&[("precedence.toml", &text)]).unwrap_err().list().len(), 20);
}

#[test]
fn a_default_may_need_an_optional_setting() {
    let text = system("help", "zendesk", "token = { env = \"HTTP_TOKEN\" }");
    let told = |more: &str| {
        let dir = tempfile::tempdir().unwrap();
        let files = ConfigFiles {
            systems: format!("{text}{more}"),
            policy: "[status]\nlead = 'true'\n".into(),
            precedence: "default = [\"help\"]\n".into(),
            consent: "[sources.help]\nbasis = \"notified_any\"\n".into(),
        };
        files.write(dir.path());
        load(dir.path(), &env, &Connectors).err().map(|m| m.to_string()).unwrap_or_default()
    };
    assert!(told("").starts_with("systems.toml:1: [systems.help] lacks \"subdomain\""), "{}", told(""));
    assert!(told("subdomain = \"a.b\"").starts_with("systems.toml:4: \"subdomain\" does not fit into https://<subdomain>."));
    assert_eq!(told("subdomain = \"acme\""), "");
    assert_eq!(told("base_url = \"http://127.0.0.1:9999/\""), "");
}

/// What draws mistakes counted columns in 16 bits and panicked.
#[test]
fn a_mistake_far_to_the_right_is_told_without_being_underlined() {
    let far = format!("default = [\"crm\"]{}wrong = 1\n", " ".repeat(70_000));
    let mistakes = load_with(&[("precedence.toml", &far)]).unwrap_err();
    assert!(mistakes.drawn().contains("precedence.toml:1: "), "{}", mistakes.drawn());
}
