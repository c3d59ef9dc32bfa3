//! What files without a mistake say, and what is noted of them.

use super::config_files::{LEAD, policy};
use super::good::{SECRET, good, load_with};
use nayose::config::Connectors;
use nayose::config::load;
use nayose::decide::rules::{ChangeLimits, HoldScope, Widening};
use nayose::merge::rules::{Blank, Strategy};
use nayose::model::{Basis, Entity, Span};
use nayose::store::StateUrl;
use std::path::Path;

#[test]
fn what_the_good_files_say() {
    let config = load_with(&[]).map_err(|m| m.drawn()).unwrap();
    assert_eq!(config.state, StateUrl::Sled(config.folder.join("data")));
    assert_eq!(config.rules.systems.iter().map(|s| &**s.name()).collect::<Vec<_>>(), ["crm", "support", "ma"]);
    let ma = config.rules.system("ma").unwrap();
    assert!(ma.block && ma.writes.hold && ma.writes.status);
    assert_eq!((ma.permit.as_deref(), ma.lease, ma.line), (Some("nayose_ok_until"), Span::days(7), 20));
    assert_eq!(ma.settings.why.as_deref(), Some("nayose_why"));
    assert_eq!(config.rules.system("support").unwrap().settings.time_zone.as_deref(), Some("Asia/Tokyo"));
    assert_eq!(config.rules.shared_mailboxes, ["info@*", "*@lists.example"]);

    let rule = |field: &str| config.rules.precedence.fields.named(field).unwrap().clone();
    let Strategy::Order(bands) = &rule("phone").strategy else { panic!("{:?}", rule("phone")) };
    assert_eq!(
        bands.iter().map(|b| b.0.iter().map(|s| &*s.system).collect::<Vec<_>>()).collect::<Vec<_>>(),
        [vec!["support"], vec!["crm", "ma"]]
    );
    assert_eq!(&*rule("phone").rule, "precedence.toml:4");
    assert_eq!((rule("company").blank, rule("title").max_age), (Blank::Wins, Some(Span::days(730))));
    assert!(matches!(&rule("score").strategy, Strategy::Only(s) if &**s == "ma"));
    let owner = rule("owner");
    assert_eq!((owner.cases.len(), owner.strategy.bands().len()), (1, 2));
    assert!(config.rules.precedence.default.is_some());

    let policy = &config.rules.policy;
    assert_eq!(policy.statuses.iter().map(|s| (&*s.name, &*s.rule)).next_back(), Some(("lead", "policy.toml:5")));
    assert_eq!((policy.holds[0].on, policy.holds[0].scope), (Entity::Deal, HoldScope::Account { cap: 500 }));
    assert_eq!((policy.holds[0].after.lost, policy.holds[1].after.closed), (Span::days(30), Span::days(3)));
    assert_eq!((&*policy.holds[1].rule, policy.holds[1].scope), ("policy.toml:14", HoldScope::Person));
    assert_eq!(policy.widening, Widening { people: 200, share: 0.01, within: Span::days(1) });
    assert_eq!(policy.changes, ChangeLimits { records: 500, share: 0.05, within: Span::minutes(120), same: 50 });
    assert_eq!(policy.refusal_proofs.len(), 1);
    assert_eq!(config.rules.consent.sources[&"ma".into()], Basis::ExplicitConsent);

    assert_eq!(config.rules.version.len(), 12);
    let other = load_with(&[("consent.toml", "[sources]\n")]).map_err(|m| m.drawn()).unwrap();
    assert_ne!(config.rules.version, other.rules.version);
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn the_shipped_example_has_no_mistake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let any = |_: &str| Some(SECRET.to_string());
    let config = load(&folder, &any, &Connectors).map_err(|m| m.drawn()).unwrap();
    assert_eq!(config.rules.systems.len(), 3);
}

#[test]
fn a_proxy_with_all_that_belongs_to_it() {
    let text = "[network]\nproxy = \"http://proxy.example:3128\"\nproxy_user = \"svc\"\nproxy_password = { env = \"HTTP_TOKEN\" }\ninsecure_http = true\nno_proxy = [\"10.0.0.7\", \"::1\", \".acme.example\"]\n[link]";
    let config = load_with(&[("systems.toml", &good("systems.toml").replace("[link]", text))]).unwrap();
    let proxy = config.network.proxy().unwrap();
    assert_eq!((proxy.name().as_str(), proxy.except.len()), ("http://proxy.example:3128", 3));
    assert_eq!(proxy.login.as_ref().map(|(user, _)| user.as_str()), Some("svc"));
    assert!(!format!("{config:?}").contains(SECRET));
    let none = load_with(&[]).unwrap().network;
    assert!(none.proxy().is_none() && none.authorities().is_empty());
}

/// What is right and hardly meant is said, and is no mistake.
#[test]
fn what_follows_from_files_that_are_right_is_noted() {
    let stated = good("policy.toml");
    let notes = |file: &'static str, text: &str| load_with(&[(file, text)]).unwrap_or_else(|e| panic!("{}", e.drawn())).notes.join("\n");
    assert_eq!(notes("policy.toml", stated), "", "the good files");
    assert!(notes("policy.toml", &policy(&[LEAD], &[], "\"ma.people\" = \"1h\"", "")).contains("has no hold"));
    let footer_only = stated.replace("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", "stops = [\"service\"]");
    assert!(notes("policy.toml", &footer_only).contains("stops no mail that a marketing system sends"));
    // A part of marketing mail that the system cannot tell from the rest, and one that it can.
    let campaigns = stated.replace("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", "stops = [\"campaign\"]");
    let told = notes("policy.toml", &campaigns);
    assert!(
        told.contains("ma cannot tell campaign from other marketing mail, so that the hold \"critical_ticket\" stops all of it"),
        "{told}"
    );
    let permits = good("systems.toml")
        .replace("permit = \"nayose_ok_until\", why", "permits = { campaign = \"ok_campaign\", rep_sender = \"ok_rep\" }, why");
    for text in [&campaigns, &stated.replace("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", "stops = [\"rep_sender\"]")] {
        let config = load_with(&[("systems.toml", &permits), ("policy.toml", text)]).unwrap_or_else(|e| panic!("{}", e.drawn()));
        assert_eq!(config.notes.join("\n"), "", "{text}");
    }
    for (file, old, new, says) in [
        (
            "precedence.toml",
            "score = { only = \"ma\" }",
            "score = [\"ma\", \"support\"]",
            "precedence.toml:7: support does not read \"score\"",
        ),
        (
            "policy.toml",
            "customer =",
            "any = 'true'\ncustomer =",
            "policy.toml:2: \"any\" is always true, so nothing behind it ever counts: customer, opp",
        ),
        (
            "policy.toml",
            "[status]",
            "[relationship]\nany = 'true'\nnone = 'true'\n[status]",
            "policy.toml:2: \"any\" is always true, so nothing behind it ever counts: none",
        ),
        (
            "precedence.toml",
            "score = { only = \"ma\" }",
            "score = { cases = [{ when = 'true', only = \"ma\" }, { when = 'deals.exists(d, d.open)', never = true }], otherwise = { only = \"ma\" } }",
            "precedence.toml:7: the case \"true\" is always true, so the 1 behind it and `otherwise` never count",
        ),
        (
            "precedence.toml",
            "score = { only = \"ma\" }",
            "score = { only = \"ma\", max_age = \"2m\" }",
            "precedence.toml:7: max_age = \"2m\" is minutes, so that nearly every value is too old; months are counted in days, as \"60d\"",
        ),
        (
            "precedence.toml",
            "first_source = { oldest = [\"crm\", \"ma\"] }",
            "origin = { group = [\"email\", \"first_source\"], only = \"crm\" }",
            "precedence.toml:9: what the record that wins does not hold stays elsewhere as it is",
        ),
        (
            "precedence.toml",
            "first_source = { oldest = [\"crm\", \"ma\"] }",
            "origin = { group = [\"email\", \"first_source\"], from = [\"support\", \"crm\"] }",
            "precedence.toml:9: support does not read \"first_source\": where the origin is theirs, first_source stays as it is",
        ),
        (
            "precedence.toml",
            "{ only = \"ma\" }",
            "{ max = [\"ma\", \"crm\"], blank = \"wins\" }",
            "precedence.toml:7: blank has no meaning in this rule",
        ),
        ("precedence.toml", "{ only = \"ma\" }", "{ never = true }", "\"mql\" asks for person.score, and no rule of precedence.toml takes"),
        ("policy.toml", "person.score >= 100", "person.company == \"\"", "never \"\": what is empty is null"),
        ("policy.toml", "ticket.priority == \"urgent\"", "ticket.priority == \"緊急\"", "is none of the words that are known here"),
        ("policy.toml", "lost = \"30d\"", "", "after does not say lost: then mail goes again at once"),
    ] {
        let told = notes(file, &good(file).replacen(old, new, 1));
        assert!(told.contains(says), "{new}: {told}");
    }
    assert!(notes("consent.toml", "[sources]\n").contains("names no source"));
    let by_crm = stated.replace("'person.score >= 100'", "{ when = 'person.score >= 100', by = \"crm\" }");
    assert!(notes("policy.toml", &by_crm).contains("the rule of that in precedence.toml takes nothing from crm"));
    let systems = good("systems.toml");
    let reads_only = systems.replace("writes = [\"hold\", \"status\", \"phone\"]", "").replace("writes = [\"hold\"]", "");
    let reads_only = reads_only.lines().filter(|l| !l.starts_with("hold = ")).collect::<Vec<_>>().join("\n");
    assert!(notes("systems.toml", &reads_only).contains("nothing is stopped in any marketing system"));
}

/// The history of fields costs requests, and what a feed tells is kept: only what some rule goes by is asked for.
#[test]
fn each_system_is_asked_for_the_history_of_fields_whose_rule_goes_by_age_or_by_who_edits() {
    let asked = |systems: &str, precedence: &str| {
        let config = load_with(&[("systems.toml", systems), ("precedence.toml", precedence)]).unwrap_or_else(|m| panic!("{}", m.drawn()));
        let of = |system: &str| {
            let edits = &config.rules.system(system).unwrap().settings.edits;
            (edits.editors, edits.history.iter().map(|field| field.to_string()).collect::<Vec<_>>().join(" "))
        };
        (of("crm"), of("ma"))
    };
    let with_relays = good("systems.toml");
    let without = with_relays.replace("relays = [\"svc-sync@acme.example\"]\n", "");
    let rules = |text: &str| format!("default = [\"crm\", \"ma\"]\n[person]\n{text}\n");
    for (rule, crm, ma) in [
        ("", "", ""),
        ("phone = { from = [\"crm\", \"ma\"], blank = \"wins\" }", "", ""),
        ("phone = [[\"crm\", \"ma\"]]", "phone", "phone"),
        ("phone = [\"crm\", [\"support\", \"ma\"]]", "", "phone"),
        ("phone = { newest = [\"ma\", \"crm\"] }", "phone", "phone"),
        ("phone = { oldest = [\"ma\", \"crm\"] }\ntitle = { only = \"crm\", max_age = \"9d\" }", "phone title", "phone"),
        ("phone = { first = [\"ma\", \"crm\"] }", "phone", "phone"),
        ("phone = { newest = [\"ma\", \"support\"] }", "", "phone"),
        ("phone = { only = \"ma\", max_age = \"9d\" }", "", "phone"),
        ("phone = [{ system = \"ma\", max_age = \"9d\" }, \"crm\"]", "", "phone"),
        ("phone = { only = \"ma\", when = 'person.title == null', otherwise = [[\"crm\", \"ma\"]] }", "phone", "phone"),
    ] {
        assert_eq!(asked(&without, &rules(rule)), ((false, crm.to_string()), (false, ma.to_string())), "{rule}");
    }
    let all = "company owner phone title";
    let (none, asked_all) = ((false, String::new()), (true, all.to_string()));
    assert_eq!(asked(with_relays, &rules("score = { only = \"ma\" }")), (asked_all.clone(), none.clone()));
    let typed = rules("phone = { from = [\"crm\", \"ma\"], typed = [\"crm\"] }\nscore = { only = \"ma\" }");
    assert_eq!(asked(&without, &typed), (asked_all, none.clone()));
    let relays_of_ma = without.replace("connector = \"marketo\"\n", "connector = \"marketo\"\nrelays = [\"jobs@acme.example\"]\n");
    let of_ma = asked(&relays_of_ma, &rules("score = { only = \"ma\" }"));
    assert_eq!(of_ma, (none, (true, "phone title".to_string())));
}

/// A folder that a former version took goes on to be taken.
#[test]
fn relays_of_a_system_that_does_not_tell_who_edits_are_told_with_their_line() {
    let text = good("systems.toml").replace("connector = \"zendesk\"", "connector = \"zendesk\"\nrelays = [\"sync\"]");
    let line = 1 + text.lines().position(|line| line == "relays = [\"sync\"]").unwrap();
    let notes = load_with(&[("systems.toml", &text)]).unwrap_or_else(|m| panic!("{}", m.drawn())).notes;
    let told = format!("systems.toml:{line}: relays has no effect: Zendesk");
    assert!(notes.len() == 1 && notes[0].starts_with(&told), "{notes:?}");
}
