//! Where each item lies: 24 bytes of memory an item, whatever its key's length, and a few a pack.

use super::pack::PACK_BYTES;
use super::place::{AsItIs, ItemHash, ItemPlace, Spread};
use std::collections::{BTreeSet, HashMap, hash_map};
use std::hash::BuildHasherDefault;

/// A pack whose live bytes are at most a third is moved along. With random rewrites the disk then levels off near 1.7 times the
/// live bytes; a higher share would save little and write more.
const THIN_UNITS: u32 = (PACK_BYTES / ItemPlace::UNIT / 3) as u32;

/// Of a pack of slots, however few they are: each costs the store a value and a key.
const PACK_UNITS: u32 = (PACK_BYTES / ItemPlace::UNIT) as u32;

/// A state of up to a megabyte is left as it is.
const UNTIDY_UNITS_MIN: u64 = 300 * PACK_UNITS as u64;

#[derive(Debug, Clone, Copy, Default)]
struct Live {
    slots: u32,
    /// Of the live slots.
    units: u32,
    /// What the pack takes, with what is dead in it.
    size: u32,
}

/// How much of a pack counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PackFill {
    Empty,
    Thin,
    Full,
}

impl Live {
    fn state(&self) -> PackFill {
        match self {
            Live { slots: 0, .. } => PackFill::Empty,
            Live { units, .. } if *units <= THIN_UNITS => PackFill::Thin,
            Live { .. } => PackFill::Full,
        }
    }
}

/// All items' places, and what of each pack still counts.
///
/// A deleted item keeps an entry (and its slot) for as long as an older copy of it lies in some pack: without it the next open would
/// bring the item back.
#[derive(Debug, Default)]
pub(in crate::store) struct Index {
    places: HashMap<ItemHash, ItemPlace, BuildHasherDefault<AsItIs>>,
    packs: HashMap<u64, Live, BuildHasherDefault<Spread>>,
    /// Packs that are mostly dead (or were small from the first).
    thin: BTreeSet<u64>,
    /// Packs without a live slot, to be deleted.
    empty: BTreeSet<u64>,
    items: u64,
    digest: u64,
    /// Of all packs, as [`Live`] has them.
    live_units: u64,
    size: u64,
}

impl Index {
    /// Items that are there, without deleted ones.
    pub(in crate::store) fn items(&self) -> u64 {
        self.items
    }

    pub(in crate::store) fn digest(&self) -> u64 {
        self.digest
    }

    /// Whether packs take half as much again as what counts in them. The longer they are left, the less there is to be moved.
    pub(in crate::store) fn is_untidy(&self) -> bool {
        self.size > UNTIDY_UNITS_MIN && self.size > self.live_units + self.live_units / 2
    }

    pub(in crate::store) fn place(&self, hash: ItemHash) -> Option<ItemPlace> {
        self.places.get(&hash).copied()
    }

    pub(in crate::store) fn is_live(&self, hash: ItemHash, pack: u64) -> bool {
        self.places.get(&hash).is_some_and(|place| place.pack() == pack)
    }

    /// Goes to where these lie, before they are looked at: memory answers many questions at once as fast as one, if none waits for another.
    pub(in crate::store) fn fetch(&self, hashes: &[ItemHash]) {
        for hash in hashes {
            std::hint::black_box(self.places.contains_key(hash));
        }
    }

    /// Whether an item was superseded by a put that is not laid yet.
    pub(in crate::store) fn is_about_to_be_put(&self, hash: ItemHash) -> bool {
        self.place(hash).is_some_and(|place| place.pack() == ItemPlace::PENDING && !place.is_deleted())
    }

    /// A slot as the scan at open meets it, in the order of packs: later wins.
    pub(in crate::store) fn found(&mut self, hash: ItemHash, pack: u64, bytes: usize, deleted: bool) {
        self.packs.entry(pack).or_default();
        self.supersede(hash, deleted);
        if self.is_live(hash, ItemPlace::PENDING) {
            self.settle(hash, pack, bytes);
        } else {
            // "Deleted", and nothing older is left.
            self.note(pack);
        }
    }

    /// An item is about to be written (or deleted): its present place is dead. True if there was such an item.
    pub(in crate::store) fn supersede(&mut self, hash: ItemHash, deleted: bool) -> bool {
        let old = match self.places.entry(hash) {
            hash_map::Entry::Vacant(free) => {
                if !deleted {
                    free.insert(ItemPlace::new(ItemPlace::PENDING, 0, 0, false));
                }
                return false;
            }
            hash_map::Entry::Occupied(mut taken) => {
                let old = *taken.get();
                if deleted && old.is_deleted() {
                    return false;
                }
                let counts = !old.is_deleted() && old.pack() != ItemPlace::PENDING;
                let older = if counts { add_copy(old.older()) } else { old.older() };
                if deleted && older == 0 {
                    // A "deleted" hides older copies; without any it is needless.
                    taken.remove();
                } else {
                    taken.insert(ItemPlace::new(ItemPlace::PENDING, older, 0, deleted));
                }
                old
            }
        };
        self.leave(hash, old);
        !old.is_deleted()
    }

    /// A live item of a pack that goes away with it is about to be written elsewhere.
    pub(in crate::store) fn lift(&mut self, hash: ItemHash) {
        if let Some(old) = self.place(hash) {
            self.leave(hash, old);
            self.places.insert(hash, ItemPlace::new(ItemPlace::PENDING, old.older(), 0, old.is_deleted()));
        }
    }

    /// A dead copy went away with its pack.
    pub(in crate::store) fn copy_gone(&mut self, hash: ItemHash) {
        if let Some(place) = self.place(hash)
            && place.older() < ItemPlace::COPIES_MAX
        {
            let older = place.older().saturating_sub(1);
            self.places.insert(hash, ItemPlace::new(place.pack(), older, place.units() as usize * ItemPlace::UNIT, place.is_deleted()));
            self.forget_if_needless(hash);
        }
    }

    /// A pending item was laid into a pack.
    pub(in crate::store) fn settle(&mut self, hash: ItemHash, pack: u64, bytes: usize) {
        let Some(known) = self.places.get_mut(&hash) else { return };
        let place = ItemPlace::new(pack, known.older(), bytes, known.is_deleted());
        *known = place;
        let live = self.packs.entry(pack).or_default();
        let before = live.state();
        // A large item's place does not hold its size.
        let units = bytes.div_ceil(ItemPlace::UNIT) as u32;
        live.slots += 1;
        live.units += units;
        self.live_units += u64::from(units);
        if live.size == 0 {
            live.size = units.max(PACK_UNITS);
            self.size += u64::from(live.size);
        }
        let now = live.state();
        if !place.is_deleted() {
            self.items += 1;
            self.digest = self.digest.wrapping_add(hash.digest(pack));
        }
        if now != before {
            self.note(pack);
        }
    }

    /// A pack without a live slot, which is now taken as deleted.
    pub(in crate::store) fn take_empty(&mut self) -> Option<u64> {
        let pack = self.empty.pop_first()?;
        self.forget_pack(pack);
        Some(pack)
    }

    /// The oldest thin pack below `below`, taken as deleted: its live items must be lifted.
    pub(in crate::store) fn take_thin(&mut self, below: u64) -> Option<u64> {
        let pack = *self.thin.first().filter(|pack| **pack < below)?;
        self.thin.remove(&pack);
        self.forget_pack(pack);
        Some(pack)
    }

    /// Live slots that it has are lifted one by one, and then belong to no pack.
    fn forget_pack(&mut self, pack: u64) {
        if let Some(live) = self.packs.remove(&pack) {
            self.live_units -= u64::from(live.units);
            self.size -= u64::from(live.size);
        }
    }

    /// A "deleted" hides older copies; without any it is needless.
    fn forget_if_needless(&mut self, hash: ItemHash) {
        if let Some(place) = self.place(hash)
            && place.is_deleted()
            && place.older() == 0
        {
            self.leave(hash, place);
            self.places.remove(&hash);
        }
    }

    /// Takes an entry off its pack's account.
    fn leave(&mut self, hash: ItemHash, place: ItemPlace) {
        let pack = place.pack();
        if pack == ItemPlace::PENDING {
            return;
        }
        if !place.is_deleted() {
            self.items -= 1;
            self.digest = self.digest.wrapping_sub(hash.digest(pack));
        }
        if let Some(live) = self.packs.get_mut(&pack) {
            let before = live.state();
            live.slots -= 1;
            let gone = if live.slots == 0 { live.units } else { place.units() };
            live.units -= gone;
            self.live_units -= u64::from(gone);
            if live.state() != before {
                self.note(pack);
            }
        }
    }

    fn note(&mut self, pack: u64) {
        match self.packs.get(&pack).map(Live::state) {
            Some(PackFill::Empty) => {
                self.thin.remove(&pack);
                self.empty.insert(pack);
            }
            Some(PackFill::Thin) => {
                self.empty.remove(&pack);
                self.thin.insert(pack);
            }
            Some(PackFill::Full) => {
                self.empty.remove(&pack);
                self.thin.remove(&pack);
            }
            None => {}
        }
    }
}

fn add_copy(older: u64) -> u64 {
    (older + 1).min(ItemPlace::COPIES_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deletion_lasts_as_long_as_an_older_copy() {
        let item = ItemHash::of(1, b"a");
        let mut index = Index::default();
        for pack in [1, 2] {
            index.supersede(item, false);
            index.settle(item, pack, 100);
        }
        assert_eq!((index.items(), index.take_empty()), (1, Some(1)));
        // Pack 1 is still being read: its copy hides behind the deletion.
        assert!(index.supersede(item, true));
        index.settle(item, 3, 10);
        assert_eq!((index.items(), index.digest()), (0, 0));
        index.copy_gone(item);
        assert!(index.place(item).is_some(), "the copy in pack 2 is left");
        assert_eq!(index.take_empty(), Some(2));
        index.copy_gone(item);
        assert_eq!((index.place(item), index.take_empty()), (None, Some(3)));
    }
}
