//! Maps and sets by a record's place. Places are numbers of our own, which nobody outside chooses; so neighbours may lie side by side, and
//! whoever goes through records in order goes through memory in order.

use super::place::Idx;
use crate::model::ShortText;
use std::collections::BTreeMap;
use std::hash::{BuildHasherDefault, Hasher};

pub type ByPlace<V> = hashbrown::HashMap<Idx, V, BuildHasherDefault<InOrder>>;
pub type Places = hashbrown::HashSet<Idx, BuildHasherDefault<InOrder>>;

/// The table goes by the lower bits of a hash, and tells entries that lie together apart by the upper seven.
#[derive(Debug, Default, Clone, Copy)]
pub struct InOrder(u64);

impl Hasher for InOrder {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u32(self.0 as u32 ^ u32::from(*byte)));
    }

    fn write_u32(&mut self, place: u32) {
        let place = u64::from(place);
        self.0 = place | place.wrapping_mul(0x9e37_79b9_7f4a_7c15) & (0x7f << 57);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Records and what each shows of this, by place.
pub type UnreadByPlace = BTreeMap<Idx, Box<[ShortText]>>;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::hash::BuildHasher;

    fn hash(idx: Idx) -> u64 {
        BuildHasherDefault::<InOrder>::default().hash_one(idx)
    }

    #[test]
    fn neighbours_lie_side_by_side_and_are_told_apart() {
        for first in [0, 1_000, u32::MAX - 127] {
            let group: Vec<u64> = (0..128).map(|i| hash(first + i)).collect();
            assert!(group.windows(2).all(|pair| (pair[0] as u32).wrapping_add(1) == pair[1] as u32), "from {first}");
            let tags: BTreeSet<u64> = group.iter().map(|hash| hash >> 57).collect();
            assert!(tags.len() > 100, "{} of 128 from {first}", tags.len());
        }
    }

    #[test]
    fn places_that_fall_on_one_spot_of_a_small_table_differ_in_their_tags() {
        let tags: BTreeSet<u64> = (0..64).map(|i| hash(i << 16) >> 57).collect();
        assert!(tags.len() > 30, "{} of 64", tags.len());
    }

    #[test]
    fn other_bytes_than_a_place_have_a_hash_of_their_own() {
        let of = |bytes: &[u8]| {
            let mut hasher = InOrder::default();
            hasher.write(bytes);
            hasher.finish()
        };
        assert_ne!(of(b"a"), of(b"b"));
    }
}
