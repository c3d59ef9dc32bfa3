//! Records that another one names and no listing shows: when each is asked for by its id.

use super::look_ups::AT_ONCE;
use super::look_ups::IDS_MAX;
use super::look_ups::MERGED;
use crate::connector::Pass;
use crate::decide::ratchet::{Held, Reach};
use crate::decide::rules::HoldScope;
use crate::engine::engine::Engine;
use crate::engine::memory::place::Idx;
use crate::engine::memory::view::View;
use crate::engine::proofs::pass_run::PassRun;
use crate::model::{Entity, Name, Record, RecordId, ShortText, Time};

impl Engine {
    /// Whether a deal or ticket names somebody who is not known, though everybody was read.
    pub fn names_unknown(&self, cause: &Record) -> bool {
        self.look_ups.whole.contains(&cause.id.system) && self.unknown_people(cause).next().is_some()
    }

    /// Whether a hold reached an account only because its deal named somebody unknown, and everybody whom it names is known now.
    pub(in crate::engine) fn knows_whom_it_held_for(&self, held: &Held) -> bool {
        if held.reach != Reach::Account || !self.look_ups.whole.contains(&held.cause.system) {
            return false;
        }
        let mut rules = self.rules.rules().policy.holds.iter().filter(|r| r.name == held.hold && r.on == held.cause.entity).peekable();
        let only_own_people = rules.peek().is_some() && rules.all(|r| r.scope == HoldScope::Person);
        only_own_people && self.world.find(&held.cause).is_some_and(|idx| !self.names_unknown(&self.world.record(idx)))
    }

    fn unknown_people<'r>(&'r self, cause: &'r Record) -> impl Iterator<Item = RecordId> + 'r {
        let ids = cause.people.iter().map(|p| RecordId::new(cause.id.system.clone(), Entity::Person, p.clone()));
        ids.filter(|id| self.world.find(id).is_none())
    }

    /// Looks at a deal or ticket that was taken in: whom it names and nobody knows is looked up, if it can hold somebody.
    pub(in crate::engine) fn look_for_people(&mut self, idx: Idx, cause: &Record, now: Time) {
        if cause.people.is_empty() || !self.look_ups.whole.contains(&cause.id.system) {
            return;
        }
        let unknown: Vec<RecordId> = self.unknown_people(cause).collect();
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

    /// After a pass over people: once they were all read, the deals and tickets that name others are found.
    pub(in crate::engine) fn note_people_read(&mut self, system: &Name, now: Time) {
        if self.look_ups.whole.contains(system) {
            return;
        }
        let Some(state) = self.systems.get(system) else { return };
        let mut streams = state.infos.values().filter(|i| i.entity == Entity::Person).peekable();
        let was_read = |name: &Name| state.streams.get(name).is_some_and(|s| s.proved_at.is_some());
        if streams.peek().is_none() || !streams.all(|i| was_read(&i.name)) {
            return;
        }
        self.look_ups.whole.insert(system.clone());
        let is_cause = |entity| matches!(entity, Entity::Deal | Entity::Ticket);
        let causes: Vec<Idx> =
            self.world.indexes().filter(|i| self.world.slot(*i).id.system == *system && is_cause(self.world.slot(*i).id.entity)).collect();
        for idx in causes {
            let cause = self.world.record(idx);
            if self.names_unknown(&cause) {
                self.look_for_people(idx, &cause, now);
                self.mark_cause(&cause);
            }
        }
    }

    /// The look-ups that are due over a stream.
    pub(in crate::engine) fn look_up_due(&self, system: &Name, stream: &Name, now: Time) -> Option<Pass> {
        let info = self.systems.get(system)?.infos.get(stream).filter(|i| i.by_id > 0)?;
        let of_system = self.look_ups.of(info.entity).iter().filter(|(id, t)| id.system == *system && t.next <= now);
        let wanted = of_system.filter(|(id, _)| id.entity == info.entity && self.is_wanted(id, stream));
        let ids: Vec<ShortText> = wanted.map(|(id, _)| id.id.clone()).take(IDS_MAX).collect();
        (!ids.is_empty()).then_some(Pass::ById(ids))
    }

    fn is_wanted(&self, id: &RecordId, stream: &Name) -> bool {
        match id.entity {
            Entity::Person => self.world.find(id).is_none(),
            _ => self.doubts.get(id).is_some_and(|d| d.stream == *stream),
        }
    }

    /// A look-up came to its end, whatever it showed: who was found is looked for no more, the others after a while.
    pub(in crate::engine) fn looked_up(&mut self, run: &PassRun, now: Time) {
        let Pass::ById(ids) = &run.pass else { return };
        let Some(entity) = self.systems.get(&run.system).and_then(|s| s.infos.get(&run.stream)).map(|i| i.entity) else { return };
        for id in ids {
            let id = RecordId::new(run.system.clone(), entity, id.clone());
            let found = !self.is_wanted(&id, &run.stream) || self.look_ups.merged.contains_key(&id);
            let list = if entity == Entity::Person { &mut self.look_ups.people } else { &mut self.look_ups.rows };
            if found {
                list.remove(&id);
            } else if let Some(tried) = list.get_mut(&id) {
                *tried = tried.again(now);
            }
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
