//! Who is to be looked at again, because something that speaks of them changed.

use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::world::World;
use crate::model::{Entity, Record, RecordId};

impl Engine {
    /// Marks everyone whom a record speaks of for a new decision.
    pub fn mark(&mut self, idx: Idx, record: &Record) {
        match record.id.entity {
            Entity::Person => {
                self.mark_person(idx);
                // Whoever names no company is of that which others at their domain name.
                self.dirty.extend(self.world.at_domains_of(record));
            }
            Entity::Deal | Entity::Ticket => {
                self.phases.remove(&idx);
                self.mark_cause(record);
                // Who left it, or its company, is looked at too: it may have ended.
                for person in self.kept.of(&record.id) {
                    self.dirty.extend(self.people[person as usize].members.iter().copied());
                }
            }
            // Its facts are asked for, or written to its people.
            Entity::Account if !self.rules.needs().account_fields.is_empty() => self.dirty.extend(self.world.people_of_account(&record.id)),
            Entity::Account | Entity::DealPerson | Entity::Activity | Entity::Consent => {}
        }
    }

    pub(crate) fn mark_person(&mut self, idx: Idx) {
        self.dirty.insert(idx);
    }

    /// Marks the people of a deal or ticket.
    pub fn mark_cause(&mut self, record: &Record) {
        self.dirty.extend(people_of_cause(&self.world, record));
    }
}

/// Whom a deal or ticket speaks of or once spoke of: its people, those of its accounts, and who bears an address of it.
fn people_of_cause(world: &World, record: &Record) -> Vec<Idx> {
    let (system, mut people) = (&record.id.system, Vec::new());
    for person in record.people.iter().chain(&record.memory.past_people) {
        let id = RecordId::new(system.clone(), Entity::Person, person.clone());
        people.extend(world.find(&id));
    }
    for account in record.accounts().chain(&record.memory.past_accounts) {
        let id = RecordId::new(system.clone(), Entity::Account, account.clone());
        people.extend(world.people_of_account(&id));
        if record.names_companies {
            let named = world.people_of_company(account);
            people.extend(named);
            people.extend(named.iter().flat_map(|idx| world.at_domains_of(&world.record(*idx))));
        }
    }
    for address in &record.addresses {
        people.extend(world.bearers(address));
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::record::field;
    use crate::model::{Address, Field, Time, Value};
    use std::collections::BTreeSet;

    fn person(id: &str, account: Option<&str>, email: &str) -> Record {
        let mut record = Record::new(id.parse().unwrap());
        record.account = account.map(Into::into);
        record.fields = vec![Field::new(field::EMAIL.into(), Value::Text(email.into()), Time(0))];
        record
    }

    /// Whoever a deal or ticket left may be free by that, so that they are looked at too.
    #[test]
    fn a_deal_or_ticket_speaks_of_all_whom_it_names_or_named() {
        let mut world = World::default();
        for record in [
            person("crm:person:1", None, "one@acme.example"),
            person("crm:person:2", None, "two@acme.example"),
            person("crm:person:3", Some("a"), "three@acme.example"),
            person("crm:person:4", Some("b"), "four@acme.example"),
            person("desk:person:1", Some("a"), "five@acme.example"),
            person("ma:person:9", None, "one@acme.example"),
        ] {
            world.put("people".into(), &record);
        }
        let id = |id: &str| world.find(&id.parse().unwrap()).unwrap();
        type Says = fn(&mut Record);
        let cases: [(Says, &[&str]); 8] = [
            (|_| {}, &[]),
            (|r| r.people = vec!["1".into()], &["crm:person:1"]),
            (|r| r.memory.past_people = vec!["2".into(), "nobody".into()], &["crm:person:2"]),
            (|r| r.account = Some("a".into()), &["crm:person:3"]),
            (|r| r.more_accounts = vec!["b".into()], &["crm:person:4"]),
            (|r| r.memory.past_accounts = vec!["a".into()], &["crm:person:3"]),
            (|r| r.addresses = vec![Address::parse("one@acme.example").unwrap()], &["crm:person:1", "ma:person:9"]),
            (|r| (r.people, r.account) = (vec!["3".into()], Some("a".into())), &["crm:person:3"]),
        ];
        for (says, people) in cases {
            let mut record = Record::new("crm:deal:1".parse().unwrap());
            says(&mut record);
            let expected: BTreeSet<Idx> = people.iter().map(|p| id(p)).collect();
            assert_eq!(people_of_cause(&world, &record).into_iter().collect::<BTreeSet<Idx>>(), expected, "{record:?}");
        }
    }
}
