//! Target records with something to write, and in which directions. Rare directions have lists of their own, so that the next batch is
//! found without a look at all the rest.

use crate::connector::Lane;
use crate::engine::memory::place::Idx;
use crate::engine::target::lanes::Lanes;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// Reads as the map that it is.
#[derive(Debug, Default)]
pub struct Outbox {
    all: BTreeMap<Idx, Lanes>,
    protective: BTreeSet<Idx>,
    release: BTreeSet<Idx>,
}

impl Deref for Outbox {
    type Target = BTreeMap<Idx, Lanes>;

    fn deref(&self) -> &BTreeMap<Idx, Lanes> {
        &self.all
    }
}

impl Outbox {
    pub fn insert(&mut self, idx: Idx, lanes: Lanes) -> Option<Lanes> {
        for (list, is) in [(&mut self.protective, lanes.protective), (&mut self.release, lanes.release)] {
            if is {
                list.insert(idx);
            } else {
                list.remove(&idx);
            }
        }
        self.all.insert(idx, lanes)
    }

    pub fn remove(&mut self, idx: &Idx) -> Option<Lanes> {
        self.protective.remove(idx);
        self.release.remove(idx);
        self.all.remove(idx)
    }

    /// Records that may have something to write in a lane, in order.
    pub fn in_lane(&self, lane: Lane) -> Box<dyn Iterator<Item = (&Idx, &Lanes)> + '_> {
        let list = match lane {
            Lane::Protective => &self.protective,
            Lane::Release => &self.release,
            Lane::Fields | Lane::Read | Lane::ReadBack => return Box::new(self.all.iter()),
        };
        Box::new(list.iter().filter_map(|idx| Some((idx, self.all.get(idx)?))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_follow_the_map() {
        let lanes = |protective, release| Lanes { protective, release, update: true };
        let mut outbox = Outbox::default();
        for (idx, with) in [(3, lanes(true, false)), (1, lanes(false, true)), (2, lanes(false, false)), (4, lanes(true, true))] {
            outbox.insert(idx, with);
        }
        outbox.insert(3, lanes(false, false));
        outbox.remove(&4);
        outbox.insert(5, lanes(true, false));
        let found = [Lane::Protective, Lane::Release, Lane::Fields].map(|lane| outbox.in_lane(lane).map(|(i, _)| *i).collect::<Vec<_>>());
        assert_eq!(found, [vec![5], vec![1], vec![1, 2, 3, 5]]);
    }
}
