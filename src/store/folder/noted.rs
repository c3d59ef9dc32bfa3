//! What is noted of the other files, in the file `commits`: the number of the last commit and the journal's length. A store that went back
//! in time and a journal that was cut are found out by it.
//!
//! Notes are written after what they speak of is on disk, and are not synced: after a power cut they may lag behind, never be ahead.

use super::regular::private;
use crate::store::Error;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Both numbers with 20 digits, a checksum with 8, spaces between and a newline.
const BYTES: usize = 51;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::store) struct Numbers {
    /// 0 if none is known.
    pub commit: u64,
    /// In bytes; 0 if not known.
    pub journal: u64,
}

#[derive(Debug)]
pub(in crate::store) struct Noted {
    /// `None`: only looked at.
    file: Option<File>,
    path: PathBuf,
    numbers: Mutex<Numbers>,
}

impl Noted {
    /// Opens or makes the file. What cannot be read counts as not known: the files themselves are still checked.
    pub(in crate::store) fn open(path: &Path) -> Result<Noted, Error> {
        let file = private(path).map_err(Error::files(path, "open the notes"))?;
        let mut text = [0; BYTES];
        let numbers = file.read_exact_at(&mut text, 0).ok().and_then(|()| understand(&text)).unwrap_or_default();
        Ok(Noted { file: Some(file), path: path.to_path_buf(), numbers: Mutex::new(numbers) })
    }

    /// What the file says, if it is there.
    pub(in crate::store) fn look(path: &Path) -> Noted {
        let text = std::fs::read(path).unwrap_or_default();
        let numbers = text.get(..BYTES).and_then(understand).unwrap_or_default();
        Noted { file: None, path: path.to_path_buf(), numbers: Mutex::new(numbers) }
    }

    pub(in crate::store) fn numbers(&self) -> Numbers {
        *self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::store) fn note_commit(&self, number: u64) -> Result<(), Error> {
        self.note(|n| n.commit = number)
    }

    pub(in crate::store) fn note_journal(&self, bytes: u64) -> Result<(), Error> {
        self.note(|n| n.journal = bytes)
    }

    /// The journal is about to be replaced: from now on its length is not known, also after a power cut.
    pub(in crate::store) fn forget_journal(&self) -> Result<(), Error> {
        self.note_journal(0)?;
        let file = self.file.as_ref().ok_or(Error::OnlyLookedAt)?;
        file.sync_all().map_err(Error::files(&self.path, "sync the notes"))
    }

    fn note(&self, change: impl FnOnce(&mut Numbers)) -> Result<(), Error> {
        let file = self.file.as_ref().ok_or(Error::OnlyLookedAt)?;
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut numbers);
        let text = written(*numbers);
        file.write_all_at(text.as_bytes(), 0).map_err(Error::files(&self.path, "write the notes"))
    }
}

fn written(numbers: Numbers) -> String {
    let body = format!("{:020} {:020}", numbers.commit, numbers.journal);
    format!("{body} {:08x}\n", crc32fast::hash(body.as_bytes()))
}

fn understand(text: &[u8]) -> Option<Numbers> {
    let text = std::str::from_utf8(text).ok()?;
    let (commit, journal) = (text.get(..20)?.parse().ok()?, text.get(21..41)?.parse().ok()?);
    let numbers = Numbers { commit, journal };
    (written(numbers) == text).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bent_note_is_no_note() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("commits");
        let noted = Noted::open(&path).unwrap();
        noted.note_commit(7).unwrap();
        noted.note_journal(12_345).unwrap();
        let want = Numbers { commit: 7, journal: 12_345 };
        assert_eq!((noted.numbers(), Noted::open(&path).unwrap().numbers()), (want, want));
        let whole = std::fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] ^= 1;
            std::fs::write(&path, &bent).unwrap();
            assert_eq!(Noted::open(&path).unwrap().numbers(), Numbers::default(), "byte {at}");
            std::fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(Noted::open(&path).unwrap().numbers(), Numbers::default(), "cut at {at}");
        }
    }
}
