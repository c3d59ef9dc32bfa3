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
    /// How many have an update due.
    updates: usize,
}

impl Deref for Outbox {
    type Target = BTreeMap<Idx, Lanes>;

    fn deref(&self) -> &BTreeMap<Idx, Lanes> {
        &self.all
    }
}

impl Outbox {
    /// Takes note of the directions in which a record has something due; one that has nothing is taken out.
    pub fn line_up(&mut self, idx: Idx, lanes: Lanes) {
        for (list, is) in [(&mut self.protective, lanes.protective), (&mut self.release, lanes.release)] {
            if is {
                list.insert(idx);
            } else {
                list.remove(&idx);
            }
        }
        let before = if lanes == Lanes::default() { self.all.remove(&idx) } else { self.all.insert(idx, lanes) };
        let had_update = before.is_some_and(|b| b.update);
        self.updates = self.updates + usize::from(lanes.update) - usize::from(had_update);
    }

    /// How many records have a release due.
    pub fn releases(&self) -> usize {
        self.release.len()
    }

    /// How many records have an update due.
    pub fn updates(&self) -> usize {
        self.updates
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
        let lanes = |protective, release| Lanes { protective, release, update: true, ..Lanes::default() };
        let mut outbox = Outbox::default();
        for (idx, with) in [(3, lanes(true, false)), (1, lanes(false, true)), (2, lanes(false, false)), (4, lanes(true, true))] {
            outbox.line_up(idx, with);
        }
        outbox.line_up(3, lanes(false, false));
        outbox.line_up(4, Lanes::default());
        outbox.line_up(5, lanes(true, false));
        let found = [Lane::Protective, Lane::Release, Lane::Fields].map(|lane| outbox.in_lane(lane).map(|(i, _)| *i).collect::<Vec<_>>());
        assert_eq!(found, [vec![5], vec![1], vec![1, 2, 3, 5]]);
    }

    #[test]
    fn releases_and_updates_are_counted_once_however_often_a_record_is_lined_up() {
        let mut outbox = Outbox::default();
        for (idx, release, update, counted) in [
            (1, true, true, (1, 1)),
            (1, true, true, (1, 1)),
            (2, false, true, (1, 2)),
            (1, false, true, (0, 2)),
            (3, true, false, (1, 2)),
            (2, false, false, (1, 1)),
            (2, false, false, (1, 1)),
            (1, false, false, (1, 0)),
        ] {
            outbox.line_up(idx, Lanes { protective: false, release, update, ..Lanes::default() });
            assert_eq!((outbox.releases(), outbox.updates()), counted, "{idx} {release} {update}");
        }
        assert_eq!(outbox.len(), 1, "who has nothing due is not in it");
    }
}
