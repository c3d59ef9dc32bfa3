//! The state as the daemon uses it: items `(kind, key) -> value`, committed together, read whole at the start.

pub mod archive;
pub(in crate::store) mod changes;
pub(in crate::store) mod commit;
pub(in crate::store) mod format;
pub(in crate::store) mod head;
pub(in crate::store) mod index;
pub(in crate::store) mod pack;
pub(in crate::store) mod packed_store;
pub(in crate::store) mod place;

pub use self::changes::{COMMIT_BYTES_MAX, ITEM_BYTES_MAX, ITEM_KEY_BYTES_MAX, ItemKind, PendingChanges};

use self::commit::Prepared;
use self::format::{FORMAT_KEY, StateInfo, format_value};
use self::pack::Pack;
use self::packed_store::PackedStore;
use self::place::ItemHash;
use crate::store::Error;
use crate::store::folder::Folder;
use crate::store::journal::in_memory::JournalBytes;
use crate::store::key_value::KeyValueBatch;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// An open state. Holds the folder's lock until it is dropped.
///
/// After a failed write it is broken: reads go on, every commit is refused, until the process opens it anew.
#[derive(Debug)]
pub struct State {
    inner: Mutex<PackedStore>,
    info: StateInfo,
    /// No commit is taken, as it was opened only to look at it.
    looked_at: bool,
    /// Where there is no folder.
    journal: JournalBytes,
    // Dropped after the store: the lock is the last thing to go.
    folder: Option<Folder>,
}

impl State {
    pub(super) fn new(inner: PackedStore, info: StateInfo, folder: Option<Folder>) -> State {
        State { inner: Mutex::new(inner), info, looked_at: false, journal: JournalBytes::default(), folder }
    }

    pub(super) fn only_to_look(self) -> State {
        State { looked_at: true, ..self }
    }

    /// Whether it was opened only to look at it.
    pub fn is_looked_at(&self) -> bool {
        self.looked_at
    }

    /// Keeps the journal of a state without a folder in bytes of the caller's.
    pub fn with_journal(self, journal: JournalBytes) -> State {
        State { journal, ..self }
    }

    pub(super) fn journal_bytes(&self) -> JournalBytes {
        self.journal.clone()
    }

    /// All of it or nothing; on disk when it returns. `TooLarge` writes nothing and leaves the state in order; any other error breaks it.
    pub fn commit(&self, changes: PendingChanges) -> Result<(), Error> {
        if changes.is_empty() { Ok(()) } else { self.prepare(changes)?.store() }
    }

    /// Puts a commit together in memory. If it is not stored then, the state is broken, as after a failed write.
    pub fn prepare(&self, changes: PendingChanges) -> Result<Prepared<'_>, Error> {
        changes.check()?;
        if self.looked_at {
            return Err(Error::OnlyLookedAt);
        }
        let mut inner = self.lock();
        if let Some(why) = &inner.broken {
            return Err(Error::Broken { why: why.clone() });
        }
        // The index is changed as we go. Whatever ends it half-way leaves it wrong, and so leaves the mark.
        inner.broken = Some("a commit was broken off".to_string());
        match inner.prepare(changes) {
            Ok((puts, deletes)) => Ok(Prepared::new(inner, self.folder.as_ref(), puts, deletes)),
            Err(error) => {
                inner.broken = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Calls `each` with every item, in the order of their last writing. `each` must not call the state.
    pub fn for_each_item(&self, mut each: impl FnMut(ItemKind, &[u8], &[u8])) -> Result<(), Error> {
        let inner = self.lock();
        inner.scan_packs(0, &mut |number, found| match found {
            Pack::Slots(slots) => {
                for slot in slots {
                    if let Some(value) = slot.value
                        && inner.index.is_live(ItemHash::of(slot.kind, slot.key), number)
                    {
                        each(slot.kind, slot.key, value);
                    }
                }
                Ok(())
            }
            Pack::Large { kind, key, bytes, chunks, crc } => {
                if inner.index.is_live(ItemHash::of(kind, key), number) {
                    each(kind, key, &inner.large_value(number, bytes, chunks, crc)?);
                }
                Ok(())
            }
        })
    }

    pub fn get(&self, kind: ItemKind, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let inner = self.lock();
        let Some(place) = inner.index.place(ItemHash::of(kind, key)).filter(|place| !place.is_deleted()) else { return Ok(None) };
        let stored = inner.stored(place.pack())?;
        match pack::read(place.pack(), &stored)? {
            Pack::Slots(slots) => {
                Ok(slots.iter().find(|slot| slot.kind == kind && slot.key == key).and_then(|slot| slot.value.map(<[u8]>::to_vec)))
            }
            Pack::Large { bytes, chunks, crc, .. } => inner.large_value(place.pack(), bytes, chunks, crc).map(Some),
        }
    }

    /// Items that are there.
    pub fn items(&self) -> u64 {
        self.lock().index.items()
    }

    pub fn size_on_disk(&self) -> Result<u64, Error> {
        self.lock().store.size_on_disk()
    }

    /// Why commits are refused, if they are.
    pub fn broken(&self) -> Option<String> {
        self.lock().broken.clone()
    }

    /// The items are now of this program's format and fingerprint: to be called when the sweep that a change made due is through.
    /// Until then each open reports the change anew.
    pub fn keep_fingerprint(&self) -> Result<(), Error> {
        let puts = vec![(FORMAT_KEY.to_vec(), format_value(&self.info))];
        self.lock().store.commit(KeyValueBatch { puts, ..KeyValueBatch::default() })
    }

    /// Marks the items as of this program's format, which differs from theirs in what may come: an older program is to refuse them.
    pub fn raise_format(&self) -> Result<(), Error> {
        let inner = self.lock();
        let mut value = inner.store.get(FORMAT_KEY)?.unwrap_or_default();
        let ours = format_value(&self.info);
        if value.len() != ours.len() || value[..8] == ours[..8] {
            return Ok(());
        }
        value[..8].copy_from_slice(&ours[..8]);
        inner.store.commit(KeyValueBatch { puts: vec![(FORMAT_KEY.to_vec(), value)], ..KeyValueBatch::default() })
    }

    /// Whether there is room to write: an error says what is in the way.
    pub fn probe(&self) -> Result<(), Error> {
        self.folder().map_or(Ok(()), Folder::probe)
    }

    /// Where a backup is made, before it is copied to where it is wanted.
    pub fn backup_place(&self) -> Option<PathBuf> {
        self.folder().map(Folder::backup_place)
    }

    pub(super) fn info(&self) -> StateInfo {
        self.info
    }

    pub(super) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    fn lock(&self) -> MutexGuard<'_, PackedStore> {
        // Reads leave it whole; a commit that panicked has left its mark in `broken`.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
