//! The forms of items in the store.

use crate::store::state::ITEM_BYTES_MAX;
use serde::{Serialize, de::DeserializeOwned};

/// An item of the store that is not what it should be.
#[derive(Debug, thiserror::Error)]
#[error("the state's item {what} cannot be read ({why})")]
pub struct UnreadableItem {
    pub what: String,
    pub why: String,
}

const ITEM_BYTES_USUAL: usize = 192;

pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    match postcard::serialize_with_flavor(value, Bytes(Vec::with_capacity(ITEM_BYTES_USUAL))) {
        Ok(bytes) => bytes,
        Err(error) => unreachable!("plain data always encodes: {error}"),
    }
}

/// An item is kept well below what the store takes: a batch of records with long texts is more than one item.
const PART_BYTES_MAX: usize = ITEM_BYTES_MAX / 4;

/// Encodes a list in one part, or in several if it is too long for one item.
pub fn encode_in_parts<T: Serialize>(items: &[T]) -> Vec<(&[T], Vec<u8>)> {
    let bytes = encode(items);
    if bytes.len() <= PART_BYTES_MAX || items.len() < 2 {
        return vec![(items, bytes)];
    }
    let (first, second) = items.split_at(items.len() / 2);
    [encode_in_parts(first), encode_in_parts(second)].concat()
}

/// Takes texts whole, into room for most items. postcard's own ways take each byte by itself, or grow from nothing.
struct Bytes(Vec<u8>);

impl postcard::ser_flavors::Flavor for Bytes {
    type Output = Vec<u8>;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

pub fn decode<T: DeserializeOwned>(what: &str, bytes: &[u8]) -> Result<T, UnreadableItem> {
    postcard::from_bytes(bytes).map_err(|e| UnreadableItem { what: what.to_string(), why: e.to_string() })
}
