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
        // Of a backup that nobody took away.
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => BackupLeftBehind { error: &error }.emit(),
            _ => {}
        }
        match self.ledger.with_journal(|journal| archive::write(self.ledger.state(), journal, now, &file)) {
            Ok(manifest) => Ok(Some(Made { file, manifest })),
            Err(error) => {
                // Half a backup is of no use, and on a full disk it is in the way.
                let _ = fs::remove_file(&file);
                Err(error.into())
            }
        }
    }
}

/// Makes a state from a backup, in the empty state folder of a config. All streams are read anew before anything widens: since the backup was
/// made a deal may have opened, and a person may have refused.
pub fn restore(url: &StateUrl, info: StateInfo, file: &Path, now: Time) -> Result<ArchiveManifest, Error> {
    let why = format!("the state was restored from the backup {}", file.display());
    let rebuilding = REBUILDING.item(&Rebuilding { why, since: now });
    let stays = |kind| kind != STREAM.byte();
    Ok(archive::restore(file, url, info, stays, vec![rebuilding])?)
}
