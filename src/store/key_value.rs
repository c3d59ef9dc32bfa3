//! What a key-value store under packs must do: an ordered key space with atomic, durable commits. A conformance suite runs on every one.

#[cfg(test)]
mod conformance;
pub(in crate::store) mod memory;
pub(in crate::store) mod sled;

use crate::store::Error;
use std::fmt;
use std::ops::ControlFlow;

/// A value larger than this is refused: so large is what every store keeps well (the strictest says why in its file).
pub const VALUE_BYTES_MAX: usize = 4096;

/// Keys are names and numbers, never content.
pub const KEY_BYTES_MAX: usize = 512;

/// More values than this in one batch may cost a store memory out of proportion. Advice to callers; a larger batch is still one commit.
pub const BATCH_VALUES_ADVISED: usize = 100;

/// One atomic commit. Deletes happen before puts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyValueBatch {
    /// Keys that must hold exactly this value (`None`: must be absent) or nothing is written.
    pub conditions: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub puts: Vec<(Vec<u8>, Vec<u8>)>,
    pub deletes: Vec<Vec<u8>>,
}

impl KeyValueBatch {
    /// Refuses what no store takes. Every store calls it before it writes anything.
    pub fn check(&self) -> Result<(), Error> {
        for (key, value) in &self.puts {
            for (what, bytes, limit) in [("a key", key.len(), KEY_BYTES_MAX), ("a stored value", value.len(), VALUE_BYTES_MAX)] {
                if bytes > limit {
                    return Err(Error::TooLarge { what: what.to_string(), bytes, limit });
                }
            }
        }
        Ok(())
    }

    /// The error of a condition that did not hold.
    pub(super) fn condition_failed(key: &[u8]) -> Error {
        Error::ConditionFailed { key: key.escape_ascii().to_string() }
    }
}

/// Keys from `from` (with it) to `to` (without it; `None`: to the end).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRange {
    pub from: Vec<u8>,
    pub to: Option<Vec<u8>>,
}

impl KeyRange {
    /// All keys that begin so.
    pub fn prefix(prefix: &[u8]) -> KeyRange {
        let mut to = prefix.to_vec();
        while let Some(last) = to.pop() {
            if last < u8::MAX {
                to.push(last + 1);
                return KeyRange { from: prefix.to_vec(), to: Some(to) };
            }
        }
        KeyRange { from: prefix.to_vec(), to: None }
    }

    pub fn all() -> KeyRange {
        KeyRange::prefix(&[])
    }
}

/// What a scan calls for each key and value, until it breaks off.
pub type Visitor<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A key and its value, as they are stored.
pub type StoredPair = (Vec<u8>, Vec<u8>);

/// A store. One writer; calls block.
pub trait KeyValue: Send + Sync + fmt::Debug {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// One answer for each key, in order.
    fn many(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        keys.iter().map(|key| self.get(key)).collect()
    }

    /// Calls `each` with key and value, by ascending key, until it breaks. `each` may read the store, not write it.
    fn scan(&self, range: &KeyRange, each: &mut Visitor<'_>) -> Result<(), Error>;

    /// All or nothing, and on disk when it returns. After a failure other than `ConditionFailed` and `TooLarge` every later commit is refused.
    fn commit(&self, batch: KeyValueBatch) -> Result<(), Error>;

    /// All or nothing, too, and on disk when a later commit has returned: what nobody looks for before that.
    fn stage(&self, batch: KeyValueBatch) -> Result<(), Error> {
        self.commit(batch)
    }

    /// Says which keys, all of them new, the next commits will put. They may be there from now on, with an empty value. A failure is one
    /// of a commit.
    fn make_room(&self, _keys: &[&[u8]]) -> Result<(), Error> {
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, Error>;
}
