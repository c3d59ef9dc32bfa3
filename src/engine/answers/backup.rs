//! A copy of the whole state in one file, made between two commits, and a state made from one.

use crate::engine::engine::Engine;
use crate::engine::error::Error;
use crate::engine::proofs::reading::STREAM;
use crate::engine::recovery::journaled::{REBUILDING, Rebuilding};
use crate::model::Time;
use crate::store::state::archive::{self, ArchiveManifest};
use crate::store::{StateInfo, StateUrl};
use crate::telemetry::InternalEvent;
use crate::telemetry::state::BackupLeftBehind;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A backup that was made. Who asked for it takes it from here: a daemon may be kept from writing anywhere but to its state folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub file: PathBuf,
    pub manifest: ArchiveManifest,
}

impl Engine {
    /// Writes everything that is known into one file in the state folder. `None`: the state has no folder.
    pub fn backup(&mut self, now: Time) -> Result<Option<Made>, Error> {
        self.commit()?;
        let Some(file) = self.ledger.state().backup_place() else { return Ok(None) };
        // Who asked may work in another folder than we do.
        let file = std::path::absolute(&file).unwrap_or(file);
        let manifest = whole(&file, |file| self.ledger.with_journal(|journal| archive::write(self.ledger.state(), journal, now, file)))?;
        Ok(Some(Made { file, manifest }))
    }
}

/// Makes a file that is whole or not there.
fn whole<T, E>(file: &Path, write: impl FnOnce(&Path) -> Result<T, E>) -> Result<T, E> {
    // Of a backup that nobody took away.
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => BackupLeftBehind { error: &error }.emit(),
        _ => {}
    }
    let made = write(file);
    if made.is_err() {
        // Half a backup is of no use, and on a full disk it is in the way.
        let _ = fs::remove_file(file);
    }
    made
}

/// Makes a state from a backup, in the empty state folder of a config. All streams are read anew before anything widens: since the backup was
/// made a deal may have opened, and a person may have refused.
pub fn restore(url: &StateUrl, info: StateInfo, file: &Path, now: Time) -> Result<ArchiveManifest, Error> {
    let why = format!("the state was restored from the backup {}", file.display());
    let rebuilding = REBUILDING.item(&Rebuilding { why, since: now });
    let stays = |kind| kind != STREAM.byte();
    Ok(archive::restore(file, url, info, stays, vec![rebuilding])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ledger::kind::Tag;
    use crate::store::{ItemKind, Journal, PendingChanges, State};
    use std::io::ErrorKind;

    const INFO: StateInfo = StateInfo { format_version: 1, fingerprint: [1; 32] };

    #[test]
    fn a_backup_takes_the_place_of_an_old_one_and_half_of_one_does_not_stay() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("backup");
        fs::write(&file, "an old one, longer than the new").unwrap();
        let create = |file: &Path| fs::File::create_new(file).map(drop);
        whole(&file, create).unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"");
        let half = whole(&file, |file| {
            fs::write(file, "half").unwrap();
            Err::<(), ErrorKind>(ErrorKind::StorageFull)
        });
        assert_eq!(half, Err(ErrorKind::StorageFull));
        assert!(!file.exists());
    }

    /// A position in a stream would let what changed since the backup pass unseen.
    #[test]
    fn what_is_restored_knows_no_stream_and_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let url = |name: &str| StateUrl::Sled(folder.path().join(name));
        let item = |tag: Tag| (tag as ItemKind, b"crm/deals".to_vec(), b"value".to_vec());
        let file = folder.path().join("backup");
        {
            let (state, _) = State::open(&url("old"), INFO).unwrap();
            state.commit(PendingChanges { put: vec![item(Tag::Stream), item(Tag::Held)], delete: Vec::new() }).unwrap();
            let (journal, _) = Journal::open(&state, |_| ()).unwrap();
            archive::write(&state, &journal, Time(1), &file).unwrap();
        }
        restore(&url("new"), INFO, &file, Time(2)).unwrap();
        let (state, _) = State::open(&url("new"), INFO).unwrap();
        let mut kept = Vec::new();
        state.for_each_item(|kind, key, value| kept.push((kind, key.to_vec(), value.to_vec()))).unwrap();
        let why = format!("the state was restored from the backup {}", file.display());
        let mut expected = vec![item(Tag::Held), REBUILDING.item(&Rebuilding { why, since: Time(2) })];
        kept.sort();
        expected.sort();
        assert_eq!(kept, expected);
    }
}
