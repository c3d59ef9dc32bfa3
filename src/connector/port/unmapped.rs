//! What records of a system hold and nothing reads.

use crate::connector::manifest::FieldKind;

/// A field that some raw record shows and its stream does not read.
#[derive(Debug, Clone, PartialEq)]
pub struct UnmappedField {
    /// As systems.toml names it.
    pub path: String,
    /// What it seems to hold, by the first value that was seen.
    pub kind: FieldKind,
    /// That value, as text.
    pub example: String,
}
