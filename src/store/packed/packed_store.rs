//! A store with its items in packs, and where each of them lies.

use super::head::Head;
use super::index::Index;
use super::pack::{self, Pack};
use crate::store::Error;
use crate::store::key_value::KeyValue;
use crate::store::state::changes::ITEM_BYTES_MAX;
use std::ops::ControlFlow;

#[derive(Debug)]
pub(in crate::store) struct PackedStore {
    pub store: Box<dyn KeyValue>,
    pub index: Index,
    pub head: Head,
}

impl PackedStore {
    pub(in crate::store) fn stored(&self, number: u64) -> Result<Vec<u8>, Error> {
        self.store.get(&pack::pack_key(number))?.ok_or_else(|| Error::Damaged { why: format!("pack {number} is missing") })
    }

    pub(in crate::store) fn large_value(&self, number: u64, bytes: usize, chunks: u16, crc: u32) -> Result<Vec<u8>, Error> {
        let mut value = Vec::with_capacity(bytes.min(ITEM_BYTES_MAX));
        for chunk in 0..chunks {
            value.extend(self.store.get(&pack::chunk_key(number, chunk))?.unwrap_or_default());
        }
        if value.len() != bytes || crc32fast::hash(&value) != crc {
            return Err(Error::Damaged { why: format!("the large item in pack {number} is not what was written") });
        }
        Ok(value)
    }

    /// Calls `each` with every pack from a number on, until it errs.
    pub(in crate::store) fn scan_packs(&self, from: u64, each: &mut dyn FnMut(u64, Pack<'_>) -> Result<(), Error>) -> Result<(), Error> {
        let mut failed = None;
        self.store.scan(&pack::from_number(b'p', from), &mut |key, stored| {
            if stored.is_empty() {
                // Room that was made for a commit which was broken off.
                return ControlFlow::Continue(());
            }
            let number = pack::number_in(key).ok_or_else(|| Error::Damaged { why: "a pack's key is too short".to_string() });
            match number.and_then(|number| each(number, pack::read(number, stored)?)) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}
