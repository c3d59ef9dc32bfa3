//! Deals and tickets that name somebody unknown, and rows that could not be read: they are looked up by id, once the system's people were read
//! whole. Who is not there either is nobody; their deal then holds its account, as one that cannot be read does.

use crate::engine::ledger::kind::{Kind, Tag};
use crate::model::{Entity, Name, RecordId, ShortText, Span, Time};
use hashbrown::HashMap;
use std::collections::{BTreeMap, BTreeSet};

/// People who were merged, with whom they are now.
pub(in crate::engine) const MERGED: Kind<ShortText> = Kind::new(Tag::Merged);

/// Ids in one pass.
pub(super) const IDS_MAX: usize = 100;

/// The wait after a look-up that showed nothing; it doubles each time, up to [`WAIT_MAX`].
const WAIT: Span = Span::minutes(10);
const WAIT_MAX: Span = Span::days(1);

/// What is to be looked up, and what look-ups showed.
#[derive(Debug, Default)]
pub struct LookUps {
    /// Systems whose people were read whole in this state: who is not among them is unknown.
    pub(in crate::engine) whole: BTreeSet<Name>,
    pub(super) people: BTreeMap<RecordId, Tried>,
    pub(super) rows: BTreeMap<RecordId, Tried>,
    /// People who were merged into another.
    pub(in crate::engine) merged: HashMap<RecordId, ShortText>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Tried {
    times: u32,
    pub(in crate::engine) next: Time,
}

impl Tried {
    pub(in crate::engine) fn again(self, now: Time) -> Tried {
        let wait = Span(WAIT.0.saturating_mul(1 << self.times.min(10))).min(WAIT_MAX);
        Tried { times: self.times.saturating_add(1), next: now.plus(wait) }
    }
}

pub(super) const AT_ONCE: Tried = Tried { times: 0, next: Time(0) };

impl LookUps {
    pub fn take_merged(&mut self, from: RecordId, into: ShortText) {
        self.merged.insert(from, into);
    }

    /// People by the ids that they have now.
    pub fn follow_merges(&self, system: &Name, people: &mut Vec<ShortText>) {
        if self.merged.is_empty() {
            return;
        }
        for person in people.iter_mut() {
            if let Some(into) = self.merged.get(&RecordId::new(system.clone(), Entity::Person, person.clone())) {
                *person = into.clone();
            }
        }
        people.sort();
        people.dedup();
    }

    /// Whether a system's people were read whole, so that others are unknown.
    pub(in crate::engine) fn reads_whole(&self, system: &Name) -> bool {
        self.whole.contains(system)
    }

    /// People of a system whom something names and nobody knew.
    pub(in crate::engine) fn wanted_people<'l>(&'l self, system: &'l Name) -> impl Iterator<Item = &'l RecordId> {
        self.people.keys().filter(move |id| id.system == *system && !self.merged.contains_key(*id))
    }

    pub(super) fn of(&self, entity: Entity) -> &BTreeMap<RecordId, Tried> {
        if entity == Entity::Person { &self.people } else { &self.rows }
    }
}
