//! sled 0.34.7, contained: it panics on damaged files, its `flush` is no `fsync`, and large values go to files that it never syncs.
//!
//! So every call into it catches panics, a commit ends with `fdatasync` on our own handle of its file, nothing runs in the
//! background, and after a failed commit no other is taken until the process starts again. This is the only file that knows sled.
//!
//! The limits of every store are as sled needs them. `VALUE_BYTES_MAX`: it puts pages over 128 KB into files that it never syncs, and a page
//! holds up to 17 values. `BATCH_VALUES_ADVISED`: more in one batch cost memory out of proportion (measured: 107 MB with 100, 1,080 MB with
//! 2,000). `make_room`: a node of 17 values is split in halves and written anew, so that it is better split while it is empty.

use super::Visitor;
use crate::store::{Error, KeyRange, KeyValue, KeyValueBatch};
use std::any::Any;
use std::fs::{self, File, Permissions};
use std::io;
use std::ops::Bound;
use std::os::unix::fs::PermissionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The daemon holds in memory what it needs of items; sled's cache serves the scan at open and the tidying of packs.
const CACHE_BYTES: u64 = 16 << 20;

/// sled lets go of its lock a moment after the last handle is dropped; our own lock file keeps others out meanwhile.
const LOCK_TRIES: u32 = 100;
const LOCK_WAIT: Duration = Duration::from_millis(20);

/// A sled folder with one tree.
#[derive(Debug)]
pub struct Sled {
    /// `None` only while it is dropped.
    db: Option<::sled::Db>,
    /// Our own handle of sled's log, to sync it.
    log: File,
    /// Held by the one writer. Why commits are refused, once one failed.
    broken: Mutex<Option<String>>,
}

/// Why a folder could not be opened.
#[derive(Debug)]
pub(in crate::store) enum OpenFailure {
    /// The files are not what sled wrote.
    Damaged(String),
    /// Permissions, a full disk, another holder: nothing that moving the files would help.
    World(Error),
}

impl Sled {
    /// Opens or creates the folder. sled's own fault lines end here: a panic inside is `Damaged`.
    pub(in crate::store) fn open(folder: &Path) -> Result<Sled, OpenFailure> {
        let world = |doing| move |error| OpenFailure::World(Error::files(folder, doing)(error));
        let config = ::sled::Config::new().path(folder).flush_every_ms(None).cache_capacity(CACHE_BYTES);
        let mut tries = 0;
        let db = loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(db)) => break db,
                Ok(Err(error)) if is_lock(&error) && tries < LOCK_TRIES => {
                    tries += 1;
                    std::thread::sleep(LOCK_WAIT);
                }
                Ok(Err(error)) if is_lock(&error) => {
                    return Err(OpenFailure::World(Error::Locked { dir: folder.to_path_buf(), pid: None }));
                }
                Ok(Err(::sled::Error::Io(error))) if is_world(&error) => return Err(world("open the store")(error)),
                Ok(Err(error)) => return Err(OpenFailure::Damaged(error.to_string())),
                Err(panic) => {
                    let text = panic_text(panic.as_ref());
                    return Err(match world_in(&text) {
                        Some(kind) => OpenFailure::World(Error::Files {
                            path: folder.to_path_buf(),
                            doing: "open the store",
                            why: kind.to_string(),
                            kind,
                        }),
                        None => OpenFailure::Damaged(text),
                    });
                }
            }
        };
        let store = File::open(folder.join("db")).map(|log| Sled { db: Some(db), log, broken: Mutex::new(None) });
        let store = store.map_err(world("open the store's log"))?;
        for_the_owner_only(folder).map_err(world("set the store's modes"))?;
        // New files must outlive a power cut by name, too.
        store.log.sync_all().and_then(|()| File::open(folder.join("conf"))?.sync_all()).map_err(world("sync the store"))?;
        File::open(folder).and_then(|dir| dir.sync_all()).map_err(world("sync the store's folder"))?;
        Ok(store)
    }

    /// Runs a call into sled; what goes wrong in it is damage or a failing disk, and told in words.
    fn guarded<T>(&self, call: impl FnOnce(&::sled::Db) -> Result<T, ::sled::Error>) -> Result<T, String> {
        let Some(db) = &self.db else { return Err("it is closed".to_string()) };
        match catch_unwind(AssertUnwindSafe(|| call(db))) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(error.to_string()),
            Err(panic) => Err(panic_text(panic.as_ref())),
        }
    }

    /// Into sled, and with `sync` to the disk, with all that went before.
    fn write(&self, batch: &KeyValueBatch, sync: bool) -> Result<(), String> {
        let mut atomic = ::sled::Batch::default();
        for key in &batch.deletes {
            atomic.remove(key.as_slice());
        }
        for (key, value) in &batch.puts {
            atomic.insert(key.as_slice(), value.as_slice());
        }
        self.guarded(|db| db.apply_batch(atomic))?;
        if !sync {
            return Ok(());
        }
        self.guarded(|db| db.flush())?;
        self.log.sync_data().map_err(|error| error.to_string())
    }

    fn take(&self, batch: &KeyValueBatch, sync: bool) -> Result<(), Error> {
        batch.check()?;
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &*broken {
            return Err(Error::Broken { why: why.clone() });
        }
        for (key, value) in &batch.conditions {
            if self.get(key)? != *value {
                return Err(KeyValueBatch::condition_failed(key));
            }
        }
        self.write(batch, sync).map_err(|why| {
            *broken = Some(why.clone());
            Error::Broken { why }
        })
    }
}

impl Drop for Sled {
    fn drop(&mut self) {
        // sled flushes as it closes, which can panic on a failing disk; everything acknowledged is on disk already.
        let db = self.db.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(db)));
    }
}

impl KeyValue for Sled {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.guarded(|db| db.get(key)).map(|found| found.map(|value| value.to_vec())).map_err(|why| Error::Damaged { why })
    }

    fn scan(&self, range: &KeyRange, each: &mut Visitor<'_>) -> Result<(), Error> {
        let from = Bound::Included(range.from.as_slice());
        let to = range.to.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        if range.to.as_deref().is_some_and(|to| to <= range.from.as_slice()) {
            return Ok(());
        }
        let damaged = |why| Error::Damaged { why };
        let mut items = self.guarded(|db| Ok(db.range::<&[u8], _>((from, to)))).map_err(damaged)?;
        // Only the step into sled is guarded: a panic of the caller's is the caller's.
        while let Some((key, value)) = self.guarded(|_| items.next().transpose()).map_err(damaged)? {
            if each(&key, &value).is_break() {
                break;
            }
        }
        // Letting go of the iterator touches sled's memory only.
        Ok(())
    }

    fn commit(&self, batch: KeyValueBatch) -> Result<(), Error> {
        self.take(&batch, true)
    }

    fn stage(&self, batch: KeyValueBatch) -> Result<(), Error> {
        self.take(&batch, false)
    }

    fn make_room(&self, keys: &[&[u8]]) -> Result<(), Error> {
        let mut broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = &*broken {
            return Err(Error::Broken { why: why.clone() });
        }
        self.guarded(|db| keys.iter().try_for_each(|key| db.insert(key, &[]).map(drop))).map_err(|why| {
            *broken = Some(why.clone());
            Error::Broken { why }
        })
    }

    fn size_on_disk(&self) -> Result<u64, Error> {
        self.guarded(|db| db.size_on_disk()).map_err(|why| Error::Damaged { why })
    }
}

/// sled creates its files by the umask. The folder (0700) already keeps others out, until someone copies the files elsewhere.
fn for_the_owner_only(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let mode = if entry.file_type()?.is_dir() { 0o700 } else { 0o600 };
        fs::set_permissions(entry.path(), Permissions::from_mode(mode))?;
    }
    Ok(())
}

fn is_lock(error: &::sled::Error) -> bool {
    // sled tells this only in words.
    matches!(error, ::sled::Error::Io(io) if io.to_string().contains("could not acquire lock"))
}

/// The faults of the outer world; sled's copies of an error keep its kind only.
const WORLD: [(io::ErrorKind, i32); 7] = [
    (io::ErrorKind::PermissionDenied, 13),
    (io::ErrorKind::ReadOnlyFilesystem, 30),
    (io::ErrorKind::StorageFull, 28),
    (io::ErrorKind::QuotaExceeded, 122),
    (io::ErrorKind::FileTooLarge, 27),
    (io::ErrorKind::OutOfMemory, 12),
    // Too many open files.
    (io::ErrorKind::Other, 24),
];

fn is_world(error: &io::Error) -> bool {
    WORLD.iter().any(|(kind, code)| error.raw_os_error() == Some(*code) || (*kind != io::ErrorKind::Other && error.kind() == *kind))
}

/// sled unwraps some I/O errors, whose code then stands in the panic's text.
fn world_in(panic: &str) -> Option<io::ErrorKind> {
    let says = |code: i32| panic.contains(&format!("code: {code},")) || panic.contains(&format!("(os error {code})"));
    WORLD.iter().find(|(_, code)| says(*code)).map(|(kind, _)| *kind)
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let text = text.unwrap_or("it panicked");
    // Assertions of sled print whole pages.
    text.lines().next().unwrap_or_default().chars().take(200).collect()
}
