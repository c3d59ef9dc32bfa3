//! Deals and tickets that name somebody unknown, and rows that could not be read: they are looked up by id, once the system's people were read
//! whole. Who is not there either is nobody; their deal then holds its account, as one that cannot be read does. So are records that listings
//! missed which leave out what changed last.

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
    /// Known ones that listings missed.
    pub(super) missed: BTreeMap<RecordId, Tried>,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> RecordId {
        text.parse().unwrap()
    }

    #[test]
    fn whoever_is_not_found_is_looked_for_ever_more_rarely_and_still_once_a_day() {
        let (mut tried, now) = (AT_ONCE, Time(1_000));
        assert!(tried.next <= now);
        let mut minutes = Vec::new();
        for _ in 0..10 {
            tried = tried.again(now);
            minutes.push(tried.next.since(now).as_seconds() / 60);
        }
        assert_eq!(minutes, [10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
        let often = Tried { times: u32::MAX, next: now }.again(now);
        assert_eq!(often.next, now.plus(WAIT_MAX));
    }

    #[test]
    fn a_merged_person_is_named_by_the_id_that_they_have_now() {
        let mut look_ups = LookUps::default();
        look_ups.take_merged(id("crm:person:5"), "2".into());
        look_ups.take_merged(id("ma:person:1"), "9".into());
        for (people, want) in [(vec!["5"], vec!["2"]), (vec!["1", "5"], vec!["1", "2"]), (vec!["2", "5"], vec!["2"]), (vec![], vec![])] {
            let mut people: Vec<ShortText> = people.into_iter().map(ShortText::from).collect();
            look_ups.follow_merges(&"crm".into(), &mut people);
            assert_eq!(people, want.into_iter().map(ShortText::from).collect::<Vec<_>>());
        }
    }

    #[test]
    fn whoever_was_merged_is_wanted_no_more() {
        let mut look_ups = LookUps::default();
        for person in ["crm:person:1", "crm:person:2", "ma:person:3"] {
            look_ups.people.insert(id(person), AT_ONCE);
        }
        look_ups.rows.insert(id("crm:deal:4"), AT_ONCE);
        look_ups.take_merged(id("crm:person:2"), "1".into());
        assert_eq!(look_ups.wanted_people(&"crm".into()).collect::<Vec<_>>(), [&id("crm:person:1")]);
        let of = |entity| look_ups.of(entity).keys().map(|id| &*id.id).collect::<Vec<_>>();
        assert_eq!((of(Entity::Person), of(Entity::Deal), of(Entity::Ticket)), (vec!["1", "2", "3"], vec!["4"], vec!["4"]));
    }
}
