//! The keys of consent.toml.

use super::{NONE, TableKeys, ValueKind, key, needed};

/// consent.toml.
pub static CONSENT: TableKeys = TableKeys {
    keys: &[key("sources", ValueKind::Table(&SOURCES), "What the records of a system prove")],
    later: &["topics", "jurisdictions", "retention"],
    ..NONE
};

pub static SOURCES: TableKeys =
    TableKeys { rest: Some(key("", ValueKind::Table(&SOURCE), "What the records of this system prove")), ..NONE };

pub static SOURCE: TableKeys =
    TableKeys { keys: &[needed("basis", ValueKind::Basis, "The ground in law")], later: &["when", "field", "evidence", "until"], ..NONE };
