//! Opening a state only to look at it: whatever is found, nothing of it is changed, and no commit is taken.

use super::Folder;
use super::file_names::{RESTORING, STORE};
use super::open::sled_at;
use crate::store::database::memory::ItemsInMemory;
use crate::store::packed::PackedItems;
use crate::store::{Error, Loaded, Rebuilt, State, StateInfo, StateUrl};

impl State {
    /// Opens what is there. What cannot be used is told as at any other opening, and stays where it is.
    pub fn look(url: &StateUrl, info: StateInfo) -> Result<(State, Loaded), Error> {
        let dir = match url {
            StateUrl::Sled(dir) => dir,
            StateUrl::Memory => return Ok(State::in_memory(info)),
        };
        if dir.join(RESTORING).exists() {
            return Err(Error::HalfRestored { dir: dir.clone() });
        }
        let folder = Folder::look(dir)?;
        let noted = folder.noted().numbers().commit;
        let store = dir.join(STORE);
        let opened = match store.is_dir() {
            true => sled_at(store).and_then(|store| PackedItems::look(store, info, folder.noted())),
            false if noted > 0 => Err(Error::Damaged { why: format!("the store is gone, though {noted} commits were made") }),
            false => Ok(None),
        };
        match opened {
            Ok(Some((items, loaded))) => Ok((State::in_folder(Box::new(items), info, folder), loaded)),
            Ok(None) => Ok(nothing(info, folder, None)),
            Err(Error::Damaged { why }) => Ok(nothing(info, folder, Some(why))),
            Err(other) => Err(other),
        }
    }

    /// As if the store were lost, because the caller can make nothing of its items. It stays where it is; the journal is read.
    pub fn look_anew(url: &StateUrl, info: StateInfo, why: String) -> Result<(State, Loaded), Error> {
        let dir = match url {
            StateUrl::Sled(dir) => dir,
            StateUrl::Memory => return Ok(State::in_memory(info)),
        };
        let folder = Folder::look(dir)?;
        Ok(nothing(info, folder, Some(why)))
    }
}

/// No items, in the place of those that were lost where there is a reason. What is begun here lies in memory.
fn nothing(info: StateInfo, folder: Folder, why: Option<String>) -> (State, Loaded) {
    let loaded = Loaded { rebuilt: why.map(|why| Rebuilt { aside: None, why }), ..Loaded::nothing(info) };
    (State::in_folder(Box::new(ItemsInMemory::new(info)), info, folder), loaded)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Entry, Journal, PendingChanges, What};
    use std::fs;
    use std::path::Path;

    const INFO: StateInfo = StateInfo { format_version: 1, fingerprint: [0; 32] };

    fn entry() -> Entry {
        Entry { at: crate::model::Time(1), what: What::DeadLetterDropped { record: "ma:person:1".parse().unwrap() } }
    }

    fn made(dir: &Path) -> StateUrl {
        let url = StateUrl::Sled(dir.to_path_buf());
        let (state, _) = State::open(&url, INFO).unwrap();
        state.commit(PendingChanges { put: vec![(7, b"a".to_vec(), b"kept".to_vec())], ..PendingChanges::default() }).unwrap();
        let (mut journal, _) = Journal::open(&state, |_| ()).unwrap();
        journal.append(&[entry()]).unwrap();
        url
    }

    /// Our own files with their bytes, and which folders there are. How sled lays out its log when it opens it is its own affair.
    fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<(String, Vec<u8>)> = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| !path.ends_with("lock"))
            .map(|path| (path.display().to_string(), fs::read(&path).unwrap_or_default()))
            .collect();
        all.sort();
        all
    }

    #[test]
    fn a_look_finds_all_and_takes_no_commit() {
        let dir = tempfile::tempdir().unwrap();
        let url = made(dir.path());
        let mut entries = 0;
        let (state, loaded) = State::look(&url, INFO).unwrap();
        let (mut journal, notes) = Journal::open(&state, |_| entries += 1).unwrap();
        assert_eq!((loaded.items, loaded.fresh, entries, notes.entries), (1, false, 1, 1));
        assert_eq!(state.get(7, b"a").unwrap(), Some(b"kept".to_vec()));
        assert!(state.commit(PendingChanges { delete: vec![(7, b"a".to_vec())], ..PendingChanges::default() }).is_err());
        assert!(journal.append(&[entry()]).is_err() && journal.fold(crate::model::Time(2)).is_err());
        assert_eq!(journal.for_each(|_| ()).unwrap().entries, 1);
    }

    #[test]
    fn what_is_damaged_is_told_and_stays_where_it_is() {
        for case in ["a torn journal", "no store", "a broken store"] {
            let dir = tempfile::tempdir().unwrap();
            let url = made(dir.path());
            match case {
                "a torn journal" => {
                    let path = dir.path().join("journal.log");
                    fs::write(&path, [fs::read(&path).unwrap().as_slice(), b"0000"].concat()).unwrap();
                }
                "no store" => fs::remove_dir_all(dir.path().join(STORE)).unwrap(),
                _ => fs::write(dir.path().join(STORE).join("db"), b"nonsense").unwrap(),
            }
            let before = files(dir.path());
            let (state, loaded) = State::look(&url, INFO).unwrap();
            let (_, notes) = Journal::open(&state, |_| ()).unwrap();
            assert_eq!(loaded.rebuilt.is_some(), case != "a torn journal", "{case}");
            assert_eq!((notes.entries, notes.torn_bytes > 0), (1, case == "a torn journal"), "{case}");
            drop(state);
            assert_eq!(files(dir.path()), before, "{case}");
        }
    }
}
