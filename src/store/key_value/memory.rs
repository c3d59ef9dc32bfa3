//! A key-value store without a disk, for tests of what lies on one.

use super::Visitor;
use crate::store::{Error, KeyRange, KeyValue, KeyValueBatch};
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

type Map = BTreeMap<Vec<u8>, Vec<u8>>;

/// Keeps all in memory.
#[derive(Debug, Default)]
pub struct KeyValueInMemory {
    /// Shared with scans under way, which so see one moment of it.
    map: Mutex<Arc<Map>>,
}

impl KeyValueInMemory {
    pub fn new() -> KeyValueInMemory {
        KeyValueInMemory::default()
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Map>> {
        // Nothing panics while it holds the lock, and the map is whole at every step.
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeyValue for KeyValueInMemory {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.lock().get(key).cloned())
    }

    fn scan(&self, range: &KeyRange, each: &mut Visitor<'_>) -> Result<(), Error> {
        let map = self.lock().clone();
        let to = range.to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        if range.to.as_deref().is_some_and(|to| to <= range.from.as_slice()) {
            return Ok(());
        }
        for (key, value) in map.range::<[u8], _>((Bound::Included(range.from.as_slice()), to)) {
            if each(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn commit(&self, batch: KeyValueBatch) -> Result<(), Error> {
        batch.check()?;
        let mut map = self.lock();
        if let Some((key, _)) = batch.conditions.iter().find(|(key, value)| map.get(key) != value.as_ref()) {
            return Err(KeyValueBatch::condition_failed(key));
        }
        let map = Arc::make_mut(&mut map);
        for key in &batch.deletes {
            map.remove(key);
        }
        map.extend(batch.puts);
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        Ok(self.lock().iter().map(|(key, value)| (key.len() + value.len()) as u64).sum())
    }
}
