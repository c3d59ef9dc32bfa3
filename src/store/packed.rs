//! Items in an ordered key-value store: packed about ten to a stored value, as a value of its own for each costs several times as much.
//!
//! `pack` and `place` say how packs are laid out and where an item lies, `index` where each of them does; `packed_store` holds all together,
//! `commit` is how a commit is put together and written, and packs tidied; `head` and `format` what is said of the whole; `open` reads it.

pub(in crate::store) mod commit;
pub(in crate::store) mod format;
pub(in crate::store) mod head;
pub(in crate::store) mod index;
pub(in crate::store) mod open;
pub(in crate::store) mod pack;
pub(in crate::store) mod packed_store;
pub(in crate::store) mod place;

use self::format::{FORMAT_KEY, format_value};
use self::pack::Pack;
use self::packed_store::PackedStore;
use self::place::ItemHash;
use crate::store::Error;
use crate::store::database::{ItemStore, ItemVisitor, PreparedCommit};
use crate::store::folder::noted::Noted;
use crate::store::key_value::KeyValueBatch;
use crate::store::state::changes::{ItemKind, PendingChanges};
use crate::store::state::loaded::StateInfo;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Items in packs.
#[derive(Debug)]
pub(in crate::store) struct PackedItems {
    inner: Mutex<PackedStore>,
    /// Where the number of the last commit is noted beside the store.
    noted: Option<Arc<Noted>>,
}

impl PackedItems {
    fn new(inner: PackedStore, noted: Option<Arc<Noted>>) -> PackedItems {
        PackedItems { inner: Mutex::new(inner), noted }
    }

    fn lock(&self) -> MutexGuard<'_, PackedStore> {
        // Reads leave it whole, and after a commit that panicked there is no other.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ItemStore for PackedItems {
    fn get(&self, kind: ItemKind, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
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

    fn for_each(&self, each: &mut ItemVisitor<'_>) -> Result<(), Error> {
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

    fn count(&self) -> u64 {
        self.lock().index.items()
    }

    /// Puts the packs together. The index is changed as we go: whatever ends it half-way leaves it wrong.
    fn prepare(&self, changes: PendingChanges) -> Result<PreparedCommit<'_>, Error> {
        let mut inner = self.lock();
        let (puts, deletes) = inner.prepare(changes)?;
        Ok(Box::new(move || {
            inner.store(puts, deletes)?;
            self.noted.as_ref().map_or(Ok(()), |noted| noted.note_commit(inner.head.commit))
        }))
    }

    fn info(&self) -> Result<StateInfo, Error> {
        let noted = self.lock().store.get(FORMAT_KEY)?;
        let lost = || Error::Damaged { why: "the store has lost its format".to_string() };
        noted.as_deref().and_then(format::info).ok_or_else(lost)
    }

    fn note_info(&self, info: StateInfo) -> Result<(), Error> {
        let puts = vec![(FORMAT_KEY.to_vec(), format_value(&info))];
        self.lock().store.commit(KeyValueBatch { puts, ..KeyValueBatch::default() })
    }

    fn size(&self) -> Result<u64, Error> {
        self.lock().store.size_on_disk()
    }
}
