//! A config folder without mistakes over three small connectors, for tests to break.

use nayose::config::load;
use nayose::config::{Config, ManifestSource, Mistakes};
use nayose::connector::Manifest;
use std::path::Path;
use std::sync::Arc;

pub const SECRET: &str = "pat-na1-geheim-0815";

pub const FILES: [(&str, &str); 4] = [
    (
        "systems.toml",
        r#"[state]
url = "sled:data"

[http]
listen = "127.0.0.1:8642"

[systems.crm]
connector = "hubspot"
token = { env = "HUBSPOT_TOKEN" }
every = "60s"
writes = ["score"]
relays = ["svc-sync@acme.example"]

[systems.support]
connector = "zendesk"
subdomain = "acme"
token = { file = "zendesk.token" }
time_zone = "Asia/Tokyo"

[systems.ma]
connector = "marketo"
base_url = "https://123-ABC-456.mktorest.example"
client_id = { env = "MARKETO_ID" }
client_secret = { env = "MARKETO_SECRET" }
writes = ["hold", "status", "phone"]
hold = { block = true, permit = "nayose_ok_until", why = "nayose_why", lease = "7d" }

[link]
shared_mailboxes = ["info@*", "*@lists.example"]
"#,
    ),
    (
        "precedence.toml",
        r#"default = ["crm", "support", "ma"]

[person]
phone = ["support", ["crm", "ma"]]
title = { from = [["crm", "ma"]], max_age = "730d", because = "people change jobs" }
company = { from = ["crm", "ma"], blank = "wins" }
score = { only = "ma" }
tags = { union = ["crm", "ma"] }
first_source = { oldest = ["crm", "ma"] }
owner = { from = ["crm"], when = 'deals.exists(d, d.open)', otherwise = ["ma", "crm"] }
"#,
    ),
    (
        "policy.toml",
        r#"[status]
customer = 'deals.exists(d, d.won)'
opportunity = 'deals.exists(d, d.open)'
mql = 'person.score >= 100'
lead = 'true'

[holds.open_deal]
when = 'deal.open'
scope = "account"
stops = ["campaign", "newsletter", "rep_sender"]
after = { won = "0d", lost = "30d" }
proof = { "crm.deals" = "15m", "crm.deal_people" = "15m" }

[holds.critical_ticket]
when = 'ticket.open && ticket.priority == "urgent"'
stops = ["campaign", "newsletter", "service_footer"]
after = { closed = "3d" }
proof = { "support.tickets" = "1h" }

[refusals]
proof = { "ma.people" = "1h" }

[widening]
ask_above = { people = 200, share = "1%" }

[changes]
ask_above = { records = 500, share = "5%", within = "2h" }
"#,
    ),
    (
        "consent.toml",
        r#"[sources.ma]
basis = "explicit_consent"

[sources.support]
basis = "notified_any"
"#,
    ),
];

const HUBSPOT: &str = r#"
name = "hubspot"
title = "HubSpot"
role = "crm"
api_version = "v3"
base_url = "{settings.base_url}"
auth = { kind = "bearer", token = "{settings.token}" }
[settings.base_url]
title = "API address"
where = "Leave it out unless HubSpot told you another."
default = "https://api.hubapi.example"
[settings.token]
title = "private app token"
where = "Settings, Integrations, Private Apps, Auth."
secret = true
[streams.people]
entity = "person"
every = "60s"
[streams.people.record]
id = "id"
fields = { email = "email", phone = "phone", title = "title", company = "company", owner = "owner", first_source = "source", score = { path = "score", type = "int" }, tags = { path = "tags", type = "list" } }
[streams.people.field_history]
chunk = 50
record = "id"
fields = { phone = "phone", title = "jobtitle", company = "company", owner = "owner" }
changes = "history.{field}"
value = "value"
at = "at"
edited_by = "by"
request = { method = "POST", path = "/history", body = { ids = "{ids}", fields = "{fields}" } }
[streams.companies]
entity = "account"
[streams.companies.record]
id = "id"
fields = { industry = "industry", employees = { path = "employees", type = "int" } }
[streams.deals]
entity = "deal"
every = "60s"
[streams.deals.record]
id = "id"
fields = { stage = "stage", amount = { path = "amount", type = "number" } }
[streams.deal_people]
entity = "deal_person"
carried_by = "deals"
[writes]
stream = "people"
fields = { score = "score", phone = "phone" }
block = { kind = "field", field = "blocked", on = true, off = false }
read = { path = "/people" }
read_chunk = 100
"#;

const ZENDESK: &str = r#"
name = "zendesk"
title = "Zendesk"
role = "support"
api_version = "v2"
base_url = "https://{settings.subdomain}.zendesk.example"
auth = { kind = "bearer", token = "{settings.token}" }
[settings.subdomain]
title = "subdomain"
where = "The first part of the address you open Zendesk under."
example = "acme"
[settings.token]
title = "API token"
where = "Admin Center, Apps and integrations, Zendesk API."
secret = true
[streams.people]
entity = "person"
[streams.people.record]
id = "id"
fields = { email = "email", phone = "phone" }
[streams.tickets]
entity = "ticket"
[streams.tickets.record]
id = "id"
fields = { priority = { path = "priority", map = { low = "low", normal = "normal", high = "high", urgent = "urgent" } } }
"#;

const MARKETO: &str = r#"
name = "marketo"
title = "Marketo"
role = "ma"
api_version = "v1"
base_url = "{settings.base_url}"
auth = { kind = "client_credentials", method = "GET", path = "/identity/oauth/token", client_id = "{settings.client_id}", client_secret = "{settings.client_secret}" }
[settings.base_url]
title = "REST API address"
where = "Admin, Web Services, REST API."
example = "https://123-ABC-456.mktorest.example"
[settings.client_id]
title = "client id"
where = "Admin, LaunchPoint, your service, View Details."
secret = true
[settings.client_secret]
title = "client secret"
where = "Admin, LaunchPoint, your service, View Details."
secret = true
[streams.people]
entity = "person"
every = "5m"
sweep_every = "5m"
[streams.people.feed]
since = "rfc3339"
token = "token"
id = "lead"
chunk = 300
start = { path = "/token" }
request = { path = "/changes", query = { token = "{token}" }, page = { kind = "cursor", param = "token", next = "token" } }
read = { path = "/leads", query = { ids = "{ids}" } }
[streams.people.feed.tells]
changes = "fields"
field = "name"
value = "newValue"
at = "at"
edited_via = "user"
fields = { phone = "phone", title = "title" }
[streams.people.record]
id = "id"
fields = { email = "email", phone = "phone", title = "title", company = "company", owner = "owner", first_source = "source", score = { path = "score", type = "int" }, tags = { path = "tags", type = "list" } }
refusals = [{ scope = "all", when = { path = "unsubscribed", equals = true } }]
marks = { block = { path = "marketingSuspended" }, permit = { path = "{hold.permit}" }, why = { path = "{hold.why}" }, status = { path = "leadStatus" } }
[writes]
stream = "people"
fields = { phone = "phone", opt_out = "unsubscribed" }
status = { field = "leadStatus" }
block = { kind = "field", field = "marketingSuspended", on = true, off = false }
permit = { kind = "field", field = "{hold.permit}" }
why = { kind = "field", field = "{hold.why}" }
read = { path = "/leads" }
read_chunk = 300
"#;

pub struct Shipped;

impl ManifestSource for Shipped {
    fn names(&self, _: Option<&Path>) -> Vec<String> {
        ["broken", "hubspot", "marketo", "zendesk"].map(String::from).to_vec()
    }

    fn manifest(&self, _: Option<&Path>, name: &str) -> Result<Option<Arc<Manifest>>, String> {
        let text = match name {
            "hubspot" => HUBSPOT,
            "zendesk" => ZENDESK,
            "marketo" => MARKETO,
            "broken" => return Err("line 3: unknown key `strems`".to_string()),
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(toml::from_str(text).unwrap())))
    }
}

pub fn env(name: &str) -> Option<String> {
    match name {
        "HUBSPOT_TOKEN" | "MARKETO_ID" | "MARKETO_SECRET" | "HTTP_TOKEN" => Some(format!("{SECRET}\n")),
        "EMPTY" => Some(" ".to_string()),
        _ => None,
    }
}

/// Loads the good files with some of them changed; a file changed to nothing at all is left out.
pub fn load_with(changes: &[(&str, &str)]) -> Result<Config, Mistakes> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("zendesk.token"), format!("{SECRET}\n")).unwrap();
    std::fs::create_dir(dir.path().join("own")).unwrap();
    for (file, good) in FILES {
        let text = changes.iter().find(|(f, _)| *f == file).map_or(good, |(_, t)| t);
        if text != "(missing)" {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
    }
    load(dir.path(), &env, &Shipped)
}

pub fn good(file: &str) -> &'static str {
    FILES.iter().find(|(f, _)| *f == file).unwrap().1
}
