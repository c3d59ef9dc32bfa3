//! Which records have a key in common: lists of places under 64-bit hashes, some 20 bytes a key where mostly one record has it.
//!
//! Two keys with one hash would share their list. So a list says who *may* have the key; what joins people or ends something looks
//! into the records.

use super::place::Idx;
use hashbrown::HashTable;

/// Beyond the places that there can be: the entry has a list.
const LISTED: u32 = 1 << 31;

/// Lists of places by the hash of a key; each sorted, without duplicates.
#[derive(Debug, Default)]
pub struct Postings {
    entries: HashTable<PostingList>,
    lists: Vec<Vec<Idx>>,
    free: Vec<u32>,
}

/// The hash in two halves, so that an entry is 12 bytes; and the one place, or the number of the list.
#[derive(Debug, Clone, Copy)]
struct PostingList {
    hash: [u32; 2],
    place: u32,
}

fn halves(hash: u64) -> [u32; 2] {
    [(hash >> 32) as u32, hash as u32]
}

fn whole(entry: &PostingList) -> u64 {
    u64::from(entry.hash[0]) << 32 | u64::from(entry.hash[1])
}

impl Postings {
    pub fn get(&self, hash: u64) -> &[Idx] {
        match self.entries.find(hash, |e| e.hash == halves(hash)) {
            None => &[],
            Some(entry) if entry.place & LISTED == 0 => std::slice::from_ref(&entry.place),
            Some(entry) => &self.lists[(entry.place & !LISTED) as usize],
        }
    }

    pub fn add(&mut self, hash: u64, idx: Idx) {
        let Some(entry) = self.entries.find_mut(hash, |e| e.hash == halves(hash)) else {
            self.entries.insert_unique(hash, PostingList { hash: halves(hash), place: idx }, whole);
            return;
        };
        if entry.place & LISTED != 0 {
            let list = &mut self.lists[(entry.place & !LISTED) as usize];
            if let Err(at) = list.binary_search(&idx) {
                list.insert(at, idx);
            }
        } else if entry.place != idx {
            let list = vec![entry.place.min(idx), entry.place.max(idx)];
            let number = match self.free.pop() {
                Some(number) => {
                    self.lists[number as usize] = list;
                    number
                }
                None => {
                    self.lists.push(list);
                    self.lists.len() as u32 - 1
                }
            };
            entry.place = number | LISTED;
        }
    }

    pub fn remove(&mut self, hash: u64, idx: Idx) {
        let Ok(mut found) = self.entries.find_entry(hash, |e| e.hash == halves(hash)) else { return };
        let entry = found.get_mut();
        if entry.place & LISTED == 0 {
            if entry.place == idx {
                found.remove();
            }
            return;
        }
        let number = entry.place & !LISTED;
        let list = &mut self.lists[number as usize];
        list.retain(|i| *i != idx);
        if let [one] = list.as_slice() {
            entry.place = *one;
            *list = Vec::new();
            self.free.push(number);
        }
    }

    /// All lists of more than one place.
    pub fn several(&self) -> impl Iterator<Item = &[Idx]> {
        self.lists.iter().map(Vec::as_slice).filter(|list| !list.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn as_a_map_of_sets(steps in prop::collection::vec((any::<bool>(), 0u64..4, 0u32..6), 0..60)) {
            let (mut postings, mut plain) = (Postings::default(), BTreeMap::<u64, BTreeSet<Idx>>::new());
            for (add, key, idx) in steps {
                // Keys that differ in one half only.
                let hash = if key < 2 { key } else { key << 32 };
                if add {
                    postings.add(hash, idx);
                    plain.entry(hash).or_default().insert(idx);
                } else {
                    postings.remove(hash, idx);
                    plain.entry(hash).or_default().remove(&idx);
                }
                for hash in [0, 1, 2 << 32, 3 << 32] {
                    let want: Vec<Idx> = plain.get(&hash).into_iter().flatten().copied().collect();
                    prop_assert_eq!(postings.get(hash), want);
                }
                prop_assert_eq!(postings.several().count(), plain.values().filter(|s| s.len() > 1).count());
            }
        }
    }

    #[test]
    fn an_entry_is_12_bytes() {
        assert_eq!(size_of::<PostingList>(), 12);
    }
}
