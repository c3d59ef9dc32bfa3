//! Every mistake in the config folder is told, as the user sees it.

use super::good::{FILES, SECRET, Shipped, env, good, load_with};
use nayose::config::Connectors;
use nayose::config::load;
use nayose::decide::rules::{ChangeLimits, HoldScope, Widening};
use nayose::merge::rules::{Blank, Strategy};
use nayose::model::{Basis, Entity, Span};
use nayose::store::StateUrl;
use proptest::prelude::*;
use std::path::Path;

/// One thing changed in the good files must be one mistake: no mistake hides, none drags others along.
fn told(file: &'static str, cases: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (old, new) in cases {
        assert_eq!(good(file).matches(old).count(), 1, "{file} has {old:?} not once");
        let text = good(file).replace(old, new);
        let mistakes = load_with(&[(file, &text)]).expect_err(new);
        let drawn = mistakes.drawn();
        assert_eq!(mistakes.list().len(), 1, "{new}\n{drawn}");
        assert_eq!(mistakes.list()[0].file, file);
        assert!(!format!("{drawn}{mistakes:?}{}", mistakes.to_json()).contains(SECRET), "{drawn}");
        let what = if new.is_empty() { format!("(without) {old}") } else { new.to_string() };
        out += &format!("=== {}\n{}\n", what.trim(), drawn.trim_end().rsplit_once('\n').unwrap().0);
    }
    out.replace(SECRET, "SECRET")
}

#[test]
fn network() {
    let in_proxy = format!("[network]\nproxy = \"http://me:{SECRET}@proxy.example:3128\"\n[link]");
    let without_scheme = format!("[network]\nproxy = \"me:{SECRET}@proxy.example:3128\"\n[link]");
    let plain = format!("[network]\nproxy = \"http://proxy.example:3128\"\nproxy_user = \"me\"\nproxy_password = \"{SECRET}\"\n[link]");
    let with = |keys: &str| format!("[network]\nproxy = \"http://proxy.example:3128\"\n{keys}\n[link]");
    let (colon, alone) = (with("proxy_user = \"me:you\"\nproxy_password = { env = \"HTTP_TOKEN\" }"), with("proxy_user = \"me\""));
    let (password, unset) =
        (with("proxy_password = { env = \"HTTP_TOKEN\" }"), with("proxy_user = \"me\"\nproxy_password = { env = \"PROXY_PASSWORD\" }"));
    let (hosts, unknown) = (with("no_proxy = [\"crm.acme.example\", \"https://desk.acme.example/\"]"), with("noproxy = \"localhost\""));
    let shown = told(
        "systems.toml",
        &[
            ("[link]", &in_proxy),
            ("[link]", &without_scheme),
            ("[link]", "[network]\nproxy = \"socks5://proxy.example:1080\"\n[link]"),
            ("[link]", "[network]\nproxy = \"http://proxy.example:3128/way\"\n[link]"),
            ("[link]", "[network]\nproxy = \"proxy.example:3128\"\n[link]"),
            ("[link]", "[network]\nno_proxy = [\"a.example\"]\n[link]"),
            ("[link]", &plain),
            ("[link]", &colon),
            ("[link]", &alone),
            ("[link]", &password),
            ("[link]", &unset),
            ("[link]", &hosts),
            ("[link]", &unknown),
            ("[link]", "[network]\nca = \"acme-ca.pem\"\n[link]"),
            ("[link]", "[network]\nca = \"zendesk.token\"\n[link]"),
            ("[link]", "[network]\nca = \"own\"\n[link]"),
        ],
    );
    insta::assert_snapshot!(shown);
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

#[test]
fn systems() {
    let plain = format!("token = {SECRET:?}");
    let misplaced = format!("token = {{ env = {SECRET:?} }}");
    let mistyped = format!("tokn = {SECRET:?}\ntoken = {{ env = \"HUBSPOT_TOKEN\" }}");
    let bare = format!("token = {SECRET}");
    let url = format!("base_url = \"https://me:{SECRET}@mktorest.example\"");
    let shown = told(
        "systems.toml",
        &[
            ("every = \"60s\"", "evrey = \"60s\""),
            ("every = \"60s\"", "every = \"1 min\""),
            ("every = \"60s\"", "every = 60"),
            ("every = \"60s\"", "every = \"0s\""),
            ("every = \"60s\"", "create = true"),
            ("every = \"60s\"", "every = \"60s\"\nevery = \"90s\""),
            ("[systems.crm]", "[footer]\nto = \"it@acme.example\"\n[systems.crm]"),
            ("[systems.crm]", "[systems.\"crm.eu\"]\nconnector = \"hubspot\"\ntoken = { env = \"HUBSPOT_TOKEN\" }\n[systems.crm]"),
            (
                "[systems.crm]",
                "[systems.\"a:b\"]\nconnector = \"zendesk\"\nsubdomain = \"b\"\ntoken = { env = \"HUBSPOT_TOKEN\" }\n[systems.crm]",
            ),
            ("connector = \"hubspot\"", "connector = \"hubspt\""),
            ("connector = \"hubspot\"", "connector = \"broken\""),
            ("connector = \"zendesk\"", "connector = \"file\""),
            ("[systems.crm]", "[systems.more]\n[systems.crm]"),
            ("subdomain = \"acme\"", ""),
            ("subdomain = \"acme\"", "subdomain = \"https://acme.zendesk.example\""),
            ("token = { env = \"HUBSPOT_TOKEN\" }", &plain),
            ("token = { env = \"HUBSPOT_TOKEN\" }", &misplaced),
            ("token = { env = \"HUBSPOT_TOKEN\" }", &mistyped),
            ("token = { env = \"HUBSPOT_TOKEN\" }", &bare),
            ("token = { env = \"HUBSPOT_TOKEN\" }", "token = { env = \"HUBSPOT\" }"),
            ("token = { env = \"HUBSPOT_TOKEN\" }", "token = { env = \"EMPTY\" }"),
            ("token = { env = \"HUBSPOT_TOKEN\" }", "token = { vault = \"x\" }"),
            ("token = { file = \"zendesk.token\" }", "token = { file = \"zendesk.tokn\" }"),
            ("base_url = \"https://123-ABC-456.mktorest.example\"", "base_url = \"123-ABC-456.mktorest.example\""),
            ("base_url = \"https://123-ABC-456.mktorest.example\"", &url),
            ("url = \"sled:data\"", "url = \"postgres://nayose:pw@db/nayose\""),
            ("url = \"sled:data\"", "url = \"data\""),
            ("listen = \"127.0.0.1:8642\"", "listen = \"0.0.0.0:8642\""),
            ("listen = \"127.0.0.1:8642\"", "listen = \"localhost\""),
            ("time_zone = \"Asia/Tokyo\"", "time_zone = \"Asia/Tokio\""),
            ("time_zone = \"Asia/Tokyo\"", "time_zone = \"JST\""),
            ("time_zone = \"Asia/Tokyo\"", "time_zone = \"EST\""),
            ("time_zone = \"Asia/Tokyo\"", "time_zone = \"Etc/GMT-9\""),
            ("time_zone = \"Asia/Tokyo\"", "time_zone = \"Berlin\""),
            ("every = \"60s\"", "every = \"６０s\""),
            ("every = \"60s\"", "every\u{3000}= \"60s\""),
            ("every = \"60s\"", "every = “60s”"),
            ("writes = [\"score\"]", "writes = [\"score\"、 \"phone\"]"),
            ("[systems.crm]", "［systems.crm］"),
            ("time_zone = \"Asia/Tokyo\"", "writes = [\"hold\"]"),
            ("relays = [\"svc-sync@acme.example\"]", "relays = []"),
            ("writes = [\"score\"]", "writes = [\"scor\"]"),
            ("writes = [\"score\"]", "writes = [\"score\", \"score\"]"),
            ("writes = [\"score\"]", "writes = [\"hold\"]\nhold = { block = true, permit = \"ok\" }"),
            ("writes = [\"score\"]", "writes = [\"hold\"]\nhold = { why = \"reason\" }"),
            ("writes = [\"score\"]", "writes = [\"hold\"]\nhold = { lease = \"7d\" }"),
            ("writes = [\"score\"]", "writes = [\"status\", \"score\"]"),
            ("hold = { block = true, permit = \"nayose_ok_until\", why = \"nayose_why\", lease = \"7d\" }", "hold = { block = false }"),
            ("writes = [\"hold\", \"status\", \"phone\"]", "writes = [\"status\", \"phone\"]"),
            ("writes = [\"hold\", \"status\", \"phone\"]", "writes = [\"hold\", \"opt_out\"]"),
            ("lease = \"7d\"", "lease = \"5m\""),
            ("lease = \"7d\"", "leese = \"5m\""),
            ("block = true, permit = \"nayose_ok_until\"", "block = \"yes\", permit = \"nayose_ok_until\""),
            ("\"info@*\", ", "\"info\", "),
            ("[state]", "connectors = \"elsewhere\"\n[state]"),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn precedence() {
    let shown = told(
        "precedence.toml",
        &[
            ("default = [\"crm\", \"support\", \"ma\"]", "default = [\"crm\", \"suport\", \"ma\"]"),
            ("default = [\"crm\", \"support\", \"ma\"]", "default = []"),
            ("default = [\"crm\", \"support\", \"ma\"]", "default = \"crm\""),
            ("default = [\"crm\", \"support\", \"ma\"]", "defaults = [\"crm\"]"),
            ("phone = [\"support\", [\"crm\", \"ma\"]]", "phone = [\"support\", [\"crm\", \"support\"]]"),
            ("phone = [\"support\", [\"crm\", \"ma\"]]", "phone = [\"support\", [\"crm\", [\"ma\"]]]"),
            ("phone = [\"support\"", "fone = [\"support\""),
            ("phone = [\"support\"", "unsubscribed = [\"support\""),
            ("score = { only = \"ma\" }", "score = { only = \"support\" }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", from = [\"crm\"] }"),
            ("score = { only = \"ma\" }", "score = { max_age = \"30d\" }"),
            ("score = { only = \"ma\" }", "score = { onyl = \"ma\", only = \"ma\" }"),
            ("tags = { union = [\"crm\", \"ma\"] }", "tags = { max = [\"crm\", \"ma\"] }"),
            ("blank = \"wins\"", "blank = \"win\""),
            ("max_age = \"730d\"", "max_age = \"2y\""),
            ("'deals.exists(d, d.open)'", "'deals.exists(d, d.opened)'"),
            ("when = 'deals.exists(d, d.open)', ", ""),
            ("[person]", "[account]\nname = [\"crm\"]\n[person]"),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn policy() {
    let shown = told(
        "policy.toml",
        &[
            ("'person.score >= 100'", "'person.scor >= 100'"),
            ("'person.score >= 100'", "'person.score >= \"high\"'"),
            ("'person.score >= 100'", "\"person.company == \\\"日本\\\" && person.scor >= 100\""),
            ("'person.score >= 100'", "'person.score >= '"),
            ("'person.score >= 100'", "100"),
            ("when = 'deal.open'", "when = 'deal.stage == \"open\" && ticket.open'"),
            ("when = 'deal.open'", "when = 'person.score > 3'"),
            ("when = 'deal.open'", ""),
            ("when = 'deal.open'", "when = 'deal.opn'"),
            ("when = 'deal.open'", "when = 'deal．open'"),
            ("when = 'deal.open'", "when = 'deal.open deal.won'"),
            ("scope = \"account\"", "scope = \"acount\""),
            ("scope = \"account\"", "account_cap = 500"),
            ("scope = \"account\"", "scope = \"account\"\naccount_cap = 0"),
            ("stops = [\"campaign\", \"service_footer\"]", "stops = [\"campain\"]"),
            ("stops = [\"campaign\", \"service_footer\"]", "stops = []"),
            ("stops = [\"campaign\", \"service_footer\"]", ""),
            ("stops = [\"campaign\", \"service_footer\"]", "scope = \"account\"\nstops = [\"campaign\"]"),
            ("lost = \"30d\"", "lots = \"30d\""),
            ("lost = \"30d\"", "closed = \"30d\""),
            ("lost = \"30d\"", "lost = \"a month\""),
            ("proof = { \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\" }", ""),
            (
                "proof = { \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\" }",
                "proof = { \"crm.deals\" = \"15\", \"crm.deal_people\" = \"15m\" }",
            ),
            (
                "proof = { \"crm.deals\" = \"15m\", \"crm.deal_people\" = \"15m\" }",
                "proof = { \"crm.deal\" = \"15m\", \"crm.deal_people\" = \"15m\" }",
            ),
            ("\"crm.deals\" = \"15m\", ", ""),
            ("scope = \"account\"", "scope = \"account\"\nstale = \"hld\""),
            ("scope = \"account\"", "scope = \"account\"\nstale = { last_known = \"15m\" }"),
            ("scope = \"account\"", "scope = \"account\"\nstale = { last_known = \"24\" }"),
            ("\"support.tickets\" = \"1h\"", "\"support.tickets\" = \"1h\", \"crm.deal\" = \"1h\""),
            ("\"support.tickets\" = \"1h\"", "\"support.tickets\" = \"1h\", \"crn.deals\" = \"1h\""),
            ("\"support.tickets\" = \"1h\"", "\"support.tickets\" = \"1h\", deals = \"1h\""),
            ("\"ma.people\" = \"1h\"", "\"ma.people\" = \"1m\""),
            ("[refusals]\nproof = { \"ma.people\" = \"1h\" }\n", ""),
            ("share = \"1%\"", "share = 0.01"),
            ("people = 200", "people = -1"),
            ("[widening]", "[wideing]"),
            ("records = 500", "recods = 500"),
            ("records = 500", "records = \"500\""),
            ("share = \"5%\"", "share = \"500%\""),
            ("within = \"2h\"", "within = \"soon\""),
        ],
    );
    insta::assert_snapshot!(shown);
}

#[test]
fn consent() {
    let shown = told(
        "consent.toml",
        &[
            ("\"explicit_consent\"", "\"explicit_consnt\""),
            ("\"explicit_consent\"", "true"),
            ("[sources.ma]", "[sources.mailer]"),
            ("[sources.ma]\nbasis", "[sources.ma]\nbassis = \"explicit_consent\"\nbasis"),
            ("[sources.ma]\nbasis = \"explicit_consent\"", "[sources.ma]"),
            ("[sources.ma]\nbasis", "[source.ma]\nbasis"),
        ],
    );
    insta::assert_snapshot!(shown);
}

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
fn what_the_good_files_say() {
    let config = load_with(&[]).map_err(|m| m.drawn()).unwrap();
    assert_eq!(config.state, StateUrl::Sled(config.folder.join("data")));
    assert_eq!(config.systems.iter().map(|s| &**s.name()).collect::<Vec<_>>(), ["crm", "support", "ma"]);
    let ma = config.system("ma").unwrap();
    assert!(ma.block && ma.writes.hold && ma.writes.status);
    assert_eq!((ma.permit.as_deref(), ma.lease, ma.line), (Some("nayose_ok_until"), Span::days(7), 20));
    assert_eq!(ma.settings.why.as_deref(), Some("nayose_why"));
    assert_eq!(config.system("support").unwrap().settings.time_zone.as_deref(), Some("Asia/Tokyo"));
    assert_eq!(config.shared_mailboxes, ["info@*", "*@lists.example"]);

    let rule = |field: &str| config.precedence.fields.named(field).unwrap().clone();
    let Strategy::Order(bands) = &rule("phone").strategy else { panic!("{:?}", rule("phone")) };
    assert_eq!(
        bands.iter().map(|b| b.0.iter().map(|n| &**n).collect::<Vec<_>>()).collect::<Vec<_>>(),
        [vec!["support"], vec!["crm", "ma"]]
    );
    assert_eq!(&*rule("phone").rule, "precedence.toml:4");
    assert_eq!((rule("company").blank, rule("title").max_age), (Blank::Wins, Some(Span::days(730))));
    assert!(matches!(&rule("score").strategy, Strategy::Only(s) if &**s == "ma"));
    assert_eq!(rule("owner").when.as_ref().map(|c| c.otherwise.len()), Some(2));
    assert!(config.precedence.default.is_some());

    let policy = &config.policy;
    assert_eq!(policy.statuses.iter().map(|s| (&*s.name, &*s.rule)).next_back(), Some(("lead", "policy.toml:5")));
    assert_eq!((policy.holds[0].on, policy.holds[0].scope), (Entity::Deal, HoldScope::Account { cap: 500 }));
    assert_eq!((policy.holds[0].after.lost, policy.holds[1].after.closed), (Span::days(30), Span::days(3)));
    assert_eq!((&*policy.holds[1].rule, policy.holds[1].scope), ("policy.toml:14", HoldScope::Person));
    assert_eq!(policy.widening, Widening { people: 200, share: 0.01, within: Span::days(1) });
    assert_eq!(policy.changes, ChangeLimits { records: 500, share: 0.05, within: Span::minutes(120) });
    assert_eq!(policy.refusal_proofs.len(), 1);
    assert_eq!(config.consent.sources[&"ma".into()], Basis::ExplicitConsent);

    assert_eq!(config.version.len(), 12);
    let other = load_with(&[("consent.toml", "[sources]\n")]).map_err(|m| m.drawn()).unwrap();
    assert_ne!(config.version, other.version);
    assert!(!format!("{config:?}").contains(SECRET));
}

#[test]
fn the_shipped_example_has_no_mistake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let any = |_: &str| Some(SECRET.to_string());
    let config = load(&folder, &any, &Connectors).map_err(|m| m.drawn()).unwrap();
    assert_eq!(config.systems.len(), 3);
}

#[test]
fn a_default_may_need_an_optional_setting() {
    let text = "[systems.help]\nconnector = \"zendesk\"\ntoken = { env = \"HTTP_TOKEN\" }\n";
    let told = |more: &str| {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("systems.toml"), format!("{text}{more}")).unwrap();
        for (file, text) in [
            ("policy.toml", "[status]\nlead = 'true'\n"),
            ("precedence.toml", "default = [\"help\"]\n"),
            ("consent.toml", "[sources.help]\nbasis = \"notified_any\"\n"),
        ] {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
        load(dir.path(), &env, &Connectors).err().map(|m| m.to_string()).unwrap_or_default()
    };
    assert!(told("").starts_with("systems.toml:1: [systems.help] lacks \"subdomain\""), "{}", told(""));
    assert!(told("subdomain = \"a.b\"").starts_with("systems.toml:4: \"subdomain\" does not fit into https://<subdomain>."));
    assert_eq!(told("subdomain = \"acme\""), "");
    assert_eq!(told("base_url = \"http://127.0.0.1:9999/\""), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_text_never_panics(text in "(\\[?[a-z.]{0,8}\\]?| ?= ?|\"|'|\\{|\\}|\\PC|\n|[0-9]{1,3}|'''|\\\\u00e9){0,40}", which in 0usize..4) {
        if let Err(mistakes) = load_with(&[(FILES[which].0, &text)]) {
            prop_assert!(!mistakes.list().is_empty() && !mistakes.drawn().is_empty());
        }
    }

    #[test]
    fn broken_files_are_told_without_their_secrets(which in 0usize..4, at in 0usize..2000, cut in 0usize..30, put in "[\"'=\\[\\]{},.\n日a1 ]{0,4}") {
        let (file, text) = FILES[which];
        let secret = format!("{:?}", SECRET);
        let text = text.replace("{ env = \"HUBSPOT_TOKEN\" }", &secret);
        let start = at.min(text.len());
        let mut broken = text.clone();
        broken.replace_range(start..(start + cut).min(text.len()), &put);
        // A connector's name is told: that what stands there came out of a secret nobody can know.
        let is_name = |rest: &str| rest.split('"').next().is_some_and(|name| name.contains("geheim"));
        prop_assume!(!broken.split("connector = \"").skip(1).any(is_name));
        if let Err(mistakes) = load_with(&[(file, &broken)]) {
            let shown = format!("{}{mistakes}{mistakes:?}{}", mistakes.drawn(), mistakes.to_json());
            prop_assert!(!shown.contains("geheim"), "{}\n{}", broken, shown);
        }
    }
}

#[test]
fn notify() {
    let good = good("systems.toml");
    let mail = "smtp = \"smtp://mail.example\", from = \"nayose@acme.example\", to = [\"it@acme.example\"]";
    let right =
        format!("{good}\n[notify]\nafter = \"5m\"\nmail = {{ {mail}, user = \"nayose\", password = {{ env = \"MARKETO_SECRET\" }} }}\n");
    let config = load_with(&[("systems.toml", &right)]).unwrap_or_else(|m| panic!("{}", m.drawn())).notify.unwrap();
    let sent = config.mail.unwrap();
    assert_eq!((sent.host.as_str(), sent.port, sent.security), ("mail.example", 587, nayose::config::Security::StartTls));
    assert_eq!(config.after, Span::minutes(5));
    for (table, said) in [
        ("[notify]".to_string(), "tells nobody"),
        ("[notify]\nwebhok = 1".into(), "unknown key \"webhok\""),
        (format!("[notify]\nwebhook = {{ url = \"https://chat.example/{SECRET}\" }}"), "must not stand in the file"),
        ("[notify]\nwebhook = { url = { env = \"MARKETO_SECRET\" } }".into(), "points to is no address"),
        (
            format!("[notify]\nmail = {{ {} }}", mail.replace("smtp://mail.example", &format!("smtp://me:{SECRET}@mail.example"))),
            "no mail server",
        ),
        (format!("[notify]\nmail = {{ {} }}", mail.replace("smtp://mail", "mail")), "no mail server"),
        (format!("[notify]\nmail = {{ {} }}", mail.replace("it@acme.example", "it")), "no e-mail address"),
        (format!("[notify]\nmail = {{ {mail}, user = \"nayose\" }}"), "stands alone"),
        (format!("[notify]\nmail = {{ {} }}", mail.replace("from = \"nayose@acme.example\", ", "")), "lacks \"from\""),
    ] {
        let text = format!("{good}\n{table}\n");
        let mistakes = load_with(&[("systems.toml", &text)]).expect_err(&table);
        let drawn = mistakes.drawn();
        assert_eq!(mistakes.list().len(), 1, "{table}\n{drawn}");
        assert!(drawn.contains(said), "{said:?} is not in\n{drawn}");
        assert!(!drawn.contains(SECRET), "{drawn}");
    }
}

/// What draws mistakes counted columns in 16 bits and panicked.
#[test]
fn a_mistake_far_to_the_right_is_told_without_being_underlined() {
    let far = format!("default = [\"crm\"]{}wrong = 1\n", " ".repeat(70_000));
    let mistakes = load_with(&[("precedence.toml", &far)]).unwrap_err();
    assert!(mistakes.drawn().contains("precedence.toml:1: "), "{}", mistakes.drawn());
}

/// What is right and hardly meant is said, and is no mistake.
#[test]
fn what_follows_from_files_that_are_right_is_noted() {
    let policy = good("policy.toml");
    let notes = |file: &'static str, text: &str| load_with(&[(file, text)]).unwrap_or_else(|e| panic!("{}", e.drawn())).notes.join("\n");
    assert_eq!(notes("policy.toml", policy), "", "the good files");
    assert!(notes("policy.toml", "[status]\nlead = 'true'\n[refusals]\nproof = { \"ma.people\" = \"1h\" }\n").contains("has no hold"));
    let footer_only = policy.replace("stops = [\"campaign\", \"service_footer\"]", "stops = [\"service\"]");
    assert!(notes("policy.toml", &footer_only).contains("stops no mail that a marketing system sends"));
    assert!(notes("consent.toml", "[sources]\n").contains("names no source"));
    let systems = good("systems.toml");
    let reads_only = systems.replace("writes = [\"hold\", \"status\", \"phone\"]", "").replace("writes = [\"hold\"]", "");
    let reads_only = reads_only.lines().filter(|l| !l.starts_with("hold = ")).collect::<Vec<_>>().join("\n");
    assert!(notes("systems.toml", &reads_only).contains("nothing is stopped in any marketing system"));
}
