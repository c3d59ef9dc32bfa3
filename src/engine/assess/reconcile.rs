//! Decides anew for whom something changed: who is one person, what holds and refusals stand, and which targets have something due.

use super::assessing::WARMED_AT_ONCE;
use super::assessment::{Merge, Sketch};
use super::holds::add;
use super::members::Whole;
use super::person::{DecidedStatus, Person};
use crate::decide::ratchet::Reach;
use crate::decide::rules::ConsentRules;
use crate::decide::standing::{Brief, By, HoldNow, Standing};
use crate::engine::engine::Engine;
use crate::engine::gate::decision_table::TableUpdate;
use crate::engine::memory::place::{Idx, NOBODY, PersonIdx};
use crate::engine::memory::places::Places;
use crate::engine::memory::refusals::{On, Refusals};
use crate::engine::proofs::coverage::Undecided;
use crate::engine::target::{self, Op, Target};
use crate::engine::workers::{DECIDING, WORTH_A_THREAD};
use crate::link;
use crate::model::{Address, Basis, Entity, Name, Record, Refusal, RefusalScope, Span, Time};
use hashbrown::HashMap;
use std::hint::black_box;
use std::rc::Rc;

/// People sketched before they are decided on: some megabytes of decoded records. Few are taken in quarters, so that the table is told of most
/// of them while the rest are settled.
const SKETCHED_AT_ONCE: std::ops::RangeInclusive<usize> = 256..=1_024;

/// What one round of deciding remembers, so that a mailbox shared by a thousand costs a thousand and not a million.
#[derive(Default)]
struct Round {
    done: Places,
    at_address: HashMap<Address, Rc<Vec<HoldNow>>>,
    /// What the table is yet to know, in order.
    updates: Vec<TableUpdate>,
}

/// What is farther ahead is woken by the hour, so that values that grow old on one day share few entries.
const EXACT_WITHIN: Span = Span::days(1);

/// When to look again at somebody for whom something changes at a time: then, to the second, or at the end of that hour.
fn woken_at(at: Time, now: Time) -> Time {
    let grain = if at.since(now) > EXACT_WITHIN { 3_600_000 } else { 1_000 };
    Time(at.0.div_euclid(grain).saturating_add(i64::from(at.0.rem_euclid(grain) > 0)).saturating_mul(grain))
}

impl Engine {
    /// Decides for all who are marked. What follows for the state waits for the next commit.
    ///
    /// An edit of precedence or statuses is weighed once all is decided on by the rules from before it.
    pub fn reconcile(&mut self, now: Time) {
        self.decide(now);
        if let Some(agreed_to) = self.edit_goes(now) {
            self.decide(now);
            self.grant(Op::Update, agreed_to);
        }
        self.ask_if_agreements_lost();
    }

    fn decide(&mut self, now: Time) {
        self.decided_at = now;
        self.wake(now);
        self.walk_permits(now);
        self.mark_undecided(now);
        self.begin_lately();
        let first = self.take_dirty();
        let mut round = Round::default();
        let mut neighbours = Vec::new();
        self.settle_all(&first, now, &mut round, Some(&mut neighbours));
        // People who share an address with someone that changed: holds spread one step, not from mailbox to mailbox.
        neighbours.sort_unstable();
        neighbours.dedup();
        self.settle_all(&neighbours, now, &mut round, None);
        // Who was torn from a person that was settled above, or bears an address that a refusal came to.
        while !self.dirty.is_empty() {
            let rest = self.take_dirty();
            self.settle_all(&rest, now, &mut round, None);
        }
        self.table.apply(round.updates);
        self.note_decided();
        self.end_lately(now);
    }

    /// Those who are marked, in order.
    fn take_dirty(&mut self) -> Vec<Idx> {
        let mut all: Vec<Idx> = std::mem::take(&mut self.dirty).into_iter().collect();
        all.sort_unstable();
        all
    }

    /// Settles the people of all these records, which are in order. The table is told of some while the next are settled.
    fn settle_all(&mut self, places: &[Idx], now: Time, round: &mut Round, mut neighbours: Option<&mut Vec<Idx>>) {
        let table = self.table.clone();
        for some in places.chunks(at_once(places.len())) {
            let is_open = |idx: &Idx| !round.done.contains(idx) && self.world.slot(*idx).id.entity == Entity::Person;
            let open: Vec<Idx> = some.iter().copied().filter(is_open).collect();
            let sketches = self.sketches(&open, now);
            let before = match round.updates.len() < WORTH_A_THREAD {
                true => Vec::new(),
                false => std::mem::take(&mut round.updates),
            };
            let settle = || {
                let mut sketches = sketches.into_iter();
                while !sketches.as_slice().is_empty() {
                    self.warm_sketched(sketches.as_slice().iter().take(WARMED_AT_ONCE));
                    sketches.by_ref().take(WARMED_AT_ONCE).for_each(|s| self.settle(s, now, round, neighbours.as_deref_mut()));
                    self.commit_midway();
                }
            };
            match before.is_empty() {
                true => settle(),
                false => drop(DECIDING.both(|| table.apply(before), settle)),
            }
        }
    }

    /// What is remembered of a million people goes with several commits: one has a limit, and each person is decided on by themselves. If it
    /// fails nothing is written any more, which the commit tells that follows the decision.
    fn commit_midway(&mut self) {
        if self.ledger.holds_much() {
            let _ = self.commit();
        }
    }

    /// Looks at what is known of these people, all together as in [`World::warm`](crate::engine::memory::world::World::warm).
    fn warm_sketched<'s>(&self, sketches: impl Iterator<Item = &'s Sketch> + Clone) {
        let places = || sketches.clone().flat_map(|s| &s.members).copied();
        let persons = || places().filter_map(|idx| self.people.get(self.world.slot(idx).person as usize));
        self.held.warm(places());
        self.targets.warm(places());
        black_box(persons().map(|p| p.holds.len()).sum::<usize>());
        black_box(persons().filter_map(|p| p.members.first()).fold(0, |all, idx| all ^ idx));
    }

    /// Marks the people of causes whose cool-down is over, and people who are held by one that does not lead to them.
    fn wake(&mut self, now: Time) {
        let now = self.trusted_now(now);
        while let Some((at, woken)) = self.wakeups.pop_first() {
            if at > now {
                self.wakeups.insert(at, woken);
                break;
            }
            for idx in woken {
                let record = self.world.record(idx);
                self.mark(idx, &record);
            }
        }
    }

    /// Decides on one person, unless that was done in this round.
    fn settle(&mut self, sketch: Sketch, now: Time, round: &mut Round, neighbours: Option<&mut Vec<Idx>>) {
        let Sketch { members, mut records, addresses, neighbours: others, mut holds, phases, merge, firsts } = sketch;
        if members.iter().any(|m| round.done.contains(m)) {
            return;
        }
        round.done.extend(&members);
        self.keep_phases(phases);
        self.keep_firsts(&members, &mut records, firsts);
        let changes = merge.status.as_ref().map(|status| self.status_changes(&members, &records, status, now));
        self.keep_status_changes(&members, &mut records, changes.unwrap_or_default());
        let former = self.decided_status(&members);
        let person = self.place(&members, round);
        for idx in self.spread_refusals(&records, &members) {
            self.settle_again(idx, round);
        }
        if !others.is_empty() {
            for address in &addresses {
                if self.world.bearers(address).iter().any(|i| !members.contains(i)) {
                    for hold in self.holds_around(address, round, now).iter() {
                        add(&mut holds, HoldNow { reach: Reach::Address, ..hold.clone() });
                    }
                }
            }
        }
        if let Some(neighbours) = neighbours {
            neighbours.extend(others);
        }
        self.remember(&members, &mut holds, now);
        let (standing, by_former) = self.standing(&records, &addresses, &holds);
        self.note_undecided(person, self.undecided_of(&records, &merge));
        if let (Some(at), Some(first)) = (merge.turns_at, members.first()) {
            self.wakeups.entry(woken_at(at, now)).or_default().insert(*first);
        }
        for (idx, record) in members.iter().zip(&records) {
            self.line_up(*idx, record, &Whole { standing: &standing, merge: &merge }, now);
        }
        if holds.iter().any(|h| h.kept.is_some()) {
            self.kept.set(person, holds.iter().filter(|h| h.kept.is_some()).map(|h| h.cause.clone()).collect());
        }
        let place = &mut self.people[person as usize];
        (place.members, place.holds, place.by_former) = (members, holds, by_former);
        let sure = merge.status.as_ref().filter(|status| status.is_sure());
        place.status = sure.map(|status| DecidedStatus(status.name.clone())).or(former);
        round.updates.push(TableUpdate::Set { person, standing, addresses, records });
    }

    /// What of a person is not decided for good.
    fn undecided_of(&self, records: &[Record], merge: &Merge) -> Undecided {
        let kept = merge.status.iter().flat_map(|status| records.iter().filter_map(|record| self.keeps_status(record, status)));
        Undecided {
            status: merge.status.as_ref().is_some_and(|s| s.waits),
            fields: merge.fields_wait,
            by_order: merge.by_order,
            kept_statuses: u8::try_from(kept.count()).unwrap_or(u8::MAX),
        }
    }

    /// Marks someone in the middle of a round, whether they were settled in it or not: a refusal came to an address of theirs.
    fn settle_again(&mut self, idx: Idx, round: &mut Round) {
        let person = self.world.slot(idx).person;
        if person != NOBODY {
            for member in &self.people[person as usize].members {
                round.done.remove(member);
            }
        }
        self.dirty.insert(idx);
    }

    /// The holds of all who share an address; found out once a round.
    fn holds_around(&mut self, address: &Address, round: &mut Round, now: Time) -> Rc<Vec<HoldNow>> {
        match round.at_address.get(address) {
            Some(known) => known.clone(),
            None => {
                let found = Rc::new(self.holds_at(address, now));
                round.at_address.insert(address.clone(), found.clone());
                found
            }
        }
    }

    /// Gives the members a place of their own; people that lose a member to it are dissolved, and the rest of them marked.
    fn place(&mut self, members: &[Idx], round: &mut Round) -> PersonIdx {
        let mut old: Vec<PersonIdx> = members.iter().map(|i| self.world.slot(*i).person).filter(|p| *p != NOBODY).collect();
        old.sort_unstable();
        old.dedup();
        for person in &old {
            let before = std::mem::take(&mut self.people[*person as usize]);
            self.kept.forget(*person);
            if before.members == members {
                // The same records still lead to all their addresses.
                continue;
            }
            let mut was_borne: Vec<Address> = Vec::new();
            for idx in &before.members {
                was_borne.extend(link::spread_keys(&self.world.record(*idx)));
                if !members.contains(idx) {
                    self.world.slot_mut(*idx).person = NOBODY;
                    self.dirty.insert(*idx);
                }
            }
            round.updates.push(TableUpdate::Clear { person: *person, addresses: was_borne });
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

    /// A refusal seen on one record of a person counts for all of its records and addresses, also after a split. Gives the others who bear
    /// an address for which it is new.
    fn spread_refusals(&mut self, records: &[Record], members: &[Idx]) -> Vec<Idx> {
        let mut concerned = Vec::new();
        if self.refusals.is_empty() {
            return concerned;
        }
        for refusal in seen_on(records, &self.refusals) {
            for record in records {
                self.keep_refusal(On::Record(&record.id), &refusal);
                for address in link::spread_keys(record) {
                    if self.keep_refusal(On::Address(&address), &refusal) {
                        concerned.extend(self.world.bearers(&address).iter().filter(|i| !members.contains(i)));
                    }
                }
            }
        }
        concerned
    }

    /// A person's standing, and whether rules from before an edit make it stricter than the files' rules would.
    fn standing(&self, records: &[Record], addresses: &[Address], holds: &[HoldNow]) -> (Standing, bool) {
        let former = self.rules.former().iter().map(|f| &f.rules.consent);
        let (basis, by_files) = basis_of(records, &self.rules.files().consent, former);
        let by_former = basis < by_files || holds.iter().any(|h| h.by != By::Files);
        let on = records.iter().map(|r| On::Record(&r.id)).chain(addresses.iter().map(On::Address));
        (standing_of(basis, on.flat_map(|on| self.refusals.of(on)), holds), by_former)
    }

    /// Leaves alone what is to be written to a record and was written too often, and ends what was left alone long enough.
    fn stop_circles(&mut self, idx: Idx, record: &Record, wanted: &target::Wanted, now: Time) {
        let trusted = self.trusted_now(now);
        let back = self.systems.get(&record.id.system).map(|s| &s.connected.abilities().back_by_clearing.fields);
        let Some(target) = self.targets.of_mut(idx) else { return };
        let ended = target.end_parked(trusted);
        // What was cleared is no sign of what stood there, so the same value again is not known by it.
        let by_clearing = |field: &Name| back.is_some_and(|fields| fields.contains_key(field));
        let noticed = target.stop_circles(record, wanted, |field| by_clearing(field) || self.rules.may_go_round(field), now);
        let free_at = target.free_at();
        if ended || !noticed.is_empty() {
            self.keep_target(idx);
        }
        for notice in noticed {
            self.tell_noticed(&record.id, notice, now);
        }
        if let Some(at) = free_at {
            self.wakeups.entry(woken_at(at, now)).or_default().insert(idx);
        }
    }

    /// Compares a target record with what is wanted of it, and lines it up for delivery if they differ.
    fn line_up(&mut self, idx: Idx, record: &Record, whole: &Whole<'_>, now: Time) {
        let due = match self.systems.get(&record.id.system) {
            Some(system) if system.connected.writes_to(&self.world.slot(idx).stream) && !record.is_gone() => {
                let lost = |t: &Target| t.block_ours && t.sent.is_none() && !record.is_blocked();
                if self.targets.of(idx).is_some_and(lost) {
                    // It was taken away while another write was under way. The next one that is seen there is someone else's.
                    self.look_at_block(idx, record, now);
                }
                self.end_overtaken(idx, record, whole.merge);
                let wanted = self.wanted(record, whole, now);
                self.stop_circles(idx, record, &wanted, now);
                let system = &self.systems[&record.id.system];
                system.connected.due(self.targets.of(idx), record, &wanted, self.trusted_now(now))
            }
            _ => target::Due::default(),
        };
        self.note_lately(idx, record, whole.merge, &due);
        let reviewed = !record.is_gone() && self.targets.of_mut(idx).is_some_and(|t| t.review(&due, now));
        if reviewed {
            self.keep_target(idx);
        }
        if let Some(system) = self.systems.get_mut(&record.id.system) {
            system.line_up(idx, record, &due, now);
        }
    }
}

/// How many of so many people are sketched before they are decided on.
fn at_once(people: usize) -> usize {
    (people / 4).clamp(*SKETCHED_AT_ONCE.start(), *SKETCHED_AT_ONCE.end())
}

/// What was refused on any of a person's records, each scope once.
fn seen_on(records: &[Record], refusals: &Refusals) -> Vec<Refusal> {
    let mut seen: Vec<Refusal> = Vec::new();
    for refusal in records.iter().flat_map(|record| refusals.of(On::Record(&record.id))) {
        if !seen.iter().any(|s| s.scope == refusal.scope) {
            seen.push(refusal.clone());
        }
    }
    seen
}

/// The legal ground of a person by all rules that count, and by the files' alone. It raises mailability: only what is listed now counts, and
/// of several rules the weakest.
pub(super) fn basis_of<'r>(
    records: &[Record],
    files: &ConsentRules,
    former: impl Iterator<Item = &'r ConsentRules>,
) -> (Option<Basis>, Option<Basis>) {
    let listed = records.iter().filter(|r| !r.is_gone());
    let proved = |rules: &ConsentRules| listed.clone().filter_map(|r| rules.sources.get(&r.id.system)).max().copied();
    let by_files = proved(files);
    (former.map(proved).fold(by_files, Option::min), by_files)
}

pub(super) fn standing_of<'r>(basis: Option<Basis>, refusals: impl Iterator<Item = &'r Refusal>, holds: &[HoldNow]) -> Standing {
    let mut refused_all = false;
    let mut topics: Vec<Box<str>> = Vec::new();
    for refusal in refusals {
        match &refusal.scope {
            RefusalScope::All => refused_all = true,
            RefusalScope::Topic(topic) => topics.push(topic.clone()),
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

#[cfg(test)]
mod tests;
