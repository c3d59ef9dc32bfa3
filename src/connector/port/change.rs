//! What is to be changed of one target record, and what that is to a reader.

use crate::model::{Name, Time, Value};

/// What is wanted of one target record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// By our field names.
    pub fields: Vec<(Name, Value)>,
    pub block: Option<bool>,
    pub permit: Option<PermitChange>,
    pub why: Option<String>,
    /// In the target's own words is the connector's affair.
    pub status: Option<StatusChange>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PermitChange {
    /// May be mailed until then (a label knows no end: it is just there).
    Until(Time),
    Withdrawn,
}

/// What a write is to a reader, by what it does to the person's mail. The later stand for more: a write that does several things is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WriteKind {
    /// Fields and statuses only.
    Update,
    /// A permit is given or renewed, and no block lifted.
    Permit,
    Release,
    Hold,
}

impl WriteKind {
    pub fn name(self) -> &'static str {
        match self {
            WriteKind::Update => "update",
            WriteKind::Permit => "permit",
            WriteKind::Release => "release",
            WriteKind::Hold => "hold",
        }
    }
}

impl Change {
    /// What it is to a reader.
    pub fn kind(&self) -> WriteKind {
        if self.block == Some(true) || self.permit == Some(PermitChange::Withdrawn) {
            WriteKind::Hold
        } else if self.block == Some(false) {
            WriteKind::Release
        } else if self.permit.is_some() {
            WriteKind::Permit
        } else {
            WriteKind::Update
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    pub to: Name,
    /// What the target shows now, in its own words: a label to take away.
    pub from: Option<Box<str>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A permit that was refused was told as an update.
    #[test]
    fn a_write_is_called_by_what_it_does() {
        let until = Some(PermitChange::Until(Time(1)));
        let field = ("title".into(), Value::text("Chief"));
        for (change, name) in [
            (Change { block: Some(true), fields: vec![field.clone()], ..Change::default() }, "hold"),
            (Change { permit: Some(PermitChange::Withdrawn), ..Change::default() }, "hold"),
            (Change { block: Some(false), permit: until.clone(), ..Change::default() }, "release"),
            (Change { permit: until, ..Change::default() }, "permit"),
            (Change { fields: vec![field], ..Change::default() }, "update"),
        ] {
            assert_eq!(change.kind().name(), name, "{change:?}");
            assert_eq!(change.kind().max(Change::default().kind()).name(), name, "beside an update");
        }
    }
}
