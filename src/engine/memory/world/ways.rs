//! By what records are found, beside their ids.

use crate::model::companies::companies_of;
use crate::model::{Address, Entity, Record};
use hashbrown::DefaultHashBuilder;
use std::hash::{BuildHasher, Hash};

/// One of them.
#[derive(Debug, Clone, Copy, Hash)]
pub(super) enum Way {
    /// Person records that bear an address, now or before.
    Address,
    /// Person records that name an id as themselves elsewhere.
    Remote,
    PersonOfAccount,
    /// Deals that a person (by record id) is or was on.
    DealOfPerson,
    /// Deals of an account, now or before.
    DealOfAccount,
    TicketOfPerson,
    TicketOfAddress,
    /// Person records of a company, by its name or domain.
    PersonOfCompany,
    /// Deals of one, now or before.
    DealOfCompany,
}

/// A set of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Ways(u16);

impl Ways {
    pub(super) fn of(way: Way) -> Ways {
        Ways(1 << way as u8)
    }

    pub(super) fn add(&mut self, other: Ways) {
        self.0 |= other.0;
    }

    pub(super) fn have(self, way: Way) -> bool {
        self.0 & Ways::of(way).0 != 0
    }
}

/// The hashes under which a record is found, each with its way.
pub(super) fn each_key(hasher: &DefaultHashBuilder, by_company: bool, record: &Record, mut add: impl FnMut(Way, u64)) {
    let system = &*record.id.system;
    let mut of_id = |way, entity, id: &str| add(way, hasher.hash_one((way, (system, entity, id))));
    match record.id.entity {
        Entity::Person => {
            record.accounts().for_each(|a| of_id(Way::PersonOfAccount, Entity::Account, a));
            record.same_as.iter().for_each(|r| add(Way::Remote, hasher.hash_one((Way::Remote, (&*r.system, r.entity, &*r.id)))));
            let mut borne = |address: &Address| add(Way::Address, hasher.hash_one((Way::Address, address)));
            record.memory.past_addresses.iter().chain(&record.addresses).for_each(&mut borne);
            record.address().iter().for_each(borne);
            let companies = if by_company { companies_of(record) } else { Vec::new() };
            companies.iter().for_each(|company| add(Way::PersonOfCompany, hasher.hash_one((Way::PersonOfCompany, &**company))));
        }
        Entity::Deal => {
            record.people.iter().chain(&record.memory.past_people).for_each(|p| of_id(Way::DealOfPerson, Entity::Person, p));
            let accounts = || record.accounts().chain(&record.memory.past_accounts);
            accounts().for_each(|a| of_id(Way::DealOfAccount, Entity::Account, a));
            let companies = accounts().filter(|_| record.names_companies);
            companies.for_each(|company| add(Way::DealOfCompany, hasher.hash_one((Way::DealOfCompany, &**company))));
        }
        Entity::Ticket => {
            record.people.iter().for_each(|p| of_id(Way::TicketOfPerson, Entity::Person, p));
            record.addresses.iter().for_each(|a| add(Way::TicketOfAddress, hasher.hash_one((Way::TicketOfAddress, a))));
        }
        Entity::Account | Entity::DealPerson | Entity::Activity | Entity::Consent => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_found_by_companies_only_where_something_looks_for_them() {
        let mut person = Record::new("ma:person:1".parse().unwrap());
        person.addresses = vec![Address::parse("a@acme.example").unwrap()];
        let ways = |by_company| {
            let mut ways = Ways::default();
            each_key(&DefaultHashBuilder::default(), by_company, &person, |way, _| ways.add(Ways::of(way)));
            [Way::Address, Way::PersonOfCompany, Way::DealOfCompany].map(|way| ways.have(way))
        };
        assert_eq!([ways(false), ways(true)], [[true, false, false], [true, true, false]]);
    }
}
