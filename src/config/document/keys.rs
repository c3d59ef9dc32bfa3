//! Which keys each table of the config has: one definition for reading, for unknown keys, and for the JSON Schemas.
//!
//! `document` checks in debug builds, and so in every test, that a table is asked for just the keys that stand here.

/// The keys of a table.
#[derive(Debug)]
pub struct Keys {
    pub keys: &'static [Key],
    /// What any other key holds, where names are the user's own.
    pub rest: Option<Key>,
    /// Just one of these must be given.
    pub one_of: &'static [&'static str],
    /// Keys that a later version will know.
    pub later: &'static [&'static str],
}

/// One key.
#[derive(Debug)]
pub struct Key {
    pub name: &'static str,
    pub needed: bool,
    pub kind: Kind,
    /// What it means, for people.
    pub title: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub enum Kind {
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
    /// Names of systems; those in an inner list rank equal.
    Order,
    /// `{ env = "NAME" }` or `{ file = "path" }`
    Secret,
    Table(&'static Keys),
    /// One of these.
    Either(&'static [Kind]),
}

const NONE: Keys = Keys { keys: &[], rest: None, one_of: &[], later: &[] };

const fn key(name: &'static str, kind: Kind, title: &'static str) -> Key {
    Key { name, needed: false, kind, title }
}

const fn needed(name: &'static str, kind: Kind, title: &'static str) -> Key {
    Key { name, needed: true, kind, title }
}

/// systems.toml.
pub static SYSTEMS: Keys = Keys {
    keys: &[
        key("connectors", Kind::Text, "Folder with connectors of your own; one of the same name takes the place of a shipped one"),
        key("state", Kind::Table(&STATE), "Where the state lies"),
        key("http", Kind::Table(&HTTP), "The gate, health and metrics over HTTP"),
        key("link", Kind::Table(&LINK), "Who is who"),
        key("network", Kind::Table(&NETWORK), "The way out to all systems"),
        key("notify", Kind::Table(&NOTIFY), "Whom to tell when something needs a person"),
        key("systems", Kind::Table(&SYSTEMS_BY_NAME), "The systems, each under a name of your own"),
    ],
    later: &["footer", "setup", "backup", "report", "review"],
    ..NONE
};

pub static STATE: Keys = Keys { keys: &[key("url", Kind::Text, "\"sled:FOLDER\"; a relative folder begins at the config folder")], ..NONE };

pub static HTTP: Keys = Keys {
    keys: &[
        key("listen", Kind::Text, "IP:PORT to listen on"),
        key(
            "token",
            Kind::Secret,
            "Token that every request but /healthz must carry; needed beyond loopback, and for /v1/people everywhere",
        ),
        key("hosts", Kind::Texts, "Names beside localhost that a request without a token may ask for, as \"gate.acme.example\""),
    ],
    ..NONE
};

pub static LINK: Keys = Keys {
    keys: &[key("shared_mailboxes", Kind::Texts, "Addresses that several people read, as \"info@*\" or \"*@lists.acme.example\"")],
    ..NONE
};

pub static NETWORK: Keys = Keys {
    keys: &[
        key("proxy", Kind::Text, "Proxy that requests go through, as \"http://proxy.acme.example:3128\""),
        key("proxy_user", Kind::Text, "User that the proxy asks for"),
        key("proxy_password", Kind::Secret, "That user's password"),
        key("no_proxy", Kind::Texts, "Hosts that are reached without the proxy"),
        key("ca", Kind::Text, "PEM file with certificate authorities of your own"),
        key("insecure_http", Kind::Bool, "The proxy's password may go to it over plain http://, beyond this machine too"),
    ],
    ..NONE
};

pub static NOTIFY: Keys = Keys {
    keys: &[
        key("webhook", Kind::Table(&WEBHOOK), "Notices as JSON with a text, as chat tools take them"),
        key("mail", Kind::Table(&NOTIFY_MAIL), "Notices by mail"),
        key("after", Kind::Duration, "How long something must last before it is told"),
    ],
    ..NONE
};

pub static WEBHOOK: Keys = Keys {
    keys: &[
        needed("url", Kind::Secret, "The incoming webhook's address"),
        key(
            "kind",
            Kind::Word(&["slack", "teams", "plain"]),
            "The form in which it takes a notice; without it, an object with the text alone",
        ),
        key("insecure_http", Kind::Bool, "It may be plain http://, beyond this machine too"),
    ],
    ..NONE
};

pub static NOTIFY_MAIL: Keys = Keys {
    keys: &[
        needed("smtp", Kind::Text, "smtp://HOST:PORT (STARTTLS; plain on this machine) or smtps://HOST:PORT (TLS)"),
        key("user", Kind::Text, "Name at the mail server"),
        key("password", Kind::Secret, "Password at the mail server"),
        needed("from", Kind::Text, "Sender's address"),
        needed("to", Kind::Texts, "Addresses that get the notices"),
    ],
    ..NONE
};

pub static SYSTEMS_BY_NAME: Keys =
    Keys { rest: Some(key("", Kind::Table(&SYSTEM), "One system: what is read, and what may be written")), ..NONE };

pub static SYSTEM: Keys = Keys {
    keys: &[
        needed("connector", Kind::Text, "Which connector; `nayose connector list` shows them"),
        key("insecure_http", Kind::Bool, "Its credential may go over plain http://, beyond this machine too"),
        key("time_zone", Kind::Text, "Of dates without a zone, as \"Asia/Tokyo\""),
        key("every", Kind::Duration, "How often each stream is read"),
        key("sweep", Kind::Duration, "How often everything is read again behind a filter"),
        key("writes", Kind::Texts, "What may be written there: \"hold\", \"status\", names of fields. Nothing else ever is"),
        key("relays", Kind::Texts, "Users whose edits are copies of other systems' values"),
        key("hold", Kind::Table(&HOLD_WRITTEN), "How a hold is written"),
        key("refusal_words", Kind::Table(&REFUSAL_WORDS), "What words in its opt-out fields mean that are neither yes nor no"),
        key("lacks", Kind::Texts, "Fields that this account has not, though the system usually shows them"),
    ],
    rest: Some(key(
        "",
        Kind::Either(&[Kind::Text, Kind::Count, Kind::Secret]),
        "A setting that the connector asks for; secrets as { env = \"NAME\" } or { file = \"path\" }",
    )),
    later: &["create"],
    ..NONE
};

pub static REFUSAL_WORDS: Keys =
    Keys { rest: Some(key("", Kind::Word(&["no", "fine"]), "\"no\": the person wants no mail; \"fine\": nothing against mail")), ..NONE };

pub static HOLD_WRITTEN: Keys = Keys {
    keys: &[
        key("block", Kind::Bool, "Set and lift the system's stop mark"),
        key("permit", Kind::Text, "Field or label that says who may be mailed"),
        key("why", Kind::Text, "Field for the reason codes"),
        key("lease", Kind::Duration, "How long a permit lasts beyond the proof it was given on"),
    ],
    ..NONE
};

pub static SECRET: Keys = Keys {
    keys: &[key("env", Kind::Text, "Environment variable that holds it"), key("file", Kind::Text, "File that holds it")],
    one_of: &["env", "file"],
    ..NONE
};

/// precedence.toml.
pub static PRECEDENCE: Keys = Keys {
    keys: &[
        key("default", Kind::Either(&[Kind::Order, Kind::Table(&RULE)]), "Whose value counts for fields without a rule of their own"),
        key("person", Kind::Table(&PERSON), "Whose value counts, field by field"),
    ],
    later: &["account", "deal", "ticket"],
    ..NONE
};

pub static PERSON: Keys =
    Keys { rest: Some(key("", Kind::Either(&[Kind::Order, Kind::Table(&RULE)]), "Whose value counts for this field")), ..NONE };

pub static RULE: Keys = Keys {
    keys: &[
        key("from", Kind::Order, "The first that has a value; in an inner list the newest"),
        key("only", Kind::Text, "That system or nothing"),
        key("union", Kind::Texts, "Lists put together; what was removed in one is removed"),
        key("oldest", Kind::Texts, "The oldest value"),
        key("newest", Kind::Texts, "The newest value"),
        key("max", Kind::Texts, "The largest number or latest time"),
        key("min", Kind::Texts, "The smallest number or earliest time"),
        key("max_age", Kind::Duration, "Older values don't count"),
        key("blank", Kind::Word(&["wins", "skipped"]), "Whether an emptied value counts as a value"),
        key("when", Kind::Expression, "Over person, deals and tickets; where it is false, `otherwise` is the order"),
        key("otherwise", Kind::Order, "The order where `when` is false"),
        key("because", Kind::Text, "A note for the next reader"),
    ],
    one_of: &["from", "only", "union", "oldest", "newest", "max", "min"],
    ..NONE
};

/// policy.toml.
pub static POLICY: Keys = Keys {
    keys: &[
        key("status", Kind::Table(&STATUS), "Lead statuses; the first that is true, from the top"),
        key("holds", Kind::Table(&HOLDS), "What holds marketing mail"),
        key("refusals", Kind::Table(&REFUSALS), "What must be fresh for people's own no to be known"),
        key("widening", Kind::Table(&WIDENING), "How much may become mailable at once without asking"),
        key("changes", Kind::Table(&CHANGES), "How many fields and statuses may be written at once without asking"),
    ],
    later: &["topics", "footer", "campaigns", "senders", "notify", "review"],
    ..NONE
};

pub static STATUS: Keys = Keys { rest: Some(key("", Kind::Expression, "Over person, deals and tickets")), ..NONE };

pub static HOLDS: Keys = Keys { rest: Some(key("", Kind::Table(&HOLD), "A hold, asked of each deal or of each ticket")), ..NONE };

pub static HOLD: Keys = Keys {
    keys: &[
        needed("when", Kind::Expression, "Over deal, or over ticket: 'deal.open'"),
        key("scope", Kind::Word(&["person", "account"]), "Of deals: those on the deal, or everyone at the company"),
        key("account_cap", Kind::Count, "Beyond so many people at a company only those on the deal"),
        needed("stops", Kind::Mails, "Kinds of mail that it stops"),
        key("after", Kind::Table(&AFTER), "How long it goes on after the end"),
        key(
            "proof",
            Kind::Table(&PROOF),
            "Streams it rests on, and how old what we know of them may be; those of persons, of its own systems and of marketing systems, may be left out: 1h",
        ),
        key(
            "stale",
            Kind::Either(&[Kind::Word(&["hold"]), Kind::Table(&STALE)]),
            "Once one of them is older: \"hold\", unless it says otherwise, or what was known last counts for a while",
        ),
    ],
    later: &["unless", "until", "escalate"],
    ..NONE
};

pub static STALE: Keys = Keys {
    keys: &[needed(
        "last_known",
        Kind::Duration,
        "The age up to which the gate goes by what was known last; nothing is released meanwhile",
    )],
    ..NONE
};

pub static AFTER: Keys = Keys {
    keys: &[
        key("won", Kind::Duration, "After a deal was won"),
        key("lost", Kind::Duration, "After a deal was lost"),
        key("closed", Kind::Duration, "After a ticket was closed"),
    ],
    ..NONE
};

pub static PROOF: Keys = Keys {
    rest: Some(key("", Kind::Either(&[Kind::Duration, Kind::Table(&PROOF_OF_SYSTEM)]), "\"SYSTEM.STREAM\" = the age at which it is stale")),
    ..NONE
};

pub static PROOF_OF_SYSTEM: Keys = Keys { rest: Some(key("", Kind::Duration, "The age at which the stream is stale")), ..NONE };

pub static REFUSALS: Keys =
    Keys { keys: &[needed("proof", Kind::Table(&PROOF), "Streams that show refusals, and how old they may be")], ..NONE };

pub static WIDENING: Keys =
    Keys { keys: &[key("ask_above", Kind::Table(&ASK_ABOVE), "More releases at once than both wait for `nayose approve`")], ..NONE };

pub static ASK_ABOVE: Keys = Keys {
    keys: &[
        key("people", Kind::Count, "A number of people"),
        key("share", Kind::Share, "A share of the target's records, as \"1%\""),
        key("within", Kind::Duration, "So long a release counts after it went"),
    ],
    ..NONE
};

pub static CHANGES: Keys =
    Keys { keys: &[key("ask_above", Kind::Table(&CHANGES_ABOVE), "More records written than both wait for `nayose approve`")], ..NONE };

pub static CHANGES_ABOVE: Keys = Keys {
    keys: &[
        key("records", Kind::Count, "A number of records"),
        key("share", Kind::Share, "A share of the target's records, as \"10%\""),
        key("within", Kind::Duration, "So long a write counts after it went"),
    ],
    ..NONE
};

/// consent.toml.
pub static CONSENT: Keys = Keys {
    keys: &[key("sources", Kind::Table(&SOURCES), "What the records of a system prove")],
    later: &["topics", "jurisdictions", "retention"],
    ..NONE
};

pub static SOURCES: Keys = Keys { rest: Some(key("", Kind::Table(&SOURCE), "What the records of this system prove")), ..NONE };

pub static SOURCE: Keys =
    Keys { keys: &[needed("basis", Kind::Basis, "The ground in law")], later: &["when", "field", "evidence", "until"], ..NONE };

impl Keys {
    pub fn find(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|k| k.name == name)
    }

    /// The names of the keys that are not the user's own.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.keys.iter().map(|k| k.name)
    }
}
