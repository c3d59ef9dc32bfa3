//! The keys of policy.toml.

use super::{NONE, TableKeys, ValueKind, key, needed};

/// policy.toml.
pub static POLICY: TableKeys = TableKeys {
    keys: &[
        key("status", ValueKind::Table(&STATUS), "Lead statuses; the first that is true, from the top"),
        key("relationship", ValueKind::Table(&RELATIONSHIP), "What a person is to you, for `person.relationship`; the first that is true"),
        key("holds", ValueKind::Table(&HOLDS), "What holds marketing mail"),
        key("refusals", ValueKind::Table(&REFUSALS), "What must be fresh for people's own no to be known"),
        key("widening", ValueKind::Table(&WIDENING), "How much may become mailable at once without asking"),
        key("changes", ValueKind::Table(&CHANGES), "How many fields and statuses may be written at once without asking"),
    ],
    later: &["topics", "footer", "campaigns", "senders", "notify", "review"],
    ..NONE
};

pub static STATUS: TableKeys = TableKeys {
    keys: &[key(
        "forward_only",
        ValueKind::Either(&[ValueKind::Bool, ValueKind::Table(&FORWARD_ONLY)]),
        "No target is told a lower status than it shows, by the order below; a word there that is none of these stays",
    )],
    rest: Some(key(
        "",
        ValueKind::Either(&[ValueKind::Expression, ValueKind::Table(&STATUS_RULE)]),
        "Over person, deals and tickets; or { when = '..', by = \"ma\" }, where only what that system holds counts",
    )),
    ..NONE
};

/// A status for which one system's evidence counts.
pub static STATUS_RULE: TableKeys = TableKeys {
    keys: &[
        needed("when", ValueKind::Expression, "Over person, deals and tickets"),
        needed("by", ValueKind::Text, "The system whose own values, deals and tickets count, and no other's"),
    ],
    ..NONE
};

pub static RELATIONSHIP: TableKeys = TableKeys { rest: Some(key("", ValueKind::Expression, "Over person, deals and tickets")), ..NONE };

pub static FORWARD_ONLY: TableKeys =
    TableKeys { keys: &[needed("except", ValueKind::Texts, "Statuses that are written over higher ones all the same")], ..NONE };

pub static HOLDS: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Table(&HOLD), "A hold, asked of each deal or of each ticket")), ..NONE };

pub static HOLD: TableKeys = TableKeys {
    keys: &[
        needed("when", ValueKind::Expression, "Over deal, or over ticket: 'deal.open'"),
        key("scope", ValueKind::Word(&["person", "account"]), "Of deals: those on the deal, or everyone at the company"),
        key("account_cap", ValueKind::Count, "Beyond so many people at a company only those on the deal"),
        needed("stops", ValueKind::Mails, "Kinds of mail that it stops"),
        key("after", ValueKind::Table(&AFTER), "How long it goes on after the end"),
        key(
            "proof",
            ValueKind::Table(&PROOF),
            "Streams it rests on, and how old what we know of them may be; those of persons, of its own systems and of marketing systems, may be left out: 1h",
        ),
        key(
            "stale",
            ValueKind::Either(&[ValueKind::Word(&["hold"]), ValueKind::Table(&STALE)]),
            "Once one of them is older: \"hold\", unless it says otherwise, or what was known last counts for a while",
        ),
    ],
    later: &["unless", "until", "escalate"],
    ..NONE
};

pub static STALE: TableKeys = TableKeys {
    keys: &[needed(
        "last_known",
        ValueKind::Duration,
        "The age up to which the gate goes by what was known last; nothing is released meanwhile",
    )],
    ..NONE
};

pub static AFTER: TableKeys = TableKeys {
    keys: &[
        key("won", ValueKind::Duration, "After a deal was won"),
        key("lost", ValueKind::Duration, "After a deal was lost"),
        key("closed", ValueKind::Duration, "After a ticket was closed"),
    ],
    ..NONE
};

pub static PROOF: TableKeys = TableKeys {
    rest: Some(key(
        "",
        ValueKind::Either(&[ValueKind::Duration, ValueKind::Table(&PROOF_OF_SYSTEM)]),
        "\"SYSTEM.STREAM\" = the age at which it is stale",
    )),
    ..NONE
};

pub static PROOF_OF_SYSTEM: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Duration, "The age at which the stream is stale")), ..NONE };

pub static REFUSALS: TableKeys =
    TableKeys { keys: &[needed("proof", ValueKind::Table(&PROOF), "Streams that show refusals, and how old they may be")], ..NONE };

pub static WIDENING: TableKeys = TableKeys {
    keys: &[key("ask_above", ValueKind::Table(&ASK_ABOVE), "More releases at once than both wait for `nayose approve`")],
    ..NONE
};

pub static ASK_ABOVE: TableKeys = TableKeys {
    keys: &[
        key("people", ValueKind::Count, "A number of people"),
        key("share", ValueKind::Share, "A share of the target's records, as \"1%\""),
        key("within", ValueKind::Duration, "So long a release counts after it went"),
    ],
    ..NONE
};

pub static CHANGES: TableKeys = TableKeys {
    keys: &[key("ask_above", ValueKind::Table(&CHANGES_ABOVE), "More records written than both wait for `nayose approve`")],
    ..NONE
};

pub static CHANGES_ABOVE: TableKeys = TableKeys {
    keys: &[
        key("records", ValueKind::Count, "A number of records"),
        key("share", ValueKind::Share, "A share of the target's records, as \"10%\""),
        key("within", ValueKind::Duration, "So long a write counts after it went"),
    ],
    ..NONE
};
