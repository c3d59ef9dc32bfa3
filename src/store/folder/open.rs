//! The ways into a state: lock, format, damage, and what is found.

use super::Folder;
use super::file_names::RESTORING;
use crate::model::counted;
use crate::store::key_value::sled::OpenFailure;
use crate::store::key_value::{BATCH_VALUES_ADVISED, KeyRange, KeyValue, KeyValueBatch};
use crate::store::state::format::{FORMAT_KEY, STORE_FORMAT, StateInfo, format_value};
use crate::store::state::head::{HEAD_KEY, Head};
use crate::store::state::index::Index;
use crate::store::state::pack::{self, Pack, PackWriter};
use crate::store::state::packed_store::PackedStore;
use crate::store::state::place::ItemHash;
use crate::store::{Error, InMemory, Sled, State, StateUrl};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// What was found at open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    pub items: u64,
    /// There was no state, or none that could be used.
    pub fresh: bool,
    /// The format that the items are in: this program's or an older one.
    pub format_version: u32,
    /// Observations were made with other manifests or another normaliser: a sweep is due. Said at each open until `keep_fingerprint`.
    pub fingerprint_changed: bool,
    /// The former store could not be used: to be rebuilt from the journal and a full read, widening nothing until that is done.
    pub rebuilt: Option<Rebuilt>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Where the damaged store lies now; `None` if there was none left.
    pub aside: Option<PathBuf>,
    pub why: String,
}

impl State {
    /// Opens or makes the state. Damage is no error: the store is moved aside and an empty one takes its place.
    pub fn open(url: &StateUrl, info: StateInfo) -> Result<(State, Loaded), Error> {
        let dir = match url {
            StateUrl::Sled(dir) => dir,
            StateUrl::Memory => return State::open_on(Box::new(InMemory::new()), info),
        };
        if dir.join(RESTORING).exists() {
            return Err(Error::HalfRestored { dir: dir.clone() });
        }
        State::open_restoring(dir, info)
    }

    /// Opens or makes the state in the folder that a backup is being restored into.
    pub(in crate::store) fn open_restoring(dir: &Path, info: StateInfo) -> Result<(State, Loaded), Error> {
        let folder = Folder::hold(dir)?;
        let noted = folder.noted().numbers().commit;
        let (path, was_there) = folder.store()?;
        let (inner, loaded) = match open_sled(path, info, noted) {
            Ok(opened) => opened,
            Err(Error::Damaged { why }) => begin_anew(&folder, info, was_there, why)?,
            Err(other) => return Err(other),
        };
        folder.noted().note_commit(inner.head.commit)?;
        Ok((State::new(inner, info, Some(folder)), loaded))
    }

    /// Moves the store aside and begins an empty one, because the caller can make nothing of its items. The journal stays.
    pub fn open_anew(url: &StateUrl, info: StateInfo, why: String) -> Result<(State, Loaded), Error> {
        let dir = match url {
            StateUrl::Sled(dir) => dir,
            StateUrl::Memory => return State::open_on(Box::new(InMemory::new()), info),
        };
        let folder = Folder::hold(dir)?;
        let (_, was_there) = folder.store()?;
        let (inner, loaded) = begin_anew(&folder, info, was_there, why)?;
        folder.noted().note_commit(inner.head.commit)?;
        Ok((State::new(inner, info, Some(folder)), loaded))
    }

    /// The state on a store that the caller made; damage is an error here.
    pub fn open_on(store: Box<dyn KeyValue>, info: StateInfo) -> Result<(State, Loaded), Error> {
        let (inner, loaded) = load(store, info, 0)?;
        Ok((State::new(inner, info, None), loaded))
    }
}

fn begin_anew(folder: &Folder, info: StateInfo, was_there: bool, why: String) -> Result<(PackedStore, Loaded), Error> {
    let aside = if was_there { Some(folder.move_store_aside()?) } else { None };
    let (path, _) = folder.store()?;
    let mut store = sled_at(path)?;
    // Commits are counted over the folder's life, so that the number noted beside the store stays true.
    let (head, loaded) = begin(store.as_mut(), info, folder.noted().numbers().commit)?;
    Ok((with(store, Index::default(), head), Loaded { rebuilt: Some(Rebuilt { aside, why }), ..loaded }))
}

fn open_sled(path: PathBuf, info: StateInfo, noted: u64) -> Result<(PackedStore, Loaded), Error> {
    load(sled_at(path)?, info, noted)
}

pub(in crate::store) fn sled_at(path: PathBuf) -> Result<Box<dyn KeyValue>, Error> {
    match Sled::open(&path) {
        Ok(store) => Ok(Box::new(store)),
        Err(OpenFailure::Damaged(why)) => Err(Error::Damaged { why }),
        Err(OpenFailure::World(error)) => Err(error),
    }
}

pub(in crate::store) fn with(store: Box<dyn KeyValue>, index: Index, head: Head) -> PackedStore {
    PackedStore { store, index, head, broken: None }
}

/// Makes an empty store a state.
pub(in crate::store) fn begin(store: &mut dyn KeyValue, info: StateInfo, commit: u64) -> Result<(Head, Loaded), Error> {
    let head = Head { commit: commit + 1, ..Head::default() };
    let puts = vec![(FORMAT_KEY.to_vec(), format_value(&info)), (HEAD_KEY.to_vec(), head.to_bytes())];
    store.commit(KeyValueBatch { puts, ..KeyValueBatch::default() })?;
    Ok((head, Loaded { items: 0, fresh: true, format_version: info.format_version, fingerprint_changed: false, rebuilt: None }))
}

/// What lies in a store.
pub(in crate::store) enum FoundStore {
    State(Box<PackedStore>, Loaded),
    /// Nothing was ever written into it.
    Nothing(Box<dyn KeyValue>),
}

fn load(store: Box<dyn KeyValue>, info: StateInfo, noted: u64) -> Result<(PackedStore, Loaded), Error> {
    match found(store, info, noted)? {
        FoundStore::State(inner, loaded) => {
            remove_unfinished(&inner)?;
            Ok((*inner, loaded))
        }
        FoundStore::Nothing(mut store) => {
            let (head, loaded) = begin(store.as_mut(), info, 0)?;
            Ok((with(store, Index::default(), head), loaded))
        }
    }
}

/// Reads a store, and changes nothing.
pub(in crate::store) fn found(store: Box<dyn KeyValue>, info: StateInfo, noted: u64) -> Result<FoundStore, Error> {
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
    let number = |at: usize| format.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let (Some(store_format), Some(format_version)) = (number(0), number(4)) else { return damaged("the format is cut short".to_string()) };
    if store_format > STORE_FORMAT || format_version > info.format_version {
        return Err(Error::NewerFormat {
            found: format!("{store_format}.{format_version}"),
            ours: format!("{STORE_FORMAT}.{}", info.format_version),
        });
    }
    let Some(head) = store.get(HEAD_KEY)?.as_deref().and_then(Head::from_bytes) else {
        return damaged("the store has lost its head".to_string());
    };
    if head.commit < noted {
        return damaged(format!("the store went back to commit {}, though {noted} were made", head.commit));
    }
    let mut inner = with(store, Index::default(), head);
    index_packs(&mut inner)?;
    let (items, digest) = (inner.index.items(), inner.index.digest());
    if (items, digest) != (head.items, head.digest) {
        return damaged(format!(
            "{} found where {} were written, or older ones in their place",
            counted(items, "item was", "items were"),
            head.items
        ));
    }
    let fingerprint_changed = format.get(8..) != Some(info.fingerprint.as_slice());
    Ok(FoundStore::State(Box::new(inner), Loaded { items, fresh: false, format_version, fingerprint_changed, rebuilt: None }))
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
