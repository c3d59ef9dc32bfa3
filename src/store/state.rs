//! The state as the daemon uses it: items `(kind, key) -> value`, committed together, read whole at the start.

pub mod archive;
pub(in crate::store) mod changes;
pub(in crate::store) mod loaded;

pub use self::changes::{COMMIT_BYTES_MAX, ITEM_BYTES_MAX, ITEM_KEY_BYTES_MAX, ItemKind, PendingChanges};

use self::loaded::{Loaded, StateInfo};
use crate::store::Error;
use crate::store::database::memory::{ItemsInMemory, LinesInMemory};
use crate::store::database::{ItemStore, JournalStore, PreparedCommit};
use crate::store::folder::Folder;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An open state. Holds the lock of its folder, where it has one, until it is dropped.
///
/// After a failed write it is broken: reads go on, every commit is refused, until the process opens it anew.
#[derive(Debug)]
pub struct State {
    items: Box<dyn ItemStore>,
    journal: Arc<dyn JournalStore>,
    info: StateInfo,
    /// Held by who commits. Why no commit is taken any more.
    broken: Mutex<Option<String>>,
    // Dropped after the items: the lock is the last thing to go.
    folder: Option<Arc<Folder>>,
}

/// A commit that only has to be written.
pub struct Prepared<'s> {
    broken: MutexGuard<'s, Option<String>>,
    write: PreparedCommit<'s>,
}

impl Prepared<'_> {
    /// Writes it; it is on disk when this returns.
    pub fn store(mut self) -> Result<(), Error> {
        let done = (self.write)();
        *self.broken = done.as_ref().err().map(ToString::to_string);
        done
    }
}

impl State {
    /// Items, and the journal in their folder.
    pub(super) fn in_folder(items: Box<dyn ItemStore>, info: StateInfo, folder: Folder) -> State {
        let folder = Arc::new(folder);
        State { items, journal: folder.clone(), info, broken: Mutex::default(), folder: Some(folder) }
    }

    /// Items without a folder; the journal lies in memory.
    pub(super) fn without_folder(items: Box<dyn ItemStore>, info: StateInfo) -> State {
        State { items, journal: Arc::new(LinesInMemory::default()), info, broken: Mutex::default(), folder: None }
    }

    /// An empty state without a disk: gone when it is dropped.
    pub fn in_memory(info: StateInfo) -> (State, Loaded) {
        (State::without_folder(Box::new(ItemsInMemory::new(info)), info), Loaded::nothing(info))
    }

    /// Keeps the journal of a state without a folder where the caller says.
    pub fn with_journal(self, journal: impl JournalStore + 'static) -> State {
        State { journal: Arc::new(journal), ..self }
    }

    pub(super) fn journal(&self) -> &dyn JournalStore {
        &*self.journal
    }

    /// Whether it was opened only to look at it.
    pub fn is_looked_at(&self) -> bool {
        self.folder.as_ref().is_some_and(|folder| folder.is_looked_at())
    }

    /// All of it or nothing; on disk when it returns. `TooLarge` writes nothing and leaves the state in order; any other error breaks it.
    pub fn commit(&self, changes: PendingChanges) -> Result<(), Error> {
        if changes.is_empty() { Ok(()) } else { self.prepare(changes)?.store() }
    }

    /// Puts a commit together in memory. If it is not stored then, the state is broken, as after a failed write.
    pub fn prepare(&self, changes: PendingChanges) -> Result<Prepared<'_>, Error> {
        changes.check()?;
        if self.is_looked_at() {
            return Err(Error::OnlyLookedAt);
        }
        let mut broken = self.lock();
        if let Some(why) = &*broken {
            return Err(Error::Broken { why: why.clone() });
        }
        // Whatever ends it half-way leaves the mark.
        *broken = Some("a commit was broken off".to_string());
        match self.items.prepare(changes) {
            Ok(write) => Ok(Prepared { broken, write }),
            Err(error) => {
                *broken = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Calls `each` with every item, in the order of their last writing (see [`ItemStore::for_each`]). `each` must not call the state.
    pub fn for_each_item(&self, mut each: impl FnMut(ItemKind, &[u8], &[u8])) -> Result<(), Error> {
        self.items.for_each(&mut each)
    }

    pub fn get(&self, kind: ItemKind, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.items.get(kind, key)
    }

    /// Items that are there.
    pub fn items(&self) -> u64 {
        self.items.count()
    }

    pub fn size_on_disk(&self) -> Result<u64, Error> {
        self.items.size()
    }

    /// Why commits are refused, if they are.
    pub fn broken(&self) -> Option<String> {
        self.lock().clone()
    }

    /// The items are now of this program's format and fingerprint: to be called when the sweep that a change made due is through.
    /// Until then each open reports the change anew.
    pub fn keep_fingerprint(&self) -> Result<(), Error> {
        self.items.note_info(self.info)
    }

    /// Marks the items as of this program's format, which differs from theirs in what may come: an older program is to refuse them.
    pub fn raise_format(&self) -> Result<(), Error> {
        let noted = self.items.info()?;
        let raised = StateInfo { format_version: self.info.format_version, ..noted };
        if raised == noted { Ok(()) } else { self.items.note_info(raised) }
    }

    /// Whether there is room to write: an error says what is in the way.
    pub fn probe(&self) -> Result<(), Error> {
        self.folder.as_ref().map_or(Ok(()), |folder| folder.probe())
    }

    /// Where a backup is made, before it is copied to where it is wanted.
    pub fn backup_place(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.backup_place())
    }

    pub(super) fn info(&self) -> StateInfo {
        self.info
    }

    fn lock(&self) -> MutexGuard<'_, Option<String>> {
        // A commit that panicked has left its mark in it.
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
