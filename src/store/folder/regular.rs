//! Opening files so that what somebody else put in their place is never followed, waited for or overwritten.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A pipe without a writer would be waited for.
const NO_WAIT: i32 = libc::O_NONBLOCK;

/// Opens a file of the state folder for reading and writing, for the owner only, without cutting it; made where it is missing.
pub(in crate::store) fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600).custom_flags(libc::O_NOFOLLOW | NO_WAIT);
    options.open(path).map_err(link).and_then(regular)
}

/// Opens a file of the state folder for reading.
pub(in crate::store) fn reading(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(libc::O_NOFOLLOW | NO_WAIT).open(path).map_err(link).and_then(regular)
}

/// Opens a file that somebody named, for reading; it may be a link to one.
pub(in crate::store) fn named(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(NO_WAIT).open(path).and_then(regular)
}

fn regular(file: File) -> io::Result<File> {
    if file.metadata()?.is_file() {
        return Ok(file);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file; take it away"))
}

fn link(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(libc::ELOOP) => io::Error::new(error.kind(), "it is a link, which is not followed; take it away"),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use crate::store::{State, StateInfo, StateUrl};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::process::Command;

    /// Whoever could put something into the state folder must not make us write elsewhere, nor wait for ever.
    #[test]
    fn what_was_planted_in_a_state_folder_is_neither_followed_nor_waited_for() {
        for name in ["lock", "probe", "commits", "journal.log"] {
            for planted in ["link", "dangling link", "pipe", "folder"] {
                let folder = tempfile::tempdir().unwrap();
                let (dir, victim) = (folder.path().join("data"), folder.path().join("victim"));
                fs::create_dir(&dir).unwrap();
                let at = dir.join(name);
                match planted {
                    "link" => {
                        fs::write(&victim, "somebody's").unwrap();
                        symlink(&victim, &at).unwrap();
                    }
                    "dangling link" => symlink(&victim, &at).unwrap(),
                    "pipe" => assert!(Command::new("mkfifo").arg(&at).status().unwrap().success()),
                    _ => fs::create_dir(&at).unwrap(),
                }
                let info = StateInfo { format_version: 1, fingerprint: [1; 32] };
                let opened = State::open(&StateUrl::Sled(dir), info).and_then(|(state, _)| {
                    let (mut journal, _) = crate::store::Journal::open(&state, |_| ())?;
                    journal.append(&[])
                });
                let said = opened.expect_err(&format!("{name}: a {planted} was taken")).to_string();
                assert!(said.contains(name) && (said.contains("take it away") || planted == "folder"), "{name}, {planted}: {said}");
                let kept = fs::read_to_string(&victim).ok();
                assert_eq!(kept.as_deref(), (planted == "link").then_some("somebody's"), "{name}: a {planted} was followed");
            }
        }
    }
}
