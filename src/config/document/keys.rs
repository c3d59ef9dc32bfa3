//! Which keys each table of the config has: one definition for reading, for unknown keys, and for the JSON Schemas.
//!
//! `document` checks in debug builds, and so in every test, that a table is asked for just the keys that stand here.

mod consent;
mod policy;
mod precedence;

pub use consent::{AUDIENCE, CONSENT, FOOTER, FOOTER_LIMITS, FOOTER_SLOT, FOOTER_SLOTS, FOOTERS, SOURCE, SOURCES};
pub use policy::{
    AFTER, ASK_ABOVE, CHANGES, CHANGES_ABOVE, FORWARD_ONLY, HOLD, HOLDS, POLICY, PROOF, PROOF_OF_SYSTEM, REFUSALS, RELATIONSHIP, STALE,
    STATUS, STATUS_RULE, WIDENING,
};
pub use precedence::{ACCOUNT, ACCOUNT_RULE, CASE, FIELD, FIELDS, OTHERWISE, PERSON, PRECEDENCE, RANKED_SOURCE, RULE};

/// The keys of a table.
#[derive(Debug)]
pub struct TableKeys {
    pub keys: &'static [KeyRule],
    /// Keys that it has in common with other tables.
    pub shared: &'static [KeyRule],
    /// What any other key holds, where names are the user's own.
    pub rest: Option<KeyRule>,
    /// Just one of these must be given.
    pub one_of: &'static [&'static str],
    /// Keys that a later version will know.
    pub later: &'static [&'static str],
    /// What is said to who looks for a key that stands elsewhere.
    pub elsewhere: &'static str,
}

/// One key.
#[derive(Debug)]
pub struct KeyRule {
    pub name: &'static str,
    pub needed: bool,
    pub kind: ValueKind,
    /// What it means, for people.
    pub title: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub enum ValueKind {
    Text,
    Bool,
    /// A whole number above zero.
    Count,
    /// `"15m"`
    Duration,
    /// `"1%"`
    Share,
    Texts,
    Word(&'static [&'static str]),
    /// Names of kinds of mail.
    Mails,
    Basis,
    /// An expression in CEL.
    Expression,
    /// Systems, each by name or as a [`RANKED_SOURCE`]; those in an inner list rank equal.
    Order,
    /// `{ env = "NAME" }` or `{ file = "path" }`
    Secret,
    Table(&'static TableKeys),
    /// `[[name]]`: tables, each of one of these.
    Tables(&'static [&'static TableKeys]),
    /// `2026-11-21T09:00:00+09:00`, or a day.
    Time,
    /// Text of this form.
    Form(&'static str),
    /// What a record may hold in a field.
    FieldValue,
    /// One of these.
    Either(&'static [ValueKind]),
}

pub(super) const NONE: TableKeys = TableKeys { keys: &[], shared: &[], rest: None, one_of: &[], later: &[], elsewhere: "" };

pub(super) const fn key(name: &'static str, kind: ValueKind, title: &'static str) -> KeyRule {
    KeyRule { name, needed: false, kind, title }
}

pub(super) const fn needed(name: &'static str, kind: ValueKind, title: &'static str) -> KeyRule {
    KeyRule { name, needed: true, kind, title }
}

/// systems.toml.
pub static SYSTEMS: TableKeys = TableKeys {
    keys: &[
        key("connectors", ValueKind::Text, "Folder with connectors of your own; one of the same name takes the place of a shipped one"),
        key("state", ValueKind::Table(&STATE), "Where the state lies"),
        key("http", ValueKind::Table(&HTTP), "The gate, health and metrics over HTTP"),
        key("link", ValueKind::Table(&LINK), "Who is who"),
        key("milter", ValueKind::Table(&MILTER), "Footers into mails under way: where a mail server asks"),
        key("network", ValueKind::Table(&NETWORK), "The way out to all systems"),
        key("notify", ValueKind::Table(&NOTIFY), "Whom to tell when something needs a person"),
        key("systems", ValueKind::Table(&SYSTEMS_BY_NAME), "The systems, each under a name of your own"),
    ],
    later: &["footer", "setup", "backup", "report", "review"],
    ..NONE
};

pub static STATE: TableKeys =
    TableKeys { keys: &[key("url", ValueKind::Text, "\"sled:FOLDER\"; a relative folder begins at the config folder")], ..NONE };

pub static HTTP: TableKeys = TableKeys {
    keys: &[
        key("listen", ValueKind::Text, "IP:PORT to listen on"),
        key(
            "token",
            ValueKind::Secret,
            "Token that every request but /healthz must carry; needed beyond loopback, and for /v1/people everywhere",
        ),
        key("hosts", ValueKind::Texts, "Names beside localhost that a request without a token may ask for, as \"gate.acme.example\""),
    ],
    ..NONE
};

pub static MILTER: TableKeys = TableKeys {
    keys: &[
        needed(
            "listen",
            ValueKind::Text,
            "IP:PORT of this machine, or \"unix:PATH\" for a socket; a relative path begins at the config folder",
        ),
        key("within", ValueKind::Duration, "A mail that takes longer to decide on goes as it came; 3s if it is left out"),
        key("mail_bytes", ValueKind::Count, "A larger mail goes as it came; 10485760 if it is left out"),
        key("connections", ValueKind::Count, "Connections at the same time; 200 if it is left out"),
    ],
    ..NONE
};

pub static LINK: TableKeys = TableKeys {
    keys: &[key("shared_mailboxes", ValueKind::Texts, "Addresses that several people read, as \"info@*\" or \"*@lists.acme.example\"")],
    ..NONE
};

pub static NETWORK: TableKeys = TableKeys {
    keys: &[
        key("proxy", ValueKind::Text, "Proxy that requests go through, as \"http://proxy.acme.example:3128\""),
        key("proxy_user", ValueKind::Text, "User that the proxy asks for"),
        key("proxy_password", ValueKind::Secret, "That user's password"),
        key("no_proxy", ValueKind::Texts, "Hosts that are reached without the proxy"),
        key("ca", ValueKind::Text, "PEM file with certificate authorities of your own"),
        key("insecure_http", ValueKind::Bool, "The proxy's password may go to it over plain http://, beyond this machine too"),
    ],
    ..NONE
};

pub static NOTIFY: TableKeys = TableKeys {
    keys: &[
        key("webhook", ValueKind::Table(&WEBHOOK), "Notices as JSON with a text, as chat tools take them"),
        key("mail", ValueKind::Table(&NOTIFY_MAIL), "Notices by mail"),
        key("after", ValueKind::Duration, "How long something must last before it is told"),
    ],
    ..NONE
};

pub static WEBHOOK: TableKeys = TableKeys {
    keys: &[
        needed("url", ValueKind::Secret, "The incoming webhook's address"),
        key(
            "kind",
            ValueKind::Word(&["slack", "teams", "plain"]),
            "The form in which it takes a notice; without it, an object with the text alone",
        ),
        key("insecure_http", ValueKind::Bool, "It may be plain http://, beyond this machine too"),
    ],
    ..NONE
};

pub static NOTIFY_MAIL: TableKeys = TableKeys {
    keys: &[
        needed("smtp", ValueKind::Text, "smtp://HOST:PORT (STARTTLS; plain on this machine) or smtps://HOST:PORT (TLS)"),
        key("user", ValueKind::Text, "Name at the mail server"),
        key("password", ValueKind::Secret, "Password at the mail server"),
        needed("from", ValueKind::Text, "Sender's address"),
        needed("to", ValueKind::Texts, "Addresses that get the notices"),
    ],
    ..NONE
};

pub static SYSTEMS_BY_NAME: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Table(&SYSTEM), "One system: what is read, and what may be written")), ..NONE };

pub static SYSTEM: TableKeys = TableKeys {
    keys: &[
        needed("connector", ValueKind::Text, "Which connector; `nayose connector list` shows them"),
        key("insecure_http", ValueKind::Bool, "Its credential may go over plain http://, beyond this machine too"),
        key("time_zone", ValueKind::Text, "Of dates without a zone, as \"Asia/Tokyo\""),
        key("every", ValueKind::Duration, "How often each stream is read"),
        key("sweep", ValueKind::Duration, "How often everything is read again behind a filter"),
        key("writes", ValueKind::Texts, "What may be written there: \"hold\", \"status\", names of fields. Nothing else ever is"),
        key("relays", ValueKind::Texts, "Users whose edits are copies of other systems' values, and no news"),
        key("hold", ValueKind::Table(&HOLD_WRITTEN), "How a hold is written"),
        key("refusal_words", ValueKind::Table(&REFUSAL_WORDS), "What words in its opt-out fields mean that are neither yes nor no"),
        key(
            "status",
            ValueKind::Table(&STATUS_WORDS),
            "What it calls the lead statuses, where that is not the connector's word: mql = \"MQL2\"",
        ),
        key("fields", ValueKind::Table(&OWN_FIELDS), "Fields of your own that its connector does not read"),
        key("lacks", ValueKind::Texts, "Fields that this account has not, though the system usually shows them"),
        key("lists", ValueKind::Table(&LISTS), "Of connector = \"file\": several lists that belong together, by profile"),
        key("columns", ValueKind::Table(&COLUMNS), "Of connector = \"file\": what the list's own columns are, by their names"),
        key("stages", ValueKind::Table(&STAGES), "Of connector = \"file\": where a deal stands, by the list's own words"),
        key(
            "out",
            ValueKind::Table(&LISTS_OUT),
            "Of connector = \"file\": the list is a tool's own export, and what is written goes out by lists",
        ),
    ],
    rest: Some(key(
        "",
        ValueKind::Either(&[ValueKind::Text, ValueKind::Count, ValueKind::Secret]),
        "A setting that the connector asks for; secrets as { env = \"NAME\" } or { file = \"path\" }",
    )),
    later: &["create"],
    ..NONE
};

pub static REFUSAL_WORDS: TableKeys = TableKeys {
    rest: Some(key("", ValueKind::Word(&["no", "fine"]), "\"no\": the person wants no mail; \"fine\": nothing against mail")),
    ..NONE
};

pub static LISTS: TableKeys = TableKeys {
    keys: &[
        key("contacts", ValueKind::Text, "People"),
        key("cards", ValueKind::Text, "Business cards"),
        key("contracts", ValueKind::Text, "People of contracts"),
        key("consents", ValueKind::Text, "Who may be mailed, and who said no; a system of its own"),
        key("seminars", ValueKind::Text, "Visitors of seminars and exhibitions"),
        key("accounts", ValueKind::Text, "Companies"),
        key("deals", ValueKind::Text, "Deals"),
    ],
    ..NONE
};

pub static LISTS_OUT: TableKeys = TableKeys {
    keys: &[
        needed("folder", ValueKind::Text, "Where the lists are put; a relative folder begins at the config folder"),
        needed("form", ValueKind::Text, "The tool that imports them, or \"plain\""),
        key(
            "sample",
            ValueKind::Text,
            "A CSV file of the tool's, of which columns, order, encoding, quotes and line ends are taken; its export unless given",
        ),
        key("block", ValueKind::Text, "The tool's column, of your own, that stops mail to a person"),
        key("on", ValueKind::Text, "What stands there for a block"),
        key("off", ValueKind::Text, "What stands there for none"),
        key("key", ValueKind::Text, "The column by which the tool finds people, its id or their address; that of addresses unless given"),
        key("consent", ValueKind::Text, "The column in which people say yes or no to mail: it is read, and never written"),
        key("status", ValueKind::Text, "The column of the lead status"),
    ],
    ..NONE
};

pub static COLUMNS: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Text, "What this column of the list is: phone, title, ..")), ..NONE };

pub static STAGES: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Word(&["open", "won", "lost"]), "Where a deal of this stage stands")), ..NONE };

pub static STATUS_WORDS: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Text, "The system's word for this status of policy.toml")), ..NONE };

/// What manifests call them.
pub const FIELD_TYPES: [&str; 7] = ["text", "int", "number", "bool", "time", "date", "list"];
pub const TIME_FORMATS: [&str; 5] = ["rfc3339", "date_time", "date", "unix_s", "unix_ms"];

const OWN_FIELD_FORMS: [ValueKind; 2] = [ValueKind::Text, ValueKind::Table(&OWN_FIELD)];

pub static OWN_FIELDS: TableKeys = TableKeys {
    rest: Some(key(
        "",
        ValueKind::Either(&[ValueKind::Text, ValueKind::Table(&OWN_FIELD), ValueKind::Table(&OWN_FIELDS_OF_STREAM)]),
        "A field of persons by the path where a record shows it, or a stream with fields of its own",
    )),
    ..NONE
};

pub static OWN_FIELDS_OF_STREAM: TableKeys = TableKeys {
    rest: Some(key("", ValueKind::Either(&OWN_FIELD_FORMS), "A field of this stream by the path where a record shows it")),
    ..NONE
};

pub static OWN_FIELD: TableKeys = TableKeys {
    keys: &[
        needed("path", ValueKind::Text, "Where a record shows it: \"properties.industry_c\", \"labels[].name\""),
        key("type", ValueKind::Word(&FIELD_TYPES), "What it holds; text unless given"),
        key("format", ValueKind::Word(&TIME_FORMATS), "Of a time or date: the form"),
        key("map", ValueKind::Table(&OWN_FIELD_MAP), "The system's codes, and what they mean"),
        key("write", ValueKind::Text, "The system's name of it for writing; unless given it follows from a plain path"),
    ],
    ..NONE
};

pub static OWN_FIELD_MAP: TableKeys = TableKeys { rest: Some(key("", ValueKind::Text, "What this code means")), ..NONE };

pub static HOLD_WRITTEN: TableKeys = TableKeys {
    keys: &[
        key("block", ValueKind::Bool, "Set and lift the system's stop mark"),
        key("permit", ValueKind::Text, "Field or label that says who may be mailed"),
        key("permits", ValueKind::Table(&HOLD_PERMITS), "The same for one kind or topic of mail: what has its own needs no block"),
        key("why", ValueKind::Text, "Field for the reason codes"),
        key("lease", ValueKind::Duration, "How long a permit lasts beyond the proof it was given on"),
    ],
    ..NONE
};

pub static HOLD_PERMITS: TableKeys = TableKeys {
    keys: &[
        key("newsletter", ValueKind::Text, "Field or label that says who may get newsletters"),
        key("campaign", ValueKind::Text, "Field or label that says who may get campaigns"),
        key("rep_sender", ValueKind::Text, "Field or label that says who may get mail in the name of their sales rep"),
        key("notice", ValueKind::Text, "Field or label that says who may get the notice that they will be mailed"),
        key("topics", ValueKind::Table(&TOPIC_PERMITS), "The same for newsletters and campaigns about one topic"),
    ],
    ..NONE
};

pub static TOPIC_PERMITS: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Text, "Field or label that says who may get mail about this topic")), ..NONE };

pub static SECRET: TableKeys = TableKeys {
    keys: &[key("env", ValueKind::Text, "Environment variable that holds it"), key("file", ValueKind::Text, "File that holds it")],
    one_of: &["env", "file"],
    ..NONE
};

impl TableKeys {
    /// All keys that are not the user's own.
    pub fn all(&self) -> impl Iterator<Item = &'static KeyRule> + '_ {
        self.keys.iter().chain(self.shared)
    }

    pub fn find(&self, name: &str) -> Option<&KeyRule> {
        self.all().find(|k| k.name == name)
    }

    /// The names of the keys that are not the user's own.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.all().map(|k| k.name)
    }
}
