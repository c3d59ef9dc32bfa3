//! The support system's users and tickets, in the order in which they were changed.

use crate::model::Time;
use std::collections::BTreeMap;

/// Someone who writes tickets.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    pub id: u64,
    pub name: String,
    pub email: Option<String>,
    pub phone: Option<String>,
    pub active: bool,
    pub created: Time,
    pub updated: Time,
    /// Place in the order of changes.
    seq: i64,
}

/// A ticket. `status` is one of new, open, pending, hold, solved, closed, deleted; `priority` one of low, normal, high, urgent, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    pub id: u64,
    pub requester: u64,
    pub subject: String,
    pub status: String,
    pub priority: Option<String>,
    pub created: Time,
    pub updated: Time,
    seq: i64,
}

/// Everything in the support system. A change moves the record to the end of its export.
#[derive(Debug, Default)]
pub struct SupportRecords {
    pub(in crate::sandbox) users: BTreeMap<u64, User>,
    pub(in crate::sandbox) tickets: BTreeMap<u64, Ticket>,
    pub(in crate::sandbox) user_order: BTreeMap<i64, u64>,
    pub(in crate::sandbox) ticket_order: BTreeMap<i64, u64>,
    last_seq: i64,
    last_id: u64,
    pub epoch: u64,
}

impl SupportRecords {
    fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.max(35_000) + 1;
        self.last_id
    }

    pub fn create_user(&mut self, name: &str, email: Option<&str>, phone: Option<&str>, now: Time) -> u64 {
        let id = self.next_id();
        let (email, phone) = (email.map(String::from), phone.map(String::from));
        self.users.insert(id, User { id, name: name.into(), email, phone, active: true, created: now, updated: now, seq: 0 });
        self.edit_user(id, now, |_| {});
        id
    }

    /// False if there is no such user.
    pub fn edit_user(&mut self, id: u64, now: Time, change: impl FnOnce(&mut User)) -> bool {
        let Some(user) = self.users.get_mut(&id) else { return false };
        change(user);
        self.last_seq += 1;
        self.user_order.remove(&user.seq);
        (user.updated, user.seq) = (now, self.last_seq);
        self.user_order.insert(user.seq, id);
        true
    }

    pub fn create_ticket(&mut self, requester: u64, subject: &str, status: &str, priority: Option<&str>, now: Time) -> u64 {
        let id = self.next_id();
        let (subject, status, priority) = (subject.into(), status.into(), priority.map(String::from));
        self.tickets.insert(id, Ticket { id, requester, subject, status, priority, created: now, updated: now, seq: 0 });
        self.edit_ticket(id, now, |_| {});
        id
    }

    /// False if there is no such ticket.
    pub fn edit_ticket(&mut self, id: u64, now: Time, change: impl FnOnce(&mut Ticket)) -> bool {
        let Some(ticket) = self.tickets.get_mut(&id) else { return false };
        change(ticket);
        self.last_seq += 1;
        self.ticket_order.remove(&ticket.seq);
        (ticket.updated, ticket.seq) = (now, self.last_seq);
        self.ticket_order.insert(ticket.seq, id);
        true
    }

    pub fn users(&self) -> impl Iterator<Item = &User> {
        self.users.values()
    }

    pub fn tickets(&self) -> impl Iterator<Item = &Ticket> {
        self.tickets.values()
    }
}
