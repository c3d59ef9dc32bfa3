//! Who is to be looked at again, because something that speaks of them changed.

use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::model::{Entity, Record, RecordId};

impl Engine {
    /// Marks everyone whom a record speaks of for a new decision.
    pub fn mark(&mut self, idx: Idx, record: &Record) {
        match record.id.entity {
            Entity::Person => self.mark_person(idx),
            Entity::Deal | Entity::Ticket => {
                self.phases.remove(&idx);
                self.mark_cause(record);
                // Who left it, or its company, is looked at too: it may have ended.
                for person in self.kept.of(&record.id) {
                    self.dirty.extend(self.people[person as usize].members.iter().copied());
                }
            }
            Entity::Account | Entity::DealPerson | Entity::Activity | Entity::Consent => {}
        }
    }

    pub(crate) fn mark_person(&mut self, idx: Idx) {
        self.dirty.insert(idx);
    }

    /// Marks the people of a deal or ticket.
    pub fn mark_cause(&mut self, record: &Record) {
        let system = &record.id.system;
        for person in record.people.iter().chain(&record.memory.past_people) {
            let id = RecordId::new(system.clone(), Entity::Person, person.clone());
            self.dirty.extend(self.world.find(&id));
        }
        for account in record.accounts().chain(&record.memory.past_accounts) {
            let id = RecordId::new(system.clone(), Entity::Account, account.clone());
            self.dirty.extend(self.world.people_of_account(&id));
        }
        for address in &record.addresses {
            self.dirty.extend(self.world.bearers(address));
        }
    }
}
