//! The config folders that histories run under, read once by the real reader, with the streams and abilities that the shipped manifests give.

pub mod orders;
pub mod words;

use super::config_files::{self, CONSENT, CRITICAL_TICKET, Hold, OPEN_DEAL, STATUSES, system};
use super::truth::past::JOB;
use nayose::config::{self, Config};
use nayose::connector::network::Network;
use nayose::connector::{Abilities, Clock, Connector, RestConnector, StreamInfo};
use nayose::engine::open;
use nayose::engine::system::Opened;
use nayose::model::{Name, Time};
use nayose::store::{StateInfo, StateUrl};
use orders::Order;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

/// How long a permit outlives the proofs that it was given on.
pub const LEASE_MS: i64 = 3_600_000;
/// Limits of the proofs in every policy.
pub const CRM_LIMIT_MS: i64 = 15 * 60_000;
pub const TICKET_LIMIT_MS: i64 = 3_600_000;
pub const REFUSAL_LIMIT_MS: i64 = 3_600_000;
/// Of the persons' streams that every hold rests on without being told to.
pub const PEOPLE_LIMIT_MS: i64 = 3_600_000;
/// The cool-down of a lost deal in every policy but `ShortCoolDown`.
pub const COOL_DOWN_MS: i64 = 3_600_000;
/// Rows that a search shows at most where its results are capped.
pub const ROWS_MAX: usize = 6;
/// The least amount of a deal that holds, where only large ones do.
pub const LARGE: f64 = 300.0;
/// Releases at once that go without being asked.
pub const WIDENING_PEOPLE: usize = 3;
pub const WIDENING_WITHIN_MS: i64 = 6 * 3_600_000;

/// The zones of the systems: none of them shares its midnight with another.
pub mod zones {
    pub const CRM: &str = "Asia/Tokyo";
    pub const SUPPORT: &str = "Asia/Kolkata";
    pub const MA: &str = "America/Los_Angeles";
}

/// What of policy.toml a history begins with or is edited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rules {
    Base,
    /// Holds on more: protective.
    Stricter,
    /// No hold on critical tickets: widening.
    NoTickets,
    /// Holds reach the deal's own people only: widening.
    PersonScope,
    /// The cool-down is over at once: widening.
    ShortCoolDown,
}

impl Rules {
    pub const ALL: [Rules; 5] = [Rules::Base, Rules::Stricter, Rules::NoTickets, Rules::PersonScope, Rules::ShortCoolDown];

    /// Whether rules that are edited to these let something through that these here stop.
    pub fn are_stricter_than(self, edited: Rules) -> bool {
        let something_less = matches!(edited, Rules::NoTickets | Rules::PersonScope | Rules::ShortCoolDown);
        self != edited && (something_less || (self == Rules::Stricter && edited == Rules::Base))
    }

    pub fn accounts(self) -> bool {
        self != Rules::PersonScope
    }

    pub fn tickets(self) -> bool {
        self != Rules::NoTickets
    }

    pub fn cool_down_ms(self) -> i64 {
        if self == Rules::ShortCoolDown { 0 } else { COOL_DOWN_MS }
    }
}

/// A config with everything that the engine is opened with.
pub struct Setup {
    pub config: Arc<Config>,
    pub info: StateInfo,
    pub systems: Vec<SystemSetup>,
}

pub struct SystemSetup {
    pub config: Arc<config::System>,
    pub abilities: Abilities,
    pub streams: Vec<StreamInfo>,
    pub words: BTreeMap<Name, Box<str>>,
}

impl Setup {
    /// `instance`: counts the accounts of the marketing system that stood behind its name.
    pub fn opened(&self, instance: u32) -> Vec<Opened> {
        let address = |system: &str| if system == "ma" { format!("ma.{instance}.example") } else { system.to_string() };
        let opened = |s: &SystemSetup| Opened {
            config: s.config.clone(),
            abilities: s.abilities.clone(),
            streams: s.streams.clone(),
            words: s.words.clone(),
            address: address(s.config.name()).into(),
            tells_instance: false,
        };
        self.systems.iter().map(opened).collect()
    }
}

/// All setups, each read when it is first asked for.
pub struct Setups {
    /// One for all: its client reads this machine's certificates.
    network: Network,
    made: BTreeMap<(Shape, Rules, Order), OnceLock<Setup>>,
}

/// What of the config differs from history to history, beside the rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// The marketing system works with permits that end by themselves.
    pub timed_permits: bool,
    /// And tells kinds of mail apart by permits of their own.
    pub told_apart: bool,
    /// Only deals of at least [`LARGE`] hold.
    pub large: bool,
    /// The newsletter is the one whose block is an inverted flag.
    pub inverted: bool,
    /// The CRM's searches show few rows.
    pub capped: bool,
    /// The newsletter has a second list of people.
    pub overlaps: bool,
    /// The CRM is written fields, too.
    pub both: bool,
    /// The job that copies is one of the CRM's `relays`.
    pub relays: bool,
    /// The systems have the words' fields.
    pub spoken: bool,
}

impl Default for Setups {
    fn default() -> Setups {
        let on = |n: u32, bit: u32| n & (1 << bit) > 0;
        let shapes = (0..512).map(|n| Shape {
            timed_permits: on(n, 0),
            told_apart: on(n, 0) && on(n, 8),
            large: on(n, 1),
            inverted: on(n, 2),
            capped: on(n, 3),
            overlaps: on(n, 4),
            both: on(n, 5),
            relays: on(n, 6),
            spoken: on(n, 7),
        });
        let all = shapes.flat_map(|shape| {
            let words = (0..words::SETS).filter(|_| shape.spoken).map(Order::Words);
            let orders: Vec<Order> = Order::ALL.into_iter().chain(words).collect();
            let made = |rules| orders.iter().map(|order| ((shape, rules, *order), OnceLock::new())).collect::<Vec<_>>();
            Rules::ALL.into_iter().flat_map(made).collect::<Vec<_>>()
        });
        Setups { network: Network::default(), made: all.collect() }
    }
}

impl Setups {
    pub fn of(&self, shape: Shape, rules: Rules, order: Order) -> &Setup {
        self.made[&(shape, rules, order)].get_or_init(|| {
            let folder = tempfile::tempdir().expect("a temporary folder");
            setup(folder.path(), &self.network, shape, rules, order)
        })
    }
}

fn setup(folder: &std::path::Path, network: &Network, shape: Shape, rules: Rules, order: Order) -> Setup {
    for (file, text) in [
        ("systems.toml", systems(shape)),
        ("precedence.toml", order.toml()),
        ("policy.toml", policy(rules, shape, order)),
        ("consent.toml", format!("{CONSENT}[sources.news]\nbasis = \"explicit_consent\"\n")),
        ("connectors/herald/manifest.toml", herald(shape.overlaps)),
        ("connectors/hubspot/manifest.toml", with_words(shape, "crm", hubspot(shape.capped))),
        ("connectors/marketo/manifest.toml", with_words(shape, "ma", with_fields(MARKETO, &MARKETO_FIELDS))),
        ("connectors/zendesk/manifest.toml", with_words(shape, "support", with_fields(ZENDESK, &ZENDESK_FIELDS))),
    ] {
        let path = folder.join(file);
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, text));
        made.expect("the temporary folder takes files");
    }
    let env = |_: &str| Some("0123456789abcdef01234567:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef".to_string());
    let mut config = config::load(folder, &env, &config::Connectors).unwrap_or_else(|m| panic!("{}", m.drawn()));
    config.state = StateUrl::Memory;
    let info = open::info(&config.rules);
    let clock: Clock = Arc::new(|| Time(0));
    let systems = config.rules.systems.iter().map(|system| {
        let connector = RestConnector::through(network, &system.manifest, &system.settings, clock.clone()).expect("a shipped connector");
        let statuses = config.rules.policy.statuses.iter().map(|s| s.name.clone());
        SystemSetup {
            abilities: connector.abilities().clone(),
            streams: connector.streams().to_vec(),
            words: statuses.map(|s| (s.clone(), connector.status_word(&s))).collect(),
            config: Arc::new(system.clone()),
        }
    });
    let systems = systems.collect();
    Setup { config: Arc::new(config), info, systems }
}

const OWN_PERMITS: &str = r#"permits = { newsletter = "ok_news", campaign = "ok_camp", rep_sender = "ok_rep" }"#;

fn systems(shape: Shape) -> String {
    let own = if shape.told_apart { format!("{OWN_PERMITS}, ") } else { String::new() };
    let hold = match shape.timed_permits {
        true => format!("hold = {{ block = true, permit = \"ok_until\", {own}why = \"nayose_why\", lease = \"1h\" }}"),
        false => "hold = { block = true, why = \"nayose_why\" }".to_string(),
    };
    let news = if shape.inverted {
        ("herald", "token = { env = \"T\" }\nhold = { block = true }")
    } else {
        ("ghost", "key = { env = \"T\" }\nhold = { block = false, permit = \"nayose-ok\", lease = \"1h\" }")
    };
    let secrets = "client_id = { env = \"T\" }\nclient_secret = { env = \"T\" }";
    let own = |system: &str| {
        let words = words::FIELDS.iter().filter(|field| shape.spoken && words::is_written(field, system));
        let words: String = words.map(|field| format!(", {:?}", field.name)).collect();
        format!(r#""phone", "title", "birth", "income", "sector", "tags"{words}"#)
    };
    let writes = format!(
        r#"time_zone = "{}"
writes = ["hold", "status", {}]"#,
        zones::MA,
        own("ma")
    );
    let crm = if shape.both { format!(r#""score", {}"#, own("crm")) } else { r#""score""#.to_string() };
    let relays = if shape.relays { format!("\nrelays = [{JOB:?}]") } else { String::new() };
    let crm = format!("token = {{ env = \"T\" }}\ntime_zone = {:?}\nwrites = [{crm}]{relays}", zones::CRM);
    [
        "connectors = \"connectors\"\n\n[state]\nurl = \"sled:data\"\n".to_string(),
        system("crm", "hubspot", &crm),
        system("support", "zendesk", &format!("subdomain = \"acme\"\ntoken = {{ env = \"T\" }}\ntime_zone = {:?}", zones::SUPPORT)),
        system("ma", "marketo", &format!("base_url = \"https://ma.example\"\n{secrets}\nlist_id = \"1\"\n{writes}\n{hold}")),
        system("news", news.0, &format!("base_url = \"https://news.example\"\n{}\nwrites = [\"hold\", \"status\"]", news.1)),
    ]
    .join("\n")
}

/// The mailer made for the simulation, with or without a second list of people whose ids are those of others.
fn herald(overlaps: bool) -> String {
    let own = include_str!("connectors/herald/manifest.toml");
    if overlaps { format!("{own}\n{}", include_str!("connectors/herald/staff.toml")) } else { own.to_string() }
}

/// The shipped manifest. With `capped` it knows of searches that show a few rows only.
fn hubspot(capped: bool) -> String {
    let shipped = include_str!("../../connectors/hubspot/manifest.toml");
    let told = r#"size_param = "limit", size = 200, rows_max = 10000"#;
    let few = format!(r#"size_param = "limit", size = {}, rows_max = {ROWS_MAX}"#, ROWS_MAX / 2);
    let shipped = with_fields(shipped, &HUBSPOT_FIELDS);
    if capped { shipped.replace(told, &few) } else { shipped }
}

/// A shipped manifest with further fields: what is added stands behind something that is there.
fn with_fields(shipped: &str, fields: &[(&str, &str)]) -> String {
    fields.iter().fold(shipped.to_string(), |text, (after, lines)| {
        assert_eq!(text.matches(after).count(), 1, "{after} stands once in the shipped manifest");
        text.replacen(after, &format!("{after}{lines}"), 1)
    })
}

/// A manifest with the words' fields, where they are spoken: beside others that each system reads and is written.
fn with_words(shape: Shape, system: &str, manifest: String) -> String {
    if !shape.spoken {
        return manifest;
    }
    let lines = |read: &'static str, path: &str| {
        vec![(read, words::read_lines(system, path)), ("\nincome = \"income\"", words::write_lines(system))]
    };
    let fields = match system {
        "crm" => lines("income = { path = \"properties.income\", type = \"number\" }", "properties."),
        "ma" => lines("income = { path = \"income\", type = \"number\" }", ""),
        _ => vec![(ZENDESK_FIELDS[0].0, words::read_inline(system))],
    };
    let fields: Vec<(&str, &str)> = fields.iter().map(|(after, lines)| (*after, lines.as_str())).collect();
    with_fields(&manifest, &fields)
}

const MARKETO: &str = include_str!("../../connectors/marketo/manifest.toml");
const ZENDESK: &str = include_str!("../../connectors/zendesk/manifest.toml");

const HUBSPOT_FIELDS: [(&str, &str); 3] = [
    ("lead_status = \"hs_lead_status\", owner = \"hubspot_owner_id\"", r#", birth = "birthdate", income = "income", sector = "sector""#),
    (
        "lead_status = \"properties.hs_lead_status\"",
        r#"
birth = { path = "properties.birthdate", type = "date" }
income = { path = "properties.income", type = "number" }
sector = { path = "properties.sector", map = { "10" = "made", "20" = "built", "21" = "built", "30" = "sold" } }
tags = { path = "properties.tags[]", type = "list" }"#,
    ),
    (
        "\nlead_status = \"hs_lead_status\"",
        r#"
birth = "birthdate"
income = "income"
sector = { field = "sector", map = { built = "20" } }
tags = "tags""#,
    ),
];
const MARKETO_FIELDS: [(&str, &str); 2] = [
    (
        "score = { path = \"leadScore\", type = \"int\" }",
        r#"
birth = { path = "birthDate", type = "date", format = "rfc3339" }
income = { path = "income", type = "number" }
sector = { path = "sector", map = { M = "made", B = "built", S = "sold" } }
tags = { path = "tags[]", type = "list" }"#,
    ),
    ("\nscore = \"leadScore\"", "\nbirth = \"birthDate\"\nincome = \"income\"\nsector = \"sector\"\ntags = \"tags\""),
];
const ZENDESK_FIELDS: [(&str, &str); 1] =
    [("name = \"name\", phone = \"phone\"", ", birth = { path = \"birth\", type = \"date\", format = \"date\" }")];

fn policy(rules: Rules, shape: Shape, order: Order) -> String {
    let when = if shape.large { format!("deal.open && deal.amount >= {LARGE:.1}") } else { "deal.open".to_string() };
    let scope = if rules.accounts() { "scope = \"account\"" } else { "scope = \"person\"" };
    let after = format!("won = \"0d\", lost = \"{}s\"", rules.cool_down_ms() / 1000);
    let all: &[&str] = &["campaign", "newsletter", "rep_sender"];
    let open = Hold { when: &when, scope, stops: if shape.told_apart { &all[..2] } else { all }, after: &after, ..OPEN_DEAL };
    // As long as the deal is open, and no longer.
    let rep = Hold { name: "rep", stops: &all[2..], after: "won = \"0d\", lost = \"0d\"", ..open };
    let large_deal = Hold {
        name: "large_deal",
        when: "deal.open && deal.amount >= 500.0",
        scope: "scope = \"account\"",
        stops: &["campaign", "newsletter", "rep_sender", "one_to_one"],
        after: "won = \"0d\", lost = \"0d\"",
        ..OPEN_DEAL
    };
    let tickets = rules.tickets().then_some(CRITICAL_TICKET);
    let stricter = (rules == Rules::Stricter).then_some(large_deal);
    let rep = shape.told_apart.then_some(rep);
    let holds: Vec<Hold<'_>> = [Some(open), tickets, stricter, rep].into_iter().flatten().collect();
    let limits = format!(
        "[widening]\nask_above = {{ people = {WIDENING_PEOPLE}, share = \"1%\", within = \"6h\" }}\n\n\
         [changes]\nask_above = {{ records = 8, share = \"1%\", within = \"1h\" }}\n"
    );
    let by = order.words().and_then(|words| words.customer_by);
    let whole = |statuses: &[(&str, &str)]| {
        let text = config_files::policy(statuses, &holds, r#""ma.people" = "1h", "news.people" = "1h""#, &limits);
        let ([(customer, when), ..], points) = (STATUSES, words::CUSTOMERS_POINTS);
        let with = |by| {
            let told = format!("{customer} = {{ when = 'person.points > {points}', by = \"{by}\" }}");
            text.replacen(&format!("{customer} = '{when}'"), &told, 1)
        };
        by.map_or(text.clone(), with)
    };
    if !order.turns_statuses() {
        return whole(&STATUSES);
    }
    // Counted in days, and none falls but to these.
    let [customer, opportunity, (lost, _), lead] = STATUSES;
    let statuses =
        [opportunity, customer, (lost, "deals.exists(d, d.lost && d.closed_days < 1)"), ("recycled", "deals.exists(d, d.lost)"), lead];
    whole(&statuses).replacen("[status]\n", "[status]\nforward_only = { except = [\"lost\", \"recycled\"] }\n", 1)
}
