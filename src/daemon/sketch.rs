//! What can be said of a person by looking only: who it is, which holds reach it, what the merge makes of its fields. Nothing is changed, so
//! that many are sketched at once on several threads; [`reconcile`](super::reconcile) then decides on each in turn.

use super::engine::Engine;
use super::reconcile::{addresses, is_target};
use super::system::SystemState;
use super::view::View;
use super::world::{Idx, NOBODY};
use crate::decide::phase::Phase;
use crate::decide::standing::HoldNow;
use crate::model::{Address, Name, Record, Time, Value};

/// Fewer are looked at in less time than a thread takes to start.
const WORTH_A_THREAD: usize = 128;

/// One person, looked at.
pub struct Sketch {
    /// Sorted.
    pub members: Vec<Idx>,
    pub records: Vec<Record>,
    /// All that its records bear or bore.
    pub addresses: Vec<Address>,
    /// Others who bear one of them.
    pub neighbours: Vec<Idx>,
    /// Through its own deals, accounts and tickets.
    pub holds: Vec<HoldNow>,
    /// Phases that were not in memory.
    pub phases: Phases,
    pub merge: Merge,
}

/// Causes with their phase under each hold rule.
pub type Phases = Vec<(Idx, Box<[Phase]>)>;

/// What the rules make of a person's fields, as far as some target may be told.
#[derive(Debug, Clone, Default)]
pub struct Merge {
    /// `None`: no target is told a status.
    pub status: Option<StatusNow>,
    /// Winners; `None`: the field is left alone.
    pub fields: Vec<(Name, Option<Value>)>,
}

/// A lead status, or the rule that could not be evaluated and why.
#[derive(Debug, Clone, Default)]
pub struct StatusNow {
    pub name: Option<Name>,
    pub error: Option<Box<str>>,
}

/// Does the same with each, in order.
fn on_two_threads<T: Sync, R: Send>(of: &[T], each: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let all = |some: &[T]| some.iter().map(&each).collect::<Vec<R>>();
    if of.len() < WORTH_A_THREAD {
        return all(of);
    }
    let (first, second) = of.split_at(of.len() / 2);
    std::thread::scope(|threads| {
        let other = threads.spawn(|| all(second));
        let mut done = all(first);
        done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        done
    })
}

impl Engine {
    /// The persons of these records, which are in order; of each the records among them lead to it once.
    pub fn sketches(&self, of: &[Idx], now: Time) -> Vec<Sketch> {
        on_two_threads(of, |start| self.sketch(*start, of, now)).into_iter().flatten().collect()
    }

    /// These target records, each with what the rules make of its person's fields.
    pub fn looks(&self, of: &[Idx], now: Time) -> Vec<(Record, Merge)> {
        on_two_threads(of, |idx| {
            let record = self.world.record(*idx);
            let merge = self.merge_for(*idx, &record, now);
            (record, merge)
        })
    }

    /// What the rules make of the fields of a target record's person.
    pub fn merge_for(&self, idx: Idx, record: &Record, now: Time) -> Merge {
        let person = self.world.slot(idx).person;
        if person == NOBODY || record.is_gone() {
            return Merge::default();
        }
        let records = View::new(&self.world).take(&self.people[person as usize].members);
        self.merge(self.systems.get(&record.id.system).into_iter(), &records, now)
    }

    fn sketch(&self, start: Idx, among: &[Idx], now: Time) -> Option<Sketch> {
        let (members, records) = self.person_of(start);
        if members.iter().any(|m| *m < start && among.binary_search(m).is_ok()) {
            return None;
        }
        let addresses = addresses(&records);
        let mut neighbours: Vec<Idx> = Vec::new();
        for address in &addresses {
            neighbours.extend(self.world.bearers(address).iter().filter(|i| !members.contains(i)));
        }
        let mut phases = Phases::new();
        let holds = self.direct_holds(&records, &addresses, now, &mut phases);
        let targets = members.iter().zip(&records).filter_map(|(idx, record)| {
            let system = self.systems.get(&record.id.system)?;
            (is_target(&system.abilities, &self.world.slot(*idx).stream) && !record.is_gone()).then_some(system)
        });
        let merge = self.merge(targets, &records, now);
        Some(Sketch { members, records, addresses, neighbours, holds, phases, merge })
    }

    /// Who a record is one person with.
    fn person_of(&self, start: Idx) -> (Vec<Idx>, Vec<Record>) {
        let view = View::new(&self.world);
        let record = view.get(start);
        let alone = record.same_as.is_empty()
            && self.world.namers(&record.id).is_empty()
            && record.address().is_none_or(|address| self.world.bearers(&address).len() < 2);
        let members = if alone { vec![start] } else { view.component(start, &self.link_rules).members };
        let records = view.take(&members);
        (members, records)
    }

    /// What the rules make of a person's fields, for these of its targets.
    pub fn merge<'s>(&'s self, targets: impl Iterator<Item = &'s SystemState>, records: &[Record], now: Time) -> Merge {
        let mut merge = Merge::default();
        for system in targets {
            if system.allowed.status && merge.status.is_none() {
                merge.status = Some(self.status_now(records, now));
            }
            for name in &system.config.writes.fields {
                if merge.fields.iter().all(|(known, _)| known != name) {
                    merge.fields.push((name.clone(), self.winner(name, records, now)));
                }
            }
        }
        merge
    }
}
