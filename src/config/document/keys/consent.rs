//! The keys of consent.toml.

use super::{NONE, TableKeys, ValueKind, key, needed};

/// consent.toml.
pub static CONSENT: TableKeys = TableKeys {
    keys: &[
        key("sources", ValueKind::Table(&SOURCES), "What the records of a system prove"),
        key("footers", ValueKind::Table(&FOOTERS), "What footers in service newsletters need"),
    ],
    later: &["topics", "jurisdictions", "retention"],
    ..NONE
};

pub static SOURCES: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Table(&SOURCE), "What the records of this system prove")), ..NONE };

pub static SOURCE: TableKeys =
    TableKeys { keys: &[needed("basis", ValueKind::Basis, "The ground in law")], later: &["when", "field", "evidence", "until"], ..NONE };

pub static FOOTERS: TableKeys = TableKeys {
    keys: &[
        needed("sender", ValueKind::Texts, "Who sends, as it stands in every footer: name, street address, contact; a line each"),
        needed("opt_out", ValueKind::Text, "Where one says no: \"https://..\" or \"mailto:..\""),
        key("time_zone", ValueKind::Text, "Of the days on which footers stand, as \"Asia/Tokyo\"; UTC if it is left out"),
        key("slots", ValueKind::Table(&FOOTER_SLOTS), "The newsletters that footers may stand in, each under a name of your own"),
    ],
    ..NONE
};

pub static FOOTER_SLOTS: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Table(&FOOTER_SLOT), "A newsletter whose main purpose is service")), ..NONE };

pub static FOOTER_SLOT: TableKeys = TableKeys {
    keys: &[
        key("from", ValueKind::Texts, "Its senders: addresses, or \"@acme.example\" for a whole domain"),
        key("list_id", ValueKind::Texts, "Its List-Ids, without angle brackets"),
        key("subject", ValueKind::Texts, "Texts of which its subject holds one"),
        key("confirmed_by", ValueKind::Text, "Who answers for it that its main purpose is service; without it no footer goes into it"),
    ],
    ..NONE
};

/// footers/NAME.toml.
pub static FOOTER: TableKeys = TableKeys {
    keys: &[
        needed("slot", ValueKind::Text, "The newsletter it stands in: a name under [footers.slots] of consent.toml"),
        key("begins", ValueKind::Time, "Its first day, as 2026-12-01"),
        key("ends", ValueKind::Time, "Its last day"),
        key("audience", ValueKind::Table(&AUDIENCE), "Who may get it; everyone if it is left out"),
        key("topics", ValueKind::Texts, "What it is about, where topics are refused one by one"),
        key("order", ValueKind::Count, "Of several the one with the lowest goes first; 100 if it is left out"),
        key("test", ValueKind::Text, "Footers of one test share their readers"),
        key("limits", ValueKind::Table(&FOOTER_LIMITS), "How much of it there may be"),
    ],
    ..NONE
};

pub static AUDIENCE: TableKeys = TableKeys {
    keys: &[key("status", ValueKind::Texts, "Lead statuses of policy.toml"), key("tags", ValueKind::Texts, "Entries of the field tags")],
    ..NONE
};

pub static FOOTER_LIMITS: TableKeys = TableKeys {
    keys: &[
        key("characters", ValueKind::Count, "Characters that are shown, without blanks; 400 if it is left out"),
        key("lines", ValueKind::Count, "Lines of its text form; 12 if it is left out"),
        key("links", ValueKind::Count, "Links, with the one to say no; 3 if it is left out"),
    ],
    ..NONE
};
