//! Another instance stands behind a system's name: all that belongs to the former one goes on under a name of its own, as if that system
//! had been renamed and then taken out of the config. Its holds stay and ask; nothing of it is taken for the new one's.

use super::instance::FormerInstance;
use crate::decide::ratchet::Held;
use crate::engine::assess::held::HELD;
use crate::engine::delivery::underway::SENT;
use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::gate::decision_table::TableUpdate;
use crate::engine::history::set_back::SET_BACK;
use crate::engine::intake::doubts::LET_GO;
use crate::engine::intake::unknown_codes::UNKNOWN_CODES;
use crate::engine::memory::pins::{PIN, pin_key};
use crate::engine::memory::place::{Idx, NOBODY};
use crate::engine::memory::refusals::REFUSAL;
use crate::engine::memory::refusals::refusal_key;
use crate::engine::memory::world::RECORD;
use crate::engine::proofs::reading::STREAM;
use crate::engine::rules::approval::APPROVAL;
use crate::engine::target::former::{FORMER_TARGET, ONE_PERMIT_TARGET, UNTIMED_TARGET};
use crate::engine::target::{LISTED, TARGET, Target};
use crate::link::spread_keys;
use crate::model::{Name, RecordId, Time};
use crate::store::What;
use std::sync::Arc;

impl Engine {
    /// Puts the instance that was known aside, and begins with nothing.
    pub(in crate::engine) fn set_aside(&mut self, system: &Name, now: Time) -> Result<(), Error> {
        let Some(instance) = self.systems.get(system).and_then(|s| s.identity.known.instance.clone()) else { return Ok(()) };
        let name = self.free_former_name(system);
        self.rename_records(system, &name)?;
        let Some(state) = self.systems.get_mut(system) else { return Ok(()) };
        let former = FormerInstance { name: name.clone(), instance, approved: state.approved.take(), at: now };
        state.identity.known.former.push(former);
        self.begin_anew(system);
        self.ledger.delete(APPROVAL, system.as_bytes().to_vec());
        self.ledger.journal(now, What::OtherInstance { system: system.to_string(), former: name.to_string() });
        Ok(())
    }

    /// A former instance is behind the name again, or never was another: all that belongs to it counts again. What was read of it under
    /// the name meanwhile is read anew.
    pub(in crate::engine) fn bring_back(&mut self, system: &Name, former: &FormerInstance, now: Time) -> Result<(), Error> {
        let known: Vec<Idx> = self.world.indexes().filter(|i| self.world.slot(*i).id.system == former.name).collect();
        let gone: Name = format!("{system}@gone").into();
        for idx in known {
            let id = RecordId { system: system.clone(), ..self.world.slot(idx).id.clone() };
            if let Some(twin) = self.world.find(&id) {
                self.drop_record(twin, &gone);
            }
        }
        self.rename_records(&former.name, system)?;
        let is_unknown = |(idx, target): &(Idx, &Target)| target.sent.is_some() && self.world.slot(*idx).id.system == *system;
        let unknown: Vec<Idx> = self.targets.iter().filter(is_unknown).map(|(idx, _)| idx).collect();
        let Some(state) = self.systems.get_mut(system) else { return Ok(()) };
        state.identity.known.former.retain(|f| f.name != former.name);
        state.approved = former.approved;
        self.begin_anew(system);
        if let Some(state) = self.systems.get_mut(system) {
            let why: Arc<str> = "the system was another instance meanwhile".into();
            unknown.into_iter().for_each(|idx| state.channel.lost_answer(idx, why.clone()));
        }
        if let Some(approved) = former.approved {
            self.ledger.put(APPROVAL, system.as_bytes().to_vec(), &approved);
        }
        let what = What::SameInstance { system: system.to_string(), former: former.name.to_string() };
        self.ledger.journal(now, what);
        Ok(())
    }

    /// The first of `ma@1`, `ma@2` ... that nothing bears.
    fn free_former_name(&self, system: &Name) -> Name {
        let taken = |name: &Name| self.world.indexes().any(|i| self.world.slot(i).id.system == *name);
        let former = |name: &Name| self.systems.get(system).is_some_and(|s| s.identity.known.former.iter().any(|f| f.name == *name));
        first_free(system, |name| taken(name) || former(name))
    }

    /// Of what is lined up, under way and proved nothing is of the instance that answers now.
    fn begin_anew(&mut self, system: &Name) {
        self.targets.forget_habits(system);
        let Some(state) = self.systems.get_mut(system) else { return };
        (state.outbox, state.channel) = Default::default();
        state.guards.forget();
        state.identity.number += 1;
        for stream in state.streams.forget() {
            self.ledger.delete(STREAM, format!("{system}/{stream}").into_bytes());
        }
        // Who is held by what, and what is wanted where, is another matter for everyone whom a record of it named.
        self.dirty.extend(self.world.indexes());
    }

    /// Gives all records of a system, and all that names one of them, another system's name.
    fn rename_records(&mut self, from: &Name, to: &Name) -> Result<(), Error> {
        // What is under way is looked for on disk.
        self.commit()?;
        let places: Vec<Idx> = self.world.indexes().filter(|i| self.world.slot(*i).id.system == *from).collect();
        for idx in places {
            let before = self.world.slot(idx).id.clone();
            self.forget_items(&before);
            self.unknown_codes.forget(idx);
            self.journaled.lifted(&before);
            self.table.forget_record(&before);
            self.world.rename(idx, to);
            self.keep_renamed(idx);
        }
        let held: Vec<_> = self.held.iter().filter_map(|(idx, held)| Some((idx, held_under(held, from, to)?))).collect();
        held.into_iter().for_each(|(idx, held)| self.keep_held(idx, held));
        let let_go: Vec<RecordId> = self.let_go.iter().filter(|c| c.system == *from).cloned().collect();
        for cause in let_go {
            self.let_go.remove(&cause);
            self.ledger.delete(LET_GO, cause.key());
            let cause = renamed(&cause, from, to);
            self.ledger.put(LET_GO, cause.key(), &());
            self.let_go.insert(cause);
        }
        self.recovery = std::mem::take(&mut self.recovery).into_iter().map(|(id, block)| (renamed(&id, from, to), block)).collect();
        for (key, on, refusal) in self.refusals.rename(from, to) {
            self.ledger.delete(REFUSAL, key);
            let key = refusal_key(on.on(), &refusal.scope);
            self.ledger.put(REFUSAL, key, &(on, refusal));
        }
        for (key, pin) in self.pins.rename(from, to) {
            self.ledger.delete(PIN, key);
            self.ledger.put(PIN, pin_key(pin.on.on(), &pin.field), &pin);
        }
        self.rename_under_way(from, to)
    }

    /// Batches that a crash would leave behind name the records as they are called now.
    fn rename_under_way(&mut self, from: &Name, to: &Name) -> Result<(), Error> {
        for (key, mut sent) in self.ledger.all(SENT)? {
            if sent.iter().any(|(record, _)| record.system == *from) {
                sent.iter_mut().for_each(|(record, _)| *record = renamed(record, from, to));
                self.ledger.put(SENT, key, &sent);
            }
        }
        Ok(())
    }

    /// Takes a record out of everything that finds it. Its place stays, under a name that nothing else has.
    fn drop_record(&mut self, idx: Idx, gone: &Name) {
        let before = self.world.slot(idx).id.clone();
        let person = self.world.slot(idx).person;
        if person != NOBODY {
            // Whoever else is of this person is decided on without it.
            let members = std::mem::take(&mut self.people[person as usize]).members;
            let addresses = members.iter().flat_map(|i| spread_keys(&self.world.record(*i))).collect();
            members.iter().for_each(|i| self.world.slot_mut(*i).person = NOBODY);
            self.kept.forget(person);
            self.table.apply(vec![TableUpdate::Clear { person, addresses }]);
            self.free.push(person);
        }
        self.phases.remove(&idx);
        self.forget_items(&before);
        self.unknown_codes.forget(idx);
        self.table.forget_record(&before);
        self.targets.forget(idx);
        self.held.set(idx, Vec::new());
        self.world.empty(idx, gone);
    }

    fn forget_items(&mut self, id: &RecordId) {
        self.ledger.delete(RECORD, id.key());
        self.ledger.delete(TARGET, id.key());
        self.ledger.delete(LISTED, id.key());
        self.ledger.delete(FORMER_TARGET, id.key());
        self.ledger.delete(UNTIMED_TARGET, id.key());
        self.ledger.delete(ONE_PERMIT_TARGET, id.key());
        self.ledger.delete(HELD, id.key());
        self.ledger.delete(SET_BACK, id.key());
        self.ledger.delete(UNKNOWN_CODES, id.key());
    }

    fn keep_renamed(&mut self, idx: Idx) {
        self.keep_bytes(idx);
        if self.targets.of(idx).is_some() {
            self.keep_target(idx);
        }
        if self.targets.listed(idx).is_some() {
            self.targets.keep_listed(idx, &self.world.slot(idx).id, &mut self.ledger);
        }
        if !self.held.of(idx).is_empty() {
            self.held.keep(idx, &self.world.slot(idx).id, &mut self.ledger);
        }
        if self.set_back.contains_key(&idx) {
            self.keep_set_back(idx);
        }
    }
}

/// The first of `ma@1`, `ma@2` ... that is not taken. There are more numbers than names can be.
fn first_free(system: &Name, taken: impl Fn(&Name) -> bool) -> Name {
    let mut names = (1u32..).map(|n| Name::from(format!("{system}@{n}")));
    names.find(|name| !taken(name)).unwrap_or_else(|| format!("{system}@0").into())
}

/// An id, if it is of one system by the name of another.
fn renamed(id: &RecordId, from: &Name, to: &Name) -> RecordId {
    let system = if id.system == *from { to } else { &id.system };
    RecordId { system: system.clone(), ..id.clone() }
}

/// Remembered holds with their causes of one system by the name of another; `None`: none is of it.
fn held_under(held: &[Held], from: &Name, to: &Name) -> Option<Vec<Held>> {
    let under = |h: &Held| Held { cause: renamed(&h.cause, from, to), ..h.clone() };
    held.iter().any(|h| h.cause.system == *from).then(|| held.iter().map(under).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::ratchet::Reach;

    #[test]
    fn a_former_instance_gets_the_first_name_that_nothing_bears() {
        let free = |taken: &[&str]| first_free(&"ma".into(), |name| taken.contains(&&**name)).to_string();
        assert_eq!([free(&[]), free(&["ma@1"]), free(&["ma@1", "ma@2"]), free(&["ma@2"])], ["ma@1", "ma@2", "ma@3", "ma@1"]);
    }

    /// What is not of the system keeps its name, and what is loses nothing else.
    #[test]
    fn holds_go_on_under_the_new_name_of_their_cause() {
        let held =
            |cause: &str| Held { hold: "open_deal".into(), cause: cause.parse().unwrap(), reach: Reach::Account, since: Time(3), stops: 4 };
        let (from, to): (Name, Name) = ("crm".into(), "crm@1".into());
        let before = [held("crm:deal:1"), held("desk:ticket:1"), held("crm2:deal:1")];
        let after = [held("crm@1:deal:1"), held("desk:ticket:1"), held("crm2:deal:1")];
        assert_eq!(held_under(&before, &from, &to).unwrap(), after);
        assert_eq!(held_under(&after, &from, &to), None, "nothing is written anew where nothing changes");
        assert_eq!(held_under(&after, &to, &from).unwrap(), before, "brought back it is what it was");
    }
}
