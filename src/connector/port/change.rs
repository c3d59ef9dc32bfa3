//! What is to be changed of one target record, and what that is to a reader.

use crate::model::{Name, PermitFor, Time, Value};

/// What is wanted of one target record.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// By our field names.
    pub fields: Vec<(Name, Value)>,
    pub block: Option<bool>,
    pub permits: PermitChanges,
    pub why: Option<String>,
    /// In the target's own words is the connector's affair.
    pub status: Option<StatusChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PermitChange {
    /// May be mailed until then (a label knows no end: it is just there).
    Until(Time),
    Withdrawn,
}

/// What becomes of permits, sorted by what they are for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PermitChanges(Vec<(PermitFor, PermitChange)>);

impl PermitChanges {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = (&PermitFor, PermitChange)> {
        self.0.iter().map(|(whom, change)| (whom, *change))
    }

    pub fn set(&mut self, what_for: PermitFor, change: PermitChange) {
        match self.0.binary_search_by(|(known, _)| known.cmp(&what_for)) {
            Ok(at) => self.0[at].1 = change,
            Err(at) => self.0.insert(at, (what_for, change)),
        }
    }

    /// Whether some permit is given or renewed.
    pub fn gives(&self) -> bool {
        self.0.iter().any(|(_, change)| matches!(change, PermitChange::Until(_)))
    }

    /// Whether some permit is withdrawn.
    pub fn withdraws(&self) -> bool {
        self.0.iter().any(|(_, change)| *change == PermitChange::Withdrawn)
    }
}

/// Of the permit for all marketing mail.
impl From<PermitChange> for PermitChanges {
    fn from(change: PermitChange) -> PermitChanges {
        PermitChanges(vec![(PermitFor::Marketing, change)])
    }
}

impl FromIterator<(PermitFor, PermitChange)> for PermitChanges {
    fn from_iter<I: IntoIterator<Item = (PermitFor, PermitChange)>>(changes: I) -> PermitChanges {
        let mut all = PermitChanges::default();
        changes.into_iter().for_each(|(what_for, change)| all.set(what_for, change));
        all
    }
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
        if self.block == Some(true) || self.permits.withdraws() {
            WriteKind::Hold
        } else if self.block == Some(false) {
            WriteKind::Release
        } else if self.permits.gives() {
            WriteKind::Permit
        } else {
            WriteKind::Update
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusChange {
    /// Empty: the target is to show none, as a step to another one.
    pub to: Name,
    /// What the target shows now, in its own words: a label to take away.
    pub from: Option<Box<str>>,
}

impl StatusChange {
    /// The step before it in which the target comes to show none.
    pub fn clearing(self) -> StatusChange {
        StatusChange { to: Name::new(""), ..self }
    }

    pub fn is_clearing(&self) -> bool {
        self.to.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{MailKind, OwnPermit};

    /// A permit that was refused was told as an update.
    #[test]
    fn a_write_is_called_by_what_it_does() {
        let until: PermitChanges = PermitChange::Until(Time(1)).into();
        let newsletter = PermitFor::Own(OwnPermit::Kind(MailKind::Newsletter));
        let mixed: PermitChanges =
            [(PermitFor::Marketing, PermitChange::Until(Time(1))), (newsletter, PermitChange::Withdrawn)].into_iter().collect();
        let field = ("title".into(), Value::text("Chief"));
        for (change, name) in [
            (Change { block: Some(true), fields: vec![field.clone()], ..Change::default() }, "hold"),
            (Change { permits: PermitChange::Withdrawn.into(), ..Change::default() }, "hold"),
            (Change { permits: mixed, ..Change::default() }, "hold"),
            (Change { block: Some(false), permits: until.clone(), ..Change::default() }, "release"),
            (Change { permits: until, ..Change::default() }, "permit"),
            (Change { fields: vec![field], ..Change::default() }, "update"),
        ] {
            assert_eq!(change.kind().name(), name, "{change:?}");
            assert_eq!(change.kind().max(Change::default().kind()).name(), name, "beside an update");
        }
    }

    #[test]
    fn what_becomes_of_a_permit_is_said_once() {
        let mut changes = PermitChanges::from(PermitChange::Withdrawn);
        changes.set(PermitFor::Own(OwnPermit::Topic("seminars".into())), PermitChange::Withdrawn);
        changes.set(PermitFor::Marketing, PermitChange::Until(Time(3)));
        let told: Vec<(String, PermitChange)> = changes.iter().map(|(what_for, change)| (what_for.label(), change)).collect();
        assert_eq!(
            told,
            [("permit".to_string(), PermitChange::Until(Time(3))), ("permit:topic:seminars".to_string(), PermitChange::Withdrawn)]
        );
    }
}
