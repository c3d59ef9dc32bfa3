//! A store and a journal that outlive the daemon, and kill it at a commit.

use nayose::store::{Error, JournalBytes, KeyRange, KeyValue, KeyValueBatch, KeyValueInMemory};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// Never: so many commits no history makes.
const NEVER: u32 = u32::MAX;

/// What survives a kill -9.
#[derive(Debug, Default)]
pub struct Disk {
    memory: KeyValueInMemory,
    /// Commits until the process dies; `NEVER` while it is not about to.
    until_death: AtomicU32,
    /// Whether the deadly commit still reaches the disk.
    lands: AtomicU32,
    commits: AtomicU64,
    pub journal: JournalBytes,
}

/// The daemon's end of it.
#[derive(Debug, Clone)]
pub struct Handle(pub Arc<Disk>);

impl Disk {
    pub fn new() -> Arc<Disk> {
        let disk = Disk::default();
        disk.until_death.store(NEVER, Ordering::Relaxed);
        Arc::new(disk)
    }

    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    pub fn journal_bytes(&self) -> usize {
        self.journal.lock().len()
    }

    /// The process dies at the commit after `commits` more; `lands` says whether that one is on disk.
    pub fn die_after(&self, commits: u32, lands: bool) {
        self.until_death.store(commits, Ordering::Relaxed);
        self.lands.store(u32::from(lands), Ordering::Relaxed);
    }

    pub fn live(&self) {
        self.until_death.store(NEVER, Ordering::Relaxed);
    }

    /// The store is taken away; the journal is not.
    pub fn lose_store(&self) {
        let mut deletes = Vec::new();
        let all = self.memory.scan(&KeyRange::all(), &mut |key, _| {
            deletes.push(key.to_vec());
            ControlFlow::Continue(())
        });
        all.and_then(|()| self.memory.commit(KeyValueBatch { deletes, ..KeyValueBatch::default() }))
            .expect("a store in memory does not fail");
    }

    /// The last bytes that were written to the journal did not all reach the disk.
    pub fn tear_journal(&self, keep: usize) {
        self.journal.lock().truncate(keep);
    }
}

impl KeyValue for Handle {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.0.memory.get(key)
    }

    fn scan(&self, range: &KeyRange, each: &mut (dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + '_)) -> Result<(), Error> {
        self.0.memory.scan(range, each)
    }

    fn commit(&self, batch: KeyValueBatch) -> Result<(), Error> {
        let left = self.0.until_death.load(Ordering::Relaxed);
        if left == 0 {
            if self.0.lands.swap(0, Ordering::Relaxed) == 1 {
                self.0.memory.commit(batch)?;
                self.0.commits.fetch_add(1, Ordering::Relaxed);
            }
            return Err(Error::Broken { why: "killed at this commit".into() });
        }
        if left != NEVER {
            self.0.until_death.store(left - 1, Ordering::Relaxed);
        }
        self.0.memory.commit(batch)?;
        self.0.commits.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        self.0.memory.size_on_disk()
    }
}
