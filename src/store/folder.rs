//! The files beside the store: the lock, the number of the last commit, and what was moved aside.

use super::Error;
use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

pub(super) const STORE: &str = "sled";
pub(super) const JOURNAL: &str = "journal.log";
const LOCK: &str = "lock";
const COMMITS: &str = "commits";
const PROBE: &str = "probe";

/// What sled needs to open at all: a segment of 512 kB, and some air.
const PROBE_BYTES: usize = 2 << 20;

/// A state folder that this process holds.
#[derive(Debug)]
pub(super) struct Folder {
    dir: PathBuf,
    commits: File,
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
        probe(dir)?;
        let path = dir.join(COMMITS);
        let commits = private(&path).map_err(Error::files(&path, "open the commit number"))?;
        Ok(Folder { dir: dir.to_path_buf(), commits, _lock: lock })
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

    /// The number of the last commit; 0 if none is known.
    pub(super) fn noted_commit(&self) -> u64 {
        let mut text = [0; 20];
        let read = self.commits.read_exact_at(&mut text, 0);
        read.ok().and_then(|()| std::str::from_utf8(&text).ok()).and_then(|text| text.parse().ok()).unwrap_or(0)
    }

    /// Notes a commit that is on disk already. It is not synced: after a power cut it may lag behind the store, never be ahead of it.
    pub(super) fn note_commit(&self, number: u64) -> Result<(), Error> {
        let path = self.dir.join(COMMITS);
        self.commits.write_all_at(format!("{number:020}\n").as_bytes(), 0).map_err(Error::files(&path, "write the commit number"))
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

/// Opens for reading and writing, for the owner only, without cutting it.
pub(super) fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

fn holds_only_ours(dir: &Path) -> io::Result<bool> {
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(STORE) && ![JOURNAL, LOCK, COMMITS, PROBE, "socket"].contains(&name.as_ref()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A full disk is told before sled meets it: it panics there, which would look like damage.
fn probe(dir: &Path) -> Result<(), Error> {
    let path = dir.join(PROBE);
    let written = private(&path).and_then(|mut file| file.write_all(&vec![0x5a; PROBE_BYTES]));
    let removed = fs::remove_file(&path);
    written.and(removed).map_err(Error::files(dir, "write to the state folder"))
}
