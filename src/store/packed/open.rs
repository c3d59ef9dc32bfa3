//! Making an empty key-value store one of packs, and reading what lies in one: format, damage, and what is found.

use super::PackedItems;
use super::format::{self, FORMAT_KEY, STORE_FORMAT, format_value};
use super::head::{HEAD_KEY, Head};
use super::index::Index;
use super::pack::{self, Pack, PackWriter};
use super::packed_store::PackedStore;
use super::place::ItemHash;
use crate::model::counted;
use crate::store::Error;
use crate::store::folder::noted::Noted;
use crate::store::key_value::{BATCH_VALUES_ADVISED, KeyRange, KeyValue, KeyValueBatch};
use crate::store::state::loaded::{Loaded, StateInfo};
use std::ops::ControlFlow;
use std::sync::Arc;

impl PackedItems {
    /// Opens what lies in a store, or begins it where nothing does.
    pub(in crate::store) fn open(
        store: Box<dyn KeyValue>,
        info: StateInfo,
        noted: Option<Arc<Noted>>,
    ) -> Result<(PackedItems, Loaded), Error> {
        match found(store, info, last_commit(noted.as_deref()))? {
            FoundStore::Packs(inner, loaded) => {
                remove_unfinished(&inner)?;
                Ok((PackedItems::as_noted(*inner, noted)?, loaded))
            }
            FoundStore::Nothing(store) => PackedItems::begin(store, info, noted),
        }
    }

    /// Begins in an empty store.
    pub(in crate::store) fn begin(
        store: Box<dyn KeyValue>,
        info: StateInfo,
        noted: Option<Arc<Noted>>,
    ) -> Result<(PackedItems, Loaded), Error> {
        // Commits are counted over the folder's life, so that the number noted beside the store stays true.
        let head = Head { commit: last_commit(noted.as_deref()) + 1, ..Head::default() };
        let puts = vec![(FORMAT_KEY.to_vec(), format_value(&info)), (HEAD_KEY.to_vec(), head.to_bytes())];
        store.commit(KeyValueBatch { puts, ..KeyValueBatch::default() })?;
        let inner = PackedStore { store, index: Index::default(), head };
        Ok((PackedItems::as_noted(inner, noted)?, Loaded::nothing(info)))
    }

    /// Opens what lies in a store and changes nothing; `None`: nothing was ever written into it.
    pub(in crate::store) fn look(store: Box<dyn KeyValue>, info: StateInfo, noted: &Noted) -> Result<Option<(PackedItems, Loaded)>, Error> {
        match found(store, info, last_commit(Some(noted)))? {
            FoundStore::Packs(inner, loaded) => Ok(Some((PackedItems::new(*inner, None), loaded))),
            FoundStore::Nothing(_) => Ok(None),
        }
    }

    /// Notes beside the store which commit is in it.
    fn as_noted(inner: PackedStore, noted: Option<Arc<Noted>>) -> Result<PackedItems, Error> {
        noted.as_ref().map_or(Ok(()), |noted| noted.note_commit(inner.head.commit))?;
        Ok(PackedItems::new(inner, noted))
    }
}

/// The commit that is noted beside the store; 0 if none is.
fn last_commit(noted: Option<&Noted>) -> u64 {
    noted.map_or(0, |noted| noted.numbers().commit)
}

/// What lies in a store.
enum FoundStore {
    Packs(Box<PackedStore>, Loaded),
    /// Nothing was ever written into it.
    Nothing(Box<dyn KeyValue>),
}

/// Reads a store, and changes nothing.
fn found(store: Box<dyn KeyValue>, info: StateInfo, noted: u64) -> Result<FoundStore, Error> {
    let damaged = |why: String| Err(Error::Damaged { why });
    let Some(format) = store.get(FORMAT_KEY)? else {
        let mut empty = true;
        store.scan(&KeyRange::all(), &mut |_, _| {
            empty = false;
            ControlFlow::Break(())
        })?;
        return match (empty, noted) {
            (true, 0) => Ok(FoundStore::Nothing(store)),
            (true, _) => damaged(format!("the store is empty, though {noted} commits were made")),
            (false, _) => damaged("the store has lost its format".to_string()),
        };
    };
    let cut_short = || Error::Damaged { why: "the format is cut short".to_string() };
    let (store_format, format_version) = format::versions(&format).ok_or_else(cut_short)?;
    if store_format > STORE_FORMAT || format_version > info.format_version {
        return Err(Error::NewerFormat {
            found: format!("{store_format}.{format_version}"),
            ours: format!("{STORE_FORMAT}.{}", info.format_version),
        });
    }
    let items_are = format::info(&format).ok_or_else(cut_short)?;
    let Some(head) = store.get(HEAD_KEY)?.as_deref().and_then(Head::from_bytes) else {
        return damaged("the store has lost its head".to_string());
    };
    if head.commit < noted {
        return damaged(format!("the store went back to commit {}, though {noted} were made", head.commit));
    }
    let mut inner = PackedStore { store, index: Index::default(), head };
    index_packs(&mut inner)?;
    let (items, digest) = (inner.index.items(), inner.index.digest());
    if (items, digest) != (head.items, head.digest) {
        return damaged(format!(
            "{} found where {} were written, or older ones in their place",
            counted(items, "item was", "items were"),
            head.items
        ));
    }
    Ok(FoundStore::Packs(Box::new(inner), Loaded::items(items, items_are, info)))
}

/// Reads all packs in the order in which they were written; what is told later of an item wins.
fn index_packs(inner: &mut PackedStore) -> Result<(), Error> {
    let mut index = Index::default();
    let next = inner.head.next;
    inner.scan_packs(0, &mut |number, found| {
        if number >= next {
            // Of a commit that was broken off.
            return Ok(());
        }
        match found {
            Pack::Slots(slots) => {
                for slot in slots {
                    let bytes = PackWriter::slot_bytes(slot.key, slot.value);
                    index.found(ItemHash::of(slot.kind, slot.key), number, bytes, slot.value.is_none());
                }
            }
            Pack::Large { kind, key, bytes, chunks, crc } => {
                inner.large_value(number, bytes, chunks, crc)?;
                index.found(ItemHash::of(kind, key), number, bytes, false);
            }
        }
        Ok(())
    })?;
    inner.index = index;
    Ok(())
}

/// Deletes what a commit that was broken off left under numbers that do not count.
fn remove_unfinished(inner: &PackedStore) -> Result<(), Error> {
    let mut keys = Vec::new();
    for letter in [b'p', b'c'] {
        inner.store.scan(&pack::from_number(letter, inner.head.next), &mut |key, _| {
            keys.push(key.to_vec());
            ControlFlow::Continue(())
        })?;
    }
    for some in keys.chunks(BATCH_VALUES_ADVISED) {
        inner.store.commit(KeyValueBatch { deletes: some.to_vec(), ..KeyValueBatch::default() })?;
    }
    Ok(())
}
