//! A database without a disk: a map of items and a list of lines. Both live as long as someone holds them.

use super::{ItemStore, ItemVisitor, JournalLines, JournalLoss, JournalStore, PreparedCommit};
use crate::store::Error;
use crate::store::state::changes::{ItemKind, PendingChanges};
use crate::store::state::loaded::StateInfo;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Items in a map.
#[derive(Debug)]
pub(in crate::store) struct ItemsInMemory {
    table: Arc<Mutex<ItemTable>>,
    /// The commit after which we know the table.
    known: AtomicU64,
}

#[derive(Debug)]
struct ItemTable {
    items: BTreeMap<(ItemKind, Vec<u8>), KeptValue>,
    info: StateInfo,
    commits: u64,
    /// How many values were ever written.
    written: u64,
}

#[derive(Debug)]
struct KeptValue {
    value: Vec<u8>,
    /// Its place in the order of writing.
    written: u64,
}

impl ItemsInMemory {
    /// An empty table.
    pub(in crate::store) fn new(info: StateInfo) -> ItemsInMemory {
        let table = ItemTable { items: BTreeMap::new(), info, commits: 0, written: 0 };
        ItemsInMemory { table: Arc::new(Mutex::new(table)), known: AtomicU64::new(0) }
    }

    fn lock(&self) -> MutexGuard<'_, ItemTable> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
impl ItemsInMemory {
    /// The same table, as who opens it now finds it.
    pub(in crate::store) fn opened_again(&self) -> ItemsInMemory {
        ItemsInMemory { table: self.table.clone(), known: AtomicU64::new(self.lock().commits) }
    }
}

impl ItemTable {
    fn take(&mut self, changes: PendingChanges) {
        for item in changes.delete {
            self.items.remove(&item);
        }
        for (kind, key, value) in changes.put {
            self.written += 1;
            self.items.insert((kind, key), KeptValue { value, written: self.written });
        }
        self.commits += 1;
    }
}

impl ItemStore for ItemsInMemory {
    fn get(&self, kind: ItemKind, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.lock().items.get(&(kind, key.to_vec())).map(|item| item.value.clone()))
    }

    fn for_each(&self, each: &mut ItemVisitor<'_>) -> Result<(), Error> {
        let table = self.lock();
        let mut items: Vec<_> = table.items.iter().collect();
        items.sort_unstable_by_key(|(_, item)| item.written);
        items.into_iter().for_each(|((kind, key), item)| each(*kind, key, &item.value));
        Ok(())
    }

    fn count(&self) -> u64 {
        self.lock().items.len() as u64
    }

    fn prepare(&self, changes: PendingChanges) -> Result<PreparedCommit<'_>, Error> {
        Ok(Box::new(move || {
            let mut table = self.lock();
            if table.commits != self.known.load(Ordering::Relaxed) {
                return Err(Error::ConditionFailed { key: "commits".to_string() });
            }
            table.take(changes);
            self.known.store(table.commits, Ordering::Relaxed);
            Ok(())
        }))
    }

    fn info(&self) -> Result<StateInfo, Error> {
        Ok(self.lock().info)
    }

    fn note_info(&self, info: StateInfo) -> Result<(), Error> {
        self.lock().info = info;
        Ok(())
    }

    fn size(&self) -> Result<u64, Error> {
        Ok(self.lock().items.iter().map(|((_, key), item)| (1 + key.len() + item.value.len()) as u64).sum())
    }
}

/// Lines in a list. A clone of it is the same list.
#[derive(Debug, Default, Clone)]
pub(in crate::store) struct LinesInMemory(Arc<Mutex<Vec<Vec<u8>>>>);

impl LinesInMemory {
    fn lock(&self) -> MutexGuard<'_, Vec<Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Each line of a text.
fn split(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    text.split_inclusive(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\n").unwrap_or(line).to_vec())
}

impl JournalStore for LinesInMemory {
    fn open(&self) -> Result<(Box<dyn JournalLines>, JournalLoss), Error> {
        Ok((Box::new(self.clone()), JournalLoss::default()))
    }
}

impl JournalLines for LinesInMemory {
    fn read(&self, each: &mut dyn FnMut(&[u8])) -> Result<(), Error> {
        self.lock().iter().for_each(|line| each(line));
        Ok(())
    }

    fn append(&mut self, lines: &[u8]) -> Result<(), Error> {
        self.lock().extend(split(lines));
        Ok(())
    }

    fn replace(&mut self, lines: &[u8]) -> Result<(), Error> {
        *self.lock() = split(lines).collect();
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.lock().iter().map(|line| line.len() as u64 + 1).sum()
    }
}
