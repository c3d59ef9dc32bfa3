//! What was read of each stream, as those who decide want to know it.

use super::coverage::{Coverage, Covered, Extent, Undecided, lately};
use super::schedule;
use crate::engine::engine::Engine;
use crate::engine::memory::place::PersonIdx;
use crate::model::{Entity, Name, Span, Time};

impl Engine {
    /// What was read to its end of every system.
    pub fn read_coverage(&self, now: Time) -> Coverage {
        let systems = self.systems.iter().map(|(name, system)| {
            let mut covered = Covered::new(name);
            let asked = |entity| entity != Entity::Account || !self.rules.needs().account_fields.is_empty();
            for (info, known) in system.streams.each().filter(|(info, _)| asked(info.entity)) {
                let at = known.and_then(|s| s.proved_at);
                if at.is_some() && rests_on_fields(info.entity) && known.is_some_and(|s| s.reads_otherwise) {
                    covered.add_read_otherwise(&info.name, info.entity);
                    continue;
                }
                let every = schedule::every(system.connected.config().every, info);
                let lately = lately(&self.rules.rules().policy, name, info, every, system.connected.config().sweep);
                covered.add(&info.name, info.entity, at, Extent::of(at, lately, now));
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

/// Whether merges go by what records of this kind hold.
fn rests_on_fields(entity: Entity) -> bool {
    matches!(entity, Entity::Person | Entity::Account)
}

impl Extent {
    /// Of a stream that was read to its end then, and is read lately within this time.
    fn of(proved_at: Option<Time>, lately: Span, now: Time) -> Extent {
        match proved_at {
            None => Extent::Never,
            Some(at) if now.since(at) > lately => Extent::Stale,
            Some(_) => Extent::Whole,
        }
    }
}

impl Covered {
    /// A system without streams.
    fn new(system: &Name) -> Covered {
        let (system, gaps, read_otherwise) = (system.clone(), Vec::new(), Vec::new());
        Covered { system, people: Extent::Whole, deals: None, tickets: None, accounts: None, gaps, read_otherwise }
    }

    /// A stream whose fields are others since it was read: what they hold was never seen.
    fn add_read_otherwise(&mut self, stream: &Name, entity: Entity) {
        self.add(stream, entity, None, Extent::Never);
        self.read_otherwise.extend(self.gaps.pop().map(|(stream, _)| stream));
    }

    /// Of several streams of one kind the one that is known worst counts. On some kinds nothing rests.
    fn add(&mut self, stream: &Name, entity: Entity, at: Option<Time>, extent: Extent) {
        match entity {
            Entity::Person => self.people = self.people.max(extent),
            Entity::Deal | Entity::DealPerson => self.deals = self.deals.max(Some(extent)),
            Entity::Ticket => self.tickets = self.tickets.max(Some(extent)),
            Entity::Account => self.accounts = self.accounts.max(Some(extent)),
            Entity::Activity | Entity::Consent => return,
        }
        if extent != Extent::Whole {
            self.gaps.push((format!("{}.{stream}", self.system), at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Extent::{Never, Stale, Whole};

    #[test]
    fn what_was_proved_longer_ago_than_lately_is_stale() {
        let hour = Span::minutes(60);
        for (at, want) in [(None, Never), (Some(0), Whole), (Some(-1), Stale), (Some(hour.0 + 5), Whole)] {
            assert_eq!(Extent::of(at.map(Time), hour, Time(hour.0)), want, "{at:?}");
        }
    }

    #[test]
    fn of_each_kind_the_stream_that_is_known_worst_counts() {
        let mut covered = Covered::new(&"crm".into());
        assert_eq!((covered.people, covered.deals, covered.tickets), (Whole, None, None));
        for (stream, entity, at, extent) in [
            ("leads", Entity::Person, Some(Time(5)), Stale),
            ("people", Entity::Person, Some(Time(9)), Whole),
            ("companies", Entity::Account, None, Never),
            ("notes", Entity::Activity, None, Never),
            ("deals", Entity::Deal, Some(Time(9)), Whole),
            ("deal_people", Entity::DealPerson, None, Never),
            ("tickets", Entity::Ticket, Some(Time(9)), Whole),
        ] {
            covered.add(&stream.into(), entity, at, extent);
        }
        assert_eq!((covered.people, covered.deals, covered.tickets), (Stale, Some(Never), Some(Whole)));
        assert_eq!(covered.accounts, Some(Never));
        let gaps = [("crm.leads", Some(Time(5))), ("crm.companies", None), ("crm.deal_people", None)];
        assert_eq!(covered.gaps, gaps.map(|(stream, at)| (stream.to_string(), at)));
    }

    /// A field that was just added to what is read was seen in no record, however lately all of them were.
    #[test]
    fn a_stream_whose_fields_are_others_was_never_read_as_far_as_fields_go() {
        let mut covered = Covered::new(&"crm".into());
        covered.add(&"leads".into(), Entity::Person, Some(Time(5)), Stale);
        covered.add_read_otherwise(&"people".into(), Entity::Person);
        assert_eq!((covered.people, covered.gaps.len()), (Never, 1));
        assert_eq!(covered.read_otherwise, ["crm.people"]);
        let told = Coverage(vec![covered]).told().unwrap();
        assert!(told.ends_with("; read anew, as other fields of it are read now: crm.people"), "{told}");
        assert!(rests_on_fields(Entity::Account) && !rests_on_fields(Entity::Deal));
    }
}
