//! An item's hash, and where it lies, in 64 bits.

use crate::store::state::changes::ItemKind;
use std::hash::{Hash, Hasher};

/// 128 bits of a hash of kind and key: no two of a thousand million items share one, whoever chooses the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct ItemHash {
    high: u64,
    low: u64,
}

impl ItemHash {
    pub(in crate::store) fn of(kind: ItemKind, key: &[u8]) -> ItemHash {
        // One call is several times as fast as a hasher, and most keys fit into one block.
        let mut block = [kind; 64];
        let hash = match block.get_mut(1..=key.len()) {
            Some(room) => {
                room.copy_from_slice(key);
                blake3::hash(&block[..=key.len()])
            }
            None => blake3::Hasher::new().update(&[kind]).update(key).finalize(),
        };
        let both = hash.as_bytes()[..16].iter().fold(0u128, |both, byte| both << 8 | u128::from(*byte));
        ItemHash { high: (both >> 64) as u64, low: both as u64 }
    }

    /// What an item adds to the state's digest where it lies now. A lost pack, or an older copy in a newer one's place, changes the sum.
    pub(in crate::store) fn digest(self, pack: u64) -> u64 {
        self.low ^ pack.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl Hash for ItemHash {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.high);
    }
}

/// The key is a hash already.
#[derive(Default)]
pub(in crate::store) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Numbers one after the other, spread over the table.
#[derive(Default)]
pub(in crate::store) struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// An item's place in 64 bits: the pack's number (38 bits), how many older copies still lie in packs (17), its size in
/// units (8), and whether it says "deleted" (1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct ItemPlace(u64);

impl ItemPlace {
    pub(in crate::store) const UNIT: usize = 16;
    pub(in crate::store) const COPIES_MAX: u64 = (1 << 17) - 1;
    /// Of an item that is about to be written; also the bound of pack numbers.
    pub(in crate::store) const PENDING: u64 = (1 << 38) - 1;

    pub(in crate::store) fn new(pack: u64, older: u64, bytes: usize, deleted: bool) -> ItemPlace {
        let units = bytes.div_ceil(ItemPlace::UNIT).min(255) as u64;
        ItemPlace((pack << 26) | (older.min(ItemPlace::COPIES_MAX) << 9) | (units << 1) | u64::from(deleted))
    }

    pub(in crate::store) fn pack(self) -> u64 {
        self.0 >> 26
    }

    /// At the maximum the count is not known any more, and stays.
    pub(in crate::store) fn older(self) -> u64 {
        (self.0 >> 9) & ItemPlace::COPIES_MAX
    }

    pub(in crate::store) fn units(self) -> u32 {
        (self.0 >> 1 & 255) as u32
    }

    pub(in crate::store) fn is_deleted(self) -> bool {
        self.0 & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_parts() {
        for (pack, older, bytes, deleted) in
            [(0, 0, 0, false), (ItemPlace::PENDING, ItemPlace::COPIES_MAX, 3500, true), (77, 3, 300, false)]
        {
            let place = ItemPlace::new(pack, older, bytes, deleted);
            assert_eq!((place.pack(), place.older(), place.is_deleted()), (pack, older, deleted));
            assert_eq!(place.units() as usize, bytes.div_ceil(16));
        }
        assert_eq!(ItemPlace::new(1, u64::MAX, 1 << 20, false).units(), 255);
    }

    #[test]
    fn a_hash_is_of_kind_and_key_whatever_their_length() {
        for length in [0, 1, 12, 62, 63, 64, 65, 200] {
            let key = vec![b'k'; length];
            let whole = blake3::hash(&[&[7], key.as_slice()].concat());
            let ItemHash { high, low } = ItemHash::of(7, &key);
            assert_eq!([high.to_be_bytes(), low.to_be_bytes()].concat(), whole.as_bytes()[..16], "{length}");
        }
    }

    #[test]
    fn an_entry_is_24_bytes() {
        assert_eq!(size_of::<(ItemHash, ItemPlace)>(), 24);
    }
}
