//! Records that another one names and no listing shows: when each is asked for by its id.

use super::look_ups::AT_ONCE;
use super::look_ups::IDS_MAX;
use super::look_ups::LookUps;
use super::look_ups::MERGED;
use crate::connector::Pass;
use crate::decide::ratchet::{Held, Reach};
use crate::decide::rules::HoldScope;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::engine::memory::world::World;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Entity, Name, Presence, Record, RecordId, ShortText, Time};

impl Engine {
    /// Whether a deal or ticket names somebody who is not known, though everybody was read.
    pub fn names_unknown(&self, cause: &Record) -> bool {
        self.look_ups.whole.contains(&cause.id.system) && unknown_people(&self.world, cause).next().is_some()
    }

    /// Whether a hold reached an account only because its deal named somebody unknown, and everybody whom it names is known now.
    pub(in crate::engine) fn knows_whom_it_held_for(&self, held: &Held) -> bool {
        if held.reach != Reach::Account || !self.look_ups.whole.contains(&held.cause.system) {
            return false;
        }
        let rules = self.rules.rules().policy.holds.iter().filter(|r| r.name == held.hold && r.on == held.cause.entity);
        reach_own_people_only(rules.map(|r| r.scope))
            && self.world.find(&held.cause).is_some_and(|idx| !self.names_unknown(&self.world.record(idx)))
    }

    /// Looks at a deal or ticket that was taken in: whom it names and nobody knows is looked up, if it can hold somebody.
    pub(in crate::engine) fn look_for_people(&mut self, idx: Idx, cause: &Record, now: Time) {
        if cause.people.is_empty() || !self.look_ups.whole.contains(&cause.id.system) {
            return;
        }
        let unknown: Vec<RecordId> = unknown_people(&self.world, cause).collect();
        if unknown.is_empty() || !self.phases_of(idx, &View::new(&self.world), now).iter().any(|p| p.holds()) {
            return;
        }
        for id in unknown {
            self.look_ups.people.entry(id).or_insert(AT_ONCE);
        }
    }

    /// A row with an id that could not be read is looked up by that.
    pub(in crate::engine) fn look_for_row(&mut self, id: &RecordId) {
        self.look_ups.rows.entry(id.clone()).or_insert(AT_ONCE);
    }

    /// A known record that listings missed is looked up by its id.
    pub(in crate::engine) fn look_for_missed(&mut self, id: &RecordId) {
        self.look_ups.missed.entry(id.clone()).or_insert(AT_ONCE);
    }

    /// Whether it was looked up for that, which it is no more.
    pub(in crate::engine) fn ends_look_for(&mut self, id: &RecordId) -> bool {
        self.look_ups.missed.remove(id).is_some()
    }

    /// After a pass over people: once they were all read, the deals and tickets that name others are found.
    pub(in crate::engine) fn note_people_read(&mut self, system: &Name, now: Time) {
        if self.look_ups.whole.contains(system) {
            return;
        }
        let Some(state) = self.systems.get(system) else { return };
        let of_persons = state.streams.each().filter(|(info, _)| info.entity == Entity::Person);
        if !are_all_read(of_persons.map(|(_, known)| known.is_some_and(|s| s.proved_at.is_some()))) {
            return;
        }
        self.look_ups.whole.insert(system.clone());
        for idx in causes_of(&self.world, system) {
            let cause = self.world.record(idx);
            if self.names_unknown(&cause) {
                self.look_for_people(idx, &cause, now);
                self.mark_cause(&cause);
            }
        }
    }

    /// The look-ups that are due over a stream.
    pub(in crate::engine) fn look_up_due(&self, system: &Name, stream: &Name, now: Time) -> Option<Pass> {
        let info = self.stream_info(system, stream).filter(|i| i.by_id > 0)?;
        let ids = self.look_ups.due(system, info.entity, now, |id| self.is_wanted(id, stream));
        (!ids.is_empty()).then_some(Pass::ById(ids))
    }

    fn is_wanted(&self, id: &RecordId, stream: &Name) -> bool {
        let is_missed = |idx| self.world.slot(idx).stream == *stream && self.world.record(idx).presence == Presence::MissedOnce;
        match id.entity {
            _ if self.look_ups.missed.contains_key(id) => self.world.find(id).is_some_and(is_missed),
            Entity::Person => self.world.find(id).is_none(),
            _ => self.doubts.get(id).is_some_and(|d| d.stream == *stream),
        }
    }

    /// A look-up came to its end, whatever it showed: who was found is looked for no more, the others after a while.
    pub(in crate::engine) fn looked_up(&mut self, run: &PassRun, now: Time) {
        let Pass::ById(ids) = &run.pass else { return };
        let Some(entity) = self.stream_info(&run.system, &run.stream).map(|i| i.entity) else { return };
        for id in ids {
            let id = RecordId::new(run.system.clone(), entity, id.clone());
            let found = !self.is_wanted(&id, &run.stream) || self.look_ups.merged.contains_key(&id);
            self.look_ups.tried(&id, found, now);
        }
    }

    /// A person was merged into another: whatever names the one means the other.
    pub(in crate::engine) fn observe_merged(&mut self, from: &RecordId, into: ShortText) {
        if self.look_ups.merged.get(from) == Some(&into) {
            return;
        }
        self.look_ups.merged.insert(from.clone(), into.clone());
        self.ledger.put(MERGED, from.key(), &into);
        let causes: Vec<Idx> = self.world.deals_of_person(from).iter().chain(self.world.tickets_of_person(from)).copied().collect();
        for idx in causes {
            let before = self.world.record(idx);
            let mut after = before.clone();
            self.look_ups.follow_merges(&from.system, &mut after.people);
            if after != before {
                let stream = self.world.slot(idx).stream.clone();
                self.mark(idx, &before);
                let idx = self.keep_record(stream, &after);
                self.mark(idx, &after);
            }
        }
    }

    /// Someone came to be known: a deal that named them, and held its account for that, is looked at again.
    pub(in crate::engine) fn note_known(&mut self, person: &RecordId) {
        if self.look_ups.people.remove(person).is_none() {
            return;
        }
        let causes: Vec<Idx> = self.world.deals_of_person(person).to_vec();
        for idx in causes {
            let cause = self.world.record(idx);
            self.mark_cause(&cause);
        }
    }
}

impl LookUps {
    /// Ids of a system that are to be asked for now and that are still wanted, as many as go into one pass.
    fn due(&self, system: &Name, entity: Entity, now: Time, is_wanted: impl Fn(&RecordId) -> bool) -> Vec<ShortText> {
        let of_system = self.of(entity).iter().chain(&self.missed).filter(|(id, t)| id.system == *system && t.next <= now);
        let wanted = of_system.filter(|(id, _)| id.entity == entity && is_wanted(id));
        wanted.map(|(id, _)| id.id.clone()).take(IDS_MAX).collect()
    }

    /// One was asked for: whoever was found is looked for no more, the others after a while.
    fn tried(&mut self, id: &RecordId, found: bool, now: Time) {
        let list = match id.entity {
            _ if self.missed.contains_key(id) => &mut self.missed,
            Entity::Person => &mut self.people,
            _ => &mut self.rows,
        };
        if found {
            list.remove(id);
        } else if let Some(tried) = list.get_mut(id) {
            *tried = tried.again(now);
        }
    }
}

/// Whom a deal or ticket names by ids that no record has.
fn unknown_people<'r>(world: &'r World, cause: &'r Record) -> impl Iterator<Item = RecordId> + 'r {
    let ids = cause.people.iter().map(|p| RecordId::new(cause.id.system.clone(), Entity::Person, p.clone()));
    ids.filter(|id| world.find(id).is_none())
}

/// The deals and tickets of a system.
fn causes_of(world: &World, system: &Name) -> Vec<Idx> {
    let is_cause = |entity| matches!(entity, Entity::Deal | Entity::Ticket);
    world.indexes().filter(|i| world.slot(*i).id.system == *system && is_cause(world.slot(*i).id.entity)).collect()
}

/// Whether all rules of one hold reach nobody but their cause's own people. A hold that no rule is left of may have reached anybody.
fn reach_own_people_only(scopes: impl Iterator<Item = HoldScope>) -> bool {
    let mut scopes = scopes.peekable();
    scopes.peek().is_some() && scopes.all(|scope| scope == HoldScope::Person)
}

/// Whether each stream of people was read. Where there is none nobody is known, and nobody is unknown for that.
fn are_all_read(streams: impl Iterator<Item = bool>) -> bool {
    let mut streams = streams.peekable();
    streams.peek().is_some() && streams.all(|was_read| was_read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Span;

    fn id(text: &str) -> RecordId {
        text.parse().unwrap()
    }

    #[test]
    fn whoever_is_named_and_has_no_record_in_the_same_system_is_unknown() {
        let mut world = World::default();
        world.put("people".into(), &Record::new(id("crm:person:1")));
        world.put("people".into(), &Record::new(id("ma:person:2")));
        let mut deal = Record::new(id("crm:deal:7"));
        deal.people = vec!["1".into(), "2".into(), "7".into()];
        let deal_idx = world.put("deals".into(), &deal);
        let ticket = world.put("tickets".into(), &Record::new(id("crm:ticket:1")));
        world.put("deals".into(), &Record::new(id("desk:deal:9")));
        assert_eq!(unknown_people(&world, &deal).collect::<Vec<_>>(), [id("crm:person:2"), id("crm:person:7")]);
        assert_eq!(causes_of(&world, &"crm".into()), [deal_idx, ticket]);
    }

    #[test]
    fn one_pass_asks_for_what_is_due_and_wanted_and_for_no_more_than_fits() {
        let (mut look_ups, now) = (LookUps::default(), Time(5_000));
        for i in 0..IDS_MAX + 5 {
            look_ups.people.insert(id(&format!("crm:person:{i}")), AT_ONCE);
        }
        look_ups.people.insert(id("ma:person:9"), AT_ONCE);
        look_ups.rows.insert(id("crm:deal:4"), AT_ONCE);
        look_ups.rows.insert(id("crm:ticket:5"), AT_ONCE);
        let due = |of: &LookUps, entity, now| of.due(&"crm".into(), entity, now, |_| true);
        assert_eq!(due(&look_ups, Entity::Person, now).len(), IDS_MAX);
        assert_eq!(due(&look_ups, Entity::Deal, now), [ShortText::from("4")]);
        assert_eq!(look_ups.due(&"ma".into(), Entity::Person, now, |_| true), [ShortText::from("9")]);
        assert!(look_ups.due(&"crm".into(), Entity::Ticket, now, |asked| *asked != id("crm:ticket:5")).is_empty());
        look_ups.tried(&id("crm:deal:4"), false, now);
        assert!(due(&look_ups, Entity::Deal, now).is_empty(), "it waits");
        assert_eq!(due(&look_ups, Entity::Deal, now.plus(Span::days(2))), [ShortText::from("4")], "and is asked for again");
        look_ups.tried(&id("crm:deal:4"), true, now);
        assert!(due(&look_ups, Entity::Deal, now.plus(Span::days(2))).is_empty());
        look_ups.tried(&id("crm:deal:8"), false, now);
        assert!(!look_ups.rows.contains_key(&id("crm:deal:8")), "what was never looked for is not begun by a look at it");
    }

    #[test]
    fn no_rule_and_no_stream_at_all_prove_nothing() {
        let (own, all) = (HoldScope::Person, HoldScope::Account { cap: 5 });
        for (scopes, want) in [(vec![], false), (vec![own], true), (vec![own, own], true), (vec![own, all], false), (vec![all], false)] {
            assert_eq!(reach_own_people_only(scopes.iter().copied()), want, "{scopes:?}");
        }
        for (read, want) in [(&[][..], false), (&[true], true), (&[true, false], false), (&[true, true], true)] {
            assert_eq!(are_all_read(read.iter().copied()), want, "{read:?}");
        }
    }
}
