//! A column of a list, and the keys that have a meaning of their own.

use crate::connector::manifest::FieldKind;

/// A column that a profile knows.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownColumn {
    /// What it is: the field's name, or one of [`NO_FIELDS`].
    pub key: &'static str,
    pub kind: FieldKind,
    /// Its names, as `headers::plain` has them.
    pub headers: &'static [&'static str],
}

/// The list's own id of a row: no field.
pub const ROW_ID: &str = "id";
/// When a row was changed last: no field.
pub const UPDATED: &str = "updated";
/// What tools without an API show of our marks, and of the person's own word.
pub const BLOCK: &str = "row_block";
pub const STATUS: &str = "row_status";
pub const CONSENT: &str = "row_consent";
/// Whether the person may be mailed, and whether they opted out: no fields.
pub const CONSENT_GIVEN: &str = "consent";
pub const OPT_OUT: &str = "opt_out";
/// When a deal ended: no field.
pub const CLOSED: &str = "closed";

/// Columns of which a row may have several, and each says something: days of different ends, and words of different people.
pub const SEVERAL: [&str; 3] = [CLOSED, CONSENT_GIVEN, OPT_OUT];

/// Columns that say something of the row, and are no fields.
pub const NO_FIELDS: [&str; 5] = [ROW_ID, UPDATED, CLOSED, CONSENT_GIVEN, OPT_OUT];

/// Columns that no list has by itself: systems.toml names them. They are marks of a tool without an API, and no fields.
pub const MARKS: &[KnownColumn] =
    &[column(BLOCK, FieldKind::Text, &[]), column(STATUS, FieldKind::Text, &[]), column(CONSENT, FieldKind::Text, &[])];

pub(super) const fn column(key: &'static str, kind: FieldKind, headers: &'static [&'static str]) -> KnownColumn {
    KnownColumn { key, kind, headers }
}
