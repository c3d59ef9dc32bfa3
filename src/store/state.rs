//! The state as the daemon uses it: items `(kind, key) -> value`, committed together, read whole at the start.

use super::Error;
use super::folder::Folder;
use super::head::{HEAD_KEY, Head};
use super::index::{Index, ItemHash, Place};
use super::journal::JournalBytes;
use super::key_value::{BATCH_VALUES_ADVISED, Batch, KeyValue, Stored};
use super::open::{FORMAT_KEY, StateInfo, format_value};
use super::pack::{self, Pack, PackWriter, Slot};
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

/// Thin packs moved along per new pack of a commit. Packs are thin when a third full, so that 1.5 keeps pace with random rewrites.
const MOVED_PER_NEW_PACK: usize = 2;

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

/// An item to be laid into a pack.
struct Write {
    hash: ItemHash,
    kind: Kind,
    key: Vec<u8>,
    /// `None`: it was deleted, and an older copy must stay hidden.
    value: Option<Vec<u8>>,
}

impl State {
    pub(super) fn new(inner: Inner, info: StateInfo, folder: Option<Folder>) -> State {
        State { inner: Mutex::new(inner), info, journal: JournalBytes::default(), folder }
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
        check(&changes)?;
        if changes.is_empty() {
            return Ok(());
        }
        let mut inner = self.lock();
        if let Some(why) = &inner.broken {
            return Err(Error::Broken { why: why.clone() });
        }
        // The index is changed as we go. A panic or an error half-way leaves it wrong, and so leaves the mark.
        inner.broken = Some("a commit was broken off".to_string());
        let done = inner.commit(changes).and_then(|()| match &self.folder {
            Some(folder) => folder.noted().note_commit(inner.head.commit),
            None => Ok(()),
        });
        inner.broken = done.as_ref().err().map(ToString::to_string);
        done
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
    fn commit(&mut self, changes: Changes) -> Result<(), Error> {
        let mut writes = Vec::with_capacity(changes.put.len());
        for (kind, key) in changes.delete {
            let hash = ItemHash::of(kind, &key);
            if self.index.supersede(hash, true) {
                writes.push(Write { hash, kind, key, value: None });
            }
        }
        let hashes: Vec<ItemHash> = changes.put.iter().map(|(kind, key, _)| ItemHash::of(*kind, key)).collect();
        self.index.fetch(&hashes);
        for ((kind, key, value), hash) in changes.put.into_iter().zip(hashes).rev() {
            // Of two puts the later came first here.
            if !self.index.is_about_to_be_put(hash) {
                self.index.supersede(hash, false);
                writes.push(Write { hash, kind, key, value: Some(value) });
            }
        }
        writes.reverse();
        let mut deletes = Vec::new();
        self.drop_empty(&mut deletes)?;
        self.move_thin(&mut writes, &mut deletes)?;
        let puts = self.lay(writes)?;
        self.store(puts, deletes)
    }

    /// Deletes packs in which nothing counts any more.
    fn drop_empty(&mut self, deletes: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        while let Some(number) = self.index.take_empty() {
            let stored = self.stored(number)?;
            match pack::read(number, &stored)? {
                Pack::Slots(slots) => {
                    slots
                        .iter()
                        .filter(|slot| slot.value.is_some())
                        .for_each(|slot| self.index.copy_gone(ItemHash::of(slot.kind, slot.key)));
                }
                Pack::Large { kind, key, chunks, .. } => {
                    self.index.copy_gone(ItemHash::of(kind, key));
                    deletes.extend((0..chunks).map(|chunk| pack::chunk_key(number, chunk)));
                }
            }
            deletes.push(pack::pack_key(number));
        }
        Ok(())
    }

    /// Takes what is left in thin packs along with this commit.
    fn move_thin(&mut self, writes: &mut Vec<Write>, deletes: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        let bytes: usize = writes.iter().map(|w| PackWriter::slot_bytes(&w.key, w.value.as_deref())).sum();
        let budget = (bytes / pack::PACK_BYTES + 1) * MOVED_PER_NEW_PACK;
        for _ in 0..budget {
            let Some(number) = self.index.take_thin(self.head.next) else { break };
            let stored = self.stored(number)?;
            // A large item's pack is never thin.
            if let Pack::Slots(slots) = pack::read(number, &stored)? {
                for slot in slots {
                    let hash = ItemHash::of(slot.kind, slot.key);
                    if self.index.is_live(hash, number) {
                        self.index.lift(hash);
                        writes.push(Write { hash, kind: slot.kind, key: slot.key.to_vec(), value: slot.value.map(<[u8]>::to_vec) });
                    } else if slot.value.is_some() {
                        self.index.copy_gone(hash);
                    }
                }
            }
            deletes.push(pack::pack_key(number));
        }
        self.drop_empty(deletes)
    }

    /// Lays items into new packs; what is to be stored, in order.
    fn lay(&mut self, writes: Vec<Write>) -> Result<Vec<Stored>, Error> {
        let mut puts = Vec::new();
        let mut open = PackWriter::default();
        // The pack that is being filled; large items take numbers of their own.
        let mut filling = self.take_number()?;
        for write in &writes {
            let waits = self
                .index
                .place(write.hash)
                .is_some_and(|place| place.pack() == Place::PENDING && place.is_deleted() == write.value.is_none());
            if !waits {
                // A deletion with nothing left to hide, or one that a put of this commit follows.
                continue;
            }
            let bytes = PackWriter::slot_bytes(&write.key, write.value.as_deref());
            if let Some(value) = write.value.as_deref().filter(|_| bytes > pack::PACK_BYTES) {
                let number = self.take_number()?;
                let (stored, chunks) = pack::large(number, write.kind, &write.key, value);
                puts.extend(chunks);
                puts.push((pack::pack_key(number), stored));
                self.index.settle(write.hash, number, bytes);
                continue;
            }
            if !open.fits(bytes) {
                puts.push((pack::pack_key(filling), open.close(filling)));
                filling = self.take_number()?;
            }
            open.push(&Slot { kind: write.kind, key: &write.key, value: write.value.as_deref() });
            self.index.settle(write.hash, filling, bytes);
        }
        if !open.is_empty() {
            puts.push((pack::pack_key(filling), open.close(filling)));
        }
        Ok(puts)
    }

    fn take_number(&mut self) -> Result<u64, Error> {
        let number = self.head.next;
        if number >= Place::PENDING {
            return Err(Error::Broken { why: "all pack numbers are used up; begin a new state folder".to_string() });
        }
        self.head.next += 1;
        Ok(number)
    }

    /// Writes it. More values than sled takes well go ahead in batches of their own, under numbers that do not count yet; the last
    /// batch, with the head and all deletes, makes everything count at once.
    fn store(&mut self, mut puts: Vec<(Vec<u8>, Vec<u8>)>, deletes: Vec<Vec<u8>>) -> Result<(), Error> {
        let condition = vec![(HEAD_KEY.to_vec(), self.store.get(HEAD_KEY)?)];
        let known = condition[0].1.as_deref().and_then(Head::from_bytes).map(|head| head.commit);
        if known != Some(self.head.commit) {
            return Err(Error::ConditionFailed { key: "head".to_string() });
        }
        while puts.len() > BATCH_VALUES_ADVISED {
            let rest = puts.split_off(BATCH_VALUES_ADVISED);
            self.store.stage(Batch { conditions: condition.clone(), puts, deletes: Vec::new() })?;
            puts = rest;
        }
        self.head.commit += 1;
        self.head.items = self.index.items();
        self.head.digest = self.index.digest();
        puts.push((HEAD_KEY.to_vec(), self.head.to_bytes()));
        self.store.commit(Batch { conditions: condition, puts, deletes })
    }

    fn stored(&self, number: u64) -> Result<Vec<u8>, Error> {
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
