//! What can go wrong with the state.

use std::io;
use std::path::{Path, PathBuf};

/// Each message says what to do; none carries an item's value.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("state url {url:?}: {why}; write url = \"sled:FOLDER\"")]
    BadUrl { url: String, why: String },
    #[error(
        "the state in {} is held by another nayose{}; only one process can hold a state: stop that one, or ask it by its command line",
        dir.display(), pid.map_or(String::new(), |pid| format!(" (process {pid})"))
    )]
    Locked { dir: PathBuf, pid: Option<u32> },
    #[error(
        "the state was written by a newer nayose (format {found}; this one knows up to {ours}); use that nayose, or another state folder"
    )]
    NewerFormat { found: String, ours: String },
    /// The outer world's fault, not damage: nothing was moved.
    #[error("{}: cannot {doing}: {why}{}", path.display(), hint(*kind))]
    Files { path: PathBuf, doing: &'static str, why: String, kind: io::ErrorKind },
    #[error("{what} has {bytes} bytes; the state takes at most {limit}")]
    TooLarge { what: String, bytes: usize, limit: usize },
    /// A batch's condition did not hold; nothing of the batch was written.
    #[error("the store was changed by someone else (key {key}); nothing was written")]
    ConditionFailed { key: String },
    /// A write failed, so that what is on disk is not known any more.
    #[error("the state takes no more writes, because one failed: {why}{}; restart nayose, which reads it anew", full(why))]
    Broken { why: String },
    #[error("{} is no backup that can be used: {why}; nothing was restored, take another copy of it", path.display())]
    Backup { path: PathBuf, why: String },
    #[error("{} is not empty; a backup is restored only into an empty folder: choose another by [state] url, or move what is there away", dir.display())]
    NotEmpty { dir: PathBuf },
    #[error("a restore into {} was broken off; empty the folder and restore the backup again", dir.display())]
    HalfRestored { dir: PathBuf },
    #[error("the state was opened only to look at it, and takes no writes")]
    OnlyLookedAt,
    #[error("the state is damaged: {why}; restart nayose, which moves it aside and rebuilds it")]
    Damaged { why: String },
}

impl Error {
    pub(super) fn files(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_path_buf();
        move |error| Error::Files { path, doing, kind: error.kind(), why: error.to_string() }
    }
}

/// A store tells a full disk only in words.
fn full(why: &str) -> &'static str {
    let codes = ["os error 28)", "os error 122)", "os error 27)", "code: 28,", "code: 122,", "code: 27,"];
    if codes.iter().any(|code| why.contains(code)) { "; free some space (or raise the limit), nothing is lost" } else { "" }
}

fn hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "; free some space (or raise the limit), nothing is lost"
        }
        io::ErrorKind::PermissionDenied => "; the folder must belong to the user that nayose runs as",
        _ => "",
    }
}
