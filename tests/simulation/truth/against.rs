//! What speaks against mail to an address in the systems themselves, whoever has seen it.

use super::{Item, Table, Truth};
use nayose::model::{Address, DealState, Record, ShortText, TicketState, Time, Value};

/// What keeps mail from an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Deal { number: u32, address: Borne },
    Ticket { number: u32, address: Borne },
}

/// Since when an address belongs to the person that a deal or ticket speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Borne {
    pub since: Time,
    /// It came by a change that moved no time, so that only a sweep shows it.
    pub silent: bool,
}

/// What of the rules decides whom a deal or ticket concerns.
#[derive(Debug, Clone, Copy)]
pub struct Reach {
    pub accounts: bool,
    pub tickets: bool,
    /// Only deals of at least this amount hold.
    pub amount: Option<f64>,
}

impl Truth {
    /// The addresses that a record really has, however they are written.
    pub fn addresses(&self, record: &Record) -> Vec<Address> {
        let mut all = match record.text("email") {
            Some(text) => self.meanings.get(text).cloned().unwrap_or_else(|| Address::parse(text).into_iter().collect()),
            None => Vec::new(),
        };
        all.extend(record.addresses.iter().cloned());
        all
    }

    /// Since when a person's record has an address.
    fn bears(&self, table: Table, person: &str, address: &Address) -> Option<Borne> {
        let item = self.item(table, person.parse().ok()?).filter(|i| !i.deleted())?;
        self.addresses(item.record()).contains(address).then_some(Borne { since: item.address_since, silent: item.address_silent })
    }

    /// The companies of a CRM person, each with the time since when.
    fn is_at(&self, number: u32, item: &Item, account: &ShortText) -> bool {
        let further = self.more_accounts.get(&number).is_some_and(|more| more.iter().any(|a| *a.to_string() == **account));
        further || item.record().account.as_ref() == Some(account)
    }

    fn holds(deal: &Item, reach: Reach) -> bool {
        let record = deal.record();
        let amount = record.field("amount").and_then(|f| if let Value::Number(n) = f.value { Some(n) } else { None });
        let large = reach.amount.is_none_or(|least| amount.is_some_and(|a| a >= least));
        !deal.deleted() && large && record.deal.is_some_and(DealState::is_open)
    }

    /// What speaks against mail to an address in the systems themselves, each with the time since when it stands unbroken.
    pub fn against(&self, address: &Address, reach: Reach) -> Vec<(Cause, Time)> {
        let mut found = Vec::new();
        for (number, deal) in self.table(Table::CrmDeals).iter().filter(|(_, deal)| Truth::holds(deal, reach)) {
            for (person, named) in &deal.people_since {
                if let Some(address) = self.bears(Table::CrmPeople, person, address) {
                    found.push((Cause::Deal { number: *number, address }, deal.state_since.max(*named)));
                }
            }
            let Some(account) = deal.record().account.as_ref().filter(|_| reach.accounts) else { continue };
            for (person, item) in self.table(Table::CrmPeople).iter().filter(|(n, i)| self.is_at(**n, i, account)) {
                if let Some(borne) = self.bears(Table::CrmPeople, &person.to_string(), address) {
                    let address = Borne { since: borne.since.max(item.account_since), silent: borne.silent || item.account_silent };
                    found.push((Cause::Deal { number: *number, address }, deal.state_since.max(deal.account_since)));
                }
            }
        }
        for (number, ticket) in self.table(Table::SupportTickets).iter().filter(|_| reach.tickets) {
            let record = ticket.record();
            let urgent = record.ticket.is_some_and(TicketState::is_open) && record.text("priority") == Some("urgent");
            if ticket.deleted() || !urgent {
                continue;
            }
            for (person, named) in &ticket.people_since {
                if let Some(address) = self.bears(Table::SupportPeople, person, address) {
                    found.push((Cause::Ticket { number: *number, address }, ticket.state_since.max(*named)));
                }
            }
        }
        found
    }

    /// Since when a record of a mailer whose person said no bears this address.
    pub fn refusing(&self, address: &Address) -> Option<Time> {
        let items = Table::MAILERS.into_iter().flat_map(|t| self.table(t).values());
        let here = items.filter(|i| !i.deleted() && i.refused() && self.addresses(i.record()).contains(address));
        here.map(|i| i.touched).min()
    }
}
