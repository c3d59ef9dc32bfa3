//! The ways into a state: lock, damage, and what is found.

use super::Folder;
use super::file_names::RESTORING;
use crate::store::key_value::KeyValue;
use crate::store::key_value::sled::OpenFailure;
use crate::store::packed::PackedItems;
use crate::store::{Error, Loaded, Rebuilt, Sled, State, StateInfo, StateUrl};
use std::path::{Path, PathBuf};

impl State {
    /// Opens or makes the state. Damage is no error: the store is moved aside and an empty one takes its place.
    pub fn open(url: &StateUrl, info: StateInfo) -> Result<(State, Loaded), Error> {
        let dir = match url {
            StateUrl::Sled(dir) => dir,
            StateUrl::Memory => return Ok(State::in_memory(info)),
        };
        if dir.join(RESTORING).exists() {
            return Err(Error::HalfRestored { dir: dir.clone() });
        }
        State::open_restoring(dir, info)
    }

    /// Opens or makes the state in the folder that a backup is being restored into.
    pub(in crate::store) fn open_restoring(dir: &Path, info: StateInfo) -> Result<(State, Loaded), Error> {
        let folder = Folder::hold(dir)?;
        let (path, was_there) = folder.store()?;
        let (items, loaded) = match sled_at(path).and_then(|store| PackedItems::open(store, info, Some(folder.noted().clone()))) {
            Ok(opened) => opened,
            Err(Error::Damaged { why }) => begin_anew(&folder, info, was_there, why)?,
            Err(other) => return Err(other),
        };
        Ok((State::in_folder(Box::new(items), info, folder), loaded))
    }

    /// Moves the store aside and begins an empty one, because the caller can make nothing of its items. The journal stays.
    pub fn open_anew(url: &StateUrl, info: StateInfo, why: String) -> Result<(State, Loaded), Error> {
        let dir = match url {
            StateUrl::Sled(dir) => dir,
            StateUrl::Memory => return Ok(State::in_memory(info)),
        };
        let folder = Folder::hold(dir)?;
        let (_, was_there) = folder.store()?;
        let (items, loaded) = begin_anew(&folder, info, was_there, why)?;
        Ok((State::in_folder(Box::new(items), info, folder), loaded))
    }

    /// The state in packs, on a key-value store that the caller made; damage is an error here. The journal lies in memory.
    pub fn open_packed(store: Box<dyn KeyValue>, info: StateInfo) -> Result<(State, Loaded), Error> {
        let (items, loaded) = PackedItems::open(store, info, None)?;
        Ok((State::without_folder(Box::new(items), info), loaded))
    }
}

fn begin_anew(folder: &Folder, info: StateInfo, was_there: bool, why: String) -> Result<(PackedItems, Loaded), Error> {
    let aside = if was_there { Some(folder.move_store_aside()?) } else { None };
    let (path, _) = folder.store()?;
    let (items, loaded) = PackedItems::begin(sled_at(path)?, info, Some(folder.noted().clone()))?;
    Ok((items, loaded.in_place_of(Rebuilt { aside, why })))
}

pub(in crate::store) fn sled_at(path: PathBuf) -> Result<Box<dyn KeyValue>, Error> {
    match Sled::open(&path) {
        Ok(store) => Ok(Box::new(store)),
        Err(OpenFailure::Damaged(why)) => Err(Error::Damaged { why }),
        Err(OpenFailure::World(error)) => Err(error),
    }
}
