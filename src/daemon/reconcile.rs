//! Decides anew for whom something changed: who is one person, what holds and refusals stand, and which targets have something due.

use super::engine::{Engine, Lanes, Person};
use super::refusals::On;
use super::target;
use super::view::View;
use super::world::{Idx, NOBODY, PersonIdx};
use crate::connector::Abilities;
use crate::decide::phase::{Phase, phase};
use crate::decide::ratchet::{CauseNow, Fate, Held, Kept, Reach, judge};
use crate::decide::rules::HoldScope;
use crate::decide::standing::{Brief, HoldNow, Kinds, Standing, reason};
use crate::link;
use crate::model::{Address, DealState, Entity, Name, Reason, Record, RecordId, RefusalScope, Time};
use hashbrown::{HashMap, HashSet};
use std::rc::Rc;

/// What one round of deciding remembers, so that a mailbox shared by a thousand costs a thousand and not a million.
#[derive(Default)]
struct Round {
    done: HashSet<Idx>,
    at_address: HashMap<Address, Rc<Vec<HoldNow>>>,
}

impl Engine {
    /// Decides for all who are marked. What follows for the state waits for the next commit.
    pub fn reconcile(&mut self, now: Time) {
        self.wake(now);
        self.walk_permits(now);
        let mut round = Round::default();
        let first: Vec<Idx> = {
            let mut all: Vec<Idx> = std::mem::take(&mut self.dirty).into_iter().collect();
            all.sort_unstable();
            all
        };
        let mut neighbours = Vec::new();
        for idx in first {
            self.settle(idx, now, &mut round, Some(&mut neighbours));
        }
        // People who share an address with someone that changed: holds spread one step, not from mailbox to mailbox.
        neighbours.sort_unstable();
        neighbours.dedup();
        for idx in neighbours {
            self.settle(idx, now, &mut round, None);
        }
        // Who was torn from a person that was settled above.
        while !self.dirty.is_empty() {
            let rest: Vec<Idx> = std::mem::take(&mut self.dirty).into_iter().collect();
            for idx in rest {
                self.settle(idx, now, &mut round, None);
            }
        }
    }

    /// Marks the people of causes whose cool-down is over.
    fn wake(&mut self, now: Time) {
        while let Some((at, causes)) = self.wakeups.pop_first() {
            if at > now {
                self.wakeups.insert(at, causes);
                break;
            }
            for cause in causes {
                let record = self.world.record(cause);
                self.mark(cause, &record);
            }
        }
    }

    fn settle(&mut self, start: Idx, now: Time, round: &mut Round, neighbours: Option<&mut Vec<Idx>>) {
        if round.done.contains(&start) || self.world.slot(start).id.entity != Entity::Person {
            return;
        }
        let view = View::new(&self.world);
        let members = view.component(start, &self.link_rules).members;
        let records: Vec<Record> = members.iter().map(|i| view.get(*i).clone()).collect();
        round.done.extend(&members);
        let person = self.place(&members);
        self.spread_refusals(&records);
        let addresses = addresses(&records);
        if let Some(neighbours) = neighbours {
            for address in &addresses {
                neighbours.extend(self.world.bearers(address).iter().filter(|i| !members.contains(i)));
            }
        }
        let mut holds = self.direct_holds(&records, now);
        for address in &addresses {
            if self.world.bearers(address).iter().all(|i| members.contains(i)) {
                continue;
            }
            let at_address = match round.at_address.get(address) {
                Some(known) => known.clone(),
                None => {
                    let found = Rc::new(self.holds_at(address, now));
                    round.at_address.insert(address.clone(), found.clone());
                    found
                }
            };
            for hold in at_address.iter() {
                add(&mut holds, HoldNow { reach: Reach::Address, ..hold.clone() });
            }
        }
        self.remember(&members, &mut holds, now);
        let standing = self.standing(&records, &addresses, &holds);
        let ids = records.iter().map(|r| &r.id);
        self.table.set(person, standing, addresses.iter(), ids);
        let place = &mut self.people[person as usize];
        place.members = members.clone();
        place.holds = holds;
        for (idx, record) in members.iter().zip(&records) {
            self.line_up(*idx, record, person, &records, now);
        }
    }

    /// Gives the members a place of their own; people that lose a member to it are dissolved, and the rest of them marked.
    fn place(&mut self, members: &[Idx]) -> PersonIdx {
        let mut old: Vec<PersonIdx> = members.iter().map(|i| self.world.slot(*i).person).filter(|p| *p != NOBODY).collect();
        old.sort_unstable();
        old.dedup();
        for person in &old {
            let before = std::mem::take(&mut self.people[*person as usize]);
            let mut was_borne: Vec<Address> = Vec::new();
            for idx in &before.members {
                was_borne.extend(link::spread_keys(&self.world.record(*idx)));
                if !members.contains(idx) {
                    self.world.slot_mut(*idx).person = NOBODY;
                    self.dirty.insert(*idx);
                }
            }
            self.table.clear(*person, was_borne.iter());
        }
        let mut old = old.into_iter();
        let person = old.next().or_else(|| self.free.pop()).unwrap_or_else(|| {
            self.people.push(Person::default());
            self.people.len() as PersonIdx - 1
        });
        self.free.extend(old);
        for idx in members {
            self.world.slot_mut(*idx).person = person;
        }
        person
    }

    /// A refusal seen on one record of a person counts for all of its records and addresses, also after a split.
    fn spread_refusals(&mut self, records: &[Record]) {
        if self.refusals.is_empty() {
            return;
        }
        let mut seen = Vec::new();
        for record in records {
            for refusal in self.refusals.of(&On::Record(record.id.clone())) {
                if !seen.iter().any(|s: &crate::model::Refusal| s.scope == refusal.scope) {
                    seen.push(refusal.clone());
                }
            }
        }
        for refusal in seen {
            for record in records {
                self.keep_refusal(On::Record(record.id.clone()), refusal.clone());
                for address in link::spread_keys(record) {
                    self.keep_refusal(On::Address(address), refusal.clone());
                }
            }
        }
    }

    /// The holds that reach a person's own records: through deals, accounts and tickets.
    fn direct_holds(&mut self, records: &[Record], now: Time) -> Vec<HoldNow> {
        let mut holds = Vec::new();
        for record in records {
            let deals = self.world.deals_of_person(&record.id).to_vec();
            self.holds_of(&deals, Reach::Person, Some(&record.id.id), now, &mut holds);
            let tickets = self.world.tickets_of_person(&record.id).to_vec();
            self.holds_of(&tickets, Reach::Person, None, now, &mut holds);
            for address in link::spread_keys(record) {
                let tickets = self.world.tickets_of_address(&address).to_vec();
                self.holds_of(&tickets, Reach::Person, None, now, &mut holds);
            }
            if let Some(account) = &record.account {
                let id = RecordId::new(record.id.system.clone(), Entity::Account, account.clone());
                let deals = self.world.deals_of_account(&id).to_vec();
                if !deals.is_empty() {
                    self.holds_of(&deals, Reach::Account, Some(account), now, &mut holds);
                }
            }
        }
        holds
    }

    /// The holds of everyone who bears an address.
    fn holds_at(&mut self, address: &Address, now: Time) -> Vec<HoldNow> {
        let mut holds = Vec::new();
        for idx in self.world.bearers(address).to_vec() {
            let records: Vec<Record> = {
                let view = View::new(&self.world);
                view.component(idx, &self.link_rules).members.iter().map(|i| view.get(*i).clone()).collect()
            };
            for hold in self.direct_holds(&records, now) {
                add(&mut holds, hold);
            }
        }
        holds
    }

    /// `through`: the person's or account's id that a deal must still name; one that it only named once keeps the hold, and we ask.
    fn holds_of(&mut self, causes: &[Idx], reach: Reach, through: Option<&str>, now: Time, holds: &mut Vec<HoldNow>) {
        let config = self.config.clone();
        for cause in causes {
            let phases = self.phases_of(*cause, now);
            let slot = self.world.slot(*cause);
            if phases.iter().all(|p| !p.holds()) || self.let_go.contains(&slot.id) {
                continue;
            }
            let record = self.world.record(*cause);
            for (rule, phase) in config.policy.holds.iter().zip(phases.iter()) {
                if !phase.holds() {
                    continue;
                }
                if reach == Reach::Account {
                    let HoldScope::Account { cap } = rule.scope else { continue };
                    let account = record.account.clone().map(|a| RecordId::new(record.id.system.clone(), Entity::Account, a));
                    if account.is_some_and(|a| self.world.people_of_account(&a).len() > cap) {
                        continue;
                    }
                }
                let until = if let Phase::CoolingDown { until } = phase { Some(*until) } else { None };
                let named = through.is_none_or(|id| match reach {
                    Reach::Account => record.account.as_deref() == Some(id),
                    Reach::Person | Reach::Address => record.people.iter().any(|p| **p == *id),
                });
                let kept = match (until, record.is_gone(), named) {
                    (None, true, _) => Some(Kept::CauseGone),
                    (None, false, false) => Some(Kept::LinkLost),
                    _ => None,
                };
                let why = match record.deal {
                    Some(DealState::Unknown) if until.is_none() => Reason::UnknownStage,
                    _ => reason(&rule.name, reach, until.is_some()),
                };
                add(
                    holds,
                    HoldNow {
                        hold: rule.name.clone(),
                        cause: record.id.clone(),
                        reach,
                        reason: why,
                        stops: Kinds::of(&rule.stops),
                        since: now,
                        until,
                        kept,
                    },
                );
            }
        }
    }

    /// A cause's phase under each hold rule, from memory where it is known.
    fn phases_of(&mut self, cause: Idx, now: Time) -> Box<[Phase]> {
        if let Some(known) = self.phases.get(&cause) {
            return known.clone();
        }
        let record = self.world.record(cause);
        let phases: Box<[Phase]> = self.config.policy.holds.iter().map(|rule| phase(rule, &record, now)).collect();
        for phase in &phases {
            if let Phase::CoolingDown { until } = phase {
                self.wakeups.entry(*until).or_default().insert(cause);
            }
        }
        self.phases.insert(cause, phases.clone());
        phases
    }

    /// The ratchet: lays what is remembered beside what reaches the person now, and remembers the outcome.
    fn remember(&mut self, members: &[Idx], holds: &mut Vec<HoldNow>, now: Time) {
        let mut remembered: Vec<Held> = Vec::new();
        for idx in members {
            for held in self.world.slot(*idx).held.iter().flat_map(|h| h.iter()) {
                match remembered.iter_mut().find(|r| r.hold == held.hold && r.cause == held.cause) {
                    Some(known) => {
                        known.since = known.since.min(held.since);
                        known.reach = known.reach.min(held.reach);
                    }
                    None => remembered.push(held.clone()),
                }
            }
        }
        for held in remembered {
            if let Some(direct) = holds.iter_mut().find(|h| h.hold == held.hold && h.cause == held.cause) {
                direct.since = held.since;
                continue;
            }
            let position = self.config.policy.holds.iter().position(|r| r.name == held.hold);
            let cause = match self.world.find(&held.cause) {
                None => None,
                Some(_) if !self.systems.contains_key(&held.cause.system) => None,
                Some(idx) => {
                    let phases = self.phases_of(idx, now);
                    let listed = !self.world.record(idx).is_gone();
                    Some(CauseNow { phase: position.map(|p| phases[p]), listed })
                }
            };
            if self.let_go.contains(&held.cause) {
                continue;
            }
            if let Fate::Kept(kept) = judge(cause) {
                let until = match cause.and_then(|c| c.phase) {
                    Some(Phase::CoolingDown { until }) => Some(until),
                    _ => None,
                };
                holds.push(HoldNow {
                    reason: reason(&held.hold, held.reach, until.is_some()),
                    stops: Kinds(held.stops),
                    hold: held.hold,
                    cause: held.cause,
                    reach: held.reach,
                    since: held.since,
                    until,
                    kept: Some(kept),
                });
            }
        }
        holds.sort_by(|a, b| (&a.hold, &a.cause).cmp(&(&b.hold, &b.cause)));
        let held: Vec<Held> = holds
            .iter()
            .map(|h| Held { hold: h.hold.clone(), cause: h.cause.clone(), reach: h.reach, since: h.since, stops: h.stops.0 })
            .collect();
        for idx in members {
            let same = match &self.world.slot(*idx).held {
                Some(before) => **before == held,
                None => held.is_empty(),
            };
            if !same {
                self.keep_held(*idx, held.clone());
            }
        }
    }

    fn standing(&self, records: &[Record], addresses: &[Address], holds: &[HoldNow]) -> Standing {
        // A basis raises mailability: only what is listed now counts.
        let listed = records.iter().filter(|r| !r.is_gone());
        let basis = listed.filter_map(|r| self.config.consent.sources.get(&r.id.system)).max().copied();
        let mut refused_all = false;
        let mut topics: Vec<Box<str>> = Vec::new();
        let on = records.iter().map(|r| On::Record(r.id.clone())).chain(addresses.iter().cloned().map(On::Address));
        if !self.refusals.is_empty() {
            for refusal in on.flat_map(|on| self.refusals.of(&on)) {
                match &refusal.scope {
                    RefusalScope::All => refused_all = true,
                    RefusalScope::Topic(topic) => topics.push(topic.clone()),
                }
            }
        }
        topics.sort();
        topics.dedup();
        let briefs: Box<[Brief]> = holds.iter().map(|h| Brief { reason: h.reason.clone(), stops: h.stops, until: h.until }).collect();
        Standing {
            basis,
            refused_all,
            refused_topics: (!topics.is_empty()).then(|| topics.into()),
            holds: (!briefs.is_empty()).then_some(briefs),
        }
    }

    /// Compares a target record with what is wanted of it, and lines it up for delivery if they differ.
    fn line_up(&mut self, idx: Idx, record: &Record, person: PersonIdx, records: &[Record], now: Time) {
        let lanes = match self.systems.get(&record.id.system) {
            Some(system) if is_target(&system.abilities, &self.world.slot(idx).stream) && !record.is_gone() => {
                let wanted = self.wanted(record, person, records, now);
                let system = &self.systems[&record.id.system];
                let slot = self.world.slot(idx);
                let due = target::due(slot.target.as_deref(), record, &wanted, &system.allowed, &system.abilities, now);
                Lanes::of(&due)
            }
            _ => Lanes::default(),
        };
        if let Some(system) = self.systems.get_mut(&record.id.system) {
            if lanes == Lanes::default() {
                system.outbox.remove(&idx);
                self.rule_releases.remove(&idx);
            } else {
                system.outbox.insert(idx, lanes);
            }
        }
    }
}

/// Whether records of a stream are written to.
pub fn is_target(abilities: &Abilities, stream: &Name) -> bool {
    abilities.stream.as_ref() == Some(stream)
}

/// All addresses that a person's records bear or bore.
pub fn addresses(records: &[Record]) -> Vec<Address> {
    let mut all: Vec<Address> = records.iter().flat_map(link::spread_keys).collect();
    all.sort();
    all.dedup();
    all
}

/// Adds a hold, or widens the one with the same name and cause: the nearest reach, the latest end.
fn add(holds: &mut Vec<HoldNow>, new: HoldNow) {
    match holds.iter_mut().find(|h| h.hold == new.hold && h.cause == new.cause) {
        Some(known) => {
            if new.reach < known.reach {
                known.reach = new.reach;
                known.reason = new.reason;
            }
            // Whoever is still named is held as a matter of course.
            known.kept = known.kept.and(new.kept);
            known.until = if known.until.is_none() || new.until.is_none() { None } else { known.until.max(new.until) };
        }
        None => holds.push(new),
    }
}
