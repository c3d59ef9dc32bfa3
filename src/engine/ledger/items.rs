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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        /// What lies in stores that former versions wrote is read by postcard's own ways.
        #[test]
        fn an_item_is_what_postcard_makes_of_it(numbers in any::<Vec<u64>>(), texts in any::<Vec<String>>()) {
            let bytes = encode(&(&numbers, &texts));
            prop_assert_eq!(&bytes, &postcard::to_allocvec(&(&numbers, &texts)).unwrap());
            prop_assert_eq!(decode::<(Vec<u64>, Vec<String>)>("x", &bytes).unwrap(), (numbers, texts));
        }

        /// A text alone may be longer than a part; two never stand in one that is.
        #[test]
        fn parts_are_short_and_together_the_list(lengths in proptest::collection::vec(0..PART_BYTES_MAX * 2 / 3, 0..9)) {
            let items: Vec<String> = lengths.into_iter().map(|l| "x".repeat(l)).collect();
            let parts = encode_in_parts(&items);
            prop_assert_eq!(parts.iter().flat_map(|(part, _)| part.iter()).collect::<Vec<_>>(), items.iter().collect::<Vec<_>>());
            for (part, bytes) in &parts {
                prop_assert!(bytes.len() <= PART_BYTES_MAX, "{} bytes", bytes.len());
                prop_assert_eq!(&decode::<Vec<String>>("x", bytes).unwrap(), part);
            }
            prop_assert_eq!(parts.len() == 1, encode(&items).len() <= PART_BYTES_MAX);
        }
    }

    #[test]
    fn what_is_too_long_by_itself_is_one_part() {
        let items = ["x".repeat(PART_BYTES_MAX), "y".into()];
        assert_eq!(encode_in_parts(&items).into_iter().map(|(part, _)| part.len()).collect::<Vec<_>>(), [1, 1]);
        assert_eq!(encode_in_parts(&items[..1]).len(), 1);
        assert_eq!(encode_in_parts::<String>(&[]).len(), 1, "also nothing is an item");
    }

    #[test]
    fn an_item_that_cannot_be_read_is_told_by_its_name() {
        let error = decode::<u64>("ma:person:1", &[0x80]).unwrap_err().to_string();
        assert!(error.starts_with("the state's item ma:person:1 cannot be read ("), "{error}");
    }
}
