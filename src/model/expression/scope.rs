//! What an expression is asked of, and what of it is read.

use super::days::DaysAsked;
use crate::model::Name;

/// Which variables an expression has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// `person`, `account`, `deals`, `tickets`
    Person,
    /// `deal`
    Deal,
    /// `ticket`
    Ticket,
    /// `value` and `system`: what one record holds in a field
    Candidate,
}

/// What an expression reads.
#[derive(Debug, Clone, Default)]
pub(super) struct NeededFacts {
    /// Names of person fields, sorted.
    pub person: Vec<Name>,
    /// The same of the person's account.
    pub account: Vec<Name>,
    pub deals: bool,
    pub tickets: bool,
    pub record: bool,
    pub days: DaysAsked,
    pub relationship: bool,
}

impl NeededFacts {
    /// What another expression reads that is a part of this one.
    pub(super) fn take(&mut self, other: &NeededFacts) {
        self.person.extend(other.person.iter().cloned());
        self.deals |= other.deals;
        self.tickets |= other.tickets;
        self.record |= other.record;
        self.days = self.days.and(other.days);
    }
}
