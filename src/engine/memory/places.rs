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
