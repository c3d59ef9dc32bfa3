//! The files beside the store: the lock, the notes, and what was moved aside.

pub(in crate::store) mod file_names;
pub(in crate::store) mod look;
pub(in crate::store) mod noted;
pub(in crate::store) mod open;
pub(in crate::store) mod regular;
pub(in crate::store) mod url;

use self::file_names::{BACKUP, COMMITS, JOURNAL, JOURNAL_NEW, LOCK, PROBE, RESTORING, STORE};
use self::noted::Noted;
use self::regular::private;
use crate::store::Error;
use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const OURS: [&str; 8] = [JOURNAL, JOURNAL_NEW, LOCK, COMMITS, PROBE, BACKUP, RESTORING, "socket"];

/// What sled needs to open at all: a segment of 512 kB, and some air.
const PROBE_BYTES: usize = 2 << 20;

/// A state folder that this process holds.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    noted: Arc<Noted>,
    is_looked_at: bool,
    /// Locked; let go when it is closed, also by kill -9.
    _lock: File,
}

/// So often and so long apart the lock is tried: 300 ms in all.
const LOCK_TRIES: u32 = 30;
const LOCK_WAIT: std::time::Duration = std::time::Duration::from_millis(10);

/// The lock, or who holds it after a short wait: a holder that is just ending, or a process that is just being started by the former
/// holder and has not let go of its files yet, is none.
fn taken(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            decided => return decided,
        }
    }
    lock.try_lock()
}

impl Folder {
    /// Creates the folder where it is missing, and takes its lock.
    pub(super) fn hold(dir: &Path) -> Result<Folder, Error> {
        DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(Error::files(dir, "create the state folder"))?;
        if holds_only_ours(dir).map_err(Error::files(dir, "read the state folder"))? {
            // Of a volume that is not ours we cannot change the mode; each file's own mode still keeps others out.
            let _ = fs::set_permissions(dir, Permissions::from_mode(0o700));
        }
        let lock = taken_by_us(dir)?;
        probe(dir)?;
        let noted = Arc::new(Noted::open(&dir.join(COMMITS))?);
        Ok(Folder { dir: dir.to_path_buf(), noted, is_looked_at: false, _lock: lock })
    }

    /// Takes the lock of a folder that is there, and changes nothing of the state in it.
    pub(super) fn look(dir: &Path) -> Result<Folder, Error> {
        let lock = taken_by_us(dir)?;
        probe(dir)?;
        let noted = Arc::new(Noted::look(&dir.join(COMMITS)));
        Ok(Folder { dir: dir.to_path_buf(), noted, is_looked_at: true, _lock: lock })
    }

    /// Whether nothing of the state in it may be changed.
    pub(super) fn is_looked_at(&self) -> bool {
        self.is_looked_at
    }

    /// Whether there is room to write: an error says what is in the way.
    pub(super) fn probe(&self) -> Result<(), Error> {
        probe(&self.dir)
    }

    /// Where a backup is made, before it is copied to where it is wanted.
    pub(super) fn backup_place(&self) -> PathBuf {
        self.dir.join(BACKUP)
    }

    pub(super) fn noted(&self) -> &Arc<Noted> {
        &self.noted
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The store's own folder, made where it is missing; true if it was there.
    pub(super) fn store(&self) -> Result<(PathBuf, bool), Error> {
        let path = self.dir.join(STORE);
        let was_there = path.exists();
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(Error::files(&path, "create the store's folder"))?;
        self.sync()?;
        Ok((path, was_there))
    }

    /// Gives the store's folder the first free name `sled.damaged-N`.
    pub(super) fn move_store_aside(&self) -> Result<PathBuf, Error> {
        let from = self.dir.join(STORE);
        let mut number = 1u32;
        let to = loop {
            let to = self.dir.join(format!("{STORE}.damaged-{number}"));
            if !to.exists() {
                break to;
            }
            number += 1;
        };
        fs::rename(&from, &to).map_err(Error::files(&from, "move the damaged store aside"))?;
        self.sync()?;
        Ok(to)
    }

    /// New names in the folder outlive a power cut.
    pub(super) fn sync(&self) -> Result<(), Error> {
        File::open(&self.dir).and_then(|dir| dir.sync_all()).map_err(Error::files(&self.dir, "sync the state folder"))
    }
}

/// The folder's lock, which is let go when it is closed. It says who holds it.
fn taken_by_us(dir: &Path) -> Result<File, Error> {
    let path = dir.join(LOCK);
    let mut lock = private(&path).map_err(Error::files(&path, "open the lock file"))?;
    match taken(&lock) {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let pid = lock.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
            return Err(Error::Locked { dir: dir.to_path_buf(), pid });
        }
        Err(TryLockError::Error(error)) => return Err(Error::files(&path, "lock the state folder")(error)),
    }
    lock.set_len(0).and_then(|()| writeln!(lock, "{}", std::process::id())).map_err(Error::files(&path, "write the lock file"))?;
    Ok(lock)
}

fn holds_only_ours(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(STORE) && !OURS.contains(&name.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A full disk is told before sled meets it: it panics there, which would look like damage.
fn probe(dir: &Path) -> Result<(), Error> {
    let path = dir.join(PROBE);
    let mut file = private(&path).map_err(Error::files(&path, "open the file that shows whether there is room"))?;
    let written = file.write_all(&vec![0x5a; PROBE_BYTES]);
    let removed = fs::remove_file(&path);
    written.and(removed).map_err(Error::files(dir, "write to the state folder"))
}
