//! Every mistake in the config folder is told, as the user sees it.

use super::good::{SECRET, good, load_with};

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
            ("writes = [\"score\"]", "writes = [\"hold\"]\nhold = { block = true, permits = { campaign = \"ok_campaign\" } }"),
            ("permit = \"nayose_ok_until\", why", "permit = \"nayose_ok_until\", permits = { newsletter = \"Nayose_OK_until\" }, why"),
            ("permit = \"nayose_ok_until\", why", "permits = { campaign = \"ok\", topics = { seminars = \"ok\" } }, why"),
            ("permit = \"nayose_ok_until\", why", "permits = { campaign = \"phone\" }, why"),
            ("permit = \"nayose_ok_until\", why", "permits = { one_to_one = \"ok\" }, why"),
            ("hold = { block = true, permit = \"nayose_ok_until\", why = \"nayose_why\", lease = \"7d\" }", "hold = { block = false }"),
            ("writes = [\"hold\", \"status\", \"phone\"]", "writes = [\"status\", \"phone\"]"),
            ("writes = [\"hold\", \"status\", \"phone\"]", "writes = [\"hold\", \"opt_out\"]"),
            ("lease = \"7d\"", "lease = \"5m\""),
            ("lease = \"7d\"", "leese = \"5m\""),
            ("block = true, permit = \"nayose_ok_until\"", "block = \"yes\", permit = \"nayose_ok_until\""),
            ("\"info@*\", ", "\"info\", "),
            ("[link]", "[systems.ma.status]\ncustomr = \"Customer\"\n[link]"),
            ("[link]", "[systems.ma.status]\nforward_only = \"Customer\"\n[link]"),
            ("[link]", "[systems.ma.status]\nmql = \"\"\n[link]"),
            ("[link]", "[systems.ma.status]\nmql = 2\n[link]"),
            ("writes = [\"hold\", \"status\", \"phone\"]", "writes = [\"hold\", \"phone\"]\nstatus = { mql = \"MQL2\" }"),
            ("[link]", "[systems.support.status]\nmql = \"MQL2\"\n[link]"),
            ("[state]", "connectors = \"elsewhere\"\n[state]"),
        ],
    );
    insta::assert_snapshot!(shown);
}

/// Rules of two fields that no other rule asks for.
const SOURCE: &str = "first_source = { oldest = [\"crm\", \"ma\"] }\nowner = { from = [\"crm\"], when = 'deals.exists(d, d.open)', otherwise = [\"ma\", \"crm\"] }";
/// Rules of fields that are written, and those between them.
const PHONE_TO_SCORE: &str = "phone = [\"support\", [\"crm\", \"ma\"]]\ntitle = { from = [[\"crm\", \"ma\"]], max_age = \"730d\", because = \"people change jobs\" }\ncompany = { from = [\"crm\", \"ma\"], blank = \"wins\" }\nscore = { only = \"ma\" }";

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
            ("phone = [\"support\"", "phone = [{ system = \"support\", max_age = \"2y\" }"),
            ("phone = [\"support\"", "phone = [{ max_age = \"730d\" }"),
            ("phone = [\"support\"", "phone = [{ system = \"support\", age = \"730d\" }"),
            ("phone = [\"support\"", "phone = [{ system = \"crm\" }"),
            ("score = { only = \"ma\" }", "score = { newest = [{ system = \"ma\", max_age = \"730d\" }] }"),
            ("phone = [\"support\"", "fone = [\"support\""),
            ("phone = [\"support\"", "unsubscribed = [\"support\""),
            ("score = { only = \"ma\" }", "score = { only = \"support\" }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", from = [\"crm\"] }"),
            ("score = { only = \"ma\" }", "score = { max_age = \"30d\" }"),
            ("score = { only = \"ma\" }", "score = { onyl = \"ma\", only = \"ma\" }"),
            ("tags = { union = [\"crm\", \"ma\"] }", "tags = { max = [\"crm\", \"ma\"] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", typed = [\"crm\"] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", typed = [\"ma\"] }"),
            ("score = { only = \"ma\" }", "score = { from = [\"ma\", \"crm\"], typed = [\"crn\", \"crm\"] }"),
            ("tags = { union = [\"crm\", \"ma\"] }", "tags = { union = [\"crm\", \"ma\"], typed = [\"crm\"] }"),
            ("score = { only = \"ma\" }", "score = { fill = [\"ma\"], from = [\"crm\"] }"),
            ("score = { only = \"ma\" }", "score = { fill = [\"support\"] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", ignore = \"不明\" }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", ignore = [0] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", ignore = [\" \"] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", ignored = [\"0\"] }"),
            ("tags = { union = [\"crm\", \"ma\"] }", "tags = { union = [\"crm\", \"ma\"], ignore = [\"不明\"] }"),
            ("blank = \"wins\"", "blank = \"win\""),
            ("[person]", "[account]\nindustri = [\"crm\"]\n[person]"),
            ("[person]", "[account]\nindustry = [\"ma\"]\n[person]"),
            ("[person]", "[account]\nindustry = { from = [\"crm\"], when = 'true' }\n[person]"),
            ("[person]", "[account]\nindustry = { fill = [\"crm\"] }\n[person]"),
            ("[person]", "[account]\nemployees = { sum = [\"crm\"] }\n[person]"),
            ("[person]", "[account]\nindustry = { max = [\"crm\"] }\n[person]"),
            ("[person]", "[account]\nindustry = { form = [\"crm\"], from = [\"crm\"] }\n[person]"),
            ("score = { only = \"ma\" }", "score = { account = \"employees\" }"),
            ("[person]\n", "[account]\nemployees = [\"crm\"]\n[person]\nemail = { account = \"employees\" }\n"),
            ("[person]\n", "[account]\nindustry = [\"crm\"]\n[person]\nemail = { account = \"industry\", ignore = [\"x\"] }\n"),
            (
                "[person]\n",
                "[account]\nindustry = [\"crm\"]\n[person]\nemail = { account = \"industry\", when = 'account.employees > 9' }\n",
            ),
            ("max_age = \"730d\"", "max_age = \"2y\""),
            ("max_age = \"730d\"", "max_age = \"36501d\""),
            (
                "first_source = { oldest = [\"crm\", \"ma\"] }\nowner = { from = [\"crm\"], when = 'deals.exists(d, d.open)', otherwise = [\"ma\", \"crm\"] }",
                "first_source = { from = [\"crm\"], when = 'person.owner == null', otherwise = [\"ma\"] }\nowner = { from = [\"crm\"], when = 'person.first_source != null', otherwise = [\"ma\", \"crm\"] }",
            ),
            ("'deals.exists(d, d.open)'", "'deals.exists(d, d.opened)'"),
            ("when = 'deals.exists(d, d.open)', ", ""),
            (
                "score = { only = \"ma\" }",
                "score = { cases = [{ when = 'person.title == null', only = \"ma\" }], when = 'person.phone == null' }",
            ),
            ("score = { only = \"ma\" }", "score = { cases = [{ only = \"ma\" }] }"),
            ("score = { only = \"ma\" }", "score = { cases = [{ when = 'person.titel == null', only = \"ma\" }] }"),
            (
                "score = { only = \"ma\" }",
                "score = { only = \"ma\", when = 'person.title == null', otherwise = { newest = [\"ma\"], max = [\"ma\"] } }",
            ),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", when = 'person.title == null', otherwise = {} }"),
            ("score = { only = \"ma\" }", "score = { cases = [\"ma\"] }"),
            ("score = { only = \"ma\" }", "score = { cases = [{ when = 'person.title == null', only = \"ma\", max_age = \"9d\" }] }"),
            ("score = { only = \"ma\" }", "score = { sum = [\"ma\", \"crm\"] }"),
            ("tags = { union = [\"crm\", \"ma\"] }", "tags = { sum = [\"crm\", \"ma\"] }"),
            ("tags = { union = [\"crm\", \"ma\"] }", "tags = { any = [\"crm\", \"ma\"] }"),
            ("score = { only = \"ma\" }", "score = { never = false }"),
            ("score = { only = \"ma\" }", "score = { other = \"scor\" }"),
            ("score = { only = \"ma\" }", "score = { other = \"score\" }"),
            ("score = { only = \"ma\" }", "score = { other = \"tags\" }"),
            (
                "first_source = { oldest = [\"crm\", \"ma\"] }\nowner = { from = [\"crm\"], when = 'deals.exists(d, d.open)', otherwise = [\"ma\", \"crm\"] }",
                "first_source = { other = \"owner\" }\nowner = { other = \"title\" }",
            ),
            (SOURCE, "origin = { group = [\"owner\"], only = \"crm\" }"),
            (SOURCE, "origin = { group = [\"owner\", \"first_source\", \"owner\"], only = \"crm\" }"),
            (SOURCE, "origin = { group = [\"owner\", \"first_sorce\"], only = \"crm\" }"),
            (SOURCE, "origin = { group = [\"owner\", \"title\"], only = \"crm\" }"),
            (
                SOURCE,
                "origin = { group = [\"owner\", \"first_source\"], only = \"crm\" }\nplace = { group = [\"email\", \"owner\"], only = \"crm\" }",
            ),
            (SOURCE, "email = { group = [\"owner\", \"first_source\"], only = \"crm\" }"),
            (SOURCE, "origin = { group = [\"owner\", \"first_source\"], max = [\"crm\", \"ma\"] }"),
            (
                SOURCE,
                "origin = { group = [\"owner\", \"first_source\"], only = \"crm\", when = 'deals.exists(d, d.open)', otherwise = { other = \"title\" } }",
            ),
            (SOURCE, "origin = { group = [\"owner\", \"first_source\"], blank = \"clears\" }"),
            (SOURCE, "origin = { group = [\"owner\", \"email\"], only = \"support\" }"),
            (SOURCE, "origin = { cases = [{ when = 'deals.exists(d, d.open)', group = [\"owner\", \"first_source\"], only = \"crm\" }] }"),
            ("default = [\"crm\", \"support\", \"ma\"]", "default = { group = [\"owner\", \"first_source\"], only = \"crm\" }"),
            (PHONE_TO_SCORE, "contact = { group = [\"phone\", \"score\"], from = [\"crm\", \"ma\"] }"),
            (
                SOURCE,
                "origin = { group = [\"owner\", \"first_source\"], only = \"crm\", when = 'person.email == null' }\nemail = { only = \"crm\", when = 'person.first_source == null' }",
            ),
            ("score = { only = \"ma\" }", "score = { most = [\"ma\"], typed = [\"ma\"] }"),
            ("score = { only = \"ma\" }", "score = { first = [\"ma\"], blank = \"wins\" }"),
            ("score = { only = \"ma\" }", "score = { first = [\"ma\"], typed = [\"ma\"] }"),
            (
                "score = { only = \"ma\" }",
                "score = { cases = [{ when = 'person.title == null', first = [\"ma\"] }], otherwise = [\"ma\"], max_age = \"9d\" }",
            ),
            ("[person]", "[account]\nindustry = { first = [\"crm\"] }\n[person]"),
            ("[person]", "[fields.phone]\nvalid = 'valu.size() > 9'\n[person]"),
            ("[person]", "[fields.phone]\nvalid = 'value > 9'\n[person]"),
            ("[person]", "[fields.phone]\nvald = 'value.size() > 9'\nvalid = 'true'\n[person]"),
            ("[person]", "[fields.tags]\nvalid = '\"x\" in value'\n[person]"),
            ("[person]", "[fields.fone]\nvalid = 'value.size() > 9'\n[person]"),
            ("[person]", "[account]\nname = [\"crm\"]\n[person]"),
            ("[person]", "[fields.phone]\nvalid = 'system == \"CRM\" || value.size() > 9'\n[person]"),
            ("[person]", "[fields.phone]\nvalid = '!(system in [\"ma\", \"suport\"])'\n[person]"),
            ("[person]", "[fields.phone]\nvalid = 'value.size() > 9'\nindustry = { only = \"crm\" }\n[person]"),
            (
                "phone = [\"support\", [\"crm\", \"ma\"]]",
                "phone = { cases = [{ when = 'deals.exists(d, d.open)', never = true }, { when = 'person.phone == null', from = [\"crm\"] }] }",
            ),
            ("phone = [\"support\", [\"crm\", \"ma\"]]", "phone = { never = true, when = 'person.phone == \"-\"', otherwise = [\"crm\"] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", ignore = [\"0\", \"０\", \"不明\"] }"),
            ("score = { only = \"ma\" }", "score = { only = \"ma\", when = 'person.title == null', otherwise = [\"support\"] }"),
            (
                "score = { only = \"ma\" }",
                "score = { only = \"ma\", when = 'person.title == null', otherwise = { only = \"crm\", max_age = \"9d\" } }",
            ),
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
            ("'person.score >= 100'", "'deals.exists(d, d.closed_dys < 30)'"),
            ("'person.score >= 100'", "'deals.exists(d, d.closed_days - 1 < 30)'"),
            ("lead = 'true'", "lead = 'person.relationship == \"partnr\"'\n[relationship]\npartner = 'person.score > 3'"),
            ("lead = 'true'", "lead = 'true'\n[relationship]\npartner = 'person.relationship == \"partner\"'"),
            ("lead = 'true'", "lead = 'deals.exists(d, d.open && person.relationship == null)'\n[relationship]\npartner = 'true'"),
            ("lead = 'true'", "lead = 'true'\n[relationship]\npartner = 3"),
            ("'person.score >= 100'", "{ when = 'person.score >= 100', by = \"mq\" }"),
            ("'person.score >= 100'", "{ when = 'person.score >= 100' }"),
            ("'person.score >= 100'", "{ when = 'person.score >= 100', by = \"support\" }"),
            ("'person.score >= 100'", "{ when = 'deals.exists(d, d.open)', by = \"ma\" }"),
            (
                "lead = 'true'",
                "lead = { when = 'person.relationship == \"partner\"', by = \"crm\" }\n[relationship]\npartner = 'person.score > 3'",
            ),
            ("lead = 'true'", "lead = 'true'\nforward_only = 'true'"),
            ("lead = 'true'", "lead = 'true'\nforward_only = 3"),
            ("lead = 'true'", "lead = 'true'\nforward_only = {}"),
            ("lead = 'true'", "lead = 'false'\nCustomer = 'true'\nforward_only = true"),
            ("lead = 'true'", "lead = 'true'\nforward_only = { except = [\"opportunty\"] }"),
            ("lead = 'true'", "lead = 'true'\nforward_only = { except = [\"customer\"], unless = \"lead\" }"),
            ("when = 'deal.open'", "when = 'deal.lost && deal.closed_days < 30'"),
            ("when = 'deal.open'", "when = 'deal.open && deal.quiet_days < 90'"),
            ("when = 'deal.open'", "when = 'deal.stage == \"open\" && ticket.open'"),
            ("when = 'deal.open'", "when = 'person.score > 3'"),
            ("when = 'deal.open'", ""),
            ("when = 'deal.open'", "when = 'deal.opn'"),
            ("when = 'deal.open'", "when = 'deal．open'"),
            ("when = 'deal.open'", "when = 'deal.open deal.won'"),
            ("scope = \"account\"", "scope = \"acount\""),
            ("scope = \"account\"", "account_cap = 500"),
            ("scope = \"account\"", "scope = \"account\"\naccount_cap = 0"),
            ("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", "stops = [\"campain\"]"),
            ("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", "stops = []"),
            ("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", ""),
            ("stops = [\"campaign\", \"newsletter\", \"service_footer\"]", "scope = \"account\"\nstops = [\"campaign\"]"),
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
