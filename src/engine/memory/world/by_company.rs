//! People by their companies, which are the same in every system: how a deal of a list, which knows a company by its name, finds them all.
//! Where no deal is by names, nothing of this is kept.

use super::World;
use super::ways::{Way, Ways, each_key};
use crate::engine::memory::place::Idx;
use crate::model::companies::{companies_of, company_key, domains_of};
use crate::model::record::field;
use crate::model::{Entity, Record};

/// A domain of more people says nothing of which company is whose: those of a group, or a provider that nobody listed.
const DOMAIN_PEOPLE_MAX: usize = 500;

impl World {
    /// From now on people are found by their companies.
    pub fn find_by_companies(&mut self) {
        if self.by_company {
            return;
        }
        self.by_company = true;
        for idx in self.indexes().filter(|idx| self.slot(*idx).id.entity == Entity::Person).collect::<Vec<_>>() {
            let person = self.record(idx);
            let (hasher, mut found) = (&self.hasher, Vec::new());
            each_key(hasher, true, &person, |way, hash| {
                if matches!(way, Way::PersonOfCompany) {
                    found.push((way, hash));
                }
            });
            for (way, hash) in found {
                self.ways.add(Ways::of(way));
                self.postings.add(hash, idx);
            }
        }
    }

    /// The companies by which a person may be found; none, as long as nothing looks for them.
    pub fn companies_sought(&self, person: &Record) -> Vec<String> {
        if self.by_company { companies_of(person) } else { Vec::new() }
    }

    /// The companies that others at the domains of these records name, each with how many people its domain has: where none of a person's records
    /// names a company, theirs is that of who shares their domain.
    pub fn companies_by_domain(&self, person: &[Record]) -> Vec<(String, usize)> {
        let names_one = |record: &Record| record.text(field::COMPANY).is_some_and(|name| !company_key(name).is_empty());
        if !self.by_company || person.iter().any(names_one) {
            return Vec::new();
        }
        let mut companies = Vec::new();
        for domain in person.iter().flat_map(domains_of) {
            let people = self.size_of_company(&domain);
            let others = self.at_domain(&domain).iter().map(|idx| self.record(*idx));
            let named = others.filter_map(|other| other.text(field::COMPANY).map(company_key));
            companies.extend(named.filter(|name| !name.is_empty()).map(|name| (name, people)));
        }
        companies.sort();
        companies.dedup();
        companies
    }

    /// The person records at the domains of one: whom its company's name may speak of, too.
    pub fn at_domains_of(&self, person: &Record) -> Vec<Idx> {
        if !self.by_company {
            return Vec::new();
        }
        domains_of(person).iter().flat_map(|domain| self.at_domain(domain).iter().copied()).collect()
    }

    fn at_domain(&self, domain: &str) -> &[Idx] {
        let people = self.people_of_company(domain);
        let crowded = people.len() > DOMAIN_PEOPLE_MAX && self.size_of_company(domain) > DOMAIN_PEOPLE_MAX;
        if crowded { &[] } else { people }
    }

    /// The person records of a company, whichever system they are in.
    pub fn people_of_company(&self, company: &str) -> &[Idx] {
        self.found(Way::PersonOfCompany, company)
    }

    /// The deals that name a company, or named it.
    pub fn deals_of_company(&self, company: &str) -> &[Idx] {
        self.found(Way::DealOfCompany, company)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Value};

    fn person(id: &str, company: &str, email: &str) -> Record {
        let mut record = Record::new(id.parse().unwrap());
        record.set(&field::COMPANY.into(), Value::text(company), Time(1));
        record.set(&field::EMAIL.into(), Value::text(email), Time(1));
        record
    }

    fn deal(id: &str, names_companies: bool, account: &str, past: &str) -> Record {
        let mut record = Record::new(id.parse().unwrap());
        (record.names_companies, record.account) = (names_companies, Some(account.into()));
        record.memory.past_accounts = vec![past.into()];
        record
    }

    fn ids(world: &World, places: &[Idx]) -> Vec<String> {
        let mut ids: Vec<String> = places.iter().map(|idx| world.slot(*idx).id.to_string()).collect();
        ids.sort();
        ids
    }

    /// Whichever comes first, and whichever system they are in.
    #[test]
    fn a_deal_by_names_and_the_people_of_its_company_find_each_other() {
        let people = [person("ma:person:1", "㈱アクメ", "a@gmail.com"), person("cards:person:2", "", "b@acme.example")];
        let deals = [deal("lists:deal:1", true, "アクメ", "acme.example"), deal("crm:deal:2", false, "アクメ", "acme.example")];
        for deals_first in [true, false] {
            let mut world = World::default();
            let all: Vec<&Record> = if deals_first { deals.iter().chain(&people).collect() } else { people.iter().chain(&deals).collect() };
            all.iter().for_each(|record| _ = world.put("stream".into(), record));
            assert_eq!(ids(&world, world.people_of_company("アクメ")), ["ma:person:1"]);
            assert_eq!(ids(&world, world.people_of_company("acme.example")), ["cards:person:2"]);
            assert_eq!(["アクメ", "acme.example"].map(|c| ids(&world, world.deals_of_company(c))), [["lists:deal:1"]; 2]);
            assert_eq!(world.companies_sought(&people[0]), ["アクメ"], "no mailbox of a provider");
            world.put("stream".into(), &person("ma:person:1", "ベータ", "a@gmail.com"));
            assert_eq!((world.people_of_company("アクメ").len(), world.people_of_company("ベータ").len()), (0, 1));
        }
    }

    /// A deal without an address did not hold a lead of whom only the address is known, though colleagues name the company.
    #[test]
    fn who_names_no_company_is_of_that_of_their_domain() {
        let mut world = World::default();
        let people = [person("cards:person:1", "㈱アクメ", "a@acme.example"), person("ma:person:2", "", "b@acme.example")];
        people.iter().for_each(|record| _ = world.put("people".into(), record));
        assert!(world.companies_by_domain(&people[1..]).is_empty(), "no deal is by names");
        world.put("deals".into(), &deal("lists:deal:1", true, "アクメ", "アクメ"));
        assert_eq!(world.companies_by_domain(&people[1..]), [("アクメ".to_string(), 1)]);
        assert!(world.companies_by_domain(&people).is_empty(), "their own record names one");
        assert_eq!(ids(&world, &world.at_domains_of(&people[0])), ["cards:person:1", "ma:person:2"]);
        assert!(world.companies_by_domain(&[person("ma:person:3", "", "c@gmail.com")]).is_empty(), "a mailbox of a provider");
        for n in 0..DOMAIN_PEOPLE_MAX {
            world.put("people".into(), &person(&format!("ma:person:x{n}"), "", &format!("x{n}@acme.example")));
        }
        assert!(world.companies_by_domain(&people[1..]).is_empty(), "a crowd");
    }

    #[test]
    fn without_a_deal_by_names_nobody_is_found_by_a_company() {
        let mut world = World::default();
        world.put("people".into(), &person("ma:person:1", "アクメ", "a@acme.example"));
        world.put("deals".into(), &deal("crm:deal:2", false, "アクメ", "acme.example"));
        assert_eq!((world.people_of_company("アクメ").len(), world.deals_of_company("アクメ").len()), (0, 0));
        assert!(world.companies_sought(&person("ma:person:1", "アクメ", "a@acme.example")).is_empty());
    }
}
