//! Looking at people: nothing is changed, so that many are looked at at once on several threads.

use super::assessment::Merge;
use super::assessment::Phases;
use super::assessment::Sketch;
use super::members::Members;
use crate::engine::engine::Engine;
use crate::engine::memory::place::{Idx, NOBODY};
use crate::engine::memory::view::View;
use crate::engine::memory::world::World;
use crate::engine::proofs::coverage::Coverage;
use crate::engine::system::SystemState;
use crate::engine::workers::{DECIDING, WORTH_A_THREAD};
use crate::link;
use crate::model::{Address, Record, Time};

/// A record that leads to a person, and its address.
pub(in crate::engine) struct Start {
    place: Idx,
    record: Record,
    address: Option<Address>,
}

/// So many are looked at beforehand: what they need fits into the cache nearest to the processor.
pub const WARMED_AT_ONCE: usize = 32;

/// Does the same with both halves, in order.
pub(in crate::engine) fn on_two_threads<T: Sync, R: Send>(of: &[T], all: impl Fn(&[T]) -> Vec<R> + Sync) -> Vec<R> {
    if of.len() < WORTH_A_THREAD {
        return all(of);
    }
    let (first, second) = of.split_at(of.len() / 2);
    let (second, mut done) = DECIDING.both(|| all(second), || all(first));
    done.extend(second);
    done
}

impl Engine {
    /// The persons of these records, which are in order; of each the records among them lead to it once.
    pub fn sketches(&self, of: &[Idx], now: Time) -> Vec<Sketch> {
        let some_at_once = |some: &[Idx]| {
            self.world.warm(some.iter().copied());
            let begun: Vec<Start> = some.iter().map(|place| self.start(*place)).collect();
            self.world.warm_around(begun.iter().map(|s| (&s.record, s.address.as_ref())));
            begun.into_iter().filter_map(|start| self.sketch(start, of, now)).collect::<Vec<Sketch>>()
        };
        on_two_threads(of, |some| some.chunks(WARMED_AT_ONCE).flat_map(some_at_once).collect())
    }

    fn start(&self, place: Idx) -> Start {
        let record = self.world.record(place);
        let address = record.address();
        Start { place, record, address }
    }

    /// These target records, each with what the rules make of its person's fields.
    pub fn looks(&self, of: &[Idx], now: Time) -> Vec<(Record, Merge)> {
        let coverage = self.read_coverage(now);
        let some_at_once = |some: &[Idx]| {
            let places: Vec<&[Idx]> = some.iter().map(|idx| self.members_with(*idx)).collect();
            self.world.warm(places.iter().flat_map(|members| members.iter().copied()));
            let begun: Vec<Vec<Record>> = places.iter().map(|members| members.iter().map(|i| self.world.record(*i)).collect()).collect();
            self.world.warm_around(begun.iter().flatten().map(|record| (record, None)));
            let looks =
                some.iter().zip(places).zip(begun).map(|((idx, places), records)| self.look_among(*idx, places, records, &coverage, now));
            looks.collect::<Vec<(Record, Merge)>>()
        };
        on_two_threads(of, |some| some.chunks(WARMED_AT_ONCE).flat_map(some_at_once).collect())
    }

    /// A target record, and what the rules make of the fields of its person.
    pub fn look(&self, idx: Idx, now: Time) -> (Record, Merge) {
        let places = self.members_with(idx);
        // Decoded once, together with the others.
        let records = places.iter().map(|i| self.world.record(*i)).collect();
        self.look_among(idx, places, records, &self.read_coverage(now), now)
    }

    /// The places of the person that a record is of; none while it is nobody's.
    fn members_with(&self, idx: Idx) -> &[Idx] {
        let person = self.world.slot(idx).person;
        if person == NOBODY { &[] } else { &self.people[person as usize].members }
    }

    fn look_among(&self, idx: Idx, places: &[Idx], mut records: Vec<Record>, coverage: &Coverage, now: Time) -> (Record, Merge) {
        let Some(own) = places.iter().position(|i| *i == idx) else { return (self.world.record(idx), Merge::default()) };
        let merge = match records[own].is_gone() {
            true => Merge::default(),
            false => {
                let gaps = coverage.gaps(&records);
                let of = Members { places, records: &records, around: &View::new(&self.world), gaps: &gaps, by: self.rules.merging() };
                self.merge(self.systems.get(&records[own].id.system).into_iter(), of, now)
            }
        };
        (records.swap_remove(own), merge)
    }

    fn sketch(&self, start: Start, among: &[Idx], now: Time) -> Option<Sketch> {
        let place = start.place;
        let (members, records, addresses) = self.person_of(start);
        if is_led_to_before(place, &members, among) {
            return None;
        }
        let mut neighbours: Vec<Idx> = Vec::new();
        for address in &addresses {
            neighbours.extend(self.world.bearers(address).iter().filter(|i| !members.contains(i)));
        }
        let mut phases = Phases::new();
        // Deals and tickets are looked at for holds and for the status.
        let around = View::new(&self.world);
        let holds = self.direct_holds(&records, &addresses, now, &around, &mut phases);
        let targets = members.iter().zip(&records).filter_map(|(idx, record)| {
            let system = self.systems.get(&record.id.system)?;
            (system.connected.writes_to(&self.world.slot(*idx).stream) && !record.is_gone()).then_some(system)
        });
        let gaps = self.coverage.gaps(&records);
        let of = Members { places: &members, records: &records, around: &around, gaps: &gaps, by: self.rules.merging() };
        let (merge, firsts) = (self.merge(targets, of, now), self.first_values(of, now));
        drop(around);
        Some(Sketch { members, records, addresses, neighbours, holds, phases, merge, firsts })
    }

    /// Who a record is one person with, and the addresses that they bear or bore.
    fn person_of(&self, start: Start) -> (Vec<Idx>, Vec<Record>, Vec<Address>) {
        let Start { place, record, address } = start;
        if is_alone(&self.world, &record, address.as_ref()) {
            let addresses = link::spread_keys_with(&record, address);
            return (vec![place], vec![record], addresses);
        }
        let view = View::with(&self.world, place, record, address);
        let members = view.component(place, self.rules.link_rules()).members;
        let (records, addresses) = view.take_with_addresses(&members);
        (members, records, addresses)
    }

    /// What the rules make of a person's fields, for these of its targets.
    pub fn merge<'s>(&'s self, targets: impl Iterator<Item = &'s SystemState>, of: Members<'_>, now: Time) -> Merge {
        let mut merge = Merge::default();
        for system in targets {
            if system.connected.allowed().status && merge.status.is_none() {
                merge.status = Some(self.status_now(of, now));
            }
            for name in &system.connected.config().writes.fields {
                if merge.fields.iter().all(|(known, _)| known != name) {
                    let winner = self.winner(name, of, now);
                    merge.fields_wait |= !of.gaps.is_empty() && winner.is_err();
                    let winner = winner.ok().flatten();
                    let by_order = winner.as_ref().is_some_and(|winner| !winner.rivals.is_empty());
                    merge.by_order = merge.by_order.saturating_add(by_order.into());
                    merge.fields.push((name.clone(), winner));
                }
            }
        }
        let asked = self.rules.needs().declared.person.keys().filter(|_| merge.status.is_some());
        let told = merge.fields.iter().map(|(name, _)| name);
        let ages_at = asked.chain(told).filter_map(|name| self.ages_at(name, of, now)).min();
        let of_account = self.rules.needs().declared.account.keys().filter(|_| merge.status.is_some());
        let account_ages_at = of_account.filter_map(|name| self.account_ages_at(name, of, now)).min();
        let is_told = merge.status.is_some() || !merge.fields.is_empty();
        let days_turn_at = if is_told { self.days_turn_at(of, now) } else { None };
        merge.turns_at = ages_at.into_iter().chain(account_ages_at).chain(days_turn_at).min();
        merge
    }
}

/// Whether another record, which comes first, leads to the same person.
fn is_led_to_before(place: Idx, members: &[Idx], among: &[Idx]) -> bool {
    members.iter().any(|m| *m < place && among.binary_search(m).is_ok())
}

/// Whether nothing can link a record to another, so that nobody needs to look for others of its person.
fn is_alone(world: &World, record: &Record, address: Option<&Address>) -> bool {
    record.same_as.is_empty() && world.namers(&record.id).is_empty() && address.is_none_or(|address| world.bearers(address).len() < 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::LinkRules;
    use crate::model::record::field;
    use crate::model::{Field, Value};
    use proptest::prelude::*;

    proptest! {
        /// Two halves on two threads are the whole in its order, however the work groups them.
        #[test]
        fn on_two_threads_the_same_comes_out_in_order(len in 0usize..3 * WORTH_A_THREAD, at_once in 1usize..50) {
            let of: Vec<usize> = (0..len).collect();
            let all = |some: &[usize]| some.chunks(at_once).flat_map(|c| c.iter().filter(|n| *n % 3 != 0).map(|n| n * 2)).collect();
            prop_assert_eq!(on_two_threads(&of, all), all(&of));
        }

        /// Each person is sketched once, by the first of its records that is looked at.
        #[test]
        fn one_record_leads_to_a_person(
            members in prop::collection::btree_set(0u32..40, 1..6),
            among in prop::collection::btree_set(0u32..40, 0..20),
        ) {
            let (members, among): (Vec<Idx>, Vec<Idx>) = (members.into_iter().collect(), among.into_iter().collect());
            let looked_at: Vec<Idx> = members.iter().copied().filter(|m| among.contains(m)).collect();
            let leads: Vec<Idx> = looked_at.iter().copied().filter(|m| !is_led_to_before(*m, &members, &among)).collect();
            prop_assert_eq!(leads.as_slice(), &looked_at[..looked_at.len().min(1)]);
        }
    }

    /// Who is taken for one alone is what the linking makes one alone of.
    #[test]
    fn nobody_is_alone_whom_an_address_or_an_id_may_lead_to() {
        let record = |id: &str, email: Option<&str>, same_as: &[&str]| {
            let mut record = Record::new(id.parse().unwrap());
            let value = |email: &str| Field::new(field::EMAIL.into(), Value::Text(email.into()), Time(0));
            record.fields = email.map(value).into_iter().collect();
            record.same_as = same_as.iter().map(|id| id.parse().unwrap()).collect();
            record
        };
        let mut world = World::default();
        let records = [
            (record("crm:person:1", Some("taro@acme.example"), &[]), false),
            (record("ma:person:1", Some("taro@acme.example"), &[]), false),
            (record("crm:person:2", Some("hana@acme.example"), &[]), true),
            (record("crm:person:3", None, &[]), true),
            (record("crm:person:4", None, &[]), false),
            (record("ma:person:4", None, &["crm:person:4"]), false),
            (record("ma:person:5", None, &["crm:person:unseen"]), false),
        ];
        let places: Vec<Idx> = records.iter().map(|(record, _)| world.put("people".into(), record)).collect();
        for ((record, alone), place) in records.iter().zip(places) {
            assert_eq!(is_alone(&world, record, record.address().as_ref()), *alone, "{}", record.id);
            let members = View::new(&world).component(place, &LinkRules::usual()).members;
            assert!(!alone || members == [place], "{}", record.id);
        }
    }
}
