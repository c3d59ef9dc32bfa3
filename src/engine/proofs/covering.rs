//! What was read of each stream, as those who decide want to know it.

use super::coverage::{Coverage, Covered, Extent, Undecided, lately};
use super::schedule;
use crate::engine::engine::Engine;
use crate::engine::memory::place::PersonIdx;
use crate::model::{Entity, Time};

impl Engine {
    /// What was read to its end of every system.
    pub fn read_coverage(&self, now: Time) -> Coverage {
        let systems = self.systems.iter().map(|(name, system)| {
            let mut covered = Covered { system: name.clone(), people: Extent::Whole, deals: None, tickets: None, gaps: Vec::new() };
            for info in system.infos.values() {
                let at = system.streams.get(&info.name).and_then(|s| s.proved_at);
                let every = schedule::every(system.config.every, info);
                let lately = lately(&self.rules.rules().policy, name, info, every, system.config.sweep);
                let extent = match at {
                    None => Extent::Never,
                    Some(at) if now.since(at) > lately => Extent::Stale,
                    Some(_) => Extent::Whole,
                };
                match info.entity {
                    Entity::Person => covered.people = covered.people.max(extent),
                    Entity::Deal | Entity::DealPerson => covered.deals = covered.deals.max(Some(extent)),
                    Entity::Ticket => covered.tickets = covered.tickets.max(Some(extent)),
                    Entity::Account | Entity::Activity | Entity::Consent => continue,
                }
                if extent != Extent::Whole {
                    covered.gaps.push((format!("{name}.{}", info.name), at));
                }
            }
            covered
        });
        Coverage(systems.collect())
    }

    /// Marks those for whom something waited, if more was read to its end since.
    pub fn mark_undecided(&mut self, now: Time) {
        let coverage = self.read_coverage(now);
        if coverage.is_better_than(&self.coverage) {
            for person in self.people.iter().filter(|p| p.undecided.is_any()) {
                self.dirty.extend(person.members.first());
            }
        }
        self.coverage = coverage;
    }

    /// Whether [`Engine::mark_undecided`] would mark somebody.
    pub fn more_is_read(&self, now: Time) -> bool {
        self.read_coverage(now).is_better_than(&self.coverage)
    }

    pub fn note_undecided(&mut self, person: PersonIdx, undecided: Undecided) {
        self.people[person as usize].undecided = undecided;
    }

    /// People whose status, and people one of whose fields, waits until more is read.
    pub fn undecided(&self) -> (usize, usize) {
        self.people.iter().fold((0, 0), |(status, fields), person| {
            (status + usize::from(person.undecided.status), fields + usize::from(person.undecided.fields))
        })
    }
}
