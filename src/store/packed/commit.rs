//! How a commit is put together and written: items into packs, head and all; and how packs in which little counts any more go away.

use super::head::{HEAD_KEY, Head};
use super::pack::{self, Pack, PackSlot, PackWriter};
use super::packed_store::PackedStore;
use super::place::{ItemHash, ItemPlace};
use crate::store::Error;
use crate::store::key_value::{BATCH_VALUES_ADVISED, KeyValueBatch, StoredPair};
use crate::store::state::changes::{ItemKind, PendingChanges};

/// Thin packs moved along per new pack of a commit. Packs are thin when a third full, so that 1.5 keeps pace with random rewrites.
const MOVED_PER_NEW_PACK: usize = 2;

/// Empty packs deleted per new pack of a commit, and in any commit: a commit does not wait for all of them.
const DROPPED_PER_NEW_PACK: usize = 8;
const DROPPED_AT_LEAST: usize = 32;

/// From so many new packs on a commit asks the store to make room for them first.
const PACKS_NEED_ROOM: usize = 16;

/// An item to be laid into a pack.
struct ItemToLay {
    hash: ItemHash,
    kind: ItemKind,
    key: Vec<u8>,
    /// `None`: it was deleted, and an older copy must stay hidden.
    value: Option<Vec<u8>>,
}

impl PackedStore {
    /// What is to be put and deleted for it.
    pub(in crate::store) fn prepare(&mut self, changes: PendingChanges) -> Result<(Vec<StoredPair>, Vec<Vec<u8>>), Error> {
        let mut writes = Vec::with_capacity(changes.put.len());
        for (kind, key) in changes.delete {
            let hash = ItemHash::of(kind, &key);
            if self.index.supersede(hash, true) {
                writes.push(ItemToLay { hash, kind, key, value: None });
            }
        }
        let hashes: Vec<ItemHash> = changes.put.iter().map(|(kind, key, _)| ItemHash::of(*kind, key)).collect();
        self.index.fetch(&hashes);
        for ((kind, key, value), hash) in changes.put.into_iter().zip(hashes).rev() {
            // Of two puts the later came first here.
            if !self.index.is_about_to_be_put(hash) {
                self.index.supersede(hash, false);
                writes.push(ItemToLay { hash, kind, key, value: Some(value) });
            }
        }
        writes.reverse();
        let mut deletes = Vec::new();
        if self.index.is_untidy() {
            self.tidy(&mut writes, &mut deletes)?;
        }
        Ok((self.lay(writes)?, deletes))
    }

    /// Deletes some of the packs in which little or nothing counts any more; what does is taken along with this commit.
    fn tidy(&mut self, writes: &mut Vec<ItemToLay>, deletes: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        let bytes: usize = writes.iter().map(|w| PackWriter::slot_bytes(&w.key, w.value.as_deref())).sum();
        let new_packs = bytes / pack::PACK_BYTES + 1;
        for _ in 0..new_packs * MOVED_PER_NEW_PACK {
            let Some(number) = self.index.take_thin(self.head.next) else { break };
            self.move_thin(number, writes, deletes)?;
        }
        for _ in 0..DROPPED_AT_LEAST + new_packs * DROPPED_PER_NEW_PACK {
            let Some(number) = self.index.take_empty() else { break };
            self.drop_empty(number, deletes)?;
        }
        Ok(())
    }

    fn drop_empty(&mut self, number: u64, deletes: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        match pack::read(number, &self.stored(number)?)? {
            Pack::Slots(slots) => {
                slots.iter().filter(|slot| slot.value.is_some()).for_each(|slot| self.index.copy_gone(ItemHash::of(slot.kind, slot.key)));
            }
            Pack::Large { kind, key, chunks, .. } => {
                self.index.copy_gone(ItemHash::of(kind, key));
                deletes.extend((0..chunks).map(|chunk| pack::chunk_key(number, chunk)));
            }
        }
        deletes.push(pack::pack_key(number));
        Ok(())
    }

    fn move_thin(&mut self, number: u64, writes: &mut Vec<ItemToLay>, deletes: &mut Vec<Vec<u8>>) -> Result<(), Error> {
        // A large item's pack is never thin.
        if let Pack::Slots(slots) = pack::read(number, &self.stored(number)?)? {
            for slot in slots {
                let hash = ItemHash::of(slot.kind, slot.key);
                if self.index.is_live(hash, number) {
                    self.index.lift(hash);
                    writes.push(ItemToLay { hash, kind: slot.kind, key: slot.key.to_vec(), value: slot.value.map(<[u8]>::to_vec) });
                } else if slot.value.is_some() {
                    self.index.copy_gone(hash);
                }
            }
        }
        deletes.push(pack::pack_key(number));
        Ok(())
    }

    /// Lays items into new packs; what is to be stored, in order.
    fn lay(&mut self, writes: Vec<ItemToLay>) -> Result<Vec<StoredPair>, Error> {
        let mut puts = Vec::new();
        let mut open = PackWriter::default();
        // The pack that is being filled; large items take numbers of their own.
        let mut filling = self.take_number()?;
        for write in &writes {
            let waits = self
                .index
                .place(write.hash)
                .is_some_and(|place| place.pack() == ItemPlace::PENDING && place.is_deleted() == write.value.is_none());
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
            open.push(&PackSlot { kind: write.kind, key: &write.key, value: write.value.as_deref() });
            self.index.settle(write.hash, filling, bytes);
        }
        if !open.is_empty() {
            puts.push((pack::pack_key(filling), open.close(filling)));
        }
        Ok(puts)
    }

    fn take_number(&mut self) -> Result<u64, Error> {
        let number = self.head.next;
        if number >= ItemPlace::PENDING {
            return Err(Error::Broken { why: "all pack numbers are used up; begin a new state folder".to_string() });
        }
        self.head.next += 1;
        Ok(number)
    }

    /// Writes it. More values than a store takes well go ahead in batches of their own, under numbers that do not count yet; the last
    /// batch, with the head and all deletes, makes everything count at once.
    pub(in crate::store) fn store(&mut self, mut puts: Vec<StoredPair>, deletes: Vec<Vec<u8>>) -> Result<(), Error> {
        let condition = vec![(HEAD_KEY.to_vec(), self.store.get(HEAD_KEY)?)];
        let known = condition[0].1.as_deref().and_then(Head::from_bytes).map(|head| head.commit);
        if known != Some(self.head.commit) {
            return Err(Error::ConditionFailed { key: "head".to_string() });
        }
        if puts.len() >= PACKS_NEED_ROOM {
            self.store.make_room(&puts.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>())?;
        }
        while puts.len() > BATCH_VALUES_ADVISED {
            let rest = puts.split_off(BATCH_VALUES_ADVISED);
            self.store.stage(KeyValueBatch { conditions: condition.clone(), puts, deletes: Vec::new() })?;
            puts = rest;
        }
        self.head.commit += 1;
        self.head.items = self.index.items();
        self.head.digest = self.index.digest();
        puts.push((HEAD_KEY.to_vec(), self.head.to_bytes()));
        self.store.commit(KeyValueBatch { conditions: condition, puts, deletes })
    }
}
