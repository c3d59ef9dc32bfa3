//! The state as the daemon uses it: items `(kind, key) -> value`, committed together, read whole at the start.

pub mod archive;
pub(in crate::store) mod commit;
pub(in crate::store) mod head;
pub(in crate::store) mod index;
pub(in crate::store) mod pack;
pub(in crate::store) mod place;

use self::commit::Prepared;
use self::head::Head;
use self::index::Index;
use self::pack::Pack;
use self::place::ItemHash;
use crate::store::Error;
use crate::store::folder::Folder;
use crate::store::folder::open::{FORMAT_KEY, StateInfo, format_value};
use crate::store::journal::JournalBytes;
use crate::store::key_value::{Batch, KeyValue};
use std::ops::ControlFlow;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What sort of item: the daemon numbers its own.
pub type Kind = u8;

/// An item's value at most: a record with every field filled is some kilobytes.
pub const ITEM_BYTES_MAX: usize = 1 << 20;

/// An item's key at most, so that a deletion always fits into a pack.
pub const ITEM_KEY_BYTES_MAX: usize = 1024;

/// One commit at most: it is built in memory. A page of records is some hundred kilobytes.
pub const COMMIT_BYTES_MAX: usize = 64 << 20;

/// One commit. Deletes happen before puts; of two puts of one item the later counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    pub put: Vec<(Kind, Vec<u8>, Vec<u8>)>,
    pub delete: Vec<(Kind, Vec<u8>)>,
}

impl Changes {
    pub fn is_empty(&self) -> bool {
        self.put.is_empty() && self.delete.is_empty()
    }
}

/// An open state. Holds the folder's lock until it is dropped.
///
/// After a failed write it is broken: reads go on, every commit is refused, until the process opens it anew.
#[derive(Debug)]
pub struct State {
    inner: Mutex<Inner>,
    info: StateInfo,
    /// No commit is taken, as it was opened only to look at it.
    looked_at: bool,
    /// Where there is no folder.
    journal: JournalBytes,
    // Dropped after the store: the lock is the last thing to go.
    folder: Option<Folder>,
}

#[derive(Debug)]
pub(super) struct Inner {
    pub store: Box<dyn KeyValue>,
    pub index: Index,
    pub head: Head,
    pub broken: Option<String>,
}

impl State {
    pub(super) fn new(inner: Inner, info: StateInfo, folder: Option<Folder>) -> State {
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
    pub fn commit(&self, changes: Changes) -> Result<(), Error> {
        if changes.is_empty() { Ok(()) } else { self.prepare(changes)?.store() }
    }

    /// Puts a commit together in memory. If it is not stored then, the state is broken, as after a failed write.
    pub fn prepare(&self, changes: Changes) -> Result<Prepared<'_>, Error> {
        check(&changes)?;
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
    pub fn for_each_item(&self, mut each: impl FnMut(Kind, &[u8], &[u8])) -> Result<(), Error> {
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

    pub fn get(&self, kind: Kind, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
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
        self.lock().store.commit(Batch { puts, ..Batch::default() })
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
        inner.store.commit(Batch { puts: vec![(FORMAT_KEY.to_vec(), value)], ..Batch::default() })
    }

    pub(super) fn info(&self) -> StateInfo {
        self.info
    }

    pub(super) fn folder(&self) -> Option<&Folder> {
        self.folder.as_ref()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Reads leave it whole; a commit that panicked has left its mark in `broken`.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(changes: &Changes) -> Result<(), Error> {
    let limits = |kind: Kind, key: &[u8], value: &[u8]| {
        let what = |part: &str| format!("{part} of item {kind}:{}", key.escape_ascii().to_string().chars().take(100).collect::<String>());
        if key.len() > ITEM_KEY_BYTES_MAX {
            return Err(Error::TooLarge { what: what("the key"), bytes: key.len(), limit: ITEM_KEY_BYTES_MAX });
        }
        if value.len() > ITEM_BYTES_MAX {
            return Err(Error::TooLarge { what: what("the value"), bytes: value.len(), limit: ITEM_BYTES_MAX });
        }
        Ok(key.len() + value.len())
    };
    let mut bytes = 0;
    for (kind, key, value) in &changes.put {
        bytes += limits(*kind, key, value)?;
    }
    for (kind, key) in &changes.delete {
        bytes += limits(*kind, key, &[])?;
    }
    if bytes > COMMIT_BYTES_MAX {
        return Err(Error::TooLarge { what: "one commit".to_string(), bytes, limit: COMMIT_BYTES_MAX });
    }
    Ok(())
}

impl Inner {
    pub(super) fn stored(&self, number: u64) -> Result<Vec<u8>, Error> {
        self.store.get(&pack::pack_key(number))?.ok_or_else(|| Error::Damaged { why: format!("pack {number} is missing") })
    }

    pub(super) fn large_value(&self, number: u64, bytes: usize, chunks: u16, crc: u32) -> Result<Vec<u8>, Error> {
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
    pub(super) fn scan_packs(&self, from: u64, each: &mut dyn FnMut(u64, Pack<'_>) -> Result<(), Error>) -> Result<(), Error> {
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
