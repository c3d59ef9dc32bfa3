//! Accounts and companies that have more people than a hold on accounts may reach.

use super::World;
use crate::model::companies::companies_of;
use crate::model::{Entity, RecordId};
use std::collections::BTreeMap;

impl World {
    /// Accounts that more people name than `cap`, and how many do.
    pub fn crowded_accounts(&self, cap: usize) -> Vec<(RecordId, usize)> {
        let mut crowded = Vec::new();
        for people in self.postings.several().filter(|list| list.len() > cap) {
            // Any other key may have brought these together.
            let Some(first) = people.first().map(|i| self.record(*i)).filter(|r| r.id.entity == Entity::Person) else { continue };
            let accounts = first.accounts().map(|a| RecordId::new(first.id.system.clone(), Entity::Account, a.clone()));
            crowded.extend(accounts.filter(|a| self.people_of_account(a) == people).map(|a| (a, people.len())));
        }
        crowded
    }

    /// How many people a company has: as many as the system that knows the most of them. The others have the same ones, or some of them.
    pub fn size_of_company(&self, company: &str) -> usize {
        let mut by_system: BTreeMap<&str, usize> = BTreeMap::new();
        for idx in self.people_of_company(company) {
            *by_system.entry(&self.slot(*idx).id.system).or_default() += 1;
        }
        by_system.into_values().max().unwrap_or_default()
    }

    /// Companies that have more people than `cap`, and how many.
    pub fn crowded_companies(&self, cap: usize) -> Vec<(String, usize)> {
        let mut crowded = Vec::new();
        for people in self.postings.several().filter(|list| self.by_company && list.len() > cap) {
            // Any other key may have brought these together.
            let Some(first) = people.first().map(|idx| self.record(*idx)).filter(|r| r.id.entity == Entity::Person) else { continue };
            let companies = companies_of(&first).into_iter().filter(|company| self.people_of_company(company) == people);
            crowded.extend(companies.map(|company| (self.size_of_company(&company), company)).filter(|(size, _)| *size > cap));
        }
        crowded.into_iter().map(|(size, company)| (company, size)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Record, Time, Value};

    fn person(id: &str) -> Record {
        let mut record = Record::new(id.parse().unwrap());
        record.set(&"company".into(), Value::text("アクメ"), Time(1));
        record
    }

    #[test]
    fn who_is_in_several_systems_is_counted_once() {
        let mut world = World::default();
        world.find_by_companies();
        for n in 0..3 {
            for system in ["ma", "cards"] {
                world.put("people".into(), &person(&format!("{system}:person:{n}")));
            }
        }
        world.put("people".into(), &person("ma:person:9"));
        assert_eq!((world.people_of_company("アクメ").len(), world.size_of_company("アクメ")), (7, 4));
        assert_eq!(world.crowded_companies(3), [("アクメ".to_string(), 4)]);
        assert_eq!(world.crowded_companies(4), []);
    }
}
